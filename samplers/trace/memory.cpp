/// The trace that stays in memory.
#include <fmt/format.h>

#include <algorithm>

#include "leapgraph/samplers/trace.hpp"
#include "leapgraph/samplers/trace/layout.hpp"

namespace leapgraph::samplers {
namespace {

Trace checked_trace(const TraceLayout& layout) {
  check_layout(layout);
  return unwritten_trace(layout);
}

}  // namespace

MemoryTrace::MemoryTrace(TraceLayout layout) : trace_(checked_trace(layout)), width_(draw_width(layout.variables)) {}

void MemoryTrace::write(Phase phase, std::int64_t chain, std::int64_t draw, std::span<const double> values,
                        const DrawStatistics& statistics) {
  TraceDraws& draws = phase == Phase::warmup ? trace_.warmup : trace_.sampling;
  if (chain < 0 || chain >= trace_.chains || draw < 0 || draw >= draws.draws ||
      static_cast<std::int64_t>(values.size()) != width_) {
    throw InternalError(
        fmt::format("trace: draw {} of chain {} with {} values does not fit", draw, chain, values.size()));
  }
  const std::int64_t row = chain * draws.draws + draw;
  const double* from = values.data();
  for (std::size_t v = 0; v < draws.values.size(); ++v) {
    const std::int64_t n = cells(trace_.variables[v].shape);
    std::copy_n(from, n, draws.values[v].begin() + row * n);
    from += n;
  }
  draws.statistics[static_cast<std::size_t>(row)] = statistics;
}

void MemoryTrace::finish(std::span<const ChainProgress> progress) {
  const ChainProgress planned{.warmup_draws = trace_.warmup.draws, .draws = trace_.sampling.draws};
  const KeptDraws kept = kept_draws(progress, trace_.chains, planned);
  trim(trace_.warmup, trace_.chains, kept.chains, kept.draws.warmup_draws);
  trim(trace_.sampling, trace_.chains, kept.chains, kept.draws.draws);
  trace_.chains = static_cast<std::int64_t>(kept.chains.size());
}

std::unique_ptr<MemoryTrace> memory_trace(TraceLayout layout) {
  return std::make_unique<MemoryTrace>(std::move(layout));
}

}  // namespace leapgraph::samplers
