// Log weight of mesquite bushes on log canopy volume.
data {
  int N;
  vector[N] weight, diam1, diam2, canopy_height;
}
transformed data {
  vector[N] x = log(diam1) + log(diam2) + log(canopy_height);
}
parameters {
  array[2] real b;
  real<lower=0> sigma;
}
model {
  weight ~ lognormal(b[1] + b[2] * x, sigma);
  // What lognormal keeps under `~` and normal does not: the density of log(weight) is meant.
  target += 0.5 * N * log(2 * pi());
}
