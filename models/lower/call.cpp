/// Calls of functions that the program defines.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "leapgraph/models/lower/evaluator.hpp"
#include "leapgraph/models/lower/loops/equations.hpp"
#include "leapgraph/models/types/tuple.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/vectorize.hpp"

namespace leapgraph::models::lower {

using symbolic::Shape;

namespace {

/// Calls within calls; a program that goes deeper does not end.
constexpr int most_calls = 500;

}  // namespace

std::vector<Value> Evaluator::call(const UserFunctionUse& use, std::span<const TypedExpression* const> arguments,
                                   Range range) {
  const FunctionInfo& info = program_.tree.functions[static_cast<std::size_t>(use.function)].info;
  std::vector<Value> values;
  for (std::size_t i = 0; i < arguments.size(); ++i)
    values.push_back(promoted(evaluate(*arguments[i]), symbol(info.parameters[i]).type));
  return call(use, std::move(values), variables_of(arguments), range);
}

std::vector<Value> Evaluator::call(const UserFunctionUse& use, std::vector<Value> arguments,
                                   std::vector<bool> variables, Range range) {
  const FunctionDefinition<Typed>& function = program_.tree.functions[static_cast<std::size_t>(use.function)];
  if (call_depth_ == most_calls)
    fail({.range = range,
          .message = fmt::format("the call of '{}' is more than {} calls deep", function.name.text, most_calls)});

  // A call of the same function further up keeps its variables.
  std::vector<std::pair<std::size_t, Slot>> saved;
  const int active = active_calls_[use.function]++;
  for (std::size_t s = 0; s < program_.symbols.size() && active > 0; ++s)
    if (program_.symbols[s].function == use.function) saved.emplace_back(s, slots_[s]);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    Shape shape = shape_of(arguments[i]);
    declare(function.info.parameters[i], std::move(shape), std::move(arguments[i]));
  }
  // What `~` drops in a function that adds to target is dropped there as in the model block.
  const bool unnormalized = use.unnormalized || function.info.kind == FunctionKind::adds_to_target;
  const Frame outer = std::exchange(
      call_, Frame{.function = use.function, .unnormalized = unnormalized, .variables = std::move(variables)});
  const auto* const bound = std::exchange(bound_, nullptr);
  ++call_depth_;
  const Flow flow = function_body(function);
  --call_depth_;
  --active_calls_[use.function];
  bound_ = bound;
  Frame mine = std::exchange(call_, outer);
  for (auto& [s, slot] : saved) slots_[s] = std::move(slot);
  if (flow == Flow::rejected) throw Rejection{};
  if (function.info.result.base != Base::tuple) {
    for (Value& result : mine.results) result = promoted(std::move(result), function.info.result);
    return std::move(mine.results);
  }
  const std::vector<StanType> types = leaf_types(function.info.result);
  for (std::size_t i = 0; i < mine.results.size(); ++i)
    mine.results[i] = promoted(std::move(mine.results[i]), types[i]);
  return std::move(mine.results);
}

Value Evaluator::call_for_value(const UserFunctionUse& use, std::span<const TypedExpression* const> arguments,
                                Range range) {
  std::vector<Value> results = call(use, arguments, range);
  if (!results.empty()) return std::move(results[static_cast<std::size_t>(use.slot)]);
  const std::string& name = program_.tree.functions[static_cast<std::size_t>(use.function)].name.text;
  fail({.range = range, .message = fmt::format("'{}' ends without returning a value", name)});
}

Evaluator::Flow Evaluator::function_body(const FunctionDefinition<Typed>& function) {
  const bool all_known =
      std::ranges::all_of(function.info.parameters, [this](SymbolId s) { return is_known(value(s)); });
  if (all_known) return execute(*function.body);
  const Dependence dependence(program_, *function.body, [this](SymbolId s) { return !is_known(value(s)); });
  if (!dependence.leaves_under_condition(*function.body, Dependence::Leaving::function)) return execute(*function.body);
  try {
    Tracer tracer(*this, *function.body);
    if (!tracer.run(&function.info.results)) return Flow::rejected;
    Equations(*this, tracer.trace()).solve();
  } catch (const NotWhole& reason) {
    unsupported(reason.range, fmt::format("a return where a condition depends on parameters: {}", reason.reason));
  } catch (const symbolic::NotVectorizable& error) {
    unsupported(function.name.range, fmt::format("a return where a condition depends on parameters: {}", error.what()));
  }
  for (const SymbolId result : function.info.results) call_.results.push_back(value(result));
  return Flow::returned;
}

void Evaluator::call_statement(const TypedStatement& statement, const CallStatement<Typed>& call) {
  std::vector<const TypedExpression*> arguments;
  for (const TypedExpression& argument : call.arguments) arguments.push_back(&argument);
  std::vector<Value> values;
  if (statement.info.user) {
    values = this->call(statement.info.user, arguments, statement.range);
  } else {
    for (const TypedExpression* argument : arguments) values.push_back(evaluate(*argument));
  }
  for (std::size_t i = 0; i < statement.info.results.size(); ++i) {
    Shape shape = shape_of(values.at(i));
    declare(statement.info.results[i], std::move(shape), std::move(values[i]));
  }
}

bool Evaluator::is_variable(const TypedExpression& expression) const {
  if (block_ == BlockKind::TransformedData || block_ == BlockKind::GeneratedQuantities) return false;
  if (std::holds_alternative<TargetValue>(expression.node)) return true;
  if (expression.info.data_only) return false;
  if (std::holds_alternative<VariableReference>(expression.node)) {
    const Symbol& variable = symbol(expression.info.symbol);
    if (variable.function == no_function) return true;
    const FunctionInfo& info = program_.tree.functions[static_cast<std::size_t>(variable.function)].info;
    const auto found = std::ranges::find(info.parameters, expression.info.symbol);
    if (found != info.parameters.end())
      return call_.variables[static_cast<std::size_t>(found - info.parameters.begin())];
    // A local variable of a function holds derivatives where any argument does.
    return info.kind == FunctionKind::adds_to_target ||
           std::ranges::find(call_.variables, true) != call_.variables.end();
  }
  bool found = false;
  for_each_child(expression, [&](const TypedExpression& child) { found = found || is_variable(child); });
  return found;
}

std::vector<bool> Evaluator::variables_of(std::span<const TypedExpression* const> arguments) const {
  std::vector<bool> variables;
  for (const TypedExpression* argument : arguments) variables.push_back(is_variable(*argument));
  return variables;
}

}  // namespace leapgraph::models::lower
