/* The incomplete gamma and beta functions, what they change by with their parameters, and their inverses.
 *
 * Both are integrals of log-concave densities once the variable is log(t), or log(t / (1 - t)): from the end point the
 * density falls off to the nearer tail at least as exp(-s) does, which one Gauss rule integrates to the last digits,
 * together with what derivatives by parameters weigh it with. None of these sums cancel, so that tails have the
 * accuracy of the rest. Where the fall is slower (a parameter below 1) there are power series. */
#include <math.h>

#include "special.h"
#include "special_gamma.h"
#include "special_kernels.h"
#include "special_quadrature.h"

/* --- pieces of exponents, for loops that become vector code --- */

/* exp(s) - 1 - s, accurate near 0. */
static inline __attribute__((always_inline)) double exp_rest(double s) {
  static const double taylor[] = {
      1.0 / 2,      1.0 / 6,       1.0 / 24,       1.0 / 120,       1.0 / 720,          1.0 / 5040,         1.0 / 40320,
      1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800.0, 1.0 / 87178291200.0};
  const double near = s * s * POLYNOMIAL(taylor, s);
  const double far = exp_of(s < 700.0 ? s : 700.0) - 1.0 - s;
  return magnitude(s) < 0.7 ? near : far;
}

/* log(1 + y), and y less that: each accurate near 0, as log_normal finds logarithms. */
typedef struct {
  double value, rest;
} logarithm;

static inline __attribute__((always_inline)) logarithm log_of_one_plus(double y) {
  const double s = y / (2.0 + y);
  const double z = s * s;
  const double near = s * (y - z * POLYNOMIAL(log_tail, z));
  const double far = log_normal(1.0 + y, 0.0);
  const int is_near = magnitude(s) < 0.17;
  const logarithm result = {is_near ? y - near : far, is_near ? near : y - far};
  return result;
}

/* An integral of exp(g(s)) over s, and of the same times first and second powers of what its user says. */
typedef struct {
  double whole, first, second;
} moments;

/* Exponents below this do not matter. */
static const double least = -42.0;

static double log_ratio(double a, double b) {
  const double ratio = a / b;
  return ratio > 0.0 && ratio < infinity ? log(ratio) : log(a) - log(b);
}

/* --- gamma --- */

/* P and Q, their common derivative by a (of P), and the second one. */
typedef struct {
  double lower, upper, by_a, by_a_a;
} gamma_parts;

/* log(x^a exp(-x) / gamma(a)). */
static long double log_gamma_density(double a, double x) {
  const long double wide_a = a, wide_x = x;
  if (a < 10.0) return wide_a * logl(wide_x) - wide_x - lgammal(wide_a);
  return 0.5L * logl(wide_a / 6.28318530717958647693L) - wide_a * lg_log1p_rest((wide_x - wide_a) / wide_a) -
         (long double)lg_stirling_rest(a);
}

/* t = x exp(-s) (sign -1) or x exp(s) (sign 1): density exp(-|x - a| s - x (exp(sign s) - 1 - sign s)). */
static moments gamma_moments(double a, double x, double sign) {
  const double slope = magnitude(x - a);
  /* Where the exponent is `least`: first with the exponential replaced by its parabola; then Newton's method, from
   * beyond. */
  double end = (sqrt(slope * slope - 2.0 * x * least) - slope) / x;
  for (int i = 0; i < 6; ++i)
    end -= (-slope * end - x * exp_rest(sign * end) - least) / (-slope - sign * x * expm1(sign * end));
  double density[rule_points], first[rule_points], second[rule_points];
  for (int i = 0; i < rule_points; ++i) {
    const double s = end * rule_nodes[i];
    density[i] = exp_of(-slope * s - x * exp_rest(sign * s));
    first[i] = density[i] * s;
    second[i] = first[i] * s;
  }
  const moments m = {end * rule_sum(rule_weights, density), sign * end * rule_sum(rule_weights, first),
                     end * rule_sum(rule_weights, second)};
  return m;
}

/* For x < 1: P = x^a / gamma(a + 1) * S, S = exp(-x) * sum of x^n / ((a + 1) ... (a + n)) (DLMF 8.7.1), whose terms
 * change by -h_1 and h_1^2 + h_2 with a, h_k = sum of (a + j)^-k. Q for a small a from what P lacks. */
