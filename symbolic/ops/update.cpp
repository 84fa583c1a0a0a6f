/// Rows of a tensor overwritten or added to by an index: how loops write into the buffers that they carry.
///
/// Both ops have the inputs [x, index, values]. The reference evaluation writes in place where nobody else holds x, and
/// so does native code where nobody reads the old x afterwards (schedule/inplace.cpp).
#include <fmt/format.h>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/places.hpp"

namespace leapgraph::symbolic {

namespace {

Shape join(const Shape& a, const Shape& b, std::size_t skipped_of_b) {
  Shape shape = a;
  shape.insert(shape.end(), b.begin() + static_cast<std::ptrdiff_t>(skipped_of_b), b.end());
  return shape;
}

std::vector<Type> update_type(std::span<const Type> inputs, const Attributes&) {
  const Type &x = inputs[0], &index = inputs[1], &values = inputs[2];
  require_index(index);
  if (x.rank() == 0) throw ShapeError("a scalar has no rows");
  if (x.dtype != values.dtype)
    throw DTypeError(
        fmt::format("the values must be {} like the tensor, got {}", info(x.dtype).name, info(values.dtype).name));
  const std::optional<Shape> agreed = agree(join(index.shape, x.shape, 1), values.shape);
  if (!agreed)
    throw ShapeError(fmt::format("the values must have the shape {}, got {}", to_string(join(index.shape, x.shape, 1)),
                                 to_string(values.shape)));
  Type result = x;
  for (std::size_t axis = 1; axis < x.shape.size(); ++axis)
    result.shape[axis] = (*agreed)[index.shape.size() + axis - 1];
  return {result};
}

std::vector<Type> addition_type(std::span<const Type> inputs, const Attributes& attributes) {
  if (inputs[0].dtype == DType::boolean) throw DTypeError("booleans cannot be added");
  return update_type(inputs, attributes);
}

/// The array itself where nobody else holds it, otherwise a copy.
Array writable(const Array& x) {
  if (x.is_only_holder()) return x;
  Array copy(x.type());
  copy_elements(x, 0, copy, 0, x.size());
  return copy;
}

/// Calls write(result, position in result, position in values) for each row, in order.
template <class F>
std::vector<Array> updated(const Node& node, std::span<const Array> inputs, F&& write) {
  const Array &x = inputs[0], &index = inputs[1], &values = inputs[2];
  require_positions(node.attributes().has("note") ? node.get<std::string>("note") : node.op().name, index,
                    x.shape()[0]);
  const std::int64_t size = row_size(x.shape(), 1);
  if (values.size() != index.size() * size)
    throw ShapeError(fmt::format("{}: {} values for {} rows of {}", node.op().name, values.size(), index.size(), size));
  Array result = writable(x);
  for (std::int64_t i = 0; i < index.size(); ++i) write(result, index.integer(i) * size, i * size, size);
  return {result};
}

/// Of each row of the index, whether no later one names the same row of `x`; absent where all are so.
Expr stays(const Expr& x, const Expr& index) {
  if (index.rank() == 0) return {};
  if (const auto rows = constant_value(index)) {
    std::unordered_map<std::int64_t, std::int64_t> last;
    for (std::int64_t i = 0; i < rows->size(); ++i) last[rows->integer(i)] = i;
    if (static_cast<std::int64_t>(last.size()) == rows->size()) return {};
    Array mask(Type{DType::boolean, rows->shape()});
    for (std::int64_t i = 0; i < rows->size(); ++i) mask.set_integer(i, last[rows->integer(i)] == i ? 1 : 0);
    return constant(mask);
  }
  // Each row is given the number of the one that was written last.
  const Expr number = reshape_like(cumsum(reshape(ones_like(cast(index, DType::int64)), {-1})), index);
  Axes rest;
  for (std::int64_t axis = 1; axis < x.rank(); ++axis) rest.push_back(axis);
  const Expr unwritten = cast(zeros_like(rest.empty() ? x : sum(x, rest)), DType::int64);
  return eq(gather(make(set_rows_op, {unwritten, index, number}), index), number);
}

/// `values` where their row was not overwritten by a later one, else 0.
Expr where_it_stays(const Expr& x, const Expr& index, const Expr& values) {
  Expr mask = stays(x, index);
  if (!mask) return values;
  for (std::int64_t axis = index.rank(); axis < values.rank(); ++axis) mask = expand_dims(mask, axis);
  return where(mask, values, 0.0);
}

Expr or_zeros(const Expr& tangent, const Expr& like) {
  return tangent ? broadcast_like(tangent, like) : zeros_like(like);
}

Exprs update_examples(Expr (*update)(const Operand& x, const Operand& index, const Operand& values)) {
  const auto real = [](Shape shape, const char* name) { return input({DType::float64, std::move(shape)}, name); };
  const auto index = [](Shape shape, const std::vector<std::int64_t>& rows) {
    return constant(Array::of<std::int64_t>(std::move(shape), rows));
  };
  const auto computed = [&real](Shape shape) { return cast(trunc(abs(real(std::move(shape), "i"))), DType::int64); };
  const Expr row = computed({});
  return {update(real({4}, "x"), index({2}, {3, 1}), real({2}, "v")),
          update(real({4, 3}, "x"), index({5}, {2, 0, 2, 1, 2}), real({5, 3}, "v")),
          update(real({4}, "x"), index({2, 2}, {0, 3, 3, 1}), real({2, 2}, "v")),
          update(real({3}, "x"), index({0}, {}), real({0}, "v")),
          update(real({3}, "x"), index({}, {1}), real({}, "v")),
          update(real({3, 2}, "x"), row, real({2}, "v")),
          update(real({2, 2}, "x"), computed({4}), real({4, 2}, "v")),
          update(real({3}, "x"), row, 2.5),
          gather(update(update(real({3}, "x"), row, real({}, "v")), 2, real({}, "w")), row)};
}

}  // namespace

const Op set_rows_op{
    .name = "set_rows",
    .summary = "a tensor with the rows that an index names replaced; of equal ones the last stays",
    .arity = 3,
    .type = update_type,
    .gradient =
        [](const Application& a) {
          const Expr &index = a.inputs[1], &values = a.inputs[2];
          return Exprs{make(set_rows_op, {a.adjoint, index, zeros_like(values)}), Expr(),
                       where_it_stays(a.inputs[0], index, gather(a.adjoint, index))};
        },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          return Exprs{make(set_rows_op, {or_zeros(tangents[0], node.input(0)), node.input(1),
                                          or_zeros(tangents[2], node.input(2))})};
        },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      return updated(node, inputs, [&](Array& x, std::int64_t to, std::int64_t from, std::int64_t size) {
        copy_elements(inputs[2], from, x, to, size);
      });
    },
    .lowering = Scatter{ScatterKind::set_rows},
    .examples = [] { return update_examples(set_rows); },
    .batched = update_batched,
};

