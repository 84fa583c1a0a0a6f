/// A constraint on a whole vector or matrix (simplex, ordered, cov_matrix, ...) as one record: the change of variables
/// from the coordinates of the position, its Jacobian and its inverse.
///
/// Stan 2.37 reference manual, "Transforms of constrained variables". An array of such values is transformed at once:
/// expressions here have an axis in front with one row a value.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leapgraph/models/library/transform.hpp"
#include "leapgraph/models/syntax/type_word.hpp"

namespace leapgraph::models::library {

/// What is wrong with a known value: "must be at least 0", said of one of its elements (row-major).
struct Fault {
  std::int64_t element;
  std::string message;
};

/// `lengths` are those of one value: {K}, or {rows, columns}.
struct StructuredTransform {
  TypeWord word;
  std::string_view summary;
  /// The number of coordinates of one value. Throws ArgumentError for lengths that no value can have.
  std::int64_t (*coordinates)(const symbolic::Shape& lengths);
  /// Values [n, lengths...] from coordinates [n, coordinates]; the log-Jacobian is that of all n together.
  Constrained (*constrain)(const symbolic::Expr& coordinates, const symbolic::Shape& lengths);
  /// The coordinates [n, coordinates] of values [n, lengths...] that hold the constraint.
  symbolic::Expr (*unconstrained)(const symbolic::Expr& values, const symbolic::Shape& lengths);
  /// Nothing if one known value holds the constraint, within 1e-8 as Stan checks it.
  std::optional<Fault> (*fault)(std::span<const double> value, const symbolic::Shape& lengths);
  /// bool[n]: which of the values [n, lengths...] hold the constraint.
  symbolic::Expr (*holds)(const symbolic::Expr& values);

  /// The coordinates of one known value.
  std::vector<double> unconstrain(std::span<const double> value, const symbolic::Shape& lengths) const;
};

std::span<const StructuredTransform> all_structured_transforms();

/// The record of a type's word; null for types without a constraint of their own and for those not written yet.
const StructuredTransform* structured_transform(TypeWord word);

// The families.
std::span<const StructuredTransform> vector_transforms();
std::span<const StructuredTransform> matrix_transforms();

}  // namespace leapgraph::models::library
