/* Special functions of real numbers, called by emitted code by name and, in its loops, as vectors of the machine's
 * width.
 *
 * Contract of all of them: arguments and results as in ops.hpp and special_functions.hpp; no errno, no exceptions, no
 * memory, re-entrant. Those marked LG_VECTOR: the same bits from the scalar function and from every vector one, on
 * every x86 variant. How large errors are at most is in symbols.cpp; near the zeros of lgamma, digamma and tetragamma
 * on the negative axis, and of logaddexp, in units of the terms that cancel. */
#ifndef LEAPGRAPH_SYMBOLIC_RUNTIME_SPECIAL_H
#define LEAPGRAPH_SYMBOLIC_RUNTIME_SPECIAL_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define LG_VECTOR __attribute__((simd("notinbranch")))
#else
#define LG_VECTOR
#endif

#ifdef __cplusplus
extern "C" {
#endif

LG_VECTOR double lg_sigmoid(double x);
LG_VECTOR double lg_softplus(double x);
LG_VECTOR double lg_log_sigmoid(double x);
LG_VECTOR double lg_log1mexp(double x);
LG_VECTOR double lg_logaddexp(double a, double b);
LG_VECTOR double lg_logit(double p);
LG_VECTOR double lg_xlogy(double x, double y);
LG_VECTOR double lg_gaussian(double x); /* exp(-x x) */
LG_VECTOR double lg_lgamma(double x);
LG_VECTOR double lg_digamma(double x);
LG_VECTOR double lg_trigamma(double x);
LG_VECTOR double lg_tetragamma(double x); /* the derivative of trigamma */

/* special_normal.c */
LG_VECTOR double lg_erfcx(double x);
LG_VECTOR double lg_ierfcx(double x); /* exp(x x) times the integral of erfc from x on */
LG_VECTOR double lg_ndtr(double x);
LG_VECTOR double lg_log_ndtr(double x);
LG_VECTOR double lg_ndtri(double p);
LG_VECTOR double lg_erfinv(double y);
LG_VECTOR double lg_erfcinv(double z);
LG_VECTOR double lg_ndtri_exp(double y);
double lg_owens_t(double h, double a);

/* special_gamma.c */
LG_VECTOR double lg_gamma(double x);
double lg_betaln(double a, double b);
double lg_beta(double a, double b);
double lg_poch(double a, double n);
double lg_digamma_rise(double x, double h); /* digamma(x + h) - digamma(x) */
double lg_zeta(double s, double q);
double lg_polygamma(double order, double x);

/* special_incomplete.c */
double lg_gammainc(double a, double x);
double lg_gammaincc(double a, double x);
double lg_gamma_density(double a, double x); /* derivative of gammainc by x */
double lg_gammainc_da(double a, double x);   /* derivative of gammainc by a */
double lg_gammainc_daa(double a, double x);  /* the second one */
double lg_gammaincinv(double a, double p);
double lg_gammainccinv(double a, double q);
double lg_betainc(double a, double b, double x);
double lg_beta_density(double a, double b, double x);
double lg_betainc_da(double a, double b, double x);
double lg_betainc_db(double a, double b, double x);
double lg_betaincinv(double a, double b, double p);

/* special_bessel.c, special_hypergeometric.c */
double lg_jv(double nu, double x);
double lg_yv(double nu, double x);
double lg_iv(double nu, double x);
double lg_ive(double nu, double x); /* exp(-|x|) iv */
double lg_kv(double nu, double x);
double lg_kve(double nu, double x); /* exp(x) kv */
double lg_hyp2f1(double a, double b, double c, double z);
double lg_hyp2f1_da(double a, double b, double c, double z); /* derivatives by a and c */
double lg_hyp2f1_dc(double a, double b, double c, double z);

#ifdef __cplusplus
}
#endif

#endif
