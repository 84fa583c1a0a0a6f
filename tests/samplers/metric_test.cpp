/// The metric: momenta, velocities, kinetic energy, and its regularised estimate.
#include "leapgraph/samplers/metric.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "leapgraph/symbolic/error.hpp"

namespace leapgraph::samplers {
namespace {

const std::vector<double> covariance{2.0, 0.6, -0.3, 0.6, 1.0, 0.2, -0.3, 0.2, 0.5};

TEST(Metric, VelocityIsTheInverseMetricTimesMomentum) {
  const std::vector<double> p{1.0, -2.0, 3.0};
  std::vector<double> v(3);
  EXPECT_DOUBLE_EQ(Metric::unit(3).kinetic_energy(p, v), 7.0);
  EXPECT_EQ(v, p);
  EXPECT_DOUBLE_EQ(Metric::diagonal({4.0, 0.5, 2.0}).kinetic_energy(p, v), 0.5 * (4.0 + 2.0 + 18.0));
  EXPECT_EQ(v, (std::vector<double>{4.0, -1.0, 6.0}));
  EXPECT_NEAR(Metric::dense(3, covariance).kinetic_energy(p, v), 0.5 * (-0.1 + 1.6 + 2.4), 1e-14);
  EXPECT_NEAR(v[0], -0.1, 1e-15);
  EXPECT_NEAR(v[1], -0.8, 1e-15);
  EXPECT_NEAR(v[2], 0.8, 1e-15);
}

TEST(Metric, KineticEnergyOfItsMomentaIsHalfChiSquared) {
  // p' M^-1 p has mean d and variance 2 d for each kind; |z| < 5.2 for 3 means: false-alarm rate 6e-7.
  constexpr int draws = 20000;
  for (const Metric& metric : {Metric::unit(3), Metric::diagonal({100.0, 0.01, 3.0}), Metric::dense(3, covariance)}) {
    RandomStream random({.seed = 5}, Purpose::momentum);
    std::vector<double> p(3), v(3);
    double sum = 0;
    for (int i = 0; i < draws; ++i) {
      metric.sample_momentum(random, p);
      sum += 2 * metric.kinetic_energy(p, v) - 3.0;
    }
    EXPECT_LT(std::abs(sum / std::sqrt(6.0 * draws)), 5.2) << name(metric.kind());
  }
}

TEST(Metric, DenseMomentaHaveTheInverseCovariance) {
  // v = M^-1 p has covariance M^-1: each of 6 products within 5.3 standard errors, false-alarm rate 7e-7.
  constexpr int draws = 50000;
  const Metric metric = Metric::dense(3, covariance);
  RandomStream random({.seed = 6}, Purpose::momentum);
  std::vector<double> p(3), v(3), sums(9);
  for (int n = 0; n < draws; ++n) {
    metric.sample_momentum(random, p);
    metric.kinetic_energy(p, v);
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) sums[3 * i + j] += v[i] * v[j];
    }
  }
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      const double c = covariance[3 * i + j];
      const double variance = covariance[4 * i] * covariance[4 * j] + c * c;
      EXPECT_LT(std::abs(sums[3 * i + j] / draws - c) / std::sqrt(variance / draws), 5.3);
    }
  }
}

TEST(Metric, RefusesWhatIsNotPositiveDefinite) {
  EXPECT_THROW(Metric::diagonal({1.0, 0.0}), Error);
  EXPECT_THROW(Metric::diagonal({1.0, std::nan("")}), Error);
  EXPECT_THROW(Metric::dense(2, {1.0, 2.0, 2.0, 1.0}), Error);
  EXPECT_THROW(Metric::dense(2, {1.0, 0.5, 0.4, 1.0}), Error);
  EXPECT_THROW(Metric::dense(2, {1.0, 0.5}), Error);
}

TEST(MetricEstimator, IsStansShrunkSampleCovariance) {
  const std::vector<std::vector<double>> draws{{1, 2}, {3, -1}, {0.5, 4}, {-2, 2}, {7, 7}};
  const double n = 5, shrink = n / (n + 5), ridge = 1e-3 * 5 / (n + 5);
  double mean[2] = {0, 0}, s[2][2] = {{0, 0}, {0, 0}};
  for (const auto& x : draws) {
    for (std::size_t i = 0; i < 2; ++i) mean[i] += x[i] / n;
  }
  for (const auto& x : draws) {
    for (std::size_t i = 0; i < 2; ++i) {
      for (std::size_t j = 0; j < 2; ++j) s[i][j] += (x[i] - mean[i]) * (x[j] - mean[j]) / (n - 1);
    }
  }
  for (const MetricKind kind : {MetricKind::diagonal, MetricKind::dense}) {
    MetricEstimator estimator(kind, 2);
    estimator.add(std::vector<double>{100, 100});
    estimator.restart();  // forgets
    for (const auto& x : draws) estimator.add(x);
    EXPECT_EQ(estimator.count(), 5);
    const Metric metric = estimator.estimate(Metric::identity(kind, 2));
    ASSERT_EQ(metric.kind(), kind);
    for (std::size_t i = 0; i < 2; ++i) {
      for (std::size_t j = 0; j < 2; ++j) {
        if (kind == MetricKind::diagonal && i != j) continue;
        const double got = metric.inverse()[kind == MetricKind::dense ? 2 * i + j : i];
        EXPECT_NEAR(got, shrink * s[i][j] + (i == j ? ridge : 0), 1e-14);
      }
    }
  }
}

TEST(MetricEstimator, ShrinksThePreviousMetricWhereThereIsOnePosition) {
  MetricEstimator estimator(MetricKind::diagonal, 2);
  estimator.add(std::vector<double>{5, 5});
  const Metric metric = estimator.estimate(Metric::diagonal({6.0, 12.0}));
  EXPECT_DOUBLE_EQ(metric.inverse()[0], 1.0 + 1e-3 * 5 / 6);
  EXPECT_DOUBLE_EQ(metric.inverse()[1], 2.0 + 1e-3 * 5 / 6);
}

TEST(MetricEstimator, RefusesPositionsThatOverflow) {
  MetricEstimator estimator(MetricKind::diagonal, 1);
  estimator.add(std::vector<double>{1e200});
  estimator.add(std::vector<double>{-1e200});
  EXPECT_THROW(estimator.estimate(Metric::identity(MetricKind::diagonal, 1)), Error);
}

}  // namespace
}  // namespace leapgraph::samplers
