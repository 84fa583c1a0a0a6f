/// Expressions: known values are computed, the rest is built.
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "leapgraph/models/library/draws.hpp"
#include "leapgraph/models/library/evaluate.hpp"
#include "leapgraph/models/library/shapes.hpp"
#include "leapgraph/models/lower/evaluator.hpp"
#include "leapgraph/models/syntax/overloaded.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::lower {

using symbolic::Array;
using symbolic::Expr;
using symbolic::Exprs;

namespace {

/// The function on plain numbers, by the record's own definition; nothing where it has none for arguments like these.
std::optional<Value> apply_to_numbers(const FunctionUse& use, std::span<const Value* const> arguments) {
  const library::Known& known = use.function->known;
  const std::vector<StanType>& types = use.resolution.parameters;
  // `library::evaluate` complains about a nan where the record says so.
  const auto in_domain = [&](double value) -> std::optional<Value> {
    if (std::isnan(value) && !use.function->domain.empty()) return std::nullopt;
    return value;
  };
  if (arguments.size() == 2) {
    if (!is_number(*arguments[0]) || !is_number(*arguments[1])) return std::nullopt;
    if (types[0].is_int() && types[1].is_int()) {
      if (known.integer_map2 == nullptr) return std::nullopt;
      return known.integer_map2(std::get<std::int64_t>(*arguments[0]), std::get<std::int64_t>(*arguments[1]));
    }
    if (types[0].is_int() || types[1].is_int()) return std::nullopt;
    const double x = real_of(*arguments[0]), y = real_of(*arguments[1]);
    if (known.relation != nullptr) return known.relation(x, y);
    if (known.real_map2 != nullptr) return in_domain(known.real_map2(x, y));
  } else if (arguments.size() == 1) {
    if (!is_number(*arguments[0])) return std::nullopt;
    if (types[0].is_int()) {
      if (known.integer_map != nullptr) return known.integer_map(std::get<std::int64_t>(*arguments[0]));
    } else if (known.real_map != nullptr) {
      return in_domain(known.real_map(real_of(*arguments[0])));
    }
  }
  return std::nullopt;
}

/// The value of an expression that depends on nothing.
Array value_of(const Expr& expression) { return symbolic::interpret({{}, {expression}}, {}).at(0); }

/// What a sequence of values that depend on parameters looks like as one tensor.
Expr stacked(const std::vector<Value>& elements, const StanType& element) {
  symbolic::Operands parts;
  for (const Value& value : elements) parts.emplace_back(expression_from(promoted(value, element)));
  return symbolic::stack(parts);
}

Array joined(const std::vector<Value>& elements, const StanType& element) {
  symbolic::Shape shape = elements.empty() ? symbolic::Shape{} : shape_of(elements[0]);
  const std::int64_t size = symbolic::element_count(shape);
  shape.insert(shape.begin(), static_cast<std::int64_t>(elements.size()));
  Array result(symbolic::Type{dtype_of(element), shape});
  std::int64_t next = 0;
  for (const Value& value : elements) {
    const Array part = array_from(value);
    for (std::int64_t i = 0; i < size; ++i, ++next) {
      if (holds_integers(element)) {
        result.set_integer(next, part.integer(i));
      } else {
        result.set(next, part.real(i));
      }
    }
  }
  return result;
}

}  // namespace

const Value& Evaluator::view(const TypedExpression& expression, Value& scratch) {
  if (std::holds_alternative<VariableReference>(expression.node) &&
      (bound_ == nullptr || !bound_->contains(&expression)))
    return slot(expression.info.symbol).value;
  scratch = evaluate(expression);
  return scratch;
}

