/// The loops of the benchmarks written by hand: value and reverse pass with the arithmetic that the graphs have.
///
/// Compiled with the flags that emitted code gets, and with the same vector functions of glibc.
#include "loops_by_hand.h"

#define VECTOR_FUNCTION __attribute__((simd("notinbranch"), const))
double tanh(double) VECTOR_FUNCTION;
double exp(double) VECTOR_FUNCTION;
double log1p(double) VECTOR_FUNCTION;
double log(double) VECTOR_FUNCTION;
double sqrt(double);

void hand_vector_steps(long steps, const double* restrict x0, const double* restrict w, const double* restrict b,
                       double* restrict x) {
  double state[hand_width];
  for (int i = 0; i < hand_width; ++i) state[i] = x0[i];
  for (long t = 0; t < steps; ++t)
    for (int i = 0; i < hand_width; ++i) state[i] = w[i] * state[i] + b[i];
  for (int i = 0; i < hand_width; ++i) x[i] = state[i];
}

void hand_vector_rows(long steps, const double* restrict x0, const double* restrict w, const double* restrict b,
                      double* restrict rows) {
  double state[hand_width];
  for (int i = 0; i < hand_width; ++i) state[i] = x0[i];
  for (long t = 0; t < steps; ++t)
    for (int i = 0; i < hand_width; ++i) {
      state[i] = w[i] * state[i] + b[i];
      rows[t * hand_width + i] = state[i];
    }
}

void hand_scalar_steps(long steps, const double* restrict x0, const double* restrict a, const double* restrict b,
                       double* restrict x) {
  const double factor = *a, term = *b;
  double state = *x0;
  for (long t = 0; t < steps; ++t) state = factor * state + term;
  *x = state;
}

double hand_tanh(long steps, const double* restrict x0, const double* restrict w, double* restrict rows,
                 double* restrict g_x0, double* restrict g_w) {
  for (int i = 0; i < hand_width; ++i) rows[i] = x0[i];
  for (long t = 0; t < steps; ++t) {
    const double* x = rows + t * hand_width;
    double* next = rows + (t + 1) * hand_width;
#pragma omp simd
    for (int i = 0; i < hand_width; ++i) next[i] = tanh(w[i] * x[i]);
  }
  double value = 0, adjoint[hand_width], sum[hand_width];
  for (int i = 0; i < hand_width; ++i) {
    value += rows[steps * hand_width + i];
    adjoint[i] = 1;
    sum[i] = 0;
  }
  for (long t = steps; t-- > 0;) {
    const double* x = rows + t * hand_width;
    const double* next = rows + (t + 1) * hand_width;
#pragma omp simd
    for (int i = 0; i < hand_width; ++i) {
      const double inner = adjoint[i] * (1 - next[i] * next[i]);
      sum[i] += inner * x[i];
      adjoint[i] = inner * w[i];
    }
  }
  for (int i = 0; i < hand_width; ++i) {
    g_x0[i] = adjoint[i];
    g_w[i] = sum[i];
  }
  return value;
}

double hand_garch(long n, const double* restrict theta, double s0, const double* restrict y, double* restrict work,
                  double* restrict gradient) {
  const double m = theta[0], a = theta[1], b = theta[2], c = theta[3];
  double* s = work;           // scales, s[0] is given
  double* direct = work + n;  // adjoint of s[t] from y[t] alone
  s[0] = s0;
  for (long t = 1; t < n; ++t) {
    const double e = y[t - 1] - m;
    s[t] = sqrt(a + b * (e * e) + c * (s[t - 1] * s[t - 1]));
  }
  double value = 0, g_m = 0;
#pragma omp simd reduction(+ : value, g_m)
  for (long t = 0; t < n; ++t) {
    const double z = (y[t] - m) / s[t];
    value += -0.5 * (z * z) - log(s[t]);
    g_m += z / s[t];
    direct[t] = (z * z - 1) / s[t];
  }
  double g_a = 0, g_b = 0, g_c = 0, carried = 0;
  for (long t = n - 1; t > 0; --t) {
    const double e = y[t - 1] - m;
    const double half = 0.5 * (direct[t] + carried) / s[t];
    g_a += half;
    g_b += half * (e * e);
    g_c += half * (s[t - 1] * s[t - 1]);
    g_m -= half * (2 * b * e);
    carried = half * (2 * c * s[t - 1]);
  }
  gradient[0] = g_m;
  gradient[1] = g_a;
  gradient[2] = g_b;
  gradient[3] = g_c;
  return value;
}

