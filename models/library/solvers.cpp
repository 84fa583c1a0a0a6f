/// The functions that take a function of the program.
#include <algorithm>
#include <array>

#include "leapgraph/models/library/solver.hpp"

namespace leapgraph::models::library {
namespace {

constexpr std::string_view ode_function = "(real, vector, ...) => vector";
constexpr std::string_view ode_signature = "(vector, real, array[] real, ...) => array[] vector";
constexpr std::string_view ode_tol_signature =
    "(vector, real, array[] real, data real, data real, data int, ...) => array[] vector";
constexpr std::string_view old_ode_function =
    "(real, array[] real, array[] real, array[] real, array[] int) => array[] real";
constexpr std::string_view old_ode_signature =
    "(array[] real, real, array[] real, array[] real, data array[] real, data array[] int) => array[,] real | "
    "(array[] real, real, array[] real, array[] real, data array[] real, data array[] int, data real, data real, data "
    "real) => array[,] real";

constexpr std::string_view equations = "(vector, ...) => vector";
constexpr std::string_view root_signature = "(vector, ...) => vector";
constexpr std::string_view root_tol_signature = "(vector, data real, data real, data int, ...) => vector";
constexpr std::string_view old_equations = "(vector, vector, array[] real, array[] int) => vector";
constexpr std::string_view old_root_signature =
    "(vector, vector, data array[] real, data array[] int) => vector | "
    "(vector, vector, data array[] real, data array[] int, data real, data real, data real) => vector";

constexpr Tolerances explicit_steps = {.relative = 1e-6, .absolute = 1e-6, .most_steps = 1e6};
constexpr Tolerances implicit_steps = {.relative = 1e-10, .absolute = 1e-10, .most_steps = 1e8};
constexpr double root_of_epsilon = 0x1p-26;
constexpr Tolerances powell_steps = {.relative = 1e-10, .absolute = 1e-6, .most_steps = 200};
constexpr Tolerances newton_steps = {.relative = 1e-3, .absolute = 1e-6, .most_steps = 200};

constexpr auto table = std::to_array<Solver>({
    {.name = "ode_rk45",
     .summary = "solution of y' = f(t, y, ...) at given times by the method of Dormand and Prince",
     .function = ode_function,
     .signature = ode_signature,
     .method = OdeMethod::runge_kutta_45,
     .tolerances = explicit_steps},
    {.name = "ode_rk45_tol",
     .summary = "ode_rk45 with relative and absolute tolerance and most steps between two times",
     .function = ode_function,
     .signature = ode_tol_signature,
     .method = OdeMethod::runge_kutta_45},
    {.name = "ode_ckrk",
     .summary = "solution of y' = f(t, y, ...) at given times by the method of Cash and Karp",
     .function = ode_function,
     .signature = ode_signature,
     .method = OdeMethod::cash_karp,
     .tolerances = explicit_steps},
    {.name = "ode_ckrk_tol",
     .summary = "ode_ckrk with relative and absolute tolerance and most steps between two times",
     .function = ode_function,
     .signature = ode_tol_signature,
     .method = OdeMethod::cash_karp},
    {.name = "ode_bdf",
     .summary = "solution of stiff y' = f(t, y, ...) at given times by backward differentiation formulas",
     .function = ode_function,
     .signature = ode_signature,
     .method = OdeMethod::bdf,
     .tolerances = implicit_steps},
    {.name = "ode_bdf_tol",
     .summary = "ode_bdf with relative and absolute tolerance and most steps between two times",
     .function = ode_function,
     .signature = ode_tol_signature,
     .method = OdeMethod::bdf},
    {.name = "ode_adams",
     .summary = "solution of y' = f(t, y, ...) at given times by the formulas of Adams and Moulton",
     .function = ode_function,
     .signature = ode_signature,
     .method = OdeMethod::adams,
     .tolerances = implicit_steps},
    {.name = "ode_adams_tol",
     .summary = "ode_adams with relative and absolute tolerance and most steps between two times",
     .function = ode_function,
     .signature = ode_tol_signature,
     .method = OdeMethod::adams},
    {.name = "integrate_ode_rk45",
     .summary = "ode_rk45 of arrays; tolerances and most steps may follow; deprecated",
     .function = old_ode_function,
     .signature = old_ode_signature,
     .method = OdeMethod::runge_kutta_45,
     .tolerances = explicit_steps},
    {.name = "integrate_ode_bdf",
     .summary = "ode_bdf of arrays; tolerances and most steps may follow; deprecated",
     .function = old_ode_function,
     .signature = old_ode_signature,
     .method = OdeMethod::bdf,
     .tolerances = implicit_steps},
    {.name = "integrate_ode_adams",
     .summary = "ode_adams of arrays; tolerances and most steps may follow; deprecated",
     .function = old_ode_function,
     .signature = old_ode_signature,
     .method = OdeMethod::adams,
     .tolerances = implicit_steps},
    {.name = "integrate_ode",
     .summary = "another name of integrate_ode_rk45; deprecated",
     .function = old_ode_function,
     .signature = "(array[] real, real, array[] real, array[] real, data array[] real, data array[] int) => array[,] "
                  "real",
     .method = OdeMethod::runge_kutta_45,
     .tolerances = explicit_steps},
    {.name = "integrate_1d",
     .summary = "integral of f(x, xc, theta, x_r, x_i) between two limits, which may be infinite",
     .function = "(real, real, array[] real, array[] real, array[] int) => real",
     .signature = "(real, real, array[] real, data array[] real, data array[] int) => real | "
                  "(real, real, array[] real, data array[] real, data array[] int, data real) => real",
     .method = QuadratureMethod::double_exponential,
     .tolerances = {.relative = root_of_epsilon, .absolute = 0, .most_steps = 15}},
    {.name = "solve_powell",
     .summary = "root of f(y, ...) near a guess by Powell's hybrid method",
     .function = equations,
     .signature = root_signature,
     .method = RootMethod::powell,
     .tolerances = powell_steps},
    {.name = "solve_powell_tol",
     .summary = "solve_powell with relative tolerance, tolerance of f and most evaluations",
     .function = equations,
     .signature = root_tol_signature,
     .method = RootMethod::powell},
    {.name = "solve_newton",
     .summary = "root of f(y, ...) near a guess by Newton's method with line search",
     .function = equations,
     .signature = root_signature,
     .method = RootMethod::newton,
     .tolerances = newton_steps},
    {.name = "solve_newton_tol",
     .summary = "solve_newton with smallest step, tolerance of f and most steps",
     .function = equations,
     .signature = root_tol_signature,
     .method = RootMethod::newton},
    {.name = "algebra_solver",
     .summary = "solve_powell of f(y, theta, x_r, x_i); tolerances and most evaluations may follow; deprecated",
     .function = old_equations,
     .signature = old_root_signature,
     .method = RootMethod::powell,
     .tolerances = {.relative = 1e-10, .absolute = 1e-6, .most_steps = 1e3}},
    {.name = "algebra_solver_newton",
     .summary = "solve_newton of f(y, theta, x_r, x_i); tolerances and most steps may follow; deprecated",
     .function = old_equations,
     .signature = old_root_signature,
     .method = RootMethod::newton,
     .tolerances = newton_steps},
    {.name = "map_rect",
     .summary = "f(phi, theta[k], x_r[k], x_i[k]) for each k, one after the other",
     .function = "(vector, vector, array[] real, array[] int) => vector",
     .signature = "(vector, array[] vector, data array[,] real, data array[,] int) => vector",
     .method = ShardMap{}},
    {.name = "reduce_sum",
     .summary = "sum of f(slice, start, end, ...) over slices of an array: f of the whole array",
     .function = "(array[] T, int, int, ...) => real",
     .signature = "(array[] T, int, ...) => real",
     .method = WholeSum{}},
    {.name = "reduce_sum_static",
     .summary = "reduce_sum with slices that do not depend on the number of threads",
     .function = "(array[] T, int, int, ...) => real",
     .signature = "(array[] T, int, ...) => real",
     .method = WholeSum{}},
});

}  // namespace

std::span<const Solver> solvers() { return table; }

const Solver* find_solver(std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Solver& s) { return s.name == name; });
  return found == table.end() ? nullptr : &*found;
}

}  // namespace leapgraph::models::library
