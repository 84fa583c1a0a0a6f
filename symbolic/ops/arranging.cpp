/// Shapes given by values of the graph, and axes moved, added and dropped. Builders over the ops of shape.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/lengths.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/places.hpp"
#include "leapgraph/symbolic/shaping.hpp"

namespace leapgraph::symbolic {

Expr reshape(const Operand& x, std::initializer_list<Length> lengths) { return reshape(x, Lengths(lengths)); }

Expr reshape(const Operand& x, const Lengths& lengths) {
  if (const auto known = lengths.known()) return reshape(x, *known);
  const MadeAt here(x.place());
  std::vector<Length> filled;
  Expr given = constant(std::int64_t{1});
  std::optional<std::size_t> open;
  for (const Length& length : lengths) {
    if (length.number() == unknown) {
      if (open) throw ShapeError("reshape: only one length may be inferred");
      open = filled.size();
    } else {
      given = given * length.expr();
    }
    filled.push_back(length);
  }
  if (open) filled[*open] = floor_div(size(x), maximum(given, std::int64_t{1}));
  return reshape_like(x, of_lengths(filled));
}

Expr flatten(const Operand& x, std::int64_t ndim) {
  const BuiltAt here(x.place());
  const Expr& e = x;
  if (ndim < 1 || (ndim > e.rank() && !(ndim == 1 && e.rank() == 0)))
    throw ShapeError(fmt::format("flatten: {} has no {} axes (made at {}:{})", to_string(e.type()), ndim,
                                 x.place().file_name(), x.place().line()));
  if (ndim == e.rank()) return e;
  if (ndim == 1) return reshape(x, Shape{unknown});
  std::vector<Length> lengths;
  for (std::int64_t axis = 0; axis + 1 < ndim; ++axis) lengths.emplace_back(length(e, axis));
  Expr last = constant(std::int64_t{1});
  for (std::int64_t axis = ndim - 1; axis < e.rank(); ++axis) last = last * length(e, axis);
  if (const auto known = known_integer(last)) last = constant(*known);
  lengths.emplace_back(last);
  return reshape(x, Lengths(lengths));
}

Expr ravel(const Operand& x) { return flatten(x); }

Expr broadcast_to(const Operand& x, std::initializer_list<Length> lengths) { return broadcast_to(x, Lengths(lengths)); }

Expr broadcast_to(const Operand& x, const Lengths& lengths) {
  const BuiltAt here(x.place());
  if (const auto known = lengths.known()) return broadcast_to(x, *known);
  return alloc(x, lengths);
}

Exprs broadcast_arrays(const Operands& tensors) {
  const BuiltAt here(place_of(tensors));
  // Booleans that are all true carry the shape that all have together.
  Expr like;
  for (const Operand& t : tensors) {
    const Expr alike = is_known(t.expr().shape()) ? broadcast_to(constant(true), t.expr().shape()) : eq(t, t);
    like = like ? logical_and(like, alike) : alike;
  }
  Exprs result;
  for (const Operand& t : tensors) result.push_back(broadcast_like(t, like));
  return result;
}

// --- Axes ---

ShuffledAxis::ShuffledAxis(char letter) {
  if (letter != 'x') throw ShapeError(fmt::format("dimshuffle: a new axis is 'x', got '{}'", letter));
}

Expr dimshuffle(const Operand& x, const std::vector<ShuffledAxis>& pattern) {
  const MadeAt here(x.place());
  const Expr& e = x;
  Axes order, added, dropped;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (!pattern[i].axis()) {
      added.push_back(static_cast<std::int64_t>(i));
      continue;
    }
    const std::int64_t axis = normalize_axis(*pattern[i].axis(), e.rank(), "dimshuffle");
    if (std::find(order.begin(), order.end(), axis) != order.end())
      throw ShapeError(fmt::format("dimshuffle: axis {} is named twice", axis));
    order.push_back(axis);
  }
  for (std::int64_t axis = 0; axis < e.rank(); ++axis)
    if (std::find(order.begin(), order.end(), axis) == order.end()) dropped.push_back(axis);
  const Expr kept = dropped.empty() ? e : make(squeeze_op, {e}, {{"axes", dropped}}, x.place());
  for (std::int64_t& axis : order)
    axis -= std::count_if(dropped.begin(), dropped.end(), [axis](std::int64_t d) { return d < axis; });
  return expand_axes(transpose(kept, order), added);
}

Expr expand_dims(const Operand& x, const Axes& axes) {
  const MadeAt here(x.place());
  const auto rank = x.expr().rank() + static_cast<std::int64_t>(axes.size());
  const Axes normal = normalize_axes(axes, rank, "expand_dims", false);
  if (normal.size() != axes.size()) throw ShapeError("expand_dims: an axis is named twice");
  return expand_axes(x, normal);
}

Expr squeeze(const Operand& x) {
  const BuiltAt here(x.place());
  Axes ones;
  for (std::int64_t axis = 0; axis < x.expr().rank(); ++axis)
    if (x.expr().shape()[static_cast<std::size_t>(axis)] == 1) ones.push_back(axis);
  return squeeze(x, ones);
}

Expr squeeze(const Operand& x, const Axes& axes) {
  const BuiltAt here(x.place());
  const Axes normal = normalize_axes(axes, x.expr().rank(), "squeeze", false);
  return normal.empty() ? x.expr() : make(squeeze_op, {x}, {{"axes", normal}}, x.place());
}

