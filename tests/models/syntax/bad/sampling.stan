model {
  y ~ std_normal;
  y ~ ;
  y ~ 3 * x;
  y ~ normal(0, 1) T[0];
  y ~ normal(0, 1) T[0, 1;
  y ~ normal(0 | 1);
  y normal(0, 1);
  y;
}
