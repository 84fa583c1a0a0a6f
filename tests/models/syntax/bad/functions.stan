functions {
  real f(real x, y) { return x; }
  f(real x) { return x; }
  real g(real x) return x;
  real h(real x) {
    return x
  }
  real<lower=0> k(simplex[3] s, array[3] real a) { return 1; }
  real l { return 1; }
  int N;
  void m(data int n, data vector v);
  real n(array[] array[] real x);
}
model {
  real inner(real x) { return x; }
  data real z = 1;
}
