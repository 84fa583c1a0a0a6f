/// Hamiltonian Monte Carlo with a given number of leapfrog steps or a given integration time.
#include "leapgraph/samplers/static_hmc.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace leapgraph::samplers {

std::int64_t trajectory_steps(const StaticHmcOptions& options, double nominal_step_size) {
  if (options.steps > 0) return options.steps;
  constexpr double most = 1e15;  // far beyond what can be run, and still an integer
  return std::max<std::int64_t>(
      1, static_cast<std::int64_t>(std::min(options.integration_time / nominal_step_size, most)));
}

DrawStatistics StaticHmc::transition(const TransitionInput& input, Point& state) {
  RandomStream momentum(input.key, Purpose::momentum);
  refresh_momentum(input.metric, momentum, state);
  const double start_energy = state.energy();

  constexpr std::int64_t longest_call = 1000;
  const std::int64_t steps = trajectory_steps(options_, input.nominal_step_size);
  DrawStatistics statistics{.step_size = input.step_size};
  double energy = start_energy;
  const Point* from = &state;
  std::size_t next = 0;
  while (statistics.n_steps < steps && std::isfinite(energy) && !input.stop.stop_requested()) {
    const std::int64_t count = std::min(longest_call, steps - statistics.n_steps);
    energy = leapfrog(input.integrator, input.metric, input.failures, *from, points_[next], input.step_size, count);
    statistics.n_steps += count;
    from = &points_[next];
    next = 1 - next;
  }

  const double log_ratio = start_energy - energy;
  statistics.acceptance_rate = log_ratio > 0 ? 1.0 : std::exp(log_ratio);
  statistics.diverging = !(energy - start_energy <= max_energy_error);
  RandomStream random(input.key, Purpose::acceptance);
  const bool accepted = random.uniform() < statistics.acceptance_rate && !input.stop.stop_requested();
  if (accepted) copy_position(*from, state);
  statistics.lp = state.log_density;
  statistics.energy = accepted ? energy : start_energy;
  return statistics;
}

}  // namespace leapgraph::samplers
