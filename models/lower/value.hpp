/// What a variable or an expression of a running program holds: numbers that are known, or an expression of the
/// parameters.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "leapgraph/models/types/stan_type.hpp"
#include "leapgraph/symbolic/array.hpp"
#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::models::lower {

/// An int, a real, a known container, or something that depends on parameters. Plain numbers have alternatives of their
/// own, so that loops over data allocate nothing; an Array has rank 1 or more. A complex number is a pair of reals,
/// real and imaginary part, along a last axis of its own: a complex_vector[3] has shape [3, 2].
using Value = std::variant<std::int64_t, double, symbolic::Array, symbolic::Expr>;

inline bool is_known(const Value& value) { return !std::holds_alternative<symbolic::Expr>(value); }
inline bool is_number(const Value& value) { return value.index() < 2; }
inline symbolic::DType dtype_of(const StanType& type) {
  return holds_integers(type) ? symbolic::DType::int64 : symbolic::DType::float64;
}

const symbolic::Shape& shape_of(const Value& value);
symbolic::DType dtype_of(const Value& value);

/// A plain number as a real.
inline double real_of(const Value& number) {
  const auto* integer = std::get_if<std::int64_t>(&number);
  return integer != nullptr ? static_cast<double>(*integer) : std::get<double>(number);
}
/// A known value as an array, of rank 0 for a number.
symbolic::Array array_from(const Value& known);
/// The reverse.
Value value_from(symbolic::Array array);
/// Any value as an expression; a known container becomes data, equal by identity of its buffer.
symbolic::Expr expression_from(const Value& value);
/// The reverse: a constant becomes a known value.
Value value_from(const symbolic::Expr& expression);

/// The value with the elements of `type`: integers become reals where it has reals, and these complex numbers.
Value promoted(Value value, const StanType& type);

/// What a declared variable holds before it is assigned: reals are nan, integers Stan's smallest.
Value unset(const StanType& type, const symbolic::Shape& shape);

/// As `print` writes it: "[1,2.5]".
std::string printed(const symbolic::Array& array);

}  // namespace leapgraph::models::lower
