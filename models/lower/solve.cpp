/// Calls of solvers: what they get of the model, and their solutions as expressions.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "leapgraph/models/library/shapes.hpp"
#include "leapgraph/models/lower/function_graph.hpp"
#include "leapgraph/models/solvers/ode.hpp"
#include "leapgraph/models/syntax/overloaded.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::lower {

using symbolic::Expr;
using symbolic::Exprs;
using symbolic::HostMapCall;
using Doubles = std::span<const double>;

namespace {

Expr one_vector(const Exprs& parts) {
  symbolic::Operands flat;
  for (const Expr& part : parts) flat.emplace_back(symbolic::reshape(part, {-1}));
  return flat.empty() ? symbolic::constant(symbolic::Array::vector({})) : symbolic::concatenate(flat);
}

std::int64_t size_of(const Value& value) { return symbolic::element_count(shape_of(value)); }
std::size_t count_of(const Value& value) { return static_cast<std::size_t>(size_of(value)); }

/// The next `count` of a row of numbers.
Doubles take(Doubles& numbers, std::size_t count) {
  const Doubles taken = numbers.first(count);
  numbers = numbers.subspan(count);
  return taken;
}

void require_finite(Doubles values, std::string_view what) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]))
      throw std::domain_error(fmt::format("{}[{}] is {}, but must be finite", what, i + 1, values[i]));
}

void require_tolerances(const library::Tolerances& t) {
  const auto positive = [](double value, std::string_view what) {
    if (!(value > 0) || !std::isfinite(value))
      throw std::domain_error(fmt::format("{} is {}, but must be positive and finite", what, value));
  };
  positive(t.relative, "relative tolerance");
  positive(t.absolute, "absolute tolerance");
  positive(t.most_steps, "most steps");
}

}  // namespace

Value Evaluator::solution(const FunctionPieces& pieces, symbolic::HostMapFunction solver, std::int64_t length,
                          Range range) {
  const Expr parameters = one_vector(pieces.parameters()), data = one_vector(pieces.data());
  const Expr function = symbolic::constant(symbolic::host_map_function(std::move(solver)));
  const Expr result = symbolic::host_map(function, parameters, data, length)[0];
  // What is known is solved now, unless that fails: then the point is rejected, or the program its data.
  for (const Expr& part : pieces.parameters())
    if (!symbolic::constant_value(part)) return result;
  for (const Expr& part : pieces.data())
    if (!symbolic::constant_value(part)) return result;
  const std::vector<symbolic::Array> inputs = symbolic::interpret({{}, {function, parameters, data}}, {});
  const std::string failure = symbolic::host_map_failure(result.node(), inputs);
  if (failure.empty()) return value_from(symbolic::interpret({{}, {result}}, {}).at(0));
  if (block_ == BlockKind::TransformedData) fail({.range = range, .message = failure});
  return result;
}

Value Evaluator::solve(const TypedExpression& expression, const Call<Typed>& call) {
  const library::Solver& solver = *expression.info.solver.solver;
  try {
    return std::visit(overloaded{
                          [&](library::OdeMethod method) { return solve_ode(method, expression, call); },
                          [&](library::ShardMap) { return map_shards(expression, call); },
                          [&](auto) -> Value { unsupported(expression.range, fmt::format("'{}'", solver.name)); },
                      },
                      solver.method);
  } catch (const library::UnknownInteger& error) {
    if (bound_ != nullptr) throw;  // it is known in each iteration
    fail({.range = expression.range, .message = fmt::format("'{}': {}", solver.name, error.what())});
  }
}

