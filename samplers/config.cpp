/// The ranges of the fields of a run's configuration.
#include "leapgraph/samplers/config.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <string_view>

namespace leapgraph::samplers {
namespace {

template <class Value>
void require(bool holds, std::string_view field, std::string_view constraint, Value value) {
  if (!holds) throw ConfigError(fmt::format("{} must be {}, got {}", field, constraint, value));
}

void at_least(std::int64_t least, std::string_view field, std::int64_t value) {
  require(value >= least, field, fmt::format("at least {}", least), value);
}

void positive(std::string_view field, double value) {
  require(value > 0 && std::isfinite(value), field, "finite and above 0", value);
}

}  // namespace

void validate(const SampleConfig& config, std::int64_t dimension) {
  at_least(1, "chains", config.chains);
  at_least(0, "warmup", config.warmup);
  at_least(0, "draws", config.draws);
  at_least(1, "thin", config.thin);
  at_least(0, "threads", config.threads);
  constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();
  constexpr std::int64_t most_chains = 1'000'000;  // each takes memory before it begins
  require(config.chains <= most_chains, "chains", fmt::format("at most {}", most_chains), config.chains);
  require(config.warmup <= most && config.draws <= most - config.warmup, "warmup + draws", "below 2^32",
          fmt::format("{} + {}", config.warmup, config.draws));

  if (const auto* nuts = std::get_if<NutsOptions>(&config.algorithm)) {
    require(nuts->max_depth >= 1 && nuts->max_depth <= 30, "max_depth", "from 1 to 30", nuts->max_depth);
  } else {
    const auto& hmc = std::get<StaticHmcOptions>(config.algorithm);
    at_least(0, "steps", hmc.steps);
    positive("integration_time", hmc.integration_time);
  }
  require(config.step_size >= 0 && std::isfinite(config.step_size), "step_size", "finite and at least 0 (0: adapted)",
          config.step_size);
  require(config.jitter >= 0 && config.jitter <= 1, "jitter", "from 0 to 1", config.jitter);

  const DualAveragingOptions& adapt = config.adapt.step_size;
  require(adapt.delta > 0 && adapt.delta < 1, "adapt.delta", "above 0 and below 1", adapt.delta);
  positive("adapt.gamma", adapt.gamma);
  positive("adapt.kappa", adapt.kappa);
  positive("adapt.t0", adapt.t0);
  const WindowOptions& windows = config.adapt.windows;
  at_least(0, "adapt.init_buffer", windows.init_buffer);
  at_least(0, "adapt.term_buffer", windows.term_buffer);
  at_least(1, "adapt.base_window", windows.base_window);

  require(config.init_radius >= 0 && std::isfinite(config.init_radius), "init_radius", "finite and at least 0",
          config.init_radius);
  const auto points = static_cast<std::int64_t>(config.init_points.size());
  require(points == 0 || points == 1 || points == config.chains, "init_points",
          fmt::format("none, one, or one for each of {} chains", config.chains), points);
  for (std::size_t i = 0; i < config.init_points.size(); ++i) {
    const auto size = static_cast<std::int64_t>(config.init_points[i].size());
    require(size == dimension, fmt::format("init_points[{}]", i),
            fmt::format("of the density's dimension, {}", dimension), size);
    for (const double value : config.init_points[i]) {
      require(!std::isinf(value), fmt::format("init_points[{}]", i), "finite, or nan where drawn", value);
    }
  }
}

}  // namespace leapgraph::samplers
