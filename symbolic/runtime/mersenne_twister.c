/* Draws from MT19937 streams (Matsumoto & Nishimura 1998) by the algorithms of NumPy's RandomState, number for number.

   A stream is 628 words: the 624 of the generator, how many of them are used up, whether a normal number is kept, and
   its two halves. Every routine copies the stream from in[0] to out[0], draws from the copy and fills out[1]. */
#include <math.h>
#include <string.h>

enum { words = 624, shift = 397, position = 624, kept = 625, kept_number = 626, stream = 628 };

static unsigned twisted(unsigned high, unsigned low, unsigned far) {
  const unsigned y = (high & 0x80000000u) | (low & 0x7fffffffu);
  return far ^ (y >> 1) ^ (-(y & 1u) & 0x9908b0dfu);
}

/* In parts without wrap-around, whose loops are then vectors. */
static void refill(unsigned* s) {
  for (int i = 0; i < words - shift; ++i) s[i] = twisted(s[i], s[i + 1], s[i + shift]);
  for (int from = words - shift; from < words - 1; from += words - shift) {
    const int end = from + words - shift < words - 1 ? from + words - shift : words - 1;
    for (int i = from; i < end; ++i) s[i] = twisted(s[i], s[i + 1], s[i + shift - words]);
  }
  s[words - 1] = twisted(s[words - 1], s[0], s[shift - 1]);
  s[position] = 0;
}

static unsigned next_word(unsigned* s) {
  if (s[position] >= words) refill(s);
  unsigned y = s[s[position]++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

/* 53 bits in [0, 1). */
static double next_uniform(unsigned* s) {
  const unsigned a = next_word(s) >> 5, b = next_word(s) >> 6;
  return (a * 67108864.0 + b) / 9007199254740992.0;
}

/* Marsaglia's polar method; of each pair the second is returned first. */
static double next_normal(unsigned* s) {
  double number;
  if (s[kept] != 0) {
    memcpy(&number, s + kept_number, sizeof number);
    s[kept] = 0;
    s[kept_number] = s[kept_number + 1] = 0;
    return number;
  }
  double x, y, square;
  do {
    x = 2.0 * next_uniform(s) - 1.0;
    y = 2.0 * next_uniform(s) - 1.0;
    square = x * x + y * y;
  } while (square >= 1.0 || square == 0.0);
  const double f = sqrt(-2.0 * log(square) / square);
  number = f * x;
  memcpy(s + kept_number, &number, sizeof number);
  s[kept] = 1;
  return f * y;
}

/* Evenly in 0..most: bits under a mask until they fit. */
static unsigned long next_below(unsigned* s, unsigned long most) {
  unsigned long mask = most, value;
  if (most == 0) return 0;
  for (int by = 1; by < 64; by *= 2) mask |= mask >> by;
  do {
    value = next_word(s);
    if (most > 0xffffffffUL) value = value << 32 | next_word(s);
    value &= mask;
  } while (value > most);
  return value;
}

static long poisson_by_product(unsigned* s, double rate) {
  const double limit = exp(-rate);
  double product = 1.0;
  for (long k = 0;; ++k) {
    product *= next_uniform(s);
    if (product <= limit) return k;
  }
}

/* Transformed rejection with squeeze (Hormann 1993, algorithm PTRS). */
static long poisson_by_rejection(unsigned* s, double rate) {
  const double b = 0.931 + 2.53 * sqrt(rate), a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), squeeze = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const double u = next_uniform(s) - 0.5, v = next_uniform(s), us = 0.5 - fabs(u);
    const long k = (long)floor((2 * a / us + b) * u + rate + 0.43);
    if (us >= 0.07 && v <= squeeze) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    int sign;
    if (log(v) + log(inverse_alpha) - log(a / (us * us) + b) <=
        -rate + (double)k * log(rate) - lgamma_r((double)k + 1, &sign))
      return k;
  }
}

static long next_poisson(unsigned* s, double rate) {
  if (!(rate > 0)) return 0;
  return rate >= 10 ? poisson_by_rejection(s, rate) : poisson_by_product(s, rate);
}

static long binomial_by_inversion(unsigned* s, long n, double p) {
  const double q = 1.0 - p, none = exp((double)n * log(q)), mean = (double)n * p;
  const double reach = mean + 10.0 * sqrt(mean * q + 1);
  const long bound = (long)((double)n < reach ? (double)n : reach);
  long k = 0;
  double weight = none, u = next_uniform(s);
  while (u > weight) {
    if (++k > bound) {
      k = 0;
      weight = none;
      u = next_uniform(s);
    } else {
      u -= weight;
      weight = (double)(n - k + 1) * p * weight / ((double)k * q);
    }
  }
  return k;
}

