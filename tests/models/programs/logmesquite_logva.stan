// Log weight of mesquite bushes on log canopy volume and area.
data {
  int N;
  vector[N] weight, diam1, diam2, canopy_height, group;
}
transformed data {
  vector[N] area = diam1 .* diam2;
  vector[N] log_volume = log(area .* canopy_height);
}
parameters {
  vector[4] beta;
  real<lower=0> sigma;
}
model {
  log(weight) ~ normal(beta[1] + beta[2] * log_volume + beta[3] * log(area) + beta[4] * group, sigma);
}
