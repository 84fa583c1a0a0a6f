/// Graphs as callable functions, specialised on the shapes of each call: inputs with defaults and names, shared
/// variables and their updates.
#pragma once

#include <concepts>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "leapgraph/symbolic/arguments.hpp"
#include "leapgraph/symbolic/compile.hpp"
#include "leapgraph/symbolic/graph.hpp"
#include "leapgraph/symbolic/results.hpp"
#include "leapgraph/symbolic/shared.hpp"

namespace leapgraph::symbolic {

/// An input with what the function knows about it.
struct In {
  In(Expr input) : variable(std::move(input)) {}
  /// `default_value` is taken where a call gives none. With an `update_to`, an expression of the function's inputs, the
  /// default is a state that belongs to the function: each call replaces it by the value of that expression.
  In(Expr input, const Argument& default_value, std::string own_name = "", Expr update_to = {});

  Expr variable;
  std::optional<Array> value;
  std::string name;                    ///< in calls; empty: the variable's
  Expr update;                         ///< absent: none
  bool strict = false;                 ///< takes arrays of its own element type only
  std::optional<bool> allow_downcast;  ///< absent: as the function's `allow_input_downcast`
};

/// Inputs of a function: {x, In(y, 1.0), In(w, 2.0, "w_by_name")}.
class Inputs : public std::vector<In> {
 public:
  Inputs() = default;
  Inputs(Expr variable) : vector{In(std::move(variable))} {}
  Inputs(In input) : vector{std::move(input)} {}
  Inputs(std::initializer_list<In> inputs) : vector(inputs) {}
  Inputs(const Exprs& variables) : vector(variables.begin(), variables.end()) {}
  Inputs(std::vector<In> inputs) : vector(std::move(inputs)) {}
};

struct Output {
  Output(Expr e) : value(std::move(e)) {}
  Output(std::string output_name, Expr e) : name(std::move(output_name)), value(std::move(e)) {}
  std::string name;
  Expr value;
};

/// Outputs of a function: one expression, {a, b}, {{"sum", a}, {"product", b}}, or none: {}.
class Outputs : public std::vector<Output> {
 public:
  Outputs() = default;
  Outputs(Expr output) : vector{Output(std::move(output))} {}
  Outputs(std::initializer_list<Output> outputs) : vector(outputs) {}
  Outputs(const Exprs& outputs) : vector(outputs.begin(), outputs.end()) {}
  Outputs(std::vector<Output> outputs) : vector(std::move(outputs)) {}
};

/// A variable, or any expression, and what takes its place. A plain number has the type of what it replaces.
struct Replacement {
  Replacement(Expr replaced, Operand by) : variable(std::move(replaced)), value(std::move(by)) {}
  Expr variable;
  Operand value;
};

class Replacements : public std::vector<Replacement> {
 public:
  Replacements() = default;
  Replacements(std::initializer_list<Replacement> replacements) : vector(replacements) {}
  template <class Variable, class Value>
  Replacements(const std::vector<std::pair<Variable, Value>>& pairs) {
    for (const auto& [variable, value] : pairs) emplace_back(variable, value);
  }
};
using Updates = Replacements;
using Givens = Replacements;

/// Whose default updates are left out: {} nobody's, true everybody's, or those of the listed shared variables.
class NoDefaultUpdates {
 public:
  NoDefaultUpdates() = default;
  NoDefaultUpdates(bool all) : all_(all) {}
  NoDefaultUpdates(std::initializer_list<Expr> variables) : variables_(variables) {}
  NoDefaultUpdates(Exprs variables) : variables_(std::move(variables)) {}
  bool contains(const Expr& variable) const;

 private:
  bool all_ = false;
  Exprs variables_;
};

enum class OnUnusedInput { raise, warn, ignore };

struct FunctionOptions {
  CompileOptions compile = {};
  /// New values of shared variables. All are computed from the old values, and all take their places together once the
  /// call has succeeded.
  Updates updates = {};
  /// What takes the place of variables and other expressions, in outputs and updates, before anything else happens.
  Givens givens = {};
  NoDefaultUpdates no_default_updates = {};
  OnUnusedInput on_unused_input = OnUnusedInput::raise;
  /// Conversions of arguments. Absent: numbers and lists that are represented exactly, and arrays of types all of whose
  /// values are. True: any, silently. False: only where every value of the argument's type fits.
  std::optional<bool> allow_input_downcast = {};
  std::string name = {};
  /// Takes warnings; absent: they are written to the standard error stream.
  std::function<void(const std::string& warning)> warn = {};
};

/// A function of arrays whose lengths may differ from call to call: each combination of shapes is compiled once and
/// kept. A cheap handle; copies are the same function. Any number of threads may call it: of calls that update a shared
/// variable, each sees what the one before it left; a call sees all values as they were at one time. A call that
/// throws changes nothing.
class Function {
 public:
  Function(const Inputs& inputs, const Outputs& outputs, FunctionOptions options = {});
  Function(const Function&) = default;  // and so is moving: a handle always has its function
  Function& operator=(const Function&) = default;

