functions {
  real f(real x, vector y) {
    return x;
  }
  real g(data real x) {
    return x;
  }
  real two(int a, real b) {
    return b;
  }
  real two(real a, int b) {
    return a;
  }
  real h_lpdf(real x, real mu) {
    return x;
  }
  void adds_lp(real x) {
    target += x;
  }
  void none(real x) {
    print(x);
  }
}
transformed data {
  adds_lp(1);
}
parameters {
  real p;
  vector[2] q;
}
model {
  real v = f(1, 2);
  v = g(p);
  v = two(1, 2);
  v = h_lpdf(p, 1);
  v = none(p);
  f(p, rep_vector(1, 2));
  p ~ h(1, 2);
  p ~ f(1);
  v = g;
}
