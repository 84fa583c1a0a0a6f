data {
  real y;
  int k;
}
parameters {
  real mu;
}
model {
  target += normal_lpdf(y, mu, 1);
  target += normal_lpdf(y | mu);
  target += poisson_lpdf(k | mu);
  target += normal_lpmf(y | mu, 1);
  target += log(y | mu);
  target += poisson_lpmf(y | mu);
}
