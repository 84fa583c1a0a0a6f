/// All values of a graph at once, for those who look for the node where something happened.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/graph.hpp"
#include "leapgraph/symbolic/verification.hpp"

namespace leapgraph::symbolic {

/// Every node of a graph in order of evaluation, and every output of it as interpreted.
struct Values {
  std::vector<const Node*> order;
  std::unordered_map<Expr, Array, ExprHash> of;

  /// Of what `outputs` depend on, for arguments of its variables.
  Values(std::span<const Expr> outputs, std::span<const Expr> inputs, std::span<const Array> arguments);
  std::vector<Array> inputs_of(const Node& node) const;
};

/// A graph and its arguments, the shared variables that it reads among them.
struct Question {
  Graph graph;
  std::vector<Array> arguments;
};
/// With shared variables as inputs. Throws MissingInput where another variable is not given.
Question with_shared(const Graph& graph, std::span<const Array> arguments);
/// The function's outputs and updates; defaults are not filled in.
Question asked_of(const Function& function, std::span<const Array> arguments);

/// "scan (made at model.cpp:12)".
std::string named(const Node& node);
NodePlace place_of(const Expr& e, const std::vector<std::string>& within);
/// "(made at model.cpp:3), in scan (made at model.cpp:12), step 3".
std::string describe(const NodePlace& where);
/// Values in a row: "[1, 0]; 2.5".
std::string listed(const std::vector<Array>& arrays);
/// "[1, 0]"; "" of a scalar.
std::string to_text(const std::vector<std::int64_t>& index);
/// Position `at` of a row-major tensor of the shape, by axis.
std::vector<std::int64_t> index_at(const Shape& shape, std::int64_t at);

/// The body that a node with bodies ran for these inputs, its inputs as variables and the values they had; absent for
/// other nodes. Of a loop: of no step (see `replay_loop`).
struct OpenBody {
  Graph graph;
  std::string name;  ///< for `NodePlace::within`
};
std::optional<OpenBody> body_that_ran(const Node& node, std::span<const Array> inputs);

}  // namespace leapgraph::symbolic
