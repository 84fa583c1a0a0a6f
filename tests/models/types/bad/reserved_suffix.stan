transformed data {
  real x_lupdf = 1;
}
