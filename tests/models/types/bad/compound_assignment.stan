data {
  int N;
  vector[N] v;
}
transformed data {
  int n = 1;
  n += 2.5;
  vector[N] x = v;
  x *= v;
  x .*= v;
  x += 1;
}
