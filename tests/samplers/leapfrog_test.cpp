/// The compiled leapfrog scan against the formula, and the properties that make it fit for Hamiltonian Monte Carlo.
#include "leapgraph/samplers/leapfrog.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "leapgraph/samplers/density.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "samplers/hand_written.hpp"

namespace leapgraph::samplers {
namespace {

namespace lg = symbolic;
using testing::PlainLeapfrog;

/// -|q|^2 / 2 - 0.05 sum q^4 - log(1 + (sum q)^2): neither quadratic nor separable.
Density smooth_density(std::int64_t dimension) {
  Density density;
  density.dimension = dimension;
  density.log_density = [](const lg::Expr& q) {
    return -0.5 * lg::sum(lg::sqr(q)) - 0.05 * lg::sum(lg::sqr(lg::sqr(q))) - lg::log1p(lg::sqr(lg::sum(q)));
  };
  density.variables = {{"q", {dimension}}};
  density.constrain = [](const lg::Expr& q) { return lg::Exprs{q}; };
  return density;
}

double smooth_by_hand(std::span<const double> q, std::span<double> gradient) {
  double squares = 0, fourths = 0, total = 0;
  for (const double x : q) {
    squares += x * x;
    fourths += x * x * x * x;
    total += x;
  }
  for (std::size_t i = 0; i < q.size(); ++i)
    gradient[i] = -q[i] - 0.2 * q[i] * q[i] * q[i] - 2 * total / (1 + total * total);
  return -0.5 * squares - 0.05 * fourths - std::log1p(total * total);
}

Metric metric_of(MetricKind kind, std::int64_t dimension) {
  const auto n = static_cast<std::size_t>(dimension);
  std::vector<double> inverse;
  switch (kind) {
    case MetricKind::unit:
      return Metric::unit(dimension);
    case MetricKind::diagonal:
      for (std::size_t i = 0; i < n; ++i) inverse.push_back(0.5 + 0.25 * static_cast<double>(i % 5));
      return Metric::diagonal(inverse);
    case MetricKind::dense:
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j)
          inverse.push_back(std::pow(0.4, std::abs(static_cast<double>(i) - static_cast<double>(j))));
      return Metric::dense(dimension, inverse);
  }
  throw InternalError("unknown metric");
}

/// Evaluates the density at a point that differs from coordinate to coordinate.
void start_at(Integrator& integrator, Point& point, double size = 1) {
  for (std::size_t i = 0; i < point.position.size(); ++i) {
    point.position[i] = size * std::sin(1.0 + 0.7 * static_cast<double>(i));
    point.momentum[i] = size * std::cos(0.3 + 1.3 * static_cast<double>(i));
  }
  integrator.evaluate(point);
}

double relative_difference(std::span<const double> a, std::span<const double> b) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = std::max(difference, std::abs(a[i] - b[i]));
    size = std::max(size, std::abs(b[i]));
  }
  return difference / size;
}

/// The compiled integrator for a metric, in native code or interpreted.
struct Compiled {
  Compiled(std::int64_t dimension, MetricKind kind, lg::CompileOptions options = {})
      : compiled(smooth_density(dimension), kind, options),
        integrator(compiled.target().integrator(0)),
        metric(metric_of(kind, dimension)),
        points(dimension, 4) {}

  CompiledDensity compiled;
  std::unique_ptr<Integrator> integrator;
  Metric metric;
  PointArena points;
};

class LeapfrogScan : public ::testing::TestWithParam<MetricKind> {};
INSTANTIATE_TEST_SUITE_P(Metrics, LeapfrogScan,
                         ::testing::Values(MetricKind::unit, MetricKind::diagonal, MetricKind::dense),
                         [](const auto& test) { return std::string(name(test.param)); });

TEST_P(LeapfrogScan, FollowsTheFormula) {
  for (const std::int64_t dimension : {1, 3, 10}) {
    Compiled c(dimension, GetParam());
    PlainLeapfrog plain(dimension, smooth_by_hand);
    Point &from = c.points[0], &to = c.points[1], &want = c.points[2];
    start_at(*c.integrator, from);
    for (const std::int64_t steps : {1, 2, 7}) {
      c.integrator->advance(from, to, c.metric, 0.1, steps);
      plain.advance(from, want, c.metric, 0.1, steps);
      // Sums of some ten terms, in another order and partly with fused multiplication, each off by an ulp or two; seven
      // steps of size 0.1 make that little more: 1e-14 is 45 ulps.
      EXPECT_LT(relative_difference(to.position, want.position), 1e-14);
      EXPECT_LT(relative_difference(to.momentum, want.momentum), 1e-14);
      EXPECT_LT(relative_difference(to.gradient, want.gradient), 1e-14);
      EXPECT_NEAR(to.log_density, want.log_density, 1e-14 * std::abs(want.log_density));
    }
  }
}

