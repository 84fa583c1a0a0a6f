/// Implicit differential equations with forward sensitivities, integrated as Stan's math library does it.
#pragma once

#include <span>
#include <vector>

#include "leapgraph/models/library/solver.hpp"
#include "leapgraph/models/solvers/program_function.hpp"

namespace leapgraph::models::solvers {

/// 0 = f(t, y, y'; parameters), whose state is y followed by y'; y and y' at t0 are given and fit together.
struct DaeProblem {
  ProgramFunction::Bound& f;
  std::span<const double> y0, yp0;
  double t0 = 0;
  std::span<const double> times;
  bool by_y0 = false, by_yp0 = false;  ///< sensitivities to these, before those to the parameters of f
  library::Tolerances tolerances;

  std::size_t states() const { return y0.size(); }
  std::size_t sensitivities() const { return (by_y0 ? states() : 0) + (by_yp0 ? states() : 0) + f.parameters(); }
};

/// At each of the times y, then its derivatives by each sensitivity in turn. Throws std::domain_error where the problem
/// cannot be solved, or not in so many steps.
std::vector<double> integrate(const DaeProblem& problem);

}  // namespace leapgraph::models::solvers
