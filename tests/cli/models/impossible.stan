parameters {
  real x;
}
model {
  x ~ normal(0, 1);
  target += log(-1 - square(x));
}
