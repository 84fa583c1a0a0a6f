transformed data {
  real x = fabs(-1.2);
  x = multiply_log(x, x);
  x = if_else(1, x, x);
  x = normal_log(x, 0, 1);
  x = poisson_log(3, 1);
  x = poisson_cdf_log(3, 1);
}
