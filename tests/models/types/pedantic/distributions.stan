data { int N; array[N] int k; vector[N] y; }
parameters {
  real mu;
  real sigma;
  real<lower=0> tau;
  real<lower=0, upper=2> p;
  real<lower=0, upper=1> u;
}
model {
  mu ~ normal(0, 1000);
  sigma ~ normal(0, 1);
  tau ~ gamma(0.01, 0.01);
  p ~ beta(1, 1);
  u ~ uniform(0, 2);
  y ~ normal(mu, sigma);
  y ~ normal(0.5, -1);
  k ~ bernoulli(p);
  target += exponential_lpdf(mu | tau);
}
