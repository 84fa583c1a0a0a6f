/// Functions of each element that are made of the dictionary's ops.
#include "leapgraph/symbolic/elementwise_functions.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "leapgraph/symbolic/complex.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/reducing.hpp"
#include "leapgraph/symbolic/places.hpp"
#include "leapgraph/symbolic/reductions.hpp"
#include "leapgraph/symbolic/special_functions.hpp"

namespace leapgraph::symbolic {

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

bool is_real_number(const Operand& a) { return info(a.expr().dtype()).kind == NumberKind::floating; }

}  // namespace

// --- Arithmetic ---

Expr true_div(const Operand& a, const Operand& b) { return div(a, b); }
Expr int_div(const Operand& a, const Operand& b) { return floor_div(a, b); }
std::pair<Expr, Expr> divmod(const Operand& a, const Operand& b) { return {floor_div(a, b), mod(a, b)}; }

Expr fmod(const Operand& a, const Operand& b) {
  const BuiltAt here(a.place());
  const Operand both[] = {a, b};
  const Exprs x = promoted(both);
  if (info(x[0].dtype()).kind == NumberKind::unsigned_integer) return mod(x[0], x[1]);
  const Expr rest = mod(abs(x[0]), abs(x[1]));
  return where(x[0] < 0, -rest, rest);
}

Expr reciprocal(const Operand& a) { return inv(a); }
Expr square(const Operand& a) { return sqr(a); }
Expr sgn(const Operand& a) { return sign(a); }

Expr hypot(const Operand& a, const Operand& b) {
  const BuiltAt here(a.place());
  const Operand both[] = {a, b};
  const Exprs x = promoted_floating(both);
  return modulus(x[0], x[1]);
}

Expr copysign(const Operand& a, const Operand& b) { return apply_floating(copysign_op, {a, b}); }

Expr signbit(const Operand& a) {
  const BuiltAt here(a.place());
  return is_real_number(a) ? copysign(ones_like(a), a) < 0.0 : lt(a, 0);
}

Expr heaviside(const Operand& a, const Operand& at_zero) {
  const BuiltAt here(a.place());
  const Operand both[] = {a, at_zero};
  const Exprs x = promoted_floating(both);
  return where(isnan(x[0]), x[0], where(x[0] > 0.0, 1.0, where(x[0] < 0.0, 0.0, x[1])));
}

Expr fill(const Operand& like, const Operand& value) {
  const BuiltAt here(like.place());
  return broadcast_like(value, eq(like, value));
}

// --- Rounding ---

Expr round_half_to_even(const Operand& a) { return round(a); }

Expr round_half_away_from_zero(const Operand& a) {
  const BuiltAt here(a.place());
  // a - trunc(a) is exact; of an infinity it is nan, which is not above.
  const Expr x = floating(a), whole = trunc(x);
  return whole + where(ge(abs(x - whole), 0.5), sign(x), 0.0);
}

Expr fix(const Operand& a) { return trunc(a); }

// --- Tests ---

Expr isfinite(const Operand& a) {
  const BuiltAt here(a.place());
  return logical_not(logical_or(isnan(a), isinf(a)));
}

Expr isposinf(const Operand& a) {
  const BuiltAt here(a.place());
  return is_real_number(a) ? eq(a, infinite) : eq(floating(a), infinite);
}

Expr isneginf(const Operand& a) {
  const BuiltAt here(a.place());
  return is_real_number(a) ? eq(a, -infinite) : eq(floating(a), -infinite);
}

Expr isclose(const Operand& a, const Operand& b, double rtol, double atol, bool equal_nan) {
  const BuiltAt here(a.place());
  const Operand both[] = {a, b};
  const Exprs x = promoted_floating(both);
  const Expr near = logical_and(isfinite(x[1]), abs(x[0] - x[1]) <= atol + rtol * abs(x[1]));
  const Expr close = logical_or(eq(x[0], x[1]), near);
  return equal_nan ? logical_or(close, logical_and(isnan(x[0]), isnan(x[1]))) : close;
}

