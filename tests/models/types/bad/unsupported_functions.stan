functions {
  real twice(real x) {
    return 2 * x;
  }
}
data {
  matrix[2, 2] m;
}
transformed data {
  real y = twice(1) + 1.5;
}
parameters {
  real mu;
  vector[2] v;
}
model {
  mu ~ wiener(1, 0.5, 0.5, 0);
  target += wiener_lpdf(mu | 1, 0.5, 0.5, 0);
}
generated quantities {
  real draw = normal_rng(mu, 1);
}
