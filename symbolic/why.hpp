/// Why a graph was rewritten into what it is: which rules of which passes did what, between the user's expressions and
/// the nodes of the rewritten graph.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// One rule that was applied to one expression.
struct RewriteStep {
  std::string pass, rule;
  Expr before, after;
};

/// What rewriting did to a graph. Making one rewrites the graph, as compiling it would, and writes down what happens;
/// cheap to copy.
class Explanation {
 public:
  /// `shapes`, one an input: those of the arguments of a call, where the inputs have unknown lengths.
  explicit Explanation(const Graph& graph, std::span<const Shape> shapes = {});

  const Graph& original() const;   ///< for the shapes that were given
  const Graph& rewritten() const;  ///< what is compiled

  /// The user's expressions that became `e`, a node of the rewritten graph or of one of its bodies: itself where
  /// nothing happened; those that the rule was about that made it.
  Exprs origins(const Expr& e) const;
  /// What was done to a user's expression on the way to `image`.
  std::vector<RewriteStep> steps(const Expr& written) const;
  /// What a user's expression became; it may be no longer needed.
  Expr image(const Expr& written) const;
  bool is_needed(const Expr& image) const;  ///< a node of the rewritten graph or of one of its bodies

  /// In words, for an expression of either graph:
  ///
  ///     log((1 + exp(x))), written at model.cpp:12
  ///       stability, 'log(1 + exp(x))': log((1 + exp(x))) -> softplus(x)
  ///       is softplus(x) in the rewritten graph
  std::string of(const Expr& e) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

/// `Explanation(graph).of(e)`.
std::string why(const Graph& graph, const Expr& e);
/// The same for an output.
std::string why(const Graph& graph, std::size_t output);

}  // namespace leapgraph::symbolic
