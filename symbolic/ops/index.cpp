/// Parts of tensors: slices, single positions, rows picked by an index, and their adjoints.
#include <fmt/format.h>

#include <algorithm>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/complex_rules.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/scan.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/places.hpp"

namespace leapgraph::symbolic {

namespace {

Expr example_index(Shape shape, const std::vector<std::int64_t>& values) {
  return constant(Array::of<std::int64_t>(std::move(shape), values));
}

std::int64_t axis_of(const Attributes& attributes) { return attributes.get<std::int64_t>("axis"); }

// --- Slices ---

/// A slice of an axis of known length: `count` positions from `start`, each `step` from the one before.
struct Range {
  std::int64_t start, count, step;
};

/// Python's rules: negative positions count from the end, what lies outside is left out.
Range resolve(const Slice& range, std::int64_t length) {
  const bool forwards = range.step > 0;
  const std::int64_t lowest = forwards ? 0 : -1, highest = forwards ? length : length - 1;
  const auto place = [&](std::int64_t position) {
    return std::clamp(position < 0 ? position + length : position, lowest, highest);
  };
  const std::int64_t start = range.start ? place(*range.start) : (forwards ? lowest : highest);
  const std::int64_t stop = range.stop ? place(*range.stop) : (forwards ? highest : lowest);
  const std::int64_t distance = forwards ? stop - start : start - stop, stride = forwards ? range.step : -range.step;
  const std::int64_t count = distance <= 0 ? 0 : (distance - 1) / stride + 1;
  return count == 0 ? Range{0, 0, 1} : Range{start, count, range.step};
}

void require_step(std::string_view op, const Slice& range) {
  constexpr std::int64_t longest = std::int64_t{1} << 62;
  if (range.step == 0 || range.step > longest || range.step < -longest)
    throw IndexError(fmt::format("{}: the step of a slice must not be {}", op, range.step == 0 ? "0" : "so long"));
}

/// The slice that a range is, without negative positions.
Slice as_slice(const Range& range) {
  const std::int64_t stop = range.start + range.step * range.count;
  return {range.start, stop < 0 ? std::nullopt : std::optional(stop), range.step};
}

Attributes slice_attributes(std::int64_t axis, const Slice& range) {
  Attributes attributes{{"axis", axis}, {"step", range.step}};
  if (range.start) attributes = attributes.with("start", *range.start);
  if (range.stop) attributes = attributes.with("stop", *range.stop);
  return attributes;
}

Slice slice_of(const Attributes& attributes) {
  Slice range{std::nullopt, std::nullopt, attributes.get<std::int64_t>("step")};
  if (attributes.has("start")) range.start = attributes.get<std::int64_t>("start");
  if (attributes.has("stop")) range.stop = attributes.get<std::int64_t>("stop");
  return range;
}

std::int64_t& along(Shape& shape, std::int64_t axis) { return shape[static_cast<std::size_t>(axis)]; }
std::int64_t along(const Shape& shape, std::int64_t axis) { return shape[static_cast<std::size_t>(axis)]; }

std::vector<Type> slice_type(std::span<const Type> inputs, const Attributes& attributes) {
  Type result = inputs[0];
  const std::int64_t axis = normalize_axis(axis_of(attributes), result.rank(), "slice");
  std::int64_t& length = along(result.shape, axis);
  if (length != unknown) length = resolve(slice_of(attributes), length).count;
  return {result};
}

/// The first `count` positions of a range along an axis, copied out of `from` or, with `into`, put into zeros.
Array copied_range(const Array& from, std::int64_t axis, const Range& range) {
  Shape shape = from.shape();
  along(shape, axis) = range.count;
  Array result(Type{from.dtype(), shape});
  auto strides = row_major(from.shape());
  const std::int64_t start = range.start * along(strides, axis);
  along(strides, axis) *= range.step;
  for_each_index(shape, [&](auto index, std::int64_t position) {
    copy_elements(from, start + position_of(index, strides), result, position);
  });
  return result;
}

Array placed_range(const Array& part, std::int64_t axis, const Range& range, std::int64_t length) {
  Shape shape = part.shape();
  along(shape, axis) = length;
  Array result(Type{part.dtype(), shape});
  auto strides = row_major(shape);
  const std::int64_t start = range.start * along(strides, axis);
  along(strides, axis) *= range.step;
  for_each_index(part.shape(), [&](auto index, std::int64_t position) {
    copy_elements(part, position, result, start + position_of(index, strides));
  });
  return result;
}

bool slice_layout(const Node& node, const Layout& from, Layout& to) {
  const std::int64_t axis = axis_of(node.attributes());
  const Range range = resolve(slice_of(node.attributes()), along(from.shape, axis));
  to = from;
  along(to.shape, axis) = range.count;
  to.offset += range.start * along(from.strides, axis);
  along(to.strides, axis) *= range.step;
  return true;
}

// --- Single positions ---

/// `position` from the front of an axis of known length.
std::int64_t resolve_position(std::int64_t position, std::int64_t length) {
  const std::int64_t result = position < 0 ? position + length : position;
  if (result < 0 || result >= length)
    throw IndexError(fmt::format("position {} does not exist along an axis of length {}", position, length));
  return result;
}

std::vector<Type> at_type(std::span<const Type> inputs, const Attributes& attributes) {
  const std::int64_t axis = normalize_axis(axis_of(attributes), inputs[0].rank(), "at");
  const std::int64_t length = along(inputs[0].shape, axis);
  if (length != unknown) resolve_position(attributes.get<std::int64_t>("position"), length);
  return {Type{inputs[0].dtype, without_axes(inputs[0].shape, {axis})}};
}

std::vector<Array> at_evaluate(const Node& node, std::span<const Array> inputs) {
  const std::int64_t axis = axis_of(node.attributes());
  const std::int64_t position = resolve_position(node.get<std::int64_t>("position"), along(inputs[0].shape(), axis));
  const Array row = copied_range(inputs[0], axis, {position, 1, 1});
  return {row.reshaped(without_axes(row.shape(), {axis}))};
}

bool at_layout(const Node& node, const Layout& from, Layout& to) {
  const Axes axis{axis_of(node.attributes())};
  const std::int64_t position = resolve_position(node.get<std::int64_t>("position"), along(from.shape, axis[0]));
  to = {without_axes(from.shape, axis), from.offset + position * along(from.strides, axis[0]),
        without_axes(from.strides, axis)};
  return true;
}

// --- Slices put back into zeros ---

/// The type of `part` with its axis as long as `length` says.
std::vector<Type> padded_type(const Type& part, const Attributes& attributes, std::int64_t length) {
  const std::int64_t axis = normalize_axis(axis_of(attributes), part.rank(), "pad_slice");
  const std::int64_t count = along(part.shape, axis);
  if (length != unknown && count != unknown) {
    const Range range = resolve(slice_of(attributes), length);
    if (count > range.count)
      throw ShapeError(
          fmt::format("a part of length {} does not fit a slice of length {} of axis {}", count, range.count, axis));
  }
  Type result = part;
  along(result.shape, axis) = length;
  return {result};
}

std::vector<Type> pad_like_type(std::span<const Type> inputs, const Attributes& attributes) {
  const std::int64_t axis = normalize_axis(axis_of(attributes), inputs[1].rank(), "pad_slice");
  Shape part = inputs[0].shape, like = inputs[1].shape;
  if (part.size() == like.size()) along(part, axis) = along(like, axis) = unknown;
  const std::optional<Shape> others = agree(part, like);
  if (!others) throw ShapeError("the part differs from the whole along another axis");
  Type whole{inputs[0].dtype, *others};
  along(whole.shape, axis) = along(inputs[0].shape, axis);
  return padded_type(whole, attributes, along(inputs[1].shape, axis));
}

/// Positions that a part of length `count` takes.
Range part_range(const Attributes& attributes, std::int64_t length, std::int64_t count) {
  const Range whole = resolve(slice_of(attributes), length);
  return {whole.start, count, whole.step};
}

/// Part of `a` at the first length(part) positions of a slice; `slice` itself where lengths are known.
Expr slice_like(const Expr& a, const Expr& part, const Attributes& range) {
  const std::int64_t axis = axis_of(range);
  const std::int64_t length = along(a.shape(), axis), count = along(part.shape(), axis);
  if (length != unknown && count != unknown) return slice(a, axis, as_slice(part_range(range, length, count)));
  return make(slice_like_op, {a, part}, slice_attributes(axis, slice_of(range)));
}

// --- Gather and scatter ---

std::vector<Type> gather_type(std::span<const Type> inputs, const Attributes&) {
  require_index(inputs[1]);
  if (inputs[0].rank() == 0) throw ShapeError("a scalar has no rows");
  Shape shape = inputs[1].shape;
  shape.insert(shape.end(), inputs[0].shape.begin() + 1, inputs[0].shape.end());
  return {Type{inputs[0].dtype, shape}};
}

std::vector<Array> gather_evaluate(const Node& node, std::span<const Array> inputs) {
  const Array &rows = inputs[0], &index = inputs[1];
  require_positions(node.attributes().has("note") ? node.get<std::string>("note") : "gather", index, rows.shape()[0]);
  const Type types[] = {rows.type(), index.type()};
  Array result(gather_type(types, {})[0]);
  const std::int64_t size = row_size(rows.shape(), 1);
  for (std::int64_t i = 0; i < index.size(); ++i) copy_elements(rows, index.integer(i) * size, result, i * size, size);
  return {result};
}

std::vector<Type> scattered_type(const Type& values, const Type& index, std::int64_t length) {
  require_index(index);
  const bool fits = values.shape.size() >= index.shape.size();
  const auto split = static_cast<std::ptrdiff_t>(fits ? index.shape.size() : 0);
  if (!fits || !agree(Shape(values.shape.begin(), values.shape.begin() + split), index.shape))
    throw ShapeError("the values must begin with the axes of the index");
  Shape shape{length};
  shape.insert(shape.end(), values.shape.begin() + split, values.shape.end());
  return {Type{values.dtype, shape}};
}

Array scattered(const Array& values, const Array& index, std::int64_t length) {
  require_positions("scatter_add", index, length);
  Array result(scattered_type(values.type(), index.type(), length)[0]);
  const std::int64_t size = row_size(result.shape(), 1);
  std::vector<long double> reals(static_cast<std::size_t>(result.size()), 0.0L);
  std::vector<std::uint64_t> whole(reals.size(), 0);
  for (std::int64_t i = 0; i < index.size(); ++i)
    for (std::int64_t j = 0; j < size; ++j) {
      const auto place = static_cast<std::size_t>(index.integer(i) * size + j);
      reals[place] += values.real(i * size + j);
      whole[place] += static_cast<std::uint64_t>(values.integer(i * size + j));
    }
  for (std::size_t i = 0; i < reals.size(); ++i) {
    const auto place = static_cast<std::int64_t>(i);
    if (is_floating(result.dtype()))
      result.set(place, static_cast<double>(reals[i]));
    else
      result.set_integer(place, static_cast<std::int64_t>(whole[i]));
  }
  return result;
}

/// `scatter_add` into as many rows as `like` has.
Expr scatter_like(const Expr& values, const Expr& index, const Expr& like) {
  if (like.shape()[0] != unknown) return scatter_add(values, index, like.shape()[0]);
  return make(scatter_like_op, {values, index, like});
}

}  // namespace

const Op slice_op{
    .name = "slice",
    .summary = "a[start:stop:step] along an axis",
    .type = slice_type,
    .gradient =
        [](const Application& a) {
          return Exprs{pad_slice(a.adjoint, a.inputs[0], axis_of(a.node.attributes()), slice_of(a.node.attributes()))};
        },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          return Exprs{slice(tangents[0], axis_of(node.attributes()), slice_of(node.attributes()))};
        },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      const std::int64_t axis = axis_of(node.attributes());
      return {copied_range(inputs[0], axis, resolve(slice_of(node.attributes()), along(inputs[0].shape(), axis)))};
    },
    .lowering = View{slice_layout},
    .examples =
        [] {
          return Exprs{slice(example({6}), 0, {1, -2}),
                       slice(example({6}), 0, {std::nullopt, std::nullopt, -1}),
                       slice(example({3, 5}), -1, {3, 0, -1}),
                       slice(example({2, 4, 3}), 1, {-3, std::nullopt}),
                       slice(example({4}), 0, {2, 2}),
                       slice(example({0}), 0, {std::nullopt, std::nullopt, -1}),
                       slice(example({7}), 0, {1, std::nullopt, 3}),
                       slice(example({2, 5}), 1, {-1, std::nullopt, -2})};
        },
    .batched = shift_axes,
};

