data {
  int N;
  vector[N] y;

model {
  for (n in 1:N) {
    y[n] ~ normal(0, 1);
}
