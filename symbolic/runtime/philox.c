/* Random numbers by place: Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011), whose counter says which number of which
   draw of which chain is wanted. Every function here is a pure function of its arguments.

   A stream is three doubles: the low and the high half of the seed, and chain * 2^32 + draw, below 2^53. `place` counts
   numbers within the stream, below 2^32. The counter is {place, draw, chain, purpose + 256 attempt}: algorithms that
   reject go on to the next attempt at the same place. */
#include <math.h>

#include "leapgraph/symbolic/runtime/philox.h"
#include "leapgraph/symbolic/runtime/special.h"

enum { purpose = 6 }; /* samplers::Purpose::generated_quantities */

typedef struct {
  unsigned key[2], counter[4];
} Stream;

typedef struct {
  double first, second;
} Pair;

static Stream stream_at(double seed_low, double seed_high, double draw, double place) {
  const double chain = floor(draw * 0x1p-32);
  const Stream s = {{(unsigned)seed_low, (unsigned)seed_high},
                    {(unsigned)place, (unsigned)(draw - chain * 0x1p32), (unsigned)chain, purpose}};
  return s;
}

/* On (0, 1), 0 and 1 excluded: an odd multiple of 2^-53. */
static double uniform_of(unsigned low, unsigned high) {
  const unsigned long bits = low | (unsigned long)high << 32;
  return ((double)(bits >> 12) + 0.5) * 0x1p-52;
}

static Pair uniforms(const Stream* s, unsigned attempt) {
  unsigned k0 = s->key[0], k1 = s->key[1];
  unsigned c0 = s->counter[0], c1 = s->counter[1], c2 = s->counter[2], c3 = s->counter[3] + (attempt << 8);
  for (int round = 0; round < 10; ++round) {
    const unsigned long p0 = 0xD2511F53UL * c0, p1 = 0xCD9E8D57UL * c2;
    c0 = (unsigned)(p1 >> 32) ^ c1 ^ k0;
    c1 = (unsigned)p1;
    c2 = (unsigned)(p0 >> 32) ^ c3 ^ k1;
    c3 = (unsigned)p0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  const Pair pair = {uniform_of(c0, c1), uniform_of(c2, c3)};
  return pair;
}

static double log_factorial(double k) {
  int sign;
  return lgamma_r(k + 1.0, &sign);
}

double lg_philox_uniform(double seed_low, double seed_high, double draw, double place) {
  const Stream s = stream_at(seed_low, seed_high, draw, place);
  return uniforms(&s, 0).first;
}

/* Marsaglia & Tsang 2000, of alpha + 1 for alpha below 1: log G(alpha) = log G(alpha + 1) + log(U) / alpha. */
double lg_philox_log_gamma(double seed_low, double seed_high, double draw, double place, double alpha) {
  if (!(alpha > 0) || isinf(alpha)) return NAN;
  const Stream s = stream_at(seed_low, seed_high, draw, place);
  const unsigned boost = 0xffffffu; /* an attempt that the loop does not come to */
  const double small = alpha < 1 ? log(uniforms(&s, boost).first) / alpha : 0.0;
  const double d = (alpha < 1 ? alpha + 1.0 : alpha) - 1.0 / 3.0, c = 1.0 / sqrt(9.0 * d);
  for (unsigned attempt = 0;; ++attempt) {
    const Pair u = uniforms(&s, attempt);
    const double x = lg_ndtri(u.first), root = 1.0 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (log(u.second) < 0.5 * x * x + d - d * v + d * log(v)) return log(d) + log(v) + small;
  }
}

/* Transformed rejection (Hormann 1993, algorithm PTRS); below a mean of 10 by inversion. */
double lg_philox_poisson(double seed_low, double seed_high, double draw, double place, double rate) {
  if (!(rate >= 0) || rate > 0x1p50) return NAN;
  const Stream s = stream_at(seed_low, seed_high, draw, place);
  if (rate < 10) {
    double u = uniforms(&s, 0).first, weight = exp(-rate), k = 0;
    while (u > weight && k < 200) {
      u -= weight;
      weight *= rate / ++k;
    }
    return k;
  }
  const double b = 0.931 + 2.53 * sqrt(rate), a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), squeeze = 0.9277 - 3.6224 / (b - 2);
  for (unsigned attempt = 0;; ++attempt) {
    const Pair pair = uniforms(&s, attempt);
    const double u = pair.first - 0.5, v = pair.second, us = 0.5 - fabs(u);
    const double k = floor((2 * a / us + b) * u + rate + 0.43);
    if (us >= 0.07 && v <= squeeze) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (log(v * inverse_alpha / (a / (us * us) + b)) <= k * log(rate) - rate - log_factorial(k)) return k;
  }
}

