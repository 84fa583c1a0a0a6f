/// Windowed warm-up: which draws the metric is estimated from, and how step size and metric follow.
#include "leapgraph/samplers/warmup.hpp"

#include <algorithm>

namespace leapgraph::samplers {

std::vector<Window> metric_windows(std::int64_t warmup, const WindowOptions& options) {
  if (warmup < 20) return {};
  if (options.init_buffer + options.base_window + options.term_buffer > warmup) {
    const auto init = static_cast<std::int64_t>(0.15 * static_cast<double>(warmup));
    const auto term = static_cast<std::int64_t>(0.10 * static_cast<double>(warmup));
    return {{init, warmup - term}};
  }
  const std::int64_t last = warmup - options.term_buffer;
  std::int64_t size = options.base_window;
  std::int64_t begin = options.init_buffer, end = begin + size;
  std::vector<Window> windows{{begin, end}};
  while (end != last) {
    size *= 2;
    begin = end;
    end = begin + size;
    // Were the window after this one to reach past the end, this one absorbs what remains.
    if (end != last && end + 2 * size > last) end = last;
    windows.push_back({begin, end});
  }
  return windows;
}

Warmup::Warmup(const Options& options, MetricKind kind, std::int64_t dimension, std::int64_t length, double step_size,
               bool fixed_step_size)
    : fixed_step_size_(fixed_step_size),
      start_(step_size),
      averaging_(options.step_size, step_size),
      windows_(kind == MetricKind::unit ? std::vector<Window>{} : metric_windows(length, options.windows)),
      estimator_(kind, dimension),
      metric_(Metric::identity(kind, dimension)) {
  std::reverse(windows_.begin(), windows_.end());
}

bool Warmup::learn(std::span<const double> position, double acceptance) {
  averaging_.update(acceptance);
  const std::int64_t iteration = iteration_++;
  if (windows_.empty() || iteration < windows_.back().begin) return false;
  estimator_.add(position);
  if (iteration + 1 < windows_.back().end) return false;
  metric_ = estimator_.estimate(metric_);
  estimator_.restart();
  windows_.pop_back();
  return true;
}

}  // namespace leapgraph::samplers
