/// The metric of the kinetic energy, unit, diagonal or dense, and its estimate from the draws of warm-up.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "leapgraph/samplers/random.hpp"

namespace leapgraph::samplers {

enum class MetricKind { unit, diagonal, dense };

std::string_view name(MetricKind kind);

/// A metric M, held as its inverse (which approximates the posterior's covariance) and what sampling p ~ N(0, M) needs.
/// The kinetic energy is p' M^-1 p / 2, the velocity M^-1 p.
class Metric {
 public:
  static Metric unit(std::int64_t dimension);
  /// The identity, held as `kind` says: where adaptation starts.
  static Metric identity(MetricKind kind, std::int64_t dimension);
  /// Throws Error unless all elements are finite and positive.
  static Metric diagonal(std::vector<double> inverse);
  /// `inverse`: dimension x dimension, row-major. Throws Error unless it is finite, symmetric and positive definite.
  static Metric dense(std::int64_t dimension, std::vector<double> inverse);

  MetricKind kind() const { return kind_; }
  std::int64_t dimension() const { return dimension_; }
  /// M^-1: its diagonal (ones for the unit metric), or the whole matrix row-major.
  std::span<const double> inverse() const { return inverse_; }

  /// p ~ N(0, M).
  void sample_momentum(RandomStream& random, std::span<double> momentum) const;
  /// Sets velocity = M^-1 p and returns p' M^-1 p / 2.
  double kinetic_energy(std::span<const double> momentum, std::span<double> velocity) const;

 private:
  Metric(MetricKind kind, std::int64_t dimension, std::vector<double> inverse)
      : kind_(kind), dimension_(dimension), inverse_(std::move(inverse)) {}

  MetricKind kind_;
  std::int64_t dimension_;
  std::vector<double> inverse_;
  std::vector<double> factor_;  // diagonal: 1 / sqrt(inverse); dense: lower L with L L' = inverse; unit: empty
};

/// Welford's running mean and (co)variance of positions, for one adaptation window.
class MetricEstimator {
 public:
  /// For the unit metric nothing is estimated.
  MetricEstimator(MetricKind kind, std::int64_t dimension);

  void add(std::span<const double> position);
  std::int64_t count() const { return count_; }
  /// The metric with inverse n/(n+5) S + 1e-3 5/(n+5) I, where S is the sample covariance or its diagonal; that of
  /// `previous` where there are fewer than two positions. Throws Error when the positions overflowed.
  Metric estimate(const Metric& previous) const;
  void restart();

 private:
  MetricKind kind_;
  std::int64_t dimension_;
  std::int64_t count_ = 0;
  std::vector<double> mean_, squares_, before_, after_;  // squares: sums of products, lower triangle where dense
};

}  // namespace leapgraph::samplers
