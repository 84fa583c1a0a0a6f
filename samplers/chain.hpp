/// One Markov chain: a start, warm-up, draws into the trace.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "leapgraph/samplers/config.hpp"
#include "leapgraph/samplers/draw.hpp"
#include "leapgraph/samplers/hamiltonian.hpp"
#include "leapgraph/samplers/trace.hpp"

namespace leapgraph::samplers {

/// No start with a finite log density and gradient was found.
class InitializationError : public Error {
 public:
  using Error::Error;
};

/// The values of a draw are an error of the model, which ends the run.
class DrawError : public Error {
 public:
  using Error::Error;
};

/// Turns a position into the values of a trace: constrained parameters, transformed ones, generated quantities, whose
/// random numbers belong to `key`. A DrawError ends the run; another exception is counted,
/// its message kept, and the values of that draw are nan.
using Constrain = std::function<void(std::span<const double> position, const DrawKey& key, std::span<double> values)>;

/// How far a chain is, for a thread that shows it. All accesses are relaxed; the fields need not fit each other.
struct ChainMonitor {
  std::atomic<Phase> phase = Phase::warmup;
  std::atomic<std::int64_t> iteration = 0;    ///< transitions done, warm-up included
  std::atomic<std::int64_t> divergences = 0;  ///< in sampling
  std::atomic<std::int64_t> gradients = 0;
  std::atomic<double> step_size = 0;
  std::atomic<bool> finished = false;
};

/// What a chain ends with.
struct ChainResult {
  double step_size = 0;  ///< nominal, of the sampling phase
  MetricKind metric = MetricKind::unit;
  std::vector<double> inverse_metric;  ///< diagonal, or dense row-major
  std::int64_t iterations = 0;         ///< transitions done, warm-up included
  ChainProgress kept;                  ///< draws written to the trace
  std::int64_t divergences = 0;        ///< in sampling, as the next ones
  std::int64_t max_treedepth_hits = 0;
  std::int64_t warmup_divergences = 0;
  std::int64_t gradients = 0;           ///< evaluations of the gradient, all told
  std::int64_t density_failures = 0;    ///< evaluations that gave nan, +infinity or an exception
  std::int64_t constrain_failures = 0;  ///< draws whose values could not be computed
  std::vector<std::string> messages;    ///< what went wrong, once a kind
  bool interrupted = false;             ///< ended early by a stop
};

/// Runs chain number `chain`, from a `result` as it is made. `values`: doubles of one draw in the trace. A requested
/// stop ends the chain at the next leapfrog step; the transition under way is dropped. Throws InitializationError,
/// TraceError, and Error when no step size or metric can be found; `result.kept` is right then too.
void run_chain(const SampleConfig& config, std::int64_t chain, Integrator& integrator, const Constrain& constrain,
               std::int64_t values, TraceSink& trace, ChainMonitor& monitor, std::stop_token stop, ChainResult& result);

}  // namespace leapgraph::samplers