static gamma_parts gamma_series(double a, double x, int derivatives) {
  double term = 1.0, sum = 1.0, first = 0.0, second = 0.0, h_1 = 0.0, h_2 = 0.0;
  for (int n = 1; n < 60 && term > 1e-18 * sum; ++n) {
    const double inverse = 1.0 / (a + n);
    term *= x * inverse;
    h_1 += inverse;
    h_2 += inverse * inverse;
    sum += term;
    first -= term * h_1;
    second += term * (h_1 * h_1 + h_2);
  }
  const double scale = (double)expl((long double)a * logl(x) - x - lgammal((long double)a + 1.0L));
  gamma_parts parts = {scale * sum, 0, 0, 0};
  if (a < 0.5) {
    /* gamma(1 + a) as lgamma has it: accurate relative to a. */
    const double log_gamma = a * (a - 1.0) * RATIO(lgamma_near, a + 0.375);
    double power = x, rest = x / (a + 1.0);
    for (int n = 2; n < 30; ++n) {
      power *= -x / n;
      rest += power / (a + n);
    }
    const double exponent = a * log(x) - log_gamma;
    parts.upper = -expm1(exponent) + exp(exponent) * a * rest;
  } else {
    parts.upper = 1.0 - parts.lower;
  }
  if (derivatives) {
    const double slope = log(x) - lg_digamma(a + 1.0);
    parts.by_a = scale * (slope * sum + first);
    parts.by_a_a = scale * ((slope * slope - lg_trigamma(a + 1.0)) * sum + 2.0 * slope * first + second);
  }
  return parts;
}

static gamma_parts incomplete_gamma(double a, double x, int derivatives) {
  const gamma_parts undefined = {not_a_number, not_a_number, not_a_number, not_a_number};
  if (!(a >= 0.0) || !(x >= 0.0) || (a == 0.0 && x == 0.0) || (a == infinity && x == infinity)) return undefined;
  const gamma_parts all = {1, 0, 0, 0}, none = {0, 1, 0, 0};
  if (x == 0.0 || a == infinity) return none;
  if (a == 0.0 || x == infinity) return all;
  if (x < 1.0) return gamma_series(a, x, derivatives);

  const int below = x < a;
  const long double log_density = log_gamma_density(a, x);
  if (log_density < -800.0L) return below ? none : all;
  const double density = (double)expl(log_density);
  const moments m = gamma_moments(a, x, below ? -1.0 : 1.0);
  const double part = density * m.whole, sign = below ? 1.0 : -1.0;
  gamma_parts parts = {below ? part : 1.0 - part, below ? 1.0 - part : part, 0, 0};
  if (derivatives) {
    /* log(t) - digamma(a) = constant +- s */
    const double constant = log1p((x - a) / a) + lg_log_less_digamma(a);
    parts.by_a = sign * density * (constant * m.whole + m.first);
    parts.by_a_a =
        sign * density * ((constant * constant - lg_trigamma(a)) * m.whole + 2.0 * constant * m.first + m.second);
  }
  return parts;
}

double lg_gammainc(double a, double x) { return incomplete_gamma(a, x, 0).lower; }
double lg_gammaincc(double a, double x) { return incomplete_gamma(a, x, 0).upper; }
double lg_gammainc_da(double a, double x) { return incomplete_gamma(a, x, 1).by_a; }
double lg_gammainc_daa(double a, double x) { return incomplete_gamma(a, x, 1).by_a_a; }

double lg_gamma_density(double a, double x) {
  if (!(a > 0.0 && x >= 0.0)) return not_a_number;
  if (a == infinity || x == infinity) return a == x ? not_a_number : 0.0;
  if (x == 0.0) return a < 1.0 ? infinity : (a == 1.0 ? 1.0 : 0.0);
  return (double)expl(log_gamma_density(a, x) - logl(x));
}

/* x with P(a, x) = p and Q(a, x) = q, by Newton's method for the logarithm of the smaller one as a function of log(x),
 * which is concave: from the left (P) it never overshoots. Brackets stop what overshoots elsewhere. */
