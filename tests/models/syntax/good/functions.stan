functions {
  real later(real x, int n);
  void nothing() {
  }
  void act_lp(data real x, array[] int n) {
    target += x;
    x ~ normal(0, 1);
  }
  array[,] vector grid(array[,,] real x, tuple(int, real) t, tuple(array[] int, matrix) u) {
    return {{[1, 2]'}, {[3, 4]'}};
  }
  tuple(real, complex_matrix) both(complex_vector a, complex_row_vector b, complex c) {
    return (1.0, b' * a');
  }
  tuple(int,) one(int n) {
    return (n,);
  }
  array[] tuple(int, int) pairs(int T) {
    return {(1, 2), (3, T)};
  }
  real custom_lpdf(real y, real mu) {
    if (y < mu) return negative_infinity();
    return -y;
  }
  vector shift_jacobian(vector x) {
    jacobian += sum(x);
    return exp(x);
  }
  row_vector flip(row_vector x) { return x; }
  int later(int n) { return n < 1 ? 1 : n * later(n - 1); }
}