Expr allclose(const Operand& a, const Operand& b, double rtol, double atol, bool equal_nan) {
  const BuiltAt here(a.place());
  return all(isclose(a, b, rtol, atol, equal_nan));
}

Expr in_range(const Operand& a, const Operand& low, const Operand& high, Open open) {
  const BuiltAt here(a.place());
  const bool above = open == Open::low || open == Open::both, below = open == Open::high || open == Open::both;
  return logical_and(above ? gt(a, low) : ge(a, low), below ? lt(a, high) : le(a, high));
}

Expr nan_to_num(const Operand& a, double nan, std::optional<double> posinf, std::optional<double> neginf) {
  const BuiltAt here(a.place());
  if (!is_real_number(a)) return a;
  const DType dtype = a.expr().dtype();
  const double largest = dtype == DType::float64   ? std::numeric_limits<double>::max()
                         : dtype == DType::float32 ? std::numeric_limits<float>::max()
                                                   : 65504.0;
  const Expr finite = where(isinf(a), where(gt(a, 0.0), posinf.value_or(largest), neginf.value_or(-largest)), a);
  return where(isnan(a), nan, finite);
}

// --- Logic and bits ---

Expr logical_xor(const Operand& a, const Operand& b) {
  const BuiltAt here(a.place());
  return neq(cast(a, DType::boolean), cast(b, DType::boolean));
}

namespace {

/// The bit operation, or the logical one where all operands are booleans.
Expr bits(const Op& op, const Operand& a, const Operand& b, Expr (*logical)(const Operand&, const Operand&)) {
  const BuiltAt here(a.place(), op.name);
  const Operand both[] = {a, b};
  const Exprs x = promoted(both);
  if (is_floating(x[0].dtype()))
    throw DTypeError(fmt::format("{}: takes integers or booleans, got {} and {}", op.name, to_string(a.expr().type()),
                                 to_string(b.expr().type())));
  if (x[0].dtype() == DType::boolean && logical != nullptr) return logical(x[0], x[1]);
  return make(op, x, {}, a.place());
}

}  // namespace

Expr bitwise_and(const Operand& a, const Operand& b) { return bits(bitwise_and_op, a, b, logical_and); }
Expr bitwise_or(const Operand& a, const Operand& b) { return bits(bitwise_or_op, a, b, logical_or); }
Expr bitwise_xor(const Operand& a, const Operand& b) { return bits(bitwise_xor_op, a, b, logical_xor); }
Expr bitwise_not(const Operand& a) {
  if (a.expr().dtype() == DType::boolean) return logical_not(a);
  return make(bitwise_not_op, {a}, {}, a.place());
}
Expr invert(const Operand& a) { return bitwise_not(a); }
Expr left_shift(const Operand& a, const Operand& b) { return bits(left_shift_op, a, b, nullptr); }
Expr right_shift(const Operand& a, const Operand& b) { return bits(right_shift_op, a, b, nullptr); }
Expr operator&(const Operand& a, const Operand& b) { return bitwise_and(a, b); }
Expr operator|(const Operand& a, const Operand& b) { return bitwise_or(a, b); }
Expr operator^(const Operand& a, const Operand& b) { return bitwise_xor(a, b); }
Expr operator~(const Operand& a) { return bitwise_not(a); }

// --- Angles, powers, logarithms ---

Expr deg2rad(const Operand& a) {
  const BuiltAt here(a.place());
  return floating(a) * (std::numbers::pi / 180);
}

Expr rad2deg(const Operand& a) {
  const BuiltAt here(a.place());
  return floating(a) * (180 / std::numbers::pi);
}

