/// Adjoints of which only some elements count, and how masks pass the ops.
#include "leapgraph/symbolic/derivatives/masks.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "leapgraph/symbolic/complex.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/bodies.hpp"

namespace leapgraph::symbolic {

Expr chosen(const Adjoint& a) { return a.mask ? where(a.mask, a.value, 0.0) : a.value; }

Expr both(const Expr& a, const Expr& b) { return !a ? b : !b ? a : logical_and(a, b); }

Adjoint split_choice(const Expr& e) {
  if (&e.op() != &where_op) return {e, {}};
  const Exprs& inputs = e.node().inputs();
  if (literal_value(inputs[2]) == 0.0) return {inputs[1], inputs[0]};
  if (literal_value(inputs[1]) == 0.0) return {inputs[2], logical_not(inputs[0])};
  if (&inputs[2].op() == &where_op && literal_value(inputs[2].node().input(2)) == 0.0) {
    const Exprs& others = inputs[2].node().inputs();
    return {where(inputs[0], inputs[1], others[1]), logical_or(inputs[0], others[0])};
  }
  return {e, {}};
}

bool moves_elements(const Op& op) {
  if (const auto* reduction = lowering_as<Reduction>(op)) return reduction->combine == Combine::sum;
  return lowering_as<View>(op) != nullptr || lowering_as<Gather>(op) != nullptr || &op == &sum_like_op ||
         &op == &broadcast_like_op || &op == &reshape_like_op;
}

bool places_elements(const Op& op) {
  return lowering_as<Scatter>(op) != nullptr || &op == &slice_like_op || &op == &pad_like_op ||
         &op == &scatter_like_op || &op == &diag_like_op;
}

bool repeats_elements(const Op& op) {
  return lowering_as<Gather>(op) != nullptr || &op == &broadcast_to_op || &op == &broadcast_like_op;
}

bool may_be_steep(const Op& op) {
  constexpr Domain everywhere{};
  return lowering_as<Elementwise>(op) != nullptr &&
         (!op.domains.empty() || op.domain.low != everywhere.low || op.domain.high != everywhere.high);
}

bool drops_elements(const Node& node) {
  const Shape &from = node.input(0).shape(), &to = node.types()[0].shape;
  if (const auto* scatter = lowering_as<Scatter>(node.op())) return scatter->kind == ScatterKind::set_rows;
  if (lowering_as<Gather>(node.op()) != nullptr) {
    const auto rows = constant_value(node.input(1));
    if (!rows || from[0] == unknown) return true;
    std::unordered_set<std::int64_t> read;
    for (std::int64_t i = 0; i < rows->size(); ++i) read.insert(rows->integer(i));
    return static_cast<std::int64_t>(read.size()) < from[0];
  }
  if (&node.op() == &at_op || &node.op() == &slice_op || &node.op() == &diagonal_op)
    return !is_known(from) || !is_known(to) || element_count(to) < element_count(from);
  return false;
}

Adjoint undo_broadcast(const Adjoint& adjoint, const Expr& output, const Expr& input) {
  const Expr value = broadcast_like(adjoint.value, output);
  const Expr summed = sum_like(value, input);
  if (!adjoint.mask || adjoint.mask.rank() == 0 || summed == value) return {summed, adjoint.mask};
  const Expr weights = broadcast_like(cast(adjoint.mask, DType::float64), output);
  const Expr shape = is_complex(input.dtype()) ? real(input) : input;
  return {sum_like(where(adjoint.mask, value, 0.0), input), sum_like(weights, shape) > 0.0};
}

namespace {

bool is_known_to_be_finite(const Expr& e) {
  const auto value = constant_value(e);
  for (std::int64_t i = 0; value && i < value->size(); ++i)
    if (!std::isfinite(value->real(i))) return false;
  return value.has_value();
}

}  // namespace

Exprs masked_operands(const Node& node, const Expr& mask, const std::vector<bool>& wanted) {
  const ContractionLabels labels = lowering_as<Contraction>(node.op())->labels(node);
  const Expr whole = broadcast_like(mask, outputs_of(node)[0]);
  Exprs operands = node.inputs();
  for (std::size_t i = 0; i < 2; ++i) {
    const std::vector<std::int64_t>& own = i == 0 ? labels.first : labels.second;
    if (!wanted[1 - i] || is_known_to_be_finite(operands[i])) continue;
    // The mask over the labels of the operand: any along those it lacks, in its order, 1 along those it sums over.
    Axes lacking;
    std::vector<std::int64_t> left;
    for (std::size_t axis = 0; axis < labels.output.size(); ++axis)
      if (std::find(own.begin(), own.end(), labels.output[axis]) == own.end())
        lacking.push_back(static_cast<std::int64_t>(axis));
      else
        left.push_back(labels.output[axis]);
    if (left.empty()) continue;
    Expr reads = lacking.empty() ? whole : any(whole, lacking);
    Axes order;
    for (std::int64_t label : own)
      if (const auto at = std::find(left.begin(), left.end(), label); at != left.end())
        order.push_back(at - left.begin());
    reads = transpose(reads, order);
    for (std::size_t axis = 0; axis < own.size(); ++axis)
      if (std::find(left.begin(), left.end(), own[axis]) == left.end())
        reads = expand_dims(reads, static_cast<std::int64_t>(axis));
    operands[i] = where(reads, operands[i], 0.0);
  }
  return operands;
}

bool is_steep(const Graph& body) {
  for (const Node* node : topological_order(body.outputs)) {
    if (may_be_steep(node->op())) return true;
    for (const auto& [name, value] : node->attributes().entries())
      if (const Body* inner = std::get_if<Body>(&value); inner != nullptr && is_steep(**inner)) return true;
  }
  return false;
}

/// Absent where masks change nothing or the node has no bodies. Masks of final carries of loops are left out.
std::optional<MaskedBodies> with_masks_in_bodies(const Node& node, const Exprs& masks) {
  const bool loop = lowering_as<Loop>(node.op()) != nullptr, branch = lowering_as<Branch>(node.op()) != nullptr;
  if (!loop && !branch && lowering_as<Call>(node.op()) == nullptr) return std::nullopt;
  if (loop && node.attributes().has("until") && node.get<bool>("until")) return std::nullopt;
  const auto count_of = [&node](std::string_view name) {
    return static_cast<std::size_t>(node.get<std::int64_t>(name));
  };
  const std::size_t carries = loop ? count_of("carries") : 0;
  const std::size_t place = loop ? carries + count_of("sequences") : node.inputs().size() - (branch ? 1 : 0);
  Exprs given;
  std::vector<std::size_t> numbers;
  for (std::size_t k = carries; k < masks.size(); ++k)
    if (masks[k]) {
      given.push_back(broadcast_like(masks[k], outputs_of(node)[k]));
      numbers.push_back(k);
    }
  bool steep = false;
  Attributes attributes = node.attributes();
  for (const auto& [name, value] : node.attributes().entries()) {
    const Body* body = std::get_if<Body>(&value);
    if (body == nullptr) continue;
    steep = steep || is_steep(**body);
    Exprs variables, choices;
    for (const Expr& e : (*body)->inputs) variables.push_back(input(e.type(), "argument"));
    Exprs outputs = symbolic::apply(**body, variables);
    for (std::size_t k : numbers) {
      choices.push_back(input({DType::boolean, outputs[k].shape()}, "chosen"));
      outputs[k] = where(choices.back(), outputs[k], 0.0);
    }
    variables.insert(variables.begin() + static_cast<std::ptrdiff_t>(place), choices.begin(), choices.end());
    attributes = attributes.with(name, close_over(outputs, variables));
  }
  if (!steep || given.empty()) return std::nullopt;
  if (loop) attributes = attributes.with("sequences", static_cast<std::int64_t>(place - carries + given.size()));
  Exprs inputs = node.inputs();
  const std::size_t first = place + (loop || branch ? 1 : 0);
  inputs.insert(inputs.begin() + static_cast<std::ptrdiff_t>(first), given.begin(), given.end());
  return MaskedBodies{make_node(node.op(), std::move(inputs), std::move(attributes), node.place()), first,
                      given.size()};
}

bool is_final_carry(const Node& node, std::size_t output) {
  return lowering_as<Loop>(node.op()) != nullptr &&
         static_cast<std::int64_t>(output) < node.get<std::int64_t>("carries");
}

}  // namespace leapgraph::symbolic