  /// By position, and then by name: f(33, arg("w") = 1). Throws MissingInput, GraphError for too many arguments and for
  /// names that are unknown or given twice, DTypeError and ShapeError for arguments that do not fit, and what the
  /// checks of the graph throw.
  Results operator()() const { return call(nullptr, 0); }
  Results operator()(const Argument& a) const {
    const Argument* const all[] = {&a};
    return call(all, 1);
  }
  Results operator()(const Argument& a, const Argument& b) const {
    const Argument* const all[] = {&a, &b};
    return call(all, 2);
  }
  Results operator()(const Argument& a, const Argument& b, const Argument& c) const {
    const Argument* const all[] = {&a, &b, &c};
    return call(all, 3);
  }
  Results operator()(const Argument& a, const Argument& b, const Argument& c, const Argument& d, const Argument& e = {},
                     const Argument& f = {}, const Argument& g = {}, const Argument& h = {}, const Argument& i = {},
                     const Argument& j = {}, const Argument& k = {}, const Argument& l = {}) const {
    const Argument* const all[] = {&a, &b, &c, &d, &e, &f, &g, &h, &i, &j, &k, &l};
    return call(all, 12);
  }
  /// Any number of arguments.
  Results operator()(std::span<const Array> arguments) const;
  Results operator()(std::initializer_list<Array> arguments) const {
    return (*this)(std::span(arguments.begin(), arguments.size()));
  }
  template <class Range>  // a braced list is one argument
  requires std::convertible_to<const Range&, std::span<const Argument>> Results
  operator()(const Range& arguments) const {
    return call_with(std::span<const Argument>(arguments));
  }

  const std::string& name() const;
  const std::vector<In>& inputs() const;
  const std::vector<Output>& outputs() const;
  /// Pairs of a shared variable and its new value, default updates included.
  const std::vector<std::pair<SharedVariable, Expr>>& updates() const;
  /// Those that the function reads or updates, in the order in which it first needs them.
  std::vector<SharedVariable> shared_variables() const;
  /// The current value of an input that has a default or a state of its own. Throws GraphError for others.
  Array value(std::string_view input) const;

  /// The same function with some of its outputs, in the order given; updates are all made.
  Function output_subset(const std::vector<std::size_t>& outputs) const;
  /// The specialisation for these arguments, compiled if need be. Its inputs are those of the function, then the shared
  /// variables that it reads; its outputs are followed by the new values of what it updates.
  CompiledFunction specialised(std::span<const Array> arguments) const;
  std::size_t specialisations() const;
  /// Those that there are, the latest first.
  std::vector<CompiledFunction> compiled() const;
  /// What is computed, before shapes are known: inputs, then shared variables; outputs, then new values.
  const Graph& graph() const;
  const CompileOptions& compile_options() const;

  struct State;

 private:
  friend struct CopyOptions;
  friend Function copy(const Function& f, const struct CopyOptions& options);
  explicit Function(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  Results call(const Argument* const* arguments, std::size_t count) const;
  Results call_with(std::span<const Argument> arguments) const;

  std::shared_ptr<const State> state_;
};

/// Throws MissingInput where an output or update needs a variable that is neither given nor shared, UnusedInput for an
/// input that none needs, UpdateError for updates and givens that contradict each other, go in a circle or have the
/// wrong type, GraphError where an input is no variable or is given twice.
Function function(const Inputs& inputs, const Outputs& outputs, FunctionOptions options = {});
/// The same with inputs that may be unused.
Function function(const Inputs& inputs, const Outputs& outputs, CompileOptions options);

struct CopyOptions {
  /// Shared variables and those of the same type that take their places.
  std::vector<std::pair<SharedVariable, SharedVariable>> swap = {};
  bool delete_updates = false;
  std::string name = {};  ///< empty: that of the original
};
/// A function like `f` with a state of its own where inputs have one. Code that fits is shared with `f`. Throws
/// UpdateError for a swap of other types or of a variable that `f` does not know.
Function copy(const Function& f, const CopyOptions& options = {});

/// The value of `expression` where its variables have these: eval(x + y, {{x, 2.0}, {y, 3.0}}). Functions made for this
/// are kept for the next time, some hundred of them.
Results eval(const Expr& expression, std::initializer_list<std::pair<Expr, Argument>> values = {});
Results eval(const Expr& expression, std::span<const std::pair<Expr, Argument>> values);

}  // namespace leapgraph::symbolic
