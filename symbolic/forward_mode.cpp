/// Forward mode: one walk in the order of the graph.
#include <unordered_map>

#include "leapgraph/symbolic/derivatives/carriers.hpp"
#include "leapgraph/symbolic/derivatives/formal.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/rewrite/before_gradient.hpp"

namespace leapgraph::symbolic {

namespace {

/// Forward rule from the reverse one: vjp is linear in its adjoint, and the transpose of that map is the forward
/// derivative. The node is applied to fresh variables first, since its inputs may depend on one another.
Exprs tangent_from_gradient(const Node& node, std::span<const Expr> tangents) {
  Exprs fresh;
  Exprs moving;
  Exprs directions;
  Substitution back;
  for (std::size_t i = 0; i < tangents.size(); ++i) {
    fresh.push_back(input(node.input(i).type(), "x"));
    back.emplace(fresh.back(), node.input(i));
    if (tangents[i]) {
      moving.push_back(fresh.back());
      // A variable here too: the tangent may be a long way from its beginning, which nobody needs to walk.
      directions.push_back(input(tangents[i].type(), "direction"));
      back.emplace(directions.back(), tangents[i]);
    }
  }
  const auto local = make_node(node.op(), fresh, node.attributes(), node.place());
  Exprs result;
  for (const Expr& output : outputs_of(*local)) {
    result.emplace_back();
    if (!is_floating(output.dtype())) continue;
    const Expr adjoint = input(output.type(), "adjoint");
    // The forward rule is free of the adjoint's value; its shape, which is the output's, may be left in it.
    back.insert_or_assign(adjoint, outputs_of(node)[static_cast<std::size_t>(output.output())]);
    const Exprs transposed = vjp(std::span(&output, 1), moving, std::span(&adjoint, 1));
    const Expr forward = vjp(transposed, std::span(&adjoint, 1), directions)[0];
    if (forward) result.back() = substitute(std::span(&forward, 1), back)[0];
  }
  return result;
}

}  // namespace

Exprs jvp(std::span<const Expr> written, std::span<const Expr> wrt, std::span<const Expr> tangents) {
  require_floating(wrt, "jvp");
  const Exprs outputs = stable_for_gradient(written, wrt);
  require_as_many(tangents.size(), wrt.size(), "jvp: tangents", "variables");
  const std::vector<const Node*> order = topological_order(outputs);
  const ExprSet none;
  const Carriers carries(order, wrt, none);
  Substitution moving;
  const auto move = [&moving](const Expr& e, const Expr& tangent) {
    const auto [it, is_new] = moving.emplace(e, tangent);
    if (!is_new) it->second = it->second + tangent;
  };
  for (std::size_t i = 0; i < wrt.size(); ++i)
    if (tangents[i]) {
      require_broadcast(tangents[i], wrt[i], "jvp: tangent", i);
      move(wrt[i], cast(broadcast_like(tangents[i], wrt[i]), wrt[i].dtype()));
    }
  for (const Node* node : order) {
    if (!carries.hands_on(*node)) continue;
    Exprs inward;
    bool any = false;
    for (std::size_t i = 0; i < node->inputs().size(); ++i) {
      const auto found = carries(node->input(i)) ? moving.find(node->input(i)) : moving.end();
      inward.push_back(found == moving.end() ? Expr() : found->second);
      any = any || found != moving.end();
    }
    if (!any) continue;
    if (node->op().tangent == nullptr && node->op().gradient == nullptr) refuse("jvp", *node, outputs, carries);
    const MadeAt place(node->place());
    const Exprs outward = by_rule("jvp", *node, outputs, carries, [&] {
      return node->op().tangent != nullptr ? node->op().tangent(*node, inward) : tangent_from_gradient(*node, inward);
    });
    const Exprs node_outputs = outputs_of(*node);
    for (std::size_t i = 0; i < outward.size(); ++i)
      if (outward[i]) move(node_outputs[i], outward[i]);
  }
  Exprs result;
  for (const Expr& e : outputs) {
    const auto found = e ? moving.find(e) : moving.end();
    result.push_back(found == moving.end() ? Expr() : found->second);
  }
  return result;
}

Expr jvp(const Expr& output, const Expr& wrt, const Expr& tangent) {
  const Expr found = jvp(std::span(&output, 1), std::span(&wrt, 1), std::span(&tangent, 1))[0];
  return as_derivatives({found ? found : zeros_like(output)}, std::span(&wrt, 1))[0];
}

}  // namespace leapgraph::symbolic
