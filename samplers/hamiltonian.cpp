/// Points of phase space and the energy of a leapfrog step, failures of the density included.
#include "leapgraph/samplers/hamiltonian.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <new>

#include "leapgraph/symbolic/error.hpp"

namespace leapgraph::samplers {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Calls `work`; where it throws what stands for an undefined density, `on_failure` gets the message.
template <class Work, class OnFailure>
bool succeeds(Work&& work, OnFailure&& on_failure) {
  try {
    work();
    return true;
  } catch (const InternalError&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    on_failure(error.what());
    return false;
  }
}

// The sign of a nan says nothing.
double unsigned_nan(double x) { return std::isnan(x) ? std::abs(x) : x; }

std::string describe(const Integrator& integrator, double log_density) {
  const std::string reason = integrator.why();
  const std::string value = fmt::format("the log density is {}", unsigned_nan(log_density));
  return reason.empty() ? value : fmt::format("{}: {}", value, reason);
}

// A log density that is not finite; kept out of the hot path.
[[gnu::cold, gnu::noinline]] double fail(DensityFailures& failures, const Integrator& integrator, double log_density) {
  if (log_density != -infinity && failures.count++ == 0) failures.first = describe(integrator, log_density);
  return infinity;
}

}  // namespace

void copy_position(const Point& from, Point& to) {
  std::copy(from.position.begin(), from.position.end(), to.position.begin());
  std::copy(from.gradient.begin(), from.gradient.end(), to.gradient.begin());
  to.log_density = from.log_density;
}

void PointArena::Free::operator()(double* memory) const { std::free(memory); }

PointArena::PointArena(std::int64_t dimension, std::int64_t points) {
  const auto size = static_cast<std::size_t>(dimension);
  const auto count = static_cast<std::size_t>(points);
  const std::size_t stride = (size + 7) / 8 * 8;
  const std::size_t bytes = std::max<std::size_t>(count * 4 * stride * sizeof(double), 64);
  memory_.reset(static_cast<double*>(std::aligned_alloc(64, bytes)));
  if (!memory_) throw std::bad_alloc();
  points_.resize(count);
  double* next = memory_.get();
  const auto take = [&] {
    const std::span<double> vector(next, size);
    std::fill(next + size, next + stride, 0.0);
    next += stride;
    return vector;
  };
  for (Point& point : points_) {
    point.position = take();
    point.momentum = take();
    point.gradient = take();
    point.velocity = take();
  }
}

void refresh_momentum(const Metric& metric, RandomStream& random, Point& point) {
  metric.sample_momentum(random, point.momentum);
  point.kinetic_energy = metric.kinetic_energy(point.momentum, point.velocity);
}

double leapfrog(Integrator& integrator, const Metric& metric, DensityFailures& failures, const Point& from, Point& to,
                double step_size, std::int64_t steps) {
  const auto record = [&](const char* message) {
    if (failures.count++ == 0) failures.first = message;
  };
  if (!succeeds([&] { integrator.advance(from, to, metric, step_size, steps); }, record)) return infinity;
  // A log density that is not finite fails here; a kinetic energy that is not finite needs a step that overflowed.
  if (!(std::abs(to.log_density) < infinity)) [[unlikely]]
    return fail(failures, integrator, to.log_density);
  to.kinetic_energy = metric.kinetic_energy(to.momentum, to.velocity);
  const double energy = to.energy();
  return std::isnan(energy) ? infinity : energy;
}

bool evaluate_start(Integrator& integrator, Point& point, std::string& reason) {
  if (!succeeds([&] { integrator.evaluate(point); }, [&](const char* message) { reason = message; })) return false;
  if (!std::isfinite(point.log_density)) {
    reason = describe(integrator, point.log_density);
    return false;
  }
  for (std::size_t i = 0; i < point.gradient.size(); ++i) {
    if (!std::isfinite(point.gradient[i])) {
      reason = fmt::format("the log density is {}, but element {} of its gradient is {}", point.log_density, i + 1,
                           unsigned_nan(point.gradient[i]));
      return false;
    }
  }
  return true;
}

}  // namespace leapgraph::samplers