Value Evaluator::evaluate(const TypedExpression& expression) {
  if (bound_ != nullptr) {
    const auto found = bound_->find(&expression);
    if (found != bound_->end()) return found->second;
  }
  return std::visit(
      overloaded{
          [&](const IntLiteral& node) -> Value { return std::int64_t{node.value}; },
          [&](const RealLiteral& node) -> Value { return node.value; },
          [&](const VariableReference&) -> Value {
            Value scratch;
            return view(expression, scratch);
          },
          [&](const Binary<Typed>& node) { return evaluate_binary(expression, node); },
          [&](const Indexed<Typed>&) { return evaluate_indexed(expression); },
          [&](const Unary<Typed>& node) {
            Value scratch;
            const Value* arguments[] = {&view(*node.operand, scratch)};
            return apply(expression.info.function, arguments, expression.range, text(node.op));
          },
          [&](const Call<Typed>& node) { return evaluate_call(expression, node); },
          [&](const Ternary<Typed>& node) { return choose(expression, node); },
          [&](const ArrayLiteral<Typed>& node) { return evaluate_elements(expression, node.elements); },
          [&](const RowVectorLiteral<Typed>& node) { return evaluate_elements(expression, node.elements); },
          [&](const TargetValue&) { return target(); },
          [&](const ImaginaryLiteral& node) -> Value {
            return Array::vector({0.0, node.value});
          },
          [](const TupleLiteral<Typed>&) -> Value { throw InternalError("a tuple was not taken apart"); },
          [](const TupleProjection<Typed>&) -> Value { throw InternalError("a tuple was not taken apart"); },
      },
      expression.node);
}

Value Evaluator::choose(const TypedExpression& expression, const Ternary<Typed>& choice) {
  const Value condition = evaluate(*choice.condition);
  if (is_known(condition)) {
    const bool chosen = real_of(condition) != 0;
    return promoted(evaluate(chosen ? *choice.then : *choice.otherwise), expression.info.type);
  }
  const Value then = promoted(evaluate(*choice.then), expression.info.type);
  const Value otherwise = promoted(evaluate(*choice.otherwise), expression.info.type);
  require_shape(shape_of(then), otherwise, expression.info.type, choice.otherwise->range);
  return symbolic::where(symbolic::neq(std::get<Expr>(condition), 0), expression_from(then),
                         expression_from(otherwise));
}

Value Evaluator::evaluate_binary(const TypedExpression& expression, const Binary<Typed>& binary) {
  Value left_scratch, right_scratch;
  const Value& left = view(*binary.left, left_scratch);
  const bool decides = binary.op == BinaryOperator::And || binary.op == BinaryOperator::Or;
  if (decides && is_known(left)) {
    const bool is_true = real_of(left) != 0;
    if (is_true == (binary.op == BinaryOperator::Or)) return std::int64_t{is_true};
  }
  const Value* arguments[] = {&left, &view(*binary.right, right_scratch)};
  return apply(expression.info.function, arguments, expression.range, text(binary.op));
}

Value Evaluator::evaluate_call(const TypedExpression& expression, const Call<Typed>& call) {
  if (expression.info.solver.solver != nullptr) return solve(expression, call);
  if (expression.info.user || expression.info.density.distribution != nullptr) {
    std::vector<const TypedExpression*> arguments;
    for (const TypedExpression& argument : call.arguments) arguments.push_back(&argument);
    if (expression.info.user) return call_for_value(expression.info.user, arguments, expression.range);
    return density(expression.info.density, arguments, expression.range);
  }
  if (expression.info.draws()) return drawn(expression, call);
  constexpr std::size_t few = 4;
  const std::size_t count = call.arguments.size();
  std::array<Value, few> scratch_few;
  std::array<const Value*, few> arguments_few{};
  std::vector<Value> scratch_many(count > few ? count : 0);
  std::vector<const Value*> arguments_many(count > few ? count : 0);
  const std::span<Value> scratch = count > few ? std::span<Value>(scratch_many) : std::span(scratch_few).first(count);
  const std::span<const Value*> arguments =
      count > few ? std::span<const Value*>(arguments_many) : std::span(arguments_few).first(count);
  for (std::size_t i = 0; i < count; ++i) arguments[i] = &view(call.arguments[i], scratch[i]);
  return apply(expression.info.function, arguments, expression.range, call.function.text);
}

