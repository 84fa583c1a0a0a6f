/// Copies an expression and all below it.
#include "leapgraph/models/types/clone.hpp"

#include "leapgraph/models/syntax/overloaded.hpp"

namespace leapgraph::models {
namespace {

ExpressionPtr<Typed> cloned(const ExpressionPtr<Typed>& expression) {
  return expression ? std::make_unique<TypedExpression>(clone(*expression)) : nullptr;
}

std::vector<TypedExpression> cloned(const std::vector<TypedExpression>& expressions) {
  std::vector<TypedExpression> copies;
  for (const TypedExpression& expression : expressions) copies.push_back(clone(expression));
  return copies;
}

Index<Typed> cloned(const Index<Typed>& index) {
  Index<Typed> copy{.range = index.range, .kind = IndexAll{}};
  std::visit(overloaded{
                 [](const IndexAll&) {},
                 [&](const IndexSingle<Typed>& i) { copy.kind = IndexSingle<Typed>{cloned(i.value)}; },
                 [&](const IndexFrom<Typed>& i) { copy.kind = IndexFrom<Typed>{cloned(i.first)}; },
                 [&](const IndexTo<Typed>& i) { copy.kind = IndexTo<Typed>{cloned(i.last)}; },
                 [&](const IndexBetween<Typed>& i) {
                   copy.kind = IndexBetween<Typed>{.first = cloned(i.first), .last = cloned(i.last)};
                 },
             },
             index.kind);
  return copy;
}

}  // namespace

TypedExpression clone(const TypedExpression& expression) {
  TypedExpression copy{.node = IntLiteral{}, .range = expression.range, .info = expression.info};
  copy.height = expression.height;
  std::visit(
      overloaded{
          [&](const auto& leaf) { copy.node = leaf; },
          [&](const ArrayLiteral<Typed>& node) { copy.node = ArrayLiteral<Typed>{cloned(node.elements)}; },
          [&](const RowVectorLiteral<Typed>& node) { copy.node = RowVectorLiteral<Typed>{cloned(node.elements)}; },
          [&](const TupleLiteral<Typed>& node) { copy.node = TupleLiteral<Typed>{cloned(node.elements)}; },
          [&](const Call<Typed>& node) {
            copy.node = Call<Typed>{node.function, cloned(node.arguments), node.conditional};
          },
          [&](const Indexed<Typed>& node) {
            Indexed<Typed> made{.base = cloned(node.base), .indices = {}};
            for (const Index<Typed>& index : node.indices) made.indices.push_back(cloned(index));
            copy.node = std::move(made);
          },
          [&](const TupleProjection<Typed>& node) {
            copy.node = TupleProjection<Typed>{cloned(node.base), node.slot};
          },
          [&](const Unary<Typed>& node) {
            copy.node = Unary<Typed>{node.op, cloned(node.operand)};
          },
          [&](const Binary<Typed>& node) {
            copy.node = Binary<Typed>{node.op, node.op_range, cloned(node.left), cloned(node.right)};
          },
          [&](const Ternary<Typed>& node) {
            copy.node = Ternary<Typed>{cloned(node.condition), cloned(node.then), cloned(node.otherwise)};
          },
      },
      expression.node);
  return copy;
}

}  // namespace leapgraph::models
