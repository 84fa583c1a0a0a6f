// Linear regression with a design matrix; every constant is kept.
data {
  int<lower=0> N, D;
  matrix[N, D] X;
  vector[N] y;
}
parameters {
  vector[D] coefficients;
  real<lower=0> scale;
}
model {
  vector[N] fit = X * coefficients;
  target += normal_lpdf(coefficients | 0, 10) + normal_lpdf(scale | 0, 10);
  target += normal_lpdf(y | fit, scale);
}