const Op slice_like_op{
    .name = "slice_like",
    .summary = "the first positions of a slice of a, as many as b is long",
    .arity = 2,
    .type = [](std::span<const Type> inputs, const Attributes& attributes) -> std::vector<Type> {
      const std::int64_t axis = normalize_axis(axis_of(attributes), inputs[0].rank(), "slice_like");
      Type result = inputs[0];
      along(result.shape, axis) = along(inputs[1].shape, axis);
      return {result};
    },
    .gradient =
        [](const Application& a) {
          return Exprs{pad_like(a.adjoint, a.inputs[0], axis_of(a.node.attributes()), slice_of(a.node.attributes())),
                       Expr()};
        },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      const std::int64_t axis = axis_of(node.attributes());
      return {
          copied_range(inputs[0], axis,
                       part_range(node.attributes(), along(inputs[0].shape(), axis), along(inputs[1].shape(), axis)))};
    },
    .lowering = Abstract{},
    .concrete =
        [](const Node& node) {
          const Expr result = slice_like(node.input(0), node.input(1), node.attributes());
          return Exprs{&result.op() == &slice_like_op ? Expr() : result};
        },
    .examples =
        [] {
          return Exprs{make(slice_like_op, {example({5}), example({2}, "y")}, slice_attributes(0, {1, std::nullopt})),
                       make(slice_like_op, {example({5}), example({2}, "y")},
                            slice_attributes(0, {std::nullopt, std::nullopt, -1}))};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> {
      const Expr &x = b.inputs[0].value, item = item_like(b.inputs[1], b.axes);
      if (!b.inputs[0].varies) return {{slice_like(x, item, b.node.attributes()), false}};
      return {{slice_like(x, expand_axes(item, leading_axes(b.axes)),
                          b.node.attributes().with("axis", axis_of(b.node.attributes()) + b.axes))}};
    },
    .complex = complex_rule::each_part,
};

