/// Logarithms of distribution functions from the special functions that give these themselves.
#include "leapgraph/models/library/cumulative.hpp"

#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/special_functions.hpp"

namespace leapgraph::models::library {

using symbolic::Expr;

Expr log_complement(const Expr& x) { return symbolic::log1mexp(symbolic::minimum(x, 0.0)); }

Expr log_of_smaller(const Expr& probability, const Expr& complement) {
  return symbolic::where(probability < 0.5, symbolic::log(probability), symbolic::log1p(-complement));
}

Expr log_gamma_p(const Expr& a, const Expr& x) {
  return log_of_smaller(symbolic::gammainc(a, x), symbolic::gammaincc(a, x));
}

Expr log_gamma_q(const Expr& a, const Expr& x) {
  return log_of_smaller(symbolic::gammaincc(a, x), symbolic::gammainc(a, x));
}

Expr log_beta_i(const Expr& a, const Expr& b, const Expr& x, const Expr& rest) {
  return log_of_smaller(symbolic::betainc(a, b, x), symbolic::betainc(b, a, rest));
}

}  // namespace leapgraph::models::library
