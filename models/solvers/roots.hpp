/// Roots of systems of equations near a guess, and their derivatives.
#pragma once

#include <span>
#include <vector>

#include "leapgraph/models/library/solver.hpp"
#include "leapgraph/models/solvers/program_function.hpp"

namespace leapgraph::models::solvers {

/// f(y; parameters) = 0. Tolerances are relative to y (powell) or the smallest step (newton), absolute for f, and
/// evaluations (powell) or steps (newton).
struct RootProblem {
  ProgramFunction::Bound& f;
  std::span<const double> guess;
  library::Tolerances tolerances;
};

/// Throws std::domain_error where no root is found.
std::vector<double> find_root(library::RootMethod method, const RootProblem& problem);
/// dy/dparameters = -(df/dy)^-1 df/dparameters at the root, row-major.
void root_derivative(ProgramFunction::Bound& f, std::span<const double> root, std::span<double> by_parameters);

std::vector<double> find_root_powell(const RootProblem& problem);
std::vector<double> find_root_newton(const RootProblem& problem);

}  // namespace leapgraph::models::solvers
