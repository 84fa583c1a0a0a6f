/// What passes did to which nodes, for those who ask why a graph became what it is.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// What one rule of one pass did at one node: `before` has its inputs rewritten already, `after` takes its place.
struct Firing {
  std::string_view pass, rule;
  Expr before, after;
};

/// Where a pass writes down what it does; nothing is kept without a list.
struct PassLog {
  std::string_view pass;
  std::vector<Firing>* firings = nullptr;

  void note(std::string_view rule, const Expr& before, const Expr& after) const {
    if (firings != nullptr && !(before == after)) firings->push_back({pass, rule, before, after});
  }
};

/// `rebuild` for passes: what `f` makes for a node is made at the place of that node, and where it is not the same op
/// anew, the log gets it as the work of `rule`.
Exprs rebuild_noted(std::span<const Expr> outputs, std::string_view rule, const PassLog& log, const Rebuild& f);

/// Whether there is such a node in the graph, bodies apart: passes that look for few ops ask first.
template <class F>
bool any_node(const Graph& graph, F&& is_wanted) {
  for (const Node* node : topological_order(graph.outputs))
    if (is_wanted(*node)) return true;
  return false;
}

}  // namespace leapgraph::symbolic
