/// A log density in plain C++ with its own gradient, sampled through the same leapfrog scan as every other.
#include <iostream>
#include <span>

#include "leapgraph/samplers.hpp"

using namespace leapgraph::samplers;

/// A normal with correlation 0.9 between neighbours: log density -x'Px/2 with P the precision of an AR(1) process.
double autoregressive(std::span<const double> x, std::span<double> gradient) {
  constexpr double rho = 0.9;
  constexpr double scale = 1 / (1 - rho * rho);
  double value = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool inner = i > 0 && i + 1 < x.size();
    double row = scale * (inner ? 1 + rho * rho : 1) * x[i];
    if (i > 0) row -= scale * rho * x[i - 1];
    if (i + 1 < x.size()) row -= scale * rho * x[i + 1];
    gradient[i] = -row;
    value -= 0.5 * x[i] * row;
  }
  return value;
}

int main() {
  const bool thread_safe = true;  // it has no state, so chains may call it at the same time
  const Density density = host_density(20, autoregressive, thread_safe);

  SampleConfig config;
  config.seed = 1;
  config.metric = MetricKind::dense;
  const CompiledDensity compiled(density, config.metric);
  const auto trace = memory_trace({config.chains, config.kept_draws(), 0, density.variables, {}, {}});
  sample(compiled.target(), config, *trace);

  const Summary summary = summarize(trace->trace());
  for (const SummaryRow& row : summary.rows)
    std::cout << row.name << ": " << row.statistics.mean << " +- " << row.statistics.sd << " (rhat "
              << row.statistics.rhat << ")\n";
  for (const std::string& line : verdict_lines(verdict(summary))) std::cout << line << '\n';
}
