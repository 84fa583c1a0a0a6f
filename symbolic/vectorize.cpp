/// Rebuilds expressions node by node: how a node gains batch axes follows from its lowering, or from its record.
#include "leapgraph/symbolic/vectorize.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/bodies.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"

namespace leapgraph::symbolic {

namespace {

[[noreturn]] void refuse(const Node& node, const std::string& why) {
  throw NotVectorizable(fmt::format("{} cannot be vectorized{} (made at {}:{})", node.op().name, why,
                                    node.place().file_name(), node.place().line()));
}

std::vector<Batched> varying(const Exprs& values) {
  std::vector<Batched> result;
  for (const Expr& e : values) result.push_back({e});
  return result;
}

bool any_varies(const std::vector<Batched>& values) {
  return std::any_of(values.begin(), values.end(), [](const Batched& b) { return b.varies; });
}

// --- Rules that follow from the lowering ---

/// Items are aligned at the right by broadcasting, so those of lower rank get axes of length 1 behind the batch axes.
std::vector<Batched> elementwise(const Batch& b) {
  const std::int64_t rank = b.node.types()[0].rank();
  Exprs inputs;
  for (const Batched& input : b.inputs)
    inputs.push_back(input.varies ? with_item_rank(input.value, rank, b.axes) : input.value);
  return varying(outputs_of(*make_node(b.node.op(), std::move(inputs), b.node.attributes(), b.node.place())));
}

/// Batch axes are labels that both inputs share, or that one has alone: an axis of length 1 that meets a longer one is
/// dropped.
std::vector<Batched> contraction(const Batch& b, const Contraction& lowering) {
  using Labels = std::vector<std::int64_t>;
  const ContractionLabels labels = lowering.labels(b.node);
  std::int64_t next = 0;
  for (const Labels* known : {&labels.first, &labels.second})
    for (std::int64_t label : *known) next = std::max(next, label + 1);
  Batched first = b.inputs[0], second = b.inputs[1];
  if (first.varies && second.varies) {
    const Expr like = batch_like(b);
    if (!is_known(like.shape()))  // an unknown length might be 1
      for (Batched* input : {&first, &second}) input->value = stretched_batch(input->value, like, b.axes);
  }
  Labels batch, first_batch, second_batch;
  Axes first_units, second_units;
  for (std::int64_t axis = 0; axis < b.axes; ++axis) {
    const auto along = [axis](const Batched& input) { return input.value.shape()[static_cast<std::size_t>(axis)]; };
    batch.push_back(next++);
    const bool shared = first.varies && second.varies;
    const bool drop_first = shared && along(first) == 1 && along(second) != 1;
    const bool drop_second = shared && along(second) == 1 && along(first) != 1;
    if (drop_first) first_units.push_back(axis);
    if (drop_second) second_units.push_back(axis);
    if (first.varies && !drop_first) first_batch.push_back(batch.back());
    if (second.varies && !drop_second) second_batch.push_back(batch.back());
  }
  const auto without = [](const Expr& e, const Axes& axes) {
    Expr result = e;
    for (std::size_t i = axes.size(); i-- > 0;) result = squeeze(result, axes[i]);
    return result;
  };
  const auto joined = [](Labels front, const Labels& rest) {
    front.insert(front.end(), rest.begin(), rest.end());
    return front;
  };
  return {{make(b.node.op(), {without(first.value, first_units), without(second.value, second_units)},
                b.node.attributes()
                    .with("first", joined(first_batch, labels.first))
                    .with("second", joined(second_batch, labels.second))
                    .with("output", joined(batch, labels.output)),
                b.node.place())}};
}

// --- Closed bodies ---

using Known = std::unordered_map<Expr, Batched, ExprHash>;

/// Of which items the results are used: a boolean with the batch axes alone, absent where all are. What the others
/// compute is thrown away, but it must not fail.
using Mask = std::optional<Expr>;

std::vector<Batched> vectorized(std::span<const Expr> outputs, Known known, std::int64_t axes, const Mask& mask);

Exprs values_of(const std::vector<Batched>& batched) {
  Exprs result;
  for (const Batched& b : batched) result.push_back(b.value);
  return result;
}

/// A body for arguments that may have batch axes, given by their parameters.
struct VectorizedBody {
  Exprs parameters;
  std::vector<Batched> outputs;

