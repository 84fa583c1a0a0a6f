/// Which numbers are hidden, and how they come back.
#include "leapgraph/symbolic/rewrite/hidden_constants.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/rewrite/specialize.hpp"

namespace leapgraph::symbolic {

namespace {

/// Formulas have numbers of ordinary size in them, and for arguments of ordinary size any spelling will do.
constexpr double smallest_ordinary = 0.0625, largest_ordinary = 16.0;

bool is_like_data(const Expr& e) {
  if (!is_floating(e.dtype()) || e.rank() != 0) return false;
  const auto value = literal_value(e);
  if (!value || !std::isfinite(*value) || *value == 0) return false;
  return std::abs(*value) < smallest_ordinary || std::abs(*value) > largest_ordinary;
}

bool may_be_closed(const Node& node) {
  return &node.op() != &input_op && &node.op() != &parameter_op && !node.op().effect && !has_body(node);
}

}  // namespace

Graph with_constants_hidden(const Graph& graph, Substitution& hidden, const PassLog& log) {
  std::unordered_map<const Node*, bool> closed;
  std::unordered_map<Expr, Expr, ExprHash> variables;
  Graph result = graph;
  result.outputs = rebuild_noted(
      graph.outputs, "a number of unusual size is like a variable", log, [&](const Node& node, const Exprs& inputs) {
        const bool is_closed = may_be_closed(node) && std::all_of(node.inputs().begin(), node.inputs().end(),
                                                                  [&](const Expr& e) { return closed.at(&e.node()); });
        closed.emplace(&node, is_closed);
        if (!is_closed) return rebuild_same(node, inputs);
        Exprs changed = inputs;
        for (Expr& e : changed) {
          if (!is_like_data(e)) continue;
          Expr& variable = variables[e];
          if (!variable) {
            variable = input(e.type(), "constant", e.node().place());
            hidden.emplace(variable, e);
            result.inputs.push_back(variable);
          }
          e = variable;
        }
        return rebuild_same(node, changed);
      });
  return result;
}

Graph with_constants_shown(const Graph& graph, const Substitution& hidden, const PassLog& log) {
  Graph result;
  for (const Expr& e : graph.inputs)
    if (!hidden.contains(e)) result.inputs.push_back(e);
  result.outputs =
      rebuild_noted(graph.outputs, "its number", log, [&hidden](const Node& node, const Exprs& inputs) -> Exprs {
        const Exprs same = rebuild_same(node, inputs);
        const auto found = &node.op() == &input_op ? hidden.find(same[0]) : hidden.end();
        return found == hidden.end() ? same : Exprs{found->second};
      });
  return result;
}

}  // namespace leapgraph::symbolic
