/// Follows assignments until nothing more depends on parameters.
#include "leapgraph/models/lower/loops/dependence.hpp"

#include <algorithm>
#include <array>

#include "leapgraph/models/syntax/overloaded.hpp"

namespace leapgraph::models::lower {

namespace {

using ExpressionVisitor = std::function<void(const TypedExpression&)>;
using StatementVisitor = std::function<void(const TypedStatement&)>;

void visit_index(const Index<Typed>& index, const ExpressionVisitor& f) {
  std::visit(overloaded{
                 [](const IndexAll&) {},
                 [&](const IndexSingle<Typed>& single) { f(*single.value); },
                 [&](const IndexFrom<Typed>& from) { f(*from.first); },
                 [&](const IndexTo<Typed>& to) { f(*to.last); },
                 [&](const IndexBetween<Typed>& range) {
                   f(*range.first);
                   f(*range.last);
                 },
             },
             index.kind);
}

/// Statements directly below.
void for_each_statement(const TypedStatement& statement, const StatementVisitor& f) {
  std::visit(overloaded{
                 [&](const If<Typed>& node) {
                   for (const ConditionalBranch<Typed>& branch : node.branches) f(*branch.body);
                   if (node.otherwise) f(*node.otherwise);
                 },
                 [&](const While<Typed>& node) { f(*node.body); },
                 [&](const For<Typed>& node) { f(*node.body); },
                 [&](const ForEach<Typed>& node) { f(*node.body); },
                 [&](const Block<Typed>& node) {
                   for (const TypedStatement& child : node.statements) f(child);
                 },
                 [&](const Profile<Typed>& node) {
                   for (const TypedStatement& child : node.statements) f(child);
                 },
                 [](const auto&) {},
             },
             statement.node);
}

}  // namespace

void for_each_child(const TypedExpression& expression, const ExpressionVisitor& f) {
  const auto all = [&f](const std::vector<TypedExpression>& children) {
    for (const TypedExpression& child : children) f(child);
  };
  std::visit(overloaded{
                 [&](const ArrayLiteral<Typed>& node) { all(node.elements); },
                 [&](const RowVectorLiteral<Typed>& node) { all(node.elements); },
                 [&](const TupleLiteral<Typed>& node) { all(node.elements); },
                 [&](const Call<Typed>& node) { all(node.arguments); },
                 [&](const Indexed<Typed>& node) {
                   f(*node.base);
                   for (const Index<Typed>& index : node.indices) visit_index(index, f);
                 },
                 [&](const TupleProjection<Typed>& node) { f(*node.base); },
                 [&](const Unary<Typed>& node) { f(*node.operand); },
                 [&](const Binary<Typed>& node) {
                   f(*node.left);
                   f(*node.right);
                 },
                 [&](const Ternary<Typed>& node) {
                   f(*node.condition);
                   f(*node.then);
                   f(*node.otherwise);
                 },
                 [](const auto&) {},
             },
             expression.node);
}

SymbolId assigned_symbol(const TypedExpression& target) {
  const TypedExpression* root = &target;
  while (const auto* indexed = std::get_if<Indexed<Typed>>(&root->node)) root = indexed->base.get();
  return root->info.symbol;
}

bool asks_for_sizes(const FunctionUse& use) {
  static constexpr std::array<std::string_view, 5> names{"size", "rows", "cols", "num_elements", "dims"};
  return use.function != nullptr && std::find(names.begin(), names.end(), use.function->name) != names.end();
}

Dependence::Dependence(const TypedProgram& program, const TypedStatement& nest,
                       const std::function<bool(SymbolId)>& symbolic)
    : dependent_(program.symbols.size()), assigned_(program.symbols.size()) {
  for (std::size_t s = 0; s < program.symbols.size(); ++s) dependent_[s] = symbolic(static_cast<SymbolId>(s));
  note_assignments(nest);
  while (spread(nest)) {
  }
}

void Dependence::note_assignments(const TypedStatement& statement) {
  const auto note = [this](SymbolId symbol) { assigned_[static_cast<std::size_t>(symbol)] = true; };
  if (const auto* declaration = std::get_if<Declaration<Typed>>(&statement.node)) {
    // What a name held in the iteration before is gone when it is declared again.
    for (const Variable<Typed>& variable : declaration->variables) {
      note(variable.info.symbol);
      dependent_[static_cast<std::size_t>(variable.info.symbol)] = false;
    }
  } else if (const auto* assignment = std::get_if<Assignment<Typed>>(&statement.node)) {
    note(assigned_symbol(assignment->target));
  } else if (const auto* loop = std::get_if<For<Typed>>(&statement.node)) {
    note(loop->variable.info.symbol);
    dependent_[static_cast<std::size_t>(loop->variable.info.symbol)] = false;
  } else if (const auto* each = std::get_if<ForEach<Typed>>(&statement.node)) {
    note(each->variable.info.symbol);
    dependent_[static_cast<std::size_t>(each->variable.info.symbol)] = false;
  }
  for_each_statement(statement, [this](const TypedStatement& child) { note_assignments(child); });
}

bool Dependence::mark(SymbolId symbol) {
  const auto s = static_cast<std::size_t>(symbol);
  if (dependent_[s]) return false;
  return dependent_[s] = true;
}

bool Dependence::spread(const TypedStatement& statement) {
  bool changed = false;
  if (const auto* declaration = std::get_if<Declaration<Typed>>(&statement.node)) {
    for (const Variable<Typed>& variable : declaration->variables)
      if (variable.initial && on_parameters(*variable.initial)) changed = mark(variable.info.symbol) || changed;
  } else if (const auto* assignment = std::get_if<Assignment<Typed>>(&statement.node)) {
    if (on_parameters(assignment->value)) changed = mark(assigned_symbol(assignment->target));
  } else if (const auto* each = std::get_if<ForEach<Typed>>(&statement.node)) {
    if (on_parameters(each->container)) changed = mark(each->variable.info.symbol);
  }
  for_each_statement(statement, [&](const TypedStatement& child) { changed = spread(child) || changed; });
  return changed;
}

bool Dependence::on_parameters(const TypedExpression& expression) const {
  if (std::holds_alternative<VariableReference>(expression.node)) return on_parameters(expression.info.symbol);
  if (std::holds_alternative<TargetValue>(expression.node)) return true;
  if (std::holds_alternative<Call<Typed>>(expression.node) && asks_for_sizes(expression.info.function)) return false;
  bool found = false;
  for_each_child(expression, [&](const TypedExpression& child) { found = found || on_parameters(child); });
  return found;
}

bool Dependence::on_parameters(const TypedStatement& statement) const {
  if (std::holds_alternative<Tilde<Typed>>(statement.node) ||
      std::holds_alternative<TargetIncrement<Typed>>(statement.node))
    return true;
  if (const auto* declaration = std::get_if<Declaration<Typed>>(&statement.node))
    for (const Variable<Typed>& variable : declaration->variables)
      if (on_parameters(variable.info.symbol)) return true;
  if (const auto* assignment = std::get_if<Assignment<Typed>>(&statement.node))
    if (on_parameters(assigned_symbol(assignment->target))) return true;
  if (const auto* each = std::get_if<ForEach<Typed>>(&statement.node))
    if (on_parameters(each->container)) return true;
  bool found = false;
  for_each_statement(statement, [&](const TypedStatement& child) { found = found || on_parameters(child); });
  return found;
}

bool Dependence::varies(const TypedExpression& expression) const {
  if (std::holds_alternative<VariableReference>(expression.node)) return is_assigned(expression.info.symbol);
  bool found = false;
  for_each_child(expression, [&](const TypedExpression& child) { found = found || varies(child); });
  return found;
}

}  // namespace leapgraph::models::lower
