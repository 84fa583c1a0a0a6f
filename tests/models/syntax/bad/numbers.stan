model {
  int a = 2147483648;
  int b = 3_000_000_000;
  real c = 1e400;
  real d = 1e-400;
  int e = 1__0;
  int f = 1_;
  real g = 1._5;
  real h = x.99999999999;
}
