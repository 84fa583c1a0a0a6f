/// Reverse mode: one walk against the order of the graph.
#include "leapgraph/symbolic/gradient.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "leapgraph/symbolic/complex.hpp"
#include "leapgraph/symbolic/derivatives/carriers.hpp"
#include "leapgraph/symbolic/derivatives/formal.hpp"
#include "leapgraph/symbolic/derivatives/masks.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/custom_gradient.hpp"
#include "leapgraph/symbolic/ops/masked_adjoints.hpp"
#include "leapgraph/symbolic/rewrite/before_gradient.hpp"

namespace leapgraph::symbolic {

namespace {

/// One run of reverse mode.
class Reverse {
 public:
  Reverse(std::span<const Expr> outputs, std::span<const Expr> wrt, const ExprSet& held,
          std::span<const std::pair<Expr, Expr>> known)
      : outputs_(outputs), order_(topological_order(outputs)), held_(held), carries_(order_, wrt, held) {
    for (const auto& [e, adjoint] : known) fixed_.insert(e);
    for (const Node* node : order_) {
      const bool elementwise = lowering_as<Elementwise>(node->op()) != nullptr;
      // Other ops get adjoints without a mask, so that nothing below them is of interest.
      if (!carries_.hands_on(*node) || !(elementwise || moves_elements(node->op()) || places_elements(node->op())))
        continue;
      if (may_be_steep(node->op()) || std::any_of(node->inputs().begin(), node->inputs().end(), [&](const Expr& e) {
            return steep_.contains(&e.node()) && carries_(e);
          }))
        steep_.insert(node);
    }
  }

  /// Whether a mask could make a difference.
  bool has_steep_slopes() const { return !steep_.empty(); }

  /// Starts from an adjoint, whatever else reaches the expression.
  void seed(const Expr& e, const Adjoint& adjoint) {
    const Adjoint fitting{cast(broadcast_like(adjoint.value, e), e.dtype()), adjoint.mask};
    if (fixed_.contains(e))
      sums_.insert_or_assign(e, fitting);
    else
      accumulate(e, fitting);
  }

  /// The adjoints of `wrt`; absent where nothing arrived.
  Exprs run(std::span<const Expr> wrt) {
    for (auto node = order_.rbegin(); node != order_.rend(); ++node) pull_back(**node);
    Exprs result;
    for (const Expr& e : wrt) {
      const auto found = sums_.find(e);
      result.push_back(found == sums_.end() ? Expr() : chosen(found->second));
    }
    return result;
  }

 private:
  void accumulate(const Expr& target, const Adjoint& adjoint) {
    const auto [it, is_new] = sums_.emplace(target, adjoint);
    if (is_new) return;
    Adjoint& sum = it->second;
    if (sum.mask == adjoint.mask)
      sum.value = sum.value + adjoint.value;
    else
      sum = {chosen(sum) + chosen(adjoint), sum.mask && adjoint.mask ? logical_or(sum.mask, adjoint.mask) : Expr()};
  }