const Op at_op{
    .name = "at",
    .summary = "a[i] along an axis, which disappears",
    .type = at_type,
    .gradient =
        [](const Application& a) {
          const std::int64_t axis = axis_of(a.node.attributes()), position = a.node.get<std::int64_t>("position");
          const std::optional<std::int64_t> next = position == -1 ? std::nullopt : std::optional(position + 1);
          return Exprs{pad_slice(expand_axes(a.adjoint, {axis}), a.inputs[0], axis, {position, next})};
        },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          return Exprs{at(tangents[0], node.get<std::int64_t>("position"), axis_of(node.attributes()))};
        },
    .evaluate = at_evaluate,
    .lowering = View{at_layout},
    .examples =
        [] {
          return Exprs{at(example({4}), 1), at(example({3, 4}), -1, -1), at(example({2, 3, 4}), 2, 1),
                       at(example({1}), 0), at(example({2, 0}), 1)};
        },
    .batched = shift_axes,
};

const Op pad_slice_op{
    .name = "pad_slice",
    .summary = "zeros with a part at a slice of an axis",
    .type = [](std::span<const Type> inputs, const Attributes& attributes) -> std::vector<Type> {
      return padded_type(inputs[0], attributes, attributes.get<std::int64_t>("length"));
    },
    .gradient = [](const Application& a) { return Exprs{slice_like(a.adjoint, a.inputs[0], a.node.attributes())}; },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          return Exprs{make(pad_slice_op, {tangents[0]}, node.attributes())};
        },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      const Type type = inputs[0].type();
      const std::int64_t axis = axis_of(node.attributes()), length = node.get<std::int64_t>("length");
      padded_type(type, node.attributes(), length);
      return {placed_range(inputs[0], axis, part_range(node.attributes(), length, along(type.shape, axis)), length)};
    },
    .lowering = Scatter{ScatterKind::window,
                        [](const Node& node, std::size_t) {
                          const std::int64_t axis = axis_of(node.attributes());
                          const Shape& part = node.input(0).shape();
                          const Range range =
                              part_range(node.attributes(), node.get<std::int64_t>("length"), along(part, axis));
                          Layout window{part, 0, row_major(node.types()[0].shape)};
                          window.offset = range.start * along(window.strides, axis);
                          along(window.strides, axis) *= range.step;
                          return window;
                        }},
    .examples =
        [] {
          return Exprs{pad_slice(example({2}), example({5}, "y"), 0, {1, 3}),
                       pad_slice(example({3, 2}), example({3, 4}, "y"), -1, {-2, std::nullopt}),
                       pad_slice(example({2, 4, 3}), example({2, 4, 3}, "y"), 1, {std::nullopt, std::nullopt, -1}),
                       pad_slice(example({2}), example({5}, "y"), 0, {4, 0, -2}),
                       pad_slice(example({0}), example({3}, "y"), 0, {1, 1})};
        },
    .batched = shift_axes,
};

