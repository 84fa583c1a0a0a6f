// A model of the usual kind: a regression whose groups share a prior.
data {
  int<lower=1> N;
  int<lower=1> J;
  int<lower=0> K;
  array[N] int<lower=1, upper=J> group;
  matrix[N, K] X;
  array[N] int<lower=0, upper=1> y;
}
transformed data {
  matrix[N, K] Xc;
  vector[K] centre;
  for (k in 1:K) {
    centre[k] = mean(X[, k]);
    Xc[, k] = X[, k] - centre[k];
  }
}
parameters {
  real alpha;
  vector[K] beta;
  real<lower=0> tau;
  vector<multiplier=tau>[J] u;
  cholesky_factor_corr[2] L;
}
transformed parameters {
  vector[N] eta = alpha + Xc * beta + u[group];
}
model {
  alpha ~ student_t(3, 0, 2.5);
  beta ~ normal(0, 1);
  tau ~ normal(0, 1) T[0, ];
  u ~ normal(0, tau);
  L ~ lkj_corr_cholesky(2);
  y ~ bernoulli_logit(eta);
}
generated quantities {
  array[N] int y_rep = bernoulli_logit_rng(eta);
  vector[N] log_lik;
  for (n in 1:N) {
    log_lik[n] = bernoulli_logit_lpmf(y[n] | eta[n]);
  }
  real best = max(log_lik), worst = min(log_lik);
}
