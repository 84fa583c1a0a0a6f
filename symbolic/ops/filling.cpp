/// Lengths as values, and tensors made from them: fillings, triangles, ranges of numbers, grids.
#include <fmt/format.h>

#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/lengths.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/places.hpp"
#include "leapgraph/symbolic/shaping.hpp"

namespace leapgraph::symbolic {

// --- Lengths ---

Length::Length(Expr value, Where place) : value_(value), place_(place) {
  const BuiltAt here(place);
  if (value.rank() != 0 || !is_integer(value.dtype()))
    throw DTypeError(fmt::format("a length must be an integer scalar, got {}", to_string(value.type())));
  if (const auto known = constant_value(value)) value_ = known->integer();
}

Expr Length::expr() const {
  if (const auto n = number()) return constant(*n);
  return cast(std::get<Expr>(value_), DType::int64);
}

Lengths::Lengths(const Expr& lengths, Where place) : place_(place) {
  const BuiltAt here(place);
  if (lengths.rank() == 0) {
    lengths_.emplace_back(lengths);
    return;
  }
  if (lengths.rank() != 1 || lengths.shape()[0] == unknown || !is_integer(lengths.dtype()))
    throw ShapeError(
        fmt::format("lengths must be an integer vector whose own length is known, got {}", to_string(lengths.type())));
  for (std::int64_t axis = 0; axis < lengths.shape()[0]; ++axis) lengths_.emplace_back(at(lengths, axis));
}

std::optional<Shape> Lengths::known() const {
  Shape result;
  for (const Length& length : lengths_) {
    if (!length.number()) return std::nullopt;
    result.push_back(*length.number());
  }
  return result;
}

namespace {

void require_no_negative(const Lengths& lengths) {
  for (const Length& length : lengths)
    if (length.number().value_or(0) < 0)
      throw NegativeLength(fmt::format("a length must not be negative, got {}", *length.number()));
}

}  // namespace

Expr of_lengths(const Lengths& lengths) {
  const BuiltAt here(lengths.place());
  require_no_negative(lengths);
  if (const auto known = lengths.known()) return broadcast_to(constant(false), *known);
  const auto rank = static_cast<std::int64_t>(lengths.size());
  Expr result;
  for (std::int64_t axis = 0; axis < rank; ++axis) {
    const Expr along = iota_along(lengths[static_cast<std::size_t>(axis)].expr(), axis, rank);
    result = result ? result + along : along;
  }
  return result;
}

Expr shape(const Operand& x) {
  const BuiltAt here(x.place());
  const Expr& e = x;
  if (is_known(e.shape())) return constant(Array::of<std::int64_t>({e.rank()}, {e.shape().begin(), e.shape().end()}));
  Operands lengths;
  for (std::int64_t axis = 0; axis < e.rank(); ++axis) lengths.emplace_back(length(e, axis), x.place());
  return stack(lengths);
}

Expr size(const Operand& x) {
  const BuiltAt here(x.place());
  const Expr& e = x;
  if (is_known(e.shape())) return constant(element_count(e.shape()));
  Expr count = constant(std::int64_t{1});
  for (std::int64_t axis = 0; axis < e.rank(); ++axis) count = count * length(e, axis);
  return count;
}

// --- Fillings ---

Expr alloc(const Operand& value, const Lengths& lengths) {
  const BuiltAt here(value.place(), "alloc");
  require_no_negative(lengths);
  if (const auto known = lengths.known()) return broadcast_to(value, *known);
  return broadcast_like(value, of_lengths(lengths));
}

Expr zeros(const Lengths& lengths, DType dtype) {
  const BuiltAt here(lengths.place(), "zeros");
  return alloc(cast(constant(0.0), dtype), lengths);
}
Expr ones(const Lengths& lengths, DType dtype) {
  const BuiltAt here(lengths.place(), "ones");
  return alloc(cast(constant(1.0), dtype), lengths);
}
Expr empty(const Lengths& lengths, DType dtype) { return zeros(lengths, dtype); }
Expr full(std::initializer_list<Length> lengths, const Operand& value) {
  return full(Lengths(lengths, value.place()), value);
}
Expr full(const Lengths& lengths, const Operand& value) {
  const BuiltAt here(value.place(), "full");
  return alloc(value.expr(), lengths);
}
Expr zeros_like(const Operand& x, DType dtype) {
  const BuiltAt here(x.place());
  return broadcast_like(cast(constant(0.0), dtype), x);
}
Expr ones_like(const Operand& x, DType dtype) {
  const BuiltAt here(x.place());
  return broadcast_like(cast(constant(1.0), dtype), x);
}
Expr full_like(const Operand& x, const Operand& value, std::optional<DType> dtype) {
  const BuiltAt here(x.place());
  return broadcast_like(cast(value, dtype.value_or(x.expr().dtype())), x);
}
Expr empty_like(const Operand& x, std::optional<DType> dtype) {
  const BuiltAt here(x.place());
  return zeros_like(x, dtype.value_or(x.expr().dtype()));
}

// --- Triangles ---

namespace {

/// column - row of a matrix of such lengths.
Expr column_minus_row(const Length& rows, const Length& columns) {
  require_no_negative({rows, columns});
  return iota_along(columns.expr(), 1, 2) - iota_along(rows.expr(), 0, 2);
}

/// The same for the last two axes of x.
Expr column_minus_row(const Expr& x, std::string_view op) {
  if (x.rank() < 2) throw ShapeError(fmt::format("{}: takes a matrix or more axes, got {}", op, to_string(x.type())));
  return column_minus_row(Length(length(x, x.rank() - 2)), Length(length(x, x.rank() - 1)));
}

Expr none_of(const Expr& x) { return cast(constant(0.0), x.dtype()); }

}  // namespace

Expr eye(const Length& rows, std::optional<Length> columns, const Length& k, DType dtype) {
  const BuiltAt here(rows.place(), "eye");
  return cast(eq(column_minus_row(rows, columns.value_or(rows)), k.expr()), dtype);
}
Expr identity_like(const Operand& matrix) {
  const BuiltAt here(matrix.place());
  return cast(eq(column_minus_row(matrix, "identity_like"), std::int64_t{0}), matrix.expr().dtype());
}
Expr tri(const Length& rows, std::optional<Length> columns, const Length& k, DType dtype) {
  const BuiltAt here(rows.place(), "tri");
  return cast(column_minus_row(rows, columns.value_or(rows)) <= k.expr(), dtype);
}
Expr tril(const Operand& x, const Length& k) {
  const MadeAt here(x.place());
  return where(column_minus_row(x, "tril") <= k.expr(), x, none_of(x));
}
Expr triu(const Operand& x, const Length& k) {
  const MadeAt here(x.place());
  return where(column_minus_row(x, "triu") >= k.expr(), x, none_of(x));
}
Exprs tril_indices(const Length& rows, const Length& k, std::optional<Length> columns) {
  const BuiltAt here(rows.place(), "tril_indices");
  return nonzero(column_minus_row(rows, columns.value_or(rows)) <= k.expr());
}
Exprs triu_indices(const Length& rows, const Length& k, std::optional<Length> columns) {
  const BuiltAt here(rows.place(), "triu_indices");
  return nonzero(column_minus_row(rows, columns.value_or(rows)) >= k.expr());
}

// --- Ranges of numbers ---

Expr arange(const Operand& start, const Operand& stop, const Operand& step, std::optional<DType> dtype) {
  const MadeAt here(start.place());
  for (const Operand* e : {&start, &stop, &step})
    if (e->expr().rank() != 0)
      throw ShapeError(fmt::format("arange: takes scalars, got {} (made at {}:{})", to_string(e->expr().type()),
                                   start.place().file_name(), start.place().line()));
  const Operand operands[] = {start, stop, step};
  Exprs ends = promoted(operands);
  if (literal_value(ends[2]) == 0.0) throw GraphError("arange: the step must not be 0");
  const DType common = ends[0].dtype();
  Expr result;
  if (is_floating(common)) {
    const Expr count = cast(maximum(ceil((ends[1] - ends[0]) / ends[2]), 0.0), DType::int64);
    // As NumPy has it: the step is the difference of the first two numbers.
    result = ends[0] + cast(iota(Operand(count, start.place())), common) * ((ends[0] + ends[2]) - ends[0]);
  } else {
    for (Expr& e : ends) e = cast(e, DType::int64);
    Expr count = maximum(-floor_div(ends[0] - ends[1], ends[2]), std::int64_t{0});
    if (const auto by = literal_value(ends[2]); by == 1.0 && literal_value(ends[0]) == 0.0)
      count = maximum(ends[1], std::int64_t{0});
    if (const auto known = known_integer(count)) count = constant(*known);
    result = ends[0] + iota(Operand(count, start.place())) * ends[2];
  }
  return dtype ? cast(result, *dtype) : result;
}

Expr arange(const Expr& stop, std::optional<DType> dtype, Where place) {
  const Operand start = is_floating(stop.dtype()) ? Operand(0.0, place) : Operand(0, place);
  return arange(start, stop, 1, dtype);
}

namespace {

/// Numbers from start to stop before the element type is chosen; start and stop are floating and of one type.
Expr spaced(const Expr& start, const Expr& stop, const Length& count, bool endpoint) {
  const Expr n = count.expr(), steps = maximum(endpoint ? n - std::int64_t{1} : n, std::int64_t{1});
  const std::int64_t rank = std::max(start.rank(), stop.rank());
  const Expr i = iota_along(n, 0, rank + 1);
  const Expr numbers = cast(i, start.dtype()) * ((stop - start) / cast(steps, start.dtype())) + start;
  if (!endpoint) return numbers;
  return where(logical_and(eq(i, n - std::int64_t{1}), n > std::int64_t{1}), stop, numbers);
}

Expr as(const Expr& numbers, std::optional<DType> dtype) {
  if (!dtype) return numbers;
  return cast(is_floating(*dtype) ? numbers : floor(numbers), *dtype);
}

Exprs floating_pair(const Operand& a, const Operand& b) {
  const Operand both[] = {a, b};
  return promoted_floating(both);
}

}  // namespace

Expr linspace(const Operand& start, const Operand& stop, const Length& count, bool endpoint,
              std::optional<DType> dtype) {
  const MadeAt here(start.place());
  const Exprs ends = floating_pair(start, stop);
  return as(spaced(ends[0], ends[1], count, endpoint), dtype);
}

Expr logspace(const Operand& start, const Operand& stop, const Length& count, bool endpoint, const Operand& base,
              std::optional<DType> dtype) {
  const MadeAt here(start.place());
  const Exprs ends = floating_pair(start, stop);
  return as(pow(base, spaced(ends[0], ends[1], count, endpoint)), dtype);
}

Expr geomspace(const Operand& start, const Operand& stop, const Length& count, bool endpoint,
               std::optional<DType> dtype) {
  const MadeAt here(start.place());
  const Exprs ends = floating_pair(start, stop);
  const Expr n = count.expr(), i = iota_along(n, 0, std::max(ends[0].rank(), ends[1].rank()) + 1);
  const Expr inner = sign(ends[0]) * pow(10.0, spaced(log10(abs(ends[0])), log10(abs(ends[1])), count, endpoint));
  Expr numbers = where(eq(i, std::int64_t{0}), ends[0], inner);
  if (endpoint) numbers = where(logical_and(eq(i, n - std::int64_t{1}), n > std::int64_t{1}), ends[1], numbers);
  return as(numbers, dtype);
}

// --- Grids ---

namespace {

Expr end_of(const Bound& bound) { return bound.expr() ? bound.expr() : constant(bound.number().value_or(0)); }

Exprs grid_vectors(const std::vector<Range>& ranges) {
  Exprs result;
  for (const Range& r : ranges) {
    if (!r.stop.is_given()) throw IndexError("a range of a grid must have an end");
    result.push_back(arange(end_of(r.start), end_of(r.stop), r.step));
  }
  return result;
}

Axes all_but(std::int64_t axis, std::int64_t rank) {
  Axes result;
  for (std::int64_t k = 0; k < rank; ++k)
    if (k != axis) result.push_back(k);
  return result;
}

Exprs open_grid(const Exprs& vectors) {
  Exprs result;
  const auto rank = static_cast<std::int64_t>(vectors.size());
  for (std::int64_t axis = 0; axis < rank; ++axis)
    result.push_back(expand_axes(vectors[static_cast<std::size_t>(axis)], all_but(axis, rank)));
  return result;
}

Exprs stretched(const Exprs& open) {
  Operands operands;
  for (const Expr& e : open) operands.emplace_back(e);
  return broadcast_arrays(operands);
}

}  // namespace

Exprs ogrid(const std::vector<Range>& ranges) { return open_grid(grid_vectors(ranges)); }
Exprs mgrid(const std::vector<Range>& ranges) { return stretched(ogrid(ranges)); }

Exprs meshgrid(const Operands& vectors, std::string_view indexing, bool sparse) {
  const BuiltAt here(place_of(vectors));
  if (indexing != "xy" && indexing != "ij")
    throw GraphError(fmt::format("meshgrid: indexing must be xy or ij, got {}", indexing));
  Exprs flat;
  for (const Operand& v : vectors) flat.push_back(v.expr().rank() == 1 ? v.expr() : reshape(v, Shape{unknown}));
  const bool swapped = indexing == "xy" && flat.size() > 1;
  if (swapped) std::swap(flat[0], flat[1]);
  Exprs result = open_grid(flat);
  if (!sparse) result = stretched(result);
  if (swapped) std::swap(result[0], result[1]);
  return result;
}

}  // namespace leapgraph::symbolic
