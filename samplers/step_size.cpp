/// Choosing the leapfrog step size: a search for its order of magnitude, then Nesterov's dual averaging.
#include "leapgraph/samplers/step_size.hpp"

#include <algorithm>
#include <cmath>

#include "leapgraph/symbolic/error.hpp"

namespace leapgraph::samplers {

void DualAveraging::restart(double step_size) {
  mu_ = std::log(10.0 * step_size);
  current_ = step_size;
  count_ = mean_error_ = mean_log_step_ = 0.0;
}

void DualAveraging::update(double acceptance) {
  count_ += 1.0;
  const double eta = 1.0 / (count_ + options_.t0);
  mean_error_ = (1.0 - eta) * mean_error_ + eta * (options_.delta - std::min(acceptance, 1.0));
  const double x = mu_ - mean_error_ * std::sqrt(count_) / options_.gamma;
  const double weight = std::pow(count_, -options_.kappa);
  mean_log_step_ = (1.0 - weight) * mean_log_step_ + weight * x;
  current_ = std::exp(x);
}

double DualAveraging::averaged() const { return count_ > 0 ? std::exp(mean_log_step_) : current_; }

double search_step_size(const TransitionInput& input, Point& start, Point& scratch, std::int64_t& gradients) {
  constexpr double largest = 1e7;
  const double threshold = std::log(0.8);
  RandomStream random(input.key, Purpose::step_size_search);
  double step_size = input.step_size;
  if (step_size == 0 || step_size > largest || std::isnan(step_size)) return step_size;

  const auto accepts = [&] {
    refresh_momentum(input.metric, random, start);
    const double energy =
        leapfrog(input.integrator, input.metric, input.failures, start, scratch, step_size, /*steps=*/1);
    ++gradients;
    return start.energy() - energy > threshold;
  };
  const bool grow = accepts();
  while (accepts() == grow) {
    step_size *= grow ? 2.0 : 0.5;
    if (step_size > largest) {
      throw Error("no step size is large enough: the posterior is improper (its density does not fall off)");
    }
    if (step_size == 0) throw Error("no step size is small enough: the posterior may not be continuous");
    if (input.stop.stop_requested()) break;
  }
  return step_size;
}

}  // namespace leapgraph::samplers
