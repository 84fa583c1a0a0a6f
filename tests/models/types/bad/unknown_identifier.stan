parameters {
  real mu;
  real<lower=0> sigma;
}
model {
  mu ~ normal(0, sgima);
  target += q;
  target += log * 2;
}
