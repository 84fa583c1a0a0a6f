/* Bessel functions of real order, in extended precision.
 *
 * Near 0 by Temme's series (1975, 1976), up to large arguments by Steed's continued fractions (Thompson & Barnett
 * 1987), beyond by Hankel's expansions (DLMF 10.17, 10.40). From the order next to 0 the functions that grow with the
 * order are found by recurrence upwards, the others from the ratio that the first continued fraction gives, and the
 * Wronskian. */
#include <math.h>

#include "special.h"
#include "special_kernels.h"

static const long double inverse_gamma_series[] = {1.0L,
                                                   0.5772156649015328606065L,
                                                   -0.655878071520253881077L,
                                                   -0.042002635034095235529L,
                                                   0.1665386113822914895017L,
                                                   -0.04219773455554433674821L,
                                                   -0.009621971527876973562115L,
                                                   0.007218943246663099542395L,
                                                   -0.001165167591859065112114L,
                                                   -0.0002152416741149509728157L,
                                                   0.0001280502823881161861532L,
                                                   -0.00002013485478078823865569L,
                                                   -0.000001250493482142670657345L,
                                                   0.000001133027231981695882374L,
                                                   -2.05633841697760710345e-7L,
                                                   6.116095104481415817862e-9L,
                                                   5.002007644469222930056e-9L,
                                                   -1.181274570487020144588e-9L,
                                                   1.043426711691100510492e-10L,
                                                   7.78226343990507125405e-12L,
                                                   -3.696805618642205708188e-12L,
                                                   5.100370287454475979015e-13L,
                                                   -2.058326053566506783222e-14L,
                                                   -5.34812253942301798237e-15L,
                                                   1.226778628238260790159e-15L,
                                                   -1.181259301697458769514e-16L,
                                                   1.18669225475160033258e-18L,
                                                   1.412380655318031781556e-18L};

static const long double wide_pi = 3.14159265358979323846264338L;
static const long double precision = 1e-20L;

typedef struct {
  long double first, second; /* J and Y, or exp(-x) I and exp(x) K */
} bessel_pair;

/* sin(pi x), cos(pi x), exact at the zeros. */
static long double sine_of_pi(long double x) {
  const long double r = x - 2.0L * rintl(0.5L * x);
  return fabsl(r) == 1.0L || r == 0.0L ? 0.0L : sinl(wide_pi * r);
}
static long double cosine_of_pi_wide(long double x) { return sine_of_pi(x + 0.5L); }

/* What Temme's series start from, for |mu| <= 1/2. */
typedef struct {
  long double plus, minus;          /* 1 / gamma(1 + mu), 1 / gamma(1 - mu) */
  long double difference, half_sum; /* (minus - plus) / (2 mu), (minus + plus) / 2 */
  long double sine;                 /* pi mu / sin(pi mu) */
} temme_start;

static temme_start start_of(long double mu) {
  long double even = 0.0L, odd = 0.0L;
  const long double square = mu * mu;
  for (int k = 26; k >= 0; k -= 2) {
    even = even * square + inverse_gamma_series[k];
    odd = odd * square + inverse_gamma_series[k + 1];
  }
  const temme_start start = {even + mu * odd, even - mu * odd, -odd, even,
                             mu == 0.0L ? 1.0L : wide_pi * mu / sinl(wide_pi * mu)};
  return start;
}

static long double sinh_ratio(long double e) { return fabsl(e) < 1e-12L ? 1.0L : sinhl(e) / e; }

/* Hankel's expansions: sums of a_k(nu) / x^k, of even and odd k with alternating signs. */
static bessel_pair hankel_oscillating(long double nu, long double x) {
  const long double m = 4.0L * nu * nu;
  long double term = 1.0L, even = 1.0L, odd = 0.0L;
  for (int k = 1; k < 200; ++k) {
    const long double next = term * (m - (2.0L * k - 1.0L) * (2.0L * k - 1.0L)) / (8.0L * k * x);
    if (fabsl(next) > fabsl(term) && k > nu) break;
    term = next;
    const long double sign = (k / 2) % 2 == 0 ? 1.0L : -1.0L;
    if (k % 2 == 0)
      even += sign * term;
    else
      odd += sign * term;
    if (fabsl(term) < precision) break;
  }
  const long double shift = 0.5L * nu + 0.25L, sine = sine_of_pi(shift), cosine = cosine_of_pi_wide(shift);
  const long double s = sinl(x), c = cosl(x);
  const long double cos_phase = c * cosine + s * sine, sin_phase = s * cosine - c * sine;
  const long double size = sqrtl(2.0L / (wide_pi * x));
  const bessel_pair pair = {size * (even * cos_phase - odd * sin_phase), size * (even * sin_phase + odd * cos_phase)};
  return pair;
}

