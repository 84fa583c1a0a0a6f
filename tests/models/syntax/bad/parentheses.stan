model {
  y ~ normal(0, 1;
  y ~ normal 0, 1);
  y ~ normal(mu,
             sigma;
  a = (1 + 2;
  a = b[1, 2;
  a = 1 + 2);
  a = {1, 2;
}
