/// Running the chains of a density, several at a time, under oneTBB.
#include "leapgraph/samplers/sample.hpp"

#include <fmt/format.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <exception>

namespace leapgraph::samplers {

SampleResult sample(const SampleTarget& target, const SampleConfig& config, TraceSink& trace, SampleMonitor* monitor,
                    std::stop_token stop) {
  validate(config, target.dimension);
  if (target.metric && *target.metric != config.metric) {
    throw ConfigError(fmt::format("metric must be {}, for which the density was compiled, got {}", name(*target.metric),
                                  name(config.metric)));
  }
  const auto chains = static_cast<std::size_t>(config.chains);
  SampleMonitor own_monitor(monitor ? 0 : chains);
  SampleMonitor& monitors = monitor ? *monitor : own_monitor;
  if (monitors.size() != chains) {
    throw ConfigError(
        fmt::format("monitor must have one element for each of {} chains, got {}", chains, monitors.size()));
  }

  std::stop_source stopping;  // by the caller, or because a chain failed
  const std::stop_callback forward(std::move(stop), [&] { stopping.request_stop(); });
  SampleResult result;
  result.chains.resize(chains);
  std::vector<std::exception_ptr> failures(chains);
  const auto run = [&](std::size_t i) {
    const auto chain = static_cast<std::int64_t>(i);
    try {
      const auto integrator = target.integrator(chain);
      const Constrain constrain = target.constrain(chain);
      run_chain(config, chain, *integrator, constrain, target.values, trace, monitors[i], stopping.get_token(),
                result.chains[i]);
    } catch (...) {
      failures[i] = std::current_exception();
      stopping.request_stop();
    }
  };

  const std::int64_t cores = tbb::info::default_concurrency();
  const std::int64_t wanted = target.thread_safe ? (config.threads > 0 ? config.threads : cores) : 1;
  const auto threads = static_cast<int>(std::min(wanted, config.chains));
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  static_cast<std::size_t>(std::max<std::int64_t>(threads, cores)));
  tbb::task_arena arena(threads);
  arena.execute([&] { tbb::parallel_for(std::size_t{0}, chains, run, tbb::simple_partitioner()); });

  std::vector<ChainProgress> progress;
  bool drawn = false;
  for (const ChainResult& chain : result.chains) {
    result.interrupted = result.interrupted || chain.interrupted;
    drawn = drawn || chain.kept.draws > 0 || chain.kept.warmup_draws > 0;
    progress.push_back(chain.kept);
  }
  const auto failure = std::find_if(failures.begin(), failures.end(), [](const auto& f) { return f != nullptr; });
  if (failure == failures.end()) {
    trace.finish(progress);
  } else {
    if (drawn) trace.finish(progress);
    std::rethrow_exception(*failure);
  }
  return result;
}

}  // namespace leapgraph::samplers
