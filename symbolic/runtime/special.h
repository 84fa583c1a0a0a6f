/* Special functions of real numbers, called by emitted code by name and, in its loops, as vectors of the machine's
 * width.
 *
 * Contract of all of them: arguments and results as in ops.hpp; the same bits from the scalar function and from every
 * vector one, on every x86 variant; no errno, no exceptions, no memory. Errors are at most 4 units in the last place (lgamma 6,
 * tetragamma 8); near the zeros of lgamma, digamma and tetragamma on the negative axis, and of logaddexp, units of the
 * terms that cancel. */
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

#ifdef __cplusplus
}
#endif

#endif
