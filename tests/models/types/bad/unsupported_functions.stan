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
  v ~ multi_normal_prec(rep_vector(0, 2), m);
  target += wishart_lpdf(m | 3, m);
}
generated quantities {
  real draw = normal_rng(mu, 1);
}
