data {
  complex z;
  complex_vector[3] p;
  tuple(int, real) t;
}
transformed data {
  real x = abs(p[1]);
}
parameters {
  sum_to_zero_matrix[2, 3] c;
}