Expr atleast_nd(const Operand& x, std::int64_t rank, bool left) {
  const BuiltAt here(x.place());
  const std::int64_t missing = std::max<std::int64_t>(0, rank - x.expr().rank());
  return left ? shape_padleft(x, missing) : shape_padright(x, missing);
}
Expr atleast_1d(const Operand& x) { return atleast_nd(x, 1); }
Expr atleast_2d(const Operand& x) { return atleast_nd(x, 2); }
Expr atleast_3d(const Operand& x) {
  const BuiltAt here(x.place());
  if (x.expr().rank() == 1) return expand_dims(x, Axes{0, 2});
  return x.expr().rank() == 0 ? shape_padleft(x, 3) : atleast_nd(x, 3, false);
}

namespace {

Axes counted(std::int64_t from, std::int64_t count) {
  Axes result(static_cast<std::size_t>(count));
  std::iota(result.begin(), result.end(), from);
  return result;
}

}  // namespace

Expr shape_padleft(const Operand& x, std::int64_t count) { return expand_dims(x, counted(0, count)); }
Expr shape_padright(const Operand& x, std::int64_t count) { return expand_dims(x, counted(x.expr().rank(), count)); }
Expr shape_padaxis(const Operand& x, std::int64_t axis) { return expand_dims(x, axis); }

Expr swapaxes(const Operand& x, std::int64_t a, std::int64_t b) {
  const BuiltAt here(x.place());
  Axes order = counted(0, x.expr().rank());
  const std::int64_t first = normalize_axis(a, x.expr().rank(), "swapaxes");
  const std::int64_t second = normalize_axis(b, x.expr().rank(), "swapaxes");
  std::swap(order[static_cast<std::size_t>(first)], order[static_cast<std::size_t>(second)]);
  return transpose(x, order);
}

Expr moveaxis(const Operand& x, const Axes& from, const Axes& to) {
  const BuiltAt here(x.place());
  const std::int64_t rank = x.expr().rank();
  if (from.size() != to.size()) throw ShapeError(fmt::format("moveaxis: {} axes to {} places", from.size(), to.size()));
  Axes order(static_cast<std::size_t>(rank), -1), rest = counted(0, rank);
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::int64_t source = normalize_axis(from[i], rank, "moveaxis"),
                       place = normalize_axis(to[i], rank, "moveaxis");
    const auto found = std::find(rest.begin(), rest.end(), source);
    std::int64_t& target = order[static_cast<std::size_t>(place)];
    if (found == rest.end() || target != -1) throw ShapeError("moveaxis: an axis is named twice");
    rest.erase(found);
    target = source;
  }
  auto next = rest.begin();
  for (std::int64_t& axis : order)
    if (axis == -1) axis = *next++;
  return transpose(x, order);
}

Expr moveaxis(const Operand& x, std::int64_t from, std::int64_t to) { return moveaxis(x, Axes{from}, Axes{to}); }

Expr rollaxis(const Operand& x, std::int64_t axis, std::int64_t start) {
  const BuiltAt here(x.place());
  const std::int64_t rank = x.expr().rank(), source = normalize_axis(axis, rank, "rollaxis");
  const std::int64_t before = normalize_axis(start, rank + 1, "rollaxis");
  return moveaxis(x, source, before > source ? before - 1 : before);
}

// --- Promises about shapes ---

Expr specify_shape(const Operand& x, const Lengths& lengths) {
  const MadeAt here(x.place());
  const Expr& e = x;
  if (static_cast<std::int64_t>(lengths.size()) != e.rank())
    throw ShapeError(fmt::format("specify_shape: {} lengths for {} (made at {}:{})", lengths.size(),
                                 to_string(e.type()), x.place().file_name(), x.place().line()));
  std::vector<Length> wanted;
  bool says_more = false;
  for (std::int64_t axis = 0; axis < e.rank(); ++axis) {
    const Length& given = lengths[static_cast<std::size_t>(axis)];
    const std::int64_t known = e.shape()[static_cast<std::size_t>(axis)];
    const bool open = given.number() == unknown;
    says_more = says_more || (!open && (known == unknown || given.number() != known));
    wanted.push_back(open ? Length(length(e, axis)) : given);
  }
  return says_more ? make(shaped_like_op, {e, of_lengths(wanted)}, {}, x.place()) : e;
}

Expr addbroadcast(const Operand& x, const Axes& axes) {
  const BuiltAt here(x.place());
  std::vector<Length> lengths(static_cast<std::size_t>(x.expr().rank()), Length(unknown));
  for (std::int64_t axis : normalize_axes(axes, x.expr().rank(), "addbroadcast", false))
    lengths[static_cast<std::size_t>(axis)] = 1;
  return specify_shape(x, lengths);
}

Expr unbroadcast(const Operand& x, const Axes& axes) {
  const BuiltAt here(x.place());
  normalize_axes(axes, x.expr().rank(), "unbroadcast", false);
  return x;
}

Expr patternbroadcast(const Operand& x, const std::vector<bool>& is_one) {
  const BuiltAt here(x.place());
  if (static_cast<std::int64_t>(is_one.size()) != x.expr().rank())
    throw ShapeError(fmt::format("patternbroadcast: {} flags for {}", is_one.size(), to_string(x.expr().type())));
  Axes axes;
  for (std::size_t axis = 0; axis < is_one.size(); ++axis)
    if (is_one[axis]) axes.push_back(static_cast<std::int64_t>(axis));
  return axes.empty() ? x.expr() : addbroadcast(x, axes);
}

}  // namespace leapgraph::symbolic
