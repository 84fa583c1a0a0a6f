model {
  y ~ normal(mu,
