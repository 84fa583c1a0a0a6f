// A mixture of five normals, without a loop: a row for each observation, a column for each component.
data {
  int<lower=5, upper=5> K;
  int<lower=1> N;
  vector[N] y;
}
transformed data {
  row_vector[K] ones = rep_row_vector(1, K);
}
parameters {
  simplex[K] theta;
  array[K] real mu;
  array[K] real<lower=0, upper=10> sigma;
}
model {
  matrix[N, K] z = diag_post_multiply(y * ones - rep_matrix(to_row_vector(mu), N), inv(to_vector(sigma)));
  matrix[N, K] terms = -0.5 * square(z) + rep_matrix(to_row_vector(log(theta) - log(to_vector(sigma))), N);
  mu ~ normal(0, 10);
  target += log_sum_exp(terms[ : , 1],
                        log_sum_exp(log_sum_exp(terms[ : , 2], terms[ : , 3]), log_sum_exp(terms[ : , 4], terms[ : , 5])));
  target += -0.5 * N * log(2 * pi());
}
