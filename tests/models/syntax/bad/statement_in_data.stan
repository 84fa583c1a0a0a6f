data {
  int N;
  N = 3;
  real x = 2;
  vector[N] y;
}
parameters {
  real mu;
  mu ~ normal(0, 1);
  real tau
}
