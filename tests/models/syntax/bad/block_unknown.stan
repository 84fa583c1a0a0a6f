prior {
  mu ~ normal(0, 1);
}
model {
  mu ~ normal(0, 1)
}
