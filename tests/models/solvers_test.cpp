/// Differential equations, integrals, roots and sums that call functions of the program: solutions and derivatives
/// against closed forms, failures, messages.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "leapgraph/samplers/density.hpp"
#include "models/run_program.hpp"

namespace leapgraph::models {
namespace {

using testing::HasSubstr;

constexpr double pi = std::numbers::pi;

/// Value and gradient of `target += result` for parameters on the real line, interpreted; native code must agree.
Evaluated of_parameters(const std::string& functions, const std::string& parameters, const std::string& statements,
                        const std::vector<double>& position) {
  const Model m = model("functions {\n" + functions + "}\nparameters {\n" + parameters + "}\nmodel {\n" + statements +
                        "  target += result;\n}\n");
  const Evaluated interpreted = evaluate(m, position);
  EXPECT_EQ(m.why(position), "");
  const samplers::CompiledDensity density(m.density(), samplers::MetricKind::diagonal);
  std::vector<double> gradient(position.size());
  EXPECT_NEAR(density.log_density_gradient(position, gradient), interpreted.log_density,
              1e-14 * (1 + std::abs(interpreted.log_density)));
  for (std::size_t i = 0; i < gradient.size(); ++i)
    EXPECT_NEAR(gradient[i], interpreted.gradient[i], 1e-13 * (1 + std::abs(interpreted.gradient[i])));
  return interpreted;
}

void expect_near(const Evaluated& found, double value, const std::vector<double>& gradient, double tolerance) {
  EXPECT_NEAR(found.log_density, value, tolerance * (1 + std::abs(value)));
  ASSERT_EQ(found.gradient.size(), gradient.size());
  for (std::size_t i = 0; i < gradient.size(); ++i)
    EXPECT_NEAR(found.gradient[i], gradient[i], tolerance * (1 + std::abs(gradient[i]))) << "component " << i;
}

// ---------------------------------------------------------------- differential equations

struct OdeCase {
  const char* call;
  double tolerance;  ///< some hundred times what the integrator was asked for: errors add up over the steps
};

class Ode : public testing::TestWithParam<OdeCase> {};

/// y = a exp(-k (t - t0)) by parameters a, k, t0 and t.
TEST_P(Ode, DecayHasTheDerivativesOfItsClosedForm) {
  const double a = 1.3, k = 0.7, t0 = 0.2, t = 1.9;
  const Evaluated found = of_parameters(
      "vector decay(real t, vector y, real k) { return -k * y; }\n"
      "array[] real old_decay(real t, array[] real y, array[] real theta, data array[] real x_r, array[] int x_i) {\n"
      "  return {-theta[1] * y[1]};\n}\n",
      "real a; real k; real t0; real t;\n", fmt::format("  real result = {};\n", GetParam().call), {a, k, t0, t});
  const double late = a * std::exp(-k * (t - t0)), early = a * std::exp(-k * (1.0 - t0)), value = late + 2 * early;
  const double by_k = -(t - t0) * late - 2 * (1.0 - t0) * early;
  expect_near(found, value, {value / a, by_k, k * value, -k * late}, GetParam().tolerance);
}

INSTANTIATE_TEST_SUITE_P(
    Integrators, Ode,
    testing::Values(
        OdeCase{"dot_product([2, 1], to_vector(ode_rk45(decay, [a]', t0, {1, t}, k)[ : , 1]))", 1e-4},
        OdeCase{"dot_product([2, 1], to_vector(ode_rk45_tol(decay, [a]', t0, {1, t}, 1e-10, 1e-12, 10000, k)[ : , 1]))",
                1e-8},
        OdeCase{"dot_product([2, 1], to_vector(ode_ckrk(decay, [a]', t0, {1, t}, k)[ : , 1]))", 1e-4},
        OdeCase{"dot_product([2, 1], to_vector(ode_ckrk_tol(decay, [a]', t0, {1, t}, 1e-10, 1e-12, 10000, k)[ : , 1]))",
                1e-8},
        OdeCase{"dot_product([2, 1], to_vector(ode_bdf(decay, [a]', t0, {1, t}, k)[ : , 1]))", 1e-7},
        OdeCase{"dot_product([2, 1], to_vector(ode_bdf_tol(decay, [a]', t0, {1, t}, 1e-6, 1e-8, 10000, k)[ : , 1]))",
                1e-3},
        OdeCase{"dot_product([2, 1], to_vector(ode_adams(decay, [a]', t0, {1, t}, k)[ : , 1]))", 1e-7},
        OdeCase{"dot_product([2, 1], to_vector(ode_adams_tol(decay, [a]', t0, {1, t}, 1e-8, 1e-8, 10000, k)[ : , 1]))",
                1e-5},
        OdeCase{"dot_product([2, 1], to_vector(integrate_ode_rk45(old_decay, {a}, t0, {1, t}, {k}, rep_array(0.0, 0), "
                "rep_array(0, 0), 1e-10, 1e-12, 1e4)[ : , 1]))",
                1e-8},
        OdeCase{"dot_product([2, 1], to_vector(integrate_ode_bdf(old_decay, {a}, t0, {1, t}, {k}, rep_array(0.0, 0), "
                "rep_array(0, 0))[ : , 1]))",
                1e-7},
        OdeCase{"dot_product([2, 1], to_vector(integrate_ode_adams(old_decay, {a}, t0, {1, t}, {k}, rep_array(0.0, 0), "
                "rep_array(0, 0))[ : , 1]))",
                1e-7},
        OdeCase{"dot_product([2, 1], to_vector(integrate_ode(old_decay, {a}, t0, {1, t}, {k}, rep_array(0.0, 0), "
                "rep_array(0, 0))[ : , 1]))",
                1e-4}));

/// y' = -10^4 (y - cos t) - w sin(w t) / w follows cos t however it starts.
TEST(OdeBdf, SolvesAStiffProblem) {
  const Evaluated found = of_parameters(
      "vector follow(real t, vector y, real rate, real w) { return [-rate * (y[1] - cos(w * t)) - w * sin(w * t)]'; "
      "}\n",
      "real w;\n", "  real result = ode_bdf(follow, [1.5]', 0, {2.0}, 1e4, w)[1, 1];\n", {1.1});
  expect_near(found, std::cos(2.2), {-2 * std::sin(2.2)}, 1e-6);
}

/// An oscillator whose frequency is a parameter, its initial state data: no derivative by that.
TEST(OdeRk45, DifferentiatesByWhatIsAParameter) {
  const Evaluated found = of_parameters(
      "vector turn(real t, vector y, data vector scale, real w, array[] int which) {\n"
      "  return [scale[which[1]] * w * y[2], -w * y[1]]';\n}\n",
      "real w;\n",
      "  real result = sum(ode_rk45_tol(turn, [0, 1]', 0, {1, 3}, 1e-11, 1e-11, 100000, [3, 1]', w, {2})[2]);\n",
      {1.2});
  expect_near(found, std::sin(3.6) + std::cos(3.6), {3 * (std::cos(3.6) - std::sin(3.6))}, 1e-9);
}

TEST(Ode, IsSolvedBeforeSamplingWhereAllIsData) {
  const Model m = model(R"(
    functions { vector decay(real t, vector y, real k) { return -k * y; } }
    transformed data { array[3] vector[1] y = ode_bdf(decay, [2]', 0, {1, 2, 2}, 0.5); }
    transformed parameters { array[3] vector[1] copy = y; }
    generated quantities { real late = ode_rk45_tol(decay, y[1], 1, {2}, 1e-10, 1e-10, 1000, 0.5)[1, 1]; }
  )");
  const auto values = draw(m);
  EXPECT_NEAR(values.at("copy")[0], 2 * std::exp(-0.5), 1e-8);
  EXPECT_NEAR(values.at("copy")[2], 2 * std::exp(-1), 1e-8);
  EXPECT_NEAR(values.at("late")[0], 2 * std::exp(-1), 1e-8);
}

/// Patients with data of their own, of different lengths, inside a function that loops.
TEST(Ode, InLoopsIsWhatItIsOutside) {
  const std::string head = R"(
    functions {
      vector decay(real t, vector y, real k, data real shift, int n) { return -k * y + shift * n; }
      real all(vector k, data array[] real shift, data array[] real ts) {
        real sum = 0;
        for (i in 1 : num_elements(k))
          sum += i * ode_rk45(decay, [1]', 0, ts[1 : 1 + i % 2], k[i], shift[i], 2)[1 + i % 2, 1];
        return sum;
      }
    }
    transformed data { array[4] real shift = {0.1, 0.2, 0.5, 0.3}; array[2] real ts = {0.5, 1.5}; }
    parameters { vector[4] k; }
  )";
  const std::vector<double> q = {0.3, 0.6, 1.1, 0.9};
  const Evaluated looped = evaluate(model(head + "model { target += all(k, shift, ts); }"), q);
  std::string terms;
  for (int i = 1; i <= 4; ++i)
    terms += fmt::format("target += {0} * ode_rk45(decay, [1]', 0, ts[1 : {1}], k[{0}], shift[{0}], 2)[{1}, 1];\n", i,
                         1 + i % 2);
  const Evaluated one_by_one = evaluate(model(head + "model {" + terms + "}"), q);
  expect_near(looped, one_by_one.log_density, one_by_one.gradient, 1e-13);
}

/// y1' = -k y1 and 0 = y1 + y2 - a t.
TEST(Dae, HasTheDerivativesOfItsClosedForm) {
  const double k = 0.8, a = 1.5, y = 1.2, late = y * std::exp(-2 * k);
  const std::string residual =
      "vector residual(real t, vector y, vector yp, real k, real a) {\n"
      "  return [yp[1] + k * y[1], y[1] + y[2] - a * t]';\n}\n";
  const Evaluated found = of_parameters(
      residual, "real k; real a; real y;\n",
      "  vector[2] end = dae_tol(residual, [y, -y]', [-k * y, k * y + a]', 0, {1, 2}, 1e-9, 1e-10, 100000, k, a)[2];\n"
      "  real result = end[1] + 3 * end[2];\n",
      {k, a, y});
  expect_near(found, -2 * late + 6 * a, {4 * late, 6, -2 * late / y}, 1e-5);
}

TEST(OdeAdjoint, SolvesWithTolerancesOfEachState) {
  const double k = 0.8, late = std::exp(-2 * k);
  const Evaluated found = of_parameters("vector decay(real t, vector y, real k) { return -k * y; }\n", "real k;\n",
                                        "  real result = ode_adjoint_tol_ctl(decay, [1, 2]', 0, {2}, 1e-9, [1e-9, "
                                        "1e-8]', 1e-9, [1e-9, 1e-9]', 1e-9, 1e-9,\n"
                                        "                                    10000, 100, 1, 2, 2, k)[1, 2];\n",
                                        {k});
  expect_near(found, 2 * late, {-4 * late}, 1e-5);
}

// ---------------------------------------------------------------- integrals

struct IntegralCase {
  const char* call;
  double a, b;               // parameters
  double value, by_a, by_b;  // closed forms
};

class IntegralOf : public testing::TestWithParam<IntegralCase> {};

TEST_P(IntegralOf, IsItsClosedForm) {
  const IntegralCase& c = GetParam();
  const Evaluated found = of_parameters(
      "real bell(real x, real xc, real a, real b) { return exp(-a * square(x - b)); }\n"
      "real power(real x, real xc, array[] real theta, data array[] real x_r, data array[] int x_i) {\n"
      "  return theta[1] * pow(x, x_i[1]) * x_r[1];\n}\n"
      "real edge(real x, real xc, real a, real b) { return pow(xc < 0 ? 1 - x : xc, a) * b; }\n",
      "real a; real b;\n", fmt::format("  real result = {};\n", c.call), {c.a, c.b});
  expect_near(found, c.value, {c.by_a, c.by_b}, 1e-7);
}

const double root_of_pi = std::sqrt(pi);
INSTANTIATE_TEST_SUITE_P(
    Intervals, IntegralOf,
    testing::Values(
        IntegralCase{"integrate_1d_double_exponential(bell, negative_infinity(), positive_infinity(), a, b)", 2, 0.3,
                     std::sqrt(pi / 2), -std::sqrt(pi / 2) / 4, 0},
        IntegralCase{"integrate_1d_gauss_kronrod(bell, negative_infinity(), positive_infinity(), a, b)", 2, 0.3,
                     std::sqrt(pi / 2), -std::sqrt(pi / 2) / 4, 0},
        IntegralCase{"integrate_1d_double_exponential_tol(bell, b, positive_infinity(), 1e-8, 0.0, 15, a, 0)", 1, -0.4,
                     root_of_pi / 2 * std::erfc(-0.4), -root_of_pi / 4 * std::erfc(-0.4) + 0.2 * std::exp(-0.16),
                     -std::exp(-0.16)},
        IntegralCase{"integrate_1d_double_exponential(bell, negative_infinity(), b, a, 0)", 1, 0.4,
                     root_of_pi / 2 * std::erfc(-0.4), -root_of_pi / 4 * std::erfc(-0.4) + 0.2 * std::exp(-0.16),
                     std::exp(-0.16)},
        IntegralCase{"integrate_1d(power, a, b, {a}, {2.0}, {2})", -1, 2, -2.0 * 9 / 3, 2.0 * 9 / 3 + 2, -2.0 * 4},
        IntegralCase{"integrate_1d(power, 0, 1, {b}, {2.0}, {3}, 1e-8)", 1, 3, 1.5, 0, 0.5},
        IntegralCase{"integrate_1d_gauss_kronrod_tol(bell, 0, b, 1e-10, 0.0, 10, a, 0)", 1, 0.5,
                     root_of_pi / 2 * std::erf(0.5), -root_of_pi / 4 * std::erf(0.5) + 0.25 * std::exp(-0.25),
                     std::exp(-0.25)},
        // x^a near 1, where 1 - x would be rounded
        IntegralCase{"integrate_1d_double_exponential(edge, 0, 1, a, b)", 0.5, 2,
                     2 * (2.0 / 3) * (std::pow(0.5, 1.5) + 1 - std::pow(0.5, 1.5)) * 1, -2 / 2.25, 1 / 1.5}));

// ---------------------------------------------------------------- roots

class RootOf : public testing::TestWithParam<const char*> {};

/// y1 y2 = a, y1 + y2 = b near (0.5, 2).
TEST_P(RootOf, HasTheDerivativesOfTheClosedForm) {
  const double a = 1.2, b = 2.6, d = std::sqrt(b * b / 4 - a);
  const Evaluated found = of_parameters(
      "vector equations(vector y, real a, real b) { return [y[1] * y[2] - a, y[1] + y[2] - b]'; }\n"
      "vector old(vector y, vector theta, data array[] real x_r, array[] int x_i) {\n"
      "  return [y[1] * y[2] - theta[1], x_r[1] * (y[1] + y[2]) - x_i[1] * theta[2]]';\n}\n",
      "real a; real b;\n", fmt::format("  vector[2] y = {};\n  real result = y[1] + 3 * y[2];\n", GetParam()), {a, b});
  expect_near(found, 2 * b + 2 * d, {-1 / d, 2 + b / 2 / d}, 1e-5);
}

INSTANTIATE_TEST_SUITE_P(
    Solvers, RootOf,
    testing::Values("solve_powell(equations, [0.5, 2]', a, b)",
                    "solve_powell_tol(equations, [0.5, 2]', 1e-12, 1e-10, 500, a, b)",
                    "solve_newton(equations, [0.5, 2]', a, b)",
                    "solve_newton_tol(equations, [0.5, 2]', 1e-9, 1e-12, 500, a, b)",
                    "algebra_solver(old, [0.5, 2]', [a, b]', {2.0}, {2})",
                    "algebra_solver(old, [0.5, 2]', [a, b]', {2.0}, {2}, 1e-12, 1e-10, 1e3)",
                    "algebra_solver_newton(old, [0.5, 2]', [a, b]', {2.0}, {2}, 1e-9, 1e-12, 500)"));

// ---------------------------------------------------------------- sums and maps

TEST(ReduceSum, IsTheSumOverTheWholeArray) {
  const std::string head = R"(
    functions {
      real part(array[] int y, int start, int end, vector x, real b) {
        return poisson_log_lpmf(y | b * x[start : end]);
      }
      real part_lpmf(array[] int y, int start, int end, vector x, real b) {
        real sum = 0;
        for (i in start : end) sum += poisson_log_lupmf(y[i - start + 1] | b * x[i]);
        return sum;
      }
    }
    transformed data { array[3] int y = {1, 0, 4}; vector[3] x = [0.5, -1, 2]'; }
    parameters { real b; }
  )";
  const auto of = [&](const std::string& term) {
    return evaluate(model(head + "model { target += " + term + "; }"), {0.7});
  };
  const Evaluated whole = of("poisson_log_lpmf(y | b * x)"), dropped = of("poisson_log_lupmf(y | b * x)");
  expect_near(of("reduce_sum(part, y, 1, x, b)"), whole.log_density, whole.gradient, 1e-14);
  expect_near(of("reduce_sum_static(part_lpmf, y, 2, x, b)"), whole.log_density, whole.gradient, 1e-14);
  expect_near(of("reduce_sum(part_lupmf, y, 1, x, b)"), dropped.log_density, dropped.gradient, 1e-14);
}

TEST(MapRect, JoinsTheResultsOfItsShards) {
  const Evaluated found = of_parameters(
      "vector shard(vector phi, vector theta, data array[] real x_r, data array[] int x_i) {\n"
      "  return [phi[1] * theta[1] + x_r[1], theta[1] * x_i[2]]';\n}\n",
      "real a; real b;\n",
      "  real result = dot_product([1, 2, 3, 4], map_rect(shard, [a]', {[b]', [2]'}, {{1.0}, {3.0}}, {{1, 2}, {3, "
      "4}}));\n",
      {0.5, 1.5});
  expect_near(found, 0.75 + 1 + 2 * 3 + 3 * (1 + 3) + 4 * 8, {1.5 + 6, 0.5 + 4}, 1e-14);
}

// ---------------------------------------------------------------- failures

/// Why the density is not finite.
std::string why_not(const std::string& functions, const std::string& statement, const std::vector<double>& position) {
  const Model m =
      model("functions {\n" + functions + "}\nparameters { real a; }\nmodel { target += " + statement + "; }");
  const Evaluated found = evaluate(m, position);
  EXPECT_TRUE(std::isnan(found.log_density));
  return m.why(position);
}

TEST(Solvers, ReportWhyThereIsNoSolution) {
  const std::string f =
      "vector grow(real t, vector y, real a) { return a * y .* y; }\n"
      "vector none(vector y, real a) { return [square(y[1]) + exp(a)]'; }\n"
      "real pole(real x, real xc, real a) { return a / x; }\n";
  EXPECT_THAT(why_not(f, "ode_rk45_tol(grow, [1]', 0, {2}, 1e-6, 1e-6, 100, a)[1, 1]", {1}),
              HasSubstr("no solution up to time 2 in 100 steps"));
  EXPECT_THAT(why_not(f, "ode_bdf_tol(grow, [1]', 0, {2}, 1e-6, 1e-6, 20, a)[1, 1]", {1}),
              HasSubstr("no solution up to time 2 in 20 steps"));
  EXPECT_THAT(why_not(f, "ode_rk45(grow, [1]', 0, {1, 0.5}, a)[1, 1]", {1}), HasSubstr("times do not increase"));
  EXPECT_THAT(why_not(f, "ode_rk45(grow, [1]', a, {0.5}, a)[1, 1]", {1}),
              HasSubstr("the initial time 1 must be less than the first time 0.5"));
  EXPECT_THAT(why_not(f, "ode_adams(grow, [log(a)]', 0, {0.5}, a)[1, 1]", {-1}), HasSubstr("initial state[1] is"));
  EXPECT_THAT(why_not(f, "solve_powell(none, [1]', a)[1]", {0}), HasSubstr("no root"));
  EXPECT_THAT(why_not(f, "integrate_1d_gauss_kronrod(pole, 0, 1, a)", {1}), HasSubstr("exceeds"));
  EXPECT_THAT(why_not(f, "integrate_1d_double_exponential(pole, 1, a, a)", {0}), HasSubstr("must be at most"));
}

TEST(Solvers, FailBeforeSamplingWithTheirReason) {
  EXPECT_THAT(complaint([] {
                model(
                    "functions { vector decay(real t, vector y) { return -y; } }\n"
                    "transformed data { array[1] vector[1] y = ode_rk45(decay, [1]', 2, {1}); }");
              }),
              testing::AllOf(HasSubstr("the initial time 2 must be less"), HasSubstr("model.stan:2:43")));
}

TEST(Solvers, RefuseAFunctionWithAnotherNumberOfStates) {
  EXPECT_THAT(complaint([] {
                model(
                    "functions { vector decay(real t, vector y) { return -y[1 : 1]; } }\n"
                    "transformed data { array[1] vector[2] y = ode_rk45(decay, [1, 2]', 0, {1}); }");
              }),
              HasSubstr("one number for each state: expected 2, found 1"));
}

}  // namespace
}  // namespace leapgraph::models
