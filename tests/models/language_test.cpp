/// Programs and what they mean, written out in C++: log densities agree with these formulas, gradients with their
/// difference quotients.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <functional>
#include <limits>
#include <numeric>

#include "models/run_program.hpp"

namespace leapgraph::models {
namespace {

using Point = std::vector<double>;
using Complex = std::complex<double>;

struct LanguageProgram {
  std::string name;
  std::string text;
  std::size_t dimension;
  std::function<double(const Point&)> log_density;
  std::string data = "{}";
  int points = 6;
};

double square(double x) { return x * x; }

std::vector<LanguageProgram> statements() {
  return {
      {"JacobianIncrements", R"(
functions { real positive_jacobian(real x) { jacobian += x; return exp(x); } }
parameters { real a; vector[2] b; }
transformed parameters { real u = positive_jacobian(a); for (i in 1 : 2) jacobian += b[i] * a; }
model { u ~ normal(0, 1); }
)",
       3, [](const Point& q) { return q[0] + q[0] * (q[1] + q[2]) - 0.5 * square(std::exp(q[0])); }},
      {"ReturnsUnderConditions", R"(
functions {
  real piecewise(real x) {
    if (x < 0) { return 0; }
    else if (x < 1) { real y = x * x; return y; }
    return 2 * x;
  }
}
parameters { vector[4] a; }
model { for (i in 1 : 4) target += piecewise(a[i]) * i; target += piecewise(sum(a)); }
)",
       4,
       [](const Point& q) {
         const auto piecewise = [](double x) { return x < 0 ? 0 : x < 1 ? x * x : 2 * x; };
         double sum = piecewise(q[0] + q[1] + q[2] + q[3]);
         for (std::size_t i = 0; i < 4; ++i) sum += piecewise(q[i]) * static_cast<double>(i + 1);
         return sum;
       }},
      {"ReturnsOutOfLoops", R"(
functions {
  real first_above(vector x) {
    real s = 0;
    for (i in 1 : num_elements(x)) { if (x[i] > 0.3) return s + i; s += x[i] ^ 3; }
    return s;
  }
}
parameters { vector[4] a; }
model { target += first_above(a); target += first_above(2 * a) * a[1]; }
)",
       4,
       [](const Point& q) {
         const auto first_above = [](const Point& x, double scale) {
           double s = 0;
           for (std::size_t i = 0; i < x.size(); ++i) {
             if (scale * x[i] > 0.3) return s + static_cast<double>(i + 1);
             s += std::pow(scale * x[i], 3);
           }
           return s;
         };
         return first_above(q, 1) + first_above(q, 2) * q[0];
       }},
      {"BreakAndContinue", R"(
parameters { vector[3] a; }
model {
  real s = 0;
  int n = 0;
  for (i in 1 : 3) {
    for (j in 1 : 3) {
      if (a[j] * i > 0.3) break;
      if (a[j] > a[i]) continue;
      s += a[j] * i * j;
      n += 1;
    }
    s *= 1.1;
  }
  target += s + n * a[1];
}
)",
       3,
       [](const Point& a) {
         double s = 0;
         int n = 0;
         for (std::size_t i = 0; i < 3; ++i) {
           for (std::size_t j = 0; j < 3; ++j) {
             if (a[j] * static_cast<double>(i + 1) > 0.3) break;
             if (a[j] > a[i]) continue;
             s += a[j] * static_cast<double>((i + 1) * (j + 1));
             ++n;
           }
           s *= 1.1;
         }
         return s + n * a[0];
       }},
      {"WhileOnParameters", R"(
functions { real root(real c) { real x = 1; while (abs(x ^ 2 - c) > 1e-13) x = 0.5 * (x + c / x); return x; } }
parameters { array[2] real<lower=0> c; real b; }
model {
  real x = 2 + b;
  int n = 0;
  for (i in 1 : 2) target += root(c[i]) * i;
  while (x > 0.5) { x *= 0.5; n += 1; target += x * b; }
  target += n * x;
}
)",
       3,
       [](const Point& q) {
         double sum = q[0] + q[1] + std::exp(0.5 * q[0]) + 2 * std::exp(0.5 * q[1]), x = 2 + q[2];
         int n = 0;
         for (; x > 0.5; ++n) sum += (x *= 0.5) * q[2];
         return sum + n * x;
       },
       "{}", 1},  // a thousand steps each
      {"RejectsUnderConditions", R"(
parameters { real a; real b; }
model { if (a > 0.5) reject("too large: ", a); else if (b < -0.5) target += 2 * b; target += -a * a; }
)",
       2,
       [](const Point& q) {
         if (q[0] > 0.5) return -std::numeric_limits<double>::infinity();
         return (q[1] < -0.5 ? 2 * q[1] : 0) - q[0] * q[0];
       }},
      {"PositionsThatDependOnParameters", R"(
parameters { vector[4] a; }
model {
  int k = 1;
  for (i in 2 : 4) if (a[i] > a[k]) k = i;
  vector[4] v = rep_vector(1, 4);
  v[k] = a[1] * 3;
  target += dot_product(v, a);
  for (j in 1 : 3) v[k] += j * a[2];
  target += dot_self(v);
}
)",
       4,
       [](const Point& a) {
         const auto k = static_cast<std::size_t>(std::max_element(a.begin(), a.end()) - a.begin());
         Point v(4, 1.0);
         v[k] = a[0] * 3;
         double sum = std::inner_product(v.begin(), v.end(), a.begin(), 0.0);
         v[k] += 6 * a[1];
         return std::inner_product(v.begin(), v.end(), v.begin(), sum);
       }},
      {"RecursionInLoops", R"(
functions {
  real halves(real x, int n) { real y = n == 0 ? 0 : halves(x / 2, n - 1); return y + x * n; }
  real shifted(int n, real x) { if (n == 0) return x; return shifted(n - 1, x * n) + n * x; }
}
parameters { vector[3] a; }
model { for (i in 1 : 3) target += halves(a[i], i) + shifted(i, a[i]); }
)",
       3,
       [](const Point& a) {
         const std::function<double(double, int)> halves = [&](double x, int n) {
           return (n == 0 ? 0 : halves(x / 2, n - 1)) + x * n;
         };
         const std::function<double(int, double)> shifted = [&](int n, double x) {
           return n == 0 ? x : shifted(n - 1, x * n) + n * x;
         };
         double sum = 0;
         for (int i = 1; i <= 3; ++i)
           sum += halves(a[static_cast<std::size_t>(i - 1)], i) + shifted(i, a[static_cast<std::size_t>(i - 1)]);
         return sum;
       }},
      {"DensitiesOfTheProgramUnderConditions", R"(
functions { real my_lpdf(real y, real m) { return -0.5 * (y - m) ^ 2; } }
parameters { vector[3] a; }
model { for (i in 1 : 3) if (a[i] > 0) a[i] ~ my(1); else a[i] ~ normal(0, 2); }
)",
       3,
       [](const Point& a) {
         double sum = 0;
         for (const double x : a) sum += x > 0 ? -0.5 * square(x - 1) : -0.5 * square(x / 2);
         return sum;
       }},
      {"LoopsOverElements", R"(
parameters { matrix[2, 3] m; array[2] vector[2] v; }
model {
  real s = 0;
  for (x in m) s = s * 0.5 + x;
  target += s;
  for (w in v) target += dot_self(w);
  for (x in exp(v[1])) target += x;
}
)",
       10,
       [](const Point& q) {
         double s = 0, sum = std::exp(q[6]) + std::exp(q[7]);
         for (std::size_t i = 0; i < 6; ++i) s = s * 0.5 + q[i];
         for (std::size_t i = 6; i < 10; ++i) sum += q[i] * q[i];
         return s + sum;
       }},
  };
}

