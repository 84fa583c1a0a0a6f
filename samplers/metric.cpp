/// The metric of the kinetic energy: momentum, velocity, and the regularised estimate of Stan.
#include "leapgraph/samplers/metric.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "leapgraph/symbolic/error.hpp"

namespace leapgraph::samplers {
namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

// Four partial sums, so that additions overlap; always in the same order.
inline double dot(const double* x, const double* y, std::size_t n) {
  double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    s0 += x[i] * y[i];
    s1 += x[i + 1] * y[i + 1];
    s2 += x[i + 2] * y[i + 2];
    s3 += x[i + 3] * y[i + 3];
  }
  for (; i < n; ++i) s0 += x[i] * y[i];
  return (s0 + s1) + (s2 + s3);
}

// Lower Cholesky factor of a symmetric row-major matrix, row by row.
std::vector<double> cholesky(const std::vector<double>& matrix, std::size_t n) {
  std::vector<double> lower(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    double* const row = lower.data() + i * n;
    for (std::size_t j = 0; j < i; ++j) {
      row[j] = (matrix[i * n + j] - dot(row, lower.data() + j * n, j)) / lower[j * n + j];
    }
    const double pivot = matrix[i * n + i] - dot(row, row, i);
    if (!(pivot > 0) || !std::isfinite(pivot)) {
      throw Error(fmt::format("dense inverse metric must be positive definite: pivot {} of {} is {}", i + 1, n, pivot));
    }
    row[i] = std::sqrt(pivot);
  }
  return lower;
}

}  // namespace

std::string_view name(MetricKind kind) {
  switch (kind) {
    case MetricKind::unit:
      return "unit";
    case MetricKind::diagonal:
      return "diagonal";
    case MetricKind::dense:
      return "dense";
  }
  throw InternalError("metric kind out of range");
}

Metric Metric::unit(std::int64_t dimension) {
  return Metric(MetricKind::unit, dimension, std::vector<double>(index(dimension), 1.0));
}

Metric Metric::identity(MetricKind kind, std::int64_t dimension) {
  const std::size_t n = index(dimension);
  switch (kind) {
    case MetricKind::unit:
      return unit(dimension);
    case MetricKind::diagonal:
      return diagonal(std::vector<double>(n, 1.0));
    case MetricKind::dense: {
      std::vector<double> inverse(n * n, 0.0);
      for (std::size_t i = 0; i < n; ++i) inverse[i * n + i] = 1.0;
      return dense(dimension, std::move(inverse));
    }
  }
  throw InternalError("metric kind out of range");
}

Metric Metric::diagonal(std::vector<double> inverse) {
  const auto dimension = static_cast<std::int64_t>(inverse.size());
  Metric metric(MetricKind::diagonal, dimension, std::move(inverse));
  for (std::size_t i = 0; i < metric.inverse_.size(); ++i) {
    const double value = metric.inverse_[i];
    if (!(value > 0) || !std::isfinite(value)) {
      throw Error(fmt::format("diagonal inverse metric must be finite and positive: element {} is {}", i + 1, value));
    }
    metric.factor_.push_back(1.0 / std::sqrt(value));
  }
  return metric;
}

Metric Metric::dense(std::int64_t dimension, std::vector<double> inverse) {
  const std::size_t n = index(dimension);
  if (inverse.size() != n * n) {
    throw Error(fmt::format("dense inverse metric must have {} x {} elements, got {}", n, n, inverse.size()));
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (inverse[i * n + j] != inverse[j * n + i]) {
        throw Error(fmt::format("dense inverse metric must be symmetric: elements ({}, {}) and ({}, {}) are {} and {}",
                                i + 1, j + 1, j + 1, i + 1, inverse[i * n + j], inverse[j * n + i]));
      }
    }
  }
  Metric metric(MetricKind::dense, dimension, std::move(inverse));
  metric.factor_ = cholesky(metric.inverse_, n);
  return metric;
}