const Op pad_like_op{
    .name = "pad_like",
    .summary = "zeros like b with a at the first positions of a slice",
    .arity = 2,
    .type = pad_like_type,
    .gradient =
        [](const Application& a) {
          return Exprs{slice_like(a.adjoint, a.inputs[0], a.node.attributes()), Expr()};
        },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      const Type types[] = {inputs[0].type(), inputs[1].type()};
      pad_like_type(types, node.attributes());
      const std::int64_t axis = axis_of(node.attributes()), length = along(inputs[1].shape(), axis);
      return {
          placed_range(inputs[0], axis, part_range(node.attributes(), length, along(inputs[0].shape(), axis)), length)};
    },
    .lowering = Abstract{},
    .concrete =
        [](const Node& node) {
          const std::int64_t axis = axis_of(node.attributes());
          if (along(node.input(1).shape(), axis) == unknown) return Exprs{Expr()};
          return Exprs{pad_like(node.input(0), node.input(1), axis, slice_of(node.attributes()))};
        },
    .examples =
        [] {
          return Exprs{make(pad_like_op, {example({2}), example({5}, "y")}, slice_attributes(0, {0, std::nullopt}))};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> {
      const Expr &x = b.inputs[0].value, item = item_like(b.inputs[1], b.axes);
      const std::int64_t axis = axis_of(b.node.attributes());
      const Slice range = slice_of(b.node.attributes());
      if (!b.inputs[0].varies) return {{pad_like(x, item, axis, range), false}};
      return {{pad_like(x, nested_like(batch_like(x, b.axes), item), axis + b.axes, range)}};
    },
    .complex = complex_rule::each_part,
};