std::vector<LanguageProgram> tuples() {
  return {
      {"TuplesOfFunctions", R"(
functions { tuple(real, vector) scaled(real x, vector v) { return (x ^ 2, v * x); } }
transformed data {
  tuple(int, vector[2]) d = (3, [1, 2]');
  tuple(real, real) w = (1, 2);
  (w.1, w.2) = (w.2, w.1);
}
parameters { real a; vector[2] b; }
model {
  tuple(real, vector[2]) t = scaled(a, b);
  target += t.1 * d.1 + dot_product(t.2, d.2) * w.1 - w.2;
  real u;
  vector[2] v;
  (u, v) = scaled(a + 1, t.2);
  target += u * v[1] + scaled(b[1], b).2[2];
}
)",
       3,
       [](const Point& q) {
         const double a = q[0], b = q[1], c = q[2];
         return a * a * 3 + (b * a + 2 * c * a) * 2 - 1 + square(a + 1) * (b * a * (a + 1)) + b * c;
       }},
      {"ArraysOfTuples", R"(
data { int N; array[N] tuple(real, array[2] int) d; tuple(vector[2], tuple(int, real)) e; }
parameters { array[2] tuple(real<lower=0>, vector[2]) p; tuple(simplex[2], real) s; }
model {
  for (i in 1 : 2) {
    p[i].1 ~ normal(d[i].1, d[i].2[1]);
    p[i].2 ~ normal(e.1, e.2.2);
  }
  target += s.1[1] * s.2 * e.2.1;
  for (x in p) target += x.1 * sum(x.2);
}
)",
       8,
       [](const Point& q) {
         const double z = std::sqrt(2.0) * q[6], share = 1 / (1 + std::exp(-z));
         double sum = q[0] + q[3] + std::log(share) + std::log(1 - share) + 0.5 * std::log(2.0) + share * q[7] * 3;
         const double mu[] = {0.5, 1.5}, sigma[] = {1, 2}, e[] = {0.1, 0.2};
         for (std::size_t i = 0; i < 2; ++i) {
           const double x = std::exp(q[3 * i]);
           sum += -0.5 * square((x - mu[i]) / sigma[i]);
           for (std::size_t k = 0; k < 2; ++k)
             sum += -0.5 * square((q[3 * i + 1 + k] - e[k]) / 1.5) + x * q[3 * i + 1 + k];
         }
         return sum;
       },
       R"({"N": 2, "d": [{"1": 0.5, "2": [1, 2]}, {"1": 1.5, "2": [2, 3]}],
           "e": {"1": [0.1, 0.2], "2": {"1": 3, "2": 1.5}}})"},
      {"TuplesInRecurrences", R"(
functions { tuple(real, real) turn(tuple(real, real) s, real x) { return (s.1 + x * s.2, s.2 * x + s.1); } }
parameters { vector[4] a; }
model {
  tuple(real, real) s = (0, 1);
  for (i in 1 : 4) s = turn(s, a[i]);
  target += s.1 * s.2;
}
)",
       4,
       [](const Point& q) {
         double s = 0, t = 1;
         for (const double x : q) std::tie(s, t) = std::pair(s + x * t, t * x + s);
         return s * t;
       }},
      {"TuplesUnderConditions", R"(
functions { tuple(int, real) g(real x) { if (x > 0) return (1, x); return (2, x ^ 2); } }
parameters { vector[3] a; }
model {
  for (i in 1 : 3) { tuple(int, real) r = g(a[i]); target += r.1 * r.2; }
  array[2] tuple(real, real) z = {(a[1], a[2]), (a[2], a[3])};
  z[1].1 += 1;
  array[3] tuple(real, real) y = append_array(z, {(1.0, 2.0)});
  target += z[1].1 * z[2].2 + size(y) * y[3].2 * a[1];
}
)",
       3,
       [](const Point& q) {
         double sum = (q[0] + 1) * q[2] + 6 * q[0];
         for (const double x : q) sum += x > 0 ? x : 2 * x * x;
         return sum;
       }},
  };
}

