/// Formulas have their true values and gradients at every level of optimisation, in bodies of loops, branches and
/// calls, through givens, of shared variables and of constants; and what has no real value is what IEEE 754 says.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "leapgraph/symbolic.hpp"

namespace leapgraph::symbolic {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Level {
  std::string name;
  CompileOptions options;
};
std::vector<Level> levels() {
  std::vector<Level> all(4);
  all[0].name = "native";
  all[1].name = "interpreter";
  all[1].options.target = CompileOptions::Target::interpreter;
  all[2].name = "native, right only";
  all[2].options.rewrite = false;
  all[3].name = "interpreter, right only";
  all[3].options.target = CompileOptions::Target::interpreter;
  all[3].options.rewrite = false;
  return all;
}

/// The tutorial's cross entropy with 3 of 5: 1600 and slope 2 at 800.
Expr cross_entropy(const Expr& z) {
  const Expr p = 1.0 / (1.0 + exp(-z));
  return -3.0 * log(p) - 2.0 * log(1.0 - p);
}
Expr sum_of_exponentials(const Expr& x) { return log(exp(x) + exp(2.0 * x)); }
Expr tangent(const Expr& x) { return (exp(x) - exp(-x)) / (exp(x) + exp(-x)); }

class Levels : public testing::TestWithParam<Level> {
 protected:
  FunctionOptions options() const { return {.compile = GetParam().options}; }
};

void expect_value(const Results& results, std::size_t i, double truth) {
  const double got = results[i];
  EXPECT_LE(std::abs(got - truth), 1e-14 * std::abs(truth)) << "output " << i << ": " << got << ", true " << truth;
}

/// Closed forms of orders 1/2 and 3/2; gamma has logarithms where it is positive only.
TEST_P(Levels, OfBesselAndGammaFunctions) {
  const Expr x = dscalar("x"), k = log(kv(1.5, x)), i = log(2.0 * iv(0.5, x)), g = log(gamma(x));
  const Function f = function({x}, {k, grad(k, x), i, grad(i, x), g, grad(g, x)}, options());
  const Results high = f(800.0);
  const double half_log = 0.5 * std::log(std::numbers::pi / 1600);
  const double truth[] = {half_log - 800 + std::log1p(1.0 / 800),
                          -1 / 1600.0 - 1 - 1 / (800.0 * 801.0),
                          0.5 * std::log(2 / (800 * std::numbers::pi)) + 800,
                          1 - 1 / 1600.0,
                          std::lgamma(800.0),
                          std::log(800.0) - 1 / 1600.0 - 1 / (12 * 640000.0)};
  for (std::size_t n = 0; n < 6; ++n) {
    const double got = high[n];
    EXPECT_LE(std::abs(got - truth[n]), 1e-12 * std::abs(truth[n])) << "output " << n << ": " << got;
  }
  EXPECT_NEAR(double(f(-1.5)[4]), std::lgamma(-1.5), 1e-15);
  EXPECT_TRUE(std::isnan(double(f(-0.5)[4])));
}

TEST_P(Levels, OfFormulas) {
  const Expr x = dscalar("x"), e = cross_entropy(x), s = sum_of_exponentials(x);
  const Expr scaled = x * 1e197;
  const Function f =
      function({x},
               {e, grad(e, x), grad(grad(e, x), x), s, grad(s, x), tangent(x), log(cosh(x)), 1.0 - cos(x / 800e9),
                sqrt(sqr(scaled) + sqr(2.0 * scaled)), sqrt(pow(x, 2.0)), (x + 1e30) - 1e30, x - x, 0.0 * x, x / x},
               options());
  const double hypotenuse = 800e197 * std::sqrt(5.0);
  const double truth[] = {1600, 2, 0, 1600, 2, 1, 800 - std::log(2.0), 5e-19, hypotenuse, 800, 0, 0, 0, 1};
  const Results high = f(800.0);
  for (std::size_t i = 0; i < std::size(truth); ++i) expect_value(high, i, truth[i]);
  EXPECT_EQ(static_cast<double>(f(-3.0)[9]), 3.0);
  const Results infinite = f(infinity), zero = f(0.0), undefined = f(std::nan(""));
  EXPECT_TRUE(std::isnan(static_cast<double>(infinite[11]))) << "inf - inf";
  EXPECT_TRUE(std::isnan(static_cast<double>(infinite[12]))) << "0 inf";
  EXPECT_TRUE(std::isnan(static_cast<double>(zero[13]))) << "0 / 0";
  EXPECT_TRUE(std::isnan(static_cast<double>(undefined[12]))) << "0 nan";
}

TEST_P(Levels, InLoopsBranchesAndCalls) {
  const Expr v = dvector("v"), x = dscalar("x"), z = dscalar("z");
  const ScanOutputs each = map({.fn =
                                    [](Expr s) {
                                      return ScanStep(Exprs{cross_entropy(s), tangent(s)});
                                    },
                                .sequences = {v}});
  const ScanOutputs all = scan({.fn = [](Expr s, Expr so_far) { return log(exp(so_far) + exp(s)); },
                                .sequences = {v},
                                .outputs_info = {constant(-1000.0)}});
  const Expr total = all.last[0];
  const Function loops = function({v}, {each[0], each[1], total, grad(total, v)}, options());
  const Results r = loops(std::vector<double>{800, 1e-20, 801});
  EXPECT_EQ(Array(r[0]).real(0), 1600);
  EXPECT_EQ(Array(r[1]).real(1), 1e-20);
  expect_value(r, 2, 801 + std::log1p(std::exp(-1.0)));
  EXPECT_NEAR(Array(r[3]).real(0), 1 / (1 + std::exp(1.0)), 1e-13);
  const Expr branch = ifelse(
      x > 0.0, [&] { return Exprs{cross_entropy(x)}; }, [&] { return Exprs{sum_of_exponentials(x)}; })[0];
  const Expr called = call(close(Graph{{z}, {cross_entropy(z)}}), {2.0 * x})[0];
  const Function rest = function({x}, {branch, grad(branch, x), called, grad(called, x)}, options());
  const Results high = rest(800.0), low = rest(-800.0);
  const double high_truth[] = {1600, 2, 3200, 4}, low_truth[] = {-800, 1, 4800, -6};
  for (std::size_t i = 0; i < 4; ++i) {
    expect_value(high, i, high_truth[i]);
    expect_value(low, i, low_truth[i]);
  }
}

TEST_P(Levels, ThroughGivensOfConstantsAndOfSharedVariables) {
  const Expr x = dscalar("x"), y = dscalar("y"), e = cross_entropy(x);
  FunctionOptions of_y = options(), of_constant = options(), of_shared = options();
  of_y.givens = {{x, y * 2.0}};
  of_constant.givens = {{x, constant(800.0)}};
  of_shared.givens = {{x, shared(800.0, "s")}};
  const Results results[] = {function({y}, {e, grad(e, x)}, of_y)(400.0), function({}, {e, grad(e, x)}, of_constant)(),
                             function({}, {e, grad(e, x)}, of_shared)()};
  for (const Results& r : results) {
    expect_value(r, 0, 1600);
    expect_value(r, 1, 2);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Levels, testing::ValuesIn(levels()),
                         [](const auto& test) { return std::to_string(test.index); });

}  // namespace
}  // namespace leapgraph::symbolic