// The body of the loop is one piece of code whose results do not depend on the iteration, and what is hoisted out of it
// (eps / 2) is the same number in every call: nothing is left that could round differently.
TEST_P(LeapfrogScan, GivesTheSameBitsInOneCallAsInManyCallsOfOneStep) {
  Compiled c(10, GetParam());
  Point &from = c.points[0], &whole = c.points[1];
  start_at(*c.integrator, from);
  c.integrator->advance(from, whole, c.metric, 0.1, 9);
  Point *here = &c.points[2], *next = &c.points[3];
  c.integrator->advance(from, *here, c.metric, 0.1, 1);
  for (int step = 1; step < 9; ++step) {
    c.integrator->advance(*here, *next, c.metric, 0.1, 1);
    std::swap(here, next);
  }
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(here->position[i], whole.position[i]);
    EXPECT_EQ(here->momentum[i], whole.momentum[i]);
    EXPECT_EQ(here->gradient[i], whole.gradient[i]);
  }
  EXPECT_EQ(here->log_density, whole.log_density);
}

TEST_P(LeapfrogScan, GoesBackTheWayItCame) {
  Compiled c(10, GetParam());
  Point &from = c.points[0], &there = c.points[1], &back = c.points[2];
  start_at(*c.integrator, from);
  c.integrator->advance(from, there, c.metric, 0.05, 100);
  EXPECT_GT(relative_difference(there.position, from.position), 0.1) << "it moved";
  c.integrator->advance(there, back, c.metric, -0.05, 100);
  // 200 steps of rounding errors of 1e-16, which the dynamics may amplify a thousandfold.
  EXPECT_LT(relative_difference(back.position, from.position), 1e-10);
  EXPECT_LT(relative_difference(back.momentum, from.momentum), 1e-10);
  EXPECT_NEAR(back.log_density, from.log_density, 1e-10 * std::abs(from.log_density));
}

TEST_P(LeapfrogScan, HasAnEnergyErrorOfSecondOrder) {
  Compiled c(4, GetParam());
  Point &from = c.points[0], &to = c.points[1];
  start_at(*c.integrator, from);
  from.kinetic_energy = c.metric.kinetic_energy(from.momentum, from.velocity);
  // The largest error along a trajectory of length 2.
  const auto error = [&](double step_size) {
    double largest = 0;
    for (std::int64_t steps = 1; static_cast<double>(steps) * step_size <= 2; ++steps) {
      c.integrator->advance(from, to, c.metric, step_size, steps);
      to.kinetic_energy = c.metric.kinetic_energy(to.momentum, to.velocity);
      largest = std::max(largest, std::abs(to.energy() - from.energy()));
    }
    return largest;
  };
  const double coarse = error(0.02), fine = error(0.005);
  // The next term is of relative order eps^2: far inside 0.1.
  EXPECT_NEAR(std::log(coarse / fine) / std::log(4.0), 2.0, 0.1);
}

/// By Gaussian elimination with pivoting.
double determinant(std::vector<std::vector<double>> a) {
  double result = 1;
  for (std::size_t k = 0; k < a.size(); ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < a.size(); ++i)
      if (std::abs(a[i][k]) > std::abs(a[pivot][k])) pivot = i;
    if (pivot != k) {
      std::swap(a[pivot], a[k]);
      result = -result;
    }
    result *= a[k][k];
    for (std::size_t i = k + 1; i < a.size(); ++i)
      for (std::size_t j = a.size(); j-- > k;) a[i][j] -= a[i][k] / a[k][k] * a[k][j];
  }
  return result;
}

TEST_P(LeapfrogScan, KeepsVolume) {
  for (std::int64_t dimension = 1; dimension <= 4; ++dimension) {
    Compiled c(dimension, GetParam());
    const auto n = static_cast<std::size_t>(dimension);
    Point &from = c.points[0], &to = c.points[1];
    const auto moved = [&](std::size_t coordinate, double by) {
      start_at(*c.integrator, from);
      (coordinate < n ? from.position[coordinate] : from.momentum[coordinate - n]) += by;
      c.integrator->evaluate(from);
      c.integrator->advance(from, to, c.metric, 0.3, 5);
      std::vector<double> result(to.position.begin(), to.position.end());
      result.insert(result.end(), to.momentum.begin(), to.momentum.end());
      return result;
    };
    // Central differences: an error of h^2 times the third derivative, 1e-8, and rounding of 1e-16 / h = 1e-12.
    constexpr double h = 1e-4;
    std::vector<std::vector<double>> jacobian(2 * n, std::vector<double>(2 * n));
    for (std::size_t j = 0; j < 2 * n; ++j) {
      const std::vector<double> up = moved(j, h), down = moved(j, -h);
      for (std::size_t i = 0; i < 2 * n; ++i) jacobian[i][j] = (up[i] - down[i]) / (2 * h);
    }
    EXPECT_NEAR(std::abs(determinant(jacobian)), 1.0, 1e-6) << "dimension " << dimension;
  }
}

