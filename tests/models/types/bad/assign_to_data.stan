data {
  int N;
  vector[N] y;
}
transformed data {
  y[1] = 2;
}
parameters {
  real mu;
}
model {
  mu = 3;
  N = 4;
}