Value Evaluator::evaluate_elements(const TypedExpression& expression, const std::vector<TypedExpression>& elements) {
  const StanType& type = expression.info.type;
  StanType element = type;
  if (type.is_array()) {
    element = element_of(type);
  } else {
    element = base_rank(type.base) == 2 ? stan_types::row_vector : stan_types::real;
    if (holds_complex(type)) element = with_complex(element);
  }
  std::vector<Value> values;
  bool known = true;
  for (const TypedExpression& child : elements) {
    values.push_back(promoted(evaluate(child), element));
    known = known && is_known(values.back());
    if (shape_of(values.back()) == shape_of(values.front())) continue;
    fail({.range = child.range,
          .message = "the elements differ in size",
          .expected = library::describe(element, shape_of(values.front())),
          .found = library::describe(element, shape_of(values.back()))});
  }
  if (known) return joined(values, element);
  return stacked(values, element);
}

Expr Evaluator::argument(const Value& value, const StanType& type) {
  const auto* array = std::get_if<Array>(&value);
  if (array == nullptr || array->dtype() == dtype_of(type) || holds_complex(type))
    return expression_from(promoted(value, type));
  const auto [entry, is_new] = reals_.try_emplace(array->raw(), *array, Array());
  if (is_new) entry->second.second = array->cast(dtype_of(type));
  return expression_from(entry->second.second);
}

Value Evaluator::apply(const FunctionUse& use, std::span<const Value* const> arguments, Range range,
                       std::string_view shown) {
  try {
    if (std::optional<Value> number = apply_to_numbers(use, arguments)) return *std::move(number);
    bool known = true;
    for (const Value* value : arguments) known = known && is_known(*value);
    if (use.function->log_jacobian) add_log_jacobian(use, arguments, range, shown);
    if (known) {
      std::vector<Array> arrays;
      for (std::size_t i = 0; i < arguments.size(); ++i) {
        const StanType& type = use.resolution.parameters[i];
        arrays.push_back(array_from(holds_complex(type) ? promoted(*arguments[i], type) : *arguments[i]));
      }
      return value_from(library::evaluate(*use.function, use.resolution, arrays));
    }
    Exprs expressions;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      expressions.push_back(argument(*arguments[i], use.resolution.parameters[i]));
    }
    return value_from(library::build(*use.function, use.resolution, expressions));
  } catch (const library::UnknownInteger& error) {
    if (bound_ != nullptr) throw;  // it is known in each iteration
    fail({.range = range, .message = fmt::format("'{}': {}", shown, error.what())});
  } catch (const library::ArgumentError& error) {
    fail({.range = range, .message = fmt::format("'{}': {}", shown, error.what())});
  } catch (const symbolic::GraphError& error) {
    fail({.range = range, .message = fmt::format("'{}': {}", shown, error.what())});
  }
}

void Evaluator::add_log_jacobian(const FunctionUse& use, std::span<const Value* const> arguments, Range range,
                                 std::string_view shown) {
  Exprs expressions;
  bool known = true;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    known = known && is_known(*arguments[i]);
    expressions.push_back(argument(*arguments[i], use.resolution.parameters[i]));
  }
  const Expr term = library::log_jacobian(*use.function, use.resolution, expressions);
  add({.range = range,
       .value = known ? Value(value_of(term).real()) : value_from(term),
       .text = fmt::format("the log-Jacobian of `{}`", shown)});
}

Value Evaluator::density(const DensityUse& use, std::span<const TypedExpression* const> arguments, Range range) {
  Exprs expressions;
  bool known = true;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    Value scratch;
    const Value& value = view(*arguments[i], scratch);
    known = known && is_known(value);
    const bool is_bound = i >= use.distribution->arguments.size();  // of a truncation
    const bool integer = use.distribution->arguments[is_bound ? 0 : i].integer;
    expressions.push_back(argument(value, integer ? stan_types::integer : stan_types::real));
  }
  try {
    const Expr term = library::value_of(*use.distribution, use.quantity, expressions,
                                        keeps_all_terms() ? library::everything : use.terms_for);
    densities_.push_back({use.distribution, use.quantity, std::move(expressions)});
    if (known) return value_of(term).real();
    return value_from(term);
  } catch (const library::ArgumentError& error) {
    fail({.range = range, .message = fmt::format("'{}': {}", use.distribution->name, error.what())});
  } catch (const symbolic::GraphError& error) {
    fail({.range = range, .message = fmt::format("'{}': {}", use.distribution->name, error.what())});
  }
}

