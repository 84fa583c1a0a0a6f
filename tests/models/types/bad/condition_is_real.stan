data {
  real x;
  int n;
}
transformed data {
  real y = 0;
  if (x) y = 1;
  while (x - 1) y = 2;
  y = x ? 1 : 2;
  if (x > 1 && n) y = 3;
}
