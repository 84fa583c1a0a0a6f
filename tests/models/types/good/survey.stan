data {
  int<lower=0> N;
  vector[N] partyid7;
  vector[N] real_ideo;
  array[N] int age_discrete;
  real prior_scale;
}
transformed data {
  vector[N] age30_44;
  vector[N] inter = real_ideo .* partyid7;
  real log10_scale = log10(prior_scale) / log(10);
  for (n in 1 : N) {
    age30_44[n] = age_discrete[n] == 2;
  }
}
parameters {
  vector[9] beta;
  real<lower=0> sigma;
}
model {
  beta ~ normal(0, prior_scale);
  sigma ~ cauchy(0, 2.5);
  partyid7 ~ normal(beta[1] + beta[2] * real_ideo + beta[3] * age30_44 + beta[4] * inter, sigma);
}
