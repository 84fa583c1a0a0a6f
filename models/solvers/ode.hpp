/// Initial value problems with forward sensitivities, integrated as Stan's math library does it: the sensitivities are
/// part of what the error control looks at.
#pragma once

#include <span>
#include <vector>

#include "leapgraph/models/library/solver.hpp"
#include "leapgraph/models/solvers/program_function.hpp"

namespace leapgraph::models::solvers {

/// y' = f(t, y; parameters), y(t0) = y0, wanted at `times`.
struct OdeProblem {
  ProgramFunction::Bound& f;
  std::span<const double> y0;
  double t0 = 0;
  std::span<const double> times;
  bool by_initial_state = false;  ///< sensitivities to y0, before those to the parameters of f
  library::Tolerances tolerances;

  std::size_t states() const { return y0.size(); }
  std::size_t sensitivities() const { return (by_initial_state ? states() : 0) + f.parameters(); }
};

/// Everything at t0: y0, then the derivatives of the state by each sensitivity in turn.
std::vector<double> coupled_initial_state(const OdeProblem& problem);
/// d/dt of such a coupled state. `by_state` and `by_parameters` are room for the Jacobians.
struct CoupledSystem {
  explicit CoupledSystem(const OdeProblem& problem);
  void operator()(const std::vector<double>& z, std::vector<double>& dz_dt, double t);
  /// The same from a state and a derivative at a time, each of which may lie anywhere.
  void sensitivities(double t, const double* y, const double* const* s, double* const* ds_dt);

  const OdeProblem& problem;
  std::vector<double> f, by_state, by_parameters;
};

/// The coupled state at each of the times, one after the other. Throws std::domain_error where the problem cannot be
/// solved, or not in so many steps.
std::vector<double> integrate(library::OdeMethod method, const OdeProblem& problem);

std::vector<double> integrate_runge_kutta(library::OdeMethod method, const OdeProblem& problem);
std::vector<double> integrate_multistep(library::OdeMethod method, const OdeProblem& problem);

}  // namespace leapgraph::models::solvers
