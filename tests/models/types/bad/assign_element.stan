data {
  int N;
}
transformed data {
  array[N] real x;
  matrix[N, N] m;
  x[1] = [1, 2];
  m[1] = rep_vector(0, N);
  m[, 1] = rep_vector(0, N);
}
