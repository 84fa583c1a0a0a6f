/// Calls of solvers of differential equations: solutions at given times with their derivatives.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "leapgraph/models/lower/function_graph.hpp"
#include "leapgraph/models/lower/solve.hpp"
#include "leapgraph/models/solvers/dae.hpp"
#include "leapgraph/models/solvers/ode.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::lower {

using symbolic::HostMapCall;

namespace {

std::size_t count_of(const Value& value) { return static_cast<std::size_t>(symbolic::element_count(shape_of(value))); }

void require_positive(double value, std::string_view what) {
  if (!(value > 0) || !std::isfinite(value))
    throw std::domain_error(fmt::format("{} is {}, but must be positive and finite", what, value));
}

void require_tolerances(const library::Tolerances& tolerances) {
  require_positive(tolerances.relative, "the relative tolerance");
  require_positive(tolerances.absolute, "the absolute tolerance");
  require_positive(tolerances.most_steps, "the number of steps");
}

void require_times(double t0, Doubles times) {
  require_finite({&t0, 1}, "initial time");
  require_finite(times, "times");
  if (times.empty()) throw std::domain_error("there are no times");
  for (std::size_t i = 1; i < times.size(); ++i)
    if (times[i] < times[i - 1])
      throw std::domain_error(fmt::format("times do not increase: {} before {}", times[i - 1], times[i]));
  if (!(t0 < times[0]))
    throw std::domain_error(fmt::format("the initial time {} must be less than the first time {}", t0, times[0]));
}

/// Solutions at all times: for each the state, then its derivatives by each sensitivity.
struct CoupledSolution {
  std::vector<double> numbers;
  std::size_t states, sensitivities;

  const double* state(std::size_t time) const { return numbers.data() + time * states * (1 + sensitivities); }
  double derivative(std::size_t time, std::size_t i, std::size_t sensitivity) const {
    return state(time)[states * (1 + sensitivity) + i];
  }
};

/// What a call of an ODE solver is, apart from the numbers that it gets.
struct OdeCall {
  std::shared_ptr<const solvers::ProgramFunction> function;
  library::OdeMethod method;
  library::Tolerances tolerances;
  std::vector<double> absolute;  ///< a tolerance for each state, where the call gives that
  std::size_t states, times, data_count;
  bool by_y0, by_t0, by_ts;

  /// Columns of the Jacobian are parameters of the function, y0, t0, ts.
  void operator()(const HostMapCall& host) const {
    Doubles x = host.x, data = host.data;
    const std::size_t parameters = function->parameters();
    const Doubles theta = take(x, parameters), own_data = take(data, data_count);
    const Doubles y0 = take(by_y0 ? x : data, states), t0 = take(by_t0 ? x : data, 1);
    const Doubles ts = take(by_ts ? x : data, times);
    require_finite(y0, "initial state");
    require_finite(theta, "parameters");
    require_finite(own_data, "data");
    require_times(t0[0], ts);
    require_tolerances(tolerances);
    if (states == 0) throw std::domain_error("there are no states");

    solvers::ProgramFunction::Bound f(*function, theta, own_data);
    const solvers::OdeProblem problem{.f = f,
                                      .y0 = y0,
                                      .t0 = t0[0],
                                      .times = ts,
                                      .by_initial_state = by_y0 || by_t0,
                                      .tolerances = tolerances,
                                      .absolute = absolute};
    const CoupledSolution solution{solvers::integrate(method, problem), states, problem.sensitivities()};
    if (solution.numbers.size() != times * states * (1 + solution.sensitivities))
      throw std::domain_error("the solution ends too early");

    const std::size_t columns = host.x.size(), first_parameter = solution.sensitivities - parameters;
    std::vector<double> initial_slope(states), slope(states);
    if (by_t0) f.value(t0, y0.data(), initial_slope.data());
    std::fill(host.jacobian.begin(), host.jacobian.end(), 0.0);
    for (std::size_t k = 0; k < times; ++k) {
      if (by_ts) f.value(ts.subspan(k, 1), solution.state(k), slope.data());
      for (std::size_t i = 0; i < states; ++i) {
        host.value[k * states + i] = solution.state(k)[i];
        double* row = host.jacobian.data() + (k * states + i) * columns;
        for (std::size_t p = 0; p < parameters; ++p) *row++ = solution.derivative(k, i, first_parameter + p);
        for (std::size_t s = 0; by_y0 && s < states; ++s) *row++ = solution.derivative(k, i, s);
        // Starting later is starting at another state: dy/dt0 = -(dy/dy0) f(t0, y0).
        for (std::size_t s = 0; by_t0 && s < states; ++s) *row -= initial_slope[s] * solution.derivative(k, i, s);
        if (by_t0) ++row;
        if (by_ts) row[k] = slope[i];
      }
    }
  }
};

/// The same of a solver of implicit equations; its times are data.
struct DaeCall {
  std::shared_ptr<const solvers::ProgramFunction> function;
  library::Tolerances tolerances;
  std::size_t states, times, data_count;
  bool by_y0, by_yp0;

