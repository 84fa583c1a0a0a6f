/// Calls of library functions that take a function of the program.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "leapgraph/models/library/library.hpp"
#include "leapgraph/models/types/checker.hpp"

namespace leapgraph::models {
namespace {

TypedExpression unknown_call(Range range) {
  return {.node = IntLiteral{}, .range = range, .info = {}};  // its type is `unknown`
}

bool is_wanted_kind(const library::Solver& solver, FunctionKind kind) {
  if (kind == FunctionKind::plain) return true;
  return kind == FunctionKind::density && std::holds_alternative<library::WholeSum>(solver.method);
}

/// The name without the ending that asks for dropped terms: that of the function.
std::string defined_name(const std::string& name) {
  const bool unnormalized = name.ends_with("_lupdf") || name.ends_with("_lupmf");
  return unnormalized ? name.substr(0, name.size() - 6) + "_lp" + name.substr(name.size() - 2) : name;
}

}  // namespace

TypedExpression Checker::solver_call(const Call<Untyped>& call, const library::Solver& solver, Range range) {
  const std::string name(solver.name);
  if (call.arguments.empty() || call.conditional) {
    error({.range = call.function.range,
           .message = call.conditional ? "'|' stands in calls of probability functions only"
                                       : fmt::format("the first argument of '{}' is a function", name)});
    return unknown_call(range);
  }
  std::vector<TypedExpression> arguments;
  for (std::size_t i = 1; i < call.arguments.size(); ++i) arguments.push_back(expression(call.arguments[i]));
  if (any_unknown(arguments)) return unknown_call(range);
  const std::optional<FunctionCallResolution> wanted =
      resolve_with_function(solver.function, solver.signature, types_of(arguments));
  if (!wanted) {
    std::string expected;
    for (const std::string& alternative : alternatives(solver.signature)) {
      expected += (expected.empty() ? "" : " or ") + fmt::format("(function, {}", alternative.substr(1));
    }
    error({.range = call.function.range,
           .message = fmt::format("Ill-typed arguments supplied to function '{}'", name),
           .expected = expected,
           .found = "(function, " + to_string(types_of(arguments)).substr(1)});
    return unknown_call(range);
  }
  const FunctionId id = solver_function(call.arguments[0], name, *wanted);
  if (id == no_function || !check_solver_data(call, id, *wanted, arguments)) return unknown_call(range);
  const UserFunctionUse function{
      .function = id,
      .unnormalized = defined_name(std::get<VariableReference>(call.arguments[0].node).name) !=
                      std::get<VariableReference>(call.arguments[0].node).name};
  if (std::holds_alternative<library::WholeSum>(solver.method))
    return reduced_sum(call, function, std::move(arguments), range);

  TypedExpression result{.node = IntLiteral{}, .range = range, .info = {}};
  result.info.type = wanted->resolution.result;
  result.info.data_only = all_data_only(arguments);
  result.info.solver = {
      .solver = &solver, .function = function, .resolution = wanted->resolution, .passed_on = wanted->passed_on};
  result.node = Call<Typed>{.function = call.function, .arguments = std::move(arguments), .conditional = false};
  return result;
}

FunctionId Checker::solver_function(const UntypedExpression& name, const std::string& solver,
                                    const FunctionCallResolution& wanted) {
  const auto* reference = std::get_if<VariableReference>(&name.node);
  const std::string function = reference == nullptr ? "" : defined_name(reference->name);
  if (!is_user_function(function)) {
    Diagnostic diagnostic{.range = name.range,
                          .message = fmt::format("the first argument of '{}' is a function of the program", solver)};
    if (reference != nullptr) {
      std::vector<std::string> names;
      for (const auto& [known, ids] : signatures_) names.push_back(known);
      const auto near = library::nearest_name(reference->name, names);
      if (near) diagnostic.hint = fmt::format("did you mean '{}'?", *near);
    }
    error(std::move(diagnostic));
    return no_function;
  }
  const Candidate found = resolve_user_function(function, wanted.parameters);
  const std::string expected = to_string(wanted.parameters) + " => " + to_string(wanted.result);
  if (found.function == no_function || found.ambiguous) {
    std::string available;
    for (const FunctionId id : signatures_.at(function)) {
      const StanType& result = result_.tree.functions[static_cast<std::size_t>(id)].info.result;
      available += (available.empty() ? "" : " or ") + signature(id) + " => " + to_string(result);
    }
    error({.range = name.range,
           .message = fmt::format("'{}' calls its function with other arguments than '{}' takes", solver, function),
           .expected = expected,
           .found = available});
    return no_function;
  }
  const FunctionInfo& info = result_.tree.functions[static_cast<std::size_t>(found.function)].info;
  if (info.result != wanted.result) {
    error({.range = name.range,
           .message = fmt::format("'{}' needs a function that returns {}", solver, to_string(wanted.result)),
           .expected = expected,
           .found = signature(found.function) + " => " + to_string(info.result)});
    return no_function;
  }
  const library::Solver& record = *library::find_solver(solver);
  if (!is_wanted_kind(record, info.kind)) {
    error({.range = name.range,
           .message = fmt::format("'{}' cannot be the function of '{}': it draws random numbers, or adds to the "
                                  "log density, or is a probability function",
                                  function, solver)});
    return no_function;
  }
  return found.function;
}

bool Checker::check_solver_data(const Call<Untyped>& call, FunctionId function, const FunctionCallResolution& wanted,
                                std::span<const TypedExpression> arguments) {
  const bool all_is_data = block_ == BlockKind::GeneratedQuantities && function_ == no_function;
  const std::vector<Argument>& heads = result_.tree.functions[static_cast<std::size_t>(function)].arguments;
  const std::size_t handed_on = arguments.size() - wanted.passed_on;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (all_is_data || arguments[i].info.data_only) continue;
    bool data = wanted.data_only[i];
    std::string of;
    if (i >= wanted.passed_on) {
      const Argument& head = heads[heads.size() - handed_on + (i - wanted.passed_on)];
      data = head.data_only;
      of = fmt::format(", '{}' of '{}',", head.name.text,
                       result_.tree.functions[static_cast<std::size_t>(function)].name.text);
    }
    if (!data) continue;
    error(
        {.range = arguments[i].range,
         .message = fmt::format("argument {}{} of '{}' must be data", i + 2, of, call.function.text),
         .hint = "what a function is given, and its own variables, count as parameters unless they are marked 'data'"});
    return false;
  }
  return true;
}

