/// Evaluates bounds and compares values with them.
#include "leapgraph/models/lower/constraint.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "leapgraph/models/data.hpp"
#include "leapgraph/models/library/shapes.hpp"
#include "leapgraph/models/syntax/overloaded.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::lower {

using library::TransformBounds;
using symbolic::Array;
using symbolic::Expr;
using symbolic::Shape;

namespace {

const SizedWord<Typed>& word_of(const SizedType<Typed>& type) {
  const SizedType<Typed>* element = &type;
  while (const auto* array = std::get_if<SizedArray<Typed>>(&element->kind)) element = array->element.get();
  return std::get<SizedWord<Typed>>(element->kind);
}

/// A container's bound is as large as the variable, or as one element of its arrays.
bool fits(const Shape& bound, const Shape& variable) {
  return bound.size() <= variable.size() && std::equal(bound.rbegin(), bound.rend(), variable.rbegin());
}

/// Element `i` of a variable meets this number of the bound.
double bound_at(const std::optional<Value>& bound, std::int64_t i, double absent) {
  if (!bound) return absent;
  if (is_number(*bound)) return real_of(*bound);
  const Array& array = std::get<Array>(*bound);
  return array.real(i % array.size());
}

}  // namespace

std::vector<Declared> declared_variables(Evaluator& evaluator, const TypedProgram& program,
                                         const Declaration<Typed>& declaration) {
  std::vector<Declared> variables;
  for (const Variable<Typed>& variable : declaration.variables) {
    const SymbolId id = variable.info.symbol;
    variables.push_back({.symbol = id,
                         .name = variable.name.text,
                         .type = program.symbols[static_cast<std::size_t>(id)].type,
                         .shape = evaluator.shape_of_type(declaration.type, variable.name.text),
                         .range = variable.name.range,
                         .sized = &declaration.type,
                         .arrays = variable.info.arrays});
  }
  return variables;
}

std::vector<Declared> declared_variables(Evaluator& evaluator, const TypedProgram& program,
                                         const ProgramBlock<Typed>& block) {
  std::vector<Declared> variables;
  for (const TypedStatement& statement : block.statements) {
    if (const auto* declaration = std::get_if<Declaration<Typed>>(&statement.node)) {
      for (Declared& variable : declared_variables(evaluator, program, *declaration)) {
        variables.push_back(std::move(variable));
      }
    }
  }
  return variables;
}

std::string declaration_text(const Declared& variable, const Source& source) {
  const Location place = source.locate(variable.range.begin);
  return fmt::format("{} {}, at {}:{}:{}", source.text(variable.sized->range), variable.name, place.file, place.line,
                     place.column);
}

const library::StructuredTransform* structured_transform_of(const Declared& variable) {
  return library::structured_transform(word_of(*variable.sized).word);
}

Constraint constraint_of(Evaluator& evaluator, const Declared& variable) {
  const Bounds<Typed>& bounds = word_of(*variable.sized).bounds;
  const auto evaluated = [&](const ExpressionPtr<Typed>& bound) -> std::optional<Value> {
    if (!bound) return std::nullopt;
    Value value = evaluator.evaluate(*bound);
    if (!fits(shape_of(value), variable.shape)) {
      evaluator.fail({.range = bound->range,
                      .message = fmt::format("the sizes of '{}' and its bound differ", variable.name),
                      .expected = library::describe(variable.type, variable.shape),
                      .found = library::describe(bound->info.type, shape_of(value))});
    }
    return value;
  };
  return {.transform = &library::transform_for(bounds.lower != nullptr, bounds.upper != nullptr,
                                               bounds.offset != nullptr, bounds.multiplier != nullptr),
          .lower = evaluated(bounds.lower),
          .upper = evaluated(bounds.upper),
          .offset = evaluated(bounds.offset),
          .multiplier = evaluated(bounds.multiplier),
          .structured = structured_transform_of(variable)};
}

TransformBounds<Expr> bounds_as_expressions(const Constraint& constraint) {
  const auto real = [](const std::optional<Value>& bound) {
    if (!bound) return Expr();
    return symbolic::cast(expression_from(is_number(*bound) ? Value(real_of(*bound)) : *bound),
                          symbolic::DType::float64);
  };
  return {.lower = real(constraint.lower),
          .upper = real(constraint.upper),
          .offset = real(constraint.offset),
          .multiplier = real(constraint.multiplier)};
}

TransformBounds<double> bounds_of_element(const Constraint& constraint, std::int64_t element) {
  return {.lower = bound_at(constraint.lower, element, 0),
          .upper = bound_at(constraint.upper, element, 0),
          .offset = bound_at(constraint.offset, element, 0),
          .multiplier = bound_at(constraint.multiplier, element, 1)};
}

std::optional<Violation> violation(const Declared& variable, const Constraint& constraint, const Array& value) {
  if (constraint.structured != nullptr) {
    const std::vector<double> elements = value.reals();
    const Shape lengths = variable.value_lengths();
    const std::int64_t size = symbolic::element_count(lengths);
    for (std::int64_t i = 0; i < variable.value_count(); ++i) {
      const auto one = std::span(elements).subspan(static_cast<std::size_t>(i * size), static_cast<std::size_t>(size));
      if (auto fault = constraint.structured->fault(one, lengths)) {
        return Violation{i * size + fault->element, std::move(fault->message)};
      }
    }
    return std::nullopt;
  }
  for (std::int64_t i = 0; i < value.size(); ++i) {
    const TransformBounds<double> bounds = bounds_of_element(constraint, i);
    if (constraint.transform->holds(value.real(i), bounds)) continue;
    if (!constraint.upper) return Violation{i, fmt::format("must be at least {}", bounds.lower)};
    if (!constraint.lower) return Violation{i, fmt::format("must be at most {}", bounds.upper)};
    return Violation{i, fmt::format("must be between {} and {}", bounds.lower, bounds.upper)};
  }
  return std::nullopt;
}

void require_constraint(Evaluator& evaluator, const Declared& variable, std::string_view when) {
  const Array value = array_from(evaluator.value(variable.symbol));
  const std::optional<Violation> wrong = violation(variable, constraint_of(evaluator, variable), value);
  if (!wrong) return;
  const auto element = static_cast<std::size_t>(wrong->element);
  evaluator.fail(
      {.range = variable.range,
       .message = fmt::format("{}{} {}", variable.name, element_indices(variable.shape, element), wrong->message),
       .found = fmt::format("{}", value.real(wrong->element)),
       .hint = std::string(when)});
}

Expr holds(const Declared& variable, const Constraint& constraint, const Expr& value) {
  if (constraint.structured != nullptr) {
    Shape shape = variable.value_lengths();
    shape.insert(shape.begin(), variable.value_count());
    return symbolic::all(constraint.structured->holds(symbolic::reshape(value, shape)));
  }
  const TransformBounds<Expr> bounds = bounds_as_expressions(constraint);
  Expr result = symbolic::constant(true);
  if (bounds.lower) result = value >= bounds.lower;
  if (bounds.upper)
    result = bounds.lower ? symbolic::logical_and(result, value <= bounds.upper) : value <= bounds.upper;
  return result.rank() > 0 ? symbolic::all(result) : result;
}

}  // namespace leapgraph::models::lower
