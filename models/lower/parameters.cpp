/// Slices the position, applies the transforms, and goes the way back for initial values.
#include "leapgraph/models/lower/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "leapgraph/models/library/function.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::lower {

using symbolic::Array;
using symbolic::Expr;
using symbolic::Shape;

namespace {

/// Which row-major element of the parameter each coordinate is, where elements are constrained one by one: arrays
/// outermost slowest, matrices column after column.
std::vector<std::int64_t> coordinate_elements(const Parameter& parameter) {
  std::vector<std::int64_t> elements(static_cast<std::size_t>(parameter.size));
  std::iota(elements.begin(), elements.end(), std::int64_t{0});
  const Declared& variable = parameter.variable;
  if (variable.type.base != Base::matrix) return elements;
  const std::int64_t rows = variable.shape[variable.shape.size() - 2];
  const std::int64_t columns = variable.shape.back();
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const std::int64_t in_matrix = static_cast<std::int64_t>(i) % (rows * columns);
    const std::int64_t before = static_cast<std::int64_t>(i) - in_matrix;
    elements[i] = before + in_matrix % rows * columns + in_matrix / rows;
  }
  return elements;
}

/// The parameter's coordinates in its shape.
Expr shaped(const Expr& position, const Parameter& parameter) {
  const Declared& variable = parameter.variable;
  if (variable.shape.empty()) return symbolic::at(position, parameter.offset);
  const Expr part = symbolic::slice(position, 0, {parameter.offset, parameter.offset + parameter.size});
  if (variable.type.base != Base::matrix) return symbolic::reshape(part, variable.shape);
  // Column-major: the transposed matrices are row-major.
  Shape transposed = variable.shape;
  std::swap(transposed[transposed.size() - 1], transposed[transposed.size() - 2]);
  symbolic::Axes axes(transposed.size());
  std::iota(axes.begin(), axes.end(), std::int64_t{0});
  std::swap(axes[axes.size() - 1], axes[axes.size() - 2]);
  return symbolic::transpose(symbolic::reshape(part, transposed), axes);
}

/// The values of a parameter whose vectors or matrices are constrained as a whole.
library::Constrained constrained_values(const Expr& position, const Parameter& parameter) {
  const Declared& variable = parameter.variable;
  const std::int64_t count = variable.value_count();
  const Expr part = symbolic::slice(position, 0, {parameter.offset, parameter.offset + parameter.size});
  library::Constrained result = parameter.constraint.structured->constrain(
      symbolic::reshape(part, {count, count == 0 ? 0 : parameter.size / count}), variable.value_lengths());
  result.value = symbolic::reshape(result.value, variable.shape);
  return result;
}

/// The number of a parameter's coordinates.
std::int64_t size_of(const Evaluator& evaluator, const Declared& variable) {
  const library::StructuredTransform* structured = structured_transform_of(variable);
  if (structured == nullptr) return symbolic::element_count(variable.shape);
  try {
    return variable.value_count() * structured->coordinates(variable.value_lengths());
  } catch (const library::ArgumentError& error) {
    evaluator.fail({.range = variable.range, .message = fmt::format("'{}': {}", variable.name, error.what())});
  }
}

/// The coordinates of a known value that holds the constraint, in their order.
std::vector<double> coordinates_of(const Parameter& parameter, const Constraint& constraint, const Array& value) {
  std::vector<double> coordinates;
  if (constraint.structured == nullptr) {
    for (const std::int64_t element : coordinate_elements(parameter)) {
      coordinates.push_back(
          constraint.transform->unconstrain(value.real(element), bounds_of_element(constraint, element)));
    }
    return coordinates;
  }
  const std::vector<double> elements = value.reals();
  const Shape lengths = parameter.variable.value_lengths();
  const auto size = static_cast<std::size_t>(symbolic::element_count(lengths));
  for (std::int64_t i = 0; i < parameter.variable.value_count(); ++i) {
    const std::vector<double> one = constraint.structured->unconstrain(
        std::span(elements).subspan(static_cast<std::size_t>(i) * size, size), lengths);
    coordinates.insert(coordinates.end(), one.begin(), one.end());
  }
  return coordinates;
}

/// The constraint with bounds as they are at a position of which only the coordinates so far are known.
Constraint at_position(Constraint constraint, const Expr& position, const std::vector<double>& coordinates) {
  for (std::optional<Value>* bound :
       {&constraint.lower, &constraint.upper, &constraint.offset, &constraint.multiplier}) {
    if (!*bound || is_known(**bound)) continue;
    const Array arguments[] = {Array::vector(coordinates)};
    *bound = value_from(symbolic::interpret({{position}, {std::get<Expr>(**bound)}}, arguments).at(0));
  }
  return constraint;
}

