/* Special functions without branches, so that the compiler makes vector versions of them (attribute simd).
 *
 * Every choice is a select between values computed for all arguments; loops have a fixed count; nothing outside this
 * file is called but what is inlined from special_kernels.h. */
#include "special.h"

#include "special_kernels.h"

/* --- logistic functions --- */

double lg_sigmoid(double x) {
  const double e = exp_of(-magnitude(x));
  return (x >= 0.0 ? 1.0 : e) / (1.0 + e);
}

double lg_softplus(double x) { return (x > 0.0 ? x : 0.0) + log_one_plus(exp_of(-magnitude(x))); }

double lg_log_sigmoid(double x) { return (x < 0.0 ? x : 0.0) - log_one_plus(exp_of(-magnitude(x))); }

double lg_logaddexp(double a, double b) {
  const double gap = a == b ? 0.0 : -magnitude(a - b); /* equal infinities have no difference */
  return (a > b ? a : b) + log_one_plus(exp_of(gap));
}

/* log(-expm1(x)) near 0, log1p(-exp(x)) below -log 2. */
double lg_log1mexp(double x) {
  const exponential e = exp_parts(x);
  const double scale = e.scale_1 * e.scale_2;
  const double minus_one = scale * e.fraction + (scale - 1.0);
  const double whole = (1.0 + e.fraction) * e.scale_1 * e.scale_2;
  const double rounded = 1.0 - whole;
  const int near = x > -0.6931471805599453;
  const double lost = near ? 0.0 : ((1.0 - rounded) - whole) / rounded;
  const double result = log_of(near ? -minus_one : rounded, lost);
  return x <= 0.0 ? result : not_a_number;
}

/* Near p = 1/2 the series in s = 2 p - 1, which is exact; elsewhere the logarithm of the odds. */
double lg_logit(double p) {
  const double s = 2.0 * p - 1.0;
  const double z = s * s;
  const double series = s * (2.0 + z * POLYNOMIAL(log_tail, z));
  const double odds = log_of(p / (1.0 - p), 0.0);
  return magnitude(s) < 0.1715 ? series : odds;
}

double lg_xlogy(double x, double y) {
  const double product = x * log_of(y, 0.0);
  return x == 0.0 && y == y ? 0.0 : product;
}

/* exp(-x x) with x x in two parts: the square of the leading 26 bits is exact. */
double lg_gaussian(double x) {
  const double a = magnitude(x) > 28.0 ? 28.0 : magnitude(x);
  const double high = from_bits(to_bits(a) & 0xfffffffff8000000);
  const double d = -(a + high) * (a - high); /* at most 5e-5 */
  const double small = d * (1.0 + d * (0.5 + d * (1.0 / 6.0)));
  const exponential e = exp_parts(-high * high);
  return (1.0 + (e.fraction + (small + small * e.fraction))) * e.scale_1 * e.scale_2;
}

/* --- the gamma function and its logarithmic derivatives --- */

/* Between -3/8 and 35/8 by steps of 1 to 1 + w with -3/8 <= w < 11/8, whose rational function has the zeros at 1 and 2
 * as factors; above by Stirling's series; below by reflection: lgamma(-a) = -log(a |sin pi a| / pi) - lgamma(a). */
double lg_lgamma(double x) {
  const int reflected = x < -0.375;
  const double y = reflected ? -x : x;
  const int small = y < 0.625;
  const int far = y >= 4.375;

  double w = small ? y : y - 1.0, product = 1.0;
#pragma GCC unroll 16
  for (int i = 0; i < 2; ++i) {
    const int above = w >= 1.375;
    product = above ? product * w : product;
    w = above ? w - 1.0 : w;
  }
  const double near = w * (w - 1.0) * RATIO(lgamma_near, w + 0.375);

  const double logarithm = log_of(far ? y : (small ? magnitude(y) : product), 0.0);
  const double inverse = 1.0 / y;
  const double series = 0.41893853320467274178 + inverse * RATIO(lgamma_far, inverse * inverse);
  const double stirling = (y - 0.5) * (logarithm - 1.0) + series;
  const double positive = far ? stirling : near + (small ? -logarithm : logarithm);

  const double r = magnitude(from_integer(y));
  const double negative = -log_of(y * (r * sine_ratio(r)), 0.0) - positive;
  const double result = reflected ? negative : positive;
  return magnitude(x) == infinity || (reflected && r == 0.0) ? infinity : result;
}

/* Between 0 and 19/8 by a step of 1 to 1 + w with -1/8 <= w < 11/8, whose rational function has the zero as a factor;
 * above log(x) and a series; below by reflection: digamma(-a) = digamma(1 + a) + pi cot(pi a). */
double lg_digamma(double x) {
  const int reflected = x < 0.0;
  const double y = reflected ? 1.0 - x : x;
  const int below = x < 0.875;

  const double w = reflected ? -x : (below ? x : x - 1.0);
  const double from_zero = ((w - digamma_zero[0]) - digamma_zero[1]) - digamma_zero[2];
  const double near = from_zero * RATIO(digamma_near, w + 0.125);

  const double inverse = 1.0 / y;
  const double far = log_of(y, 0.0) - inverse * RATIO(digamma_far, inverse);
  const double positive = y >= 2.375 ? far : (below && !reflected ? near - inverse : near);

  const double r = from_integer(-x);
  const double cotangent = cosine_of_pi(r) / (r * sine_ratio(r));
  const double negative = r == 0.0 ? not_a_number : positive + cotangent;
  return reflected ? negative : positive;
}

/* From 1 on a series in 1 / x; between 0 and 1 one step upwards; below by reflection: trigamma(-a) =
 * (pi / sin(pi a))^2 - trigamma(1 + a). */
double lg_trigamma(double x) {
  const int below = x < 1.0;
  const int reflected = x < 0.0;
  const double y = reflected ? 1.0 - x : (below ? x + 1.0 : x);
  const double s = 1.0 / y;
  const double far = s + s * s * RATIO(trigamma_far, s);

  const double r = from_integer(-x);
  const double pole = 1.0 / (reflected ? r * sine_ratio(r) : x);
  const double other = reflected ? -far : far;
  return below ? pole * pole + other : far;
}

/* As trigamma: tetragamma(-a) = tetragamma(1 + a) + 2 pi^3 cos(pi a) / sin(pi a)^3. */
double lg_tetragamma(double x) {
  const int below = x < 1.0;
  const int reflected = x < 0.0;
  const double y = reflected ? 1.0 - x : (below ? x + 1.0 : x);
  const double s = 1.0 / y;
  const double far = -s * s * (1.0 + s * RATIO(tetragamma_far, s));

  const double r = from_integer(-x);
  const double pole = 1.0 / (reflected ? r * sine_ratio(r) : x);
  const double factor = reflected ? 2.0 * cosine_of_pi(r) : -2.0;
  const double near = factor * pole * pole * pole + far;
  return below ? (reflected && r == 0.0 ? not_a_number : near) : far;
}