const Op add_rows_op{
    .name = "add_rows",
    .summary = "a tensor with values added to the rows that an index names",
    .arity = 3,
    .type = addition_type,
    .gradient =
        [](const Application& a) {
          return Exprs{a.adjoint, Expr(), gather(a.adjoint, a.inputs[1])};
        },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          return Exprs{make(add_rows_op, {or_zeros(tangents[0], node.input(0)), node.input(1),
                                          or_zeros(tangents[2], node.input(2))})};
        },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      const Array& values = inputs[2];
      return updated(node, inputs, [&](Array& x, std::int64_t to, std::int64_t from, std::int64_t size) {
        for (std::int64_t j = 0; j < size; ++j)
          if (is_floating(x.dtype()))
            x.set(to + j, x.real(to + j) + values.real(from + j));
          else
            x.set_integer(to + j, static_cast<std::int64_t>(static_cast<std::uint64_t>(x.integer(to + j)) +
                                                            static_cast<std::uint64_t>(values.integer(from + j))));
      });
    },
    .lowering = Scatter{ScatterKind::add_rows},
    .examples = [] { return update_examples(add_rows); },
    .batched = update_batched,
};

// --- Builders ---

namespace {

Expr update(const Op& op, const Operand& x, const Operand& index, const Operand& values) {
  const BuiltAt here(x.place(), op.name);
  const Expr &whole = x, &rows = index;
  require_index(rows.type());
  if (whole.rank() == 0) throw ShapeError(fmt::format("{}: a scalar has no rows", op.name));
  if (whole.shape()[0] != unknown)
    if (const auto positions = constant_value(rows)) require_positions(op.name, *positions, whole.shape()[0]);
  Expr parts = values;
  if (parts.dtype() != whole.dtype()) {
    if (!values.is_weak() && promote(parts.dtype(), whole.dtype()) != whole.dtype())
      throw DTypeError(fmt::format("{}: values of type {} do not fit into {} (made at {}:{})", op.name,
                                   info(parts.dtype()).name, to_string(whole.type()), x.place().file_name(),
                                   x.place().line()));
    parts = cast(parts, whole.dtype());
  }
  // A variable's length that is not known yet may turn out to be 1.
  const bool is_open = !is_known(parts.shape()) && is_input(parts);
  if (is_open || !agree(join(rows.shape(), whole.shape(), 1), parts.shape()))
    parts = broadcast_like(parts, gather(whole, rows));
  return make(op, {whole, rows, parts}, {}, x.place());
}

}  // namespace

Expr set_rows(const Operand& x, const Operand& index, const Operand& values) {
  return update(set_rows_op, x, index, values);
}

Expr add_rows(const Operand& x, const Operand& index, const Operand& values) {
  return update(add_rows_op, x, index, values);
}

}  // namespace leapgraph::symbolic