std::vector<LanguageProgram> complex_numbers() {
  return {
      {"ComplexFunctions", R"(
parameters { complex z; real w; }
model {
  target += get_real(z * w + 2i) + abs(z) ^ 2 + get_imag(exp(z)) + get_real(z / (w + 3)) + arg(z) + get_imag(pow(z, 2));
  target += get_real(sqrt(z) - log(z)) + norm(z) + get_imag(polar(w, w)) + get_real(conj(z) * 1i);
}
)",
       3,
       [](const Point& q) {
         const Complex z(q[0], q[1]);
         const double w = q[2];
         return (z * w).real() + 2 * std::norm(z) + std::exp(z).imag() + (z / (w + 3)).real() + std::arg(z) +
                (z * z).imag() + (std::sqrt(z) - std::log(z)).real() + w * std::sin(w) +
                (std::conj(z) * Complex(0, 1)).real();
       }},
      {"ComplexLinearAlgebra", R"(
data { complex_vector[2] d; }
parameters { complex_vector[2] v; complex_matrix[2, 2] m; }
model {
  complex_matrix[2, 2] M = [d', [1, 2i]];
  complex_vector[2] y = M * v;
  for (i in 1 : 2) target += norm(y[i]);
  complex_vector[2] f = fft(v);
  target += get_imag(f[2]) * get_real(f[1]) + get_real(dot_product(v, d));
  for (r in 1 : 2) for (c in 1 : 2) target += get_real(m[r, c] * (r + 2 * c)) + get_imag(m[r, c] ^ 2) * r;
}
)",
       12,
       [](const Point& q) {
         const Complex v[] = {{q[0], q[1]}, {q[2], q[3]}}, d[] = {{1, 2}, {3, -1}};
         const Complex y[] = {d[0] * v[0] + d[1] * v[1], v[0] + Complex(0, 2) * v[1]};
         double sum = std::norm(y[0]) + std::norm(y[1]) + (v[0] - v[1]).imag() * (v[0] + v[1]).real() +
                      (std::conj(v[0]) * d[0] + std::conj(v[1]) * d[1]).real();
         for (std::size_t c = 0; c < 2; ++c)
           for (std::size_t r = 0; r < 2; ++r) {
             const Complex m(q[4 + 4 * c + 2 * r], q[5 + 4 * c + 2 * r]);
             sum += m.real() * static_cast<double>(r + 1 + 2 * (c + 1)) + (m * m).imag() * static_cast<double>(r + 1);
           }
         return sum;
       },
       R"({"d": [[1, 2], [3, -1]]})"},
      {"ComplexRecurrence", R"(
parameters { array[3] complex z; }
model {
  complex s = 0;
  for (i in 1 : 3) s = s * z[i] + conj(z[i]) * 1i + i;
  target += get_real(s) * get_imag(s);
  if (s == z[1]) target += 1;
}
)",
       6,
       [](const Point& q) {
         Complex s = 0;
         for (std::size_t i = 0; i < 3; ++i) {
           const Complex z(q[2 * i], q[2 * i + 1]);
           s = s * z + std::conj(z) * Complex(0, 1) + static_cast<double>(i + 1);
         }
         return s.real() * s.imag();
       }},
  };
}

