/// Follows assignments until nothing more depends on parameters.
#include "leapgraph/models/lower/loops/dependence.hpp"

#include <algorithm>

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

/// Expressions that a statement itself has.
void for_each_expression(const TypedStatement& statement, const ExpressionVisitor& f) {
  const auto maybe = [&f](const ExpressionPtr<Typed>& e) {
    if (e) f(*e);
  };
  std::visit(overloaded{
                 [&](const Declaration<Typed>& node) {
                   for (const Variable<Typed>& variable : node.variables) maybe(variable.initial);
                 },
                 [&](const Assignment<Typed>& node) {
                   f(node.target);
                   f(node.value);
                 },
                 [&](const Tilde<Typed>& node) {
                   f(node.variate);
                   for (const TypedExpression& argument : node.arguments) f(argument);
                 },
                 [&](const TargetIncrement<Typed>& node) { f(node.value); },
                 [&](const JacobianIncrement<Typed>& node) { f(node.value); },
                 [&](const CallStatement<Typed>& node) {
                   for (const TypedExpression& argument : node.arguments) f(argument);
                 },
                 [&](const If<Typed>& node) {
                   for (const ConditionalBranch<Typed>& branch : node.branches) f(branch.condition);
                 },
                 [&](const While<Typed>& node) { f(node.condition); },
                 [&](const For<Typed>& node) {
                   f(node.first);
                   f(node.last);
                 },
                 [&](const ForEach<Typed>& node) { f(node.container); },
                 [&](const Return<Typed>& node) { maybe(node.value); },
                 [](const auto&) {},
             },
             statement.node);
}

}  // namespace

std::vector<const TypedExpression*> arguments_of(const Call<Typed>& call) {
  std::vector<const TypedExpression*> arguments;
  for (const TypedExpression& argument : call.arguments) arguments.push_back(&argument);
  return arguments;
}

std::vector<const TypedExpression*> arguments_of(const TypedStatement& statement) {
  std::vector<const TypedExpression*> arguments;
  if (const auto* tilde = std::get_if<Tilde<Typed>>(&statement.node)) {
    arguments.push_back(&tilde->variate);
    for (const TypedExpression& argument : tilde->arguments) arguments.push_back(&argument);
  } else if (const auto* call = std::get_if<CallStatement<Typed>>(&statement.node)) {
    for (const TypedExpression& argument : call->arguments) arguments.push_back(&argument);
  }
  return arguments;
}

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

const TypedExpression* increment_of(const TypedStatement& statement) {
  if (const auto* target = std::get_if<TargetIncrement<Typed>>(&statement.node)) return &target->value;
  if (const auto* jacobian = std::get_if<JacobianIncrement<Typed>>(&statement.node)) return &jacobian->value;
  return nullptr;
}

std::vector<const TypedExpression*> returned_values(const Return<Typed>& node) {
  if (!node.value) return {};
  const auto* tuple = std::get_if<TupleLiteral<Typed>>(&node.value->node);
  if (tuple == nullptr) return {node.value.get()};
  std::vector<const TypedExpression*> values;
  for (const TypedExpression& value : tuple->elements) values.push_back(&value);
  return values;
}

SymbolId assigned_symbol(const TypedExpression& target) {
  const TypedExpression* root = &target;
  while (const auto* indexed = std::get_if<Indexed<Typed>>(&root->node)) root = indexed->base.get();
  return root->info.symbol;
}

