/// What is worth doing to a graph before it is differentiated.
#include "leapgraph/symbolic/rewrite/before_gradient.hpp"

#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/rewrite/gathers.hpp"
#include "leapgraph/symbolic/rewrite/passes.hpp"

namespace leapgraph::symbolic {

Exprs stable_for_gradient(std::span<const Expr> outputs, std::span<const Expr> wrt) {
  Substitution leaves, back;
  const auto make_leaf = [&](const Expr& e) {
    if (is_input(e) || leaves.contains(e)) return;
    const Expr leaf = input(e.type(), "leaf", e.node().place());
    leaves.emplace(e, leaf);
    back.emplace(leaf, e);
  };
  for (const Expr& e : wrt) make_leaf(e);
  for (const Node* node : topological_order(outputs))
    if (node->op().effect)
      for (const Expr& e : outputs_of(*node)) make_leaf(e);
  Exprs given(outputs.begin(), outputs.end());
  Exprs present;
  for (const Expr& e : given)
    if (e) present.push_back(e);
  const auto stable = stable_form({{}, leaves.empty() ? present : substitute(present, leaves)});
  if (!stable) return given;
  const Exprs found = back.empty() ? stable->outputs : substitute(stable->outputs, back);
  std::size_t next = 0;
  for (Expr& e : given)
    if (e) e = found[next++];
  return given;
}

Exprs simplified_for_gradient(std::span<const Expr> outputs) {
  const Graph graph{free_inputs(outputs), Exprs(outputs.begin(), outputs.end())};
  return hoist_through_gathers(simplify_gathers(graph)).outputs;
}

}  // namespace leapgraph::symbolic
