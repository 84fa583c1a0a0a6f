/// Windowed warm-up: which draws the metric is estimated from, and how step size and metric follow.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "leapgraph/samplers/metric.hpp"
#include "leapgraph/samplers/step_size.hpp"

namespace leapgraph::samplers {

/// Lengths of the stages of warm-up, in transitions.
struct WindowOptions {
  std::int64_t init_buffer = 75;  ///< at the start, step size only
  std::int64_t term_buffer = 50;  ///< at the end, step size only
  std::int64_t base_window = 25;  ///< the first window of the metric; each next is twice as long
};

/// Transitions [begin, end) of warm-up whose positions give one estimate of the metric.
struct Window {
  std::int64_t begin;
  std::int64_t end;
  bool operator==(const Window&) const = default;
};

/// The windows of a warm-up: doubling, the last one absorbing what remains before the terminal buffer (Stan's
/// windowed_adaptation). Where the three stages do not fit, they are 15, 75 and 10 percent of the warm-up, with one
/// window; below 20 transitions there is none.
std::vector<Window> metric_windows(std::int64_t warmup, const WindowOptions& options);

/// Step size and metric while they adapt.
class Warmup {
 public:
  struct Options {
    DualAveragingOptions step_size;
    WindowOptions windows;
  };

  /// `step_size`: where adaptation starts; with `fixed_step_size` it stays.
  Warmup(const Options& options, MetricKind kind, std::int64_t dimension, std::int64_t length, double step_size,
         bool fixed_step_size);

  const Metric& metric() const { return metric_; }
  /// For the next transition of warm-up.
  double step_size() const { return fixed_step_size_ ? start_ : averaging_.current(); }
  /// For sampling, after the last transition of warm-up.
  double final_step_size() const { return fixed_step_size_ ? start_ : averaging_.averaged(); }

  /// Takes the outcome of the next transition. True when the metric was replaced: unless the step size is fixed, the
  /// caller searches a new one and calls `restart_step_size`.
  bool learn(std::span<const double> position, double acceptance);
  void restart_step_size(double step_size) { averaging_.restart(step_size); }

 private:
  bool fixed_step_size_;
  double start_;
  DualAveraging averaging_;
  std::vector<Window> windows_;  // those that have not ended, the next one last
  std::int64_t iteration_ = 0;
  MetricEstimator estimator_;
  Metric metric_;
};

}  // namespace leapgraph::samplers
