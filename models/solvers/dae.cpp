/// Backward differentiation formulas for implicit equations by IDAS.
#include "leapgraph/models/solvers/dae.hpp"

#include <fmt/format.h>
#include <idas/idas.h>

#include <algorithm>

#include "leapgraph/models/solvers/sundials.hpp"

namespace leapgraph::models::solvers {

namespace {

using sundials::require;

struct FreeDae {
  void operator()(void* memory) const { IDAFree(&memory); }
};

/// What the functions that IDAS calls work on.
struct Residual {
  const DaeProblem& problem;
  std::vector<double> state, f, by_state, by_parameters;
  sundials::Guard guard = {};

  explicit Residual(const DaeProblem& p)
      : problem(p),
        state(2 * p.states()),
        f(p.states()),
        by_state(2 * p.states() * p.states()),
        by_parameters(p.states() * p.f.parameters()) {}

  void set_state(N_Vector y, N_Vector yp) {
    const std::size_t n = problem.states();
    std::copy_n(N_VGetArrayPointer(y), n, state.begin());
    std::copy_n(N_VGetArrayPointer(yp), n, state.begin() + static_cast<std::ptrdiff_t>(n));
  }

  static int value(double t, N_Vector y, N_Vector yp, N_Vector residual, void* data) {
    auto& self = *static_cast<Residual*>(data);
    return self.guard([&] {
      self.set_state(y, yp);
      self.problem.f.value({&t, 1}, self.state.data(), N_VGetArrayPointer(residual));
    });
  }

  /// (df/dy) s + (df/dy') s' + df/dparameters.
  static int sensitivities(int count, double t, N_Vector y, N_Vector yp, N_Vector, N_Vector* s, N_Vector* sp,
                           N_Vector* residuals, void* data, N_Vector, N_Vector, N_Vector) {
    auto& self = *static_cast<Residual*>(data);
    return self.guard([&] {
      const std::size_t n = self.problem.states(), parameters = self.problem.f.parameters();
      const std::size_t all = static_cast<std::size_t>(count), first_parameter = all - parameters;
      self.set_state(y, yp);
      self.problem.f.value_and_jacobians({&t, 1}, self.state.data(), self.f.data(), self.by_state.data(),
                                         self.by_parameters.data());
      for (std::size_t k = 0; k < all; ++k) {
        const double *by_y = N_VGetArrayPointer(s[k]), *by_yp = N_VGetArrayPointer(sp[k]);
        double* residual = N_VGetArrayPointer(residuals[k]);
        for (std::size_t i = 0; i < n; ++i) {
          const double* row = self.by_state.data() + i * 2 * n;
          double sum = 0;
          for (std::size_t j = 0; j < n; ++j) sum += row[j] * by_y[j] + row[n + j] * by_yp[j];
          if (k >= first_parameter) sum += self.by_parameters[i * parameters + k - first_parameter];
          residual[i] = sum;
        }
      }
    });
  }
};

/// Vectors over one row of numbers, `n` each.
struct Vectors {
  std::vector<sundials::Owned<N_Vector>> owned;
  std::vector<N_Vector> pointers;

  Vectors(double* data, std::size_t n, std::size_t count, SUNContext context) {
    for (std::size_t k = 0; k < count; ++k) {
      owned.push_back(sundials::view(data + k * n, n, context));
      pointers.push_back(owned.back().get());
    }
  }
};

}  // namespace

std::vector<double> integrate(const DaeProblem& problem) {
  const std::size_t n = problem.states(), count = problem.sensitivities();
  Residual residual(problem);
  const auto context = sundials::make_context();
  // y and its sensitivities in `z`, y' and its in `zp`.
  std::vector<double> z(n * (1 + count)), zp(n * (1 + count));
  std::copy(problem.y0.begin(), problem.y0.end(), z.begin());
  std::copy(problem.yp0.begin(), problem.yp0.end(), zp.begin());
  std::size_t next = 1;
  for (const bool of_y : {true, false}) {
    if (!(of_y ? problem.by_y0 : problem.by_yp0)) continue;
    for (std::size_t i = 0; i < n; ++i, ++next) (of_y ? z : zp)[next * n + i] = 1;
  }
  const Vectors y(z.data(), n, 1 + count, context.get()), yp(zp.data(), n, 1 + count, context.get());
  std::vector<N_Vector> s(y.pointers.begin() + 1, y.pointers.end()), sp(yp.pointers.begin() + 1, yp.pointers.end());
  const sundials::DenseSolver linear(y.pointers[0], n, context.get());
  const std::unique_ptr<void, FreeDae> integrator(IDACreate(context.get()));
  void* const memory = integrator.get();

  const library::Tolerances& tolerances = problem.tolerances;
  require(IDAInit(memory, &Residual::value, problem.t0, y.pointers[0], yp.pointers[0]), "IDAInit");
  require(IDASetErrHandlerFn(memory, &sundials::ignore_message, nullptr), "IDASetErrHandlerFn");
  require(IDASetUserData(memory, &residual), "IDASetUserData");
  require(IDASetLinearSolver(memory, linear.solver.get(), linear.matrix.get()), "IDASetLinearSolver");
  if (count > 0) {
    require(IDASensInit(memory, static_cast<int>(count), IDA_STAGGERED, &Residual::sensitivities, s.data(), sp.data()),
            "IDASensInit");
  }
  require(IDASStolerances(memory, tolerances.relative, tolerances.absolute), "IDASStolerances");
  require(IDASetMaxNumSteps(memory, static_cast<long>(tolerances.most_steps)), "IDASetMaxNumSteps");
  if (count > 0) require(IDASensEEtolerances(memory), "IDASensEEtolerances");

  std::vector<double> result;
  result.reserve(z.size() * problem.times.size());
  double reached = problem.t0;
  for (const double time : problem.times) {
    const int flag = IDASolve(memory, time, &reached, y.pointers[0], yp.pointers[0], IDA_NORMAL);
    residual.guard.rethrow();
    if (flag == IDA_TOO_MUCH_WORK)
      throw std::domain_error(fmt::format("no solution up to time {} in {} steps", time, tolerances.most_steps));
    require(flag, fmt::format("the solution up to time {}", time));
    if (count > 0) require(IDAGetSens(memory, &reached, s.data()), "IDAGetSens");
    result.insert(result.end(), z.begin(), z.end());
  }
  return result;
}

}  // namespace leapgraph::models::solvers
