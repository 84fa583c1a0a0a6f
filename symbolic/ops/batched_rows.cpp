/// Rows picked and added by an index when table, index or both have gained batch axes: one flat index, or none where
/// the index is the same for the whole batch.
#include <algorithm>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"

namespace leapgraph::symbolic {

namespace {

/// The permutation that moves `count` axes from `from` to `to` (a position among the others).
Axes moved_axes(std::int64_t rank, std::int64_t from, std::int64_t count, std::int64_t to) {
  Axes order;
  for (std::int64_t axis = 0; axis < rank; ++axis)
    if (axis < from || axis >= from + count) order.push_back(axis);
  for (std::int64_t i = 0; i < count; ++i) order.insert(order.begin() + to + i, from + i);
  return order;
}

Expr add_rows_like(const Expr& values, const Expr& index, const Expr& like) {
  if (like.shape()[0] != unknown) return scatter_add(values, index, like.shape()[0]);
  return make(scatter_like_op, {values, index, like});
}

}  // namespace

Batched without_unit_batch(const Batched& input, std::int64_t axes) {
  if (!input.varies) return input;
  const auto begin = input.value.shape().begin();
  if (std::any_of(begin, begin + axes, [](std::int64_t length) { return length != 1; })) return input;
  return {make(squeeze_op, {input.value}, {{"axes", leading_axes(axes)}}), false};
}

Expr flat_index(const Expr& index, const Expr& items, const Expr& rows, std::int64_t axes) {
  const Expr i = cast(index, DType::int64);
  const Expr start = expand_axes(numbered(items) * rows, shifted(leading_axes(index.rank() - axes), axes));
  return where(logical_and(i >= 0, i < rows), i + start, constant(std::int64_t{-1}));
}

std::vector<Batched> gather_batched(const Batch& batch) {
  const std::int64_t axes = batch.axes;
  const Batched table = without_unit_batch(batch.inputs[0], axes), index = without_unit_batch(batch.inputs[1], axes);
  const auto gathered = [&](const Expr& rows, const Expr& positions) {
    return make(gather_op, {rows, positions}, {}, batch.node.place());
  };
  if (!table.varies) {
    const Expr result = gathered(table.value, index.value);
    return {{index.varies ? result : expand_axes(result, leading_axes(axes))}};
  }
  if (!index.varies) {
    const Expr rows = transpose(table.value, moved_axes(table.value.rank(), axes, 1, 0));
    const Expr picked = gathered(rows, index.value);
    return {{transpose(picked, moved_axes(picked.rank(), index.value.rank(), axes, 0))}};
  }
  const Expr flat = flat_index(index.value, batch_like(table.value, axes), length(table.value, axes), axes);
  return {{gathered(flattened(table.value, axes + 1), flat)}};
}

std::vector<Batched> scatter_batched(const Batch& batch, const Expr& like) {
  const std::int64_t axes = batch.axes;
  const Batched values = without_unit_batch(batch.inputs[0], axes), index = without_unit_batch(batch.inputs[1], axes);
  const std::int64_t index_rank = batch.node.input(1).rank();
  if (!index.varies) {
    if (!values.varies) return {{expand_axes(add_rows_like(values.value, index.value, like), leading_axes(axes))}};
    const Expr last = transpose(values.value, moved_axes(values.value.rank(), 0, axes, index_rank));
    const Expr rows = add_rows_like(last, index.value, like);
    return {{transpose(rows, moved_axes(rows.rank(), 1, axes, 0))}};
  }
  const Expr items = batch_like({batch.node, {values, index}, axes});
  const Expr x = stretched_batch(with_batch_axes(values, axes), items, axes);
  const Expr flat = flat_index(stretched_batch(index.value, items, axes), items, length(like, 0), axes);
  const Expr rows = like.rank() == 1
                        ? like
                        : item_like({transpose(like, moved_axes(like.rank(), 0, 1, like.rank() - 1))}, like.rank() - 1);
  const Expr shape = nested_like(nested_like(items, rows), item_like({x}, axes + index_rank));
  const Expr all_rows = reshape(nested_like(items, rows), {unknown});
  return {{reshape_like(add_rows_like(x, flat, all_rows), shape)}};
}

std::vector<Batched> update_batched(const Batch& batch) {
  const std::int64_t axes = batch.axes;
  const Batched index = without_unit_batch(batch.inputs[1], axes);
  const Expr items = batch_like({batch.node, {batch.inputs[0], index, batch.inputs[2]}, axes});
  const auto whole = [&](const Batched& input) { return stretched_batch(with_batch_axes(input, axes), items, axes); };
  const Expr x = whole(batch.inputs[0]), values = whole(batch.inputs[2]);
  const auto updated = [&](const Expr& rows, const Expr& positions, const Expr& written) {
    return make(batch.node.op(), {rows, positions, written}, batch.node.attributes(), batch.node.place());
  };
  if (index.varies) {
    const Expr flat = flat_index(whole(index), items, length(x, axes), axes);
    return {{reshape_like(updated(flattened(x, axes + 1), flat, values), x)}};
  }
  const Expr rows = transpose(x, moved_axes(x.rank(), 0, axes, 1));
  const Expr written = transpose(values, moved_axes(values.rank(), 0, axes, index.value.rank()));
  return {{transpose(updated(rows, index.value, written), moved_axes(x.rank(), 1, axes, 0))}};
}

}  // namespace leapgraph::symbolic
