/// Densities written by hand, their leapfrog in plain C++, and a trace that keeps everything: what sampler tests plug
/// in.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "leapgraph/samplers/hamiltonian.hpp"
#include "leapgraph/samplers/trace.hpp"

namespace leapgraph::samplers::testing {

/// Returns the log density at `position` and sets its gradient.
using LogDensity = std::function<double(std::span<const double> position, std::span<double> gradient)>;

/// Leapfrog straight from its formula, one density call a step.
class PlainLeapfrog : public Integrator {
 public:
  PlainLeapfrog(std::int64_t dimension, LogDensity density)
      : dimension_(dimension), density_(std::move(density)), velocity_(static_cast<std::size_t>(dimension)) {}

  std::int64_t dimension() const override { return dimension_; }
  void evaluate(Point& point) override { point.log_density = density_(point.position, point.gradient); }
  void advance(const Point& from, Point& to, const Metric& metric, double step_size, std::int64_t steps) override {
    ++calls;
    copy_position(from, to);
    std::copy(from.momentum.begin(), from.momentum.end(), to.momentum.begin());
    const std::size_t n = velocity_.size();
    for (std::int64_t step = 0; step < steps; ++step) {
      for (std::size_t i = 0; i < n; ++i) to.momentum[i] += 0.5 * step_size * to.gradient[i];
      metric.kinetic_energy(to.momentum, velocity_);
      for (std::size_t i = 0; i < n; ++i) to.position[i] += step_size * velocity_[i];
      to.log_density = density_(to.position, to.gradient);
      for (std::size_t i = 0; i < n; ++i) to.momentum[i] += 0.5 * step_size * to.gradient[i];
    }
  }

  std::int64_t calls = 0;

 private:
  std::int64_t dimension_;
  LogDensity density_;
  std::vector<double> velocity_;
};

/// N(0, I), unnormalised.
inline double standard_normal(std::span<const double> x, std::span<double> gradient) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    gradient[i] = -x[i];
    sum += x[i] * x[i];
  }
  return -0.5 * sum;
}

/// Two standard normal coordinates of correlation rho, unnormalised.
inline LogDensity correlated_normal(double rho) {
  return [rho](std::span<const double> x, std::span<double> gradient) {
    const double scale = 1.0 / (1.0 - rho * rho);
    gradient[0] = -(x[0] - rho * x[1]) * scale;
    gradient[1] = -(x[1] - rho * x[0]) * scale;
    return 0.5 * (x[0] * gradient[0] + x[1] * gradient[1]);
  };
}

/// Keeps all draws; `draws[chain]` and `warmup[chain]` are in order.
class RecordingTrace : public TraceSink {
 public:
  struct Draw {
    std::vector<double> values;
    DrawStatistics statistics;
  };

  explicit RecordingTrace(std::int64_t chains)
      : draws(static_cast<std::size_t>(chains)), warmup(static_cast<std::size_t>(chains)) {}

  void write(Phase phase, std::int64_t chain, std::int64_t draw, std::span<const double> values,
             const DrawStatistics& statistics) override {
    auto& list = (phase == Phase::warmup ? warmup : draws)[static_cast<std::size_t>(chain)];
    in_order = in_order && draw == static_cast<std::int64_t>(list.size());
    list.push_back({{values.begin(), values.end()}, statistics});
  }
  void finish(std::span<const ChainProgress> progress) override {
    ++finished;
    kept.assign(progress.begin(), progress.end());
  }

  std::vector<std::vector<Draw>> draws, warmup;
  std::vector<ChainProgress> kept;
  bool in_order = true;
  int finished = 0;
};

/// The position itself.
inline void unconstrained(std::span<const double> position, const DrawKey&, std::span<double> values) {
  std::copy(position.begin(), position.end(), values.begin());
}

/// Moments of a sample against their exact values, as z-scores.
class MomentCheck {
 public:
  MomentCheck(double exact_mean, double exact_variance) : mean_(exact_mean), variance_(exact_variance) {}
  void add(double value) {
    sum_ += value - mean_;
    ++count_;
  }
  double z() const { return sum_ / std::sqrt(variance_ * static_cast<double>(count_)); }

 private:
  double mean_, variance_, sum_ = 0;
  std::int64_t count_ = 0;
};

/// Effective sample size of one series: Geyer's initial monotone sequence.
inline double effective_sample_size(const std::vector<double>& series) {
  const std::size_t n = series.size();
  double mean = 0;
  for (const double x : series) mean += x / static_cast<double>(n);
  const auto autocovariance = [&](std::size_t lag) {
    double sum = 0;
    for (std::size_t i = 0; i + lag < n; ++i) sum += (series[i] - mean) * (series[i + lag] - mean);
    return sum / static_cast<double>(n);
  };
  const double variance = autocovariance(0);
  double tau = -1, previous = 2;
  for (std::size_t lag = 0; lag + 1 < n; lag += 2) {
    const double pair = std::min(previous, (autocovariance(lag) + autocovariance(lag + 1)) / variance);
    if (pair <= 0) break;
    tau += 2 * pair;
    previous = pair;
  }
  return static_cast<double>(n) / std::max(tau, 1e-3);
}

}  // namespace leapgraph::samplers::testing
