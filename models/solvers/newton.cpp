/// Newton's method with line search by KINSOL.
#include <fmt/format.h>
#include <kinsol/kinsol.h>

#include <algorithm>

#include "leapgraph/models/solvers/roots.hpp"
#include "leapgraph/models/solvers/sundials.hpp"

namespace leapgraph::models::solvers {

namespace {

using sundials::require;

struct FreeNewton {
  void operator()(void* memory) const { KINFree(&memory); }
};

/// What the functions that KINSOL calls work on.
struct Newton {
  ProgramFunction::Bound& f;
  std::vector<double> by_state;
  sundials::Guard guard = {};

  static int value(N_Vector y, N_Vector value, void* data) {
    auto& self = *static_cast<Newton*>(data);
    return self.guard([&] { self.f.value({}, N_VGetArrayPointer(y), N_VGetArrayPointer(value)); });
  }
  static int jacobian(N_Vector y, N_Vector value, SUNMatrix matrix, void* data, N_Vector, N_Vector) {
    auto& self = *static_cast<Newton*>(data);
    return self.guard([&] {
      self.f.value_and_state_jacobian({}, N_VGetArrayPointer(y), N_VGetArrayPointer(value), self.by_state.data());
      sundials::fill(matrix, self.by_state.data(), self.f.states());
    });
  }
};

void ignore_information(const char*, const char*, char*, void*) {}

}  // namespace

std::vector<double> find_root_newton(const RootProblem& problem) {
  constexpr long steps_between_jacobians = 10;
  const std::size_t n = problem.guess.size();
  Newton newton{.f = problem.f, .by_state = std::vector<double>(n * n)};
  const auto context = sundials::make_context();
  std::vector<double> y(problem.guess.begin(), problem.guess.end()), ones(n, 1.0);
  const auto root = sundials::view(y.data(), n, context.get());
  const auto scaling = sundials::view(ones.data(), n, context.get());
  const sundials::DenseSolver linear(root.get(), n, context.get());
  const std::unique_ptr<void, FreeNewton> solver(KINCreate(context.get()));
  void* const memory = solver.get();
  const library::Tolerances& tolerances = problem.tolerances;
  // KINSOL's own limit on steps is relative to the guess.
  const bool guess_is_zero = std::all_of(y.begin(), y.end(), [](double x) { return x == 0; });

  require(KINSetErrHandlerFn(memory, &sundials::ignore_message, nullptr), "KINSetErrHandlerFn");
  require(KINSetInfoHandlerFn(memory, &ignore_information, nullptr), "KINSetInfoHandlerFn");
  require(KINInit(memory, &Newton::value, root.get()), "KINInit");
  require(KINSetNumMaxIters(memory, static_cast<long>(tolerances.most_steps)), "KINSetNumMaxIters");
  require(KINSetFuncNormTol(memory, tolerances.absolute), "KINSetFuncNormTol");
  require(KINSetScaledStepTol(memory, tolerances.relative), "KINSetScaledStepTol");
  require(KINSetMaxSetupCalls(memory, steps_between_jacobians), "KINSetMaxSetupCalls");
  require(KINSetMaxNewtonStep(memory, guess_is_zero ? static_cast<double>(n) : 0), "KINSetMaxNewtonStep");
  require(KINSetUserData(memory, &newton), "KINSetUserData");
  require(KINSetLinearSolver(memory, linear.solver.get(), linear.matrix.get()), "KINSetLinearSolver");
  require(KINSetJacFn(memory, &Newton::jacobian), "KINSetJacFn");
  const int flag = KINSol(memory, root.get(), KIN_LINESEARCH, scaling.get(), scaling.get());
  newton.guard.rethrow();
  if (flag == KIN_MAXITER_REACHED) throw std::domain_error(fmt::format("no root in {} steps", tolerances.most_steps));
  require(flag, "the search for a root");
  return y;
}

}  // namespace leapgraph::models::solvers
