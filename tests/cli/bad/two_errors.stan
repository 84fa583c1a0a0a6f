parameters {
  real mu;
}
model {
  mu ~ normal(0, tau);
  nu ~ normal(0, 1);
}
