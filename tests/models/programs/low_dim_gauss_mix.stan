// A mixture of two normals, without a loop.
data {
  int<lower=0> N;
  vector[N] y;
}
transformed data {
  real log_sqrt_two_pi = 0.5 * log(2 * pi());
}
parameters {
  ordered[2] mu;
  array[2] real<lower=0> sigma;
  real<lower=0, upper=1> theta;
}
model {
  vector[N] first = -0.5 * square((y - mu[1]) / sigma[1]) - (log(sigma[1]) + log_sqrt_two_pi);
  vector[N] second = -0.5 * square((y - mu[2]) / sigma[2]) - (log(sigma[2]) + log_sqrt_two_pi);
  sigma ~ normal(0, 2);
  mu ~ normal(0, 2);
  theta ~ beta(5, 5);
  target += log_sum_exp(log(theta) + first, log1m(theta) + second);
}
