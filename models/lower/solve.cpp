/// Calls of functions that take a function of the program: what they get of the model, and their results as
/// expressions.
#include "leapgraph/models/lower/solve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "leapgraph/models/library/shapes.hpp"
#include "leapgraph/models/lower/function_graph.hpp"
#include "leapgraph/models/solvers/quadrature.hpp"
#include "leapgraph/models/solvers/roots.hpp"
#include "leapgraph/models/syntax/overloaded.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::lower {

using symbolic::Expr;
using symbolic::Exprs;
using symbolic::HostMapCall;

namespace {

Expr one_vector(const Exprs& parts) {
  symbolic::Operands flat;
  for (const Expr& part : parts) flat.emplace_back(symbolic::reshape(part, {-1}));
  return flat.empty() ? symbolic::constant(symbolic::Array::vector({})) : symbolic::concatenate(flat);
}

}  // namespace

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

/// What is known is solved now, unless that fails: then the point is rejected, or the program its data.
Value Evaluator::solution(const FunctionPieces& pieces, symbolic::HostMapFunction solver, std::int64_t length,
                          Range range) {
  const Expr parameters = one_vector(pieces.parameters()), data = one_vector(pieces.data());
  const auto known = [](const Expr& part) { return symbolic::constant_value(part).has_value(); };
  if (std::ranges::all_of(pieces.parameters(), known) && std::ranges::all_of(pieces.data(), known)) {
    const std::vector<symbolic::Array> inputs = symbolic::interpret({{}, {parameters, data}}, {});
    std::vector<double> value(static_cast<std::size_t>(length));
    std::vector<double> jacobian(value.size() * static_cast<std::size_t>(inputs[0].size()));
    try {
      solver({.x = inputs[0].data<double>(), .data = inputs[1].data<double>(), .value = value, .jacobian = jacobian});
      return symbolic::Array::vector(value);
    } catch (const std::domain_error& error) {
      if (block_ == BlockKind::TransformedData) fail({.range = range, .message = error.what()});
      if (block_ == BlockKind::GeneratedQuantities)
        return symbolic::Array::vector(std::vector(value.size(), std::numeric_limits<double>::quiet_NaN()));
    }
  }
  const Expr function = symbolic::constant(symbolic::host_map_function(std::move(solver)));
  return symbolic::host_map(function, parameters, data, length)[0];
}

Value Evaluator::reshaped(const Value& flat, const symbolic::Shape& shape) {
  if (const auto* array = std::get_if<symbolic::Array>(&flat)) return value_from(array->reshaped(shape));
  return value_from(symbolic::reshape(std::get<Expr>(flat), shape));
}

Value Evaluator::solve(const TypedExpression& expression, const Call<Typed>& call) {
  const library::Solver& solver = *expression.info.solver.solver;
  try {
    return std::visit(
        overloaded{
            [&](library::OdeMethod method) { return solve_ode(method, solver_call(expression, call, 3)); },
            [&](library::QuadratureMethod method) { return solve_integral(method, solver_call(expression, call, 2)); },
            [&](library::RootMethod method) { return solve_root(method, solver_call(expression, call, 1)); },
            [&](library::ShardMap) { return map_shards(expression, call); },
            [&](library::DaeMethod) { return solve_dae(solver_call(expression, call, 4)); },
            [&](library::WholeSum) -> Value { throw InternalError("reduce_sum is a call of its function"); },
        },
        solver.method);
  } catch (const library::UnknownInteger& error) {
    if (bound_ != nullptr) throw;  // it is known in each iteration
    fail({.range = expression.range, .message = fmt::format("'{}': {}", solver.name, error.what())});
  }
}