  /// Columns of the Jacobian are parameters of the function, y0, y'0.
  void operator()(const HostMapCall& host) const {
    Doubles x = host.x, data = host.data;
    const std::size_t parameters = function->parameters();
    const Doubles theta = take(x, parameters), own_data = take(data, data_count);
    const Doubles y0 = take(by_y0 ? x : data, states), yp0 = take(by_yp0 ? x : data, states);
    const Doubles t0 = take(data, 1), ts = take(data, times);
    require_finite(y0, "initial state");
    require_finite(yp0, "initial derivative of the state");
    require_finite(theta, "parameters");
    require_finite(own_data, "data");
    require_times(t0[0], ts);
    require_tolerances(tolerances);
    if (states == 0) throw std::domain_error("there are no states");

    solvers::ProgramFunction::Bound f(*function, theta, own_data);
    const solvers::DaeProblem problem{.f = f,
                                      .y0 = y0,
                                      .yp0 = yp0,
                                      .t0 = t0[0],
                                      .times = ts,
                                      .by_y0 = by_y0,
                                      .by_yp0 = by_yp0,
                                      .tolerances = tolerances};
    const CoupledSolution solution{solvers::integrate(problem), states, problem.sensitivities()};
    const std::size_t initial = solution.sensitivities - parameters;
    double* next = host.jacobian.data();
    for (std::size_t k = 0; k < times; ++k) {
      for (std::size_t i = 0; i < states; ++i) {
        host.value[k * states + i] = solution.state(k)[i];
        for (std::size_t p = 0; p < parameters; ++p) *next++ = solution.derivative(k, i, initial + p);
        for (std::size_t s = 0; s < initial; ++s) *next++ = solution.derivative(k, i, s);
      }
    }
  }
};

}  // namespace

std::shared_ptr<const solvers::ProgramFunction> Evaluator::rate_function(FunctionPieces& pieces, const SolverCall& call,
                                                                         std::size_t states) {
  for (std::size_t i = call.first; i < call.last; ++i)
    pieces.add_argument(call.use.resolution.parameters[i], call.values[i], call.variables[i]);
  auto function = pieces.function(call.use.function, call.range);
  if (function->outputs() != states)
    fail({.range = call.range,
          .message = fmt::format("the function of '{}' returns one number for each state", call.use.solver->name),
          .expected = std::to_string(states),
          .found = std::to_string(function->outputs())});
  return function;
}

/// Own arguments are y0, t0, ts.
Value Evaluator::solve_ode(library::OdeMethod method, const SolverCall& call) {
  constexpr std::size_t y0 = 0, t0 = 1, ts = 2;
  const std::size_t states = count_of(call.values[y0]), times = count_of(call.values[ts]);
  OdeCall solver{.function = nullptr,
                 .method = method,
                 .tolerances = call.tolerances,
                 .absolute = {},
                 .states = states,
                 .times = times,
                 .data_count = 0,
                 .by_y0 = call.variables[y0],
                 .by_t0 = call.variables[t0],
                 .by_ts = call.variables[ts]};
  if (method == library::OdeMethod::adjoint) {
    // Tolerances of the state come first, then those of the adjoint solution, which is not what is solved here.
    constexpr std::size_t absolute = 1, most_steps = 6, solver_forward = 9;
    solver.absolute = call.controls[absolute].reals();
    solver.tolerances.absolute = *std::ranges::min_element(solver.absolute);
    solver.tolerances.most_steps = call.controls[most_steps].real();
    solver.method = call.controls[solver_forward].integer() == 1 ? library::OdeMethod::adams : library::OdeMethod::bdf;
    if (solver.absolute.size() != states)
      fail({.range = call.range,
            .message = "the absolute tolerances of the state are as many as states",
            .expected = std::to_string(states),
            .found = std::to_string(solver.absolute.size())});
  }
  FunctionPieces pieces(*this);
  pieces.add_point(stan_types::real);
  pieces.add_state(call.use.resolution.parameters[y0], static_cast<std::int64_t>(states));
  solver.function = rate_function(pieces, call, states);
  solver.data_count = pieces.data_count();
  for (const std::size_t i : {y0, t0, ts}) pieces.add_own(call.values[i], call.variables[i]);
  const symbolic::Shape shape = {static_cast<std::int64_t>(times), static_cast<std::int64_t>(states)};
  return reshaped(solution(pieces, solver, symbolic::element_count(shape), call.range), shape);
}

/// Own arguments are y0, y'0, t0, ts.
Value Evaluator::solve_dae(const SolverCall& call) {
  constexpr std::size_t y0 = 0, yp0 = 1, t0 = 2, ts = 3;
  const std::size_t states = count_of(call.values[y0]), times = count_of(call.values[ts]);
  if (count_of(call.values[yp0]) != states)
    fail({.range = call.range,
          .message = "the initial state and its derivative differ in size",
          .expected = std::to_string(states),
          .found = std::to_string(count_of(call.values[yp0]))});
  FunctionPieces pieces(*this);
  pieces.add_point(stan_types::real);
  for (int part = 0; part < 2; ++part) pieces.add_state(stan_types::vector, static_cast<std::int64_t>(states));
  const auto function = rate_function(pieces, call, states);
  const DaeCall solver{.function = function,
                       .tolerances = call.tolerances,
                       .states = states,
                       .times = times,
                       .data_count = pieces.data_count(),
                       .by_y0 = call.variables[y0],
                       .by_yp0 = call.variables[yp0]};
  for (const std::size_t i : {y0, yp0}) pieces.add_own(call.values[i], call.variables[i]);
  for (const std::size_t i : {t0, ts}) pieces.add_own(call.values[i], false);
  const symbolic::Shape shape = {static_cast<std::int64_t>(times), static_cast<std::int64_t>(states)};
  return reshaped(solution(pieces, solver, symbolic::element_count(shape), call.range), shape);
}

}  // namespace leapgraph::models::lower
