data {
  int<lower=1> N;
  int<lower=1> D;
  matrix[N, D] X;
  vector[N] y;
  array[N] int group;
  int prior_only;
}
transformed data {
  vector[N] log_y = log(y);
  real mean_y = mean(y);
  real sd_y = sd(y);
  vector[N] centered;
  matrix[N, D] Xc;
  array[N] int is_first;
  vector[N] first;
  for (n in 1:N) {
    centered[n] = (y[n] - mean_y) / (2 * sd_y);
    is_first[n] = group[n] == 1;
    first[n] = group[n] == 1;
  }
  for (d in 1:D) {
    Xc[, d] = X[, d] - mean(X[, d]);
  }
}
parameters {
  vector[D] beta;
  real alpha;
  real<lower=0> sigma;
  vector<lower=-1, upper=1>[D] bounded;
  real<offset=mean_y, multiplier=sd_y> scaled;
}
transformed parameters {
  vector[N] mu = alpha + Xc * beta;
}
model {
  target += normal_lpdf(beta | 0, 10);
  target += normal_lpdf(sigma | 0, 10);
  log_y ~ normal(mu + first .* centered, sigma);
  if (!prior_only) {
    for (n in 1:N) {
      y[n] ~ normal(beta[1] + X[n] * beta, sigma);
    }
  }
  real total = 0;
  total += sum(square(beta));
  target += -total;
  bounded ~ beta(2, 2);
}
generated quantities {
  vector[N] residual = y - mu;
  real R2 = 1 - variance(residual) / variance(y);
  int positive = 0;
  for (r in residual) {
    if (r > 0) positive += 1;
  }
}
