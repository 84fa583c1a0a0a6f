dat {
  int N;
}
parameter {
  real mu;
}
transformed parameter {
  real tau = mu;
}
generate quantity {
  real x = 1;
}
