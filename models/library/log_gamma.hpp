/// Ratios of gamma functions whose large logarithms cancel: counts, or shapes, may be 1e9.
#pragma once

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::models::library {

/// lgamma(x + h) - lgamma(x), where x and x + h are positive.
symbolic::Expr log_gamma_ratio(const symbolic::Expr& x, const symbolic::Expr& h);

/// lgamma(shape + n) - lgamma(shape) - lgamma(n + 1) for a count n: the log of shape (shape + 1) ... (shape + n - 1) /
/// n!.
symbolic::Expr log_rising_over_factorial(const symbolic::Expr& shape, const symbolic::Expr& n);

/// The log of N over n, 0 <= n <= N.
symbolic::Expr log_binomial_coefficient(const symbolic::Expr& N, const symbolic::Expr& n);

}  // namespace leapgraph::models::library
