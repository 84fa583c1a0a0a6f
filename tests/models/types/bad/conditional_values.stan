data {
  int n;
}
transformed data {
  real y = n ? 1 : [1, 2];
}
