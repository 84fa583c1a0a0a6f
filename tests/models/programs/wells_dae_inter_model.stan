// Who switches wells, by distance, arsenic, education and their products.
data {
  int<lower=0> N;
  array[N] int<lower=0, upper=1> switched;
  vector[N] dist;
  vector[N] arsenic;
  vector[N] educ;
}
transformed data {
  vector[N] d = (dist - mean(dist)) / 100;
  vector[N] a = arsenic - mean(arsenic);
  vector[N] e = (educ - mean(educ)) / 4;
  matrix[N, 6] x = append_col(append_col(append_col(d, a), append_col(e, d .* a)), append_col(d .* e, a .* e));
}
parameters {
  real alpha;
  vector[6] beta;
}
model {
  switched ~ bernoulli_logit_glm(x, alpha, beta);
}
