/// Elements picked by their numbers: take, choose, nonzero, permutations. Builders over indexing.
#include <fmt/format.h>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/indexing.hpp"
#include "leapgraph/symbolic/ops/lengths.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/ops/whole_numbers.hpp"
#include "leapgraph/symbolic/places.hpp"

namespace leapgraph::symbolic {

namespace {

Expr truth(const Expr& x) { return x.dtype() == DType::boolean ? x : neq(x, cast(constant(0.0), x.dtype())); }

Expr flat(const Expr& x) { return x.rank() == 1 ? x : reshape(x, {unknown}); }

void require_integers(std::string_view op, const Operand& e) {
  if (!is_integer(e.expr().dtype()))
    throw DTypeError(fmt::format("{}: positions must be integers, got {} (made at {}:{})", op,
                                 to_string(e.expr().type()), e.place().file_name(), e.place().line()));
}

/// `positions` along one axis, every position along the others: they broadcast with the index.
Indices along_axis(const Expr& x, std::int64_t axis, const Expr& positions) {
  Indices items;
  for (std::int64_t k = 0; k < x.rank(); ++k)
    items.emplace_back(k == axis ? positions : iota_along(length(x, k), k, x.rank()));
  return items;
}

/// As `within`, negative positions being out of range as well.
Expr counted_within(const Operand& positions, const Expr& length, Outside outside, const std::string& note) {
  const Expr p = cast(positions, DType::int64);
  if (outside != Outside::raise) return within(p, length, outside, note, positions.place());
  return p + checked_rows(broadcast_like(constant(zero), iota(length)), p, note, positions.place());
}

Expr part_along_axis(std::string_view op, const Operand& x, const Operand& positions, std::int64_t axis) {
  require_integers(op, positions);
  if (x.expr().rank() != positions.expr().rank())
    throw ShapeError(fmt::format("{}: {} and {} must have as many axes (made at {}:{})", op, to_string(x.expr().type()),
                                 to_string(positions.expr().type()), x.place().file_name(), x.place().line()));
  return index(x, along_axis(x, normalize_axis(axis, x.expr().rank(), op), positions));
}

}  // namespace

Expr take(const Operand& x, const Operand& positions, std::optional<std::int64_t> axis, Outside outside) {
  const BuiltAt here(x.place());
  require_integers("take", positions);
  const Expr table = axis ? x.expr() : flat(x);
  const std::int64_t normal = normalize_axis(axis.value_or(0), table.rank(), "take");
  Expr i = positions;
  if (outside != Outside::raise) i = within(i, length(table, normal), outside, "take", x.place());
  Indices items(static_cast<std::size_t>(normal), Index(_));
  items.emplace_back(i);
  return index(Operand(table, x.place()), items);
}

Expr take_along_axis(const Operand& x, const Operand& positions, std::int64_t axis) {
  const BuiltAt here(x.place());
  return part_along_axis("take_along_axis", x, positions, axis);
}

Expr put_along_axis(const Operand& x, const Operand& positions, const Operand& values, std::int64_t axis) {
  const BuiltAt here(x.place());
  return set_subtensor(part_along_axis("put_along_axis", x, positions, axis), values);
}

Expr choose(const Operand& which, const Operands& choices, Outside outside) {
  const BuiltAt here(which.place());
  require_integers("choose", which);
  if (choices.empty()) throw ShapeError("choose: needs at least one choice");
  const Exprs parts = promoted(choices);
  const Expr count = constant(static_cast<std::int64_t>(parts.size()));
  const Expr i = counted_within(which, count, outside, "choose");
  Expr result = parts.back();
  for (std::size_t k = parts.size() - 1; k-- > 0;)
    result = where(eq(i, static_cast<std::int64_t>(k)), parts[k], result);
  // One choice is read where it is chosen, so that the position is checked.
  return parts.size() > 1 ? result : where(eq(i, zero), result, cast(constant(0.0), result.dtype()));
}

Expr compress(const Operand& condition, const Operand& x, std::optional<std::int64_t> axis) {
  const BuiltAt here(condition.place());
  if (condition.expr().rank() != 1)
    throw ShapeError(fmt::format("compress: the condition must be a vector, got {} (made at {}:{})",
                                 to_string(condition.expr().type()), condition.place().file_name(),
                                 condition.place().line()));
  return take(x, flatnonzero(condition), axis);
}

Expr flatnonzero(const Operand& x) {
  const BuiltAt here(x.place());
  const Expr mask = flat(truth(x));
  const Expr ones = cast(mask, DType::int64), all = length(mask, 0);
  const Expr count = minimum(sum(ones), all);
  // Each true one is written to the place that its number says, all others to one place more.
  const Expr place = where(mask, cumsum(ones) - one, count);
  const Expr found = make(scatter_like_op, {iota(all), place, iota(Operand(count + one, x.place()))}, {}, x.place());
  return slice(found, 0, {0, -1});
}

Exprs nonzero(const Operand& x) {
  const BuiltAt here(x.place());
  const Expr& e = x;
  if (e.rank() == 0) return {flatnonzero(x)};
  const Expr numbers = flatnonzero(x);
  if (e.rank() == 1) return {numbers};
  Operands shape;
  for (std::int64_t axis = 0; axis < e.rank(); ++axis) shape.emplace_back(length(e, axis));
  Exprs result(shape.size());
  Expr rest = numbers;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    const Expr n = maximum(shape[axis], one);
    result[axis] = axis == 0 ? rest : mod(rest, n);
    rest = floor_div(rest, n);
  }
  return result;
}