static double inverse_gamma(double a, double p, double q) {
  if (!(a > 0.0) || !(p >= 0.0 && q >= 0.0) || a == infinity) return not_a_number;
  if (p == 0.0) return 0.0;
  if (q == 0.0) return infinity;
  const int lower = p <= q;
  const double wanted = lower ? p : q;
  const double from_left = (log(p) + (double)lgammal((long double)a + 1.0L)) / a; /* P < x^a / gamma(a + 1) */
  if (from_left < -750.0 && a < 1.0) return 0.0;
  double x = exp(from_left);
  if (a >= 1.0) { /* Wilson & Hilferty 1931 */
    const double root = 1.0 - 1.0 / (9.0 * a) + (lower ? lg_ndtri(p) : -lg_ndtri(q)) / (3.0 * sqrt(a));
    if (root > 0.1) x = a * root * root * root;
  } else if (!lower) {
    x = x < -log(q) ? x : -log(q); /* Q < exp(-x) */
  }
  if (x < 0x1p-1022) x = 0x1p-1022;
  double low = 0.0, high = infinity;
  for (int i = 0; i < 200; ++i) {
    const gamma_parts parts = incomplete_gamma(a, x, 0);
    const double value = lower ? parts.lower : parts.upper;
    const double excess = (lower ? 1.0 : -1.0) * log_ratio(value, wanted); /* above 0: x is too large */
    if (excess > 0.0)
      high = x;
    else
      low = x;
    const double slope = (double)expl(log_gamma_density(a, x)) / value;
    const double step = -excess / slope; /* of log(x) */
    if (magnitude(step) < 4e-16) return x + x * step;
    double next = x * exp(step > -700.0 ? step : -700.0);
    if (!(next > low && next < high))
      next = high == infinity ? 2.0 * x : (low == 0.0 ? 0.01 * high : sqrt(low) * sqrt(high));
    if (next == x) break;
    x = next;
  }
  return x;
}

double lg_gammaincinv(double a, double p) { return inverse_gamma(a, p, 1.0 - p); }
double lg_gammainccinv(double a, double q) { return inverse_gamma(a, 1.0 - q, q); }

/* --- beta --- */

/* I_x(a, b) and its derivatives. */
typedef struct {
  double value, by_a, by_b;
} beta_parts;

/* a y - b x = (a + b) (mean - x), from the smaller one of x and y, of which the other one may have lost digits. */
static long double beta_off(double a, double b, double x, double y) {
  const long double sum = (long double)a + b;
  return x < y ? a - sum * x : sum * y - b;
}

/* log(x^a y^b / B(a, b)), y = 1 - x. */
static long double log_beta_density(double a, double b, double x, double y) {
  const long double wide_a = a, wide_b = b;
  if (a >= 10.0 && b >= 10.0) {
    const long double off = beta_off(a, b, x, y);
    const long double rest = (long double)lg_stirling_rest(a + b) - lg_stirling_rest(a) - lg_stirling_rest(b);
    return 0.5L * logl(wide_a / (wide_a + wide_b) * wide_b / 6.28318530717958647693L) -
           wide_a * (off < 0.5L * wide_a ? lg_log1p_rest(-off / wide_a)
                                         : -off / wide_a - logl(x * (wide_a + wide_b) / wide_a)) -
           wide_b * (-off < 0.5L * wide_b ? lg_log1p_rest(off / wide_b)
                                          : off / wide_b - logl(y * (wide_a + wide_b) / wide_b)) +
           rest;
  }
  const long double log_x = x < 0.5 ? logl(x) : log1pl(-(long double)y);
  const long double log_y = y < 0.5 ? logl(y) : log1pl(-(long double)x);
  return wide_a * log_x + wide_b * log_y - lg_log_beta(a, b);
}

/* t at the distance s below x: t / (1 - t) = exp(-s) x / y. With the smaller of x and y as `m`, and v = m (exp(-s) - 1)
 * or m (exp(s) - 1), log(t / x) and log((1 - t) / y) are s, 0 and log(1 + v) added up; the exponent a log(t / x) + b
 * log((1 - t) / y) is -(a y - b x) s - (a + b) (m (exp(-+s) - 1 +- s) - v + log(1 + v)), whose large terms have
 * cancelled on paper, near 0. */
typedef struct {
  double exponent, log_x, log_y;
} beta_point;

static inline __attribute__((always_inline)) beta_point below_beta(double a, double b, double x, double y, double s) {
  const int by_x = x < y;
  const double m = by_x ? x : y, sign = by_x ? -1.0 : 1.0;
  const double rest = exp_rest(sign * s);
  const logarithm sum = log_of_one_plus(m * (sign * s + rest));
  const double near = -(a * y - b * x) * s - (a + b) * (m * rest - sum.rest);
  const double far = (by_x ? -a : b) * s - (a + b) * sum.value;
  const beta_point point = {s < 0.7 ? near : far, (by_x ? -s : 0.0) - sum.value, (by_x ? 0.0 : s) - sum.value};
  return point;
}