static double stirling_rest(double x) {
  const double x2 = x * x;
  return (13680. - (462. - (132. - (99. - 140. / x2) / x2) / x2) / x2) / x / 166320.;
}

/* Kachitvichyanukul & Schmeiser 1988, algorithm BTPE; p at most 1/2. */
static long binomial_by_rejection(unsigned* s, long n, double p) {
  const double r = p, q = 1.0 - r, nd = (double)n, fm = nd * r + r;
  const long m = (long)floor(fm);
  const double p1 = floor(2.195 * sqrt(nd * r * q) - 4.6 * q) + 0.5;
  const double xm = (double)m + 0.5, xl = xm - p1, xr = xm + p1, c = 0.134 + 20.5 / (15.3 + (double)m);
  const double al = (fm - xl) / (fm - xl * r), left = al * (1.0 + al / 2.0);
  const double ar = (xr - fm) / (xr * q), right = ar * (1.0 + ar / 2.0);
  const double p2 = p1 * (1.0 + 2.0 * c), p3 = p2 + c / left, p4 = p3 + c / right, variance = nd * r * q;
  for (;;) {
    const double u = next_uniform(s) * p4;
    double v = next_uniform(s);
    long y;
    if (u <= p1) return (long)floor(xm - p1 * v + u);
    if (u <= p2) {
      const double x = xl + (u - p1) / c;
      v = v * c + 1.0 - fabs((double)m - x + 0.5) / p1;
      if (v > 1.0) continue;
      y = (long)floor(x);
    } else if (u <= p3) {
      y = (long)floor(xl + log(v) / left);
      if (y < 0 || v == 0.0) continue;
      v = v * (u - p2) * left;
    } else {
      y = (long)floor(xr - log(v) / right);
      if (y > n || v == 0.0) continue;
      v = v * (u - p3) * right;
    }
    const long k = y > m ? y - m : m - y;
    if (k <= 20 || (double)k >= variance / 2.0 - 1) {
      const double ratio = r / q, a = ratio * (double)(n + 1);
      double f = 1.0;
      for (long i = m + 1; i <= y; ++i) f *= a / (double)i - ratio;
      for (long i = y + 1; i <= m; ++i) f /= a / (double)i - ratio;
      if (v > f) continue;
      return y;
    }
    const double kd = (double)k;
    const double rho = kd / variance * ((kd * (kd / 3.0 + 0.625) + 0.16666666666666666) / variance + 0.5);
    const double t = -kd * kd / (2 * variance), a = log(v);
    if (a < t - rho) return y;
    if (a > t + rho) continue;
    const double x1 = (double)(y + 1), f1 = (double)(m + 1), z = (double)(n + 1 - m), w = (double)(n - y + 1);
    if (a <= xm * log(f1 / x1) + ((double)(n - m) + 0.5) * log(z / w) + (double)(y - m) * log(w * r / (x1 * q)) +
                 stirling_rest(f1) + stirling_rest(z) + stirling_rest(x1) + stirling_rest(w))
      return y;
  }
}

static long next_binomial(unsigned* s, long n, double p) {
  if (n <= 0 || !(p > 0)) return 0;
  if (p <= 0.5) return p * (double)n <= 30.0 ? binomial_by_inversion(s, n, p) : binomial_by_rejection(s, n, p);
  const double q = 1.0 - p;
  if (!(q > 0)) return n;
  return n - (q * (double)n <= 30.0 ? binomial_by_inversion(s, n, q) : binomial_by_rejection(s, n, q));
}

static unsigned* copied(const void* const* in, void* const* out) {
  memcpy(out[0], in[0], stream * sizeof(unsigned));
  return out[0];
}

/* sizes of all: {numbers to draw, ...}. */
long lg_mt_uniform(const void* const* in, void* const* out, const long* sizes);
long lg_mt_normal(const void* const* in, void* const* out, const long* sizes);
/* in: stream, low, high (both included) as long[n]. */
long lg_mt_integers(const void* const* in, void* const* out, const long* sizes);
/* in: stream, rates as double[n]. */
long lg_mt_poisson(const void* const* in, void* const* out, const long* sizes);
/* in: stream, trials as long[n], probabilities as double[n]. */
long lg_mt_binomial(const void* const* in, void* const* out, const long* sizes);
/* in: stream, trials as long[n], probabilities as double[n][k]; sizes: {n, k}; out: long[n][k]. */
long lg_mt_multinomial(const void* const* in, void* const* out, const long* sizes);
/* sizes: {rows, n}; out: rows of permutations of 0..n-1. */
long lg_mt_permutation(const void* const* in, void* const* out, const long* sizes);
/* in: stream, probabilities as double[k]; sizes: {n, k}; out: n different numbers below k, in the order drawn. -1:
   there are fewer than n of positive probability. */
