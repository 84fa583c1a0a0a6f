/// Truncation: `y ~ d(a) T[lower, upper];` becomes `y ~ d(a);` and what the bounds add to the log density.
#include <fmt/format.h>

#include <array>

#include "leapgraph/models/library/library.hpp"
#include "leapgraph/models/types/checker.hpp"

namespace leapgraph::models {
namespace {

using library::Quantity;

Quantity quantity_of(const Truncation<Untyped>& truncation) {
  if (!truncation.upper) return Quantity::truncation_from;
  return truncation.lower ? Quantity::truncation_between : Quantity::truncation_to;
}

bool is_container(const TypedExpression& expression) { return rank(expression.info.type) > 0; }

TypedExpression call_of(std::string name, std::vector<TypedExpression> arguments, StanType type, Range range) {
  const bool data_only = all_data_only(arguments);
  TypedExpression call{.node = Call<Typed>{.function = {std::move(name), range}, .arguments = std::move(arguments)},
                       .range = range,
                       .info = {}};
  call.info.type = type;
  call.info.data_only = data_only;
  return call;
}

/// The arguments of a call, which are moved into it.
template <class... Arguments>
std::vector<TypedExpression> listed(Arguments... arguments) {
  std::vector<TypedExpression> list;
  (list.push_back(std::move(arguments)), ...);
  return list;
}

TypedStatement added_to_target(TypedExpression value, Range range) {
  return {.node = TargetIncrement<Typed>{.value = std::move(value)}, .range = range, .info = {}};
}

}  // namespace

std::vector<TypedExpression> Checker::outcome_and_arguments(const Tilde<Untyped>& tilde) {
  std::vector<TypedExpression> all;
  all.push_back(expression(tilde.variate));
  for (TypedExpression& argument : expressions(tilde.arguments)) all.push_back(std::move(argument));
  return all;
}

TypedStatement Checker::truncated(TypedStatement untruncated, const Tilde<Untyped>& tilde) {
  const Truncation<Untyped>& truncation = *tilde.truncation;
  if (!truncation.lower && !truncation.upper) return untruncated;
  const std::size_t faults = errors_.size();
  for (const ExpressionPtr<Untyped>& bound : {std::cref(truncation.lower), std::cref(truncation.upper)}) {
    if (!bound) continue;
    const StanType type = expression(*bound).info.type;
    if (type.is_unknown() || promotes(type, stan_types::real)) continue;
    error({.range = bound->range,
           .message = "Ill-typed bound of a truncation",
           .expected = "int or real",
           .found = to_string(type)});
  }
  // Operands are checked a second time below, and have been complained about.
  if (faults != errors_.size() || !std::holds_alternative<Tilde<Typed>>(untruncated.node)) return untruncated;
  const std::size_t warned = warnings_.size();
  const library::Distribution* distribution = untruncated.info.density.distribution;
  const bool in_library = distribution != nullptr && distribution->lcdf != nullptr && distribution->lccdf != nullptr;
  const Range range = untruncated.range;
  std::vector<TypedStatement> statements;
  statements.push_back(std::move(untruncated));
  if (in_library) {
    statements.push_back(added_to_target(library_truncation(tilde, *distribution), range));
  } else {
    user_truncation(tilde, range, statements);
  }
  warnings_.resize(warned);
  return {.node = Block<Typed>{.statements = std::move(statements)}, .range = range, .info = {}};
}

TypedExpression Checker::library_truncation(const Tilde<Untyped>& tilde, const library::Distribution& distribution) {
  std::vector<TypedExpression> arguments = outcome_and_arguments(tilde);
  for (const ExpressionPtr<Untyped>& bound : {std::cref(tilde.truncation->lower), std::cref(tilde.truncation->upper)}) {
    if (!bound) continue;
    arguments.push_back(expression(*bound));
    if (!distribution.is_discrete() || promotes(arguments.back().info.type, stan_types::integer)) continue;
    error({.range = bound->range,
           .message = fmt::format("Ill-typed bound of the distribution '{}'", distribution.name),
           .expected = "int",
           .found = to_string(arguments.back().info.type)});
  }
  TypedExpression added =
      call_of(tilde.distribution.text, std::move(arguments), stan_types::real, tilde.distribution.range);
  added.info.density = {.distribution = &distribution, .quantity = quantity_of(*tilde.truncation)};
  return added;
}

TypedExpression Checker::library_call(std::string_view name, std::vector<TypedExpression> arguments, Range range) {
  if (any_unknown(arguments)) return call_of(std::string(name), std::move(arguments), stan_types::unknown, range);
  FunctionUse use = resolve_function(name, fmt::format("function '{}'", name), types_of(arguments), range);
  TypedExpression call = call_of(std::string(name), std::move(arguments), use.resolution.result, range);
  call.info.function = std::move(use);
  return call;
}

/// For distributions whose distribution functions the program defines: `if (y < lower || y > upper) target +=
/// negative_infinity(); target += -size(y) * foo_lccdf(lower | a);` and its like.
void Checker::user_truncation(const Tilde<Untyped>& tilde, Range range, std::vector<TypedStatement>& into) {
  const Truncation<Untyped>& truncation = *tilde.truncation;
  const Range place = truncation.range;
  const auto call = [&](std::string_view name, auto... arguments) {
    return library_call(name, listed(std::move(arguments)...), place);
  };
  std::vector<TypedExpression> arguments = outcome_and_arguments(tilde);
  const bool is_discrete = holds_integers(arguments[0].info.type);
  const bool many_outcomes = is_container(arguments[0]);
  bool many_parameters = false;
  for (std::size_t i = 1; i < arguments.size(); ++i) many_parameters = many_parameters || is_container(arguments[i]);
  if (many_parameters && truncation.lower && truncation.upper) {
    unsupported(place,
                "truncation between two bounds by functions of the program, with a container among the arguments,");
    return;
  }

  const auto log_probability = [&](std::string_view suffix, const ExpressionPtr<Untyped>& bound, bool below) {
    std::vector<TypedExpression> all = outcome_and_arguments(tilde);
    all[0] = expression(*bound);
    if (is_discrete && below) {
      TypedExpression one{.node = IntLiteral{.value = 1}, .range = place, .info = {}};
      one.info.type = stan_types::integer;
      all[0] = call("subtract", std::move(all[0]), std::move(one));
    }
    const std::string name = tilde.distribution.text + std::string(suffix);
    const FunctionId id = user_function(name, all, place);
    const StanType type = id == no_function ? stan_types::unknown : stan_types::real;
    TypedExpression value = call_of(name, std::move(all), type, place);
    value.info.user = {.function = id};
    return value;
  };
  const std::string needed = tilde.distribution.text + (truncation.upper ? "_lcdf" : "_lccdf");
  if (!is_user_function(needed)) {
    error({.range = place,
           .message = fmt::format("the distribution '{}' cannot be truncated here: there is no function '{}'",
                                  tilde.distribution.text, needed)});
    return;
  }
  TypedExpression probability = truncation.upper ? log_probability("_lcdf", truncation.upper, false)
                                                 : log_probability("_lccdf", truncation.lower, true);
  if (probability.info.type.is_unknown()) return;
  if (truncation.lower && truncation.upper)
    probability = call("log_diff_exp", std::move(probability), log_probability("_lcdf", truncation.lower, true));

  const auto outside = [&](const ExpressionPtr<Untyped>& bound, std::string_view relation, std::string_view extreme) {
    TypedExpression outcome = expression(tilde.variate);
    if (many_outcomes) outcome = call(extreme, std::move(outcome));
    If<Typed> test;
    auto impossible = std::make_unique<TypedStatement>(added_to_target(call("negative_infinity"), range));
    test.branches.push_back(
        {.condition = call(relation, std::move(outcome), expression(*bound)), .body = std::move(impossible)});
    into.push_back({.node = std::move(test), .range = range, .info = {}});
  };
  if (truncation.lower) outside(truncation.lower, "logical_lt", "min");
  if (truncation.upper) outside(truncation.upper, "logical_gt", "max");
  if (many_outcomes && !many_parameters)
    probability = call("multiply", call("size", std::move(arguments[0])), std::move(probability));
  into.push_back(added_to_target(call("minus", std::move(probability)), range));
}

}  // namespace leapgraph::models
