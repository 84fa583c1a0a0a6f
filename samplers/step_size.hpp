/// Choosing the leapfrog step size: a search for its order of magnitude, then Nesterov's dual averaging.
#pragma once

#include <cstdint>

#include "leapgraph/samplers/hamiltonian.hpp"

namespace leapgraph::samplers {

/// Constants of dual averaging (Hoffman & Gelman 2014, section 3.2), Stan's values.
struct DualAveragingOptions {
  double delta = 0.8;   ///< acceptance to aim for
  double gamma = 0.05;  ///< regularisation
  double kappa = 0.75;  ///< how fast old iterates are forgotten
  double t0 = 10.0;     ///< damps the first iterations
};

/// Dual averaging of log step size (Hoffman & Gelman 2014, Algorithm 5), pulled towards ten times its start.
class DualAveraging {
 public:
  DualAveraging(const DualAveragingOptions& options, double step_size) : options_(options) { restart(step_size); }

  void restart(double step_size);
  /// Takes the acceptance of a transition (values above 1 count as 1); the step size to try next is in `current`.
  void update(double acceptance);
  double current() const { return current_; }
  /// The averaged step size, for use after adaptation; the start itself if there was no update.
  double averaged() const;

 private:
  DualAveragingOptions options_;
  double mu_ = 0, current_ = 0;
  double count_ = 0, mean_error_ = 0, mean_log_step_ = 0;  // n, s-bar, x-bar
};

/// Doubles or halves `step_size` until the acceptance of one leapfrog step crosses 0.8, with new momentum each time
/// (Hoffman & Gelman 2014, Algorithm 4, as Stan does it). `start` has its log density and gradient; its momentum is
/// overwritten, `scratch` too. `gradients` counts evaluations.
/// Throws Error beyond 1e7 (an improper posterior) and at 0 (a discontinuous one).
double search_step_size(const TransitionInput& input, Point& start, Point& scratch, std::int64_t& gradients);

}  // namespace leapgraph::samplers
