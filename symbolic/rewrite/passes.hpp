/// The ordered list of rewriting passes, and the function that runs them.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "leapgraph/symbolic/graph.hpp"
#include "leapgraph/symbolic/rewrite/firing.hpp"
#include "leapgraph/symbolic/rewrite/specialize.hpp"
#include "leapgraph/symbolic/rewrite/verify.hpp"

namespace leapgraph::symbolic {

/// One row of the list: a pass takes a graph and returns a graph of the same inputs and the same output types.
struct Pass {
  std::string_view name;
  std::string_view reason;  ///< why it is there, and why at this place
  Graph (*run)(const Graph&, const PassLog& log);
  bool (*looks_for)(const Node& node) = nullptr;  ///< graphs without such a node it leaves alone; absent: any graph
  bool for_speed = false;                         ///< results are right without it
};

/// In the order in which they run.
std::span<const Pass> all_passes();

struct RewriteOptions {
  /// Called after each pass with its name and its result; `dump` prints there, tests verify there.
  std::function<void(std::string_view pass, const Graph& graph)> observer;
  /// Gets what each pass did to which nodes, in bodies too, in the order in which it happened; `why` is told from this.
  std::vector<Firing>* log = nullptr;
  bool speed = true;  ///< false: without the passes that are for speed only
};

/// The graph after all passes. Values move only towards the exact real-number result; see README.md for what that
/// means. Works on graphs with unknown shapes too, where it does less. Idempotent.
Graph rewrite(const Graph& graph, const RewriteOptions& options = {});

/// `graph` after canonical and stability rules, bodies left alone; absent where no stability rule fired.
std::optional<Graph> stable_form(const Graph& graph);

}  // namespace leapgraph::symbolic