/// A solver's own arguments come first; then tolerances and what the function is handed on, or the reverse in functions
/// from before there was "...": those hand on three.
Evaluator::SolverCall Evaluator::solver_call(const TypedExpression& expression, const Call<Typed>& call,
                                             std::size_t own) {
  const SolverUse& use = expression.info.solver;
  SolverCall result{.use = use, .range = expression.range, .tolerances = use.solver->tolerances};
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    result.values.push_back(promoted(evaluate(call.arguments[i]), use.resolution.parameters[i]));
    result.variables.push_back(is_variable(call.arguments[i]));
  }
  constexpr std::size_t handed_on = 3;
  const bool any_number = use.solver->function.find("...") != std::string_view::npos;
  const std::size_t all = result.values.size();
  result.first = any_number ? use.passed_on : own;
  result.last = any_number ? all : own + handed_on;
  const std::size_t control = any_number ? own : result.last, control_end = any_number ? use.passed_on : all;
  for (std::size_t i = control; i < control_end; ++i) {
    if (!is_known(result.values[i])) throw library::UnknownInteger("a tolerance is not known");
    result.controls.push_back(array_from(result.values[i]));
  }
  double* const fields[] = {&result.tolerances.relative, &result.tolerances.absolute, &result.tolerances.most_steps};
  for (std::size_t i = 0; i < std::min(std::size(fields), result.controls.size()); ++i)
    if (result.controls[i].size() == 1) *fields[i] = result.controls[i].real();
  result.tolerances.most_steps = std::trunc(result.tolerances.most_steps);
  return result;
}

/// Own arguments are the two limits.
Value Evaluator::solve_integral(library::QuadratureMethod method, const SolverCall& call) {
  FunctionPieces pieces(*this);
  pieces.add_point(stan_types::real);
  pieces.add_point(stan_types::real);
  for (std::size_t i = call.first; i < call.last; ++i)
    pieces.add_argument(call.use.resolution.parameters[i], call.values[i], call.variables[i]);
  const auto function = pieces.function(call.use.function, call.range);
  const std::size_t data_count = pieces.data_count();
  const bool by_low = call.variables[0], by_high = call.variables[1];
  for (const std::size_t i : {0, 1}) pieces.add_own(call.values[i], call.variables[i]);
  const auto solver = [=, tolerances = call.tolerances](const HostMapCall& host) {
    Doubles x = host.x, data = host.data;
    const Doubles theta = take(x, function->parameters()), own_data = take(data, data_count);
    const double low = take(by_low ? x : data, 1)[0], high = take(by_high ? x : data, 1)[0];
    solvers::ProgramFunction::Bound f(*function, theta, own_data);
    const solvers::Integral integral{.method = method, .f = f, .low = low, .high = high, .tolerances = tolerances};
    std::size_t column = theta.size();
    host.value[0] = solvers::integrate(integral, host.jacobian.first(column));
    if (by_low) host.jacobian[column++] = low < high ? -solvers::integrand_at(integral, low) : 0;
    if (by_high) host.jacobian[column] = low < high ? solvers::integrand_at(integral, high) : 0;
  };
  return reshaped(solution(pieces, solver, 1, call.range), {});
}

/// The own argument is the guess, by which there is no derivative.
Value Evaluator::solve_root(library::RootMethod method, const SolverCall& call) {
  FunctionPieces pieces(*this);
  const std::int64_t states = symbolic::element_count(shape_of(call.values[0]));
  pieces.add_state(stan_types::vector, states);
  for (std::size_t i = call.first; i < call.last; ++i)
    pieces.add_argument(call.use.resolution.parameters[i], call.values[i], call.variables[i]);
  const auto function = pieces.function(call.use.function, call.range);
  if (static_cast<std::int64_t>(function->outputs()) != states)
    fail(
        {.range = call.range,
         .message = fmt::format("the function of '{}' has as many values as there are unknowns", call.use.solver->name),
         .expected = std::to_string(states),
         .found = std::to_string(function->outputs())});
  const std::size_t data_count = pieces.data_count();
  pieces.add_own(call.values[0], false);
  const auto solver = [=, tolerances = call.tolerances](const HostMapCall& host) {
    const Doubles own_data = host.data.first(data_count), guess = host.data.subspan(data_count);
    require_finite(guess, "initial guess");
    if (guess.empty()) throw std::domain_error("there are no unknowns");
    if (!(tolerances.relative >= 0 && tolerances.absolute >= 0 && tolerances.most_steps > 0))
      throw std::domain_error("tolerances must not be negative, and the number of steps must be positive");
    solvers::ProgramFunction::Bound f(*function, host.x, own_data);
    const std::vector<double> root = solvers::find_root(method, {.f = f, .guess = guess, .tolerances = tolerances});
    std::copy(root.begin(), root.end(), host.value.begin());
    if (!host.x.empty()) solvers::root_derivative(f, root, host.jacobian);
  };
  return solution(pieces, solver, states, call.range);
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
