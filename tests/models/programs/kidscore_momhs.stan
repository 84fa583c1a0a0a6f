// Test scores on one indicator, with a prior for the scale.
data {
  int N;
  vector<lower=0, upper=200>[N] kid_score;
  vector<lower=0, upper=1>[N] mom_hs;
}
parameters {
  vector[2] beta;
  real<lower=0> sigma;
}
model {
  row_vector[2] b = beta';
  {
    vector[N] expected = b[2] * mom_hs;
    expected += b[1];
    kid_score ~ normal(expected, sigma);
  }
  sigma ~ cauchy(0, 2.5);
}
