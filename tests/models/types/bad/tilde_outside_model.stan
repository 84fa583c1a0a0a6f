data {
  real y;
}
transformed data {
  y ~ normal(0, 1);
  target += 1;
  real t = target();
  real u = normal_lupdf(y | 0, 1);
}
