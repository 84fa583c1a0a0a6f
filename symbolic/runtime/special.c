/* Special functions without branches, so that the compiler makes vector versions of them (attribute simd).
 *
 * Every choice is a select between values computed for all arguments; loops have a fixed count; nothing outside this
 * file is called. Compile with -O3 -fno-math-errno -fno-trapping-math -ffp-contract=off. The numbers come from
 * special_coefficients.py. */
#include "special.h"

#include <stdint.h>

static const double infinity = __builtin_inf();
static const double not_a_number = __builtin_nan("");
static const double pi = 3.14159265358979323846;
static const double log_2_high = 6.93147180369123816490e-01; /* 33 bits: exact when multiplied by an exponent */
static const double log_2_low = 1.90821492927058770002e-10;
static const double to_integer = 0x1.8p52; /* adding it rounds to an integer and leaves that in the low bits */

/* exp_tail: error 3.0e-18 */
static const double exp_tail[] = {0.5,
                                  0.1666666666666667,
                                  0.04166666666666667,
                                  0.008333333333326136,
                                  0.0013888888888883748,
                                  0.00019841269874820627,
                                  2.4801587325547743e-05,
                                  2.7557255400206422e-06,
                                  2.75572736431103e-07,
                                  2.5105217004720745e-08,
                                  2.0914686968086876e-09};
/* log_tail: error 3.1e-18 */
static const double log_tail[] = {0.6666666666666666,  0.4000000000000088,  0.2857142857080285,  0.22222222391887064,
                                  0.18181795621632776, 0.15386240708969895, 0.13268746195591385, 0.13086907888012236};
/* sinpi_tail: error 3.2e-19 */
static const double sinpi_tail[] = {3.141592653589793,     -5.167712780049969,      2.5501640398773007,
                                    -0.5992645293189447,   0.0821458865731029,      -0.007370430505916944,
                                    0.0004662998161898394, -2.1903497074626018e-05, 7.697826768224191e-07};
/* lgamma_near: error 2.7e-18 */
static const double lgamma_near[] = {
    0.5772156649015329,  2.2554124075954443,   3.6087965632951446,    3.0475330667544767,    1.4595211704131756,
    0.39624219033800845, 0.057573751567484094, 0.0039000759833273634, 8.879256180887611e-05, 1.4501591987787406e-07};
static const double lgamma_near_below[] = {1.0,
                                           4.332286748566695,
                                           7.823525635119026,
                                           7.63670225145244,
                                           4.370979289823943,
                                           1.4895470604122394,
                                           0.2935222000659101,
                                           0.03090540791548843,
                                           0.0014750006727328342,
                                           2.152247656767761e-05};
/* lgamma_far: error 4.4e-16 */
static const double lgamma_far[] = {0.0833333333333333,     -0.002777777777606244, 0.0007936506649488251,
                                    -0.0005952025951802608, 0.0008372834512064689, -0.001652600445544065};
/* zero of digamma in three parts */
static const double digamma_zero[] = {1.4616321446374059, 3.309564688275257e-10, 9.016312093258695e-20};
/* digamma_near: error 7.5e-20 */
static const double digamma_near[] = {0.9510558760318328,  1.1663702567214969,   0.5137384479970142,
                                      0.0998201733015596,  0.008297484863617567, 0.00022636249078624788,
                                      4.22009395907132e-07};
static const double digamma_near_below[] = {1.0,
                                            1.6718236205395554,
                                            1.0319333676352624,
                                            0.2978119036558111,
                                            0.041378314480827155,
                                            0.0025031842360786877,
                                            4.664959078686044e-05};
/* digamma_far: error 5.6e-15 */
static const double digamma_far[] = {0.08333333333333287,   -0.008333333331168558, 0.003968252342841618,
                                     -0.004166217650696711, 0.007519088230738725,  -0.01771116041565208};
/* trigamma_far: error 2.1e-17 */
static const double trigamma_far[] = {0.16666666666666666,  -0.03333333333330476, 0.023809523770911365,
                                      -0.03333331335581845, 0.07575246348177381,  -0.2523946862732885,
                                      1.1093601965524131,   -4.5753041419894345};
/* tetragamma_far: error 1.2e-16 */
static const double tetragamma_far[] = {0.49999999999999994, -0.16666666666615132, 0.1666666659699264,
                                        -0.2999996391358887, 0.8332408223665413,   -3.277428468305641,
                                        16.454226363275726,  -74.12259415261428};

