data {
  int N;
  vector[N] v;
  row_vector[N] r;
  matrix[N, N] m;
  array[N] real a;
}
transformed data {
  vector[N] x1 = v * v;
  vector[N] x2 = v + r;
  vector[N] x3 = a + 1;
  vector[N] x4 = v / v;
  vector[N] x5 = v * m;
  int x6 = 5 % 2.0;
  int x7 = v == v;
  real x8 = !v;
  vector[N] x9 = a';
  vector[N] x10 = 2.0 %/% 3;
}
