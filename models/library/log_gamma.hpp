/// Ratios of gamma functions whose large logarithms cancel: counts, or shapes, may be 1e9.
#pragma once

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::models::library {

/// lgamma(x + h) - lgamma(x), where x and x + h are positive.
symbolic::Expr log_gamma_ratio(const symbolic::Expr& x, const symbolic::Expr& h);

/// lgamma(shape + n) - lgamma(shape) - lgamma(n + 1) for a count n: the log of shape (shape + 1) ... (shape + n - 1) /
/// n!.
symbolic::Expr log_rising_over_factorial(const symbolic::Expr& shape, const symbolic::Expr& n);

/// log beta(a, b), where the arguments are positive.
symbolic::Expr log_beta(const symbolic::Expr& a, const symbolic::Expr& b);

}  // namespace leapgraph::models::library
