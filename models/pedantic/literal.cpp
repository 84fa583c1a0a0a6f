#include "leapgraph/models/pedantic/literal.hpp"

namespace leapgraph::models::pedantic {

std::optional<double> literal_value(const TypedExpression& expression) {
  if (const auto* integer = std::get_if<IntLiteral>(&expression.node)) return integer->value;
  if (const auto* real = std::get_if<RealLiteral>(&expression.node)) return real->value;
  const auto* unary = std::get_if<Unary<Typed>>(&expression.node);
  if (unary == nullptr || unary->op != UnaryOperator::Minus) return std::nullopt;
  const std::optional<double> value = literal_value(*unary->operand);
  return value ? std::optional(-*value) : std::nullopt;
}

std::optional<double> literal_value(const ExpressionPtr<Typed>& expression) {
  return expression ? literal_value(*expression) : std::nullopt;
}

const SizedWord<Typed>* plain_word(const SizedType<Typed>& type) {
  if (const auto* array = std::get_if<SizedArray<Typed>>(&type.kind)) return plain_word(*array->element);
  return std::get_if<SizedWord<Typed>>(&type.kind);
}

std::optional<DeclaredRange> declared_range(const SizedType<Typed>& type) {
  const SizedWord<Typed>* word = plain_word(type);
  if (word == nullptr) return std::nullopt;
  switch (word->word) {
    case TypeWord::Simplex:
    case TypeWord::ColumnStochasticMatrix:
    case TypeWord::RowStochasticMatrix:
      return DeclaredRange{0, 1};
    case TypeWord::PositiveOrdered:
      return DeclaredRange{.lower = 0};
    case TypeWord::Real:
    case TypeWord::Vector:
    case TypeWord::RowVector:
    case TypeWord::Matrix:
    case TypeWord::Ordered:
      break;
    default:
      return std::nullopt;
  }
  DeclaredRange range;
  if (word->bounds.lower) {
    const std::optional<double> lower = literal_value(word->bounds.lower);
    if (!lower) return std::nullopt;
    range.lower = *lower;
  }
  if (word->bounds.upper) {
    const std::optional<double> upper = literal_value(word->bounds.upper);
    if (!upper) return std::nullopt;
    range.upper = *upper;
  }
  return range;
}

}  // namespace leapgraph::models::pedantic
