/// The coupled system of a state and its sensitivities: dS/dt = (df/dy) S + df/dparameters.
#include "leapgraph/models/solvers/ode.hpp"

#include <algorithm>

namespace leapgraph::models::solvers {

std::vector<double> coupled_initial_state(const OdeProblem& problem) {
  const std::size_t n = problem.states();
  std::vector<double> z(n * (1 + problem.sensitivities()));
  std::copy(problem.y0.begin(), problem.y0.end(), z.begin());
  for (std::size_t i = 0; problem.by_initial_state && i < n; ++i) z[n + i * n + i] = 1;
  return z;
}

CoupledSystem::CoupledSystem(const OdeProblem& p)
    : problem(p), f(p.states()), by_state(p.states() * p.states()), by_parameters(p.states() * p.f.parameters()) {}

void CoupledSystem::sensitivities(double t, const double* y, const double* const* s, double* const* ds_dt) {
  const std::size_t n = problem.states(), parameters = problem.f.parameters();
  const std::size_t count = problem.sensitivities(), first_parameter = count - parameters;
  problem.f.value_and_jacobians({&t, 1}, y, f.data(), by_state.data(), by_parameters.data());
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      double sum = k < first_parameter ? 0 : by_parameters[i * parameters + k - first_parameter];
      for (std::size_t j = 0; j < n; ++j) sum += by_state[i * n + j] * s[k][j];
      ds_dt[k][i] = sum;
    }
  }
}

void CoupledSystem::operator()(const std::vector<double>& z, std::vector<double>& dz_dt, double t) {
  const std::size_t n = problem.states(), count = problem.sensitivities();
  if (count == 0) {
    problem.f.value({&t, 1}, z.data(), dz_dt.data());
    return;
  }
  std::vector<const double*> s(count);
  std::vector<double*> ds_dt(count);
  for (std::size_t k = 0; k < count; ++k) {
    s[k] = z.data() + (k + 1) * n;
    ds_dt[k] = dz_dt.data() + (k + 1) * n;
  }
  sensitivities(t, z.data(), s.data(), ds_dt.data());
  std::copy(f.begin(), f.end(), dz_dt.begin());
}

std::vector<double> integrate(library::OdeMethod method, const OdeProblem& problem) {
  const bool explicit_steps = method == library::OdeMethod::runge_kutta_45 || method == library::OdeMethod::cash_karp;
  return explicit_steps ? integrate_runge_kutta(method, problem) : integrate_multistep(method, problem);
}

}  // namespace leapgraph::models::solvers