/* Transformed rejection (Hormann 1993, algorithm BTRS); by inversion where fewer than 10 are expected. */
static double binomial_below_half(const Stream* s, double n, double p) {
  const double q = 1.0 - p, odds = p / q;
  if (n * p < 10) {
    double u = uniforms(s, 0).first, weight = exp(n * log1p(-p)), k = 0;
    while (u > weight && k < n && k < 200) {
      u -= weight;
      ++k;
      weight *= (n - k + 1) / k * odds;
    }
    return k;
  }
  const double spread = sqrt(n * p * q), b = 1.15 + 2.53 * spread, a = -0.0873 + 0.0248 * b + 0.01 * p;
  const double centre = n * p + 0.5, squeeze = 0.92 - 4.2 / b, alpha = (2.83 + 5.1 / b) * spread;
  const double mode = floor((n + 1) * p), at_mode = log_factorial(mode) + log_factorial(n - mode);
  for (unsigned attempt = 0;; ++attempt) {
    const Pair pair = uniforms(s, attempt);
    const double u = pair.first - 0.5, v = pair.second, us = 0.5 - fabs(u);
    const double k = floor((2 * a / us + b) * u + centre);
    if (us >= 0.07 && v <= squeeze) return k;
    if (k < 0 || k > n) continue;
    const double excess = at_mode - log_factorial(k) - log_factorial(n - k) + (k - mode) * log(odds);
    if (log(v * alpha / (a / (us * us) + b)) <= excess) return k;
  }
}

double lg_philox_binomial(double seed_low, double seed_high, double draw, double place, double trials,
                          double probability) {
  if (!(trials >= 0) || trials > 0x1p50 || trials != floor(trials) || !(probability >= 0 && probability <= 1))
    return NAN;
  const Stream s = stream_at(seed_low, seed_high, draw, place);
  if (probability <= 0.5) return binomial_below_half(&s, trials, probability);
  return trials - binomial_below_half(&s, trials, 1.0 - probability);
}

/* The angle of a von Mises distribution around 0, in [-pi, pi] (Best & Fisher 1979, wrapped Cauchy envelope). */
double lg_philox_von_mises(double seed_low, double seed_high, double draw, double place, double kappa) {
  if (!(kappa >= 0) || isinf(kappa)) return NAN;
  const Stream s = stream_at(seed_low, seed_high, draw, place);
  const double pi = 3.14159265358979323846;
  if (kappa < 1e-8) return pi * (2.0 * uniforms(&s, 0).first - 1.0);
  /* r = (1 + rho^2) / (2 rho), and r - 1 without cancellation for large kappa */
  const double tau = 1.0 + sqrt(1.0 + 4.0 * kappa * kappa);
  const double rho = 2.0 * kappa / (tau + sqrt(2.0 * tau)), excess = (1.0 - rho) * (1.0 - rho) / (2.0 * rho);
  const unsigned signs = 0xffffffu; /* an attempt that the loop does not come to */
  const double side = uniforms(&s, signs).first < 0.5 ? -1.0 : 1.0;
  for (unsigned attempt = 0;; ++attempt) {
    const Pair u = uniforms(&s, attempt);
    /* With z = cos(pi u): 1 - w for the cosine w = (1 + r z) / (r + z) of the angle. */
    const double z = cos(pi * u.first), below = excess * (1.0 - z) / (1.0 + excess + z);
    const double c = kappa * (excess + below); /* kappa (r - w) */
    if (c * (2.0 - c) - u.second <= 0 && log(c / u.second) + 1.0 - c < 0) continue;
    return side * 2.0 * asin(sqrt(0.5 * (below < 2.0 ? below : 2.0)));
  }
}

/* White balls among `drawn` from an urn of `white` and `black`, by inversion from the mode outwards. */
double lg_philox_hypergeometric(double seed_low, double seed_high, double draw, double place, double drawn,
                                double white, double black) {
  if (!(drawn >= 0 && white >= 0 && black >= 0 && drawn <= white + black) || white + black > 0x1p50) return NAN;
  const Stream s = stream_at(seed_low, seed_high, draw, place);
  const double low = fmax(0.0, drawn - black), high = fmin(drawn, white);
  const double mode = fmin(high, fmax(low, floor((drawn + 1.0) * (white + 1.0) / (white + black + 2.0))));
  const double at_mode =
      exp(log_factorial(white) - log_factorial(mode) - log_factorial(white - mode) + log_factorial(black) -
          log_factorial(drawn - mode) - log_factorial(black - drawn + mode) - log_factorial(white + black) +
          log_factorial(drawn) + log_factorial(white + black - drawn));
  double u = uniforms(&s, 0).first - at_mode, down = mode, up = mode, below = at_mode, above = at_mode;
  while (u > 0 && (down > low || up < high)) {
    if (down > low) {
      below *= down * (black - drawn + down) / ((white - down + 1.0) * (drawn - down + 1.0));
      --down;
      if ((u -= below) <= 0) return down;
    }
    if (up < high) {
      above *= (white - up) * (drawn - up) / ((up + 1.0) * (black - drawn + up + 1.0));
      ++up;
      if ((u -= above) <= 0) return up;
    }
  }
  return mode;
}
