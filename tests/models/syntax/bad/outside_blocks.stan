int N;
vector[N] y;
model {
  y ~ normal(0, 1);
}
