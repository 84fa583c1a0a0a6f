data {
  int N;
  int<lower=0> K;
  int<upper=10> L;
  int<lower=1, upper=N> start;
  real<upper=5, lower=-5> x;
  real<offset=1, multiplier=2> raw;
  complex z;
  vector<lower=0>[N] v;
  row_vector<upper=1>[K + 1] r;
  matrix<lower=0, upper=1>[N, K] m;
  complex_vector[N] cv;
  complex_row_vector[N] cr;
  complex_matrix[N, K] cm;
  array[N] int<lower=0> counts;
  array[N, K] vector[3] table;
  tuple(int, real<lower=0>) pair;
  array[N] tuple(vector[K], array[2] matrix[K, K], tuple(int, complex)) nested;
  ;
}
transformed data {
  int a = 1, b, c = a + 2;
  vector[0] nothing;
  array[2, 1] real some = {{1}, {2.5}};
}
parameters {
  ordered[K] o;
  positive_ordered[K] po;
  simplex[K] s;
  unit_vector[K] u;
  sum_to_zero_vector[K] sz;
  sum_to_zero_matrix[N, K] szm;
  cov_matrix[K] cov;
  corr_matrix[K] corr;
  cholesky_factor_cov[K] chol;
  cholesky_factor_cov[N, K] tall;
  cholesky_factor_corr[K] L_corr;
  column_stochastic_matrix[K, K] columns;
  row_stochastic_matrix[K, K] rows;
  array[3] simplex[K] many;
  vector<offset=mu, multiplier=(sigma > 0 ? sigma : 1)>[N] theta;
  real<lower=fmax(a, b[1 : 2, N > 3]), upper=-2 * (a < b) ^ 2> bounded;
  array[N] real<multiplier=tau> scaled;
}
