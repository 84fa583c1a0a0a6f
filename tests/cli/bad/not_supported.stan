parameters {
  real mu;
}
model {
  mu ~ normal(0, 1);
}
generated quantities {
  real y = normal_rng(mu, 1);
}
