/// One Markov chain: a start, warm-up, draws into the trace.
#include "leapgraph/samplers/chain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <optional>
#include <variant>

namespace leapgraph::samplers {
namespace {

using Kernel = std::variant<Nuts, StaticHmc>;

Kernel make_kernel(const SampleConfig& config, std::int64_t dimension) {
  if (const auto* nuts = std::get_if<NutsOptions>(&config.algorithm)) return Nuts(dimension, *nuts);
  return StaticHmc(dimension, std::get<StaticHmcOptions>(config.algorithm));
}

class Chain {
 public:
  Chain(const SampleConfig& config, std::int64_t chain, Integrator& integrator, const Constrain& constrain,
        std::int64_t values, TraceSink& trace, ChainMonitor& monitor, std::stop_token stop, ChainResult& result)
      : config_(config),
        chain_(chain),
        integrator_(integrator),
        constrain_(constrain),
        trace_(trace),
        monitor_(monitor),
        stop_(std::move(stop)),
        points_(integrator.dimension(), 2),
        state_(points_[0]),
        kernel_(make_kernel(config, integrator.dimension())),
        warmup_(config.adapt, config.metric, integrator.dimension(), config.warmup,
                config.step_size > 0 ? config.step_size : 1.0, config.step_size > 0),
        values_(static_cast<std::size_t>(values)),
        result_(result) {}

  void run() {
    if (state_.position.empty()) return run_without_parameters();
    find_start();
    find_step_size();
    for (std::int64_t i = 0; i < config_.warmup && !stop_.stop_requested(); ++i) warm_up(i);
    step_size_ = warmup_.final_step_size();
    monitor_.phase.store(Phase::sampling, std::memory_order_relaxed);
    for (std::int64_t i = 0; i < config_.draws && !stop_.stop_requested(); ++i) sample(i);
    monitor_.finished.store(true, std::memory_order_relaxed);
    finish();
  }

 private:
  // Only what is drawn at random after the parameters differs from draw to draw.
  void run_without_parameters() {
    integrator_.evaluate(state_);
    monitor_.phase.store(Phase::sampling, std::memory_order_relaxed);
    result_.iterations = config_.warmup;
    const DrawStatistics statistics{.lp = state_.log_density,
                                    .acceptance_rate = 1,
                                    .step_size = 0,
                                    .tree_depth = 0,
                                    .n_steps = 0,
                                    .diverging = false,
                                    .reached_max_treedepth = false,
                                    .energy = -state_.log_density};
    for (std::int64_t i = 0; i < config_.draws && !stop_.stop_requested(); ++i) {
      ++result_.iterations;
      monitor_.iteration.store(result_.iterations, std::memory_order_relaxed);
      if (i % config_.thin == 0) {
        write(Phase::sampling, result_.kept.draws, config_.warmup + i, statistics);
        ++result_.kept.draws;
      }
    }
    monitor_.finished.store(true, std::memory_order_relaxed);
    finish();
  }

  DrawKey key(std::int64_t draw) const {
    return {config_.seed, static_cast<std::uint32_t>(chain_), static_cast<std::uint32_t>(draw)};
  }

  TransitionInput input(double step_size, double nominal, std::int64_t iteration) {
    return {integrator_, warmup_.metric(), step_size, nominal, key(iteration), density_failures_, stop_};
  }

  void find_start() {
    constexpr std::int64_t most_tries = 100;
    const auto& given = config_.init_points;
    const std::vector<double>* const point =
        given.empty() ? nullptr : &given[given.size() == 1 ? 0 : static_cast<std::size_t>(chain_)];
    const bool random = !point || std::any_of(point->begin(), point->end(), [](double x) { return std::isnan(x); });
    const std::int64_t tries = random && config_.init_radius > 0 ? most_tries : 1;
    // Where the log density is so large that neighbours of a point differ by rounding alone, no step size can be found.
    constexpr double unresolved = 0x1p50;
    std::vector<double> far_start;
    std::string reason;
    for (std::int64_t attempt = 0; attempt < tries; ++attempt) {
      RandomStream stream(key(attempt), Purpose::initial_point);
      for (std::size_t i = 0; i < state_.position.size(); ++i) {
        const double drawn = config_.init_radius * (2.0 * stream.uniform() - 1.0);
        state_.position[i] = point && !std::isnan((*point)[i]) ? (*point)[i] : drawn;
      }
      ++result_.gradients;
      if (!evaluate_start(integrator_, state_, reason)) continue;
      if (!random || std::abs(state_.log_density) < unresolved) return;
      // Better than none: the last one, where no try is better.
      far_start.assign(state_.position.begin(), state_.position.end());
    }
    if (!far_start.empty()) {
      std::ranges::copy(far_start, state_.position.begin());
      ++result_.gradients;
      if (evaluate_start(integrator_, state_, reason)) return;
    }
    const std::string where = !random                   ? "the start given"
                              : config_.init_radius > 0 ? fmt::format("{} starts drawn uniformly from (-{}, {})", tries,
                                                                      config_.init_radius, config_.init_radius)
                                                        : "the start at 0";
    throw InitializationError(fmt::format("chain {}: no usable start: tried {}; last: {}", chain_ + 1, where, reason));
  }

