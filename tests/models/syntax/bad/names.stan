data {
  int _n;
  int 2x;
  int x__;
  int x.y;
  real x__y;
}
model {
  x__ ~ normal(x__, 1);
  real naïve = 3;
  real y = 3x + 1e;
}
