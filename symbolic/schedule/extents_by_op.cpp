/// Axes of run-time length in ops whose lowering does not say enough: movements, windows, rows.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/scan.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/schedule/bounder.hpp"

namespace leapgraph::symbolic {

const Bounder::Rule* Bounder::find_rule(const Op& op) {
  static const Rule rules[] = {
      {&transpose_op, &Bounder::transposed},
      {&expand_dims_op, &Bounder::expanded},
      {&squeeze_op, &Bounder::squeezed},
      {&broadcast_to_op, &Bounder::broadcast},
      {&broadcast_like_op, &Bounder::broadcast_as},
      {&sum_like_op, &Bounder::summed_as},
      {&reshape_op, &Bounder::reshaped},
      {&reshape_like_op, &Bounder::reshaped_as},
      {&slice_op, &Bounder::sliced},
      {&slice_like_op, &Bounder::sliced_as},
      {&pad_slice_op, &Bounder::padded},
      {&pad_like_op, &Bounder::padded_as},
      {&at_op, &Bounder::single},
      {&scatter_add_op, &Bounder::scattered},
      {&scatter_like_op, &Bounder::scattered_as},
      {&concatenate_op, &Bounder::joined},
      {&split_like_op, &Bounder::part_of},
      {&stack_op, &Bounder::stacked},
      {&logsumexp_op, &Bounder::expanded_form},
      {&softmax_op, &Bounder::expanded_form},
      {&cumsum_op, &Bounder::expanded_form},
      {&add_rows_op, &Bounder::rows_added},
      {&set_rows_op, &Bounder::rows_set},
      {&diag_op, &Bounder::diagonal_matrix},
      {&diag_like_op, &Bounder::diagonal_like},
      {&diagonal_op, &Bounder::diagonal_of},
      {&part_op, &Bounder::part},
      {&shaped_like_op, &Bounder::shaped_as},
  };
  const auto found = std::find_if(std::begin(rules), std::end(rules), [&op](const Rule& r) { return r.op == &op; });
  return found == std::end(rules) ? nullptr : found;
}

Bounded Bounder::transposed(const Node& node, const std::vector<Bounded>& inputs) {
  Exprs extents;
  for (std::int64_t axis : node.get<Axes>("permutation"))
    extents.push_back(inputs[0].extents[static_cast<std::size_t>(axis)]);
  return {again(node, inputs)[0], extents};
}

Bounded Bounder::expanded(const Node& node, const std::vector<Bounded>& inputs) {
  Exprs extents = inputs[0].extents;
  for (std::int64_t axis : node.get<Axes>("axes")) extents.insert(extents.begin() + axis, Expr());
  return {again(node, inputs)[0], extents};
}

Bounded Bounder::squeezed(const Node& node, const std::vector<Bounded>& inputs) {
  const Axes& axes = node.get<Axes>("axes");
  Bounded x = inputs[0];
  for (std::int64_t a : axes) {
    const auto axis = static_cast<std::size_t>(a);
    if (!x.extents[axis]) continue;
    std::vector<Bounded> one{x, Bounded(constant(Array::vector({0.0})))};
    align(one, {{0, axis}, {1, 0}}, false);
    x = one[0];
  }
  Exprs extents;
  for (std::size_t axis = 0; axis < x.rank(); ++axis)
    if (!std::binary_search(axes.begin(), axes.end(), static_cast<std::int64_t>(axis)))
      extents.push_back(x.extents[axis]);
  return {again(node, {x})[0], extents};
}

Bounded Bounder::stretched(Bounded x, Bounded like) const {
  const std::size_t shift = like.rank() - x.rank();
  std::vector<Bounded> two{std::move(x), std::move(like)};
  for (std::size_t axis = 0; axis < two[0].rank(); ++axis)
    if (two[0].extents[axis] || two[1].extents[shift + axis]) align(two, {{0, axis}, {1, shift + axis}}, true);
  Shape shape = two[1].value.shape();
  Exprs extents = two[1].extents;
  for (std::size_t axis = 0; axis < two[0].rank(); ++axis)
    if (two[0].extents[axis]) {
      shape[shift + axis] = two[0].room(axis);
      extents[shift + axis] = two[0].extents[axis];
    }
  return {broadcast_to(two[0].value, shape), extents};
}

Bounded Bounder::broadcast(const Node& node, const std::vector<Bounded>& inputs) {
  const Shape& wanted = node.get<Shape>("shape");
  Bounded x = inputs[0];
  const std::size_t shift = wanted.size() - x.rank();
  Exprs extents(wanted.size());
  for (std::size_t axis = 0; axis < x.rank(); ++axis) {
    if (!x.extents[axis]) continue;
    if (wanted[shift + axis] == unknown) {
      extents[shift + axis] = x.extents[axis];
      continue;
    }
    std::vector<Bounded> two{x, Bounded(full({wanted[shift + axis]}, 0.0))};
    align(two, {{0, axis}, {1, 0}}, false);
    x = two[0];
  }
  return {again(node, {x})[0], extents};
}

Bounded Bounder::summed_as(const Node&, const std::vector<Bounded>& inputs) {
  std::vector<Bounded> two = inputs;
  const std::size_t shift = two[0].rank() - two[1].rank();
  Axes dropped, kept_as_one;
  for (std::size_t axis = 0; axis < two[0].rank(); ++axis) {
    const bool leading = axis < shift;
    const bool one = !leading && !two[1].extents[axis - shift] && two[1].room(axis - shift) == 1;
    const bool is_one = !two[0].extents[axis] && two[0].room(axis) == 1;
    if (leading || (one && !is_one)) {
      two[0].value = masked(two[0], axis, cast(constant(0.0), two[0].value.dtype()));
      two[0].extents[axis] = Expr();
      (leading ? dropped : kept_as_one).push_back(static_cast<std::int64_t>(axis));
    } else {
      align(two, {{0, axis}, {1, axis - shift}}, false);
    }
  }
  Bounded result = two[0];
  if (!kept_as_one.empty()) result.value = sum(result.value, kept_as_one, true);
  if (!dropped.empty()) {
    result.value = sum(result.value, dropped);
    result.extents.erase(result.extents.begin(), result.extents.begin() + static_cast<std::ptrdiff_t>(shift));
  }
  return result;
}

Bounded Bounder::rearranged(const Bounded& x, const Shape& rooms, const Exprs& extents) const {
  const auto length = [](const Shape& room, const Exprs& n, std::size_t axis) {
    return n[axis] ? n[axis] : constant(room[axis]);
  };
  // Where an element lies among all that mean something; then which one of the source that is.
  Expr position = constant(std::int64_t{0}), count = constant(std::int64_t{1});
  for (std::size_t axis = rooms.size(); axis-- > 0;) {
    position = position + positions(rooms[axis], axis, rooms.size()) * count;
    count = count * length(rooms, extents, axis);
  }
  const Shape& source = x.value.shape();
  Expr row = constant(std::int64_t{0}), before = constant(std::int64_t{1});
  const std::vector<std::int64_t> strides = row_major(source);
  for (std::size_t axis = source.size(); axis-- > 0;) {
    const Expr here = maximum(length(source, x.extents, axis), std::int64_t{1});
    row = row + mod(floor_div(position, before), here) * strides[axis];
    before = before * here;
  }
  Expr given = constant(std::int64_t{1});
  for (std::size_t axis = 0; axis < source.size(); ++axis) given = given * length(source, x.extents, axis);
  const std::int64_t size = element_count(source);
  const Expr table = with_a_row(reshape(x.value, {size}));
  row = clip(row, std::int64_t{0}, std::max<std::int64_t>(0, size - 1));
  if (row.shape() != rooms) row = broadcast_to(row, rooms);
  return {guarded(make(gather_op, {table, row}, {}, place_), equal(count, given)), extents};
}

Bounded Bounder::rearranged(const Bounded& x, const Shape& wanted) const {
  Expr given = constant(std::int64_t{1}), total = constant(std::int64_t{1});
  std::int64_t known = 1;
  for (std::int64_t length : wanted)
    if (length != unknown) known *= length;
  for (std::size_t axis = 0; axis < x.rank(); ++axis) total = total * x.extent(axis);
  Shape rooms = wanted;
  Exprs extents(wanted.size());
  for (std::size_t axis = 0; axis < wanted.size(); ++axis)
    if (wanted[axis] == unknown) {
      rooms[axis] = element_count(x.value.shape()) / std::max<std::int64_t>(1, known);
      extents[axis] = floor_div(total, std::max<std::int64_t>(1, known));
    }
  return rearranged(x, rooms, extents);
}

bool Bounder::keeps_rows(const Bounded& x, const Shape& rest) {
  if (x.rank() == 0 || !x.extents[0]) return false;
  for (std::size_t axis = 1; axis < x.rank(); ++axis)
    if (x.extents[axis]) return false;
  const std::int64_t from = element_count(Shape(x.value.shape().begin() + 1, x.value.shape().end())),
                     to = element_count(rest);
  return from != 0 && to != 0 && from % to == 0;
}

Bounded Bounder::with_rows(const Bounded& x, const Shape& rest, Expr rows) const {
  const std::int64_t from = element_count(Shape(x.value.shape().begin() + 1, x.value.shape().end())),
                     to = element_count(rest);
  if (!rows) rows = x.extents[0] * (from / to);
  Shape shape = rest;
  shape.insert(shape.begin(), x.room(0) * from / to);
  Exprs extents(shape.size());
  extents[0] = rows;
  return {reshape(x.value, shape), extents};
}

Bounded Bounder::reshaped(const Node& node, const std::vector<Bounded>& inputs) {
  const Shape& wanted = node.get<Shape>("shape");
  const Bounded& x = inputs[0];
  // Leading axes of length 1 come and go.
  std::size_t ones = 0;
  while (ones < wanted.size() && wanted[ones] == 1) ++ones;
  std::size_t old_ones = 0;
  while (old_ones < x.rank() && !x.extents[old_ones] && x.room(old_ones) == 1) ++old_ones;
  if (old_ones == x.rank() || !x.extents[old_ones] || ones == wanted.size() || wanted[ones] != unknown)
    return rearranged(x, wanted);
  Axes squeezed_axes;
  for (std::size_t axis = 0; axis < old_ones; ++axis) squeezed_axes.push_back(static_cast<std::int64_t>(axis));
  Bounded bare = x;
  if (old_ones > 0) {
    bare.value = make(squeeze_op, {x.value}, {{"axes", squeezed_axes}});
    bare.extents.erase(bare.extents.begin(), bare.extents.begin() + static_cast<std::ptrdiff_t>(old_ones));
  }
  const Shape rest(wanted.begin() + static_cast<std::ptrdiff_t>(ones) + 1, wanted.end());
  if (!keeps_rows(bare, rest)) return rearranged(x, wanted);
  Bounded result = with_rows(bare, rest, {});
  for (std::size_t k = 0; k < ones; ++k) {
    result.value = expand_dims(result.value, 0);
    result.extents.insert(result.extents.begin(), Expr());
  }
  return result;
}

Bounded Bounder::reshaped_as(const Node&, const std::vector<Bounded>& inputs) {
  const Bounded &x = inputs[0], &like = inputs[1];
  if (x.value.shape() == like.value.shape() && x.extents == like.extents) return {x.value, like.extents};
  const Shape& shape = like.value.shape();
  if (like.rank() == 0 || !like.extents[0] ||
      std::any_of(like.extents.begin() + 1, like.extents.end(), [](const Expr& n) { return static_cast<bool>(n); }) ||
      !keeps_rows(x, Shape(shape.begin() + 1, shape.end())))
    return rearranged(x, shape, like.extents);
  const std::int64_t rows = element_count(Shape(x.value.shape().begin() + 1, x.value.shape().end())) /
                            element_count(Shape(shape.begin() + 1, shape.end()));
  const Expr n = equal(like.extents[0], rows == 1 ? x.extents[0] : x.extents[0] * rows);
  return resized(with_rows(x, Shape(shape.begin() + 1, shape.end()), n), 0, like.room(0));
}

Slice Bounder::slice_of(const Node& node) {
  const Attributes& a = node.attributes();
  Slice range{std::nullopt, std::nullopt, a.get<std::int64_t>("step")};
  if (a.has("start")) range.start = a.get<std::int64_t>("start");
  if (a.has("stop")) range.stop = a.get<std::int64_t>("stop");
  return range;
}

Expr Bounder::place(std::int64_t position, const Expr& n, bool forwards) {
  const Expr p = position < 0 ? n + position : constant(position);
  return forwards ? clip(p, std::int64_t{0}, n) : clip(p, std::int64_t{-1}, n - std::int64_t{1});
}

Bounder::RunTimeRange Bounder::resolve(const Slice& range, const Expr& n) {
  const bool forwards = range.step > 0;
  const Expr first =
      range.start ? place(*range.start, n, forwards) : (forwards ? constant(std::int64_t{0}) : n - std::int64_t{1});
  const Expr stop = range.stop ? place(*range.stop, n, forwards) : (forwards ? n : constant(std::int64_t{-1}));
  const std::int64_t stride = forwards ? range.step : -range.step;
  const Expr distance = forwards ? stop - first : first - stop;
  return {first, maximum(std::int64_t{0}, stride == 1 ? distance : floor_div(distance + (stride - 1), stride))};
}

Bounded Bounder::sliced(const Node& node, const std::vector<Bounded>& inputs) {
  const auto axis = static_cast<std::size_t>(axis_of(node));
  const Bounded& x = inputs[0];
  if (!x.extents[axis]) return {again(node, inputs)[0], x.extents};
  const Slice range = slice_of(node);
  const RunTimeRange r = resolve(range, x.extents[axis]);
  const bool from_known = range.step == 1 && range.start.value_or(0) >= 0;
  if (!from_known) return picked(x, axis, r.start, range.step, r.count, x.room(axis));
  Bounded result = x;
  const std::int64_t begin = std::min(range.start.value_or(0), x.room(axis));
  const std::int64_t end = range.stop && *range.stop >= 0 ? std::min(*range.stop, x.room(axis)) : x.room(axis);
  result.value = slice(x.value, axis_of(node), {begin, std::max(begin, end)});
  result.extents[axis] = r.count;
  return result;
}

Bounded Bounder::sliced_as(const Node& node, const std::vector<Bounded>& inputs) {
  const auto axis = static_cast<std::size_t>(axis_of(node));
  const Bounded &x = inputs[0], &like = inputs[1];
  const Slice range = slice_of(node);
  const RunTimeRange r = resolve(range, x.extent(axis));
  return picked(x, axis, r.start, range.step, like.extents[axis], like.room(axis));
}

Bounded Bounder::placed(const Bounded& part, std::size_t axis, const Slice& range, std::int64_t room,
                        const Expr& n) const {
  const RunTimeRange r = resolve(range, n ? n : constant(room));
  const std::int64_t stride = range.step > 0 ? range.step : -range.step;
  const Expr distance = range.step > 0 ? arange(room) - r.start : r.start - arange(room);
  const Expr number = stride == 1 ? distance : floor_div(distance, stride);
  Expr inside = logical_and(number >= std::int64_t{0}, number < minimum(part.extent(axis), r.count));
  if (stride != 1) inside = logical_and(inside, eq(number * stride, distance));
  Shape shape(part.rank(), 1);
  shape[axis] = room;
  Bounded spread = part;
  const Expr table = part.room(axis) == 0 ? resized(Bounded(part.value), axis, 1).value : part.value;
  const Expr row = clip(number, std::int64_t{0}, std::max<std::int64_t>(0, part.room(axis) - 1));
  spread.value = gather(Operand(table, place_), row, static_cast<std::int64_t>(axis));
  spread.value = where(reshape(inside, shape), spread.value, cast(constant(0.0), spread.value.dtype()));
  spread.extents[axis] = n;
  return spread;
}

Bounded Bounder::padded(const Node& node, const std::vector<Bounded>& inputs) {
  const auto axis = static_cast<std::size_t>(axis_of(node));
  if (!inputs[0].extents[axis]) return {again(node, inputs)[0], inputs[0].extents};
  return placed(inputs[0], axis, slice_of(node), node.get<std::int64_t>("length"), {});
}

Bounded Bounder::padded_as(const Node& node, const std::vector<Bounded>& inputs) {
  const auto axis = static_cast<std::size_t>(axis_of(node));
  return placed(inputs[0], axis, slice_of(node), inputs[1].room(axis), inputs[1].extents[axis]);
}

Bounded Bounder::single(const Node& node, const std::vector<Bounded>& inputs) {
  const auto axis = static_cast<std::size_t>(axis_of(node));
  const Bounded& x = inputs[0];
  Exprs extents = x.extents;
  extents.erase(extents.begin() + axis_of(node));
  if (!x.extents[axis]) return {again(node, inputs)[0], extents};
  const auto position = node.get<std::int64_t>("position");
  const Expr wanted = position < 0 ? x.extents[axis] + position : constant(position);
  const Expr row = where(wanted < x.extents[axis], wanted, wanted + x.room(axis));
  Expr table = x.value;
  if (x.room(axis) == 0) table = resized(Bounded(x.value), axis, 1).value;
  // A computed position, so that it is checked when it is read.
  const Axes front = axis_to_front(axis_of(node), table.rank());
  return {make(gather_op, {transpose(table, front), row}, {}, place_), extents};
}

Bounded Bounder::scattered_rows(const Bounded& values, const Bounded& index, std::int64_t length, const Expr& n) const {
  std::vector<Bounded> two{values, index};
  for (std::size_t axis = 0; axis < index.rank(); ++axis) align(two, {{0, axis}, {1, axis}}, false);
  Bounded& v = two[0];
  for (std::size_t axis = 0; axis < index.rank(); ++axis) {
    v.value = masked(v, axis, cast(constant(0.0), v.value.dtype()));
    v.extents[axis] = Expr();
  }
  Exprs extents(v.extents.begin() + static_cast<std::ptrdiff_t>(index.rank()), v.extents.end());
  extents.insert(extents.begin(), n);
  return {scatter_add(Operand(v.value, place_), harmless(two[1]), length), extents};
}

Bounded Bounder::scattered(const Node& node, const std::vector<Bounded>& inputs) {
  return scattered_rows(inputs[0], inputs[1], node.get<std::int64_t>("length"), {});
}

Bounded Bounder::scattered_as(const Node&, const std::vector<Bounded>& inputs) {
  return scattered_rows(inputs[0], inputs[1], inputs[2].room(0), inputs[2].extents[0]);
}

Bounded Bounder::rows_added(const Node& node, const std::vector<Bounded>& inputs) {
  std::vector<Bounded> all = inputs;
  for (std::size_t axis = 0; axis < all[1].rank(); ++axis) align(all, {{1, axis}, {2, axis}}, false);
  for (std::size_t axis = 0; axis < all[1].rank(); ++axis)
    all[2].value = masked(all[2], axis, cast(constant(0.0), all[2].value.dtype()));
  all[1].value = harmless(all[1]);
  return {again(node, all)[0], inputs[0].extents};
}

/// What an index of run-time length does not name is written to a row of its own, which is dropped again.
Bounded Bounder::rows_set(const Node& node, const std::vector<Bounded>& inputs) {
  std::vector<Bounded> all = inputs;
  const auto rank = static_cast<std::int64_t>(all[1].rank());
  for (std::size_t axis = 0; axis < all[1].rank(); ++axis) align(all, {{1, axis}, {2, axis}}, false);
  const bool within = all[1].is_exact();
  for (std::size_t axis = 1; axis < all[0].rank(); ++axis)
    align(all, {{0, axis}, {2, static_cast<std::size_t>(rank) + axis - 1}}, false);
  const std::int64_t room = all[0].room(0);
  if (!within) {
    Bounded& index = all[1];
    // Positions out of range stay so, though there is a row more than they may name.
    index.value = where(index.value < std::int64_t{room}, index.value, index.value + std::int64_t{1});
    for (std::size_t axis = 0; axis < index.rank(); ++axis)
      if (index.extents[axis]) index.value = masked(index, axis, cast(constant(room), index.value.dtype()));
    const Exprs extents = all[0].extents;
    all[0] = resized(all[0], 0, room + 1);
    all[0].extents = extents;
  }
  Expr value = again(node, all)[0];
  if (!within) value = slice(value, 0, {0, room});
  return {value, all[0].extents};
}

Bounded Bounder::diagonal_matrix(const Node& node, const std::vector<Bounded>& inputs) {
  return {again(node, inputs)[0], {inputs[0].extents[0], inputs[0].extents[0]}};
}

Bounded Bounder::diagonal_like(const Node&, const std::vector<Bounded>& inputs) {
  Bounded square(diag(inputs[0].value));
  square = resized(resized(square, 0, inputs[1].room(0)), 1, inputs[1].room(1));
  square.extents = inputs[1].extents;
  return square;
}

Bounded Bounder::diagonal_of(const Node& node, const std::vector<Bounded>& inputs) {
  const Bounded& x = inputs[0];
  return {again(node, inputs)[0], {minimum(x.extent(0), x.extent(1))}};
}

Bounded Bounder::part(const Node&, const std::vector<Bounded>& inputs) { return inputs[0]; }

Bounded Bounder::shaped_as(const Node&, const std::vector<Bounded>& inputs) {
  std::vector<Bounded> two = inputs;
  for (std::size_t axis = 0; axis < two[0].rank(); ++axis) align(two, {{0, axis}, {1, axis}}, false);
  return two[0];
}

Exprs Bounder::starts_of(const std::vector<Bounded>& parts, std::size_t axis) {
  Exprs starts{constant(std::int64_t{0})};
  for (const Bounded& part : parts) starts.push_back(starts.back() + part.extent(axis));
  return starts;
}

Bounded Bounder::joined(const Node& node, const std::vector<Bounded>& inputs) {
  const auto axis = static_cast<std::size_t>(axis_of(node));
  std::vector<Bounded> parts = inputs;
  Exprs extents(parts[0].rank());
  for (std::size_t other = 0; other < extents.size(); ++other) {
    if (other == axis) continue;
    std::vector<AxisOf> meeting;
    for (std::size_t k = 0; k < parts.size(); ++k) meeting.push_back({k, other});
    extents[other] = align(parts, meeting, false);
  }
  const Expr together = again(node, parts)[0];
  const bool exact =
      std::none_of(parts.begin(), parts.end(), [axis](const Bounded& b) { return static_cast<bool>(b.extents[axis]); });
  if (exact) return {together, extents};
  // Element i comes from the last part that starts at or before it.
  const Exprs starts = starts_of(parts, axis);
  const std::int64_t room = together.shape()[axis];
  const Expr i = arange(room);
  Expr from = i;
  std::int64_t lies_at = 0;
  for (std::size_t k = 1; k < parts.size(); ++k) {
    lies_at += parts[k - 1].room(axis);
    from = where(i < starts[k], from, i + (lies_at - starts[k]));
  }
  const Expr row = clip(from, std::int64_t{0}, std::max<std::int64_t>(0, room - 1));
  extents[axis] = starts.back();
  return {gather(Operand(together, place_), row, axis_of(node)), extents};
}

Bounded Bounder::part_of(const Node& node, const std::vector<Bounded>& inputs) {
  const auto axis = static_cast<std::size_t>(axis_of(node));
  const auto k = static_cast<std::size_t>(node.get<std::int64_t>("part"));
  const std::vector<Bounded> parts(inputs.begin() + 1, inputs.end());
  return picked(inputs[0], axis, starts_of(parts, axis)[k], 1, parts[k].extents[axis], parts[k].room(axis));
}

Bounded Bounder::stacked(const Node& node, const std::vector<Bounded>& inputs) {
  std::vector<Bounded> parts = inputs;
  Exprs extents(parts[0].rank());
  for (std::size_t axis = 0; axis < extents.size(); ++axis) {
    std::vector<AxisOf> meeting;
    for (std::size_t k = 0; k < parts.size(); ++k) meeting.push_back({k, axis});
    extents[axis] = align(parts, meeting, false);
  }
  extents.insert(extents.begin() + axis_of(node), Expr());
  return {again(node, parts)[0], extents};
}

Bounded Bounder::expanded_form(const Node& node, const std::vector<Bounded>&) {
  const Exprs direct = node.op().concrete(node);
  if (direct.empty() || !direct[0] || &direct[0].node() == &node) refuse(node, "it has no concrete form");
  // Of nothing, a logsumexp is -inf and a softmax has no elements.
  const bool before = std::exchange(may_be_empty_, true);
  for (const Node* inner : topological_order(direct)) visit(*inner);
  may_be_empty_ = before;
  return of(direct[0]);
}

}  // namespace leapgraph::symbolic