long lg_mt_choice(const void* const* in, void* const* out, const long* sizes);

long lg_mt_uniform(const void* const* in, void* const* out, const long* sizes) {
  unsigned* s = copied(in, out);
  double* x = out[1];
  for (long i = 0; i < sizes[0]; ++i) x[i] = next_uniform(s);
  return 0;
}

long lg_mt_normal(const void* const* in, void* const* out, const long* sizes) {
  unsigned* s = copied(in, out);
  double* x = out[1];
  for (long i = 0; i < sizes[0]; ++i) x[i] = next_normal(s);
  return 0;
}

long lg_mt_integers(const void* const* in, void* const* out, const long* sizes) {
  unsigned* s = copied(in, out);
  const long *low = in[1], *high = in[2];
  long* x = out[1];
  for (long i = 0; i < sizes[0]; ++i) {
    const unsigned long most = high[i] < low[i] ? 0 : (unsigned long)high[i] - (unsigned long)low[i];
    x[i] = (long)((unsigned long)low[i] + next_below(s, most));
  }
  return 0;
}

long lg_mt_poisson(const void* const* in, void* const* out, const long* sizes) {
  unsigned* s = copied(in, out);
  const double* rate = in[1];
  long* x = out[1];
  for (long i = 0; i < sizes[0]; ++i) x[i] = next_poisson(s, rate[i]);
  return 0;
}

long lg_mt_binomial(const void* const* in, void* const* out, const long* sizes) {
  unsigned* s = copied(in, out);
  const long* n = in[1];
  const double* p = in[2];
  long* x = out[1];
  for (long i = 0; i < sizes[0]; ++i) x[i] = next_binomial(s, n[i], p[i]);
  return 0;
}

long lg_mt_multinomial(const void* const* in, void* const* out, const long* sizes) {
  unsigned* s = copied(in, out);
  const long *n = in[1], k = sizes[1];
  const double* p = in[2];
  long* x = out[1];
  for (long i = 0; i < sizes[0]; ++i) {
    double rest = 1.0;
    long left = n[i];
    for (long j = 0; j < k; ++j) x[i * k + j] = 0;
    for (long j = 0; j + 1 < k; ++j) {
      x[i * k + j] = next_binomial(s, left, p[i * k + j] / rest);
      left -= x[i * k + j];
      if (left <= 0) break;
      rest -= p[i * k + j];
    }
    if (left > 0 && k > 0) x[i * k + k - 1] = left;
  }
  return 0;
}

long lg_mt_permutation(const void* const* in, void* const* out, const long* sizes) {
  unsigned* s = copied(in, out);
  const long n = sizes[1];
  long* x = out[1];
  for (long row = 0; row < sizes[0]; ++row, x += n) {
    for (long i = 0; i < n; ++i) x[i] = i;
    for (long i = n - 1; i > 0; --i) {
      const long j = (long)next_below(s, (unsigned long)i), moved = x[i];
      x[i] = x[j];
      x[j] = moved;
    }
  }
  return 0;
}

/* First position whose share of the sum of probabilities, those of taken numbers left out, exceeds u. */
static long chosen(const double* p, const long* x, long found, long k, double u) {
  double sum = 0.0, so_far = 0.0;
  for (int second = 0; second < 2; ++second) {
    for (long j = 0; j < k; ++j) {
      int taken = 0;
      for (long i = 0; i < found; ++i) taken |= x[i] == j;
      if (taken) continue;
      if (!second) {
        sum += p[j];
      } else {
        so_far += p[j];
        if (so_far / sum > u) return j;
      }
    }
  }
  return -1;
}

long lg_mt_choice(const void* const* in, void* const* out, const long* sizes) {
  unsigned* s = copied(in, out);
  const double* p = in[1];
  const long n = sizes[0], k = sizes[1];
  long* x = out[1];
  long positive = 0, found = 0;
  for (long j = 0; j < k; ++j) positive += p[j] > 0;
  if (positive < n) return 12 | n << 8; /* Check::assertion */
  /* As many candidates as are missing, all by the probabilities before this round; of equal ones the first stays. */
  while (found < n) {
    const long before = found, missing = n - found;
    for (long i = 0; i < missing; ++i) {
      const long j = chosen(p, x, before, k, next_uniform(s));
      int taken = j < 0;
      for (long i2 = before; i2 < found; ++i2) taken |= x[i2] == j;
      if (!taken) x[found++] = j;
    }
  }
  return 0;
}
