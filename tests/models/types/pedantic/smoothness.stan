functions {
  real positive_part(real x, real limit) {
    if (x > limit) return x;
    return limit;
  }
}
data { int N; vector[N] y; }
parameters { real a; real<lower=0> b; }
transformed parameters {
  real c = 0;
  if (a > 0) c = b;
  for (n in 1:N) if (y[n] > 0) c += b;
}
model {
  a ~ normal(0, 1);
  log(b) ~ normal(0, 1);
  2 * a + b ~ normal(0, 1);
  log(y) ~ normal(positive_part(a, 0), positive_part(y[1], 0) + c > 0 ? 1 : 2);
  target += normal_lpdf(a * b | 0, 1);
}
