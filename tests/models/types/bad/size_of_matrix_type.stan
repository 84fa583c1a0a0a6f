parameters {
  cov_matrix[2.5] S;
}