  void pull_back(const Node& node) {
    if (!carries_.hands_on(node)) return;
    const MadeAt place(node.place());
    Application a{node, node.inputs(), outputs_of(node), {}, {}, {}, {}};
    // A mask passes through elementwise ops and movements, and through others when it is one for all elements.
    const bool elementwise = lowering_as<Elementwise>(node.op()) != nullptr;
    const bool moves =
        !elementwise &&
        (moves_elements(node.op()) ||
         (places_elements(node.op()) &&
          std::any_of(a.inputs.begin(), a.inputs.end(), [&](const Expr& e) { return steep_.contains(&e.node()); })));
    const bool contracts = lowering_as<Contraction>(node.op()) != nullptr;
    Expr mask;
    bool reached = false;
    Exprs operands;
    Exprs body_masks, values;  // of all outputs, where one is masked
    for (const Expr& e : node.inputs()) a.wanted.push_back(carries_(e));
    for (const Expr& output : a.outputs) {
      const auto found = sums_.find(output);
      if (found == sums_.end() || held_.contains(output)) {
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
        if (adjoint.mask && contracts) operands = masked_operands(node, adjoint.mask, a.wanted);
        if (adjoint.mask && !contracts) {
          body_masks.resize(a.outputs.size());
          values.resize(a.outputs.size());
          body_masks[a.adjoints.size()] = adjoint.mask;
          values[a.adjoints.size()] = adjoint.value;
        }
        a.adjoints.push_back(chosen(adjoint));
      }
      if (!carries_.is_target(output)) sums_.erase(found);
    }
    if (!reached) return;
    if (node.op().gradient == nullptr) refuse("grad", node, outputs_, carries_);
    a.adjoint = a.adjoints[0];
    a.output = a.outputs[0];
    const Exprs contributions = by_rule("grad", node, outputs_, carries_, [&] {
      if (!body_masks.empty()) return through_bodies(a, body_masks, values);
      if (operands.empty()) return node.op().gradient(a);
      return node.op().gradient({node, operands, a.outputs, a.adjoints, a.adjoint, a.output, a.wanted});
    });
    if (contributions.size() != node.inputs().size())
      throw InternalError(fmt::format("the gradient of '{}' gives {} adjoints for {} inputs", node.op().name,
                                      contributions.size(), node.inputs().size()));
    const Exprs weights = weights_of(a, mask, moves);
    for (std::size_t i = 0; i < contributions.size(); ++i) {
      const Expr& target = node.input(i);
      if (!contributions[i] || !a.wanted[i] || fixed_.contains(target)) continue;
      Adjoint adjoint = split_choice(contributions[i]);
      adjoint.value = cast(adjoint.value, target.dtype());
      if (elementwise) {
        adjoint.mask = both(mask, adjoint.mask);
        adjoint = undo_broadcast(adjoint, a.output, target);
      } else {
        if (!weights.empty() && weights[i])
          adjoint.mask = both((is_complex(weights[i].dtype()) ? real(weights[i]) : weights[i]) > 0.0, adjoint.mask);
        if (mask && mask.rank() == 0) adjoint.mask = both(mask, adjoint.mask);
      }
      accumulate(target, adjoint);
    }
  }

  /// The adjoints of the inputs, by `values` where `masks` hold in the place of the chosen adjoints of `a`, if the node
  /// has bodies that can be told.
  static Exprs through_bodies(const Application& a, const Exprs& masks, const Exprs& values) {
    const auto masked = with_masks_in_bodies(a.node, masks);
    if (!masked) return a.node.op().gradient(a);
    const Node& node = *masked->node;
    Application inside{node, node.inputs(), outputs_of(node), a.adjoints, {}, {}, a.wanted};
    for (std::size_t k = 0; k < masks.size(); ++k)
      if (masks[k] && !is_final_carry(node, k)) inside.adjoints[k] = values[k];
    inside.wanted.insert(inside.wanted.begin() + static_cast<std::ptrdiff_t>(masked->first), masked->count, false);
    inside.adjoint = inside.adjoints[0];
    inside.output = inside.outputs[0];
    Exprs found = node.op().gradient(inside);
    const auto first = found.begin() + static_cast<std::ptrdiff_t>(masked->first);
    found.erase(first, first + static_cast<std::ptrdiff_t>(masked->count));
    return found;
  }

  /// For ops that move elements: of each element of the inputs, how many of the output it became that `mask` chooses.
  /// Empty where that is no news.
  Exprs weights_of(const Application& a, const Expr& mask, bool moves) const {
    const bool masked = mask && moves && mask.rank() > 0;
    const bool drops = a.outputs.size() == 1 && !a.inputs.empty() && a.wanted[0] &&
                       steep_.contains(&a.inputs[0].node()) && drops_elements(a.node);
    if (!masked && !drops) return {};
    Application elements = a;
    elements.adjoint = masked ? broadcast_like(cast(mask, a.output.dtype()), a.output) : ones_like(a.output);
    elements.adjoints = {elements.adjoint};
    Exprs weights = a.node.op().gradient(elements);
    if (!masked) std::fill(weights.begin() + 1, weights.end(), Expr());  // what is put in its place is all read
    return weights;
  }

