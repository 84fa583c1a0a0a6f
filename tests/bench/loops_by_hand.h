/// What loops_by_hand.c exports: each loop of the benchmarks as a person would write it in C.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

enum { hand_width = 10, hand_states = 3 };

/// x <- w x + b, `steps` times, elementwise on vectors of hand_width.
void hand_vector_steps(long steps, const double* x0, const double* w, const double* b, double* x);
/// The same, storing x after each step as a row.
void hand_vector_rows(long steps, const double* x0, const double* w, const double* b, double* rows);
/// x <- a x + b, `steps` times.
void hand_scalar_steps(long steps, const double* x0, const double* a, const double* b, double* x);
/// sum(x) after `steps` times x <- tanh(w x), with its gradient. `rows` is room for steps + 1 vectors.
double hand_tanh(long steps, const double* x0, const double* w, double* rows, double* g_x0, double* g_w);
/// Log likelihood of GARCH(1,1): s' = sqrt(a + b (y - m)^2 + c s^2), y' ~ normal(m, s'), for theta = (m, a, b, c), with
/// its gradient. `work` is room for 2 n numbers.
double hand_garch(long n, const double* theta, double s0, const double* y, double* work, double* gradient);
/// Log likelihood of a hidden Markov model with transition matrix A (row-major, from row to column) and normal
/// emissions by the forward algorithm, with its gradient: A, then mu, then sigma. The first observation has a uniform
/// state. `work` is room for n * 9 numbers.
double hand_hmm(long n, const double* A, const double* mu, const double* sigma, const double* y, double* work,
                double* gradient);
/// sum of normal log densities of y around mu[g], with the gradient with respect to mu and log sigma.
double hand_groups(long n, long groups, const double* mu, double log_sigma, const double* y, const long* g,
                   double* g_mu, double* g_log_sigma);
/// The same, for data sorted by group: group k has the observations start[k] to start[k + 1] - 1.
double hand_sorted_groups(long groups, const double* mu, double log_sigma, const double* y, const long* start,
                          double* g_mu, double* g_log_sigma);
/// Bernoulli log likelihood of y given logits b0 + a[i] + b[j] + c[k], with the gradient with respect to b0, a, b, c,
/// in this order. `work` is room for n numbers.
double hand_crossed(long n, const long* lengths, double b0, const double* const* effects, const long* const* indices,
                    const double* y, double* work, double* gradient);
/// sum of s^2 for s <- r s + x[t], with the gradient with respect to r and x. `s` is room for n numbers.
double hand_cumulative(long n, double r, const double* x, double* s, double* g_r, double* g_x);

#ifdef __cplusplus
}
#endif
