data {
  int<lower=0.5> n;
  real<lower={1, 2}> x;
  vector<upper=[1, 2]>[2] v;
  vector<lower=rep_vector(0, 2)>[2] w;
}
parameters {
  real<lower=n, upper=later> a;
  real later;
}
