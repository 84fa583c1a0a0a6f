/// Powell's hybrid method by Eigen, and derivatives by the implicit function theorem.
#include "leapgraph/models/solvers/roots.hpp"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <stdexcept>
#include <unsupported/Eigen/NonLinearOptimization>

namespace leapgraph::models::solvers {

namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Index index(std::size_t count) { return static_cast<Eigen::Index>(count); }

/// What Eigen's solver calls.
struct Equations {
  ProgramFunction::Bound& f;

  int operator()(const VectorXd& y, VectorXd& value) const {
    f.value({}, y.data(), value.data());
    return 0;
  }
  int df(const VectorXd& y, MatrixXd& by_state) const {
    RowMajor jacobian(y.size(), y.size());
    VectorXd value(y.size());
    f.value_and_state_jacobian({}, y.data(), value.data(), jacobian.data());
    by_state = jacobian;
    return 0;
  }
};

}  // namespace

std::vector<double> find_root_powell(const RootProblem& problem) {
  Equations equations{problem.f};
  Eigen::HybridNonLinearSolver<Equations> solver(equations);
  solver.parameters.xtol = problem.tolerances.relative;
  solver.parameters.maxfev = static_cast<Eigen::Index>(problem.tolerances.most_steps);
  VectorXd y = Eigen::Map<const VectorXd>(problem.guess.data(), index(problem.guess.size()));
  solver.solve(y);
  if (static_cast<double>(solver.nfev) >= problem.tolerances.most_steps)
    throw std::domain_error(fmt::format("no root in {} evaluations", problem.tolerances.most_steps));
  VectorXd value(y.size());
  equations(y, value);
  const double norm = value.stableNorm();
  if (norm > problem.tolerances.absolute)
    throw std::domain_error(
        fmt::format("no root: the norm of the function is {}, the tolerance {}", norm, problem.tolerances.absolute));
  return {y.begin(), y.end()};
}

std::vector<double> find_root(library::RootMethod method, const RootProblem& problem) {
  return method == library::RootMethod::powell ? find_root_powell(problem) : find_root_newton(problem);
}

void root_derivative(ProgramFunction::Bound& f, std::span<const double> root, std::span<double> by_parameters) {
  const Eigen::Index n = index(root.size()), parameters = index(f.parameters());
  RowMajor by_state(n, n);
  RowMajor direct(n, parameters);
  VectorXd value(n);
  f.value_and_jacobians({}, root.data(), value.data(), by_state.data(), direct.data());
  Eigen::Map<RowMajor>(by_parameters.data(), n, parameters) = -by_state.partialPivLu().solve(direct);
}

}  // namespace leapgraph::models::solvers