  std::span<const Expr> outputs_;
  std::vector<const Node*> order_;
  const ExprSet& held_;
  Carriers carries_;
  ExprSet fixed_;                                     // adjoints given by the caller
  std::unordered_set<const Node*> steep_;             // nodes whose slope along `wrt` may be infinite
  std::unordered_map<Expr, Adjoint, ExprHash> sums_;  // expression -> adjoint so far
};

}  // namespace

Exprs vjp(std::span<const Expr> written, std::span<const Expr> wrt, std::span<const Expr> adjoints) {
  require_floating(wrt, "grad");
  const Exprs outputs = stable_for_gradient(written, wrt);
  require_as_many(adjoints.size(), outputs.size(), "vjp: adjoints", "outputs");
  const ExprSet none;
  Reverse reverse(outputs, wrt, none, {});
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (outputs[i] && adjoints[i]) {
      require_broadcast(adjoints[i], outputs[i], "vjp: adjoint", i);
      reverse.seed(outputs[i], {adjoints[i], {}});
    }
  return reverse.run(wrt);
}

Exprs masked_vjp(std::span<const Expr> written, std::span<const Expr> wrt, std::span<const Expr> adjoints,
                 std::span<const Expr> masks) {
  const Exprs outputs = stable_for_gradient(written, wrt);
  require_floating(wrt, "grad");
  const ExprSet none;
  Reverse reverse(outputs, wrt, none, {});
  for (std::size_t i = 0; i < outputs.size(); ++i)
    reverse.seed(outputs[i], {adjoints[i], reverse.has_steep_slopes() ? masks[i] : Expr()});
  return reverse.run(wrt);
}

Expr vjp(const Expr& output, const Expr& wrt, const Expr& adjoint) {
  const Expr found = vjp(std::span(&output, 1), std::span(&wrt, 1), std::span(&adjoint, 1))[0];
  return as_derivatives({found ? found : zeros_like(wrt)}, std::span(&wrt, 1))[0];
}

namespace {

/// Of each of `wrt`, whether `outputs` depend on it at all, through numbers of any kind, not by way of `held`.
std::vector<bool> connected(std::span<const Expr> outputs, std::span<const Expr> wrt, const ExprSet& held) {
  // What is reached from the outputs: one walk against the direction of the edges.
  ExprSet reached;
  Exprs stack;
  const auto reach = [&](const Expr& e) {
    if (e && reached.insert(e).second) stack.push_back(e);
  };
  for (const Expr& e : outputs) reach(e);
  std::unordered_set<const Node*> entered;
  while (!stack.empty()) {
    const Expr e = stack.back();
    stack.pop_back();
    if (held.contains(e) || !entered.insert(&e.node()).second) continue;
    for (std::size_t i = 0; i < e.node().inputs().size(); ++i)
      if (!is_cut_off(e.node(), i)) reach(e.node().input(i));
  }
  std::vector<bool> result;
  for (const Expr& e : wrt) result.push_back(reached.contains(e));
  return result;
}

void require_cost(const Expr& cost) {
  if (!cost) throw GraphError("grad: the cost must be a floating scalar, got nothing");
  if (is_complex(cost.dtype()))
    throw NotDifferentiable(fmt::format("grad: the cost must be real, got {}; take real(cost), imag(cost) or abs(cost)",
                                        to_string(cost.type())));
  if (!is_floating(cost.dtype()))
    throw NotDifferentiable(fmt::format("grad: the cost must be a floating scalar, got {} ({})", to_string(cost.type()),
                                        made_at(cost.node())));
  if (cost.rank() != 0)
    throw ShapeError(
        fmt::format("grad: the cost must be a floating scalar, got {} ({}); take its sum or mean, or ask for the "
                    "jacobian",
                    to_string(cost.type()), made_at(cost.node())));
}

}  // namespace

Exprs grad(const Expr& cost, std::span<const Expr> wrt, const GradOptions& options) {
  if (cost || options.known_grads.empty()) require_cost(cost);
  require_floating(wrt, "grad");
  const ExprSet held(options.consider_constant.begin(), options.consider_constant.end());
  Exprs outputs;
  if (cost) outputs.push_back(cost);
  for (const auto& [e, adjoint] : options.known_grads) {
    if (!e || !adjoint) throw GraphError("grad: a known gradient is an empty expression");
    if (!is_floating(e.dtype()))
      throw NotDifferentiable(fmt::format("grad: {} has no gradient that could be known", shown(e)));
    require_broadcast(adjoint, e, "grad: known gradient", outputs.size() - (cost ? 1 : 0));
    outputs.push_back(e);
  }
  Exprs kept(wrt.begin(), wrt.end());
  kept.insert(kept.end(), held.begin(), held.end());
  for (const auto& [e, adjoint] : options.known_grads) kept.push_back(e);
  const Exprs stable = stable_for_gradient(outputs, kept);
  Reverse reverse(stable, wrt, held, options.known_grads);
  if (cost) reverse.seed(stable[0], {constant(1.0, cost.dtype()), {}});
  for (const auto& [e, adjoint] : options.known_grads) reverse.seed(e, {adjoint, {}});
  Exprs result = reverse.run(wrt);
  if (std::all_of(result.begin(), result.end(), [](const Expr& e) { return static_cast<bool>(e); }))
    return as_derivatives(std::move(result), wrt);
  const std::vector<bool> is_connected = connected(outputs, wrt, held);
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (result[i] || (!is_connected[i] && options.disconnected == Disconnected::absent)) continue;
    if (!is_connected[i] && options.disconnected == Disconnected::error) {
      const bool without = connected(outputs, wrt, {})[i];
      throw DisconnectedInput(
          fmt::format("grad: the cost{} does not depend on {} ({}){}",
                      cost ? fmt::format(" ({})", made_at(cost.node())) : "", shown(wrt[i]), made_at(wrt[i].node()),
                      without ? ": every way to it leads through something that is held constant" : ""));
    }
    const MadeAt here(wrt[i].node().place());
    result[i] = zeros_like(wrt[i]);
  }
  return as_derivatives(std::move(result), wrt);
}

