parameters {
  real mu;
}
transformed parameters {
  real total = 0;
  vector[size({mu})] v;
}
generated quantities {
  int n = 3;
  array[n] real x;
}
