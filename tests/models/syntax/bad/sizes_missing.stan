data {
  vector x;
  matrix[3] m;
  simplex[] s;
  row_vector[2, 2] r;
  cholesky_factor_cov[1, 2, 3] L;
  array real a;
  int[3] b;
}
