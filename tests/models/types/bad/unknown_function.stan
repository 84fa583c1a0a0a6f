parameters {
  real mu;
}
model {
  target += sqaure(mu);
  target += normal(mu, 1);
  target += nonsense(mu);
}
