/// Indices: from the program's, which count from 1, to checked positions.
#include <fmt/format.h>

#include "leapgraph/models/lower/access.hpp"
#include "leapgraph/models/lower/evaluator.hpp"
#include "leapgraph/models/syntax/overloaded.hpp"

namespace leapgraph::models::lower {

using symbolic::Array;
using symbolic::Shape;

Evaluator::Access::Access(const TypedExpression& expression) { collect(expression, true); }

void Evaluator::Access::collect(const TypedExpression& expression, bool outermost) {
  const auto* indexed = std::get_if<Indexed<Typed>>(&expression.node);
  bool joins = indexed != nullptr;
  if (joins && !outermost) {  // x[1:3][2] is not x[1:3, 2]
    for (const Index<Typed>& index : indexed->indices) joins = joins && single(index) != nullptr;
  }
  if (!joins) {
    root = &expression;
    return;
  }
  collect(*indexed->base, false);
  for (const Index<Typed>& index : indexed->indices) indices.push_back(&index);
}

const TypedExpression* Evaluator::Access::single(const Index<Typed>& index) {
  const auto* kind = std::get_if<IndexSingle<Typed>>(&index.kind);
  return kind != nullptr && kind->value->info.type.is_int() ? kind->value.get() : nullptr;
}

std::string Evaluator::name_of(const TypedExpression& root) const {
  const auto* reference = std::get_if<VariableReference>(&root.node);
  return reference == nullptr ? "the expression" : "'" + reference->name + "'";
}

std::int64_t Evaluator::checked_position(std::int64_t index, std::int64_t length, std::size_t axis, Range range,
                                         const Access& access) const {
  if (index >= 1 && index <= length) [[likely]]
    return index - 1;
  fail({.range = range,
        .message = fmt::format("index out of range in dimension {} of {}", axis + 1, name_of(*access.root)),
        .expected = length == 0 ? "no index, it has no elements" : fmt::format("1 to {}", length),
        .found = std::to_string(index),
        .hint = loop_variables_.empty() ? "" : "at " + iteration_text()});
}

std::optional<std::int64_t> Evaluator::element(const Access& access, const Shape& shape) {
  if (access.indices.size() != shape.size()) return std::nullopt;
  for (const Index<Typed>* index : access.indices) {
    if (Access::single(*index) == nullptr) return std::nullopt;
  }
  std::int64_t position = 0;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const Index<Typed>& index = *access.indices[axis];
    Value scratch;
    const auto* i = std::get_if<std::int64_t>(&view(*Access::single(index), scratch));
    if (i == nullptr) return std::nullopt;  // depends on parameters
    position = position * shape[axis] + checked_position(*i, shape[axis], axis, index.range, access);
  }
  return position;
}

std::vector<Selection> Evaluator::select(const Access& access, const Shape& shape) {
  std::vector<Selection> selections;
  for (std::size_t axis = 0; axis < access.indices.size(); ++axis) {
    selections.push_back(select(*access.indices[axis], shape[axis], axis, access));
  }
  return selections;
}

Selection Evaluator::select(const Index<Typed>& index, std::int64_t length, std::size_t axis, const Access& access) {
  /// Positions `first` to `last`, counting from 1; none where the range is empty.
  const auto between = [&](std::int64_t first, std::int64_t last) {
    if (last < first) return Selection{.kind = Selection::Kind::range, .first = 0, .count = 0};
    const std::int64_t begin = checked_position(first, length, axis, index.range, access);
    checked_position(last, length, axis, index.range, access);
    return Selection{.kind = Selection::Kind::range, .first = begin, .count = last - first + 1};
  };
  const auto at = [&](const ExpressionPtr<Typed>& end) { return integer(*end, "an index"); };
  return std::visit(overloaded{
                        [&](const IndexAll&) { return between(1, length); },
                        [&](const IndexFrom<Typed>& from) { return between(at(from.first), length); },
                        [&](const IndexTo<Typed>& to) { return between(1, at(to.last)); },
                        [&](const IndexBetween<Typed>& range) {
                          const std::int64_t first = at(range.first);
                          return between(first, at(range.last));
                        },
                        [&](const IndexSingle<Typed>& single) {
                          Value scratch;
                          const Value& value = view(*single.value, scratch);
                          if (const auto* computed = std::get_if<symbolic::Expr>(&value)) {
                            if (computed->rank() > 0) unsupported(index.range, "indices that depend on parameters");
                            return Selection{.kind = Selection::Kind::computed, .index = *computed - std::int64_t{1}};
                          }
                          const auto checked = [&](std::int64_t i) {
                            return checked_position(i, length, axis, index.range, access);
                          };
                          if (const auto* number = std::get_if<std::int64_t>(&value)) {
                            return Selection{.kind = Selection::Kind::single, .first = checked(*number)};
                          }
                          Selection list{.kind = Selection::Kind::list};
                          for (const std::int64_t i : std::get<Array>(value).data<std::int64_t>()) {
                            list.positions.push_back(checked(i));
                          }
                          list.count = static_cast<std::int64_t>(list.positions.size());
                          return list;
                        },
                    },
                    index.kind);
}

Value Evaluator::evaluate_indexed(const TypedExpression& expression) {
  const Access picked(expression);
  Value scratch;
  const Value& root = view(*picked.root, scratch);
  const Shape& shape = shape_of(root);
  if (const auto* array = std::get_if<Array>(&root)) {
    if (const std::optional<std::int64_t> position = element(picked, shape)) {
      if (array->dtype() == symbolic::DType::int64) {
        return reinterpret_cast<const std::int64_t*>(array->raw())[*position];
      }
      return reinterpret_cast<const double*>(array->raw())[*position];
    }
  }
  return read(root, select(picked, shape));
}

}  // namespace leapgraph::models::lower