void Metric::sample_momentum(RandomStream& random, std::span<double> momentum) const {
  random.fill_normals(momentum);
  const std::size_t n = index(dimension_);
  switch (kind_) {
    case MetricKind::unit:
      return;
    case MetricKind::diagonal:
      for (std::size_t i = 0; i < n; ++i) momentum[i] *= factor_[i];
      return;
    case MetricKind::dense:
      // M = (L L')^-1, so p = L'^-1 z: solve L' p = z from the last row up, by rows of L.
      for (std::size_t i = n; i-- > 0;) {
        const double* const row = factor_.data() + i * n;
        const double value = momentum[i] /= row[i];
        for (std::size_t j = 0; j < i; ++j) momentum[j] -= row[j] * value;
      }
      return;
  }
}

double Metric::kinetic_energy(std::span<const double> momentum, std::span<double> velocity) const {
  const std::size_t n = index(dimension_);
  const double* const p = momentum.data();
  double* const v = velocity.data();
  if (kind_ == MetricKind::dense) {
    for (std::size_t i = 0; i < n; ++i) v[i] = dot(inverse_.data() + i * n, p, n);
  } else {
    for (std::size_t i = 0; i < n; ++i) v[i] = inverse_[i] * p[i];
  }
  return 0.5 * dot(p, v, n);
}

MetricEstimator::MetricEstimator(MetricKind kind, std::int64_t dimension) : kind_(kind), dimension_(dimension) {
  if (kind == MetricKind::unit) return;
  const std::size_t n = index(dimension);
  mean_.resize(n);
  before_.resize(n);
  after_.resize(n);
  squares_.resize(kind == MetricKind::dense ? n * n : n);
}

void MetricEstimator::add(std::span<const double> position) {
  if (kind_ == MetricKind::unit) return;
  ++count_;
  const double weight = 1.0 / static_cast<double>(count_);
  const std::size_t n = index(dimension_);
  for (std::size_t i = 0; i < n; ++i) {
    before_[i] = position[i] - mean_[i];
    mean_[i] += before_[i] * weight;
    after_[i] = position[i] - mean_[i];
  }
  if (kind_ == MetricKind::diagonal) {
    for (std::size_t i = 0; i < n; ++i) squares_[i] += before_[i] * after_[i];
  } else {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j <= i; ++j) squares_[i * n + j] += after_[i] * before_[j];
    }
  }
}

Metric MetricEstimator::estimate(const Metric& previous) const {
  if (kind_ == MetricKind::unit) return Metric::unit(dimension_);
  const auto n = static_cast<double>(count_);
  const double shrink = n / (n + 5.0);
  const double ridge = 1e-3 * (5.0 / (n + 5.0));
  std::vector<double> inverse(squares_.size());
  for (std::size_t i = 0; i < squares_.size(); ++i)
    inverse[i] = shrink * (n > 1 ? squares_[i] / (n - 1.0) : previous.inverse()[i]);
  if (!std::all_of(inverse.begin(), inverse.end(), [](double x) { return std::isfinite(x); })) {
    throw Error("metric adaptation overflowed: positions of warm-up are too far apart; the posterior may be improper");
  }
  const std::size_t size = index(dimension_);
  if (kind_ == MetricKind::diagonal) {
    for (double& value : inverse) value += ridge;
    return Metric::diagonal(std::move(inverse));
  }
  for (std::size_t i = 0; i < size; ++i) {
    inverse[i * size + i] += ridge;
    for (std::size_t j = 0; j < i; ++j) inverse[j * size + i] = inverse[i * size + j];
  }
  return Metric::dense(dimension_, std::move(inverse));
}

void MetricEstimator::restart() {
  count_ = 0;
  std::fill(mean_.begin(), mean_.end(), 0.0);
  std::fill(squares_.begin(), squares_.end(), 0.0);
}

}  // namespace leapgraph::samplers
