/// Running the chains of a density, several at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "leapgraph/samplers/chain.hpp"
#include "leapgraph/samplers/config.hpp"
#include "leapgraph/samplers/hamiltonian.hpp"
#include "leapgraph/samplers/trace.hpp"

namespace leapgraph::samplers {

/// What is sampled: how each chain comes by its own integrator and its own function to the values of the trace.
/// Both factories are called on the chain's thread, at the same time for several chains unless `thread_safe` is false.
struct SampleTarget {
  std::int64_t dimension = 0;
  std::int64_t values = 0;  ///< doubles of one draw in the trace
  std::function<std::unique_ptr<Integrator>(std::int64_t chain)> integrator;
  std::function<Constrain(std::int64_t chain)> constrain;
  std::optional<MetricKind> metric = {};  ///< the only one that the integrators know; none: they take any
  bool thread_safe = true;  ///< false: the density may not run on two threads at once, so chains run one by one
};

struct SampleResult {
  std::vector<ChainResult> chains;
  bool interrupted = false;  ///< a stop was requested before all draws were there
};

/// Progress of all chains, readable by another thread while they run.
using SampleMonitor = std::deque<ChainMonitor>;

/// Runs all chains and finishes the trace, trimmed if they were stopped. For one seed the draws are the same bits for
/// any number of threads. `monitor`, where given, has one element a chain.
/// Throws ConfigError before anything starts. When a chain throws, the others stop, what was drawn is finished, and the
/// exception of the first such chain is thrown on.
SampleResult sample(const SampleTarget& target, const SampleConfig& config, TraceSink& trace,
                    SampleMonitor* monitor = nullptr, std::stop_token stop = {});

}  // namespace leapgraph::samplers
