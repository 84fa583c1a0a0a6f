transformed data {
  array[2] int x = {1, 2};
  array[2] int n = {1, 2};
  x[x[1]] = 2;
  x[n[x[1]]] = 2;
  real y = 1;
  y .*= 2;
  y ./= 2;
}
