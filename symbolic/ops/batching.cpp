/// Batch axes: shapes that are known or stand for themselves, and the rules of ops that only number axes.
#include "leapgraph/symbolic/ops/batching.hpp"

#include <algorithm>
#include <numeric>

#include "leapgraph/symbolic/ops/shapes.hpp"

namespace leapgraph::symbolic {

namespace {

/// Something of a known shape.
Expr of_shape(Shape shape) { return broadcast_to(constant(false), std::move(shape)); }

Shape part_of(const Shape& shape, std::int64_t from, std::int64_t to) {
  return {shape.begin() + from, shape.begin() + to};
}

/// `value` without the given axes, for its shape.
Expr reduced_like(const Expr& value, const Axes& axes) { return axes.empty() ? value : any(eq(value, value), axes); }

}  // namespace

Axes leading_axes(std::int64_t axes) {
  Axes result(static_cast<std::size_t>(axes));
  std::iota(result.begin(), result.end(), std::int64_t{0});
  return result;
}

Axes shifted(Axes axes, std::int64_t by) {
  for (std::int64_t& axis : axes) axis += by;
  return axes;
}

Expr with_batch_axes(const Batched& input, std::int64_t axes) {
  return input.varies ? input.value : expand_axes(input.value, leading_axes(axes));
}

Expr with_item_rank(const Expr& value, std::int64_t rank, std::int64_t axes) {
  return expand_axes(value, shifted(leading_axes(rank + axes - value.rank()), axes));
}

Expr item_like(const Batched& input, std::int64_t axes) {
  if (!input.varies) return input.value;
  const Shape item = part_of(input.value.shape(), axes, input.value.rank());
  return is_known(item) ? of_shape(item) : reduced_like(input.value, leading_axes(axes));
}

Expr batch_like(const Expr& value, std::int64_t axes) {
  const Shape batch = part_of(value.shape(), 0, axes);
  return is_known(batch) ? of_shape(batch) : reduced_like(value, shifted(leading_axes(value.rank() - axes), axes));
}

Expr batch_like(const Batch& batch) {
  Expr result;
  Shape known;
  for (const Batched& input : batch.inputs) {
    if (!input.varies) continue;
    const Expr here = batch_like(input.value, batch.axes);
    known = result ? broadcast(known, here.shape()) : here.shape();
    result = !result || result == here ? here : eq(eq(result, result), eq(here, here));
  }
  return is_known(known) ? of_shape(known) : result;
}

Expr nested_like(const Expr& outer, const Expr& inner) {
  if (is_known(outer.shape()) && is_known(inner.shape())) {
    Shape shape = outer.shape();
    shape.insert(shape.end(), inner.shape().begin(), inner.shape().end());
    return of_shape(shape);
  }
  const Expr first = eq(outer, outer), second = eq(inner, inner);
  return logical_or(expand_axes(first, shifted(leading_axes(inner.rank()), outer.rank())), second);
}

Expr stretched_batch(const Expr& value, const Expr& like, std::int64_t axes) {
  const Shape batch = part_of(value.shape(), 0, axes);
  if (is_known(batch) && batch == like.shape()) return value;
  if (is_known(like.shape())) {
    Shape shape = broadcast(batch, like.shape());
    shape.insert(shape.end(), value.shape().begin() + axes, value.shape().end());
    return broadcast_to(value, shape);
  }
  return broadcast_like(value, nested_like(like, item_like({value}, axes)));
}

Expr numbered(const Expr& like) {
  if (is_known(like.shape())) return reshape(arange(element_count(like.shape())), like.shape());
  const Expr ones = broadcast_like(constant(std::int64_t{1}), reshape(eq(like, like), {unknown}));
  return reshape_like(cumsum(ones) - 1, like);
}

bool can_be_filled_in(const Shape& shape) {
  const auto open = std::count(shape.begin(), shape.end(), unknown);
  return open == 0 || (open == 1 && std::count(shape.begin(), shape.end(), 0) == 0);
}

Expr flattened(const Expr& value, std::int64_t count) {
  if (count == 1) return value;
  const Shape batch = part_of(value.shape(), 0, count), item = part_of(value.shape(), count, value.rank());
  Shape shape = item;
  shape.insert(shape.begin(), is_known(batch) ? element_count(batch) : unknown);
  if (can_be_filled_in(shape)) return reshape(value, shape);
  return reshape_like(value, nested_like(reshape(eq(batch_like(value, count), batch_like(value, count)), {unknown}),
                                         item_like({value}, count)));
}

std::vector<Batched> shift_axes(const Batch& batch) {
  Attributes attributes = batch.node.attributes();
  if (attributes.has("axis")) attributes = attributes.with("axis", attributes.get<std::int64_t>("axis") + batch.axes);
  if (attributes.has("axes")) attributes = attributes.with("axes", shifted(attributes.get<Axes>("axes"), batch.axes));
  return {{make(batch.node.op(), {batch.inputs[0].value}, std::move(attributes), batch.node.place())}};
}

std::vector<Batched> shift_joined(const Batch& batch) {
  const Expr like = batch_like(batch);
  Exprs parts;
  for (const Batched& input : batch.inputs)
    parts.push_back(stretched_batch(with_batch_axes(input, batch.axes), like, batch.axes));
  return {{make(batch.node.op(), std::move(parts),
                batch.node.attributes().with("axis", batch.node.get<std::int64_t>("axis") + batch.axes),
                batch.node.place())}};
}

}  // namespace leapgraph::symbolic
