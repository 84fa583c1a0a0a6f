data {
  int<lower=1> N;
  vector[N] x;
  vector[N] y;
  real<lower=0> scale;
}
parameters {
  real alpha;
  vector[2] beta;
  real<lower=0> sigma;
}
model {
  alpha ~ normal(0, scale);
  beta ~ normal(0, scale);
  sigma ~ normal(0, 1);
  y ~ normal(alpha + beta[1] * x + beta[2] * square(x), sigma);
}
