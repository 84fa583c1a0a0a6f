/// The record of a library function that takes a function of the program: differential equations, integrals, roots.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

namespace leapgraph::models::library {

/// y' = f(t, y), at given times.
enum class OdeMethod { runge_kutta_45, cash_karp, bdf, adams };
/// The integral of f(x, xc) between two limits.
enum class QuadratureMethod { double_exponential, gauss_kronrod };
/// f(y) = 0.
enum class RootMethod { powell, newton };
/// 0 = f(t, y, y'), at given times.
struct DaeMethod {};
/// f for each shard of the arguments, the results one after the other.
struct ShardMap {};
/// f of the whole array.
struct WholeSum {};

struct Tolerances {
  double relative = 0;
  double absolute = 0;
  double most_steps = 0;  ///< what is counted is the method's affair
};

struct Solver {
  std::string_view name;
  std::string_view summary;    ///< one line
  std::string_view function;   ///< what the function takes and gives; both rules as in `resolve_with_function`
  std::string_view signature;  ///< of what follows the function in the call
  std::variant<OdeMethod, DaeMethod, QuadratureMethod, RootMethod, ShardMap, WholeSum> method;
  Tolerances tolerances = {};  ///< where the call gives none
};

std::span<const Solver> solvers();
/// Null where there is none of that name.
const Solver* find_solver(std::string_view name);

}  // namespace leapgraph::models::library
