/// Conversions between numbers, arrays and expressions.
#include "leapgraph/models/lower/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "leapgraph/models/syntax/overloaded.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::lower {

using symbolic::Array;
using symbolic::DType;
using symbolic::Expr;
using symbolic::Shape;

const Shape& shape_of(const Value& value) {
  static const Shape scalar;
  if (const auto* array = std::get_if<Array>(&value)) return array->shape();
  if (const auto* expression = std::get_if<Expr>(&value)) return expression->shape();
  return scalar;
}

DType dtype_of(const Value& value) {
  return std::visit(overloaded{[](std::int64_t) { return DType::int64; }, [](double) { return DType::float64; },
                               [](const auto& tensor) { return tensor.dtype(); }},
                    value);
}

Array array_from(const Value& known) {
  return std::visit(
      overloaded{[](std::int64_t integer) { return Array::scalar(integer); },
                 [](double real) { return Array::scalar(real); }, [](const Array& array) { return array; },
                 [](const Expr&) -> Array { throw InternalError("a value that depends on parameters is not known"); }},
      known);
}

Value value_from(Array array) {
  if (!array.shape().empty()) return array;
  if (array.dtype() == DType::float64) return array.real();
  return array.integer();
}

Expr expression_from(const Value& value) {
  return std::visit(overloaded{[](const Expr& expression) { return expression; },
                               [](const auto& known) { return symbolic::constant(known); }},
                    value);
}

Value value_from(const Expr& expression) {
  if (std::optional<Array> known = symbolic::constant_value(expression)) return value_from(*std::move(known));
  return expression;
}

namespace {

/// Real numbers with imaginary parts of 0.
Value with_imaginary_parts(const Value& reals) {
  if (!is_known(reals)) return symbolic::stack({std::get<Expr>(reals), 0.0 * std::get<Expr>(reals)}, -1);
  const Array from = array_from(reals);
  Shape shape = from.shape();
  shape.push_back(2);
  Array result(symbolic::Type{DType::float64, shape});
  for (std::int64_t i = 0; i < from.size(); ++i) {
    result.set(2 * i, from.real(i));
    result.set(2 * i + 1, 0.0);
  }
  return result;
}

}  // namespace

Value promoted(Value value, const StanType& type) {
  const DType wanted = dtype_of(type);
  if (holds_complex(type) && static_cast<int>(shape_of(value).size()) == rank(type))
    return with_imaginary_parts(promoted(std::move(value), with_real_parts(type)));
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    if (wanted == DType::float64) return static_cast<double>(*integer);
  } else if (const auto* array = std::get_if<Array>(&value)) {
    if (array->dtype() != wanted) return array->cast(wanted);
  } else if (const auto* expression = std::get_if<Expr>(&value)) {
    if (expression->dtype() != wanted) return symbolic::cast(*expression, wanted);
  }
  return value;
}

Value unset(const StanType& type, const Shape& shape) {
  constexpr std::int64_t no_integer = std::numeric_limits<std::int32_t>::min();
  constexpr double no_real = std::numeric_limits<double>::quiet_NaN();
  const DType dtype = dtype_of(type);
  if (shape.empty()) return dtype == DType::int64 ? Value(no_integer) : Value(no_real);
  Array array(symbolic::Type{dtype, shape});
  if (dtype == DType::int64) {
    std::ranges::fill(array.data<std::int64_t>(), no_integer);
  } else {
    std::ranges::fill(array.data<double>(), no_real);
  }
  return array;
}

namespace {

void print(const Array& array, std::size_t axis, std::int64_t& position, std::string& text) {
  if (axis == array.shape().size()) {
    text += array.dtype() == DType::float64 ? fmt::format("{:g}", array.real(position))
                                            : fmt::format("{}", array.integer(position));
    ++position;
    return;
  }
  text += '[';
  for (std::int64_t i = 0; i < array.shape()[axis]; ++i) {
    if (i > 0) text += ',';
    print(array, axis + 1, position, text);
  }
  text += ']';
}

}  // namespace

std::string printed(const Array& array) {
  std::string text;
  std::int64_t position = 0;
  print(array, 0, position, text);
  return text;
}

}  // namespace leapgraph::models::lower