/// f(x, 1, size(x), ...) in the place of reduce_sum(f, x, grainsize, ...).
TypedExpression Checker::reduced_sum(const Call<Untyped>& call, UserFunctionUse function,
                                     std::vector<TypedExpression> arguments, Range range) {
  const auto integer = [&](TypedExpression::Node node) {
    TypedExpression expression{.node = std::move(node), .range = range, .info = {}};
    expression.info.type = stan_types::integer;
    return expression;
  };
  std::vector<TypedExpression> all;
  all.push_back(std::move(arguments[0]));
  all.push_back(integer(IntLiteral{1}));
  std::vector<TypedExpression> measured;
  measured.push_back(expression(call.arguments[1]));
  const std::array<StanType, 1> types = {measured[0].info.type};
  FunctionUse size = resolve_function("size", "function 'size'", types, range);
  TypedExpression count =
      integer(Call<Typed>{.function = {"size", range}, .arguments = std::move(measured), .conditional = false});
  count.info.function = std::move(size);
  all.push_back(std::move(count));
  for (std::size_t i = 2; i < arguments.size(); ++i) all.push_back(std::move(arguments[i]));

  TypedExpression result{.node = IntLiteral{}, .range = range, .info = {}};
  result.info.type = stan_types::real;
  result.info.data_only = all_data_only(all);
  result.info.user = function;
  result.node = Call<Typed>{.function = call.function, .arguments = std::move(all), .conditional = false};
  return result;
}

}  // namespace leapgraph::models
