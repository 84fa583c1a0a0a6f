/// Static HMC: lengths of trajectories, acceptance, divergences, stationarity from exact draws, mutants that must fail.
#include "leapgraph/samplers/static_hmc.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "samplers/hand_written.hpp"

namespace leapgraph::samplers {
namespace {

using testing::correlated_normal;
using testing::MomentCheck;
using testing::PlainLeapfrog;
using testing::standard_normal;

TEST(TrajectorySteps, AreThoseGivenOrFillTheIntegrationTime) {
  EXPECT_EQ(trajectory_steps({.steps = 7}, 0.1), 7);
  EXPECT_EQ(trajectory_steps({.integration_time = 1.0}, 0.3), 3);
  EXPECT_EQ(trajectory_steps({.integration_time = 1.0}, 5.0), 1);
  EXPECT_EQ(trajectory_steps({}, 1.0), 6);  // 2 pi, as Stan
  EXPECT_GT(trajectory_steps({}, 1e-300), 1000000);
}

struct Single {
  explicit Single(std::int64_t dimension, testing::LogDensity density, double start)
      : integrator(dimension, std::move(density)), metric(Metric::unit(dimension)), points(dimension, 1) {
    for (double& x : points[0].position) x = start;
    integrator.evaluate(points[0]);
  }
  DrawStatistics next(StaticHmc& hmc, double step_size, std::uint32_t draw = 0) {
    return hmc.transition({integrator, metric, step_size, step_size, {.draw = draw}, failures, {}}, points[0]);
  }
  PlainLeapfrog integrator;
  Metric metric;
  PointArena points;
  DensityFailures failures;
};

TEST(StaticHmc, RunsATrajectoryInOneCall) {
  Single run(3, standard_normal, 1.0);
  StaticHmc hmc(3, {.steps = 50});
  const DrawStatistics statistics = run.next(hmc, 0.1);
  EXPECT_EQ(run.integrator.calls, 1);
  EXPECT_EQ(statistics.n_steps, 50);
  EXPECT_EQ(statistics.tree_depth, 0);
  EXPECT_EQ(statistics.step_size, 0.1);
  EXPECT_FALSE(statistics.diverging);
  EXPECT_GT(statistics.acceptance_rate, 0.9);
  EXPECT_EQ(statistics.lp, run.points[0].log_density);
  EXPECT_GE(statistics.energy, -statistics.lp);
}

TEST(StaticHmc, LooksForAStopInsideALongTrajectory) {
  Single run(1, standard_normal, 1.0);
  StaticHmc hmc(1, {.steps = 1000000000});
  std::stop_source stop;
  stop.request_stop();
  hmc.transition({run.integrator, run.metric, 0.1, 0.1, {}, run.failures, stop.get_token()}, run.points[0]);
  EXPECT_LE(run.integrator.calls, 1);
  EXPECT_EQ(run.points[0].position[0], 1.0);
}

TEST(StaticHmc, RejectsADivergence) {
  Single run(1, standard_normal, 1.0);
  StaticHmc hmc(1, {.steps = 100});
  const DrawStatistics statistics = run.next(hmc, 3.0);  // leapfrog is unstable beyond 2
  EXPECT_TRUE(statistics.diverging);
  EXPECT_EQ(statistics.acceptance_rate, 0.0);
  EXPECT_EQ(run.points[0].position[0], 1.0);
  EXPECT_NEAR(statistics.energy, 0.5 + 0.5 * std::pow(RandomStream({}, Purpose::momentum).normal(), 2), 1e-15);
}

TEST(StaticHmc, RejectsAndCountsADensityThatIsNanOrThrows) {
  const auto bad = [](std::span<const double> x, std::span<double> gradient) {
    gradient[0] = -x[0];
    if (x[0] > 1.5) throw std::domain_error("no");
    return x[0] < -1.5 ? std::numeric_limits<double>::quiet_NaN() : -0.5 * x[0] * x[0];
  };
  Single run(1, bad, 0.0);
  StaticHmc hmc(1, {.steps = 3});
  std::int64_t divergences = 0;
  for (std::uint32_t draw = 0; draw < 200; ++draw) {
    divergences += run.next(hmc, 0.5, draw).diverging;
    ASSERT_LE(std::abs(run.points[0].position[0]), 1.5);
  }
  EXPECT_GT(divergences, 10);
  EXPECT_EQ(run.failures.count, divergences);
  EXPECT_FALSE(run.failures.first.empty());
}

TEST(StaticHmc, TakesZeroDensityForARejectionNotAFailure) {
  const auto half_line = [](std::span<const double> x, std::span<double> gradient) {
    gradient[0] = -1.0;
    return x[0] < 0 ? -std::numeric_limits<double>::infinity() : -x[0];
  };
  Single run(1, half_line, 0.1);
  StaticHmc hmc(1, {.steps = 1});
  for (std::uint32_t draw = 0; draw < 50; ++draw) run.next(hmc, 1.0, draw);
  EXPECT_GE(run.points[0].position[0], 0.0);
  EXPECT_EQ(run.failures.count, 0);
}

/// A leapfrog that hides its energy error, so that every trajectory is accepted: HMC without its Metropolis step.
class Uncorrected : public PlainLeapfrog {
 public:
  using PlainLeapfrog::PlainLeapfrog;
  void advance(const Point& from, Point& to, const Metric& metric, double step_size, std::int64_t steps) override {
    PlainLeapfrog::advance(from, to, metric, step_size, steps);
    to.log_density = metric.kinetic_energy(to.momentum, to.velocity) - from.energy();
  }
};

// Largest |z| over 7 moments of two correlated normals after 4 transitions from 40,000 exact draws.
double worst_z(Integrator& integrator, double rho, double step_size, double jitter) {
  const Metric metric = Metric::diagonal({1.3, 0.8});
  StaticHmc hmc(2, {.steps = 3});
  PointArena points(2, 1);
  Point& state = points[0];
  DensityFailures failures;
  std::vector<MomentCheck> checks{{0, 1}, {0, 1}, {1, 2}, {1, 2}, {rho, 1 + rho * rho}, {3, 96}, {0, 1}};
  for (std::uint32_t chain = 0; chain < 40000; ++chain) {
    RandomStream exact({.seed = 1, .chain = chain}, Purpose::initial_point);
    state.position[0] = exact.normal();
    state.position[1] = rho * state.position[0] + std::sqrt(1 - rho * rho) * exact.normal();
    integrator.evaluate(state);
    for (std::uint32_t draw = 0; draw < 4; ++draw) {
      const DrawKey key{.seed = 2, .chain = chain, .draw = draw};
      const double jittered = step_size * (1 + jitter * (2 * RandomStream(key, Purpose::jitter).uniform() - 1));
      hmc.transition({integrator, metric, jittered, step_size, key, failures, {}}, state);
    }
    const double x = state.position[0], y = state.position[1];
    const double values[] = {x, y, x * x, y * y, x * y, x * x * x * x, x > 0 ? 1.0 : -1.0};
    for (std::size_t i = 0; i < checks.size(); ++i) checks[i].add(values[i]);
  }
  double worst = 0;
  for (const MomentCheck& check : checks) worst = std::max(worst, std::abs(check.z()));
  return worst;
}

// 7 statistics: |z| < 5.3 has a false-alarm rate of 8e-7.
constexpr double bound = 5.3;

TEST(StaticHmcInvariance, KeepsExactDrawsExact) {
  PlainLeapfrog independent(2, standard_normal), correlated(2, correlated_normal(0.8));
  EXPECT_LT(worst_z(independent, 0.0, 1.2, 0.0), bound);
  EXPECT_LT(worst_z(independent, 0.0, 1.2, 0.5), bound);
  EXPECT_LT(worst_z(correlated, 0.8, 0.6, 0.0), bound);
}

TEST(StaticHmcInvariance, HoldsWithAWrongGradientBecauseOfTheMetropolisStep) {
  PlainLeapfrog integrator(2, [](std::span<const double> x, std::span<double> gradient) {
    const double value = standard_normal(x, gradient);
    gradient[0] *= 0.5;
    return value;
  });
  EXPECT_LT(worst_z(integrator, 0.0, 0.8, 0.0), bound);
}

TEST(StaticHmcInvariance, DetectsAMissingMetropolisStep) {
  Uncorrected integrator(2, standard_normal);
  EXPECT_GT(worst_z(integrator, 0.0, 1.2, 0.0), 2 * bound);
}

TEST(StaticHmcInvariance, DetectsAWrongDensity) {
  PlainLeapfrog integrator(
      2, [](std::span<const double> x, std::span<double> gradient) { return 0.9 * standard_normal(x, gradient); });
  EXPECT_GT(worst_z(integrator, 0.0, 1.2, 0.0), 2 * bound);
}

}  // namespace
}  // namespace leapgraph::samplers
