transformed data {
  int N = 3.5;
  vector[2] v = {1.0, 2.0};
}
