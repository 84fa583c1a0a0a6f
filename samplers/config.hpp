/// What a run is: chains, lengths, seed, algorithm, metric, adaptation and starts, as one value.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "leapgraph/samplers/metric.hpp"
#include "leapgraph/samplers/nuts.hpp"
#include "leapgraph/samplers/static_hmc.hpp"
#include "leapgraph/samplers/warmup.hpp"
#include "leapgraph/symbolic/error.hpp"

namespace leapgraph::samplers {

/// A field of a configuration that is out of range; the message names the field, its constraint and its value.
class ConfigError : public Error {
 public:
  using Error::Error;
};

/// Defaults are Stan's.
struct SampleConfig {
  std::int64_t chains = 4;
  std::int64_t warmup = 1000;  ///< transitions of warm-up, before thinning
  std::int64_t draws = 1000;   ///< transitions of sampling, before thinning
  std::int64_t thin = 1;       ///< every how manieth transition is kept, beginning with the first
  bool save_warmup = false;
  std::uint64_t seed = 0;
  std::int64_t threads = 0;  ///< chains that run at a time; 0: as many as there are cores

  std::variant<NutsOptions, StaticHmcOptions> algorithm = NutsOptions{};
  double step_size = 0;  ///< above 0: fixed, neither searched nor adapted, in units of the metric
  double jitter = 0;     ///< each transition's step size is uniform on step size * (1 - jitter, 1 + jitter)

  MetricKind metric = MetricKind::diagonal;
  Warmup::Options adapt;

  double init_radius = 2;  ///< starts are uniform on (-radius, radius), on the unconstrained scale
  /// Starts given by the caller: none, one for all chains, or one a chain. An element that is nan is drawn as above.
  std::vector<std::vector<double>> init_points;

  /// Transitions that a phase keeps: those numbered 0, thin, 2 thin, ...
  std::int64_t kept_draws() const { return (draws + thin - 1) / thin; }
  std::int64_t kept_warmup() const { return save_warmup ? (warmup + thin - 1) / thin : 0; }
};

/// Throws ConfigError for the first field that is out of range. `dimension` is that of the density.
void validate(const SampleConfig& config, std::int64_t dimension);

}  // namespace leapgraph::samplers
