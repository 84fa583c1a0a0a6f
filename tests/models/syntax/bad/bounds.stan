data {
  real<lower=0, lower=1> a;
  real<lower=0, offset=1> b;
  int<offset=1> c;
  simplex<lower=0>[3] d;
  real<lower=0 && 1> e;
  real<lower=x < y> f;
  real<minimum=0> g;
  real<lower 0> h;
  real x<lower=0>;
  vector[3]<lower=0> v;
  real<lower=x ? 1 : 2> i;
}