static bessel_pair hankel_exponential(long double nu, long double x) {
  const long double m = 4.0L * nu * nu;
  long double term = 1.0L, decaying = 1.0L, growing = 1.0L;
  for (int k = 1; k < 200; ++k) {
    const long double next = term * (m - (2.0L * k - 1.0L) * (2.0L * k - 1.0L)) / (8.0L * k * x);
    if (fabsl(next) > fabsl(term) && k > nu) break;
    term = next;
    decaying += term;
    growing += k % 2 == 0 ? term : -term;
    if (fabsl(term) < precision) break;
  }
  const bessel_pair pair = {growing / sqrtl(2.0L * wide_pi * x), decaying * sqrtl(wide_pi / (2.0L * x))};
  return pair;
}

/* J and Y for 0 <= nu, 0 < x. */
static bessel_pair oscillating(long double nu, long double x) {
  if (x > 35.0L && x > 0.5L * nu * nu) return hankel_oscillating(nu, x);
  const long steps = x < 2.0L ? (long)(nu + 0.5L) : (nu - x + 1.5L > 0.0L ? (long)(nu - x + 1.5L) : 0);
  const long double mu = nu - (long double)steps, inverse = 1.0L / x, wronskian = 2.0L * inverse / wide_pi;
  const long double tiny = 1e-4000L;

  /* J' / J at nu, by Lentz's method. */
  long double ratio = nu * inverse > tiny ? nu * inverse : tiny, sign = 1.0L;
  {
    long double b = 2.0L * inverse * nu, d = 0.0L, c = ratio;
    for (long i = 0; i < 1000000; ++i) {
      b += 2.0L * inverse;
      d = b - d;
      if (d == 0.0L) d = tiny;
      c = b - 1.0L / c;
      if (c == 0.0L) c = tiny;
      d = 1.0L / d;
      ratio *= c * d;
      if (d < 0.0L) sign = -sign;
      if (fabsl(c * d - 1.0L) < precision) break;
    }
  }
  /* Down to mu, from any start. */
  long double j = sign * 1e-4000L, slope = ratio * j, factor = nu * inverse;
  const long double start = j;
  for (long l = steps; l > 0; --l) {
    const long double next = factor * j + slope;
    factor -= inverse;
    slope = factor * next - j;
    j = next;
  }
  if (j == 0.0L) j = tiny;
  const long double f = slope / j;

  long double j_mu, y_mu, y_next;
  if (x < 2.0L) {
    const temme_start t = start_of(mu);
    const long double d = logl(2.0L * inverse), e = mu * d;
    const long double half = 0.5L * wide_pi * mu, half_ratio = half == 0.0L ? 1.0L : sinl(half) / half;
    const long double r = wide_pi * half * half_ratio * half_ratio;
    long double ff = 2.0L / wide_pi * t.sine * (t.difference * coshl(e) + t.half_sum * sinh_ratio(e) * d);
    long double p = expl(e) / (t.plus * wide_pi), q = 1.0L / (expl(e) * wide_pi * t.minus), c = 1.0L;
    long double sum = ff + r * q, sum_next = p;
    for (int i = 1; i < 500; ++i) {
      ff = (i * ff + p + q) / ((long double)i * i - mu * mu);
      c *= -0.25L * x * x / i;
      p /= i - mu;
      q /= i + mu;
      const long double change = c * (ff + r * q);
      sum += change;
      sum_next += c * p - i * change;
      if (fabsl(change) < precision * (1.0L + fabsl(sum))) break;
    }
    y_mu = -sum;
    y_next = -2.0L * sum_next * inverse;
    j_mu = wronskian / (mu * inverse * y_mu - y_next - f * y_mu);
  } else {
    /* p + i q = (J' + i Y') / (J + i Y) at mu. */
    long double a = 0.25L - mu * mu, p = -0.5L * inverse, q = 1.0L, br = 2.0L * x, bi = 2.0L;
    long double fact = a * inverse / (p * p + q * q), cr = br + q * fact, ci = bi + p * fact;
    long double den = br * br + bi * bi, dr = br / den, di = -bi / den;
    long double delta_r = cr * dr - ci * di, delta_i = cr * di + ci * dr, kept = p * delta_r - q * delta_i;
    q = p * delta_i + q * delta_r;
    p = kept;
    for (int i = 2; i < 100000; ++i) {
      a += 2.0L * (i - 1);
      bi += 2.0L;
      dr = a * dr + br;
      di = a * di + bi;
      fact = a / (cr * cr + ci * ci);
      cr = br + cr * fact;
      ci = bi - ci * fact;
      den = dr * dr + di * di;
      dr /= den;
      di /= -den;
      delta_r = cr * dr - ci * di;
      delta_i = cr * di + ci * dr;
      kept = p * delta_r - q * delta_i;
      q = p * delta_i + q * delta_r;
      p = kept;
      if (fabsl(delta_r - 1.0L) + fabsl(delta_i) < precision * 10.0L) break;
    }
    const long double gamma = (p - f) / q;
    j_mu = sqrtl(wronskian / ((p - f) * gamma + q));
    if (j < 0.0L) j_mu = -j_mu;
    y_mu = j_mu * gamma;
    const long double y_slope = gamma == 0.0L ? j_mu * q : y_mu * (p + q / gamma);
    y_next = mu * inverse * y_mu - y_slope;
  }
  for (long i = 1; i <= steps; ++i) {
    const long double next = (mu + (long double)i) * 2.0L * inverse * y_next - y_mu;
    y_mu = y_next;
    y_next = next;
  }
  const bessel_pair pair = {start * (j_mu / j), y_mu};
  return pair;
}

