data {
  complex z;
  simplex[3] p;
  tuple(int, real) t;
}
transformed data {
  real x = p[1];
}
parameters {
  ordered[2] c;
  cov_matrix[2] S;
}