const Op gather_op{
    .name = "gather",
    .summary = "rows of a tensor picked by an index",
    .arity = 2,
    .type = gather_type,
    .gradient =
        [](const Application& a) {
          return Exprs{scatter_like(a.adjoint, a.inputs[1], a.inputs[0]), Expr()};
        },
    .tangent = [](const Node& node,
                  std::span<const Expr> tangents) { return Exprs{gather(tangents[0], node.input(1))}; },
    .evaluate = gather_evaluate,
    .lowering = Gather{},
    .examples =
        [] {
          const Expr vector = example_index({5}, {2, 0, 2, 1, 3});
          return Exprs{gather(example({4}), vector),
                       gather(example({4, 3}), vector),
                       gather(example({2, 4}), vector, 1),
                       gather(example({4}), example_index({2, 2}, {0, 3, 3, 1})),
                       gather(example({3}), example_index({0}, {})),
                       gather(example({3, 2}), cast(trunc(abs(input({DType::float64, {}}, "i"))), DType::int64))};
        },
    .batched = gather_batched,
};

const Op scatter_add_op{
    .name = "scatter_add",
    .summary = "values added into rows of zeros by an index",
    .arity = 2,
    .type = [](std::span<const Type> inputs, const Attributes& attributes) -> std::vector<Type> {
      return scattered_type(inputs[0], inputs[1], attributes.get<std::int64_t>("length"));
    },
    .gradient =
        [](const Application& a) {
          return Exprs{gather(a.adjoint, a.inputs[1]), Expr()};
        },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          return Exprs{scatter_add(tangents[0], node.input(1), node.get<std::int64_t>("length"))};
        },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      return {scattered(inputs[0], inputs[1], node.get<std::int64_t>("length"))};
    },
    .lowering = Scatter{ScatterKind::add},
    .examples =
        [] {
          const Expr vector = example_index({5}, {2, 0, 2, 1, 3});
          return Exprs{scatter_add(example({5}), vector, 5), scatter_add(example({5, 2}), vector, 4),
                       scatter_add(example({2, 2}), example_index({2, 2}, {0, 3, 3, 1}), 4),
                       scatter_add(example({0}), example_index({0}, {}), 3)};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> {
      return scatter_batched(b, broadcast_to(constant(false), {b.node.get<std::int64_t>("length")}));
    },
};

