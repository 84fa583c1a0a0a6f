functions {
  real twice(real x) {
    return 2 * x;
  }
  real twice(real y) {
    return y + y;
  }
  real nowhere(int n);
  real log(real x) {
    return x;
  }
  real normal_lpdf(real y, real mu, real sigma) {
    return y;
  }
  real mine_lupdf(real y) {
    return y;
  }
  int mine_lpdf(real y) {
    return 1;
  }
  real yours_lpmf(real y) {
    return y;
  }
  real same(real x, int x) {
    return x;
  }
  complex other(tuple(int, real) x) {
    return x;
  }
}
