transformed data {
  // literals
  real l1 = 1. + .5 + 1e3 + 1.5e-3 + 2E+2 + .5e1 + 1_000 + 1_0.2_5 + 3.;
  complex l2 = 2i + .5i + 1.5e2i + 1_0i;
  int l3 = 2147483647;
  row_vector[2] l4 = [1, 2];
  matrix[2, 2] l5 = [[1, 2], [3, 4]];
  row_vector[0] l6 = [];
  array[2] int l7 = {1, 2};
  tuple(int, real) l8 = (1, 2.5);
  // operators, from the loosest to the tightest
  real o1 = a ? b : c ? d : e;
  real o2 = a ? b ? c : d : e;
  real o3 = a || b && c || d;
  real o4 = a && b == c;
  real o5 = a == b < c != d;
  real o6 = a < b + c >= d;
  real o7 = a + b - c * d / e % f .* g ./ h;
  real o8 = a * b \ c %/% d;
  real o9 = -a \ b;
  real o10 = -a ^ 2 + !b ^ c;
  real o11 = a ^ b ^ c .^ d;
  real o12 = a ^ -b ^ c * d;
  real o13 = (a ^ b) ^ c;
  real o14 = (-a) ^ b;
  real o15 = -(-a) - -b + +c;
  real o16 = !(a == b);
  real o17 = (a + b) * (c - (d - e));
  real o18 = a' * b'' + c[1]' ^ d';
  real o19 = (a + b)';
  real o20 = (a ? b : c) ? d : e;
  real o21 = a * (b ? c : d) + e;
  real o22 = a - (b - c) - d / (e / f) / (g * h);
  real o23 = 2.*x + 2 .*x + 1 ./x + x./y .^2;
  // calls
  real c1 = f() + f(a) + f(a, b) + f(a | b) + f(a | b, c) + f(a | );
  real c2 = target() + f(g(h(1)), {1, 2}, [3], (4, 5));
  // indices
  real i1 = x[1] + x[1, 2] + x[1][2] + f(x)[3] + {1, 2}[1] + [1, 2][1] + (a + b)[1];
  real i2 = x[] + x[ : ] + x[1 : ] + x[ : 2] + x[1 : 2] + x[, 1] + x[1, ] + x[1, , 3] + x[{1, 2}, : 2, a : ];
  real i3 = x[a ? b : c] + x[(a ? b : c) : d] + x[y[1] + 1 : size(y)];
  // tuples
  real t1 = t.1 + t.2.1 + f(t).3 + (1, 2).1 + x[1].2 + t.1[2] + t.1' + (t.1).2 + t .1;
}
