/* Gauss's hypergeometric function of real arguments and its derivatives by its parameters, in extended precision.
 *
 * The series at 0 and its Taylor series elsewhere follow from recurrences that are linear in the terms; carrying the
 * derivatives of the terms along (as dual numbers) gives those of the sum. */
#include <math.h>

#include "special.h"
#include "special_kernels.h"

/* A number and its derivatives by a, b, c. */
typedef struct {
  long double value, d[3];
} dual;

static const dual zero = {0.0L, {0.0L, 0.0L, 0.0L}};

static dual product(dual x, dual y) {
  dual result = {x.value * y.value, {0, 0, 0}};
  for (int k = 0; k < 3; ++k) result.d[k] = x.d[k] * y.value + x.value * y.d[k];
  return result;
}
static dual plus(dual x, dual y, long double factor) { /* x + factor y */
  dual result = {x.value + factor * y.value, {0, 0, 0}};
  for (int k = 0; k < 3; ++k) result.d[k] = x.d[k] + factor * y.d[k];
  return result;
}
static dual times(dual x, long double factor) { return plus(zero, x, factor); }
static long double size_of(dual x) { return fabsl(x.value) + fabsl(x.d[0]) + fabsl(x.d[1]) + fabsl(x.d[2]); }

typedef struct {
  long double a, b, c;
} parameters;

/* Value and slope in z. */
typedef struct {
  dual value, slope;
} state;

/* Sum of (a)_n (b)_n / ((c)_n n!) z^n, |z| < 1 (DLMF 15.2.1). */
static state series_at_0(parameters p, long double z) {
  dual term = {1.0L, {0, 0, 0}};
  state s = {term, zero};
  for (int n = 0; n < 100000; ++n) {
    const long double below = (p.c + n) * (n + 1);
    const dual ratio = {(p.a + n) * (p.b + n) / below,
                        {(p.b + n) / below, (p.a + n) / below, -(p.a + n) * (p.b + n) / (below * (p.c + n))}};
    term = times(product(term, ratio), z);
    s.value = plus(s.value, term, 1.0L);
    s.slope = plus(s.slope, term, (n + 1) / z);
    if (n > fabsl(p.a) + fabsl(p.b) + fabsl(p.c) && size_of(term) * (n + 1) <= 1e-21L * size_of(s.value)) break;
  }
  return s;
}

/* From the point z to z + h, |h| at most half the distance to the singular points, by the Taylor series that the
 * differential equation z (1 - z) F'' + (c - (a + b + 1) z) F' - a b F = 0 gives. */
static state step_from(parameters p, long double z, state at, long double h) {
  dual before = at.value, now = at.slope;
  state s = {plus(before, now, h), now};
  long double power = h;
  for (int k = 0; k < 400; ++k) {
    const long double scale = 1.0L / (z * (1.0L - z) * (k + 2) * (k + 1));
    const dual first = {(p.a + k) * (p.b + k), {p.b + k, p.a + k, 0.0L}};
    const dual second = {((1.0L - 2.0L * z) * k + p.c - (p.a + p.b + 1.0L) * z) * (k + 1),
                         {-z * (k + 1), -z * (k + 1), (long double)(k + 1)}};
    const dual next = times(plus(product(first, before), product(second, now), -1.0L), scale);
    s.slope = plus(s.slope, next, (k + 2) * power);
    power *= h;
    s.value = plus(s.value, next, power);
    before = now;
    now = next;
    if (size_of(next) * fabsl(power) * (k + 2) <= 1e-22L * size_of(s.value) &&
        size_of(before) * fabsl(power / h) <= 1e-21L * size_of(s.value) && k > 4)
      break;
  }
  return s;
}

/* For 0 <= z < 1. */
static dual inside(parameters p, long double z) {
  if (z <= 0.7L) return series_at_0(p, z).value;
  long double here = 0.5L;
  state s = series_at_0(p, here);
  while (here < z) {
    const long double most = 0.5L * (1.0L - here), h = z - here < most ? z - here : most;
    s = step_from(p, here, s, h);
    here = z - here < most ? z : here + h;
  }
  return s.value;
}

