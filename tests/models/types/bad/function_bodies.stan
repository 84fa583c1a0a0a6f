functions {
  real no_else(real x) {
    if (x > 0) return 1;
  }
  real a_loop(int n) {
    for (i in 1 : n) return i;
  }
  int wrong(real x) {
    return x;
  }
  real nothing(real x) {
    return;
  }
  void something(real x) {
    return x;
  }
  void changes(vector x) {
    x[1] = 2;
    y = 3;
  }
  real plain(real x) {
    target += x;
    x ~ normal(0, 1);
    return normal_lupdf(x | 0, 1);
  }
}
data {
  real y;
}
model {
  return;
}
