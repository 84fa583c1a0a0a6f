/* What the special functions are made of: exp and log without branches, polynomials, and sines of multiples of pi.
 *
 * Compile with -O3 -fno-math-errno -fno-trapping-math -ffp-contract=off. The numbers come from
 * special_coefficients.py. */
#ifndef LEAPGRAPH_SYMBOLIC_RUNTIME_SPECIAL_KERNELS_H
#define LEAPGRAPH_SYMBOLIC_RUNTIME_SPECIAL_KERNELS_H

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
/* sinpi_tail: error 2.3e-18 */
static const double sinpi_tail[] = {-1.6449340668482264,     0.8117424252833519,     -0.19075182412194128,
                                    0.026147847813078808,    -0.0023460809634923995, 0.00014842817816693616,
                                    -6.9729605555641936e-06, 2.4591803848156544e-07};
/* lgamma_near: error 2.7e-18 */
static const double lgamma_near[] = {
    0.6997905367058234, 3.7797610569529234, 8.181380356006542,   9.107955456087394,     5.575430354208826,
    1.8650397245481811, 0.3199578992561609, 0.02438638201297398, 0.0005924979955396829, 9.730305013281205e-07};
static const double lgamma_near_below[] = {1.0,
                                           6.033361040462542,
                                           14.876438531292882,
                                           19.365327853222688,
                                           14.373816352097082,
                                           6.146780241617192,
                                           1.4634649688813068,
                                           0.1784098025572519,
                                           0.009409596593895444,
                                           0.00014441191134122733};
/* lgamma_far: error 3.2e-18 */
static const double lgamma_far[] = {0.08333333333333333, 0.821069449758617, 1.9770028335074672, 1.163173129647955,
                                    0.0854152270789767};
static const double lgamma_far_below[] = {1.0, 9.886166730436726, 24.044049083585872, 14.672534745697186,
                                          1.3455908628362896};
/* digamma_near: error 1.1e-20 */
static const double digamma_near[] = {1.3705642939001523,    2.3586513945941294,   1.4723593462438778,
                                      0.4236794170028427,    0.058058595547899675, 0.0034559874056240346,
                                      6.593618296000493e-05, 7.733096200411998e-08};
static const double digamma_near_below[] = {1.0,
                                            2.510938464256699,
                                            2.2535596503250575,
                                            0.9495535518053226,
                                            0.20161452708633773,
                                            0.021028690141730106,
                                            0.000945376005355876,
                                            1.264758192365507e-05};
/* zero of digamma less 1, in three parts */
static const double digamma_zero[] = {0.4616321446374059, 3.309564688275257e-10, 9.016312093258695e-20};
/* digamma_far: error 1.2e-17 */
static const double digamma_far[] = {0.5,
                                     1.9885117194231816,
                                     5.771568530709188,
                                     9.133451186451865,
                                     10.129938311797858,
                                     6.645026356814225,
                                     2.638534478926314,
                                     0.43576102081820295};
static const double digamma_far_below[] = {1.0,
                                           3.81035677217971,
                                           10.908077599385985,
                                           16.465556106515336,
                                           17.579123211981674,
                                           10.53406378732326,
                                           3.7655742539967383,
                                           0.4586986415565753};
/* trigamma_far: error 8.6e-18 */
static const double trigamma_far[] = {0.5,
                                      9.686335226505484,
                                      88.0583553399744,
                                      488.5679453680271,
                                      1816.9532984141456,
                                      4706.170282386793,
                                      8570.448653583222,
                                      10833.143221311977,
                                      9135.057976025651,
                                      4696.82477241379,
                                      1147.5796234128609};
static const double trigamma_far_below[] = {1.0,
                                            19.039337119677647,
                                            169.77026497338792,
                                            920.6124690783745,
                                            3328.3050629387412,
                                            8314.175942538797,
                                            14429.972853353542,
                                            17070.164900506104,
                                            13091.769555108252,
                                            5844.404395794536,
                                            1147.579623415043};
/* tetragamma_far: error 6.0e-18 */
static const double tetragamma_far[] = {1.0,
                                        20.075398805581017,
                                        193.81963504216057,
                                        1166.0581815888922,
                                        4804.392019249821,
                                        14128.218338338102,
                                        30102.455727254066,
                                        46314.909389922796,
                                        50321.352742721996,
                                        36673.11317984068,
                                        15964.11573182157,
                                        2978.289280095999};
static const double tetragamma_far_below[] = {1.0,
                                              19.575398805581024,
                                              184.0319356393684,
                                              1074.2088804360135,
                                              4270.550145492809,
                                              12023.448588404404,
                                              24266.503675385637,
                                              34863.04399838039,
                                              34720.57561230294,
                                              22699.871684062757,
                                              8726.63018578731,
                                              1489.144640057049};

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

/* c[0] + c[1] x + ... + c[degree] x^degree, for a degree above 1: Horner's rule for the even and the odd powers side by
 * side, since the time of these functions is that of their longest chain. */
static inline __attribute__((always_inline)) double polynomial(const double* c, int degree, double x) {
  const double square = x * x;
  double first = c[degree], second = c[degree - 1];
#pragma GCC unroll 16
  for (int i = degree - 2; i >= 1; i -= 2) {
    first = first * square + c[i];
    second = second * square + c[i - 1];
  }
  return degree % 2 == 0 ? (first * square + c[0]) + second * x : first * x + second;
}

#define DEGREE(c) ((int)(sizeof(c) / sizeof((c)[0])) - 1)
#define POLYNOMIAL(c, x) polynomial(c, DEGREE(c), x)

/* --- exp and log --- */

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

/* --- sines of multiples of pi --- */

/* sin(pi r) / (pi r) for |r| <= 1/2. */
static inline __attribute__((always_inline)) double sine_ratio(double r) {
  const double z = r * r;
  return 1.0 + z * POLYNOMIAL(sinpi_tail, z);
}

/* cos(pi r) for |r| <= 1/2, exact in the limit r = 1/2. */
static inline __attribute__((always_inline)) double cosine_of_pi(double r) {
  const double from_half = 0.5 - magnitude(r);
  return pi * from_half * sine_ratio(from_half);
}

/* Signed distance to the nearest integer, exact. */
static inline double from_integer(double x) { return x - __builtin_rint(x); }

#define RATIO(c, x) (POLYNOMIAL(c, x) / POLYNOMIAL(c##_below, x))

#endif
