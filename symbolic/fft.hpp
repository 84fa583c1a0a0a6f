/// Discrete Fourier transforms along an axis of any length, and what goes with them.
///
/// Complex numbers are pairs along a last axis of length 2: real and imaginary part; `fft` and `ifft` take complex
/// tensors as well and return them. Numbers are computed in float64 and
/// given back in the floating element type of the arguments. All are linear and have gradients of any order.
#pragma once

#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {

/// What a transform of n numbers is multiplied by.
enum class FftNorm {
  backward,  ///< forward 1, inverse 1 / n
  ortho,     ///< both 1 / sqrt(n)
  forward,   ///< forward 1 / n, inverse 1
  none       ///< both 1
};

/// y_k = sum_j x_j e^(-2 pi i j k / n) of pairs [..., n, 2].
Expr fft(const Operand& x, FftNorm norm = FftNorm::backward);
Expr ifft(const Operand& y, FftNorm norm = FftNorm::backward);
/// The first n / 2 + 1 of these for real numbers: [..., n] -> [..., n / 2 + 1, 2].
Expr rfft(const Operand& x, FftNorm norm = FftNorm::backward);
/// Its inverse: [..., k, 2] -> [..., 2 (k - 1)], or one more number with `is_odd`. The imaginary parts of coefficients
/// that are their own mirror image are not read.
Expr irfft(const Operand& y, bool is_odd = false, FftNorm norm = FftNorm::backward);

/// Frequencies of the coefficients, in cycles for a step of `spacing`: 0, 1, ..., -2, -1 over n times the step.
Expr fftfreq(std::int64_t n, double spacing = 1.0);
Expr rfftfreq(std::int64_t n, double spacing = 1.0);
/// The coefficients in the order of their frequencies, along one axis, and back.
Expr fftshift(const Operand& x, std::int64_t axis = -1);
Expr ifftshift(const Operand& x, std::int64_t axis = -1);

/// Which sums of the convolution of n and m numbers: all n + m - 1, the longer of n and m in the middle, or those where
/// both overlap fully.
enum class Overlap { full, same, valid };
/// y_k = sum_j a_(k - j) b_j along the last axis, the axes before broadcast. For `same` and `valid` the lengths must be
/// known when the graph is built.
Expr convolve1d(const Operand& a, const Operand& b, Overlap overlap = Overlap::full);

}  // namespace leapgraph::symbolic