/// Numbers between -1 and 1, the same at every run.
Point point(std::size_t dimension, int number) {
  Point q;
  for (std::size_t i = 0; i < dimension; ++i)
    q.push_back(std::sin(1.3 * static_cast<double>(i + 1) + 2.1 * static_cast<double>(number) + 0.4));
  return q;
}

class Language : public testing::TestWithParam<LanguageProgram> {};

TEST_P(Language, MeansWhatItSays) {
  const LanguageProgram& program = GetParam();
  const Model m = model(program.text, program.data);
  ASSERT_EQ(m.dimension(), static_cast<std::int64_t>(program.dimension));
  for (int number = 0; number < program.points; ++number) {
    const Point q = point(program.dimension, number);
    const Evaluated found = evaluate(m, q);
    const double expected = program.log_density(q);
    if (std::isinf(expected)) {
      EXPECT_EQ(found.log_density, expected);
      continue;
    }
    EXPECT_NEAR(found.log_density, expected, 1e-12 * std::max(1.0, std::abs(expected))) << "at point " << number;
    for (std::size_t i = 0; i < q.size(); ++i) {
      constexpr double step = 1e-6;  // the difference quotient is good to about 1e-9
      Point above = q, below = q;
      above[i] += step;
      below[i] -= step;
      const double slope = (program.log_density(above) - program.log_density(below)) / (2 * step);
      EXPECT_NEAR(found.gradient[i], slope, 1e-7 * std::max(1.0, std::abs(slope))) << i << " at point " << number;
    }
  }
}

std::string name_of(const testing::TestParamInfo<LanguageProgram>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Statements, Language, testing::ValuesIn(statements()), name_of);
INSTANTIATE_TEST_SUITE_P(Tuples, Language, testing::ValuesIn(tuples()), name_of);
INSTANTIATE_TEST_SUITE_P(ComplexNumbers, Language, testing::ValuesIn(complex_numbers()), name_of);

TEST(Tuples, AreVariablesOfTheirSlotsInDrawsAndInitialValues) {
  const Model m = model("parameters { array[2] tuple(real<lower=0>, complex) p; tuple(real, vector[2]) t; }");
  const std::vector<std::string> names = m.coordinate_names();
  EXPECT_THAT(names, testing::ElementsAre("p.1[1]", "p.2[1,1]", "p.2[1,2]", "p.1[2]", "p.2[2,1]", "p.2[2,2]", "t.1",
                                          "t.2[1]", "t.2[2]"));
  const auto values = draw(m, {0, 1, 2, 0, 4, 5, 6, 7, 8});
  EXPECT_THAT(values.at("p.1"), testing::ElementsAre(1, 1));
  EXPECT_THAT(values.at("p.2"), testing::ElementsAre(1, 2, 4, 5));
  EXPECT_THAT(values.at("t.2"), testing::ElementsAre(7, 8));
  const DataSet initial = DataSet::from_text(
      "init.json", R"({"p": [{"1": 1, "2": [3, 4]}, {"1": 1, "2": [5, 6]}], "t": {"1": 2, "2": [7, 9]}})");
  EXPECT_THAT(m.unconstrain(initial), testing::ElementsAre(0, 3, 4, 0, 5, 6, 2, 7, 9));
}

TEST(Tuples, OfDataAreChecked) {
  const std::string program = "data { array[2] tuple(int<lower=0>, vector[2]) d; }";
  EXPECT_THAT(complaint([&] { model(program, R"({"d": [{"1": 1, "2": [1, 2]}, {"1": -2, "2": [1, 2]}]})"); }),
              testing::HasSubstr("d.1[2] must be at least 0, found -2"));
  EXPECT_THAT(complaint([&] { model(program, R"({"d": [{"1": 1, "2": [1, 2]}]})"); }),
              testing::HasSubstr("variable 'd.1' has the wrong shape: expected [2], found [1]"));
  EXPECT_THAT(complaint([&] { model(program, R"({"d": 3})"); }), testing::HasSubstr("variable 'd.1' is missing"));
}

}  // namespace
}  // namespace leapgraph::models
