data {
  int model;
  real array;
  vector[3] true;
  real x, int y;
  int N, for;
}
model {
  real lower = 1;
  real y = upper + 1;
  if (true) x = 1;
  real return;
}
