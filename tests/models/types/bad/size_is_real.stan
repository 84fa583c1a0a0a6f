data {
  real r;
  vector[r] x;
  array[2.5] int k;
  matrix[2, r] m;
}
