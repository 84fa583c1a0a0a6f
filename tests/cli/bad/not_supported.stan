functions {
  real twice(real x) {
    return 2 * x;
  }
}
parameters {
  real mu;
}
model {
  mu ~ normal(twice(1), 1);
}
