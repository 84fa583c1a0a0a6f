/// Copies of expressions, slots of expressions.
#include "leapgraph/models/types/tuple.hpp"

#include <memory>
#include <utility>

#include "leapgraph/models/library/library.hpp"
#include "leapgraph/models/syntax/overloaded.hpp"

namespace leapgraph::models {
namespace {

ExpressionPtr<Typed> clone(const ExpressionPtr<Typed>& expression) {
  return expression ? std::make_unique<TypedExpression>(models::clone(*expression)) : nullptr;
}

std::vector<TypedExpression> clone(const std::vector<TypedExpression>& expressions) {
  std::vector<TypedExpression> copies;
  for (const TypedExpression& expression : expressions) copies.push_back(models::clone(expression));
  return copies;
}

Index<Typed> clone(const Index<Typed>& index) {
  using Kind = decltype(index.kind);
  return {.range = index.range,
          .kind = std::visit(overloaded{
                                 [](const IndexAll& all) -> Kind { return all; },
                                 [](const IndexSingle<Typed>& i) -> Kind { return IndexSingle<Typed>{clone(i.value)}; },
                                 [](const IndexFrom<Typed>& i) -> Kind { return IndexFrom<Typed>{clone(i.first)}; },
                                 [](const IndexTo<Typed>& i) -> Kind { return IndexTo<Typed>{clone(i.last)}; },
                                 [](const IndexBetween<Typed>& i) -> Kind {
                                   return IndexBetween<Typed>{clone(i.first), clone(i.last)};
                                 },
                             },
                             index.kind)};
}

/// The function for arguments of which the tuples are replaced by one of their slots.
FunctionUse resolve_again(const FunctionUse& use, std::span<const TypedExpression> arguments) {
  std::vector<StanType> types;
  for (const TypedExpression& argument : arguments) types.push_back(argument.info.type);
  std::optional<Resolution> resolution = resolve(use.function->signature, types);
  if (!resolution) throw InternalError("a function of tuples does not take their slots");
  return {use.function, *std::move(resolution)};
}

}  // namespace

std::vector<StanType> leaf_types(const StanType& type) {
  if (type.base != Base::tuple) return {type};
  std::vector<StanType> leaves;
  for (const StanType& slot : type.slots)
    for (StanType& leaf : leaf_types(array_of(slot, type.depth))) leaves.push_back(std::move(leaf));
  return leaves;
}

TypedExpression clone(const TypedExpression& expression) {
  using Node = TypedExpression::Node;
  Node node = std::visit(
      overloaded{
          [](const auto& leaf) -> Node { return leaf; },
          [](const ArrayLiteral<Typed>& e) -> Node { return ArrayLiteral<Typed>{clone(e.elements)}; },
          [](const RowVectorLiteral<Typed>& e) -> Node { return RowVectorLiteral<Typed>{clone(e.elements)}; },
          [](const TupleLiteral<Typed>& e) -> Node { return TupleLiteral<Typed>{clone(e.elements)}; },
          [](const Call<Typed>& e) -> Node {
            return Call<Typed>{e.function, clone(e.arguments), e.conditional};
          },
          [](const Indexed<Typed>& e) -> Node {
            Indexed<Typed> copy{clone(e.base), {}};
            for (const Index<Typed>& index : e.indices) copy.indices.push_back(clone(index));
            return copy;
          },
          [](const TupleProjection<Typed>& e) -> Node {
            return TupleProjection<Typed>{clone(e.base), e.slot};
          },
          [](const Unary<Typed>& e) -> Node {
            return Unary<Typed>{e.op, clone(e.operand)};
          },
          [](const Binary<Typed>& e) -> Node {
            return Binary<Typed>{e.op, e.op_range, clone(e.left), clone(e.right)};
          },
          [](const Ternary<Typed>& e) -> Node {
            return Ternary<Typed>{clone(e.condition), clone(e.then), clone(e.otherwise)};
          },
      },
      expression.node);
  return {.node = std::move(node), .range = expression.range, .info = expression.info, .height = expression.height};
}

TypedExpression slot_of(TypedExpression tuple, std::size_t k, const std::vector<Symbol>& symbols) {
  const StanType whole = tuple.info.type;
  const StanType type = array_of(whole.slots.at(k), whole.depth);
  const auto inside = [&](ExpressionPtr<Typed>& child) { *child = slot_of(std::move(*child), k, symbols); };
  if (auto* literal = std::get_if<TupleLiteral<Typed>>(&tuple.node)) {
    TypedExpression slot = std::move(literal->elements[k]);
    return slot;
  }
  tuple.info.type = type;
  tuple.info.data_only = tuple.info.data_only || holds_integers(type);
  std::visit(overloaded{
                 [&](VariableReference& variable) {
                   tuple.info.symbol = symbols[static_cast<std::size_t>(tuple.info.symbol)].slots.at(k);
                   variable.name = symbols[static_cast<std::size_t>(tuple.info.symbol)].name;
                 },
                 [&](Indexed<Typed>& indexed) { inside(indexed.base); },
                 [&](Ternary<Typed>& choice) {
                   inside(choice.then);
                   inside(choice.otherwise);
                 },
                 [&](ArrayLiteral<Typed>& literal) {
                   for (TypedExpression& element : literal.elements) element = slot_of(std::move(element), k, symbols);
                 },
                 [&](Call<Typed>& call) {
                   int before = 0;
                   for (std::size_t i = 0; i < k; ++i) before += static_cast<int>(leaf_types(whole.slots[i]).size());
                   if (tuple.info.user) {
                     tuple.info.user.slot += before;
                     return;
                   }
                   bool takes_tuples = false;
                   for (TypedExpression& argument : call.arguments) {
                     if (argument.info.type.base != Base::tuple) continue;
                     argument = slot_of(std::move(argument), k, symbols);
                     takes_tuples = true;
                   }
                   if (takes_tuples) {
                     tuple.info.function = resolve_again(tuple.info.function, call.arguments);
                   } else {
                     tuple.info.function.resolution.slot += before;
                     tuple.info.function.resolution.result = type;
                   }
                 },
                 [](const auto&) { throw InternalError("this expression has no slots"); },
             },
             tuple.node);
  return tuple;
}

std::vector<TypedExpression> leaves_of(TypedExpression expression, const std::vector<Symbol>& symbols) {
  std::vector<TypedExpression> leaves;
  if (expression.info.type.base != Base::tuple) {
    leaves.push_back(std::move(expression));
    return leaves;
  }
  const std::size_t count = expression.info.type.slots.size();
  const bool is_literal = std::holds_alternative<TupleLiteral<Typed>>(expression.node);
  for (std::size_t k = 0; k < count; ++k) {
    const bool whole_is_needed = !is_literal && k + 1 < count;
    TypedExpression slot = is_literal
                               ? std::move(std::get<TupleLiteral<Typed>>(expression.node).elements[k])
                               : slot_of(whole_is_needed ? clone(expression) : std::move(expression), k, symbols);
    for (TypedExpression& leaf : leaves_of(std::move(slot), symbols)) leaves.push_back(std::move(leaf));
  }
  return leaves;
}

}  // namespace leapgraph::models