Expr sinc(const Operand& a) {
  const BuiltAt here(a.place());
  // Near 0 by the series, whose derivatives do not cancel: terms (-z)^k / (2 k + 1)!, z = (pi a)^2 below 0.4.
  const Expr x = floating(a), angle = std::numbers::pi * x;
  const Expr near = lt(abs(x), 0.2);
  const Expr z = sqr(where(near, angle, 0.0));
  Expr series = constant(0.0, x.dtype());
  for (int k = 9; k > 0; --k) series = -z * (1.0 + series) / (2.0 * k * (2.0 * k + 1));
  const Expr away = where(near, 1.0, angle);
  return where(near, 1.0 + series, sin(away) / away);
}

Expr exp10(const Operand& a) {
  const BuiltAt here(a.place());
  return pow(10.0, floating(a));
}

Expr logaddexp2(const Operand& a, const Operand& b) {
  const BuiltAt here(a.place());
  return logaddexp(std::numbers::ln2 * floating(a), std::numbers::ln2 * floating(b)) * std::numbers::log2e;
}

Expr log1pexp(const Operand& a) { return softplus(a); }

Expr logexpm1(const Operand& a) {
  const BuiltAt here(a.place());
  const Expr x = floating(a);
  return x + log1mexp(-x);
}

Expr logdiffexp(const Operand& a, const Operand& b) {
  const BuiltAt here(a.place());
  const Operand both[] = {a, b};
  const Exprs x = promoted_floating(both);
  return x[0] + log1mexp(x[1] - x[0]);
}

Expr expit(const Operand& a) { return sigmoid(a); }
Expr xlogx(const Operand& a) { return xlogy(a, a); }
Expr xlogy0(const Operand& x, const Operand& y) { return xlogy(x, y); }

Expr xlog1py(const Operand& x, const Operand& y) {
  const BuiltAt here(x.place());
  const Operand both[] = {x, y};
  const Exprs p = promoted_floating(both);
  // Where 0 meets an infinite or undefined logarithm, that of 1 stands for it.
  const Expr outside = logical_or(le(p[1], -1.0), eq(p[1], infinite));
  return p[0] * log1p(where(logical_and(eq(p[0], 0.0), outside), 0.0, p[1]));
}

Expr entr(const Operand& a) {
  const BuiltAt here(a.place());
  return -xlogy(a, a);
}

Expr rel_entr(const Operand& x, const Operand& y) {
  const BuiltAt here(x.place());
  return xlogy(x, div(x, y));
}

// --- Activations ---

Expr ultra_fast_sigmoid(const Operand& a) {
  const BuiltAt here(a.place());
  const Expr x = 0.5 * floating(a), size = abs(x);
  const Expr inner = 1.5 * size / (1.0 + size);
  const Expr middle = 0.935409070603099 + 0.0458812946797165 * (size - 1.7);
  const Expr half = where(lt(size, 1.7), inner, where(lt(size, 3.0), middle, 0.99505475368673));
  return 0.5 * (where(x < 0.0, -half, half) + 1.0);
}

Expr hard_sigmoid(const Operand& a) {
  const BuiltAt here(a.place());
  return clip(0.2 * floating(a) + 0.5, 0.0, 1.0);
}

Expr softsign(const Operand& a) {
  const BuiltAt here(a.place());
  const Expr x = floating(a);
  // 1 / (1 / |a| + 1) beyond 1, where infinities are.
  const Expr far = gt(abs(x), 1.0), away = where(far, x, 1.0);
  return where(far, sign(away) / (1.0 + 1.0 / abs(away)), x / (1.0 + abs(x)));
}

Expr relu(const Operand& a, const Operand& slope) {
  const BuiltAt here(a.place());
  // A nan is not below 0, and stays.
  return where(le(a, 0), literal_value(slope) == 0.0 ? Operand(0) : Operand(mul(slope, a)), a);
}

Expr elu(const Operand& a, const Operand& alpha) {
  const BuiltAt here(a.place());
  const Expr x = floating(a), above = gt(x, 0.0);
  return where(above, x, mul(alpha, expm1(where(above, 0.0, x))));
}