static int is_whole_below(double x, double most) { return x <= most && x == __builtin_rint(x); }

/* Gauss's sum (DLMF 15.4.20). */
static dual at_1(double a, double b, double c) {
  const double rest = c - a - b;
  dual result = zero;
  result.value = (long double)lg_gamma(c) / lg_gamma(c - a) * lg_gamma(rest) / lg_gamma(c - b);
  if (c > 0.0 && rest > 0.0 && c - a > 0.0 && c - b > 0.0)
    result.value =
        expl(lgammal(c) + lgammal((long double)c - a - b) - lgammal((long double)c - a) - lgammal((long double)c - b));
  result.d[0] = result.value * (lg_digamma(c - a) - lg_digamma(rest));
  result.d[1] = result.value * (lg_digamma(c - b) - lg_digamma(rest));
  result.d[2] = result.value * (lg_digamma(c) + lg_digamma(rest) - lg_digamma(c - a) - lg_digamma(c - b));
  return result;
}

static dual hypergeometric(double a, double b, double c, double z) {
  const dual undefined = {(long double)not_a_number,
                          {(long double)not_a_number, (long double)not_a_number, (long double)not_a_number}};
  const dual one = {1.0L, {0, 0, 0}};
  if (a != a || b != b || c != c || z != z || z == -infinity) return undefined;
  if (z == 0.0) return one;
  const parameters p = {a, b, c};
  const int ends = is_whole_below(a, 0.0) || is_whole_below(b, 0.0);
  if (is_whole_below(c, 0.0) && !((is_whole_below(a, 0.0) && a > c) || (is_whole_below(b, 0.0) && b > c)))
    return undefined;
  if (ends && (z >= 1.0 || is_whole_below(c, 0.0))) { /* a polynomial, differentiated where it is one */
    const double degree = is_whole_below(a, 0.0) && !(is_whole_below(b, 0.0) && b > a) ? -a : -b;
    long double term = 1.0L, sum = 1.0L;
    for (double n = 0.0; n < degree; n += 1.0) sum += term *= (p.a + n) * (p.b + n) / ((p.c + n) * (n + 1.0L)) * z;
    dual result = undefined;
    result.value = sum;
    return result;
  }
  if (z > 1.0) return undefined;
  if (z == 1.0) {
    if (c - a - b > 0.0) return at_1(a, b, c);
    dual infinite = undefined;
    infinite.value = (lg_gamma(a) < 0.0) != ((lg_gamma(b) < 0.0) != (lg_gamma(c) < 0.0)) ? -(long double)infinity
                                                                                         : (long double)infinity;
    return infinite;
  }
  if (z > 0.0) return inside(p, z);
  if (z > -0.3) return series_at_0(p, z).value;
  /* F(a, b; c; z) = (1 - z)^-a F(a, c - b; c; z / (z - 1)) (DLMF 15.8.1), with the smaller one of a and b in front. */
  const int swapped = b < a;
  const parameters moved = {swapped ? p.b : p.a, p.c - (swapped ? p.a : p.b), p.c};
  const long double wide = z, growth = log1pl(-wide);
  const dual other = inside(moved, wide / (wide - 1.0L));
  const long double front = expl(-moved.a * growth);
  dual result = zero;
  result.value = front * other.value;
  result.d[swapped ? 1 : 0] = front * (other.d[0] - growth * other.value);
  result.d[swapped ? 0 : 1] = -front * other.d[1];
  result.d[2] = front * (other.d[1] + other.d[2]);
  return result;
}

double lg_hyp2f1(double a, double b, double c, double z) { return (double)hypergeometric(a, b, c, z).value; }
double lg_hyp2f1_da(double a, double b, double c, double z) { return (double)hypergeometric(a, b, c, z).d[0]; }
double lg_hyp2f1_dc(double a, double b, double c, double z) { return (double)hypergeometric(a, b, c, z).d[2]; }
