/// How rules see and shape inputs that have gained leading batch axes, and the rules that several ops share.
#pragma once

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {

// --- Shapes. Where lengths are unknown, the shape of an expression stands for them: its value does not matter. ---

/// 0, 1, ..., axes - 1.
Axes leading_axes(std::int64_t axes);
/// The numbers of axes that were `axes` in the item.
Axes shifted(Axes axes, std::int64_t by);
/// `input` with batch axes: of length 1 where it does not vary.
Expr with_batch_axes(const Batched& input, std::int64_t axes);
/// A varying `value` with axes of length 1 behind its batch axes, so that its items have the given rank.
Expr with_item_rank(const Expr& value, std::int64_t rank, std::int64_t axes);

/// Something of the shape of one item of `input`.
Expr item_like(const Batched& input, std::int64_t axes);
/// Something of the shape of the batch axes of a varying value.
Expr batch_like(const Expr& value, std::int64_t axes);
/// Something of the shape of the batch axes of all inputs that vary, together.
Expr batch_like(const Batch& batch);
/// Something whose shape is that of `outer` followed by that of `inner`.
Expr nested_like(const Expr& outer, const Expr& inner);
/// A varying `value` with its batch axes stretched to the shape of `like`, which they broadcast with.
Expr stretched_batch(const Expr& value, const Expr& like, std::int64_t axes);

/// 0, 1, ... for the elements of `like`, row by row, in its shape.
Expr numbered(const Expr& like);
/// Whether `reshape` finds the length that may be unknown in `shape`.
bool can_be_filled_in(const Shape& shape);
/// `value` with its first `count` axes made one.
Expr flattened(const Expr& value, std::int64_t count);

// --- Rules ---

/// For ops of one input whose attribute "axis" or "axes" numbers the axes of input or output.
std::vector<Batched> shift_axes(const Batch& batch);
/// For ops of any number of inputs that they put one beside the other along "axis".
std::vector<Batched> shift_joined(const Batch& batch);
/// For a gather of rows of input 0 by input 1.
std::vector<Batched> gather_batched(const Batch& batch);
/// For values (input 0) added by an index (input 1) into as many rows of zeros as `like` has.
std::vector<Batched> scatter_batched(const Batch& batch, const Expr& like);
/// For rows of input 0 named by an index (input 1) that values (input 2) are written to or added to.
std::vector<Batched> update_batched(const Batch& batch);
/// A varying `index` into items of `rows` rows, as an index into the rows of all items, one item after another, where
/// the items lie in the shape of `items`, which broadcasts with the index's batch axes. What is out of range in its
/// item is -1.
Expr flat_index(const Expr& index, const Expr& items, const Expr& rows, std::int64_t axes);
/// The input without its batch axes where they are all known to have length 1.
Batched without_unit_batch(const Batched& input, std::int64_t axes);

}  // namespace leapgraph::symbolic