Dependence::Dependence(const TypedProgram& program, const TypedStatement& nest,
                       const std::function<bool(SymbolId)>& symbolic)
    : program_(program), dependent_(program.symbols.size()), assigned_(program.symbols.size()) {
  for (std::size_t s = 0; s < program.symbols.size(); ++s) dependent_[s] = symbolic(static_cast<SymbolId>(s));
  note_assignments(nest);
  for (bool changed = true; changed;) {
    changed = spread(nest);
    for (FunctionId id : functions_) changed = spread(*function(id).body) || changed;
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
  for (const SymbolId result : statement.info.results) {
    note(result);
    dependent_[static_cast<std::size_t>(result)] = false;
  }
  if (statement.info.user) note_function(statement.info.user.function);
  for_each_expression(statement, [this](const TypedExpression& e) { note_calls(e); });
  for_each_statement(statement, [this](const TypedStatement& child) { note_assignments(child); });
}

void Dependence::note_calls(const TypedExpression& expression) {
  if (expression.info.user) note_function(expression.info.user.function);
  for_each_child(expression, [this](const TypedExpression& child) { note_calls(child); });
}

void Dependence::note_function(FunctionId id) {
  if (std::find(functions_.begin(), functions_.end(), id) != functions_.end()) return;
  functions_.push_back(id);
  for (SymbolId parameter : function(id).info.parameters) {
    assigned_[static_cast<std::size_t>(parameter)] = true;
    dependent_[static_cast<std::size_t>(parameter)] = false;
  }
  note_assignments(*function(id).body);
}

bool Dependence::spread_arguments(FunctionId id, const std::vector<const TypedExpression*>& arguments) {
  bool changed = false;
  for (std::size_t i = 0; i < arguments.size(); ++i)
    if (on_parameters(*arguments[i])) changed = mark(function(id).info.parameters[i]) || changed;
  return changed;
}

bool Dependence::spread_calls(const TypedExpression& expression) {
  bool changed = false;
  if (expression.info.user)
    changed = spread_arguments(expression.info.user.function, arguments_of(std::get<Call<Typed>>(expression.node)));
  for_each_child(expression, [&](const TypedExpression& child) { changed = spread_calls(child) || changed; });
  return changed;
}

bool Dependence::mark(SymbolId symbol) {
  const auto s = static_cast<std::size_t>(symbol);
  if (dependent_[s]) return false;
  return dependent_[s] = true;
}

bool Dependence::spread(const TypedStatement& statement) {
  bool changed = false;
  for_each_expression(statement, [&](const TypedExpression& e) { changed = spread_calls(e) || changed; });
  if (statement.info.user) changed = spread_arguments(statement.info.user.function, arguments_of(statement)) || changed;
  if (const auto* declaration = std::get_if<Declaration<Typed>>(&statement.node)) {
    for (const Variable<Typed>& variable : declaration->variables)
      if (variable.initial && on_parameters(*variable.initial)) changed = mark(variable.info.symbol) || changed;
  } else if (const auto* assignment = std::get_if<Assignment<Typed>>(&statement.node)) {
    if (on_parameters(assignment->value)) changed = mark(assigned_symbol(assignment->target)) || changed;
  } else if (const auto* each = std::get_if<ForEach<Typed>>(&statement.node)) {
    if (on_parameters(each->container)) changed = mark(each->variable.info.symbol) || changed;
  }
  if (const auto* call = std::get_if<CallStatement<Typed>>(&statement.node); call && !statement.info.results.empty()) {
    const bool depends = std::ranges::any_of(call->arguments, [&](const auto& e) { return on_parameters(e); });
    for (const SymbolId result : statement.info.results)
      if (depends) changed = mark(result) || changed;
  }
  if (const auto* branch = std::get_if<If<Typed>>(&statement.node)) {
    bool controlled = false;
    const auto look = [&](const TypedStatement& body) {
      std::vector<SymbolId> declared;
      if (controlled) changed = mark_assigned(body, declared) || changed;
    };
    for (const ConditionalBranch<Typed>& candidate : branch->branches) {
      controlled = controlled || on_parameters(candidate.condition);
      look(*candidate.body);
    }
    if (branch->otherwise) look(*branch->otherwise);
  }
  for_each_statement(statement, [&](const TypedStatement& child) { changed = spread(child) || changed; });
  return changed;
}

bool Dependence::mark_assigned(const TypedStatement& statement, std::vector<SymbolId>& declared) {
  bool changed = false;
  if (const auto* declaration = std::get_if<Declaration<Typed>>(&statement.node)) {
    for (const Variable<Typed>& variable : declaration->variables) declared.push_back(variable.info.symbol);
  } else if (const auto* assignment = std::get_if<Assignment<Typed>>(&statement.node)) {
    const SymbolId symbol = assigned_symbol(assignment->target);
    if (std::find(declared.begin(), declared.end(), symbol) == declared.end()) changed = mark(symbol);
  }
  for_each_statement(statement,
                     [&](const TypedStatement& child) { changed = mark_assigned(child, declared) || changed; });
  return changed;
}

bool Dependence::on_parameters(const TypedExpression& expression) const {
  if (std::holds_alternative<VariableReference>(expression.node)) return on_parameters(expression.info.symbol);
  if (std::holds_alternative<TargetValue>(expression.node)) return true;
  if (expression.info.draws() ||
      (expression.info.user && function(expression.info.user.function).info.kind == FunctionKind::random))
    return true;
  const library::Function* function = expression.info.function.function;
  if (function != nullptr && function->sizes_only) return false;
  bool found = false;
  for_each_child(expression, [&](const TypedExpression& child) { found = found || on_parameters(child); });
  return found;
}

bool Dependence::on_parameters(const TypedStatement& statement) const {
  if (std::holds_alternative<Tilde<Typed>>(statement.node) || increment_of(statement) != nullptr ||
      std::holds_alternative<Return<Typed>>(statement.node))
    return true;
  if (std::holds_alternative<CallStatement<Typed>>(statement.node)) {
    const std::vector<SymbolId>& results = statement.info.results;
    return results.empty() || std::ranges::any_of(results, [&](SymbolId s) { return on_parameters(s); });
  }
  if (const auto* declaration = std::get_if<Declaration<Typed>>(&statement.node))
    for (const Variable<Typed>& variable : declaration->variables)
      if (on_parameters(variable.info.symbol)) return true;
  if (const auto* assignment = std::get_if<Assignment<Typed>>(&statement.node))
    if (on_parameters(assigned_symbol(assignment->target))) return true;
  if (const auto* each = std::get_if<ForEach<Typed>>(&statement.node))
    if (on_parameters(each->container)) return true;
  bool found = false;
  if (const auto* branch = std::get_if<If<Typed>>(&statement.node))
    for (const ConditionalBranch<Typed>& candidate : branch->branches)
      found = found || on_parameters(candidate.condition);
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