const Op scatter_like_op{
    .name = "scatter_like",
    .summary = "values added by an index into as many rows of zeros as c has",
    .arity = 3,
    .type = [](std::span<const Type> inputs, const Attributes&) -> std::vector<Type> {
      if (inputs[2].rank() == 0) throw ShapeError("a scalar has no rows");
      return scattered_type(inputs[0], inputs[1], inputs[2].shape[0]);
    },
    .gradient =
        [](const Application& a) {
          return Exprs{gather(a.adjoint, a.inputs[1]), Expr(), Expr()};
        },
    .evaluate = [](const Node&, std::span<const Array> inputs) -> std::vector<Array> {
      return {scattered(inputs[0], inputs[1], inputs[2].shape()[0])};
    },
    .lowering = Abstract{},
    .concrete =
        [](const Node& node) {
          if (node.input(2).shape()[0] == unknown) return Exprs{Expr()};
          return Exprs{scatter_add(node.input(0), node.input(1), node.input(2).shape()[0])};
        },
    .examples =
        [] {
          return Exprs{make(scatter_like_op, {example({3}), example_index({3}, {1, 0, 1}), example({2}, "y")})};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> {
      const Expr like = item_like(b.inputs[2], b.axes);
      if (!b.inputs[0].varies && !b.inputs[1].varies)
        return {{scatter_like(b.inputs[0].value, b.inputs[1].value, like), false}};
      return scatter_batched(b, like);
    },
    .complex = complex_rule::each_part,
};

// --- Builders ---

Expr slice(const Operand& a, std::int64_t axis, Slice range) {
  const BuiltAt here(a.place());
  const Expr& x = a;
  require_step("slice", range);
  const std::int64_t normal = normalize_axis(axis, x.rank(), "slice");
  const std::int64_t length = along(x.shape(), normal);
  const bool whole = range.step == 1 && range.start.value_or(0) == 0 && !range.stop;
  if (whole) return x;
  if (length != unknown) {
    const Range resolved = resolve(range, length);
    if (resolved.count == length && resolved.step == 1) return x;
    range = as_slice(resolved);
  }
  return make(slice_op, {x}, slice_attributes(normal, range), a.place());
}

Expr at(const Operand& a, std::int64_t position, std::int64_t axis) {
  const BuiltAt here(a.place());
  const Expr& x = a;
  const std::int64_t normal = normalize_axis(axis, x.rank(), "at");
  const std::int64_t length = along(x.shape(), normal);
  const bool from_end = length != unknown && position < 0 && position + length >= 0;
  // The last row of a loop is what it carries at the end: nothing else of the rows need be stored.
  if (normal == 0 && length > 0 && (position == -1 || position == length - 1))
    if (const Expr last = carry_of_last_row(x)) return last;
  return make(at_op, {x}, {{"axis", normal}, {"position", from_end ? position + length : position}}, a.place());
}

Expr gather(const Operand& a, const Operand& index, std::int64_t axis) {
  const BuiltAt here(a.place(), "gather");
  const Expr &x = a, &i = index;
  const std::int64_t normal = normalize_axis(axis, x.rank(), "gather");
  require_index(i.type());
  if (const std::int64_t length = along(x.shape(), normal); length != unknown)
    if (const auto positions = constant_value(i)) {
      require_positions("gather", *positions, length);
      if (i.rank() == 0) return at(a, positions->integer(), normal);
    }
  if (normal == 0) return make(gather_op, {x, i}, {}, a.place());
  // Rows by the index in front, then the axes of the index to where the axis was.
  const Expr picked = make(gather_op, {transpose(x, axis_to_front(normal, x.rank())), i}, {}, a.place());
  Axes order;
  for (std::int64_t k = 0; k < normal; ++k) order.push_back(i.rank() + k);
  for (std::int64_t k = 0; k < i.rank(); ++k) order.push_back(k);
  for (std::int64_t k = i.rank() + normal; k < picked.rank(); ++k) order.push_back(k);
  return transpose(picked, order);
}

Expr scatter_add(const Operand& values, const Operand& index, std::int64_t length) {
  const BuiltAt here(values.place(), "scatter_add");
  if (length < 0) throw NegativeLength(fmt::format("scatter_add: the length must not be negative, got {}", length));
  require_index(index.expr().type());
  if (const auto positions = constant_value(index)) require_positions("scatter_add", *positions, length);
  return make(scatter_add_op, {values, index}, {{"length", length}}, values.place());
}

Expr pad_like(const Expr& part, const Expr& like, std::int64_t axis, Slice range) {
  const std::int64_t length = along(like.shape(), axis);
  if (length == unknown) return make(pad_like_op, {part, like}, slice_attributes(axis, range));
  const Type types[] = {part.type(), like.type()};
  pad_like_type(types, slice_attributes(axis, range));
  const Range resolved = resolve(range, length);
  if (along(part.shape(), axis) == length && resolved.step == 1) return part;
  return make(pad_slice_op, {part}, slice_attributes(axis, as_slice(resolved)).with("length", length));
}

Expr pad_slice(const Operand& part, const Operand& like, std::int64_t axis, Slice range) {
  const BuiltAt here(part.place());
  const Expr &x = part, &y = like;
  require_step("pad_slice", range);
  const std::int64_t normal = normalize_axis(axis, y.rank(), "pad_slice");
  if (y.rank() == x.rank() && along(y.shape(), normal) != unknown && along(x.shape(), normal) != unknown) {
    const std::int64_t count = resolve(range, along(y.shape(), normal)).count;
    if (count != along(x.shape(), normal))
      throw ShapeError(
          fmt::format("pad_slice: a part of length {} is not a slice of length {}", along(x.shape(), normal), count));
  }
  return pad_like(x, y, normal, range);
}

}  // namespace leapgraph::symbolic
