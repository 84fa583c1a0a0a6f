/// Reductions as NumPy and Theano have them, beyond those of ops.hpp: axes by number, result and accumulator types, order
/// statistics, norms.
///
/// No axes: over all of them; negative ones count from the end. Over no elements a sum is 0, a product 1, a mean, a
/// variance nan; largest, smallest, their positions and medians throw ShapeError.
#pragma once

#include <concepts>
#include <optional>
#include <utility>

#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {

/// sum(x, {.axes = {0}, .dtype = DType::float32, .acc_dtype = DType::float64})
struct ReduceOptions {
  Axes axes = {};
  bool keepdims = false;
  /// Of the result. Throws DTypeError for integers or booleans of reals: round and cast those.
  std::optional<DType> dtype = {};
  /// In which elements are combined. Unless said: 64 bits for integers (unsigned ones stay so) and booleans, else the
  /// type of the elements, or `dtype` where that is wider. float32 is added in float32, a few thousand elements at a
  /// time and then those sums; float16 in float32.
  std::optional<DType> acc_dtype = {};
};

// The braced options are a template so that sum(x, {}) still means no axes.

Expr sum_with(const Operand& a, const ReduceOptions& options);
Expr prod_with(const Operand& a, const ReduceOptions& options);
Expr mean_with(const Operand& a, const ReduceOptions& options);
Expr variance_with(const Operand& a, const ReduceOptions& options, std::int64_t ddof);

template <class = void>
Expr sum(const Operand& a, const ReduceOptions& options) {
  return sum_with(a, options);
}
template <class = void>
Expr prod(const Operand& a, const ReduceOptions& options) {
  return prod_with(a, options);
}
template <class = void>
Expr mean(const Operand& a, const ReduceOptions& options) {
  return mean_with(a, options);
}
template <class = void>
Expr variance(const Operand& a, const ReduceOptions& options, std::int64_t ddof = 0) {
  return variance_with(a, options, ddof);
}

/// One axis by its number.
template <class T>
concept AxisNumber = std::integral<T> && !std::same_as<T, bool>;

template <AxisNumber T>
Expr sum(const Operand& a, T axis, bool keepdims = false) {
  return sum(a, Axes{static_cast<std::int64_t>(axis)}, keepdims);
}
template <AxisNumber T>
Expr prod(const Operand& a, T axis, bool keepdims = false) {
  return prod(a, Axes{static_cast<std::int64_t>(axis)}, keepdims);
}
template <AxisNumber T>
Expr mean(const Operand& a, T axis, bool keepdims = false) {
  return mean(a, Axes{static_cast<std::int64_t>(axis)}, keepdims);
}
template <AxisNumber T>
Expr max(const Operand& a, T axis, bool keepdims = false) {
  return max(a, Axes{static_cast<std::int64_t>(axis)}, keepdims);
}
template <AxisNumber T>
Expr min(const Operand& a, T axis, bool keepdims = false) {
  return min(a, Axes{static_cast<std::int64_t>(axis)}, keepdims);
}
template <AxisNumber T>
Expr all(const Operand& a, T axis, bool keepdims = false) {
  return all(a, Axes{static_cast<std::int64_t>(axis)}, keepdims);
}
template <AxisNumber T>
Expr any(const Operand& a, T axis, bool keepdims = false) {
  return any(a, Axes{static_cast<std::int64_t>(axis)}, keepdims);
}
template <AxisNumber T>
Expr variance(const Operand& a, T axis, bool keepdims = false, std::int64_t ddof = 0) {
  return variance(a, Axes{static_cast<std::int64_t>(axis)}, keepdims, ddof);
}
template <AxisNumber T>
Expr logsumexp(const Operand& a, T axis, bool keepdims = false) {
  return logsumexp(a, Axes{static_cast<std::int64_t>(axis)}, keepdims);
}

// --- Moments ---

Expr var(const Operand& a, const Axes& axes = {}, bool keepdims = false, std::int64_t ddof = 0);  ///< `variance`
/// Square root of the variance. Where that is 0 it has no gradient (nan).
Expr stddev(const Operand& a, const Axes& axes = {}, bool keepdims = false, std::int64_t ddof = 0);
/// sum(a weights) / sum(weights). Weights have the shape of `a`, broadcast with it, or are a vector along the one axis.
Expr average(const Operand& a, const Operand& weights, const Axes& axes = {}, bool keepdims = false);
/// Product of the elements that are not 0.
Expr prod_without_zeros(const Operand& a, const Axes& axes = {}, bool keepdims = false);
Expr count_nonzero(const Operand& a, const Axes& axes = {}, bool keepdims = false);  ///< int64

// --- Order. The gradient of an extremum is shared equally by the elements that attain it. ---

Expr ptp(const Operand& a, const Axes& axes = {}, bool keepdims = false);  ///< largest less smallest
/// Position (int64) of the first largest element, counted row by row over the reduced axes; a nan is the largest.
Expr argmax(const Operand& a, const Axes& axes = {}, bool keepdims = false);
Expr argmin(const Operand& a, const Axes& axes = {}, bool keepdims = false);
std::pair<Expr, Expr> max_and_argmax(const Operand& a, const Axes& axes = {}, bool keepdims = false);
/// The middle element, or the mean of the two in the middle; nan where there is one. The gradient goes to those.
Expr median(const Operand& a, const Axes& axes = {}, bool keepdims = false);

template <AxisNumber T>
Expr argmax(const Operand& a, T axis, bool keepdims = false) {
  return argmax(a, Axes{static_cast<std::int64_t>(axis)}, keepdims);
}
template <AxisNumber T>
Expr argmin(const Operand& a, T axis, bool keepdims = false) {
  return argmin(a, Axes{static_cast<std::int64_t>(axis)}, keepdims);
}
template <AxisNumber T>
Expr median(const Operand& a, T axis, bool keepdims = false) {
  return median(a, Axes{static_cast<std::int64_t>(axis)}, keepdims);
}

// --- Norms and normalised exponentials ---

/// (sum |a|^p)^(1/p). p = 2 neither overflows nor underflows; p = 1: sum of sizes; p = inf, -inf: largest and smallest
/// size; p = 0: how many are not 0. The gradient of p = 2 at 0 is 0.
Expr norm(const Operand& a, double p = 2, const Axes& axes = {}, bool keepdims = false);
/// Over several axes, at least one.
Expr softmax(const Operand& a, const Axes& axes);
/// log(softmax(a)), accurate where the softmax is tiny.
Expr log_softmax(const Operand& a, std::int64_t axis = -1);
Expr log_softmax(const Operand& a, const Axes& axes);

}  // namespace leapgraph::symbolic