  /// The mask, if there is one, becomes the last argument.
  VectorizedBody(const Graph& body, std::span<const Batched> arguments, std::int64_t axes, const Mask& mask) {
    Known known;
    const auto add_parameter = [this](const Type& type) {
      parameters.push_back(parameter(static_cast<std::int64_t>(parameters.size()), type));
      return parameters.back();
    };
    for (std::size_t i = 0; i < arguments.size(); ++i)
      known.emplace(body.inputs[i], Batched{add_parameter(arguments[i].value.type()), arguments[i].varies});
    outputs = vectorized(body.outputs, std::move(known), axes, mask ? Mask(add_parameter(mask->type())) : mask);
  }

  Body close() const { return std::make_shared<const Graph>(Graph{parameters, values_of(outputs)}); }
};

/// `outputs` of a node made with bodies, varying as the bodies' outputs do.
std::vector<Batched> as_in(const std::vector<Batched>& body, const Exprs& outputs) {
  std::vector<Batched> result;
  for (std::size_t i = 0; i < outputs.size(); ++i) result.push_back({outputs[i], body[i].varies});
  return result;
}

Exprs with_mask(Exprs inputs, const Mask& mask) {
  if (mask) inputs.push_back(*mask);
  return inputs;
}

std::vector<Batched> call(const Batch& b, const Mask& mask) {
  const VectorizedBody body(*b.node.get<Body>("body"), b.inputs, b.axes, mask);
  return as_in(body.outputs, outputs_of(*make_node(b.node.op(), with_mask(values_of(b.inputs), mask),
                                                   {{"body", body.close()}}, b.node.place())));
}

/// Gives both the same batch axes where either varies.
void match(Batched& a, Batched& b, std::int64_t axes, const Expr& everything) {
  if (!a.varies && !b.varies) return;
  a = {with_batch_axes(a, axes)};
  b = {with_batch_axes(b, axes)};
  Expr like = batch_like(a.value, axes);
  const Expr other = batch_like(b.value, axes);
  if (is_known(like.shape()) && is_known(other.shape()))
    like = broadcast_to(constant(false), broadcast(like.shape(), other.shape()));
  else
    like = everything;
  a.value = stretched_batch(a.value, like, axes);
  b.value = stretched_batch(b.value, like, axes);
}

std::vector<Batched> branch_on_one_condition(const Batch& b, const Mask& mask) {
  const std::span<const Batched> arguments(b.inputs.begin() + 1, b.inputs.end());
  VectorizedBody yes(*b.node.get<Body>("then"), arguments, b.axes, mask);
  VectorizedBody no(*b.node.get<Body>("else"), arguments, b.axes, mask);
  std::vector<Batched> parameters;
  for (std::size_t i = 0; i < arguments.size(); ++i) parameters.push_back({yes.parameters[i], arguments[i].varies});
  const Expr everything = batch_like({b.node, parameters, b.axes});
  for (std::size_t i = 0; i < yes.outputs.size(); ++i) match(yes.outputs[i], no.outputs[i], b.axes, everything);
  return as_in(yes.outputs, outputs_of(*make_node(b.node.op(), with_mask(values_of(b.inputs), mask),
                                                  {{"then", yes.close()}, {"else", no.close()}}, b.node.place())));
}

/// Both sides, each for the items that take it.
std::vector<Batched> branch(const Batch& b, const Mask& mask) {
  if (!b.inputs[0].varies) return branch_on_one_condition(b, mask);
  const Expr& condition = b.inputs[0].value;
  const auto side = [&](const Graph& body, const Expr& taken) {
    Known known;
    for (std::size_t i = 0; i < body.inputs.size(); ++i) known.emplace(body.inputs[i], b.inputs[i + 1]);
    return vectorized(body.outputs, std::move(known), b.axes, mask ? logical_and(*mask, taken) : taken);
  };
  const std::vector<Batched> yes = side(*b.node.get<Body>("then"), condition);
  const std::vector<Batched> no = side(*b.node.get<Body>("else"), logical_not(condition));
  std::vector<Batched> result;
  for (std::size_t i = 0; i < yes.size(); ++i) {
    const std::int64_t rank = b.node.types()[i].rank();
    const auto aligned = [&](const Batched& x) { return x.varies ? with_item_rank(x.value, rank, b.axes) : x.value; };
    result.push_back({where(with_item_rank(condition, rank, b.axes), aligned(yes[i]), aligned(no[i]))});
  }
  return result;
}

/// The permutation that moves axis `from` to `to`.
Axes moved_axis(std::int64_t rank, std::int64_t from, std::int64_t to) {
  Axes order;
  for (std::int64_t axis = 0; axis < rank; ++axis)
    if (axis != from) order.push_back(axis);
  order.insert(order.begin() + to, from);
  return order;
}

/// A scan of the vectorized body. A carry varies when it starts or becomes so; then it has the batch axes of everything
/// that it meets from the start.
std::vector<Batched> loop(const Batch& b, const Mask& mask) {
  const auto carries = static_cast<std::size_t>(b.node.get<std::int64_t>("carries"));
  const auto sequences = static_cast<std::size_t>(b.node.get<std::int64_t>("sequences"));
  const bool until = b.node.attributes().has("until") && b.node.get<bool>("until");
  if (b.inputs[0].varies) refuse(b.node, ": its number of steps varies");
  std::vector<Batched> inputs(b.inputs.begin() + 1, b.inputs.end());
  for (std::size_t j = carries; j < carries + sequences; ++j)
    if (inputs[j].varies) inputs[j].value = transpose(inputs[j].value, moved_axis(inputs[j].value.rank(), b.axes, 0));

  const Graph& body = *b.node.get<Body>("body");
  const Expr everything = batch_like(b);
  // What the body sees as its arguments: elements of sequences, the others as they are.
  const auto arguments = [&] {
    std::vector<Batched> result = inputs;
    for (std::size_t j = carries; j < carries + sequences; ++j) {
      Type type = inputs[j].value.type();
      type.shape.erase(type.shape.begin());
      result[j].value = parameter(static_cast<std::int64_t>(j), type);
    }
    return result;
  };
  for (;;) {
    VectorizedBody step(body, arguments(), b.axes, mask);
    bool settled = true;
    for (std::size_t i = 0; i < carries; ++i) {
      Batched& next = step.outputs[i];
      if (!inputs[i].varies && !next.varies) continue;
      const Shape before = inputs[i].value.shape();
      Batched initial{with_batch_axes(inputs[i], b.axes)};
      const Shape& after = next.value.shape();
      Expr like = everything;
      if (next.varies && is_known(Shape(after.begin(), after.begin() + b.axes)) &&
          is_known(batch_like(initial.value, b.axes).shape()))
        like = broadcast_to(constant(false), broadcast(batch_like(initial.value, b.axes).shape(),
                                                       Shape(after.begin(), after.begin() + b.axes)));
      initial.value = stretched_batch(initial.value, like, b.axes);
      settled = settled && inputs[i].varies && initial.value.type() == inputs[i].value.type();
      inputs[i] = initial;
    }
    if (!settled) continue;
    if (until && step.outputs.back().varies) refuse(b.node, ": when it stops varies");
    for (std::size_t i = 0; i < carries; ++i) {
      Batched& next = step.outputs[i];
      if (!inputs[i].varies) continue;
      next = {stretched_batch(with_batch_axes(next, b.axes), batch_like(step.parameters[i], b.axes), b.axes)};
    }
    Exprs all{b.inputs[0].value};
    for (const Batched& input : inputs) all.push_back(input.value);
    const Exprs outputs = outputs_of(*make_node(b.node.op(), with_mask(std::move(all), mask),
                                                b.node.attributes().with("body", step.close()), b.node.place()));
    std::vector<Batched> result;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      // After the stacked outputs, a scan that stops by itself says how many steps it did.
      const bool varies = i < step.outputs.size() && !(until && i + 1 == step.outputs.size()) && step.outputs[i].varies;
      if (varies && i >= carries)
        result.push_back({transpose(outputs[i], moved_axis(outputs[i].rank(), 0, b.axes))});
      else
        result.push_back({outputs[i], varies});
    }
    return result;
  }
}

/// Position among the inputs of the index by which an op names rows; 0: it names none.
std::size_t index_input(const Op& op) {
  const auto* scatter = lowering_as<Scatter>(op);
  const bool names_rows = lowering_as<Gather>(op) != nullptr || &op == &scatter_like_op ||
                          (scatter != nullptr && scatter->kind != ScatterKind::window);
  return names_rows ? 1 : 0;
}

/// Whether some items name rows that may not exist: those that the mask leaves out.
bool needs_mask(const Batch& b, const Mask& mask) {
  const std::size_t place = index_input(b.node.op());
  return mask && place != 0 && !constant_value(b.inputs[place].value);
}

/// They name row 0 instead.
void mask_index(Batch& b, const Expr& mask) {
  const std::size_t place = index_input(b.node.op());
  Batched& index = b.inputs[place];
  const std::int64_t rank = b.node.input(place).rank();
  index = {where(with_item_rank(mask, rank, b.axes), index.value, constant(0.0, index.value.dtype()))};
}

std::vector<Batched> batched(Batch b, const Mask& mask) {
  const Op& op = b.node.op();
  if (needs_mask(b, mask)) mask_index(b, *mask);
  if (op.batched != nullptr) return op.batched(b);
  if (op.effect) refuse(b.node, ": it has an effect");
  if (lowering_as<Elementwise>(op) != nullptr) return elementwise(b);
  if (lowering_as<Reduction>(op) != nullptr) return shift_axes(b);
  if (const auto* lowering = lowering_as<Contraction>(op)) return contraction(b, *lowering);
  if (lowering_as<Branch>(op) != nullptr) return branch(b, mask);
  if (lowering_as<Call>(op) != nullptr) return call(b, mask);
  if (lowering_as<Loop>(op) != nullptr) return loop(b, mask);
  refuse(b.node, "");
}

/// `known` are the inputs; nothing before them is looked at.
std::vector<Batched> vectorized(std::span<const Expr> outputs, Known known, std::int64_t axes, const Mask& mask) {
  for (const Node* node : order_above(outputs, [&known](const Expr& e) { return known.contains(e); })) {
    const MadeAt at(node->place());
    Batch batch{*node, {}, axes};
    for (const Expr& e : node->inputs()) batch.inputs.push_back(known.at(e));
    const Exprs old = outputs_of(*node);
    std::vector<Batched> made;
    if (any_varies(batch.inputs) || needs_mask(batch, mask)) {
      made = batched(std::move(batch), mask);
    } else {
      // Inputs may be new ones still: what followed from the shapes of the batch alone.
      const Exprs same = values_of(batch.inputs) == node->inputs() ? old : rebuild_same(*node, values_of(batch.inputs));
      for (const Expr& e : same) made.push_back({e, false});
    }
    for (std::size_t i = 0; i < old.size(); ++i) known.emplace(old[i], made[i]);
  }
  std::vector<Batched> result;
  for (const Expr& e : outputs) result.push_back(known.at(e));
  return result;
}

}  // namespace

Exprs vectorize(std::span<const Expr> outputs, std::span<const Expr> inputs, std::span<const Expr> batches,
                std::int64_t axes) {
  if (inputs.size() != batches.size() || axes < 0)
    throw GraphError(fmt::format("vectorize: {} inputs, {} batches of {} axes", inputs.size(), batches.size(), axes));
  Known known;
  Shape common(static_cast<std::size_t>(axes), 1);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Type &item = inputs[i].type(), &batch = batches[i].type();
    const bool fits = batch.dtype == item.dtype && batch.rank() == item.rank() + axes &&
                      agree(Shape(batch.shape.begin() + axes, batch.shape.end()), item.shape);
    if (!fits)
      throw ShapeError(fmt::format("vectorize: input {} is {}, its batch must have {} axes in front and is {}", i,
                                   to_string(item), axes, to_string(batch)));
    common = broadcast(common, Shape(batch.shape.begin(), batch.shape.begin() + axes));
    known.emplace(inputs[i], Batched{batches[i]});
  }
  return values_of(vectorized(outputs, std::move(known), axes, {}));
}

}  // namespace leapgraph::symbolic
