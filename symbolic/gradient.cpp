/// Reverse and forward mode over the graph, each one walk in topological order.
#include "leapgraph/symbolic/gradient.hpp"

#include <fmt/format.h>

#include <unordered_set>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/rewrite/before_gradient.hpp"

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

namespace {

/// An adjoint that is `value` where `mask` holds and 0 elsewhere (no mask: everywhere). The choice is made after the
/// multiplications on the way and not before, since 0 times the infinite slope of a branch not taken is nan.
struct Adjoint {
  Expr value;
  Expr mask;
};

Expr chosen(const Adjoint& a) { return a.mask ? where(a.mask, a.value, 0.0) : a.value; }

Expr both(const Expr& a, const Expr& b) { return !a ? b : !b ? a : logical_and(a, b); }

/// The choice between something and 0 that an adjoint consists of; rules write it as `where`.
Adjoint split_choice(const Expr& e) {
  if (&e.op() == &where_op) {
    const Exprs& inputs = e.node().inputs();
    if (literal_value(inputs[2]) == 0.0) return {inputs[1], inputs[0]};
    if (literal_value(inputs[1]) == 0.0) return {inputs[2], logical_not(inputs[0])};
  }
  return {e, {}};
}

/// Whether the op moves or adds elements and nothing else, so that its gradient rule tells of each element of an input
/// whether a mask of the output chooses it.
bool moves_elements(const Op& op) {
  if (const auto* reduction = lowering_as<Reduction>(op)) return reduction->combine == Combine::sum;
  return lowering_as<View>(op) != nullptr || lowering_as<Gather>(op) != nullptr || &op == &sum_like_op ||
         &op == &broadcast_like_op || &op == &reshape_like_op;
}

/// Whether an element of an input of such an op may be several elements of the output, whose adjoints are then added.
bool repeats_elements(const Op& op) {
  return lowering_as<Gather>(op) != nullptr || &op == &broadcast_to_op || &op == &broadcast_like_op;
}

/// What an input of an elementwise op gets: the adjoint of one element, summed over the axes along which the input was
/// broadcast. A summed adjoint is masked where no element was chosen.
Adjoint undo_broadcast(const Adjoint& adjoint, const Expr& output, const Expr& input) {
  const Expr value = broadcast_like(adjoint.value, output);
  const Expr summed = sum_like(value, input);
  if (!adjoint.mask || adjoint.mask.rank() == 0 || summed == value) return {summed, adjoint.mask};
  const Expr weights = broadcast_like(cast(adjoint.mask, input.dtype()), output);
  return {sum_like(where(adjoint.mask, value, 0.0), input), sum_like(weights, input) > 0.0};
}

}  // namespace

Exprs vjp(std::span<const Expr> written, std::span<const Expr> wrt, std::span<const Expr> adjoints) {
  require_floating(wrt, "grad");
  const Exprs outputs = stable_for_gradient(written, wrt);
  const std::vector<const Node*> order = topological_order(outputs);
  const std::unordered_set<const Node*> active = nodes_between(order, wrt);
  std::unordered_map<Expr, Adjoint, ExprHash> sums;  // expression -> adjoint so far
  const auto accumulate = [&sums](const Expr& target, const Adjoint& adjoint) {
    const auto [it, is_new] = sums.emplace(target, adjoint);
    if (is_new) return;
    Adjoint& sum = it->second;
    if (sum.mask == adjoint.mask)
      sum.value = sum.value + adjoint.value;
    else
      sum = {chosen(sum) + chosen(adjoint), sum.mask && adjoint.mask ? logical_or(sum.mask, adjoint.mask) : Expr()};
  };
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (outputs[i] && adjoints[i])
      accumulate(outputs[i], {cast(broadcast_like(adjoints[i], outputs[i]), outputs[i].dtype()), {}});

  std::unordered_set<Expr, ExprHash> targets(wrt.begin(), wrt.end());
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    const Node& node = **it;
    if (!active.contains(&node) || node.inputs().empty()) continue;
    Application a{node, node.inputs(), outputs_of(node), {}, {}, {}, {}};
    // A mask passes through elementwise ops and movements, and through others when it is one for all elements.
    const bool elementwise = lowering_as<Elementwise>(node.op()) != nullptr;
    const bool moves = !elementwise && moves_elements(node.op());
    Expr mask;
    bool reached = false;
    for (const Expr& output : a.outputs) {
      const auto found = sums.find(output);
      if (found == sums.end()) {
        a.adjoints.emplace_back();
        continue;
      }
      reached = true;
      const Adjoint& adjoint = found->second;
      if (adjoint.mask && a.outputs.size() == 1 && (elementwise || moves || adjoint.mask.rank() == 0)) {
        mask = adjoint.mask;
        // Where elements are added up, those that were not chosen must not be among them.
        a.adjoints.push_back(moves && mask.rank() > 0 && repeats_elements(node.op()) ? chosen(adjoint) : adjoint.value);
      } else {
        a.adjoints.push_back(chosen(adjoint));
      }
      if (!targets.contains(output)) sums.erase(found);
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
    Exprs weights;
    if (mask && moves && mask.rank() > 0) {
      Application chosen_elements = a;
      chosen_elements.adjoint = broadcast_like(cast(mask, a.output.dtype()), a.output);
      chosen_elements.adjoints = {chosen_elements.adjoint};
      weights = node.op().gradient(chosen_elements);
    }
    for (std::size_t i = 0; i < contributions.size(); ++i) {
      const Expr& target = node.input(i);
      if (!contributions[i] || !active.contains(&target.node()) || !is_floating(target.dtype())) continue;
      if (!elementwise) {
        accumulate(target, {cast(contributions[i], target.dtype()), weights.empty() ? mask : weights[i] > 0.0});
        continue;
      }
      Adjoint adjoint = split_choice(contributions[i]);
      adjoint = {cast(adjoint.value, target.dtype()), both(mask, adjoint.mask)};
      accumulate(target, undo_broadcast(adjoint, a.output, target));
    }
  }
  Exprs result;
  for (const Expr& e : wrt) {
    const auto found = sums.find(e);
    result.push_back(found == sums.end() ? Expr() : chosen(found->second));
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
