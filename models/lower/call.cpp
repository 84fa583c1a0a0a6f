/// Calls of functions that the program defines.
#include <fmt/format.h>

#include <utility>

#include "leapgraph/models/lower/evaluator.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::lower {

namespace {

/// Calls within calls; a program that goes deeper does not end.
constexpr int most_calls = 500;

}  // namespace

std::optional<Value> Evaluator::call(const UserFunctionUse& use, std::span<const TypedExpression* const> arguments,
                                     Range range) {
  const FunctionDefinition<Typed>& function = program_.tree.functions[static_cast<std::size_t>(use.function)];
  if (function.info.kind == FunctionKind::adds_to_jacobian)
    unsupported(range, fmt::format("the call of '{}'", function.name.text));
  if (call_depth_ == most_calls)
    fail({.range = range,
          .message = fmt::format("the call of '{}' is more than {} calls deep", function.name.text, most_calls)});
  std::vector<Value> values;
  for (std::size_t i = 0; i < arguments.size(); ++i)
    values.push_back(promoted(evaluate(*arguments[i]), symbol(function.info.parameters[i]).type));

  // A call of the same function further up keeps its variables.
  std::vector<std::pair<std::size_t, Slot>> saved;
  const int active = active_calls_[use.function]++;
  for (std::size_t s = 0; s < program_.symbols.size() && active > 0; ++s)
    if (program_.symbols[s].function == use.function) saved.emplace_back(s, slots_[s]);
  for (std::size_t i = 0; i < values.size(); ++i) {
    symbolic::Shape shape = shape_of(values[i]);
    declare(function.info.parameters[i], std::move(shape), std::move(values[i]));
  }
  const Frame outer = std::exchange(call_, Frame{.function = use.function, .unnormalized = use.unnormalized});
  const auto* const bound = std::exchange(bound_, nullptr);
  ++call_depth_;
  const Flow flow = execute(*function.body);
  --call_depth_;
  --active_calls_[use.function];
  bound_ = bound;
  Frame mine = std::exchange(call_, outer);
  for (auto& [s, slot] : saved) slots_[s] = std::move(slot);
  if (flow == Flow::rejected) throw Rejection{};
  if (mine.result) *mine.result = promoted(*std::move(mine.result), function.info.result);
  return std::move(mine.result);
}

Value Evaluator::call_for_value(const UserFunctionUse& use, std::span<const TypedExpression* const> arguments,
                                Range range) {
  std::optional<Value> result = call(use, arguments, range);
  if (result) return *std::move(result);
  const std::string& name = program_.tree.functions[static_cast<std::size_t>(use.function)].name.text;
  fail({.range = range, .message = fmt::format("'{}' ends without returning a value", name)});
}

}  // namespace leapgraph::models::lower
