// Every block, in its place, with something in it.
functions {
  real twice(real x) {
    return 2 * x;
  }
}
data {
  int<lower=0> N;
  vector[N] y;
}
transformed data {
  real scale = twice(1.5);
}
parameters {
  real mu;
  real<lower=0> sigma;
}
transformed parameters {
  real precision = inv_square(sigma);
}
model {
  mu ~ normal(0, scale);
  y ~ normal(mu, sigma);
}
generated quantities {
  real z = normal_rng(mu, sigma);
}
