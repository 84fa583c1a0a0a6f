/// `hmc-run sample`: a model and data into a trace and a summary.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <random>
#include <thread>

#include "leapgraph/cli/commands.hpp"
#include "leapgraph/cli/interrupt.hpp"
#include "leapgraph/cli/message.hpp"
#include "leapgraph/cli/model_files.hpp"
#include "leapgraph/cli/progress.hpp"
#include "leapgraph/cli/trace_output.hpp"
#include "leapgraph/samplers/density.hpp"

namespace leapgraph::cli {
namespace {

using samplers::MetricKind;
using samplers::NutsOptions;
using samplers::SampleConfig;
using samplers::SampleResult;
using samplers::StaticHmcOptions;

/// Seconds since it was made.
class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

// All chains at once, as far as that does not become a crowd: on fewer cores they take turns, which costs nothing that
// can be measured, and an early end finds all of them equally far.
std::int64_t default_threads(std::int64_t chains) {
  constexpr std::int64_t most_a_core = 4;
  return std::min(chains, most_a_core * std::max<std::int64_t>(std::thread::hardware_concurrency(), 1));
}

bool is_nuts(const SampleConfig& config) { return std::holds_alternative<NutsOptions>(config.algorithm); }

samplers::TraceLayout layout(const SampleCommand& command, const SampleConfig& config,
                             const models::CheckedProgram& program, const models::DataSet& data,
                             const models::Model& model) {
  samplers::TraceLayout layout{.chains = config.chains,
                               .draws = config.kept_draws(),
                               .warmup_draws = config.kept_warmup(),
                               .variables = model.density().variables,
                               .constants = model.constants(),
                               .attributes = {}};
  const auto set = [&](const char* name, const auto& value) {
    layout.attributes.emplace_back(name, fmt::format("{}", value));
  };
  describe_model(layout, command.files, program, data, command.command_line);
  set("seed", config.seed);
  set("chains", config.chains);
  set("warmup", config.warmup);
  set("draws", config.draws);
  set("thin", config.thin);
  set("metric", samplers::name(config.metric));
  set("algorithm", is_nuts(config) ? "nuts" : "hmc");
  if (const auto* nuts = std::get_if<NutsOptions>(&config.algorithm)) {
    set("max_depth", nuts->max_depth);
  } else if (const auto& hmc = std::get<StaticHmcOptions>(config.algorithm); hmc.steps > 0) {
    set("steps", hmc.steps);
  } else {
    set("integration_time", hmc.integration_time);
  }
  if (config.step_size > 0) {
    set("fixed_step_size", config.step_size);
  } else {
    set("adapt_delta", config.adapt.step_size.delta);
  }
  set("jitter", config.jitter);
  set("init_radius", config.init_radius);
  if (!command.init_file.empty()) set("init_file", command.init_file);
  return layout;
}

/// The thread beside the chains: it shows progress, and hands a signal on as a request to stop. It sleeps otherwise,
/// and wakes as soon as the chains are done. Signals have their usual effect again after `end`.
class Watch {
 public:
  Watch(const samplers::SampleMonitor& monitors, ProgressPlan plan, bool quiet)
      : quiet_(quiet),
        progress_(monitors, plan, STDERR_FILENO),
        interrupt_(std::in_place),
        thread_([this] { run(); }) {}
  ~Watch() { end(); }

  void end() {
    if (!thread_.joinable()) return;
    done_ = true;
    interrupt_->wake();
    thread_.join();
    interrupt_.reset();
    seconds_ = stopwatch_.seconds();
    if (!quiet_) progress_.finish(seconds_);
  }
  std::stop_token token() const { return stop_.get_token(); }
  /// After `end`: why the chains were asked to stop, or 0.
  int signal() const { return signal_; }
  double seconds() const { return seconds_; }

 private:
  void run() {
    constexpr int milliseconds_a_frame = 100;
    while (!done_) {
      interrupt_->wait(quiet_ ? -1 : milliseconds_a_frame);
      if (interrupt_->signal() != 0 && signal_ == 0) {
        signal_ = interrupt_->signal();
        stop_.request_stop();
        if (!quiet_) progress_.stopping();
      }
      if (!quiet_ && !done_) progress_.update(stopwatch_.seconds());
    }
  }