bool Evaluator::all_is_known() const { return stream_ && symbolic::constant_value(stream_).has_value(); }

Value Evaluator::drawn(const TypedExpression& expression, const Call<Typed>& call) {
  const library::DrawnDistribution& drawn = expression.info.drawn;
  const FunctionUse& function = expression.info.function;
  Exprs parameters;
  std::vector<StanType> types;
  bool known = symbolic::constant_value(stream_).has_value();
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    Value scratch;
    const Value& value = view(call.arguments[i], scratch);
    known = known && is_known(value);
    types.push_back(call.arguments[i].info.type);
    const bool integer = drawn && drawn.distribution->arguments[i + 1].integer;
    parameters.push_back(argument(value, !drawn    ? function.resolution.parameters[i]
                                         : integer ? stan_types::integer
                                                   : stan_types::real));
  }
  Places* const place = places_ == nullptr ? nullptr : &places_->at(&expression);
  library::Draws draws(stream_, place != nullptr ? place->first : symbolic::constant(next_place_));
  try {
    if (drawn) require_domains(*drawn.distribution, parameters, expression.range);
    const Expr result = drawn ? drawn.draw(draws, parameters, types)
                              : function.function->draw(
                                    draws, {parameters, function.resolution.parameters, function.resolution.result});
    if (place != nullptr) {
      place->taken = draws.taken();
    } else {
      next_place_ += draws.taken();
    }
    return known ? value_from(value_of(result)) : value_from(result);
  } catch (const library::UnknownInteger& error) {
    if (bound_ != nullptr) throw;  // it is known in each iteration
    fail({.range = expression.range, .message = fmt::format("'{}': {}", call.function.text, error.what())});
  } catch (const library::ArgumentError& error) {
    fail({.range = expression.range, .message = fmt::format("'{}': {}", call.function.text, error.what())});
  } catch (const symbolic::GraphError& error) {
    fail({.range = expression.range, .message = fmt::format("'{}': {}", call.function.text, error.what())});
  }
}

/// Parameters outside their domain: an error where they are known, else something that the draw requires.
void Evaluator::require_domains(const library::Distribution& distribution, std::span<const Expr> parameters,
                                Range range) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const library::DensityArgument& argument = distribution.arguments[i + 1];
    if (const std::optional<Array> value = symbolic::constant_value(parameters[i])) {
      if (const auto wrong = library::violation(argument, *value))
        fail({.range = range, .message = fmt::format("'{}_rng': {}", distribution.name, *wrong)});
      continue;
    }
    const Expr holds = argument.domain->test(parameters[i]);
    require({.range = range, .holds = holds.rank() > 0 ? symbolic::all(holds) : holds});
  }
}

std::int64_t Evaluator::integer(const TypedExpression& expression, std::string_view what) {
  Value scratch;
  const Value& value = view(expression, scratch);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  unsupported(expression.range, fmt::format("{} that depends on parameters", what));
}

bool Evaluator::condition(const TypedExpression& expression) { return integer(expression, "a condition") != 0; }

Value Evaluator::target() const {
  double known = 0;
  Expr sum;
  for (const Contribution& contribution : contributions_) {
    if (const auto* expression = std::get_if<Expr>(&contribution.value)) {
      sum = sum ? sum + *expression : *expression;
    } else {
      known += real_of(contribution.value);
    }
  }
  if (!sum) return known;
  return known == 0 ? sum : sum + known;
}

}  // namespace leapgraph::models::lower
