parameters {
  int k;
  array[3] int<lower=0> z;
}
transformed parameters {
  int n;
  {
    int inside = 1;
  }
}
