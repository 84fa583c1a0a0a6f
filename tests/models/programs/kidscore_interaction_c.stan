// Test scores on centered predictors and their product.
data {
  int<lower=0> N;
  vector[N] kid_score, mom_hs, mom_iq;
}
transformed data {
  matrix[N, 4] X = rep_matrix(1, N, 4);
  X[, 2] = mom_hs - mean(mom_hs);
  X[:, 3] = mom_iq - mean(mom_iq);
  for (n in 1 : N) {
    X[n, 4] = X[n, 2];
    X[n][4] *= X[n, 3];
  }
}
parameters {
  vector[4] beta;
  real<lower=0> sigma;
}
model {
  kid_score ~ normal(X * beta, sigma);
}
