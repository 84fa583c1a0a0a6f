/// Going through a tree: the parts of a node, one level down or all the way, in the order in which they are written.
#pragma once

#include "leapgraph/models/syntax/ast.hpp"
#include "leapgraph/models/syntax/overloaded.hpp"

namespace leapgraph::models {

/// Calls `visit` with every expression that `expression` is built from directly, those of indices included.
template <class Phase, class Visit>
void for_each_part(const Expression<Phase>& expression, const Visit& visit) {
  const auto all = [&](const std::vector<Expression<Phase>>& parts) {
    for (const Expression<Phase>& part : parts) visit(part);
  };
  std::visit(overloaded{
                 [](const auto&) {},
                 [&](const ArrayLiteral<Phase>& node) { all(node.elements); },
                 [&](const RowVectorLiteral<Phase>& node) { all(node.elements); },
                 [&](const TupleLiteral<Phase>& node) { all(node.elements); },
                 [&](const Call<Phase>& node) { all(node.arguments); },
                 [&](const TupleProjection<Phase>& node) { visit(*node.base); },
                 [&](const Unary<Phase>& node) { visit(*node.operand); },
                 [&](const Binary<Phase>& node) {
                   visit(*node.left);
                   visit(*node.right);
                 },
                 [&](const Ternary<Phase>& node) {
                   visit(*node.condition);
                   visit(*node.then);
                   visit(*node.otherwise);
                 },
                 [&](const Indexed<Phase>& node) {
                   visit(*node.base);
                   for (const Index<Phase>& index : node.indices) for_each_part(index, visit);
                 },
             },
             expression.node);
}

/// The same for the limits of an index.
template <class Phase, class Visit>
void for_each_part(const Index<Phase>& index, const Visit& visit) {
  std::visit(overloaded{
                 [](const IndexAll&) {},
                 [&](const IndexSingle<Phase>& i) { visit(*i.value); },
                 [&](const IndexFrom<Phase>& i) { visit(*i.first); },
                 [&](const IndexTo<Phase>& i) { visit(*i.last); },
                 [&](const IndexBetween<Phase>& i) {
                   visit(*i.first);
                   visit(*i.last);
                 },
             },
             index.kind);
}

/// Calls `visit` with the expression and with everything in it.
template <class Phase, class Visit>
void for_each_within(const Expression<Phase>& expression, const Visit& visit) {
  visit(expression);
  for_each_part(expression, [&](const Expression<Phase>& part) { for_each_within(part, visit); });
}

/// Calls `visit` with the sizes and bounds of a declared type.
template <class Phase, class Visit>
void for_each_part(const SizedType<Phase>& type, const Visit& visit) {
  const auto all = [&](const std::vector<Expression<Phase>>& sizes) {
    for (const Expression<Phase>& size : sizes) visit(size);
  };
  std::visit(overloaded{
                 [&](const SizedWord<Phase>& word) {
                   for (const auto* bound :
                        {&word.bounds.lower, &word.bounds.upper, &word.bounds.offset, &word.bounds.multiplier}) {
                     if (*bound) visit(**bound);
                   }
                   all(word.sizes);
                 },
                 [&](const SizedArray<Phase>& array) {
                   all(array.sizes);
                   for_each_part(*array.element, visit);
                 },
                 [&](const SizedTuple<Phase>& tuple) {
                   for (const SizedType<Phase>& slot : tuple.slots) for_each_part(slot, visit);
                 },
             },
             type.kind);
}

/// Calls `visit_expression` with the expressions of a statement itself, and `visit_statement` with the statements in
/// it.
template <class Phase, class VisitExpression, class VisitStatement>
void for_each_part(const Statement<Phase>& statement, const VisitExpression& visit_expression,
                   const VisitStatement& visit_statement) {
  const auto all = [&](const std::vector<Expression<Phase>>& parts) {
    for (const Expression<Phase>& part : parts) visit_expression(part);
  };
  const auto each = [&](const std::vector<Statement<Phase>>& parts) {
    for (const Statement<Phase>& part : parts) visit_statement(part);
  };
  std::visit(overloaded{
                 [](const auto&) {},
                 [&](const Declaration<Phase>& node) {
                   for_each_part(node.type, visit_expression);
                   for (const Variable<Phase>& variable : node.variables) {
                     if (variable.initial) visit_expression(*variable.initial);
                   }
                 },
                 [&](const Assignment<Phase>& node) {
                   visit_expression(node.target);
                   visit_expression(node.value);
                 },
                 [&](const Tilde<Phase>& node) {
                   visit_expression(node.variate);
                   all(node.arguments);
                   if (node.truncation && node.truncation->lower) visit_expression(*node.truncation->lower);
                   if (node.truncation && node.truncation->upper) visit_expression(*node.truncation->upper);
                 },
                 [&](const TargetIncrement<Phase>& node) { visit_expression(node.value); },
                 [&](const JacobianIncrement<Phase>& node) { visit_expression(node.value); },
                 [&](const CallStatement<Phase>& node) { all(node.arguments); },
                 [&](const Message<Phase>& node) {
                   for (const Printable<Phase>& item : node.items) {
                     if (const auto* value = std::get_if<Expression<Phase>>(&item)) visit_expression(*value);
                   }
                 },
                 [&](const If<Phase>& node) {
                   for (const ConditionalBranch<Phase>& branch : node.branches) {
                     visit_expression(branch.condition);
                     visit_statement(*branch.body);
                   }
                   if (node.otherwise) visit_statement(*node.otherwise);
                 },
                 [&](const While<Phase>& node) {
                   visit_expression(node.condition);
                   visit_statement(*node.body);
                 },
                 [&](const For<Phase>& node) {
                   visit_expression(node.first);
                   visit_expression(node.last);
                   visit_statement(*node.body);
                 },
                 [&](const ForEach<Phase>& node) {
                   visit_expression(node.container);
                   visit_statement(*node.body);
                 },
                 [&](const Return<Phase>& node) {
                   if (node.value) visit_expression(*node.value);
                 },
                 [&](const Block<Phase>& node) { each(node.statements); },
                 [&](const Profile<Phase>& node) { each(node.statements); },
             },
             statement.node);
}

/// Calls `visit` with the statement and with every statement in it.
template <class Phase, class Visit>
void for_each_within(const Statement<Phase>& statement, const Visit& visit) {
  visit(statement);
  for_each_part(
      statement, [](const Expression<Phase>&) {}, [&](const Statement<Phase>& part) { for_each_within(part, visit); });
}

}  // namespace leapgraph::models