/* Over t from `x` downwards, all of it, or as far as `stop` in s: whole; first: weighed with log(t / x); second: with
 * log((1 - t) / y). */
static moments beta_moments(double a, double b, double x, double y, double stop) {
  double end = stop;
  if (below_beta(a, b, x, y, stop).exponent < least) {
    double low = 0.0;
    for (int i = 0; i < 60 && end - low > 0.02 * end; ++i) {
      const double middle = low > 0.0 ? sqrt(low * end) : 0.1 * end;
      if (below_beta(a, b, x, y, middle).exponent < least)
        end = middle;
      else
        low = middle;
    }
  }
  double density[rule_points], first[rule_points], second[rule_points];
  for (int i = 0; i < rule_points; ++i) {
    const beta_point point = below_beta(a, b, x, y, end * rule_nodes[i]);
    density[i] = exp_of(point.exponent);
    first[i] = density[i] * point.log_x;
    second[i] = density[i] * point.log_y;
  }
  const moments m = {end * rule_sum(rule_weights, density), end * rule_sum(rule_weights, first),
                     end * rule_sum(rule_weights, second)};
  return m;
}

/* From -infinity to x, for 1 <= a. `swapped`: a, b and x, y have changed places, so that the result is 1 - I_y(b, a).
 */
static beta_parts beta_tail(double a, double b, double x, double y, int derivatives) {
  beta_parts parts = {0, 0, 0};
  const long double log_density = log_beta_density(a, b, x, y);
  if (log_density < -800.0L) return parts;
  const double density = (double)expl(log_density);
  const moments m = beta_moments(a, b, x, y, 50.0);
  parts.value = density * m.whole;
  if (derivatives) {
    const double off = (double)beta_off(a, b, x, y);
    /* log(x) - digamma(a) + digamma(a + b), and the same for y and b. */
    const double rise = lg_digamma_rise(b, a);
    const double at_x =
        (off < 0.5 * a ? log1p(-off / a) : log(x) + log1p(b / a)) + lg_log_less_digamma(a) - lg_log_less_digamma(a + b);
    const double at_y = b >= 10.0 ? log1p(off / b) + lg_log_less_digamma(b) - lg_log_less_digamma(a + b)
                                  : (y < 0.5 ? log(y) : log1p(-x)) + rise;
    parts.by_a = density * (at_x * m.whole + m.first);
    parts.by_b = density * (at_y * m.whole + m.second);
  }
  return parts;
}

/* For b x <= 1 and x <= 1/2: x^a / (a B(a, b)) * sum of (1 - b)_n / n! * a / (a + n) * x^n (DLMF 8.17.7). */
static beta_parts beta_series(double a, double b, double x, int derivatives) {
  double coefficient = 1.0, by_b = 0.0, sum = 1.0, sum_a = 0.0, sum_b = 0.0;
  for (int n = 1; n < 200; ++n) {
    const double factor = (n - b) * x / n;
    by_b = by_b * factor - coefficient * x / n;
    coefficient *= factor;
    const double share = a / (a + n);
    sum += coefficient * share;
    sum_a += coefficient * n / ((a + n) * (a + n));
    sum_b += by_b * share;
    if (magnitude(coefficient) + magnitude(by_b) < 1e-18) break;
  }
  const double scale = (double)expl((long double)a * logl(x) - logl(a) - lg_log_beta(a, b));
  beta_parts parts = {scale * sum, 0, 0};
  if (derivatives) {
    const double rise = b < 1.0 ? -lg_digamma_rise(a + b, 1.0 - b) : lg_digamma_rise(a + 1.0, b - 1.0);
    parts.by_a = scale * ((log(x) + rise) * sum + sum_a);
    parts.by_b = scale * (lg_digamma_rise(b, a) * sum + sum_b);
  }
  return parts;
}

/* I_m to I_x by one integral downwards from x; the density between falls slowly or not at all. */
static void add_span(beta_parts* parts, double a, double b, double m, double x, double y, int derivatives) {
  const double length = log(x / y) - log(m / (1.0 - m));
  if (!(length > 0.0)) return;
  const double density = (double)expl(log_beta_density(a, b, x, y));
  const moments span = beta_moments(a, b, x, y, length);
  parts->value += density * span.whole;
  if (derivatives) {
    const double at_x = log1p(-y) + lg_digamma_rise(a, b), at_y = log(y) + lg_digamma_rise(b, a);
    parts->by_a += density * (at_x * span.whole + span.first);
    parts->by_b += density * (at_y * span.whole + span.second);
  }
}

