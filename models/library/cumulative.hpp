/// Logarithms of distribution functions that several distributions have: accurate to rounding in both tails, for every
/// argument inside its domain, as are their derivatives.
#pragma once

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::models::library {

/// log(1 - exp(x)), -inf from x = 0 on: the complement of what decays exponentially.
symbolic::Expr log_complement(const symbolic::Expr& x);
/// The logarithm of a probability given with its complement: from the smaller of the two, which has all its digits.
symbolic::Expr log_of_smaller(const symbolic::Expr& probability, const symbolic::Expr& complement);
/// log P(a, x) and log Q(a, x), the regularised incomplete gamma functions.
symbolic::Expr log_gamma_p(const symbolic::Expr& a, const symbolic::Expr& x);
symbolic::Expr log_gamma_q(const symbolic::Expr& a, const symbolic::Expr& x);
/// log I_x(a, b), the regularised incomplete beta function. `rest` is 1 - x, for callers that have it more accurately.
symbolic::Expr log_beta_i(const symbolic::Expr& a, const symbolic::Expr& b, const symbolic::Expr& x,
                          const symbolic::Expr& rest);

}  // namespace leapgraph::models::library
