model {
  real<lower=0> sigma;
  simplex[3] theta;
  array[2] cov_matrix[3] S;
  cholesky_factor_corr[2] L;
}
