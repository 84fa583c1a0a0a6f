data {
  int N;
  vector[N] y;
  matrix[N, N] m;
}
transformed data {
  real a = sd(N);
  real b = log(y);
  real c = mean(m, 1);
  vector[N] d = head(y, 1.5);
}
