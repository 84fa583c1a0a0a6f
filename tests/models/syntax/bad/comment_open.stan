data {
  int N;
}
/* this one is closed */
model {
  /* and this one
  is not
  N ~ poisson(3);
}
