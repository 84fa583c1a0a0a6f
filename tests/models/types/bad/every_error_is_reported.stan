data {
  int<lower=0> N;
  vector[N] y;
}
parameters {
  real mu;
  real<lower=0> sigma;
}
transformed parameters {
  vector[N] z = (y - mu) / sgma;
  int k = mu;
}
model {
  y ~ normal(mu, sigma, 1);
  mu ~ norml(0, 1);
  for (n in 1:N) target += y[n, 1];
}
generated quantities {
  real s = sum(y) + men(y);
}
