/// Diagonals of any two axes, read, placed and filled. Builders.
#include <fmt/format.h>

#include <algorithm>

#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/lengths.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/ops/whole_numbers.hpp"
#include "leapgraph/symbolic/places.hpp"
#include "leapgraph/symbolic/shaping.hpp"

namespace leapgraph::symbolic {

namespace {

Expr settled(const Expr& n) {
  const auto known = known_integer(n);
  return known ? constant(*known) : n;
}

}  // namespace

Expr diag(const Operand& x, const Length& offset) {
  const BuiltAt here(x.place());
  if (x.expr().rank() == 1) return alloc_diag(x, offset);
  if (x.expr().rank() == 2) return diagonal(x, offset);
  throw ShapeError(fmt::format("diag: takes a vector or a matrix, got {} (made at {}:{})", to_string(x.expr().type()),
                               x.place().file_name(), x.place().line()));
}

Expr diagonal(const Operand& x, const Length& offset, std::int64_t axis_a, std::int64_t axis_b) {
  const MadeAt here(x.place());
  const Expr& e = x;
  if (e.rank() < 2) throw ShapeError("diagonal: takes a matrix or more axes, got " + to_string(e.type()));
  const std::int64_t a = normalize_axis(axis_a, e.rank(), "diagonal"), b = normalize_axis(axis_b, e.rank(), "diagonal");
  if (a == b) throw ShapeError("diagonal: the two axes must differ");
  const Expr turned = moveaxis(x, Axes{a, b}, Axes{0, 1});
  if (e.rank() == 2 && offset.number() == 0) return diagonal(turned);
  const Expr rows = length(turned, 0), columns = length(turned, 1), k = offset.expr();
  const Expr below = maximum(-k, zero), right = maximum(k, zero);
  const Expr count = settled(maximum(minimum(rows - below, columns - right), zero));
  const Expr places = below * columns + right + iota(Operand(count, x.place())) * (columns + one);
  const Expr picked = gather(flattened(turned, 2), places);
  return moveaxis(picked, 0, -1);
}

Expr extract_diag(const Operand& x, const Length& offset, std::int64_t axis_a, std::int64_t axis_b) {
  const BuiltAt here(x.place());
  return diagonal(x, offset, axis_a, axis_b);
}

Expr alloc_diag(const Operand& x, const Length& offset, std::int64_t axis_a, std::int64_t axis_b) {
  const MadeAt here(x.place());
  const Expr& e = x;
  if (e.rank() < 1) throw ShapeError("alloc_diag: takes a vector or more axes, got " + to_string(e.type()));
  const std::int64_t last = e.rank() - 1;
  Expr result;
  if (e.rank() == 1 && offset.number() == 0) {
    result = diag(x);
  } else {
    const Expr k = offset.expr(), n = length(e, last);
    const Length before(settled(maximum(-k, zero))), after(settled(maximum(k, zero)));
    std::vector<Width> widths(static_cast<std::size_t>(e.rank()), Width{0, 0});
    widths.back() = {before, after};
    const Expr rows = expand_dims(pad(x, widths), last + 1);
    const Expr total = settled(n + before.expr() + after.expr());
    const Expr distance = iota_along(total, 1, 2) - iota_along(total, 0, 2);
    result = where(eq(distance, k), rows, cast(constant(0.0), e.dtype()));
  }
  return moveaxis(result, Axes{last, last + 1}, Axes{axis_a, axis_b});
}

Expr trace(const Operand& x, const Length& offset, std::int64_t axis_a, std::int64_t axis_b) {
  const BuiltAt here(x.place());
  return sum(diagonal(x, offset, axis_a, axis_b), {-1});
}

Expr fill_diagonal(const Operand& x, const Operand& value) {
  const MadeAt here(x.place());
  const Expr& e = x;
  if (e.rank() < 2) throw ShapeError("fill_diagonal: takes a matrix or more axes, got " + to_string(e.type()));
  if (value.expr().rank() != 0) throw ShapeError("fill_diagonal: the value must be a scalar");
  Expr here_all;
  const auto along = [&](std::int64_t axis) { return iota_along(length(e, axis), axis, e.rank()); };
  for (std::int64_t axis = 1; axis < e.rank(); ++axis) {
    const Expr same = eq(along(axis), along(axis - 1));
    here_all = here_all ? logical_and(here_all, same) : same;
  }
  return where(here_all, cast(value, e.dtype()), x);
}

Expr fill_diagonal_offset(const Operand& matrix, const Operand& value, const Length& offset) {
  const MadeAt here(matrix.place());
  const Expr& e = matrix;
  if (e.rank() != 2) throw ShapeError("fill_diagonal_offset: takes a matrix, got " + to_string(e.type()));
  if (value.expr().rank() != 0) throw ShapeError("fill_diagonal_offset: the value must be a scalar");
  const Expr distance = iota_along(length(e, 1), 1, 2) - iota_along(length(e, 0), 0, 2);
  return where(eq(distance, offset.expr()), cast(value, e.dtype()), matrix);
}

}  // namespace leapgraph::symbolic
