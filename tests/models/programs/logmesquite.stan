// Log weight of mesquite bushes on the logs of their measures.
data {
  int N;
  vector[N] weight, diam1, diam2, canopy_height, total_height, density, group;
}
transformed data {
  matrix[N, 5] measures;
  measures[ : , 1 : 2] = append_col(diam1, diam2);
  measures[ : , 3] = canopy_height;
  measures[ : , 4] = total_height;
  measures[ : , 5] = density;
  matrix[N, 7] X = append_col(rep_vector(1.0, N), append_col(log(measures), group));
}
parameters {
  vector[7] beta;
  real<lower=0> sigma;
}
model {
  log(weight) ~ normal(X * beta, sigma);
}
