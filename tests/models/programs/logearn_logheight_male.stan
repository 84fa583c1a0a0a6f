// Log earnings on log height and sex.
data {
  int N;
  vector[N] earn, height, male;
}
transformed data {
  vector[N] outcome = log(earn);
  matrix[N, 2] X = append_col(log(height), male);
}
parameters {
  vector[3] beta;
  real<lower=0> sigma;
}
model {
  outcome ~ normal(beta[1] + X * beta[2 : 3], sigma);
}
