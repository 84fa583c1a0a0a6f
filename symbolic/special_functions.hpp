/// Special functions beyond those of ops.hpp, by their names in SciPy: values to some units in the last place over the
/// whole domain, tails included, and gradients, by parameters of statistical meaning too.
///
/// All take numbers of any real element type (integers become float64) and broadcast; outside its domain a function is
/// nan. What has no derivative (the order of a Bessel function, the exponent of zeta, second derivatives of betainc and
/// hyp2f1 by their parameters) throws NotDifferentiable when asked for it.
#pragma once

#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {

// --- Error functions and the normal distribution (ops/normal.cpp) ---

Expr erfcx(const Operand& a);      ///< exp(a a) erfc(a)
Expr erfinv(const Operand& y);     ///< inverse of erf
Expr erfcinv(const Operand& z);    ///< inverse of erfc
Expr ndtr(const Operand& a);       ///< distribution function of the standard normal distribution
Expr log_ndtr(const Operand& a);   ///< its logarithm
Expr ndtri(const Operand& p);      ///< its inverse, the quantile
Expr ndtri_exp(const Operand& y);  ///< the inverse of log_ndtr
/// Owen's T: 1 / (2 pi) times the integral of exp(-h h (1 + t t) / 2) / (1 + t t) over t from 0 to a.
Expr owens_t(const Operand& h, const Operand& a);

// --- Gamma and beta functions (ops/gamma.cpp) ---

Expr gamma(const Operand& a);     ///< infinite at 0, nan at whole numbers below
Expr gammaln(const Operand& a);   ///< lgamma
Expr gammasgn(const Operand& a);  ///< sign of gamma(a); nan at whole numbers below 0
Expr psi(const Operand& a);       ///< digamma
Expr tri_gamma(const Operand& a);
/// Derivative of order n of digamma; n is a whole number from 0, else the result is nan.
Expr polygamma(const Operand& n, const Operand& x);
/// digamma(x + h) - digamma(x), accurate for small h.
Expr digamma_rise(const Operand& x, const Operand& h);
Expr beta(const Operand& a, const Operand& b);
Expr betaln(const Operand& a, const Operand& b);  ///< log |beta(a, b)|
Expr multigammaln(const Operand& a, std::int64_t dimensions);
Expr factorial(const Operand& n);                       ///< gamma(n + 1); 0 for negative n
Expr poch(const Operand& a, const Operand& n);          ///< gamma(a + n) / gamma(a)
Expr binomial(const Operand& n, const Operand& k);      ///< n over k, of real numbers
Expr log_binomial(const Operand& n, const Operand& k);  ///< its logarithm, 0 <= k <= n
/// Hurwitz's zeta function, sum of (q + k)^-s over k = 0, 1, ..., s > 1; Riemann's for q = 1.
Expr zeta(const Operand& s, const Operand& q = 1.0);

// --- Incomplete gamma and beta functions (ops/incomplete.cpp) ---

Expr gammainc(const Operand& a, const Operand& x);   ///< P(a, x), regularised
Expr gammaincc(const Operand& a, const Operand& x);  ///< Q(a, x) = 1 - P(a, x)
Expr gammal(const Operand& a, const Operand& x);     ///< gamma(a) P(a, x)
Expr gammau(const Operand& a, const Operand& x);     ///< gamma(a) Q(a, x)
Expr gammaincinv(const Operand& a, const Operand& p);
Expr gammainccinv(const Operand& a, const Operand& q);
/// x^(a - 1) exp(-x) / gamma(a): what gammainc changes by with x.
Expr gamma_density(const Operand& a, const Operand& x);
Expr chi2sf(const Operand& x, const Operand& k);                          ///< upper tail of chi-squared, k degrees
Expr betainc(const Operand& a, const Operand& b, const Operand& x);       ///< I_x(a, b), regularised
Expr betaincinv(const Operand& a, const Operand& b, const Operand& p);    ///< x with I_x(a, b) = p
Expr beta_density(const Operand& a, const Operand& b, const Operand& x);  ///< what betainc changes by with x

// --- Bessel functions (ops/bessel.cpp). Real orders; of negative x, whole orders of J and I only. ---

Expr jv(const Operand& nu, const Operand& x);
Expr yv(const Operand& nu, const Operand& x);
Expr iv(const Operand& nu, const Operand& x);
Expr ive(const Operand& nu, const Operand& x);  ///< exp(-|x|) iv
Expr kv(const Operand& nu, const Operand& x);
Expr kve(const Operand& nu, const Operand& x);  ///< exp(x) kv
Expr j0(const Operand& x);
Expr j1(const Operand& x);
Expr y0(const Operand& x);
Expr y1(const Operand& x);
Expr i0(const Operand& x);
Expr i1(const Operand& x);
Expr i0e(const Operand& x);
Expr i1e(const Operand& x);
Expr k0(const Operand& x);
Expr k1(const Operand& x);
Expr k0e(const Operand& x);
Expr k1e(const Operand& x);
Expr kn(const Operand& n, const Operand& x);  ///< kv

// --- Hypergeometric (ops/hypergeometric.cpp) ---

/// F(a, b; c; z) for z up to 1; polynomials (a or b a whole number up to 0) for every z.
Expr hyp2f1(const Operand& a, const Operand& b, const Operand& c, const Operand& z);

}  // namespace leapgraph::symbolic
