/// A function of the program as solvers call it: compiled, with its derivatives, a million times if need be.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::models::solvers {

/// A function as a graph of its arguments, each a float64 vector.
struct FunctionGraph {
  symbolic::Expr point;       ///< what it has no derivative with respect to: time, or where an integrand is evaluated
  symbolic::Expr state;       ///< what is solved for
  symbolic::Expr parameters;  ///< what the solution is differentiated by
  symbolic::Expr data;
  symbolic::Expr value;                   ///< float64 vector
  symbolic::Expr rejection = {};          ///< a number that is not finite where the function rejects; may be absent
  std::vector<std::string> reasons = {};  ///< what its `reject`s say
};

/// Immutable, and shared by threads. It is compiled when it is first called.
class ProgramFunction {
 public:
  explicit ProgramFunction(FunctionGraph graph);
  ~ProgramFunction();

  std::size_t outputs() const { return outputs_; }
  std::size_t states() const { return states_; }
  std::size_t parameters() const { return parameters_; }

  /// The function with parameters and data of one solve, which must outlive it; for one thread. Calls throw
  /// std::domain_error with a reason where the function rejects.
  class Bound {
   public:
    Bound(const ProgramFunction& function, std::span<const double> parameters, std::span<const double> data);
    ~Bound();

    std::size_t outputs() const { return function_.outputs(); }
    std::size_t states() const { return function_.states(); }
    std::size_t parameters() const { return function_.parameters(); }

    void value(std::span<const double> point, const double* state, double* value);
    /// `by_state` is row-major [outputs, states].
    void value_and_state_jacobian(std::span<const double> point, const double* state, double* value, double* by_state);
    /// `by_parameters` is row-major [outputs, parameters].
    void value_and_jacobians(std::span<const double> point, const double* state, double* value, double* by_state,
                             double* by_parameters);

   private:
    enum Kind : std::size_t { value_only, with_states, with_all };
    struct Workspace;
    void call(Kind kind, std::span<const double> point, const double* state, std::span<void* const> results);

    const ProgramFunction& function_;
    std::span<const double> parameter_values_, data_;
    std::vector<Workspace> workspaces_;  // one a kind
    friend class ProgramFunction;
  };

 private:
  struct Code;
  const Code& code() const;

  FunctionGraph graph_;
  std::size_t outputs_, states_, parameters_;
  std::unique_ptr<Code> code_;
};

}  // namespace leapgraph::models::solvers
