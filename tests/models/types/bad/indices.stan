data {
  int N;
  vector[N] v;
  matrix[N, N] m;
  array[N] int k;
  real r;
}
transformed data {
  real a = v[1.5];
  real b = v[1, 2];
  real c = r[1];
  row_vector[N] d = m[k, 1];
  vector[2] e = v[1.0:2];
  real f = m[1];
  real g = v[v];
}