Exprs grad(const Expr& cost, std::span<const Expr> wrt, Disconnected disconnected) {
  return grad(cost, wrt, GradOptions{.disconnected = disconnected});
}

Exprs grad(const Expr& cost, std::initializer_list<Expr> wrt, const GradOptions& options) {
  return grad(cost, std::span(wrt.begin(), wrt.size()), options);
}

Expr grad(const Expr& cost, const Expr& wrt, const GradOptions& options) {
  return grad(cost, std::span(&wrt, 1), options)[0];
}

Expr grad(const Expr& cost, const Expr& wrt, Disconnected disconnected) {
  return grad(cost, std::span(&wrt, 1), disconnected)[0];
}

SubgraphGrad subgraph_grad(std::span<const Expr> wrt, std::span<const Expr> end,
                           const std::vector<std::pair<Expr, Expr>>& start, const Expr& cost) {
  Exprs all(wrt.begin(), wrt.end());
  all.insert(all.end(), end.begin(), end.end());
  const Exprs found = grad(cost, all, GradOptions{{end.begin(), end.end()}, start, Disconnected::zero});
  const auto middle = found.begin() + static_cast<std::ptrdiff_t>(wrt.size());
  return {{found.begin(), middle}, {middle, found.end()}};
}

}  // namespace leapgraph::symbolic
