data {
  int N;
  vector[N] y;
  array[N] int k;
  matrix[N, N] m;
}
parameters {
  real mu;
}
model {
  y ~ normal(mu);
  y ~ normal(mu, 1, 2);
  m ~ normal(mu, 1);
  y ~ poisson(exp(mu));
  k ~ poisson(m);
  y ~ std_normal(1);
}
