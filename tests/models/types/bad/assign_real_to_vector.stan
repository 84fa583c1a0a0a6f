transformed data {
  vector[3] x;
  x = 2.5;
}
