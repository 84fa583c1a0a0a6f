/// Points of phase space, the leapfrog interface that every density comes with, and the energy of a step.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "leapgraph/samplers/metric.hpp"
#include "leapgraph/samplers/random.hpp"

namespace leapgraph::samplers {

/// A point of phase space; its vectors lie in a PointArena.
struct Point {
  std::span<double> position;
  std::span<double> momentum;
  std::span<double> gradient;  ///< of the log density
  std::span<double> velocity;  ///< M^-1 momentum
  double log_density = 0;
  double kinetic_energy = 0;

  double energy() const { return kinetic_energy - log_density; }
};

/// Copies position, gradient and log density.
void copy_position(const Point& from, Point& to);

/// Storage of points: vectors start at multiples of 64 bytes and are padded with zeros to multiples of 8 elements,
/// so that loops may run over whole SIMD registers. Pages that are never used are never touched.
class PointArena {
 public:
  PointArena(std::int64_t dimension, std::int64_t points);
  Point& operator[](std::size_t i) { return points_[i]; }
  const Point& operator[](std::size_t i) const { return points_[i]; }
  std::size_t size() const { return points_.size(); }

 private:
  struct Free {
    void operator()(double* memory) const;
  };
  std::unique_ptr<double[], Free> memory_;
  std::vector<Point> points_;
};

/// A log density with its leapfrog. One a chain: it owns its workspace and is called by one thread at a time.
///
/// A density that is not defined at a position says so by a log density that is not finite, or throws an exception
/// derived from std::exception; both end the transition as divergent. InternalError and std::bad_alloc are not taken
/// for such an answer and leave the sampler.
class Integrator {
 public:
  virtual ~Integrator() = default;
  virtual std::int64_t dimension() const = 0;
  /// Sets log density and gradient of `point` from its position.
  virtual void evaluate(Point& point) = 0;
  /// Sets position, momentum, gradient and log density of `to` to those of `from` after `steps` >= 1 leapfrog steps;
  /// a negative step size goes back in time. Momentum of `from` moves with it: p += eps/2 g; q += eps M^-1 p; p +=
  /// eps/2 g. `from` and `to` are different points. The gradient and log density of `from` are those of its position.
  virtual void advance(const Point& from, Point& to, const Metric& metric, double step_size, std::int64_t steps) = 0;
  /// Why the log density of the last call was not finite, where that is known: the statement and the offending values.
  virtual std::string why() const { return {}; }
};

/// Evaluations of a density that gave nan, +infinity or an exception; the first is described.
/// A log density of -infinity (outside the support) is a rejection, not a failure.
struct DensityFailures {
  std::int64_t count = 0;
  std::string first;
};

/// What a transition works with.
struct TransitionInput {
  Integrator& integrator;
  const Metric& metric;
  double step_size;          ///< of this transition, jittered
  double nominal_step_size;  ///< before jitter
  DrawKey key;
  DensityFailures& failures;
  std::stop_token
      stop;  ///< a requested stop leaves the transition early, the state unchanged, the statistics meaningless
};

/// Energy errors above this are divergences.
inline constexpr double max_energy_error = 1000.0;

/// Draws the momentum of `point`, its velocity and kinetic energy.
void refresh_momentum(const Metric& metric, RandomStream& random, Point& point);

/// `steps` leapfrog steps from `from` to `to`, velocity and kinetic energy included. Returns the energy at `to`;
/// +infinity where the density failed or is 0.
double leapfrog(Integrator& integrator, const Metric& metric, DensityFailures& failures, const Point& from, Point& to,
                double step_size, std::int64_t steps);

/// Evaluates density and gradient at the position of `point`; false where either is not finite, with the reason.
bool evaluate_start(Integrator& integrator, Point& point, std::string& reason);

}  // namespace leapgraph::samplers
