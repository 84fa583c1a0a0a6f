/// Ratios of gamma functions by Stirling's formula where their logarithms are large, directly elsewhere.
#include "leapgraph/models/library/log_gamma.hpp"

#include <optional>

#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {

using symbolic::Expr;

namespace {

/// From here on Stirling's formula with one term of its series is exact to rounding; up to here lgamma loses 1e-10.
constexpr double large = 1e5;

bool is_known_to_be_small(const Expr& n) {
  const std::optional<symbolic::Array> known = symbolic::constant_value(n);
  if (!known) return false;
  for (std::int64_t i = 0; i < known->size(); ++i) {
    if (!(known->real(i) < large)) return false;
  }
  return true;
}

}  // namespace

Expr log_gamma_ratio(const Expr& x, const Expr& h) {
  const Expr direct = symbolic::lgamma(x + h) - symbolic::lgamma(x);
  const Expr a = symbolic::maximum(x, large), b = symbolic::maximum(x + h, 0.5 * large), rise = b - a;
  const Expr series = -rise / (12.0 * a * b);
  const Expr stirling = rise * symbolic::log(a) + (b - 0.5) * symbolic::log1p(rise / a) - rise + series;
  return symbolic::where(x < large, direct, stirling);
}

Expr log_rising_over_factorial(const Expr& shape, const Expr& n) {
  const Expr count = symbolic::cast(n, symbolic::DType::float64);
  const Expr by_shape = log_gamma_ratio(shape, count) - symbolic::lgamma(count + 1.0);
  if (is_known_to_be_small(n)) return by_shape;
  const Expr by_count = log_gamma_ratio(count + 1.0, shape - 1.0) - symbolic::lgamma(shape);
  return symbolic::where(count < shape, by_shape, by_count);
}

Expr log_beta(const Expr& a, const Expr& b) {
  const Expr smaller = symbolic::minimum(a, b), larger = symbolic::maximum(a, b);
  return symbolic::lgamma(smaller) - log_gamma_ratio(larger, smaller);
}

}  // namespace leapgraph::models::library
