transformed data {
  real a = 1 real b = 2;
  a = b b = 3;
  print(a) print(b);
}