/// A parameter that no value can have is refused as soon as its bounds are known.
void require_room(const Evaluator& evaluator, const Parameter& parameter) {
  const Constraint& constraint = parameter.constraint;
  const auto known = [](const std::optional<Value>& bound) { return !bound || is_known(*bound); };
  if (!constraint.lower || !constraint.upper || !known(constraint.lower) || !known(constraint.upper)) return;
  for (std::int64_t i = 0; i < parameter.size; ++i) {
    const auto bounds = bounds_of_element({.lower = constraint.lower, .upper = constraint.upper}, i);
    if (bounds.lower < bounds.upper) continue;
    const Declared& variable = parameter.variable;
    evaluator.fail({.range = variable.range,
                    .message = fmt::format("the bounds of '{}{}' leave no room", variable.name,
                                           element_indices(variable.shape, static_cast<std::size_t>(i))),
                    .expected = "a lower bound below the upper one",
                    .found = fmt::format("lower={}, upper={}", bounds.lower, bounds.upper)});
  }
}

}  // namespace

std::vector<Parameter> parameters_of(Evaluator& evaluator, const TypedProgram& program,
                                     const ProgramBlock<Typed>& block) {
  std::vector<Parameter> parameters;
  std::int64_t offset = 0;
  for (Declared& variable : declared_variables(evaluator, program, block)) {
    const std::int64_t size = size_of(evaluator, variable);
    parameters.push_back({.variable = std::move(variable), .offset = offset, .size = size});
    offset += size;
  }
  return parameters;
}

std::int64_t dimension_of(const std::vector<Parameter>& parameters) {
  return parameters.empty() ? 0 : parameters.back().offset + parameters.back().size;
}

void constrain_parameters(Evaluator& evaluator, std::vector<Parameter>& parameters, const Expr& position) {
  for (Parameter& parameter : parameters) {
    const Declared& variable = parameter.variable;
    parameter.constraint = constraint_of(evaluator, variable);
    require_room(evaluator, parameter);
    const library::Constrained constrained =
        parameter.constraint.structured != nullptr
            ? constrained_values(position, parameter)
            : parameter.constraint.transform->constrain(shaped(position, parameter),
                                                        bounds_as_expressions(parameter.constraint));
    evaluator.declare(variable.symbol, variable.shape, constrained.value);
    if (!constrained.log_jacobian) continue;
    evaluator.add({.range = variable.range,
                   .value = constrained.log_jacobian,
                   .text = fmt::format("the log-Jacobian of `{}`", variable.name)});
  }
}

std::vector<std::string> coordinate_names(const std::vector<Parameter>& parameters) {
  std::vector<std::string> names;
  for (const Parameter& parameter : parameters) {
    const Declared& variable = parameter.variable;
    const auto add = [&](const Shape& shape, std::int64_t element) {
      std::string indices = element_indices(shape, static_cast<std::size_t>(element));
      std::erase(indices, ' ');
      names.push_back(variable.name + indices);
    };
    if (structured_transform_of(variable) == nullptr) {
      for (const std::int64_t element : coordinate_elements(parameter)) add(variable.shape, element);
      continue;
    }
    Shape numbered(variable.shape.begin(), variable.shape.begin() + variable.type.depth);
    numbered.push_back(variable.value_count() == 0 ? 0 : parameter.size / variable.value_count());
    for (std::int64_t i = 0; i < parameter.size; ++i) add(numbered, i);
  }
  return names;
}

std::vector<double> unconstrain(const std::vector<Parameter>& parameters, const Expr& position, const DataSet& values,
                                const Source& source) {
  std::vector<double> coordinates(static_cast<std::size_t>(dimension_of(parameters)),
                                  std::numeric_limits<double>::quiet_NaN());
  for (const Parameter& parameter : parameters) {
    const Declared& variable = parameter.variable;
    if (values.find(variable.name) == nullptr) continue;
    const DataWanted wanted{.name = variable.name,
                            .dtype = symbolic::DType::float64,
                            .shape = variable.shape,
                            .declaration = declaration_text(variable, source)};
    const Array value = values.array(wanted);
    const Constraint constraint = at_position(parameter.constraint, position, coordinates);
    if (const std::optional<Violation> wrong = violation(variable, constraint, value)) {
      throw values.error(wanted, static_cast<std::size_t>(wrong->element), wrong->message);
    }
    std::ranges::copy(coordinates_of(parameter, constraint, value), coordinates.begin() + parameter.offset);
  }
  return coordinates;
}

}  // namespace leapgraph::models::lower
