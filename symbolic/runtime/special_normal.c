/* The error function and the normal distribution where erfc underflows or 1 - erf cancels, and their inverses; without
 * branches but owens_t, as special.c. */
#include "special.h"
#include "special_kernels.h"
#include "special_quadrature.h"

/* erfcx_map: error 6.5e-17 */
static const double erfcx_map[] = {
    0.2375126308378276,     -0.37775322942337447,    0.3813386449088383,      -0.29906190641869834,
    0.1902579762769805,     -0.0979536551164407,     0.03926025652622834,     -0.010897979109587742,
    0.0011513995570834985,  0.0006042263143187559,   -0.00031051268003374924, 2.0358508055243303e-05,
    3.129070333546501e-05,  -8.906169024538512e-06,  -2.5382434146472393e-06, 1.5640431202874414e-06,
    1.8801484990277816e-07, -2.4429200945637464e-07, -1.4814959350051168e-08, 3.7154530020078195e-08,
    1.8109225478225961e-09, -4.974732369059423e-09,  -3.095546182222928e-10,  4.0976452115813936e-10,
    3.373138719189757e-11};
/* ierfcx_map: error 1.0e-18 */
static const double ierfcx_map[] = {
    1.3169823033696375,      -0.16300281594714544,   -0.19609985520540663,    0.36491703562814726,
    -0.3214018428006391,     0.1648046115626736,     -0.018159122054857847,   -0.05358460603978683,
    0.05693561870539801,     -0.03159014261998382,   0.009340898907061098,    0.00020582968298794743,
    -0.0014136734943868585,  0.00042055742403036736, 0.00010155552816763155,  -8.82508767919831e-05,
    -2.6666373329759896e-07, 1.4632737795264171e-05, -1.5812070541725006e-06, -2.4182853008638756e-06,
    4.056363807756676e-07,   4.225209375233529e-07,  -7.550716124852163e-08,  -7.390752113676077e-08,
    1.126209088758145e-08,   1.0795025182081767e-08, -1.2255847495374448e-09, -9.011889251130913e-10,
    7.172233766562451e-11};
/* quantile_centre: error 6.0e-17 */
static const double quantile_centre[] = {3.3871328727963665, 148.75654077063152, 2548.2248573022625,
                                         21627.48116049056,  95692.73551269759,  213550.16248438213,
                                         214247.3801984238,  74060.81462563902,  3907.007639023816};
static const double quantile_centre_below[] = {1.0,
                                               46.92338689522055,
                                               871.2838940641986,
                                               8176.878340636071,
                                               41169.98166790856,
                                               109244.70555458817,
                                               140376.82723612545,
                                               72342.69749284587,
                                               9398.46451720659};
/* quantile_tail: error 2.1e-17 */
static const double quantile_tail[] = {1.4234371107496835,  4.658671152911319,     5.895441930593747,
                                       3.867306448959962,   1.4607583582995678,    0.3281996025557107,
                                       0.04265573683356803, 0.0028477028904769918, 7.021355815515727e-05};
static const double quantile_tail_below[] = {1.0,
                                             2.073096479855932,
                                             1.7409835549495896,
                                             0.7681616354872175,
                                             0.19254621603461666,
                                             0.02720737081022722,
                                             0.0019346295319642268,
                                             4.964417089088834e-05,
                                             3.604856526953905e-11};
/* quantile_far: error 5.5e-18 */
static const double quantile_far[] = {6.657904643501103,     7.0801350193197825,     3.195600843289518,
                                      0.7990077695047425,    0.12114366361547642,    0.01146379101965428,
                                      0.0006725283623191242, 2.3563968096314428e-05, 4.5748140658229667e-07,
                                      4.272416696392895e-09, 1.3839808796074283e-11};
static const double quantile_far_below[] = {1.0,
                                            0.8426037983258914,
                                            0.295217127702486,
                                            0.05570638136423249,
                                            0.006135813582954954,
                                            0.00040071846082545293,
                                            1.5128202480790538e-05,
                                            3.086654805272141e-07,
                                            2.972134207492108e-09,
                                            9.786209878264715e-12,
                                            1.331481657597886e-20};

static const double root_half = 0.70710678118654752440;
static const double log_2 = 0.69314718055994530942;
static const double inverse_root_pi = 0.56418958354775628695;

/* exp(factor x x) for |x| <= 60 and a factor that is a power of 2 or its negative: the square of the leading 26 bits is
 * exact, and what it lacks small. */
static inline __attribute__((always_inline)) double exp_of_square(double x, double factor) {
  const double high = from_bits(to_bits(x) & 0xfffffffff8000000);
  const double d = factor * ((x + high) * (x - high));
  const double small = d * (1.0 + d * (0.5 + d * (1.0 / 6.0)));
  const exponential e = exp_parts(factor * (high * high));
  return (1.0 + (e.fraction + (small + small * e.fraction))) * e.scale_1 * e.scale_2;
}

/* --- scaled error functions --- */

/* exp(a a) erfc(a) for 0 <= a. */
static inline __attribute__((always_inline)) double erfcx_positive(double a) {
  const double t = (a - 3.75) / (a + 3.75), from_start = a / (a + 3.75);
  const double value = (0.5 + from_start * POLYNOMIAL(erfcx_map, t)) / (0.5 + a);
  return a == infinity ? 0.0 : value;
}

double lg_erfcx(double x) {
  const double a = magnitude(x);
  const double positive = erfcx_positive(a);
  const double growing = 2.0 * exp_of_square(a > 27.0 ? 27.0 : a, 1.0) - positive;
  return x < 0.0 ? growing : positive;
}

