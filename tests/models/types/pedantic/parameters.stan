data { int<lower=0> N; vector[N] y; }
parameters {
  real unused;
  real flat;
  real twice;
  real<lower=0, upper=10> hard;
  real<lower=1, upper=1> empty;
  vector[N] theta;
}
transformed parameters { vector[N] shifted = theta + flat; }
model {
  twice ~ normal(0, 1);
  twice ~ normal(1, 1);
  hard ~ normal(5, 1);
  empty ~ normal(0, 1);
  theta ~ normal(0, hard);
  y ~ normal(shifted, exp(twice) + empty);
}