TEST_P(LeapfrogScan, MovesNothingInZeroSteps) {
  Compiled c(5, GetParam());
  Point &from = c.points[0], &to = c.points[1];
  start_at(*c.integrator, from);
  c.integrator->advance(from, to, c.metric, 0.1, 0);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(to.position[i], from.position[i]);
    EXPECT_EQ(to.momentum[i], from.momentum[i]);
    EXPECT_EQ(to.gradient[i], from.gradient[i]);
  }
}

TEST_P(LeapfrogScan, IsTheSameInterpreted) {
  Compiled native(6, GetParam());
  Compiled interpreted(6, GetParam(), {.target = lg::CompileOptions::Target::interpreter});
  if (!native.compiled.is_native()) GTEST_SKIP() << "no C compiler";
  ASSERT_FALSE(interpreted.compiled.is_native());
  for (Compiled* c : {&native, &interpreted}) {
    start_at(*c->integrator, c->points[0]);
    c->integrator->advance(c->points[0], c->points[1], c->metric, 0.1, 20);
  }
  const Point &a = native.points[1], &b = interpreted.points[1];
  EXPECT_LT(relative_difference(a.position, b.position), 1e-13);
  EXPECT_LT(relative_difference(a.momentum, b.momentum), 1e-13);
  EXPECT_LT(relative_difference(a.gradient, b.gradient), 1e-13);
  EXPECT_NEAR(a.log_density, b.log_density, 1e-13 * std::abs(b.log_density));
}

TEST(LeapfrogGraphs, HaveTheGradientOfTheDensity) {
  const CompiledDensity compiled(smooth_density(7), MetricKind::unit);
  std::vector<double> q, gradient(7), want(7);
  for (int i = 0; i < 7; ++i) q.push_back(std::sin(3.0 * i));
  const double value = smooth_by_hand(q, want);
  EXPECT_NEAR(compiled.log_density_gradient(q, gradient), value, 1e-14 * std::abs(value));
  EXPECT_LT(relative_difference(gradient, want), 1e-14);
}

TEST(LeapfrogGraphs, GiveNanWhereARunTimeCheckFails) {
  for (const auto target : {lg::CompileOptions::Target::automatic, lg::CompileOptions::Target::interpreter}) {
    // The row is read from the position: 2 q[0].
    Density density = smooth_density(2);
    density.log_density = [](const lg::Expr& q) {
      const lg::Expr row = lg::cast(2.0 * lg::at(q, 0), lg::DType::int64);
      return lg::gather(lg::constant(lg::Array::vector({-1, -2, -3})), row) - lg::sum(lg::sqr(q));
    };
    const CompiledDensity compiled(density, MetricKind::unit, {.target = target});
    std::vector<double> gradient(2);
    const std::vector<double> good{1, 0.5}, bad{1.5, 0.5};
    EXPECT_EQ(compiled.log_density_gradient(good, gradient), -3 - 1.25);
    EXPECT_EQ(gradient, (std::vector<double>{-2, -1}));
    EXPECT_TRUE(std::isnan(compiled.log_density_gradient(bad, gradient)));

    // A step that crosses into the bad region: a divergence, not an exception.
    const auto integrator = compiled.target().integrator(0);
    PointArena points(2, 2);
    const auto set = [](std::span<double> vector, double first, double second) {
      vector[0] = first;
      vector[1] = second;
    };
    set(points[0].position, 1.4, 0.5);
    set(points[0].momentum, 10, 0);
    integrator->evaluate(points[0]);
    EXPECT_TRUE(std::isfinite(points[0].log_density));
    DensityFailures failures;
    EXPECT_EQ(leapfrog(*integrator, Metric::unit(2), failures, points[0], points[1], 0.1, 3),
              std::numeric_limits<double>::infinity());
    EXPECT_EQ(failures.count, 1);
  }
}

TEST(LeapfrogGraphs, WorkInOneDimensionAndInAThousand) {
  for (const std::int64_t dimension : {1, 1000}) {
    Compiled c(dimension, MetricKind::diagonal);
    PlainLeapfrog plain(dimension, smooth_by_hand);
    Point &from = c.points[0], &to = c.points[1], &want = c.points[2];
    start_at(*c.integrator, from, 0.1);
    c.integrator->advance(from, to, c.metric, 0.01, 3);
    plain.advance(from, want, c.metric, 0.01, 3);
    // The sum of a thousand terms of both signs: 1000 ulps of the largest at the very worst.
    EXPECT_LT(relative_difference(to.position, want.position), 1e-12);
    EXPECT_LT(relative_difference(to.gradient, want.gradient), 1e-12);
  }
}

}  // namespace
}  // namespace leapgraph::samplers