static beta_parts incomplete_beta(double a, double b, double x, double y, int derivatives) {
  const beta_parts undefined = {not_a_number, not_a_number, not_a_number}, none = {0, 0, 0}, all = {1, 0, 0};
  if (!(a >= 0.0 && b >= 0.0 && x >= 0.0 && y >= 0.0) || (a == 0.0 && b == 0.0) || (a == infinity && b == infinity))
    return undefined;
  if (x == 0.0) return a == 0.0 ? undefined : none;
  if (y == 0.0) return b == 0.0 ? undefined : all;
  if (a == 0.0 || b == infinity) return all;
  if (b == 0.0 || a == infinity) return none;

  if (a < 1.0 && b * x <= 1.0 && x <= 0.5) return beta_series(a, b, x, derivatives);
  if (b < 1.0) {
    /* The density rises up to a / (a + 1) and is flat beyond. */
    const double knee = a < 1.0 ? 0.5 : a / (a + 1.0);
    if (x > knee) {
      if (a * y <= 1.0) {
        const beta_parts above = beta_series(b, a, y, derivatives);
        const beta_parts parts = {1.0 - above.value, -above.by_b, -above.by_a};
        if (above.value < 0.5) return parts;
      }
      beta_parts parts =
          a < 1.0 ? beta_series(a, b, knee, derivatives) : beta_tail(a, b, knee, 1.0 - knee, derivatives);
      add_span(&parts, a, b, knee, x, y, derivatives);
      return parts;
    }
    return beta_tail(a, b, x, y, derivatives);
  }
  if (a >= 1.0 && a * y >= b * x) return beta_tail(a, b, x, y, derivatives);
  const beta_parts above = beta_tail(b, a, y, x, derivatives);
  const beta_parts parts = {1.0 - above.value, -above.by_b, -above.by_a};
  return parts;
}

double lg_betainc(double a, double b, double x) { return incomplete_beta(a, b, x, 1.0 - x, 0).value; }
double lg_betainc_da(double a, double b, double x) { return incomplete_beta(a, b, x, 1.0 - x, 1).by_a; }
double lg_betainc_db(double a, double b, double x) { return incomplete_beta(a, b, x, 1.0 - x, 1).by_b; }

double lg_beta_density(double a, double b, double x) {
  if (!(a > 0.0 && b > 0.0 && x >= 0.0 && x <= 1.0) || a == infinity || b == infinity) return not_a_number;
  if (x == 0.0) return a < 1.0 ? infinity : (a == 1.0 ? b : 0.0);
  if (x == 1.0) return b < 1.0 ? infinity : (b == 1.0 ? a : 0.0);
  return (double)expl(log_beta_density(a, b, x, 1.0 - x) - logl(x) - log1pl(-(long double)x));
}

/* Newton's method for the logarithm of the smaller tail as a function of log(x / (1 - x)): it is concave and falls off
 * as a straight line on both sides. */
double lg_betaincinv(double a, double b, double p) {
  if (!(a > 0.0 && b > 0.0 && p >= 0.0 && p <= 1.0) || a == infinity || b == infinity) return not_a_number;
  if (p == 0.0 || p == 1.0) return p;
  const int lower = p <= 0.5;
  const double wanted = lower ? p : 1.0 - p;
  double x = a / (a + b), y = b / (a + b);
  double low = -infinity, high = infinity; /* of log(x / y) */
  for (int i = 0; i < 200; ++i) {
    const double value = lower ? incomplete_beta(a, b, x, y, 0).value : incomplete_beta(b, a, y, x, 0).value;
    const double excess = (lower ? 1.0 : -1.0) * log_ratio(value, wanted);
    const double here = log(x) - log(y);
    if (excess > 0.0)
      high = here;
    else
      low = here;
    const double slope = (double)expl(log_beta_density(a, b, x, y)) / value;
    double step = -excess / slope; /* of log(x / y) */
    if (magnitude(step) < 4e-16) break;
    if (!(here + step >= low && here + step <= high) || !(magnitude(step) < 700.0))
      step = high == infinity   ? 2.0
             : low == -infinity ? (here < -690.0 ? -0.1 : -2.0 - 0.5 * magnitude(here))
                                : 0.5 * (low + high) - here;
    const double grown = x * __builtin_exp(0.5 * step), shrunk = y * __builtin_exp(-0.5 * step);
    x = grown / (grown + shrunk);
    y = shrunk / (grown + shrunk);
    if (x < 0x1p-1060) return 0.0;
  }
  return x;
}