  // For the transition after the ones done so far.
  void find_step_size() {
    step_size_ = warmup_.step_size();
    if (config_.step_size > 0) return;
    step_size_ =
        search_step_size(input(step_size_, step_size_, result_.iterations), state_, points_[1], result_.gradients);
    warmup_.restart_step_size(step_size_);
  }

  // Nothing where the chain was stopped in the middle.
  std::optional<DrawStatistics> next() {
    const std::int64_t iteration = result_.iterations;
    double step_size = step_size_;
    if (config_.jitter > 0) {
      step_size *= 1.0 + config_.jitter * (2.0 * RandomStream(key(iteration), Purpose::jitter).uniform() - 1.0);
    }
    const TransitionInput transition = input(step_size, step_size_, iteration);
    const DrawStatistics statistics =
        std::visit([&](auto& kernel) { return kernel.transition(transition, state_); }, kernel_);
    result_.gradients += statistics.n_steps;
    if (stop_.stop_requested()) return std::nullopt;
    ++result_.iterations;
    monitor_.iteration.store(result_.iterations, std::memory_order_relaxed);
    monitor_.gradients.store(result_.gradients, std::memory_order_relaxed);
    monitor_.step_size.store(step_size_, std::memory_order_relaxed);
    return statistics;
  }

  void warm_up(std::int64_t i) {
    const auto statistics = next();
    if (!statistics) return;
    result_.warmup_divergences += statistics->diverging;
    if (config_.save_warmup && i % config_.thin == 0) {
      write(Phase::warmup, result_.kept.warmup_draws, i, *statistics);
      ++result_.kept.warmup_draws;
    }
    if (warmup_.learn(state_.position, statistics->acceptance_rate)) find_step_size();
    step_size_ = warmup_.step_size();
  }

  void sample(std::int64_t i) {
    const auto statistics = next();
    if (!statistics) return;
    result_.divergences += statistics->diverging;
    result_.max_treedepth_hits += statistics->reached_max_treedepth;
    monitor_.divergences.store(result_.divergences, std::memory_order_relaxed);
    if (i % config_.thin == 0) {
      write(Phase::sampling, result_.kept.draws, config_.warmup + i, *statistics);
      ++result_.kept.draws;
    }
  }

  void write(Phase phase, std::int64_t draw, std::int64_t iteration, const DrawStatistics& statistics) {
    constrain(iteration);
    trace_.write(phase, chain_, draw, values_, statistics);
  }

  void constrain(std::int64_t iteration) {
    try {
      constrain_(state_.position, key(iteration), values_);
    } catch (const InternalError&) {
      throw;
    } catch (const DrawError&) {
      throw;
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& error) {
      if (result_.constrain_failures++ == 0) constrain_message_ = error.what();
      std::fill(values_.begin(), values_.end(), std::numeric_limits<double>::quiet_NaN());
    }
  }

  void finish() {
    result_.step_size = step_size_;
    const Metric& metric = warmup_.metric();
    result_.metric = metric.kind();
    result_.inverse_metric.assign(metric.inverse().begin(), metric.inverse().end());
    result_.interrupted = result_.iterations < config_.warmup + config_.draws;
    result_.density_failures = density_failures_.count;
    if (density_failures_.count > 0) {
      result_.messages.push_back(fmt::format("{} evaluation{} of the log density failed; first: {}",
                                             density_failures_.count, density_failures_.count == 1 ? "" : "s",
                                             density_failures_.first));
    }
    if (result_.constrain_failures > 0) {
      result_.messages.push_back(fmt::format("the values of {} draw{} could not be computed and are nan; first: {}",
                                             result_.constrain_failures, result_.constrain_failures == 1 ? "" : "s",
                                             constrain_message_));
    }
  }

  const SampleConfig& config_;
  std::int64_t chain_;
  Integrator& integrator_;
  const Constrain& constrain_;
  TraceSink& trace_;
  ChainMonitor& monitor_;
  std::stop_token stop_;
  PointArena points_;  // the state, and one for the search of a step size
  Point& state_;
  Kernel kernel_;
  Warmup warmup_;
  double step_size_ = 0;  // nominal, of the next transition
  std::vector<double> values_;
  DensityFailures density_failures_;
  std::string constrain_message_;
  ChainResult& result_;
};

}  // namespace

void run_chain(const SampleConfig& config, std::int64_t chain, Integrator& integrator, const Constrain& constrain,
               std::int64_t values, TraceSink& trace, ChainMonitor& monitor, std::stop_token stop,
               ChainResult& result) {
  Chain(config, chain, integrator, constrain, values, trace, monitor, std::move(stop), result).run();
}

}  // namespace leapgraph::samplers
