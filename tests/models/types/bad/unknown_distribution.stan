parameters {
  real mu;
}
model {
  mu ~ nromal(0, 1);
  mu ~ normal_lpdf(0, 1);
  mu ~ whatever(1);
}
