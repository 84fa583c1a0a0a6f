/// Backward differentiation formulas and Adams-Moulton formulas by CVODES.
#include <cvodes/cvodes.h>
#include <fmt/format.h>

#include <algorithm>

#include "leapgraph/models/solvers/ode.hpp"
#include "leapgraph/models/solvers/sundials.hpp"

namespace leapgraph::models::solvers {

namespace {

using sundials::require;

struct FreeIntegrator {
  void operator()(void* memory) const { CVodeFree(&memory); }
};

/// What the functions that CVODES calls work on.
struct Multistep {
  CoupledSystem system;
  std::vector<const double*> s;
  std::vector<double*> ds_dt;
  sundials::Guard guard = {};

  static int value(double t, N_Vector y, N_Vector y_dot, void* data) {
    auto& self = *static_cast<Multistep*>(data);
    return self.guard([&] { self.system.problem.f.value({&t, 1}, N_VGetArrayPointer(y), N_VGetArrayPointer(y_dot)); });
  }

  static int jacobian(double t, N_Vector y, N_Vector, SUNMatrix matrix, void* data, N_Vector, N_Vector, N_Vector) {
    auto& self = *static_cast<Multistep*>(data);
    return self.guard([&] {
      CoupledSystem& system = self.system;
      system.problem.f.value_and_state_jacobian({&t, 1}, N_VGetArrayPointer(y), system.f.data(),
                                                system.by_state.data());
      sundials::fill(matrix, system.by_state.data(), system.problem.states());
    });
  }

  static int sensitivities(int count, double t, N_Vector y, N_Vector, N_Vector* s, N_Vector* s_dot, void* data,
                           N_Vector, N_Vector) {
    auto& self = *static_cast<Multistep*>(data);
    return self.guard([&] {
      for (std::size_t k = 0; k < static_cast<std::size_t>(count); ++k) {
        self.s[k] = N_VGetArrayPointer(s[k]);
        self.ds_dt[k] = N_VGetArrayPointer(s_dot[k]);
      }
      self.system.sensitivities(t, N_VGetArrayPointer(y), self.s.data(), self.ds_dt.data());
    });
  }
};

}  // namespace

std::vector<double> integrate_multistep(library::OdeMethod method, const OdeProblem& problem) {
  const std::size_t n = problem.states(), count = problem.sensitivities();
  Multistep multistep{
      .system = CoupledSystem(problem), .s = std::vector<const double*>(count), .ds_dt = std::vector<double*>(count)};
  const auto context = sundials::make_context();
  std::vector<double> z = coupled_initial_state(problem);
  const auto state = sundials::view(z.data(), n, context.get());
  std::vector<sundials::Owned<N_Vector>> owned;
  std::vector<N_Vector> sensitivities;
  for (std::size_t k = 0; k < count; ++k) {
    owned.push_back(sundials::view(z.data() + (k + 1) * n, n, context.get()));
    sensitivities.push_back(owned.back().get());
  }
  const sundials::DenseSolver linear(state.get(), n, context.get());
  const std::unique_ptr<void, FreeIntegrator> integrator(
      CVodeCreate(method == library::OdeMethod::bdf ? CV_BDF : CV_ADAMS, context.get()));
  void* const memory = integrator.get();

  const library::Tolerances& tolerances = problem.tolerances;
  require(CVodeInit(memory, &Multistep::value, problem.t0, state.get()), "CVodeInit");
  require(CVodeSetUserData(memory, &multistep), "CVodeSetUserData");
  require(CVodeSetErrHandlerFn(memory, &sundials::ignore_message, nullptr), "CVodeSetErrHandlerFn");
  require(CVodeSetMaxNumSteps(memory, static_cast<long>(tolerances.most_steps)), "CVodeSetMaxNumSteps");
  require(CVodeSetMaxErrTestFails(memory, 20), "CVodeSetMaxErrTestFails");
  require(CVodeSetMaxConvFails(memory, 50), "CVodeSetMaxConvFails");
  require(CVodeSStolerances(memory, tolerances.relative, tolerances.absolute), "CVodeSStolerances");
  require(CVodeSetLinearSolver(memory, linear.solver.get(), linear.matrix.get()), "CVodeSetLinearSolver");
  require(CVodeSetJacFn(memory, &Multistep::jacobian), "CVodeSetJacFn");
  if (count > 0) {
    require(
        CVodeSensInit(memory, static_cast<int>(count), CV_STAGGERED, &Multistep::sensitivities, sensitivities.data()),
        "CVodeSensInit");
    require(CVodeSetSensErrCon(memory, SUNTRUE), "CVodeSetSensErrCon");
    require(CVodeSensEEtolerances(memory), "CVodeSensEEtolerances");
  }

  std::vector<double> result;
  result.reserve(z.size() * problem.times.size());
  double reached = problem.t0;
  for (const double time : problem.times) {
    if (time != reached) {
      const int flag = CVode(memory, time, state.get(), &reached, CV_NORMAL);
      multistep.guard.rethrow();
      if (flag == CV_TOO_MUCH_WORK)
        throw std::domain_error(fmt::format("no solution up to time {} in {} steps", time, tolerances.most_steps));
      require(flag, fmt::format("the solution up to time {}", time));
      if (count > 0) require(CVodeGetSens(memory, &reached, sensitivities.data()), "CVodeGetSens");
    }
    result.insert(result.end(), z.begin(), z.end());
    reached = time;
  }
  return result;
}

}  // namespace leapgraph::models::solvers
