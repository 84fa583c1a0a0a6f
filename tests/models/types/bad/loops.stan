data {
  real r;
  int N;
}
transformed data {
  real x = 0;
  for (i in 1:r) x += 1;
  for (i in N) x += i;
  for (i in {1, 2}) x += i;
  break;
  continue;
  return;
}
