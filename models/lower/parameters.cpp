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
  if (base_rank(variable.type.base) != 2) return elements;
  const std::int64_t parts = holds_complex(variable.type) ? 2 : 1;  // of a number
  const Shape lengths = variable.value_lengths();
  const std::int64_t rows = lengths[0], columns = lengths[1];
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const std::int64_t part = static_cast<std::int64_t>(i) % parts, number = static_cast<std::int64_t>(i) / parts;
    const std::int64_t in_matrix = number % (rows * columns);
    const std::int64_t before = number - in_matrix;
    elements[i] = (before + in_matrix % rows * columns + in_matrix / rows) * parts + part;
  }
  return elements;
}

Expr coordinates(const Expr& position, const Parameter& parameter) {
  if (parameter.places.empty())
    return symbolic::slice(position, 0, {parameter.offset, parameter.offset + parameter.size});
  return symbolic::gather(position, symbolic::constant(Array::of<std::int64_t>({parameter.size}, parameter.places)));
}

/// The parameter's coordinates in its shape.
Expr shaped(const Expr& position, const Parameter& parameter) {
  const Declared& variable = parameter.variable;
  if (variable.shape.empty()) return symbolic::at(position, parameter.offset);
  const Expr part = coordinates(position, parameter);
  if (base_rank(variable.type.base) != 2) return symbolic::reshape(part, variable.shape);
  // Column-major: the transposed matrices are row-major.
  const auto row_axis = static_cast<std::size_t>(variable.type.depth);
  Shape transposed = variable.shape;
  std::swap(transposed[row_axis], transposed[row_axis + 1]);
  symbolic::Axes axes(transposed.size());
  std::iota(axes.begin(), axes.end(), std::int64_t{0});
  std::swap(axes[row_axis], axes[row_axis + 1]);
  return symbolic::transpose(symbolic::reshape(part, transposed), axes);
}

/// The values of a parameter whose vectors or matrices are constrained as a whole.
library::Constrained constrained_values(const Expr& position, const Parameter& parameter) {
  const Declared& variable = parameter.variable;
  const library::StructuredTransform& transform = *parameter.constraint.structured;
  const Shape lengths = variable.value_lengths();
  const Shape shape = {variable.value_count(), transform.coordinates(lengths)};
  library::Constrained result =
      transform.constrain(symbolic::reshape(coordinates(position, parameter), shape), lengths);
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

/// Coordinates for leaves that are in the same arrays of tuples down to `level`, from `next` on.
void give_places(std::span<Parameter> leaves, std::size_t level, std::int64_t& next) {
  for (std::size_t i = 0; i < leaves.size();) {
    Parameter& leaf = leaves[i];
    const Declared& variable = leaf.variable;
    if (variable.arrays.empty()) {
      leaf.offset = next;
      next += leaf.size;
      ++i;
      continue;
    }
    auto lengths = variable.shape.begin();
    for (std::size_t k = 0; k < level; ++k) lengths += variable.arrays[k].depth;
    if (variable.arrays.size() == level) {
      const std::int64_t elements = symbolic::element_count({variable.shape.begin(), lengths});
      for (std::int64_t k = 0; k < leaf.size / std::max<std::int64_t>(1, elements); ++k) leaf.places.push_back(next++);
      ++i;
      continue;
    }
    std::size_t end = i + 1;
    while (end < leaves.size() && leaves[end].variable.arrays.size() > level &&
           leaves[end].variable.arrays[level].tuple == variable.arrays[level].tuple)
      ++end;
    const std::int64_t elements = symbolic::element_count({lengths, lengths + variable.arrays[level].depth});
    for (std::int64_t k = 0; k < elements; ++k) give_places(leaves.subspan(i, end - i), level + 1, next);
    i = end;
  }
}

}  // namespace

std::vector<Parameter> parameters_of(Evaluator& evaluator, const TypedProgram& program,
                                     const ProgramBlock<Typed>& block) {
  std::vector<Parameter> parameters;
  for (Declared& variable : declared_variables(evaluator, program, block)) {
    const std::int64_t size = size_of(evaluator, variable);
    parameters.push_back({.variable = std::move(variable), .size = size});
  }
  std::int64_t next = 0;
  give_places(parameters, 0, next);
  return parameters;
}

std::int64_t dimension_of(const std::vector<Parameter>& parameters) {
  std::int64_t dimension = 0;
  for (const Parameter& parameter : parameters) dimension += parameter.size;
  return dimension;
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
  std::vector<std::string> names(static_cast<std::size_t>(dimension_of(parameters)));
  for (const Parameter& parameter : parameters) {
    const Declared& variable = parameter.variable;
    std::int64_t next = 0;
    const auto add = [&](const Shape& shape, std::int64_t element) {
      std::string indices = element_indices(shape, static_cast<std::size_t>(element));
      std::erase(indices, ' ');
      names[static_cast<std::size_t>(parameter.place(next++))] = variable.name + indices;
    };
    if (structured_transform_of(variable) == nullptr) {
      for (const std::int64_t element : coordinate_elements(parameter)) add(variable.shape, element);
      continue;
    }
    Shape numbered(variable.shape.begin(), variable.shape.begin() + variable.type.depth);
    numbered.push_back(structured_transform_of(variable)->coordinates(variable.value_lengths()));
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
    std::int64_t next = 0;
    for (const double coordinate : coordinates_of(parameter, constraint, value))
      coordinates[static_cast<std::size_t>(parameter.place(next++))] = coordinate;
  }
  return coordinates;
}

}  // namespace leapgraph::models::lower
