// Test scores on a factor with four levels.
data {
  int N;
  vector[N] kid_score;
  array[N] int<lower=1, upper=4> mom_work;
}
transformed data {
  int levels = max(mom_work);
  matrix[N, levels] indicator;
  for (level in 1 : levels) {
    for (n in 1 : N) {
      if (level == 1 || mom_work[n] == level) {
        indicator[n, level] = 1;
      } else {
        indicator[n, level] = 0;
      }
    }
  }
}
parameters {
  vector[levels] beta;
  real<lower=0> sigma;
}
model {
  target += normal_lupdf(kid_score | indicator * beta, sigma);
}
