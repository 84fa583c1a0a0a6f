/// Hamiltonian Monte Carlo with a given number of leapfrog steps or a given integration time.
#pragma once

#include <cstdint>
#include <numbers>

#include "leapgraph/samplers/draw.hpp"
#include "leapgraph/samplers/hamiltonian.hpp"

namespace leapgraph::samplers {

struct StaticHmcOptions {
  std::int64_t steps = 0;  ///< leapfrog steps of a trajectory; 0: as many as `integration_time` takes
  double integration_time = 2 * std::numbers::pi;
};

/// L: the steps given, else max(1, floor(integration time / nominal step size)).
std::int64_t trajectory_steps(const StaticHmcOptions& options, double nominal_step_size);

/// The transition of Duane et al. (1987), with its workspace: one trajectory, accepted or not.
class StaticHmc {
 public:
  StaticHmc(std::int64_t dimension, const StaticHmcOptions& options) : options_(options), points_(dimension, 2) {}

  /// From `state`, of which position, gradient and log density are read, to the next draw, left in `state`.
  /// Trajectories of up to 1000 steps are one call of the integrator; a stop is looked for between calls.
  DrawStatistics transition(const TransitionInput& input, Point& state);

 private:
  StaticHmcOptions options_;
  PointArena points_;
};

}  // namespace leapgraph::samplers
