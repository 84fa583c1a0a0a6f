/// Integrals of a function of the program over an interval, finite or not, and their derivatives.
#pragma once

#include <span>

#include "leapgraph/models/library/solver.hpp"
#include "leapgraph/models/solvers/program_function.hpp"

namespace leapgraph::models::solvers {

/// The integral of f(x, xc; parameters) from `low` to `high`; xc is the distance to the nearer limit, negative for the
/// upper one, or nan where that is not known.
struct Integral {
  library::QuadratureMethod method;
  ProgramFunction::Bound& f;
  double low = 0, high = 0;
  library::Tolerances tolerances;
};

/// The integral; `by_parameters` becomes its derivatives, integrated one by one to the same tolerance. Throws
/// std::domain_error where the error is larger.
double integrate(const Integral& integral, std::span<double> by_parameters);
/// f at a limit: the derivative by the upper one, and that by the lower one but for the sign. 0 at infinity.
double integrand_at(const Integral& integral, double limit);

}  // namespace leapgraph::models::solvers