/* exp(-x) I and exp(x) K for 0 <= nu, 0 < x. */
static bessel_pair exponential_pair(long double nu, long double x) {
  if (x > 50.0L && x > nu * nu) return hankel_exponential(nu, x);
  const long steps = (long)(nu + 0.5L);
  const long double mu = nu - (long double)steps, inverse = 1.0L / x, tiny = 1e-4000L;

  long double ratio = nu * inverse > tiny ? nu * inverse : tiny; /* I' / I at nu */
  {
    long double b = 2.0L * inverse * nu, d = 0.0L, c = ratio;
    for (long i = 0; i < 1000000; ++i) {
      b += 2.0L * inverse;
      d = 1.0L / (b + d);
      c = b + 1.0L / c;
      ratio *= c * d;
      if (fabsl(c * d - 1.0L) < precision) break;
    }
  }
  const long double start = 1e-4000L;
  long double rising = start, slope = ratio * rising, factor = nu * inverse;
  for (long l = steps; l > 0; --l) {
    const long double next = factor * rising + slope;
    factor -= inverse;
    slope = factor * next + rising;
    rising = next;
  }
  const long double f = slope / rising;

  long double k_mu, k_next;
  if (x < 2.0L) {
    const temme_start t = start_of(mu);
    const long double d = logl(2.0L * inverse), e = mu * d;
    long double ff = t.sine * (t.difference * coshl(e) + t.half_sum * sinh_ratio(e) * d), sum = ff;
    long double p = 0.5L * expl(e) / t.plus, q = 0.5L / (expl(e) * t.minus), c = 1.0L, sum_next = p;
    for (int i = 1; i < 500; ++i) {
      ff = (i * ff + p + q) / ((long double)i * i - mu * mu);
      c *= 0.25L * x * x / i;
      p /= i - mu;
      q /= i + mu;
      const long double change = c * ff;
      sum += change;
      sum_next += c * (p - i * ff);
      if (fabsl(change) < fabsl(sum) * precision) break;
    }
    k_mu = expl(x) * sum;
    k_next = expl(x) * sum_next * 2.0L * inverse;
  } else {
    long double b = 2.0L * (1.0L + x), d = 1.0L / b, h = d, step = d, q_before = 0.0L, q_now = 1.0L;
    const long double first = 0.25L - mu * mu;
    long double q = first, c = first, a = -first, s = 1.0L + q * step;
    for (int i = 2; i < 100000; ++i) {
      a -= 2.0L * (i - 1);
      c = -a * c / i;
      const long double q_next = (q_before - b * q_now) / a;
      q_before = q_now;
      q_now = q_next;
      q += c * q_next;
      b += 2.0L;
      d = 1.0L / (b + a * d);
      step = (b * d - 1.0L) * step;
      h += step;
      const long double change = q * step;
      s += change;
      if (fabsl(change) < fabsl(s) * precision) break;
    }
    k_mu = sqrtl(wide_pi / (2.0L * x)) / s;
    k_next = k_mu * (mu + x + 0.5L - first * h) * inverse;
  }
  const long double k_slope = mu * inverse * k_mu - k_next;
  const long double i_mu = inverse / (f * k_mu - k_slope);
  for (long i = 1; i <= steps; ++i) {
    const long double next = (mu + (long double)i) * 2.0L * inverse * k_next + k_mu;
    k_mu = k_next;
    k_next = next;
  }
  const bessel_pair pair = {start * (i_mu / rising), k_mu};
  return pair;
}

