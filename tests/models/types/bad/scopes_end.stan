transformed data {
  {
    real inner = 1;
  }
  real a = inner;
  for (i in 1:2) {
    a = i;
  }
  a = i;
}
model {
  real local = 2;
}
generated quantities {
  real b = local;
}
