/// Builds the leapfrog scan.
#include "leapgraph/samplers/leapfrog.hpp"

#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::samplers {

using symbolic::DType;
using symbolic::Expr;
using symbolic::Exprs;
using symbolic::Graph;

namespace {

Expr velocity(MetricKind metric, const Expr& inverse_metric, const Expr& momentum) {
  switch (metric) {
    case MetricKind::unit:
      return momentum;
    case MetricKind::diagonal:
      return inverse_metric * momentum;
    case MetricKind::dense:
      return symbolic::dot(inverse_metric, momentum);
  }
  throw InternalError("unknown metric");
}

symbolic::Shape inverse_metric_shape(MetricKind metric, std::int64_t dimension) {
  switch (metric) {
    case MetricKind::unit:
      return {0};
    case MetricKind::diagonal:
      return {dimension};
    case MetricKind::dense:
      return {dimension, dimension};
  }
  throw InternalError("unknown metric");
}

}  // namespace

LeapfrogGraphs leapfrog_graphs(std::int64_t dimension, const std::function<Expr(const Expr&)>& log_density,
                               const Exprs& arguments, MetricKind metric) {
  const auto vector = [dimension](const char* name) { return symbolic::input({DType::float64, {dimension}}, name); };
  const auto joined = [&arguments](Exprs inputs) {
    inputs.insert(inputs.end(), arguments.begin(), arguments.end());
    return inputs;
  };
  LeapfrogGraphs graphs;
  const Expr at = vector("position");
  const Expr value = log_density(at);
  if (!value || value.type() != symbolic::Type{DType::float64, {}})
    throw Error("density: the log density must be float64, got " +
                (value ? symbolic::to_string(value.type()) : "an empty expression"));
  // One function that both graphs call: compiled once, however long it is.
  const symbolic::Body density =
      symbolic::close(Graph{joined({at}), {value, symbolic::grad(value, at, symbolic::Disconnected::zero)}});
  const auto density_at = [&](const Expr& position) {
    const Exprs inputs = joined({position});
    return symbolic::call(density, symbolic::Operands(inputs.begin(), inputs.end()));
  };
  graphs.log_density = Graph{joined({at}), density_at(at)};

  const Expr position = vector("position"), momentum = vector("momentum"), gradient = vector("gradient");
  const Expr inverse_metric =
      symbolic::input({DType::float64, inverse_metric_shape(metric, dimension)}, "inverse_metric");
  const Expr step_size = symbolic::dscalar("step_size");
  const Expr steps = symbolic::lscalar("steps");
  const auto step = [&](const Exprs& carry, const Exprs&) {
    const Expr half_kick = carry[1] + (0.5 * step_size) * carry[2];
    const Expr moved = carry[0] + step_size * velocity(metric, inverse_metric, half_kick);
    const Exprs there = density_at(moved);
    const Expr kicked = half_kick + (0.5 * step_size) * there[1];
    return symbolic::ScanBody{{moved, kicked, there[1], there[0]}, {}};
  };
  const symbolic::ScanResult trajectory =
      symbolic::scan(step, {position, momentum, gradient, symbolic::constant(0.0)}, {}, steps);
  graphs.leapfrog = Graph{joined({position, momentum, gradient, inverse_metric, step_size, steps}), trajectory.carry};
  return graphs;
}

}  // namespace leapgraph::samplers
