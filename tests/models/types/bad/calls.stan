data {
  int N;
}
transformed data {
  real a = N(3);
  mean({1, 2});
  nothing(N);
}
