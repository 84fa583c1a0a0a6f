/// Tensors joined, cut, repeated, turned and given borders. Builders over slices, gathers and concatenations.
#include <fmt/format.h>

#include <algorithm>

#include "leapgraph/symbolic/effects.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/lengths.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/ops/whole_numbers.hpp"
#include "leapgraph/symbolic/places.hpp"
#include "leapgraph/symbolic/shaping.hpp"
#include "leapgraph/symbolic/sorting.hpp"

namespace leapgraph::symbolic {

namespace {

Expr at_least_one(const Expr& n) { return maximum(n, one); }

Operands all_of(const Operands& parts, Expr (*shaped)(const Operand&)) {
  Operands result;
  for (const Operand& part : parts) result.emplace_back(shaped(part), part.place());
  return result;
}

/// The lengths of all axes.
std::vector<Length> lengths_of(const Expr& x) {
  std::vector<Length> result;
  for (std::int64_t axis = 0; axis < x.rank(); ++axis) result.emplace_back(length(x, axis));
  return result;
}

Expr whole_number(const Operand& e, std::string_view op, std::string_view what) {
  if (!is_integer(e.expr().dtype()))
    throw DTypeError(fmt::format("{}: {} must be integers, got {} (made at {}:{})", op, what,
                                 to_string(e.expr().type()), e.place().file_name(), e.place().line()));
  return cast(e, DType::int64);
}

Expr product(const Expr& a, const Expr& b) {
  const Expr result = a * b;
  const auto known = known_integer(result);
  return known ? constant(*known) : result;
}

}  // namespace

// --- Joined ---

Expr join(std::int64_t axis, const Operands& parts) { return concatenate(parts, axis); }

namespace {

/// Where the first leaf was written.
Where place_of(const Nested& nested) {
  const Nested* first = &nested;
  while (const auto* list = std::get_if<std::vector<Nested>>(&first->what)) {
    if (list->empty()) return Where::current();
    first = &list->front();
  }
  return std::get<Operand>(first->what).place();
}

}  // namespace

Expr stacklists(const Nested& nested) {
  const BuiltAt here(place_of(nested));
  if (const auto* leaf = std::get_if<Operand>(&nested.what)) return *leaf;
  Operands parts;
  for (const Nested& item : std::get<std::vector<Nested>>(nested.what)) parts.emplace_back(stacklists(item));
  return stack(parts);
}

Expr hstack(const Operands& parts) {
  const BuiltAt here(place_of(parts));
  const Operands flat = all_of(parts, atleast_1d);
  return concatenate(flat, !flat.empty() && flat[0].expr().rank() > 1 ? 1 : 0);
}
Expr vstack(const Operands& parts) { return concatenate(all_of(parts, atleast_2d), 0); }
Expr dstack(const Operands& parts) { return concatenate(all_of(parts, atleast_3d), 2); }
Expr column_stack(const Operands& parts) {
  const BuiltAt here(place_of(parts));
  return concatenate(all_of(parts,
                            [](const Operand& x) -> Expr {
                              const Expr& e = x;
                              return e.rank() > 1 ? e : expand_dims(atleast_1d(x), 1);
                            }),
                     1);
}

// --- Cut ---

Exprs split(const Operand& x, const Lengths& sizes, std::int64_t axis) {
  const MadeAt here(x.place());
  const Expr& e = x;
  const std::int64_t normal = normalize_axis(axis, e.rank(), "split");
  Expr total = constant(zero);
  bool numbers = true;
  std::int64_t sum_of_numbers = 0;
  for (const Length& size : sizes) {
    if (size.number().value_or(0) < 0)
      throw NegativeLength(fmt::format("split: a size must not be negative, got {}", *size.number()));
    numbers = numbers && size.number();
    sum_of_numbers += size.number().value_or(0);
    total = total + size.expr();
  }
  std::vector<Length> wanted = lengths_of(e);
  const Length known = wanted[static_cast<std::size_t>(normal)];
  if (numbers && known.number() && *known.number() != sum_of_numbers)
    throw ShapeError(fmt::format("split: sizes that add up to {} do not cut an axis of length {} (made at {}:{})",
                                 sum_of_numbers, *known.number(), x.place().file_name(), x.place().line()));
  wanted[static_cast<std::size_t>(normal)] = numbers ? Length(sum_of_numbers) : Length(total);
  const Expr checked = specify_shape(x, wanted);
  Exprs result;
  Expr start = constant(zero);
  std::int64_t known_start = 0;
  for (const Length& size : sizes) {
    if (numbers) {
      result.push_back(slice(checked, normal, {known_start, known_start + *size.number()}));
      known_start += *size.number();
    } else {
      const Expr rows = start + iota(Operand(size.expr(), x.place()));
      result.push_back(gather(Operand(checked, x.place()), rows, normal));
      start = start + size.expr();
    }
  }
  return result;
}

namespace {

Exprs split_by(const Operand& x, std::int64_t parts, std::int64_t axis, std::string_view op, bool equally) {
  if (parts <= 0) throw ShapeError(fmt::format("{}: the number of parts must be positive, got {}", op, parts));
  const Length n(length(x, normalize_axis(axis, x.expr().rank(), op)));
  std::vector<Length> sizes;
  for (std::int64_t k = 0; k < parts; ++k) {
    if (const auto known = n.number()) {
      if (equally && *known % parts != 0)
        throw ShapeError(fmt::format("{}: an axis of length {} has no {} equal parts", op, *known, parts));
      sizes.emplace_back(*known / parts + (k < *known % parts ? 1 : 0));
    } else {
      const Expr share = floor_div(n.expr(), parts);
      sizes.emplace_back(equally ? share : share + cast(k < mod(n.expr(), parts), DType::int64));
    }
  }
  return split(x, sizes, axis);
}

}  // namespace

Exprs split_equally(const Operand& x, std::int64_t parts, std::int64_t axis) {
  const BuiltAt here(x.place());
  return split_by(x, parts, axis, "split", true);
}
Exprs array_split(const Operand& x, std::int64_t parts, std::int64_t axis) {
  const BuiltAt here(x.place());
  return split_by(x, parts, axis, "array_split", false);
}

// --- Repeated ---

Expr tile(const Operand& x, const Lengths& times) {
  const MadeAt here(x.place());
  const auto count = static_cast<std::int64_t>(times.size());
  const Expr e = atleast_nd(x, count);
  std::vector<Length> apart, together;
  Axes added;
  for (std::int64_t axis = 0; axis < e.rank(); ++axis) {
    const std::int64_t number = axis - (e.rank() - count);
    const Length t = number < 0 ? Length(1) : times[static_cast<std::size_t>(number)];
    if (t.number().value_or(0) < 0)
      throw NegativeLength(fmt::format("tile: a number of times must not be negative, got {}", *t.number()));
    const Expr n = length(e, axis);
    if (t.number() == 1) {
      apart.emplace_back(n);
    } else {
      added.push_back(static_cast<std::int64_t>(apart.size()));
      apart.push_back(t);
      apart.emplace_back(n);
    }
    together.emplace_back(product(t.expr(), n));
  }
  if (added.empty()) return e;
  return reshape(broadcast_to(expand_axes(e, added), Lengths(apart)), Lengths(together));
}

namespace {

Expr repeated_one_by_one(const Expr& x, const Expr& times, std::int64_t axis) {
  // Element j of the result is of the first one whose repetitions, with those before, are more than j.
  const Expr counts = assert_op(times, {times >= zero}, "repeat: a number of times must not be negative");
  const Expr n = length(x, axis);
  const Expr fitting = make(shaped_like_op, {counts, iota(n)}, {});
  const Expr ends = cumsum(fitting);
  Expr total = sum(fitting);
  if (const auto known = known_integer(total)) total = constant(*known);
  return gather(x, searchsorted(ends, iota(total), true), axis);
}

}  // namespace

Expr repeat(const Operand& x, const Operand& times, std::optional<std::int64_t> axis) {
  const MadeAt here(x.place());
  const Expr e = axis ? x.expr() : ravel(x);
  const std::int64_t normal = normalize_axis(axis.value_or(0), e.rank(), "repeat");
  Expr t = whole_number(times, "repeat", "numbers of times");
  if (t.rank() > 1)
    throw ShapeError("repeat: numbers of times must be a scalar or a vector, got " + to_string(t.type()));
  if (t.rank() == 1 && t.shape()[0] == 1) t = at(t, 0);
  if (t.rank() == 1) return repeated_one_by_one(e, t, normal);
  const Length count(t);
  std::vector<Length> apart = lengths_of(e), together = apart;
  const auto place = static_cast<std::size_t>(normal);
  apart.insert(apart.begin() + normal + 1, count);
  together[place] = product(length(e, normal), count.expr());
  return reshape(broadcast_to(expand_dims(e, normal + 1), Lengths(apart)), Lengths(together));
}

// --- Moved and turned ---

Expr roll(const Operand& x, const Operand& shift, std::optional<std::int64_t> axis) {
  const MadeAt here(x.place());
  const Expr& e = x;
  const Expr by = whole_number(shift, "roll", "shifts");
  if (by.rank() != 0) throw ShapeError("roll: the shift must be a scalar, got " + to_string(by.type()));
  if (!axis) return reshape_like(roll(ravel(x), shift, 0), e);
  const std::int64_t normal = normalize_axis(*axis, e.rank(), "roll");
  const Length n(length(e, normal));
  if (n.number() && constant_value(by)) {
    const std::int64_t length = *n.number();
    const std::int64_t k = length == 0 ? 0 : ((constant_value(by)->integer() % length) + length) % length;
    if (k == 0) return e;
    return concatenate({slice(e, normal, {length - k, std::nullopt}), slice(e, normal, {0, length - k})}, normal);
  }
  return gather(e, mod(iota(n.expr()) - by, at_least_one(n.expr())), normal);
}

Expr flip(const Operand& x, const Axes& axes) {
  const BuiltAt here(x.place());
  Expr result = x;
  for (std::int64_t axis : normalize_axes(axes, result.rank(), "flip", true))
    result = slice(Operand(result, x.place()), axis, {std::nullopt, std::nullopt, -1});
  return result;
}
Expr flipud(const Operand& x) { return flip(x, {0}); }
Expr fliplr(const Operand& x) { return flip(x, {1}); }

Expr rot90(const Operand& x, std::int64_t times, const Axes& axes) {
  const BuiltAt here(x.place());
  if (axes.size() != 2) throw ShapeError("rot90: turns two axes");
  const std::int64_t quarter = ((times % 4) + 4) % 4;
  if (quarter == 0) return x;
  if (quarter == 2) return flip(x, axes);
  if (quarter == 1) return swapaxes(flip(x, {axes[1]}), axes[0], axes[1]);
  return flip(swapaxes(x, axes[0], axes[1]), {axes[1]});
}

// --- Borders ---

namespace {

/// For positions of the bordered axis, positions of the axis itself.
Expr continued(const Expr& i, const Expr& n, Border border) {
  const Expr last = n - one;
  if (border == Border::edge) return clip(i, zero, last);
  if (border == Border::wrap) return mod(i, at_least_one(n));
  // There and back again: without or with the ends twice.
  const bool ends_once = border == Border::reflect;
  const Expr period = at_least_one(ends_once ? 2 * last : 2 * n);
  const Expr m = mod(i, period);
  return minimum(m, ends_once ? period - m : period - one - m);
}

/// The edge, moving to `end`, over `width` positions; `before` the tensor or after it.
Expr ramp(const Expr& edge, const Expr& end, const Length& width, std::int64_t axis, bool before) {
  const Expr n = width.expr(), j = iota_along(n, axis, edge.rank());
  const Expr steps = cast(before ? n - j : j + one, end.dtype());
  return end + (edge - end) * (cast(n, end.dtype()) - steps) / cast(at_least_one(n), end.dtype());
}

Expr border_part(const Expr& x, Border border, const Expr& value, const Length& width, std::int64_t axis, bool before) {
  std::vector<Length> lengths = lengths_of(x);
  lengths[static_cast<std::size_t>(axis)] = width;
  if (border == Border::constant) return alloc(value, lengths);
  const Expr edge = slice(x, axis, before ? Slice{0, 1} : Slice{-1, std::nullopt});
  if (border == Border::linear_ramp) {
    if (is_floating(x.dtype())) return ramp(edge, value, width, axis, before);
    const Expr real = ramp(cast(edge, DType::float64), cast(value, DType::float64), width, axis, before);
    return cast(trunc(real), x.dtype());
  }
  if (border == Border::maximum) return broadcast_to(max(x, {axis}, true), Lengths(lengths));
  if (border == Border::minimum) return broadcast_to(min(x, {axis}, true), Lengths(lengths));
  const Expr average = mean(x, {axis}, true);
  return broadcast_to(is_floating(x.dtype()) ? average : cast(round(average), x.dtype()), Lengths(lengths));
}

}  // namespace

Expr pad(const Operand& x, const std::vector<Width>& widths, Border border, const Operand& value) {
  const MadeAt here(x.place());
  Expr result = x;
  if (widths.size() != 1 && static_cast<std::int64_t>(widths.size()) != result.rank())
    throw ShapeError(fmt::format("pad: {} widths for {} (made at {}:{})", widths.size(), to_string(result.type()),
                                 x.place().file_name(), x.place().line()));
  const Expr fill = cast(value, result.dtype());
  for (std::int64_t axis = 0; axis < result.rank(); ++axis) {
    const auto& [before, after] = widths[widths.size() == 1 ? 0 : static_cast<std::size_t>(axis)];
    for (const Length& width : {before, after})
      if (width.number().value_or(0) < 0)
        throw NegativeLength(fmt::format("pad: a width must not be negative, got {}", *width.number()));
    if (before.number() == 0 && after.number() == 0) continue;
    if (border == Border::edge || border == Border::reflect || border == Border::symmetric || border == Border::wrap) {
      const Expr n = length(result, axis), i = iota(before.expr() + n + after.expr()) - before.expr();
      result = gather(result, continued(i, n, border), axis);
    } else {
      result = concatenate({border_part(result, border, fill, before, axis, true), result,
                            border_part(result, border, fill, after, axis, false)},
                           axis);
    }
  }
  return result;
}

}  // namespace leapgraph::symbolic
