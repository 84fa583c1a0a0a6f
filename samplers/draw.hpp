/// What one transition of a chain leaves behind, beside the draw itself.
#pragma once

#include <cstdint>

namespace leapgraph::samplers {

/// Warm-up adapts and is not a sample of the posterior; sampling keeps everything frozen.
enum class Phase { warmup, sampling };

/// Statistics of one transition, named as ArviZ names them.
struct DrawStatistics {
  double lp = 0;                ///< log density on the unconstrained scale at the draw, Jacobian included
  double acceptance_rate = 0;   ///< mean Metropolis acceptance probability over the trajectory
  double step_size = 0;         ///< leapfrog step size of this transition
  std::int64_t tree_depth = 0;  ///< doublings of the NUTS trajectory; 0 for static HMC
  std::int64_t n_steps = 0;     ///< leapfrog steps taken
  bool diverging = false;       ///< energy error above 1000, or a density that is not finite
  bool reached_max_treedepth = false;
  double energy = 0;  ///< Hamiltonian at the draw: -lp plus kinetic energy
};

}  // namespace leapgraph::samplers
