/// The leapfrog integrator as a scan graph, built once from any density.
#pragma once

#include "leapgraph/samplers/metric.hpp"
#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::samplers {

/// Graphs of one density.
struct LeapfrogGraphs {
  /// (position, arguments...) -> (log density, gradient)
  symbolic::Graph log_density;
  /// (position, momentum, gradient, inverse metric, step size, steps, arguments...) -> (position, momentum, gradient,
  /// log density). The inverse metric is float64[dimension] (diagonal), float64[dimension, dimension] (dense) or an
  /// unused float64[0] (unit).
  symbolic::Graph leapfrog;
};

/// `log_density` maps a position to a scalar; `arguments` are the further inputs that it uses. Throws Error when its
/// result is no float64 scalar.
///
/// One step (Neal 2011, MCMC using Hamiltonian dynamics, section 2.3), with g the gradient of the log density:
///     p <- p + eps/2 g(q);  q <- q + eps M^-1 p;  p <- p + eps/2 g(q)
/// The carry of the scan is (q, p, g, log density); the number of steps is known when it runs.
LeapfrogGraphs leapfrog_graphs(std::int64_t dimension,
                               const std::function<symbolic::Expr(const symbolic::Expr&)>& log_density,
                               const symbolic::Exprs& arguments, MetricKind metric);

}  // namespace leapgraph::samplers
