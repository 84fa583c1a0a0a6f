/// Reductions that are made of others, and their options.
#include "leapgraph/symbolic/reductions.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/reducing.hpp"

namespace leapgraph::symbolic {

namespace {

/// The operand in the type in which `options` want its elements combined.
Expr accumulated(const Operand& a, const ReduceOptions& options, const Expr& usual, std::string_view what) {
  const DType target = options.dtype.value_or(usual.dtype());
  const DType inside = options.acc_dtype.value_or(promote(usual.dtype(), target));
  if (is_floating(a.expr().dtype()) && (!is_floating(target) || !is_floating(inside)))
    throw DTypeError(fmt::format("{}: {} of {} elements: round and cast them first", what,
                                 info(is_floating(inside) ? target : inside).name, info(a.expr().dtype()).name));
  if (target == DType::boolean) return cast(a, inside == DType::boolean ? usual.dtype() : inside);
  return cast(a, inside);
}

Expr finished(const Expr& result, const ReduceOptions& options) {
  return options.dtype ? cast(result, *options.dtype) : result;
}

/// Means are of floating numbers, whatever the elements.
void require_floating(const ReduceOptions& options, std::string_view what) {
  for (const std::optional<DType>& dtype : {options.dtype, options.acc_dtype})
    if (dtype && !is_floating(*dtype))
      throw DTypeError(fmt::format("{}: the result is floating, got {}", what, info(*dtype).name));
}

}  // namespace

Expr sum_with(const Operand& a, const ReduceOptions& options) {
  const MadeAt here(a.place());
  const Expr x = accumulated(a, options, widened(a), "sum");
  return finished(reduce(sum_op, x, options.axes, options.keepdims, a.place()), options);
}

Expr prod_with(const Operand& a, const ReduceOptions& options) {
  const MadeAt here(a.place());
  const Expr x = accumulated(a, options, widened(a), "prod");
  return finished(reduce(prod_op, x, options.axes, options.keepdims, a.place()), options);
}

Expr mean_with(const Operand& a, const ReduceOptions& options) {
  const MadeAt here(a.place());
  require_floating(options, "mean");
  return finished(mean(accumulated(a, options, floating(a), "mean"), options.axes, options.keepdims), options);
}

Expr variance_with(const Operand& a, const ReduceOptions& options, std::int64_t ddof) {
  const MadeAt here(a.place());
  require_floating(options, "variance");
  return finished(variance(accumulated(a, options, floating(a), "variance"), options.axes, options.keepdims, ddof),
                  options);
}

Expr var(const Operand& a, const Axes& axes, bool keepdims, std::int64_t ddof) {
  return variance(a, axes, keepdims, ddof);
}

Expr stddev(const Operand& a, const Axes& axes, bool keepdims, std::int64_t ddof) {
  const MadeAt here(a.place());
  return sqrt(variance(a, axes, keepdims, ddof));
}

Expr average(const Operand& a, const Operand& weights, const Axes& axes, bool keepdims) {
  const MadeAt here(a.place());
  const Expr x = floating(a);
  Expr w = floating(weights);
  const Axes over = normalize_axes(axes, x.rank(), "average", true);
  if (w.rank() == 1 && over.size() == 1 && x.rank() > 1) {
    Axes others;
    for (std::int64_t axis = 0; axis < x.rank(); ++axis)
      if (axis != over[0]) others.push_back(axis);
    w = expand_axes(w, others);
  }
  w = broadcast_like(w, x);
  return sum(x * w, over, keepdims) / sum(w, over, keepdims);
}

Expr prod_without_zeros(const Operand& a, const Axes& axes, bool keepdims) {
  const MadeAt here(a.place());
  return prod(where(eq(a, 0), 1, a), axes, keepdims);
}

Expr count_nonzero(const Operand& a, const Axes& axes, bool keepdims) {
  const MadeAt here(a.place());
  return sum(cast(neq(a, 0), DType::int64), axes, keepdims);
}

Expr ptp(const Operand& a, const Axes& axes, bool keepdims) {
  const MadeAt here(a.place());
  return max(a, axes, keepdims) - min(a, axes, keepdims);
}

namespace {

Expr position(const Op& op, const Operand& a, const Axes& axes, bool keepdims) {
  const MadeAt here(a.place());
  const Axes over = normalize_axes(axes, a.expr().rank(), op.name, true);
  if (over.empty()) return constant(std::int64_t{0});
  const Expr result = make(op, {a}, {{"axes", over}});
  return keepdims ? expand_axes(result, over) : result;
}

}  // namespace

Expr argmax(const Operand& a, const Axes& axes, bool keepdims) { return position(argmax_op, a, axes, keepdims); }
Expr argmin(const Operand& a, const Axes& axes, bool keepdims) { return position(argmin_op, a, axes, keepdims); }

std::pair<Expr, Expr> max_and_argmax(const Operand& a, const Axes& axes, bool keepdims) {
  return {max(a, axes, keepdims), argmax(a, axes, keepdims)};
}

Expr median(const Operand& a, const Axes& axes, bool keepdims) {
  const MadeAt here(a.place());
  const Expr x = floating(a);
  const Axes over = normalize_axes(axes, x.rank(), "median", true);
  if (over.empty()) return x;
  // Rows along one last axis: the kept axes in front, the reduced ones made one.
  Axes order, kept;
  for (std::int64_t axis = 0; axis < x.rank(); ++axis)
    if (std::find(over.begin(), over.end(), axis) == over.end()) kept.push_back(axis);
  order = kept;
  order.insert(order.end(), over.begin(), over.end());
  const Expr moved = transpose(x, order);
  const auto last = static_cast<std::int64_t>(kept.size());
  Expr rows = moved;
  if (over.size() > 1) {
    // The shape of the rows as something to be reshaped like: the kept axes, then as many as the others hold.
    Shape shape;
    for (std::int64_t axis : kept) shape.push_back(x.shape()[static_cast<std::size_t>(axis)]);
    shape.push_back(unknown);
    std::int64_t across = 1;
    for (std::int64_t axis : over) {
      const std::int64_t length = x.shape()[static_cast<std::size_t>(axis)];
      across = across == unknown || length == unknown ? unknown : across * length;
    }
    shape.back() = across;
    if (std::count(shape.begin(), shape.end(), unknown) <= 1) {
      rows = reshape(moved, shape);
    } else {
      Axes inner;
      for (std::int64_t axis = last; axis < x.rank(); ++axis) inner.push_back(axis);
      const Expr outer_like = any(eq(moved, moved), inner);
      Axes outer;
      for (std::int64_t axis = 0; axis < last; ++axis) outer.push_back(axis);
      const Expr inner_like = last == 0 ? eq(moved, moved) : any(eq(moved, moved), outer);
      rows = reshape_like(moved, logical_or(expand_dims(outer_like, last), reshape(inner_like, {unknown})));
    }
  }
  const Expr weights = make(median_weights_op, {cast(rows, DType::float64)});
  const Expr middle = where(weights > 0.0, cast(weights, x.dtype()) * rows, 0.0);
  const Expr result = sum(middle, Axes{last});
  return keepdims ? expand_axes(result, over) : result;
}

Expr norm(const Operand& a, double p, const Axes& axes, bool keepdims) {
  const MadeAt here(a.place());
  const Expr x = floating(a);
  if (std::isinf(p)) return p > 0 ? max(abs(x), axes, keepdims) : min(abs(x), axes, keepdims);
  if (std::isnan(p)) throw GraphError("norm: the power is not a number");
  if (p == 0) return sum(cast(neq(x, 0.0), x.dtype()), axes, keepdims);
  if (p == 1) return sum(abs(x), axes, keepdims);
  if (p == 2) return x.rank() == 0 ? abs(x) : reduce(euclidean_norm_op, x, axes, keepdims, a.place());
  return pow(sum(pow(abs(x), p), axes, keepdims), 1 / p);
}

namespace {

Expr normalised(const Op& op, const Operand& a, const Axes& axes) {
  const MadeAt here(a.place());
  const Expr x = floating(a);
  if (axes.empty()) throw ShapeError(fmt::format("{}: needs at least one axis", op.name));
  return make(op, {x}, {{"axes", normalize_axes(axes, x.rank(), op.name, false)}});
}

}  // namespace

Expr softmax(const Operand& a, const Axes& axes) { return normalised(softmax_op, a, axes); }
Expr log_softmax(const Operand& a, std::int64_t axis) { return normalised(log_softmax_op, a, Axes{axis}); }
Expr log_softmax(const Operand& a, const Axes& axes) { return normalised(log_softmax_op, a, axes); }

}  // namespace leapgraph::symbolic
