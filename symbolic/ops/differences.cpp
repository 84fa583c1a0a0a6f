/// Running products and extremes, differences, interpolation and integrals along an axis. Builders.
#include <fmt/format.h>

#include <limits>

#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/lengths.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/ops/whole_numbers.hpp"
#include "leapgraph/symbolic/places.hpp"
#include "leapgraph/symbolic/shaping.hpp"
#include "leapgraph/symbolic/sorting.hpp"

namespace leapgraph::symbolic {

namespace {

Expr floating(const Operand& x) { return promoted_floating(std::span(&x, 1))[0]; }

/// The results of `combine` over the elements up to each one: a loop, whose gradient has no division by elements.
Expr running(const Expr& x, std::int64_t axis, std::string_view op, const Expr& start,
             Expr (*combine)(const Operand&, const Operand&)) {
  const std::int64_t normal = normalize_axis(axis, x.rank(), op);
  const Expr rows = transpose(x, axis_to_front(normal, x.rank()));
  const Expr initial = broadcast_like(start, any(eq(rows, rows), {0}));
  const Expr all = scan(
                       [combine](const Exprs& carry, const Exprs& row) {
                         const Expr next = combine(carry[0], row[0]);
                         return ScanBody{{next}, {next}};
                       },
                       {initial}, {rows})
                       .outputs[0];
  return transpose(all, axis_from_front(normal, x.rank()));
}

Expr extreme(const Expr& x, bool lowest) {
  if (is_floating(x.dtype()))
    return constant(lowest ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity(),
                    x.dtype());
  if (x.dtype() == DType::boolean) return constant(!lowest);
  const std::int64_t bits = 8 * info(x.dtype()).bytes;
  const bool is_unsigned = info(x.dtype()).kind == NumberKind::unsigned_integer;
  if (is_unsigned && bits == 64) return cast(constant(lowest ? zero : std::int64_t{-1}), x.dtype());
  const std::int64_t top =
      bits == 64 ? std::numeric_limits<std::int64_t>::max() : (std::int64_t{1} << (is_unsigned ? bits : bits - 1)) - 1;
  return cast(constant(lowest ? (is_unsigned ? zero : -top - 1) : top), x.dtype());
}

}  // namespace

Expr cumprod(const Operand& x, std::int64_t axis) {
  const MadeAt here(x.place());
  const NumberKind kind = info(x.expr().dtype()).kind;
  const Expr wide = kind == NumberKind::floating
                        ? x.expr()
                        : cast(x, kind == NumberKind::unsigned_integer ? DType::uint64 : DType::int64);
  return running(wide, axis, "cumprod", cast(constant(1.0), wide.dtype()), mul);
}
Expr cummax(const Operand& x, std::int64_t axis) {
  const MadeAt here(x.place());
  return running(x, axis, "cummax", extreme(x, true), maximum);
}
Expr cummin(const Operand& x, std::int64_t axis) {
  const MadeAt here(x.place());
  return running(x, axis, "cummin", extreme(x, false), minimum);
}

Expr diff(const Operand& x, std::int64_t n, std::int64_t axis) {
  const MadeAt here(x.place());
  if (n < 0) throw NegativeLength(fmt::format("diff: the order must not be negative, got {}", n));
  Expr result = x;
  const std::int64_t normal = normalize_axis(axis, result.rank(), "diff");
  for (std::int64_t k = 0; k < n; ++k) {
    const Expr next = slice(result, normal, {1, std::nullopt}), before = slice(result, normal, {0, -1});
    result = result.dtype() == DType::boolean ? neq(next, before) : next - before;
  }
  return result;
}

Expr ediff1d(const Operand& x) { return diff(Operand(ravel(x), x.place())); }

Expr interp(const Operand& x, const Operand& xp, const Operand& fp, std::optional<Operand> left,
            std::optional<Operand> right) {
  const MadeAt here(x.place());
  const Operand operands[] = {x, xp, fp};
  const Exprs e = promoted_floating(operands);
  const Expr &at_x = e[0], &points = e[1], &values = e[2];
  if (points.rank() != 1 || values.rank() != 1)
    throw ShapeError(fmt::format("interp: the points must be two vectors, got {} and {}", to_string(points.type()),
                                 to_string(values.type())));
  const Expr n = length(points, 0);
  const Expr low = clip(searchsorted(points, at_x, true) - one, zero, maximum(n - std::int64_t{2}, zero));
  const Expr high = minimum(low + one, n - one);
  const Expr x0 = gather(points, low), y0 = gather(values, low), y1 = gather(values, high);
  const Expr inside = y0 + (y1 - y0) / (gather(points, high) - x0) * (at_x - x0);
  const Expr first = at(points, 0), last = at(points, -1), first_value = at(values, 0), last_value = at(values, -1);
  const Expr before = left ? cast(*left, at_x.dtype()) : first_value;
  const Expr behind = right ? cast(*right, at_x.dtype()) : last_value;
  return where(at_x < first, before, where(at_x > last, behind, where(eq(at_x, last), last_value, inside)));
}

namespace {

Expr neighbours_mean(const Expr& y, std::int64_t axis) {
  return 0.5 * (slice(y, axis, {1, std::nullopt}) + slice(y, axis, {0, -1}));
}

}  // namespace

Expr trapezoid(const Operand& y, const Operand& dx, std::int64_t axis) {
  const MadeAt here(y.place());
  const Expr e = floating(y);
  const std::int64_t normal = normalize_axis(axis, e.rank(), "trapezoid");
  return sum(dx * neighbours_mean(e, normal), {normal});
}

Expr trapezoid_over(const Operand& y, const Operand& x, std::int64_t axis) {
  const MadeAt here(y.place());
  const Expr e = floating(y);
  const std::int64_t normal = normalize_axis(axis, e.rank(), "trapezoid");
  Expr steps = diff(x, 1, x.expr().rank() == 1 ? 0 : axis);
  if (steps.rank() == 1)
    for (std::int64_t k = normal + 1; k < e.rank(); ++k) steps = expand_dims(steps, steps.rank());
  return sum(steps * neighbours_mean(e, normal), {normal});
}

Expr bartlett(const Length& count) {
  const BuiltAt here(count.place(), "bartlett");
  const Expr m = count.expr();
  if (count.number().value_or(1) < 1) return zeros({0});
  const Expr n = cast(2 * iota(maximum(m, zero)) - (m - one), DType::float64);
  return 1.0 - abs(n) / cast(maximum(m - one, one), DType::float64);
}

Expr to_one_hot(const Operand& positions, const Length& classes, DType dtype) {
  const MadeAt here(positions.place());
  const Expr& p = positions;
  if (!is_integer(p.dtype())) throw DTypeError("to_one_hot: positions must be integers, got " + to_string(p.type()));
  const Expr i = iota_along(classes.expr(), p.rank(), p.rank() + 1);
  return cast(eq(expand_dims(cast(p, DType::int64), p.rank()), i), dtype);
}

}  // namespace leapgraph::symbolic
