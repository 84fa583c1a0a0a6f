data {
  int N;
  real N;
}
transformed data {
  for (N in 1:3) {
  }
  {
    real N;
  }
  real x;
  {
    real x;
  }
}
