functions {
  real[] f(real[,] x, int y[], vector[3] v) {
    return x[1];
  }
}
data {
  int N;
  real x[N];
  int<lower=0> y[N, 2], z;
  vector<lower=0>[N] v[3];
}
model {
  real t[N] = x;
}