double hand_hmm(long n, const double* restrict A, const double* restrict mu, const double* restrict sigma,
                const double* restrict y, double* restrict work, double* restrict gradient) {
  enum { K = hand_states };
  double log_A[K * K], log_sigma[K], alpha[K], inverse[K];
  for (int k = 0; k < K * K; ++k) log_A[k] = log(A[k]);
  for (int k = 0; k < K; ++k) {
    log_sigma[k] = log(sigma[k]);
    inverse[k] = 1 / sigma[k];
    const double z = (y[0] - mu[k]) * inverse[k];
    alpha[k] = -0.5 * (z * z) - log_sigma[k];
  }
  for (long t = 1; t < n; ++t) {
    double* weights = work + t * K * K;  // of state i before for state j after
    double highest[K], total[K], scaled[K * K];
    for (int j = 0; j < K; ++j) {
      highest[j] = alpha[0] + log_A[j];
      for (int i = 1; i < K; ++i) {
        const double here = alpha[i] + log_A[i * K + j];
        highest[j] = here > highest[j] ? here : highest[j];
      }
    }
    for (int i = 0; i < K; ++i)
      for (int j = 0; j < K; ++j) scaled[i * K + j] = alpha[i] + log_A[i * K + j] - highest[j];
#pragma omp simd
    for (int k = 0; k < K * K; ++k) weights[k] = exp(scaled[k]);
    for (int j = 0; j < K; ++j) total[j] = weights[j] + weights[K + j] + weights[2 * K + j];
    for (int i = 0; i < K; ++i)
      for (int j = 0; j < K; ++j) weights[i * K + j] /= total[j];
    for (int j = 0; j < K; ++j) {
      const double z = (y[t] - mu[j]) * inverse[j];
      alpha[j] = highest[j] + log(total[j]) - 0.5 * (z * z) - log_sigma[j];
    }
  }
  double highest = alpha[0], total = 0, adjoint[K], g_A[K * K] = {0}, g_mu[K] = {0}, g_sigma[K] = {0};
  for (int k = 1; k < K; ++k) highest = alpha[k] > highest ? alpha[k] : highest;
  for (int k = 0; k < K; ++k) total += adjoint[k] = exp(alpha[k] - highest);
  for (int k = 0; k < K; ++k) adjoint[k] /= total;
  for (long t = n - 1; t >= 0; --t) {
    for (int j = 0; j < K; ++j) {
      const double z = (y[t] - mu[j]) * inverse[j];
      g_mu[j] += adjoint[j] * z;
      g_sigma[j] += adjoint[j] * (z * z - 1);
    }
    if (t == 0) break;
    const double* weights = work + t * K * K;
    double before[K];
    for (int i = 0; i < K; ++i) {
      before[i] = 0;
      for (int j = 0; j < K; ++j) {
        const double share = adjoint[j] * weights[i * K + j];
        before[i] += share;
        g_A[i * K + j] += share;
      }
    }
    for (int i = 0; i < K; ++i) adjoint[i] = before[i];
  }
  for (int k = 0; k < K * K; ++k) gradient[k] = g_A[k] / A[k];
  for (int k = 0; k < K; ++k) {
    gradient[K * K + k] = g_mu[k] * inverse[k];
    gradient[K * K + K + k] = g_sigma[k] * inverse[k];
  }
  return highest + log(total);
}

double hand_groups(long n, long groups, const double* restrict mu, double log_sigma, const double* restrict y,
                   const long* restrict g, double* restrict g_mu, double* restrict g_log_sigma) {
  const double inverse = exp(-log_sigma);
  double squares = 0;
  for (long k = 0; k < groups; ++k) g_mu[k] = 0;
  for (long t = 0; t < n; ++t) {
    const double z = (y[t] - mu[g[t]]) * inverse;
    squares += z * z;
    g_mu[g[t]] += z;
  }
  for (long k = 0; k < groups; ++k) g_mu[k] *= inverse;
  *g_log_sigma = squares - (double)n;
  return -0.5 * squares - (double)n * log_sigma;
}

double hand_sorted_groups(long groups, const double* restrict mu, double log_sigma, const double* restrict y,
                          const long* restrict start, double* restrict g_mu, double* restrict g_log_sigma) {
  const double inverse = exp(-log_sigma);
  double squares = 0;
  for (long k = 0; k < groups; ++k) {
    const double centre = mu[k];
    double sum = 0, square = 0;
#pragma omp simd reduction(+ : sum, square)
    for (long t = start[k]; t < start[k + 1]; ++t) {
      const double z = (y[t] - centre) * inverse;
      square += z * z;
      sum += z;
    }
    squares += square;
    g_mu[k] = sum * inverse;
  }
  const double n = (double)start[groups];
  *g_log_sigma = squares - n;
  return -0.5 * squares - n * log_sigma;
}

double hand_crossed(long n, const long* lengths, double b0, const double* const* effects, const long* const* indices,
                    const double* restrict y, double* restrict work, double* restrict gradient) {
  const double* restrict a = effects[0], * restrict b = effects[1], * restrict c = effects[2];
  const long* restrict i = indices[0], * restrict j = indices[1], * restrict k = indices[2];
  double value = 0, total = 0;
#pragma omp simd reduction(+ : value, total)
  for (long t = 0; t < n; ++t) {
    const double logit = b0 + a[i[t]] + b[j[t]] + c[k[t]];
    const double e = exp(logit < 0 ? logit : -logit);
    const double p = (logit < 0 ? e : 1) / (1 + e);
    value += y[t] * logit - (logit < 0 ? 0 : logit) - log1p(e);
    work[t] = y[t] - p;
    total += work[t];
  }
  gradient[0] = total;
  double* row = gradient + 1;
  for (int f = 0; f < 3; ++f) {
    for (long r = 0; r < lengths[f]; ++r) row[r] = 0;
    for (long t = 0; t < n; ++t) row[indices[f][t]] += work[t];
    row += lengths[f];
  }
  return value;
}

double hand_cumulative(long n, double r, const double* restrict x, double* restrict s, double* restrict g_r,
                       double* restrict g_x) {
  double state = 0, value = 0, adjoint = 0, sum = 0;
  for (long t = 0; t < n; ++t) {
    state = r * state + x[t];
    s[t] = state;
    value += state * state;
  }
  for (long t = n - 1; t >= 0; --t) {
    const double here = adjoint + 2 * s[t];
    g_x[t] = here;
    if (t > 0) sum += here * s[t - 1];
    adjoint = here * r;
  }
  *g_r = sum;
  return value;
}
