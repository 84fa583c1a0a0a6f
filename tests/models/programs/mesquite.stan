// Weight of mesquite bushes on their measures.
data {
  int N;
  vector[N] weight, diam1, diam2, canopy_height, total_height, density, group;
}
parameters {
  vector[7] beta;
  real<lower=0> sigma;
}
model {
  vector[N] expected = rep_vector(beta[1], N);
  array[6] vector[N] measures = {diam1, diam2, canopy_height, total_height, density, group};
  matrix[N, 6] X;
  for (k in 1 : 6) X[ : , k] = measures[k];
  expected += X * tail(beta, 6);
  weight ~ normal(expected, sigma);
}
