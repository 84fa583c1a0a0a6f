functions {
  real later(real x);
  int sign_of(int x) {
    return x < 0 ? -1 : x > 0;
  }
  real sign_of(real x) {
    if (x < 0) {
      return -1;
    } else if (x > 0) {
      return 1;
    } else {
      reject("zero: ", x);
    }
  }
  real factorial(int n) {
    if (n <= 1) return 1;
    return n * factorial(n - 1);
  }
  vector shifted(vector x, data real by, array[] int which) {
    vector[rows(x)] result = x;
    for (i in which) result[i] += by;
    return result;
  }
  real mine_lpdf(vector y, real mu) {
    return normal_lupdf(y | mu, 1) + later(mu);
  }
  real count_lpmf(int n, real rate) {
    return poisson_lpmf(n | rate);
  }
  void prior_lp(real x) {
    x ~ normal(0, 1);
    target += later(x);
  }
  real later(real x) {
    return square(x);
  }
  real add(real a, int b, int c) {
    return a + b + c;
  }
}
data {
  int n;
  real d;
  vector[3] y;
}
transformed data {
  int s = sign_of(n);
  real f = factorial(n);
}
parameters {
  real mu;
  vector[3] x;
}
model {
  prior_lp(mu);
  y ~ mine(mu);
  n ~ count(exp(mu));
  target += mine_lpdf(shifted(x, d, {1, 2}) | sign_of(mu)) + mine_lupdf(x | 0);
  target += add(mu, 1, 2);
}
