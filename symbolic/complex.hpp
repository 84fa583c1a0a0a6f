/// Complex numbers: made of and taken apart into real tensors, of which everything else is made.
#pragma once

#include <complex>

#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {

template <>
struct DTypeOf<std::complex<float>> {
  static constexpr DType value = DType::complex64;
};
template <>
struct DTypeOf<std::complex<double>> {
  static constexpr DType value = DType::complex128;
};

// A complex tensor is a pair of real ones. Builders of ops.hpp take complex operands and build the real expressions of
// both parts at once; only inputs, data, and what loops, branches and calls carry are one tensor of complex numbers, in
// the layout of std::complex. So everything that works on real tensors works on them: rules, gradients, native code.
//
// There are rules for + - * /, neg, abs, sign, sqr, inv, pow, sqrt, eq, neq, isnan, isinf, where, cast, exponentials
// and logarithms, trigonometric and hyperbolic functions and their inverses (branch cuts and signs of zeros on them as
// in C99), sum, mean, prod, variance (of |z - mean|), cumsum, products of matrices, all of shape, indexing and joining,
// scan, call and ifelse. Ops without one (order, rounding, special functions) throw DTypeError.
//
// Gradients: the derivative of a real cost f with respect to z = x + i y is df/dx - i df/dy, as JAX has it, so that a
// holomorphic function h inside contributes a factor h'(z). Its conjugate points uphill. The cost must be real.

/// re + i im, broadcast; integers become float64, float32 parts give complex64.
Expr complex(const Operand& re, const Operand& im);
/// The real part; a real operand itself.
Expr real(const Operand& z);
/// The imaginary part; zeros for a real operand.
Expr imag(const Operand& z);
/// atan2(im, re), from -pi to pi.
Expr angle(const Operand& z);
Expr conj(const Operand& z);
/// radius exp(i angle), of real operands.
Expr complex_from_polar(const Operand& radius, const Operand& angle);
/// sqrt(x^2 + y^2) without overflow or underflow of the squares.
Expr modulus(const Operand& x, const Operand& y);

inline Expr constant(std::complex<double> value) { return Operand(value).expr(); }
/// One element of an array of any element type.
inline std::complex<double> complex_at(const Array& array, std::int64_t index = 0) {
  return {array.real(index), array.imaginary(index)};
}

}  // namespace leapgraph::symbolic
