data {
  int N;
}
transformed data {
  array[N, N] real x;
  x[1:2][1] = {1.0, 2.0};
}