static int is_whole(double x) { return x == __builtin_rint(x); }
static double parity_sign(double whole) { return whole - 2.0 * __builtin_floor(0.5 * whole) == 0.0 ? 1.0 : -1.0; }
static int out_of_reach(double nu, double x) { return nu != nu || x != x || magnitude(nu) > 1e6; }

/* At 0: 1 for order 0, 0 for orders above, infinite with the sign of 1 / gamma(1 + nu) for those below. */
static double at_zero(double nu) {
  if (nu == 0.0) return 1.0;
  if (nu > 0.0 || is_whole(nu)) return 0.0;
  return __builtin_copysign(infinity, lg_gamma(1.0 + nu));
}

double lg_jv(double nu, double x) {
  if (out_of_reach(nu, x) || (x < 0.0 && !is_whole(nu))) return not_a_number;
  if (x == 0.0) return at_zero(nu);
  if (magnitude(x) == infinity) return 0.0;
  const double sign = x < 0.0 ? parity_sign(nu) : 1.0;
  const bessel_pair pair = oscillating(fabsl(nu), fabsl(x));
  if (nu >= 0.0) return (double)(sign * pair.first);
  if (is_whole(nu)) return (double)(sign * parity_sign(nu) * pair.first);
  return (double)(cosine_of_pi_wide(-nu) * pair.first - sine_of_pi(-nu) * pair.second);
}

double lg_yv(double nu, double x) {
  if (out_of_reach(nu, x) || x < 0.0) return not_a_number;
  if (x == 0.0) return -infinity;
  if (x == infinity) return 0.0;
  const bessel_pair pair = oscillating(fabsl(nu), x);
  if (nu >= 0.0) return (double)pair.second;
  if (is_whole(nu)) return (double)(parity_sign(nu) * pair.second);
  return (double)(sine_of_pi(-nu) * pair.first + cosine_of_pi_wide(-nu) * pair.second);
}

/* exp(-|x|) I, times exp(|x|) where not `scaled`. */
static double modified_first(double nu, double x, int scaled) {
  if (out_of_reach(nu, x) || (x < 0.0 && !is_whole(nu))) return not_a_number;
  if (x == 0.0) return at_zero(nu);
  const double sign = x < 0.0 && is_whole(nu) ? parity_sign(nu) : 1.0;
  if (magnitude(x) == infinity) return scaled ? 0.0 : sign * infinity;
  const long double size = fabsl(x);
  const bessel_pair pair = exponential_pair(fabsl(nu), size);
  long double value = pair.first;
  if (nu < 0.0 && !is_whole(nu)) value += 2.0L / wide_pi * sine_of_pi(-nu) * pair.second * expl(-2.0L * size);
  return (double)(sign * (scaled ? value : value * expl(size)));
}

static double modified_second(double nu, double x, int scaled) {
  if (out_of_reach(nu, x) || x < 0.0) return not_a_number;
  if (x == 0.0) return infinity;
  if (x == infinity) return 0.0;
  const long double value = exponential_pair(fabsl(nu), x).second;
  return (double)(scaled ? value : value * expl(-(long double)x));
}

double lg_iv(double nu, double x) { return modified_first(nu, x, 0); }
double lg_ive(double nu, double x) { return modified_first(nu, x, 1); }
double lg_kv(double nu, double x) { return modified_second(nu, x, 0); }
double lg_kve(double nu, double x) { return modified_second(nu, x, 1); }
