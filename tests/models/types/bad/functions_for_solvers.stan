functions {
  vector decay(real t, vector y, real k) { return -k * y; }
  vector two(real t, vector y, data real k) { return -k * y; }
  real number(real t, vector y, real k) { return k; }
  vector noise_rng(real t, vector y) { return y; }
  real part(array[] int y, int start, int end, real mu) { return mu; }
}
transformed data {
  vector[1] y0 = [1]';
  array[2] real ts = {1, 2};
  array[3] int counts = {1, 2, 3};
}
parameters {
  real k;
}
model {
  array[2] vector[1] y;
  y = ode_rk45(decay, y0, 0, ts);
  y = ode_rk45(decya, y0, 0, ts, k);
  y = ode_rk45(decay, y0, 0, 1.0, k);
  y = ode_rk45(exp, y0, 0, ts, k);
  y = ode_rk45(number, y0, 0, ts, k);
  y = ode_rk45(noise_rng, y0, 0, ts);
  y = ode_rk45(two, y0, 0, ts, k);
  y = ode_rk45_tol(decay, y0, 0, ts, k, 1e-6, 100, k);
  y = ode_bdf();
  target += reduce_sum(part, counts, 1, y0);
  target += reduce_sum(part, y0, 1, k);
  y = ode_rk54(decay, y0, 0, ts, k);
}
