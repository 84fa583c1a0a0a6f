/// Functions of each element beyond ops.hpp, by the names that Theano, PyTensor, NumPy and SciPy use: faces of the
/// dictionary's ops under other names, tests, bits, activations and losses.
///
/// All are made of ops that have stable forms and gradients; where a formula has two branches, the one that is not
/// taken cannot spoil the gradient of the other.
#pragma once

#include <utility>

#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {

// --- Arithmetic ---

Expr true_div(const Operand& a, const Operand& b);  ///< div
Expr int_div(const Operand& a, const Operand& b);   ///< floor_div
std::pair<Expr, Expr> divmod(const Operand& a, const Operand& b);
Expr fmod(const Operand& a, const Operand& b);  ///< remainder with the sign of `a`, as C has it
Expr reciprocal(const Operand& a);
Expr square(const Operand& a);
Expr sgn(const Operand& a);
Expr hypot(const Operand& a, const Operand& b);     ///< sqrt(a a + b b), without overflow
Expr copysign(const Operand& a, const Operand& b);  ///< size of `a`, sign bit of `b`
Expr signbit(const Operand& a);                     ///< whether it is set; true of -0
Expr heaviside(const Operand& a, const Operand& at_zero);
inline Expr identity(const Expr& a) { return a; }
/// `value` in the shape of `like` (Theano's second).
Expr fill(const Operand& like, const Operand& value);

// --- Rounding ---

Expr round_half_to_even(const Operand& a);
Expr round_half_away_from_zero(const Operand& a);
Expr fix(const Operand& a);  ///< trunc

// --- Tests ---

Expr isfinite(const Operand& a);
Expr isposinf(const Operand& a);
Expr isneginf(const Operand& a);
/// |a - b| <= atol + rtol |b|, or equal: infinities are close to themselves, nan to nothing but, if asked for, nan.
Expr isclose(const Operand& a, const Operand& b, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false);
Expr allclose(const Operand& a, const Operand& b, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false);
/// Which ends of an interval do not belong to it.
enum class Open { none, low, high, both };
Expr in_range(const Operand& a, const Operand& low, const Operand& high, Open open = Open::none);
/// nan, inf and -inf replaced; infinities by the largest finite numbers of the element type where nothing is said.
Expr nan_to_num(const Operand& a, double nan = 0.0, std::optional<double> posinf = {},
                std::optional<double> neginf = {});

// --- Logic and bits. On integers and booleans, else DTypeError; of two booleans these are the logical operations.
// Shifts by less than 0 or by all bits or more leave nothing (-1 of a negative number to the right). ---

Expr logical_xor(const Operand& a, const Operand& b);
Expr bitwise_and(const Operand& a, const Operand& b);
Expr bitwise_or(const Operand& a, const Operand& b);
Expr bitwise_xor(const Operand& a, const Operand& b);
Expr bitwise_not(const Operand& a);
Expr invert(const Operand& a);  ///< bitwise_not
Expr left_shift(const Operand& a, const Operand& b);
Expr right_shift(const Operand& a, const Operand& b);
Expr operator&(const Operand& a, const Operand& b);
Expr operator|(const Operand& a, const Operand& b);
Expr operator^(const Operand& a, const Operand& b);
Expr operator~(const Operand& a);

// --- Angles, powers, logarithms ---

inline Expr arcsin(const Operand& a) { return asin(a); }
inline Expr arccos(const Operand& a) { return acos(a); }
inline Expr arctan(const Operand& a) { return atan(a); }
inline Expr arctan2(const Operand& y, const Operand& x) { return atan2(y, x); }
inline Expr arcsinh(const Operand& a) { return asinh(a); }
inline Expr arccosh(const Operand& a) { return acosh(a); }
inline Expr arctanh(const Operand& a) { return atanh(a); }
Expr deg2rad(const Operand& a);
Expr rad2deg(const Operand& a);
Expr sinc(const Operand& a);  ///< sin(pi a) / (pi a), 1 at 0
Expr exp10(const Operand& a);
Expr logaddexp2(const Operand& a, const Operand& b);  ///< log2(2^a + 2^b)
Expr log1pexp(const Operand& a);                      ///< softplus
Expr logexpm1(const Operand& a);                      ///< log(exp(a) - 1), a > 0: the inverse of softplus
Expr logdiffexp(const Operand& a, const Operand& b);  ///< log(exp(a) - exp(b)), a > b
Expr expit(const Operand& a);                         ///< sigmoid
Expr xlogx(const Operand& a);                         ///< a log(a), 0 at 0
Expr xlogy0(const Operand& x, const Operand& y);      ///< xlogy
Expr xlog1py(const Operand& x, const Operand& y);     ///< x log(1 + y), 0 at x = 0 for every y that is not nan
Expr entr(const Operand& a);                          ///< -a log(a)
Expr rel_entr(const Operand& x, const Operand& y);    ///< x log(x / y), 0 at x = 0

// --- Activations ---

Expr ultra_fast_sigmoid(const Operand& a);  ///< Theano's piecewise approximation, which is off by up to 0.03
Expr hard_sigmoid(const Operand& a);        ///< clip(0.2 a + 0.5, 0, 1)
Expr softsign(const Operand& a);            ///< a / (1 + |a|)
/// a above 0, else slope a; its derivative at 0 is the slope.
Expr relu(const Operand& a, const Operand& slope = 0.0);
Expr elu(const Operand& a, const Operand& alpha = 1.0);  ///< a above 0, else alpha (exp(a) - 1)
Expr selu(const Operand& a);
Expr gelu(const Operand& a);       ///< a times the normal distribution function
Expr gelu_tanh(const Operand& a);  ///< the approximation of gelu by tanh
Expr swish(const Operand& a);      ///< a sigmoid(a)
Expr silu(const Operand& a);       ///< swish
Expr mish(const Operand& a);       ///< a tanh(softplus(a))
Expr batch_normalization(const Operand& x, const Operand& gamma, const Operand& beta, const Operand& mean,
                         const Operand& std);  ///< (x - mean) gamma / std + beta

// --- Losses, of each element or row ---

/// -t log(p) - (1 - t) log(1 - p); 0 where p is 0 or 1 and t the same.
Expr binary_crossentropy(const Operand& p, const Operand& target);
/// The same of p = sigmoid(logits), without overflow or cancellation.
Expr sigmoid_binary_crossentropy(const Operand& logits, const Operand& target);
/// -sum of target log(p) over the last axis; integer targets of one axis less name the class: IndexError where there is
/// none of that number.
Expr categorical_crossentropy(const Operand& p, const Operand& target);
/// The same of p = softmax(logits) over the last axis.
Expr softmax_crossentropy(const Operand& logits, const Operand& target);

}  // namespace leapgraph::symbolic
