/// Reverse and forward mode over the graph, each one walk in topological order.
#include "leapgraph/symbolic/gradient.hpp"

#include <fmt/format.h>

#include <unordered_set>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {

namespace {

/// Nodes on a path from `wrt` to an output: only those carry derivatives.
std::unordered_set<const Node*> nodes_between(const std::vector<const Node*>& order, std::span<const Expr> wrt) {
  std::unordered_set<const Node*> active;
  for (const Expr& e : wrt) active.insert(&e.node());
  for (const Node* node : order)
    for (const Expr& input : node->inputs())
      if (active.contains(&input.node()) && is_floating(input.dtype())) {
        active.insert(node);
        break;
      }
  return active;
}

void require_floating(std::span<const Expr> wrt, std::string_view what) {
  for (const Expr& e : wrt)
    if (!is_floating(e.dtype()))
      throw GraphError(
          fmt::format("{}: '{}' of type {} is not a floating variable", what, name_of(e), to_string(e.type())));
}

[[noreturn]] void refuse(const Node& node) {
  throw GraphError(fmt::format("grad: the op '{}' has no gradient (made at {}:{})", node.op().name,
                               node.place().file_name(), node.place().line()));
}

}  // namespace

Exprs vjp(std::span<const Expr> outputs, std::span<const Expr> wrt, std::span<const Expr> adjoints) {
  require_floating(wrt, "grad");
  const std::vector<const Node*> order = topological_order(outputs);
  const std::unordered_set<const Node*> active = nodes_between(order, wrt);
  Substitution sums;  // expression -> adjoint so far
  const auto accumulate = [&sums](const Expr& target, const Expr& adjoint) {
    const auto [it, is_new] = sums.emplace(target, adjoint);
    if (!is_new) it->second = it->second + adjoint;
  };
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (outputs[i] && adjoints[i])
      accumulate(outputs[i], cast(broadcast_like(adjoints[i], outputs[i]), outputs[i].dtype()));

  std::unordered_set<Expr, ExprHash> targets(wrt.begin(), wrt.end());
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    const Node& node = **it;
    if (!active.contains(&node) || node.inputs().empty()) continue;
    Application a{node, node.inputs(), outputs_of(node), {}, {}, {}, {}};
    bool reached = false;
    for (const Expr& output : a.outputs) {
      const auto found = sums.find(output);
      a.adjoints.push_back(found == sums.end() ? Expr() : found->second);
      reached = reached || found != sums.end();
      if (found != sums.end() && !targets.contains(output)) sums.erase(found);
    }
    if (!reached) continue;
    bool differentiable_input = false;
    for (const Expr& e : node.inputs()) {
      a.wanted.push_back(active.contains(&e.node()) && is_floating(e.dtype()));
      differentiable_input = differentiable_input || a.wanted.back();
    }
    if (!differentiable_input) continue;
    if (node.op().gradient == nullptr) refuse(node);
    a.adjoint = a.adjoints[0];
    a.output = a.outputs[0];
    const Exprs contributions = node.op().gradient(a);
    if (contributions.size() != node.inputs().size())
      throw InternalError(fmt::format("the gradient of '{}' gives {} adjoints for {} inputs", node.op().name,
                                      contributions.size(), node.inputs().size()));
    for (std::size_t i = 0; i < contributions.size(); ++i) {
      const Expr& target = node.input(i);
      if (!contributions[i] || !active.contains(&target.node()) || !is_floating(target.dtype())) continue;
      const Expr typed = cast(contributions[i], target.dtype());
      accumulate(target, lowering_as<Elementwise>(node.op()) != nullptr
                             ? sum_like(broadcast_like(typed, a.output), target)
                             : typed);
    }
  }
  Exprs result;
  for (const Expr& e : wrt) {
    const auto found = sums.find(e);
    result.push_back(found == sums.end() ? Expr() : found->second);
  }
  return result;
}

Exprs grad(const Expr& cost, std::span<const Expr> wrt, Disconnected disconnected) {
  if (!cost || cost.rank() != 0 || !is_floating(cost.dtype()))
    throw GraphError(
        fmt::format("grad: the cost must be a floating scalar, got {}", cost ? to_string(cost.type()) : "nothing"));
  const Expr costs[] = {cost};
  const Expr ones[] = {constant(1.0, cost.dtype())};
  Exprs result = vjp(costs, wrt, ones);
  for (std::size_t i = 0; i < result.size(); ++i)
    if (!result[i]) {
      if (disconnected == Disconnected::error)
        throw GraphError(fmt::format("grad: the cost does not depend on '{}'", name_of(wrt[i])));
      result[i] = zeros_like(wrt[i]);
    }
  return result;
}

Expr grad(const Expr& cost, const Expr& wrt, Disconnected disconnected) {
  return grad(cost, std::span(&wrt, 1), disconnected)[0];
}

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
      directions.push_back(tangents[i]);
    }
  }
  const auto local = make_node(node.op(), fresh, node.attributes(), node.place());
  Exprs result;
  for (const Expr& output : outputs_of(*local)) {
    result.emplace_back();
    if (!is_floating(output.dtype())) continue;
    const Expr adjoint = input(output.type(), "adjoint");
    const Exprs transposed = vjp(std::span(&output, 1), moving, std::span(&adjoint, 1));
    const Expr forward = vjp(transposed, std::span(&adjoint, 1), directions)[0];
    if (forward) result.back() = substitute(std::span(&forward, 1), back)[0];
  }
  return result;
}

}  // namespace

Exprs jvp(std::span<const Expr> outputs, std::span<const Expr> wrt, std::span<const Expr> tangents) {
  require_floating(wrt, "jvp");
  Substitution moving;
  for (std::size_t i = 0; i < wrt.size(); ++i) moving.emplace(wrt[i], tangents[i]);
  for (const Node* node : topological_order(outputs)) {
    Exprs inward;
    bool any = false;
    for (const Expr& e : node->inputs()) {
      const auto found = moving.find(e);
      inward.push_back(found == moving.end() ? Expr() : found->second);
      any = any || found != moving.end();
    }
    if (!any) continue;
    if (node->op().tangent == nullptr && node->op().gradient == nullptr) refuse(*node);
    const Exprs outward =
        node->op().tangent != nullptr ? node->op().tangent(*node, inward) : tangent_from_gradient(*node, inward);
    const Exprs node_outputs = outputs_of(*node);
    for (std::size_t i = 0; i < outward.size(); ++i)
      if (outward[i] && !moving.contains(node_outputs[i])) moving.emplace(node_outputs[i], outward[i]);
  }
  Exprs result;
  for (const Expr& e : outputs) {
    const auto found = moving.find(e);
    result.push_back(found == moving.end() ? Expr() : found->second);
  }
  return result;
}

}  // namespace leapgraph::symbolic
