/// Eight schools in C++: a log density written with the symbolic layer, sampled by NUTS.
#include <iostream>

#include "leapgraph/samplers.hpp"
#include "leapgraph/symbolic.hpp"

namespace lg = leapgraph::symbolic;
using namespace leapgraph::samplers;

int main() {
  const lg::Expr y = lg::constant(lg::Array::vector({28, 8, -3, 7, -1, 1, 18, 12}));
  const lg::Expr sigma = lg::constant(lg::Array::vector({15, 10, 16, 11, 9, 11, 10, 18}));

  // The position is (mu, log tau, eta[8]) on the whole real line; theta = mu + tau * eta.
  const auto mu = [](const lg::Expr& q) { return lg::at(q, 0); };
  const auto tau = [](const lg::Expr& q) { return lg::exp(lg::at(q, 1)); };
  const auto eta = [](const lg::Expr& q) { return lg::slice(q, 0, {2, 10}); };
  const auto theta = [=](const lg::Expr& q) { return mu(q) + tau(q) * eta(q); };
  const auto normal = [](const lg::Expr& x, const lg::Operand& location, const lg::Operand& scale) {
    return -0.5 * lg::sum(lg::sqr((x - location) / scale));
  };

  Density density;
  density.dimension = 10;
  density.log_density = [=](const lg::Expr& q) {
    const lg::Expr prior = normal(mu(q), 0.0, 5.0) - lg::log1p(lg::sqr(tau(q) / 5.0)) + normal(eta(q), 0.0, 1.0);
    const lg::Expr log_jacobian = lg::at(q, 1);  // of tau = exp(q[1])
    return prior + normal(y, theta(q), sigma) + log_jacobian;
  };
  density.variables = {{"mu", {}}, {"tau", {}}, {"theta", {8}}};
  density.constrain = [=](const lg::Expr& q) { return lg::Exprs{mu(q), tau(q), theta(q)}; };

  SampleConfig config;
  config.seed = 1;
  const CompiledDensity compiled(density, config.metric);
  const auto trace = memory_trace({config.chains, config.kept_draws(), 0, density.variables, {}, {}});
  sample(compiled.target(), config, *trace);

  const Summary summary = summarize(trace->trace());
  for (const SummaryRow& row : summary.rows)
    std::cout << row.name << ": " << row.statistics.mean << " +- " << row.statistics.sd << " (rhat "
              << row.statistics.rhat << ")\n";
  for (const std::string& line : verdict_lines(verdict(summary))) std::cout << line << '\n';
}
