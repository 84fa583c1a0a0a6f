data {
  vector[N] y;
  int N;
}
transformed data {
  real a = b;
  real b = 1;
  real c = c;
}
