/// Numbers that a program writes out, and the ranges that declarations allow.
#pragma once

#include <limits>
#include <optional>

#include "leapgraph/models/types/typed_ast.hpp"

namespace leapgraph::models::pedantic {

/// The value of `2`, `2.5`, `-2.5`, nothing for what is no literal.
std::optional<double> literal_value(const TypedExpression& expression);
std::optional<double> literal_value(const ExpressionPtr<Typed>& expression);

/// The type of the elements, where these are numbers, vectors or matrices, not tuples.
const SizedWord<Typed>* plain_word(const SizedType<Typed>& type);

/// The numbers that a declaration allows, as far as it is known: infinite where nothing is said, nothing where what is
/// said depends on other variables.
struct DeclaredRange {
  double lower = -std::numeric_limits<double>::infinity();
  double upper = std::numeric_limits<double>::infinity();
};
std::optional<DeclaredRange> declared_range(const SizedType<Typed>& type);

}  // namespace leapgraph::models::pedantic
