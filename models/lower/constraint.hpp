/// Declared variables of a program's blocks with what stands between `<` and `>`: bounds as values, checks against
/// them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "leapgraph/models/library/structured.hpp"
#include "leapgraph/models/library/transform.hpp"
#include "leapgraph/models/lower/evaluator.hpp"

namespace leapgraph::models::lower {

/// A variable that a block declares, its sizes known.
struct Declared {
  SymbolId symbol = no_symbol;
  std::string name;
  StanType type;
  symbolic::Shape shape;
  Range range;  ///< its name
  const SizedType<Typed>* sized = nullptr;
  std::vector<VariableInfo::ArrayOfTuples> arrays = {};  ///< of tuples, that it is a leaf of; outermost first

  /// The lengths of one vector or matrix, and how many of them the arrays hold.
  symbolic::Shape value_lengths() const { return {shape.begin() + type.depth, shape.end()}; }
  std::int64_t value_count() const { return symbolic::element_count({shape.begin(), shape.begin() + type.depth}); }
};

std::vector<Declared> declared_variables(Evaluator& evaluator, const TypedProgram& program,
                                         const Declaration<Typed>& declaration);
/// The variables that a block itself declares, in order.
std::vector<Declared> declared_variables(Evaluator& evaluator, const TypedProgram& program,
                                         const ProgramBlock<Typed>& block);

/// "vector[N] y, at model.stan:3:13"
std::string declaration_text(const Declared& variable, const Source& source);

/// The constraint of a variable. It is one of a whole vector or matrix (`structured`), or one of each element with its
/// bounds: numbers, containers of the variable's shape or of one of its elements' shape (which arrays repeat), or
/// expressions. Absent ones are empty.
struct Constraint {
  const library::Transform* transform = nullptr;
  std::optional<Value> lower = {}, upper = {}, offset = {}, multiplier = {};
  const library::StructuredTransform* structured = nullptr;

  /// Values can violate it.
  bool is_checked() const { return lower || upper || structured != nullptr; }
};
/// The record of the variable's type; null where elements are constrained one by one.
const library::StructuredTransform* structured_transform_of(const Declared& variable);
/// Throws ModelError where a bound is not of a fitting size.
Constraint constraint_of(Evaluator& evaluator, const Declared& variable);

library::TransformBounds<symbolic::Expr> bounds_as_expressions(const Constraint& constraint);
/// The bounds of one element, by its row-major number; an absent multiplier is 1, other absent ones are 0. All bounds
/// must be known.
library::TransformBounds<double> bounds_of_element(const Constraint& constraint, std::int64_t element);

/// The first element of a known value that the constraint does not hold for, and what it should be: "must be at least
/// 0".
using Violation = library::Fault;
std::optional<Violation> violation(const Declared& variable, const Constraint& constraint,
                                   const symbolic::Array& value);

/// Throws ModelError unless the variable's known value holds its constraint; `when` says when that is asked.
void require_constraint(Evaluator& evaluator, const Declared& variable, std::string_view when);

/// True where a value of parameters holds its constraint.
symbolic::Expr holds(const Declared& variable, const Constraint& constraint, const symbolic::Expr& value);

}  // namespace leapgraph::models::lower
