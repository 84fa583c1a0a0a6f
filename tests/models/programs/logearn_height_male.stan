// Log earnings on height and sex.
data {
  int N;
  vector[N] earn, height, male;
}
transformed data {
  array[N] real outcome;
  {
    int n = 0;
    while (n < N) {
      n += 1;
      outcome[n] = log(earn[n]);
    }
  }
}
parameters {
  vector[3] beta;
  real<lower=0> sigma;
}
model {
  outcome ~ normal(beta[1] + beta[2] * height + beta[3] * male, sigma);
}
