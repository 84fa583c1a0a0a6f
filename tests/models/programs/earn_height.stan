// Earnings on height.
data {
  int<lower=1> N;
  vector<lower=0>[N] earn;
  vector<lower=0>[N] height;
}
parameters {
  vector[2] b;
  real<lower=0> s;
}
transformed parameters {
  real intercept = b[1], slope = b[2];
}
model {
  earn ~ normal(intercept + height * slope, s);
}