  bool quiet_;
  Stopwatch stopwatch_;
  Progress progress_;
  std::stop_source stop_;
  std::optional<Interrupt> interrupt_;
  int signal_ = 0;  // of thread_ until it ends
  double seconds_ = 0;
  std::atomic<bool> done_ = false;
  std::thread thread_;  // last: it uses all the others
};

// After a failure: a trace without a single draw is of no use, and would be in the way of the next attempt.
void remove_empty_trace(const std::string& path) {
  try {
    const samplers::Trace trace = samplers::read_trace(path);
    if (trace.sampling.draws > 0 || trace.warmup.draws > 0) {
      say(fmt::format("hmc-run: {} holds the draws so far\n", path));
    } else {
      std::filesystem::remove(path);
    }
  } catch (const Error&) {  // the failure itself is what will be reported
  }
}

void print_messages(const SampleResult& result) {
  for (std::size_t chain = 0; chain < result.chains.size(); ++chain) {
    for (const std::string& message : result.chains[chain].messages) {
      say(fmt::format("hmc-run: chain {}: {}\n", chain + 1, message));
    }
  }
}

void print_plan(const SampleCommand& command, const SampleConfig& config, std::int64_t dimension) {
  say(fmt::format("{}: {} unconstrained parameter{}, {} chain{} of {} + {} transitions, {}, seed {}\n",
                  command.files.model, dimension, dimension == 1 ? "" : "s", config.chains,
                  config.chains == 1 ? "" : "s", config.warmup, config.draws, is_nuts(config) ? "NUTS" : "HMC",
                  config.seed));
}

void print_interruption(int signal, const samplers::Trace& trace, const SampleConfig& config, const std::string& path) {
  const std::int64_t left_out = config.chains - trace.chains;
  say(fmt::format("hmc-run: stopped by {} after {} of {} draws of each chain; {} holds them{}\n", signal_name(signal),
                  trace.sampling.draws, trace.sampling.planned, path,
                  left_out > 0
                      ? fmt::format(", without {} chain{} that had hardly begun", left_out, left_out == 1 ? "" : "s")
                      : ""));
}

}  // namespace

ExitStatus execute(const SampleCommand& command) {
  const Stopwatch total;
  const models::CheckedProgram program = read_program(command.files);
  const models::DataSet data = read_data(command.files);
  refuse_to_overwrite(command.output, {command.files.model, command.files.data, command.init_file});
  samplers::check_output(command.output, command.force);
  SampleConfig config = command.config;
  config.seed = command.seed ? *command.seed : random_seed();
  const models::Model model = bind(program, data, config.seed);
  if (model.dimension() == 0 && model.density().variables.empty())
    throw Error(fmt::format("{} has neither parameters nor generated quantities: there is nothing to sample",
                            command.files.model));
  if (config.threads == 0) config.threads = default_threads(config.chains);
  if (!command.init_file.empty()) config.init_points = {read_start(command.init_file, model)};
  samplers::validate(config, model.dimension());
  warn_without_compiler();
  if (!command.quiet) print_plan(command, config, model.dimension());
  const samplers::CompiledDensity density(model.density(), config.metric, {.cache = command.cache});
  const double compiled = total.seconds();

  samplers::SampleMonitor monitors(static_cast<std::size_t>(config.chains));
  Watch watch(monitors, {config.warmup, config.draws}, command.quiet);
  const auto trace =
      samplers::hdf5_trace(layout(command, config, program, data, model), command.output, {.overwrite = command.force});
  SampleResult result;
  try {
    result = samplers::sample(density.target(), config, *trace, &monitors, watch.token());
  } catch (...) {
    watch.end();
    remove_empty_trace(command.output);
    throw;
  }
  watch.end();
  const double sampled = watch.seconds();
  print_messages(result);
  const samplers::Trace drawn = samplers::read_trace(command.output);
  if (result.interrupted) print_interruption(watch.signal(), drawn, config, command.output);
  print_summary(drawn, command.json);
  if (!command.quiet) {
    say(fmt::format("{}: compiled in {:.2f} s, sampled in {:.2f} s, {:.2f} s in all\n", command.output, compiled,
                    sampled, total.seconds()));
  }
  return result.interrupted ? static_cast<ExitStatus>(128 + watch.signal()) : ExitStatus::done;
}

}  // namespace leapgraph::cli