Expr nonzero_values(const Operand& x) { return gather(flat(x), flatnonzero(x)); }

Expr argwhere(const Operand& x) {
  const BuiltAt here(x.place());
  Operands columns;
  for (const Expr& e : nonzero(x)) columns.emplace_back(e);
  return stack(columns, 1);
}

Exprs unravel_index(const Operand& numbers, const Operands& shape) {
  const BuiltAt here(numbers.place());
  require_integers("unravel_index", numbers);
  Expr count = constant(one);
  for (const Operand& n : shape) count = count * cast(n, DType::int64);
  if (const auto known = known_integer(count)) count = constant(*known);
  Expr rest = counted_within(numbers, count, Outside::raise, "unravel_index");
  Exprs result(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    const Expr n = maximum(cast(shape[axis], DType::int64), one);
    result[axis] = axis == 0 ? rest : mod(rest, n);
    rest = floor_div(rest, n);
  }
  return result;
}

Expr ravel_multi_index(const Operands& positions, const Operands& shape, Outside outside) {
  const BuiltAt here(place_of(positions));
  if (positions.empty() || positions.size() != shape.size())
    throw ShapeError(fmt::format("ravel_multi_index: {} indices for {} axes", positions.size(), shape.size()));
  Expr result;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    require_integers("ravel_multi_index", positions[axis]);
    const Expr n = cast(shape[axis], DType::int64);
    const Expr i = counted_within(positions[axis], n, outside, fmt::format("ravel_multi_index, axis {}", axis));
    result = result ? result * n + i : i;
  }
  return result;
}

Expr inverse_permutation(const Operand& permutation) {
  const BuiltAt here(permutation.place());
  require_integers("inverse_permutation", permutation);
  const Expr p = cast(permutation, DType::int64);
  if (p.rank() != 1) throw ShapeError("inverse_permutation: takes a vector, got " + to_string(p.type()));
  return set_rows(zeros_like(p), p, iota(length(p, 0)));
}

Expr permute_row_elements(const Operand& x, const Operand& order, bool inverse) {
  const BuiltAt here(x.place());
  require_integers("permute_row_elements", order);
  Expr rows = x, by = order;
  while (rows.rank() < by.rank()) rows = expand_dims(rows, 0);
  while (by.rank() < rows.rank()) by = expand_dims(by, 0);
  const std::int64_t last = rows.rank() - 1;
  if (inverse) {
    // order[out[i]] = i, row by row.
    by = put_along_axis(zeros_like(cast(by, DType::int64)), by, iota_along(length(by, last), last, by.rank()), last);
  }
  return take_along_axis(Operand(rows, x.place()), by, last);
}

}  // namespace leapgraph::symbolic