Expr selu(const Operand& a) {
  const BuiltAt here(a.place());
  return 1.0507009873554804934193349852946 * elu(a, 1.6732632423543772848170429916717);
}

Expr gelu(const Operand& a) {
  const BuiltAt here(a.place());
  const Expr x = floating(a), zero_below = eq(x, -infinite);
  return where(zero_below, 0.0, where(zero_below, 0.0, x) * ndtr(x));
}

Expr gelu_tanh(const Operand& a) {
  const BuiltAt here(a.place());
  const Expr x = floating(a);
  return 0.5 * x * (1.0 + tanh(std::sqrt(2 * std::numbers::inv_pi) * (x + 0.044715 * x * sqr(x))));
}

Expr swish(const Operand& a) {
  const BuiltAt here(a.place());
  const Expr x = floating(a), zero_below = eq(x, -infinite);
  return where(zero_below, 0.0, where(zero_below, 0.0, x) * sigmoid(x));
}

Expr silu(const Operand& a) { return swish(a); }

Expr mish(const Operand& a) {
  const BuiltAt here(a.place());
  const Expr x = floating(a), zero_below = eq(x, -infinite);
  return where(zero_below, 0.0, where(zero_below, 0.0, x) * tanh(softplus(x)));
}

Expr batch_normalization(const Operand& x, const Operand& gamma, const Operand& beta, const Operand& mean,
                         const Operand& std) {
  const BuiltAt here(x.place());
  return (sub(x, mean)) * div(gamma, std) + beta;
}

// --- Losses ---

Expr binary_crossentropy(const Operand& p, const Operand& target) {
  const BuiltAt here(p.place());
  const Operand both[] = {p, target};
  const Exprs x = promoted_floating(both);
  return -(xlogy(x[1], x[0]) + xlog1py(1.0 - x[1], -x[0]));
}

Expr sigmoid_binary_crossentropy(const Operand& logits, const Operand& target) {
  const BuiltAt here(logits.place());
  const Operand both[] = {logits, target};
  const Exprs x = promoted_floating(both);
  // One of the terms vanishes for targets 0 and 1: nothing cancels.
  return x[1] * softplus(-x[0]) + (1.0 - x[1]) * softplus(x[0]);
}

namespace {

/// The elements of `values` that `classes` name along the last axis.
Expr picked(const Expr& values, const Operand& classes, std::string_view what) {
  const Expr& index = classes;
  if (values.rank() != index.rank() + 1)
    throw ShapeError(fmt::format("{}: integer targets must have one axis less than {}, got {}", what,
                                 to_string(values.type()), to_string(index.type())));
  const Expr last = length(values, values.rank() - 1), whole = cast(index, DType::int64);
  // Rows one after another; a class that does not exist is no row of theirs: -1 is none at all.
  const Expr is_class = logical_and(ge(whole, 0), lt(whole, last));
  const Expr flat = where(is_class, numbered(whole) * last + whole, std::int64_t{-1});
  return make(gather_op, {reshape(values, {unknown}), flat});
}

bool names_classes(const Operand& target) {
  return is_integer(target.expr().dtype()) || target.expr().dtype() == DType::boolean;
}

}  // namespace

Expr categorical_crossentropy(const Operand& p, const Operand& target) {
  const BuiltAt here(p.place(), "categorical_crossentropy");
  const Expr x = floating(p);
  if (names_classes(target) && target.expr().rank() != x.rank())
    return -log(picked(x, target, "categorical_crossentropy"));
  return -sum(xlogy(target, x), Axes{-1});
}

Expr softmax_crossentropy(const Operand& logits, const Operand& target) {
  const BuiltAt here(logits.place(), "softmax_crossentropy");
  const Expr x = floating(logits);
  if (names_classes(target) && target.expr().rank() != x.rank())
    return -picked(log_softmax(x), target, "softmax_crossentropy");
  return -sum(mul(target, log_softmax(x)), Axes{-1});
}

}  // namespace leapgraph::symbolic