double lg_ierfcx(double x) {
  const double a = magnitude(x);
  const double t = (a - 3.75) / (a + 3.75);
  const double near = 0.5 / (0.5 + a);
  const double positive = a == infinity ? 0.0 : near * near * POLYNOMIAL(ierfcx_map, t);
  const double negative = inverse_root_pi + a * (2.0 * exp_of_square(a > 27.0 ? 27.0 : a, 1.0) - erfcx_positive(a));
  return x < 0.0 ? negative : positive;
}

/* --- the normal distribution --- */

/* Probability beyond |x|. */
static inline __attribute__((always_inline)) double normal_tail(double a) {
  const double capped = a > 40.0 ? 40.0 : a;
  return 0.5 * erfcx_positive(capped * root_half) * exp_of_square(capped, -0.5);
}

double lg_ndtr(double x) {
  const double tail = normal_tail(magnitude(x));
  return x > 0.0 ? 1.0 - tail : tail;
}

double lg_log_ndtr(double x) {
  const double a = magnitude(x);
  const double tail = normal_tail(a);
  const double rounded = 1.0 - tail;
  const double above = log_normal(rounded, ((1.0 - rounded) - tail) / rounded);
  const double below = log_of(0.5 * erfcx_positive(a * root_half), 0.0) - (0.5 * x) * x;
  const double result = x > 0.0 ? above : below;
  return a == infinity ? (x > 0.0 ? 0.0 : -infinity) : result;
}

/* Size of the quantile of 1/2 + q, where |q| <= 0.425, or of a tail probability of exp(-level). */
static inline __attribute__((always_inline)) double quantile(double q, double level) {
  const double centre = q * RATIO(quantile_centre, 0.180625 - q * q);
  const double r = __builtin_sqrt(level);
  const double tail = RATIO(quantile_tail, r - 1.6), far = RATIO(quantile_far, r - 5.0);
  const double outer = level == infinity ? infinity : (r > 5.0 ? far : tail);
  return magnitude(q) <= 0.425 ? magnitude(centre) : outer;
}

static inline double with_sign_of(double size, double x) { return x < 0.0 ? -size : size; }

double lg_ndtri(double p) {
  const double q = p - 0.5;
  return with_sign_of(quantile(q, -log_of(p < 0.5 ? p : 1.0 - p, 0.0)), q);
}

double lg_erfinv(double y) {
  const double size = quantile(0.5 * y, -log_of(1.0 - magnitude(y), -log_2));
  return root_half * with_sign_of(size, y);
}

double lg_erfcinv(double z) {
  const double size = quantile(0.5 - 0.5 * z, -log_of(z < 1.0 ? z : 2.0 - z, -log_2));
  return root_half * with_sign_of(size, 1.0 - z);
}

/* By the tail probability: exp(y) below the median, 1 - exp(y) above. Below exp(-784) by Newton's method for the
 * logarithm, from its asymptotic series. */
double lg_ndtri_exp(double y) {
  const exponential e = exp_parts(y > 0.0 ? 0.0 : y);
  const double scale = e.scale_1 * e.scale_2;
  const double minus_one = scale * e.fraction + (scale - 1.0);
  const int upper = y > -log_2;
  const double level = upper ? -log_of(-minus_one, 0.0) : -y;
  const double size = quantile(upper ? 0.5 + minus_one : scale * e.fraction + (scale - 0.5), level);

  const double far = level > 784.0 ? level : 784.0;
  double x = __builtin_sqrt(far - 0.5 * log_of(far, 2.5310242469692907930)) / root_half; /* log(4 pi) */
  for (int i = 0; i < 2; ++i) {
    const double scaled = erfcx_positive(x * root_half);
    const double excess = (far - (0.5 * x) * x) + log_of(0.5 * scaled, 0.0);
    x += excess * scaled * 1.2533141373155002512; /* over the slope sqrt(2 / pi) / scaled */
  }
  const double beyond = level == infinity ? infinity : x;
  const double result = upper ? size : (level > 784.0 ? -beyond : -size);
  return y <= 0.0 ? (y == 0.0 ? infinity : result) : not_a_number;
}

/* T(h, a) = 1 / (2 pi) * the integral of exp(-h^2 (1 + t^2) / 2) / (1 + t^2) over t from 0 to a (Owen 1956), for
 * 0 <= h and 0 <= a <= 1; no more of it than matters. */
static double owens_integral(double h, double a) {
  const double end = h * a > 9.0 ? 9.0 / h : a;
  const double most = 0.5 * (h * end) * (h * end);
  double values[rule_points];
  for (int i = 0; i < rule_points; ++i) {
    const double t = end * rule_nodes[i];
    values[i] = exp_of(-most * (rule_nodes[i] * rule_nodes[i])) / (1.0 + t * t);
  }
  return end * rule_sum(rule_weights, values) * exp_of_square(h > 40.0 ? 40.0 : h, -0.5) * 0.15915494309189533577;
}

/* For 1 < a by T(h, a) = (Q(h) + Q(a h)) / 2 - Q(h) Q(a h) - T(a h, 1 / a), Q the upper tail. */
double lg_owens_t(double h, double a) {
  if (h != h || a != a) return not_a_number;
  const double height = magnitude(h) > 40.0 ? 40.0 : magnitude(h), slope = magnitude(a);
  double value;
  if (slope <= 1.0) {
    value = owens_integral(height, slope);
  } else {
    const double product = height == 0.0 ? 0.0 : (height * slope > 40.0 ? 40.0 : height * slope); /* nothing beyond */
    const double first = normal_tail(height), second = normal_tail(product);
    value = 0.5 * first + second * (0.5 - first) - owens_integral(product, 1.0 / slope);
  }
  return a < 0.0 ? -value : value;
}
