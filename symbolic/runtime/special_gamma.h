/* Pieces of the gamma function in extended precision, for functions that are made of it. Where long double is double,
 * they have its precision. */
#ifndef LEAPGRAPH_SYMBOLIC_RUNTIME_SPECIAL_GAMMA_H
#define LEAPGRAPH_SYMBOLIC_RUNTIME_SPECIAL_GAMMA_H

/* lgamma(a) less its Stirling term (a - 1/2) log(a) - a + log(2 pi) / 2, for 4.375 <= a. */
double lg_stirling_rest(double a);
/* y - log(1 + y), for -1 < y, to the last digit at 0. */
long double lg_log1p_rest(long double y);
/* log B(a, b) for positive a and b. */
long double lg_log_beta(double a, double b);
/* log(a) - digamma(a) for 0 < a. */
double lg_log_less_digamma(double a);
/* digamma(x + h) - digamma(x), for positive x and x + h, accurate for small h. */
double lg_digamma_rise(double x, double h);
/* The Hurwitz zeta function, sum of (q + k)^-s over k = 0, 1, ..., for 1 < s and 0 < q. */
long double lg_hurwitz(long double s, long double q);

#endif
