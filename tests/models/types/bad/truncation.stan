functions {
  real half_lpdf(real y, real s) {
    return -y / s;
  }
  real half_lcdf(real y, real s) {
    return -y / s;
  }
}
parameters {
  real a;
  vector[2] v;
}
model {
  a ~ normal(0, 1) T[v, ];
  2 ~ poisson(3) T[0.5, ];
  2 ~ poisson_log(3) T[1, ];
  a ~ half(2) T[0, ];
  a ~ half(2) T[ , 1];
  a ~ half(2) T[ , b];
}