/// Arguments are y0, t0, ts; then tolerances and what the function is handed on, or the reverse in the old functions.
Value Evaluator::solve_ode(library::OdeMethod method, const TypedExpression& expression, const Call<Typed>& call) {
  const SolverUse& use = expression.info.solver;
  const std::vector<StanType>& types = use.resolution.parameters;
  std::vector<Value> values;
  std::vector<bool> variables;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    values.push_back(promoted(evaluate(call.arguments[i]), types[i]));
    variables.push_back(is_variable(call.arguments[i]));
  }
  constexpr std::size_t y0 = 0, t0 = 1, ts = 2;
  const bool is_old = types[y0].is_array();
  const std::size_t first = is_old ? 3 : use.passed_on, last = is_old ? 6 : values.size();
  const std::size_t controls = is_old ? 6 : 3, controls_end = is_old ? values.size() : use.passed_on;
  library::Tolerances tolerances = use.solver->tolerances;
  if (controls < controls_end) {
    for (std::size_t i = controls; i < controls_end; ++i)
      if (!is_known(values[i])) throw library::UnknownInteger("a tolerance is not known");
    tolerances = {.relative = real_of(values[controls]),
                  .absolute = real_of(values[controls + 1]),
                  .most_steps = std::trunc(real_of(values[controls + 2]))};
  }

  FunctionPieces pieces(*this);
  const std::int64_t states = size_of(values[y0]);
  pieces.add_point(stan_types::real);
  pieces.add_state(types[y0], states);
  for (std::size_t i = first; i < last; ++i) pieces.add_argument(types[i], values[i], variables[i]);
  const auto function = pieces.function(use.function, expression.range);
  if (static_cast<std::int64_t>(function->outputs()) != states)
    fail({.range = expression.range,
          .message = fmt::format("the function of '{}' does not return the derivative of the state", use.solver->name),
          .expected = fmt::format("{} numbers, one for each state", states),
          .found = std::to_string(function->outputs())});
  std::size_t data_count = 0;
  for (const Expr& part : pieces.data()) data_count += static_cast<std::size_t>(symbolic::element_count(part.shape()));
  for (const std::size_t i : {y0, t0, ts}) {
    if (variables[i]) pieces.add_parameter(values[i]);
    if (!variables[i]) pieces.add_data(values[i]);
  }

  const std::size_t n = count_of(values[y0]), times = count_of(values[ts]);
  const bool by_y0 = variables[y0], by_t0 = variables[t0], by_ts = variables[ts];
  const auto solver = [=](const HostMapCall& host) {
    Doubles x = host.x, data = host.data;
    const std::size_t parameters = function->parameters();
    const Doubles theta = take(x, parameters), own_data = take(data, data_count);
    const Doubles start = take(by_y0 ? x : data, n), begin = take(by_t0 ? x : data, 1),
                  at = take(by_ts ? x : data, times);
    require_finite(start, "initial state");
    require_finite(begin, "initial time");
    require_finite(at, "times");
    require_finite(theta, "parameters");
    require_finite(own_data, "data");
    require_tolerances(tolerances);
    if (n == 0 || times == 0) throw std::domain_error("there are no states, or no times");
    for (std::size_t i = 1; i < times; ++i)
      if (at[i] < at[i - 1])
        throw std::domain_error(fmt::format("times do not increase: {} before {}", at[i - 1], at[i]));
    if (!(begin[0] < at[0]))
      throw std::domain_error(fmt::format("the initial time {} must be less than the first time {}", begin[0], at[0]));

    solvers::ProgramFunction::Bound f(*function, theta, own_data);
    const solvers::OdeProblem problem{
        .f = f, .y0 = start, .t0 = begin[0], .times = at, .by_initial_state = by_y0 || by_t0, .tolerances = tolerances};
    const std::vector<double> z = solvers::integrate(method, problem);
    if (z.size() != times * n * (1 + problem.sensitivities())) throw std::domain_error("the solution ends too early");

    const std::size_t columns = host.x.size(), first_theta = problem.by_initial_state ? n : 0;
    std::vector<double> slope(n);
    if (by_t0) f.value(begin, start.data(), slope.data());
    std::fill(host.jacobian.begin(), host.jacobian.end(), 0.0);
    for (std::size_t k = 0; k < times; ++k) {
      const double* y = z.data() + k * n * (1 + problem.sensitivities());
      const auto sensitivity = [&](std::size_t s, std::size_t i) { return y[n + s * n + i]; };
      std::vector<double> rate(n);
      if (by_ts) f.value(at.subspan(k, 1), y, rate.data());
      for (std::size_t i = 0; i < n; ++i) {
        host.value[k * n + i] = y[i];
        double* row = host.jacobian.data() + (k * n + i) * columns;
        for (std::size_t p = 0; p < parameters; ++p) row[p] = sensitivity(first_theta + p, i);
        row += parameters;
        if (by_y0) {
          for (std::size_t s = 0; s < n; ++s) row[s] = sensitivity(s, i);
          row += n;
        }
        if (by_t0) {
          for (std::size_t s = 0; s < n; ++s) row[0] -= slope[s] * sensitivity(s, i);
          row += 1;
        }
        if (by_ts) row[k] = rate[i];
      }
    }
  };
  const Value flat = solution(pieces, solver, static_cast<std::int64_t>(times * n), expression.range);
  return value_from(symbolic::reshape(expression_from(flat), {static_cast<std::int64_t>(times), states}));
}

/// f(phi, theta[k], x_r[k], x_i[k]) for each k.
Value Evaluator::map_shards(const TypedExpression& expression, const Call<Typed>& call) {
  const SolverUse& use = expression.info.solver;
  std::vector<Value> values;
  std::vector<bool> variables = {is_variable(call.arguments[0]), is_variable(call.arguments[1]), false, false};
  for (std::size_t i = 0; i < call.arguments.size(); ++i)
    values.push_back(promoted(evaluate(call.arguments[i]), use.resolution.parameters[i]));
  const std::int64_t shards = shape_of(values[1]).at(0);
  for (const std::size_t i : {std::size_t{2}, std::size_t{3}})
    if (shape_of(values[i]).at(0) != shards)
      fail({.range = call.arguments[i].range,
            .message = "the arrays of 'map_rect' differ in length",
            .expected = std::to_string(shards),
            .found = std::to_string(shape_of(values[i]).at(0))});
  symbolic::Operands parts;
  bool known = true;
  for (std::int64_t k = 0; k < shards; ++k) {
    const std::vector<Selection> shard = {{.kind = Selection::Kind::single, .first = k}};
    std::vector<Value> arguments = {values[0]};
    for (std::size_t i = 1; i < values.size(); ++i) arguments.push_back(read(values[i], shard));
    const std::vector<Value> part = this->call(use.function, std::move(arguments), variables, expression.range);
    known = known && is_known(part.at(0));
    parts.emplace_back(expression_from(part.at(0)));
  }
  if (parts.empty()) return symbolic::Array::vector({});
  const Expr all = symbolic::concatenate(parts);
  return known ? value_from(symbolic::interpret({{}, {all}}, {}).at(0)) : Value(all);
}

}  // namespace leapgraph::models::lower
