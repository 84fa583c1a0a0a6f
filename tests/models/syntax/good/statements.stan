functions {
  void warn(int n) {
    print("n is ", n);
    return;
  }
}
transformed data {
  int n = 3;
  array[n, n] real x;
  tuple(int, tuple(real, vector[2])) t;
  vector[n] v;
  int a;
  real b;
  ;
  warn(n);
  x[1, 2] = 1;
  x[1][2] += 2;
  x[1 : 2] = x[2 : 3];
  v *= 2;
  v -= 1;
  v /= 3;
  v .*= v;
  v ./= v;
  t.1 = 4;
  t.2.2[1] = 0.5;
  (a, b) = (1, 2.5);
  (t.1, (b, v)) = t;
  for (i in 1 : n) {
    for (j in i : n + 1) x[i, j] = i * j;
  }
  for (e in v) print(e);
  for (row in {1, 2, 3}) {
    if (row == 2) continue;
    break;
  }
  while (n > 0) {
    real local = n;
    int k, m = 2;
  }
  while (0) ;
  if (n) warn(n);
  if (n > 1) {
    reject("too large: ", n, " and ", x[1]);
  } else if (n < 0) {
    fatal_error("impossible");
  } else if (n == 0) ;
  else if (n != 7) if (a) b = 1; else b = 2;
  else {
    { }
    {
      int inner = 1;
      print(inner, "", inner);
    }
  }
  profile("whole") {
    a = 1;
    profile("part") {
    }
  }
}
transformed parameters {
  jacobian += 1;
}
model {
  target += 1;
  target += normal_lpdf(b | 0, 1) + target();
  b ~ normal(0, 1);
  b ~ std_normal();
  v[1 : 2] ~ normal(0, 1) T[0, ];
  b ~ normal(0, 1) T[, 2 * a];
  b ~ normal(0, 1) T[a, b ? a : b];
  b ~ normal(0, 1) T[,];
  {1, 2} ~ categorical(v);
  [b, b] ~ multi_normal(v', x);
  -b + 1 ~ lognormal(0, 1);
  (b) ~ cauchy(0, 1);
  2 * b - a ~ cauchy(0, 1);
  foo(a, b) ~ bar();
  t.1 ~ poisson(3);
  real T = 3;
  T ~ normal(T, 1) T[T, T];
}
