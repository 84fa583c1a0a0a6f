transformed data {
  real a = 2i;
  real b = (1, 2).1;
}
transformed parameters {
  jacobian += 1;
}
