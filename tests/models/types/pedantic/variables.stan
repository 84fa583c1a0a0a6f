functions {
  real never_called(real x) { return x; }
  real calls_itself(real x) { return x > 0 ? calls_itself(x - 1) : x; }
}
data { int N; vector[N] y; real never_read; }
transformed data {
  int n_obs = N %/% 2;
  real half = N / 2;
  real late;
  print(late);
  late = 1;
  vector[2] partly;
  partly[1] = half;
  real decided;
  if (N > 1) decided = partly[1]; else decided = 2;
  real undecided;
  if (N > 1) undecided = decided;
  print(undecided);
  real in_loop;
  for (n in 1:N) in_loop = n;
  print(in_loop);
}
parameters { real mu; }
model {
  real written_only = 2;
  mu ~ normal(0, 1);
  y ~ normal(mu, 1);
}