static inline uint64_t to_bits(double x) {
  uint64_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline double from_bits(uint64_t bits) {
  double x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

static inline double magnitude(double x) { return __builtin_fabs(x); }

/* c[0] + c[1] x + ... + c[degree] x^degree */
static inline __attribute__((always_inline)) double polynomial(const double* c, int degree, double x) {
  double sum = c[degree];
#pragma GCC unroll 16
  for (int i = degree - 1; i >= 0; --i) sum = sum * x + c[i];
  return sum;
}

#define DEGREE(c) ((int)(sizeof(c) / sizeof((c)[0])) - 1)
#define POLYNOMIAL(c, x) polynomial(c, DEGREE(c), x)

/* --- exp and log, the kernels of the rest --- */

/* exp(x) = (1 + fraction) scale_1 scale_2, for x <= 710; the scale is in two parts so that denormals round once. */
typedef struct {
  double fraction, scale_1, scale_2;
} exponential;

static inline __attribute__((always_inline)) exponential exp_parts(double x) {
  const double clamped = x < -750.0 ? -750.0 : x;
  const double k = (clamped * 1.44269504088896340736 + to_integer) - to_integer;
  const double r = (clamped - k * log_2_high) - k * log_2_low;
  const double half = k * 0.5 + to_integer;
  const double other = (k - (half - to_integer)) + to_integer;
  const exponential result = {r + r * r * POLYNOMIAL(exp_tail, r), from_bits((to_bits(half) + 1023) << 52),
                              from_bits((to_bits(other) + 1023) << 52)};
  return result;
}

static inline __attribute__((always_inline)) double exp_of(double x) {
  const exponential e = exp_parts(x);
  return (1.0 + e.fraction) * e.scale_1 * e.scale_2;
}

/* log(x) + correction for x positive, finite and normal; x = 2^k (1 + f), s = f / (2 + f), log(1 + f) = 2 s + s^3 P. */
static inline __attribute__((always_inline)) double log_normal(double x, double correction) {
  const uint64_t root_half = 0x3fe6a09e667f3bcd;
  const uint64_t shifted = to_bits(x) + (0x3ff0000000000000 - root_half);
  const double k = from_bits(0x4338000000000000 + (shifted >> 52)) - (to_integer + 1023.0);
  const double f = from_bits((shifted & 0x000fffffffffffff) + root_half) - 1.0;
  const double s = f / (2.0 + f);
  const double z = s * s;
  const double half_square = 0.5 * f * f;
  const double rest = s * (half_square + z * POLYNOMIAL(log_tail, z)) + (k * log_2_low + correction);
  return k * log_2_high - ((half_square - rest) - f);
}

/* The same for every x. */
static inline __attribute__((always_inline)) double log_of(double x, double correction) {
  const int denormal = x < 0x1p-1022;
  const double regular = log_normal(denormal ? x * 0x1p54 : x, denormal ? -54.0 * log_2_low : correction);
  const double result = denormal ? regular - 54.0 * log_2_high : regular;
  const double special = x == 0.0 ? -infinity : not_a_number;
  return x > 0.0 ? (x == infinity ? infinity : result) : special;
}

/* log(1 + e) for 0 <= e <= 1: the logarithm of the rounded sum, and what rounding lost. */
static inline __attribute__((always_inline)) double log_one_plus(double e) {
  const double sum = 1.0 + e;
  return log_normal(sum, (e - (sum - 1.0)) / sum);
}

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
  return magnitude(s) < 0.17 ? series : odds;
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

/* sin(pi r) for |r| <= 1/2. */
static inline __attribute__((always_inline)) double sin_pi(double r) { return r * POLYNOMIAL(sinpi_tail, r * r); }

/* Distance to the nearest integer, exact. */
static inline double from_integer(double x) { return x - __builtin_rint(x); }

/* Between -3/8 and 8 by steps of 1 to 1 + w with -3/8 <= w < 11/8, whose rational function has the zeros at 1 and 2 as
 * factors; from 8 on Stirling's series; below by reflection: lgamma(-a) = log(pi / (a |sin pi a|)) - lgamma(a). */
double lg_lgamma(double x) {
  const int reflected = x < -0.375;
  const double y = reflected ? -x : x;
  const int small = y < 0.625;
  const int far = y >= 8.0;

  double reduced = y, product = 1.0;
#pragma GCC unroll 16
  for (int i = 0; i < 6; ++i) {
    const double lower = reduced - 1.0;
    const int above = reduced >= 2.375;
    product = above ? product * lower : product;
    reduced = above ? lower : reduced;
  }
  const double w = small ? y : reduced - 1.0;
  const double near = w * (w - 1.0) * (POLYNOMIAL(lgamma_near, w) / POLYNOMIAL(lgamma_near_below, w));

  const double logarithm = log_of(far ? y : (small ? magnitude(y) : product), 0.0);
  const double inverse = 1.0 / y;
  const double series = 0.41893853320467274178 + inverse * POLYNOMIAL(lgamma_far, inverse * inverse);
  const double stirling = (y - 0.5) * (logarithm - 1.0) + series;
  const double positive = far ? stirling : near + (small ? -logarithm : logarithm);

  const double sine = sin_pi(magnitude(from_integer(y)));
  const double negative = log_of(pi / (y * sine), 0.0) - positive;
  const double result = reflected ? negative : positive;
  return magnitude(x) == infinity ? infinity : result;
}

/* Below 8 by steps of 1 to [1, 2), whose rational function has the zero as a factor, the reciprocals summed as one
 * fraction; from 8 on the asymptotic series; negative arguments by digamma(-a) = digamma(1 + a) + pi cot(pi a). */
double lg_digamma(double x) {
  const int reflected = x < 0.0;
  const double y = reflected ? 1.0 - x : x;
  const int below = y < 1.0;

  double reduced = below ? y + 1.0 : y, top = below ? -1.0 : 0.0, bottom = below ? y : 1.0;
#pragma GCC unroll 16
  for (int i = 0; i < 6; ++i) {
    const double lower = reduced - 1.0;
    const int above = reduced >= 2.0;
    top = above ? top * lower + bottom : top;
    bottom = above ? bottom * lower : bottom;
    reduced = above ? lower : reduced;
  }
  const double from_zero = ((reduced - digamma_zero[0]) - digamma_zero[1]) - digamma_zero[2];
  const double u = reduced - 1.5;
  const double near = from_zero * (POLYNOMIAL(digamma_near, u) / POLYNOMIAL(digamma_near_below, u)) + top / bottom;

  const double inverse = 1.0 / y;
  const double z = inverse * inverse;
  const double far = log_of(y, 0.0) - (0.5 * inverse + z * POLYNOMIAL(digamma_far, z));
  const double positive = y >= 8.0 ? far : near;

  const double r = from_integer(-x);
  const double cotangent = sin_pi(0.5 - magnitude(r)) / sin_pi(r);
  const double negative = r == 0.0 ? not_a_number : positive + pi * cotangent;
  return reflected ? negative : positive;
}

/* Below 8 by steps of 1 upwards, the inverse squares summed as one fraction; then the asymptotic series; negative
 * arguments by trigamma(-a) = (pi / sin(pi a))^2 - trigamma(1 + a). */
double lg_trigamma(double x) {
  const int reflected = x < 0.0;
  const double y = reflected ? 1.0 - x : x;
  const int tiny = y < 1e-100; /* the square of y would lose digits */

  double raised = y, top = 0.0, bottom = 1.0;
#pragma GCC unroll 16
  for (int i = 0; i < 8; ++i) {
    const double term = y + i, square = term * term;
    const int below = term < 8.0;
    top = below ? top * square + bottom : top;
    bottom = below ? bottom * square : bottom;
    raised = below ? term + 1.0 : raised;
  }
  const double inverse = 1.0 / (tiny ? y : raised);
  const double z = inverse * inverse;
  const double series = inverse + (0.5 * z + inverse * z * POLYNOMIAL(trigamma_far, z));
  const double positive = tiny ? z : series + top / bottom;

  const double cosecant = pi / sin_pi(from_integer(-x));
  return reflected ? cosecant * cosecant - positive : positive;
}

/* As trigamma, with inverse cubes; tetragamma(-a) = tetragamma(1 + a) + 2 pi^3 cos(pi a) / sin(pi a)^3. */
double lg_tetragamma(double x) {
  const int reflected = x < 0.0;
  const double y = reflected ? 1.0 - x : x;
  const int tiny = y < 1e-100;

  double raised = y, top = 0.0, bottom = 1.0;
#pragma GCC unroll 16
  for (int i = 0; i < 8; ++i) {
    const double term = y + i, cube = term * term * term;
    const int below = term < 8.0;
    top = below ? top * cube + bottom : top;
    bottom = below ? bottom * cube : bottom;
    raised = below ? term + 1.0 : raised;
  }
  const double inverse = 1.0 / (tiny ? y : raised);
  const double z = inverse * inverse;
  const double series = z + (inverse * z + z * z * POLYNOMIAL(tetragamma_far, z));
  const double positive = tiny ? -2.0 * z * inverse : -(series + 2.0 * (top / bottom));

  const double r = from_integer(-x);
  const double cosecant = pi / sin_pi(r);
  const double negative =
      r == 0.0 ? not_a_number : positive + 2.0 * sin_pi(0.5 - magnitude(r)) * cosecant * cosecant * cosecant;
  return reflected ? negative : positive;
}
