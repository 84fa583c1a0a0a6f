/// Explicit Runge-Kutta methods by Boost.Odeint.
#include <fmt/format.h>

#include <boost/numeric/odeint.hpp>
#include <stdexcept>

#include "leapgraph/models/solvers/ode.hpp"

namespace leapgraph::models::solvers {

namespace odeint = boost::numeric::odeint;

std::vector<double> integrate_runge_kutta(library::OdeMethod method, const OdeProblem& problem) {
  using State = std::vector<double>;
  constexpr double first_step = 0.1;
  const library::Tolerances& tolerances = problem.tolerances;
  CoupledSystem system(problem);
  State z = coupled_initial_state(problem);
  std::vector<double> times(1, problem.t0), result;
  times.insert(times.end(), problem.times.begin(), problem.times.end());
  result.reserve(z.size() * problem.times.size());
  std::size_t observed = 0;  // t0 comes first
  const auto observe = [&](const State& state, double) {
    if (observed++ > 0) result.insert(result.end(), state.begin(), state.end());
  };
  const odeint::max_step_checker checker(static_cast<int>(tolerances.most_steps));
  const auto run = [&](auto stepper) {
    odeint::integrate_times(stepper, std::ref(system), z, times.begin(), times.end(), first_step, observe, checker);
  };
  try {
    if (method == library::OdeMethod::runge_kutta_45) {
      run(odeint::make_dense_output(tolerances.absolute, tolerances.relative,
                                    odeint::runge_kutta_dopri5<State, double, State, double>()));
    } else {
      run(odeint::make_controlled(tolerances.absolute, tolerances.relative,
                                  odeint::runge_kutta_cash_karp54<State, double, State, double>()));
    }
  } catch (const odeint::odeint_error&) {
    throw std::domain_error(
        fmt::format("no solution up to time {} in {} steps", times[observed], tolerances.most_steps));
  }
  return result;
}

}  // namespace leapgraph::models::solvers
