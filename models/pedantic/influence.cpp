#include "leapgraph/models/pedantic/influence.hpp"

#include <utility>

#include "leapgraph/models/syntax/overloaded.hpp"
#include "leapgraph/models/syntax/walk.hpp"

namespace leapgraph::models::pedantic {
namespace {

Symbols& operator+=(Symbols& to, const Symbols& from) {
  to.insert(from.begin(), from.end());
  return to;
}

}  // namespace

Symbols named_in(const TypedExpression& expression) {
  Symbols result;
  for_each_within(expression, [&](const TypedExpression& part) {
    if (part.info.symbol != no_symbol && std::holds_alternative<VariableReference>(part.node)) {
      result.insert(part.info.symbol);
    }
  });
  return result;
}

std::vector<SymbolId> assigned_by(const TypedExpression& target) {
  return std::visit(overloaded{[](const auto&) { return std::vector<SymbolId>{}; },
                               [&](const VariableReference&) { return std::vector<SymbolId>{target.info.symbol}; },
                               [](const Indexed<Typed>& node) { return assigned_by(*node.base); },
                               [](const TupleProjection<Typed>& node) { return assigned_by(*node.base); },
                               [](const TupleLiteral<Typed>& node) {
                                 std::vector<SymbolId> all;
                                 for (const TypedExpression& element : node.elements) {
                                   for (const SymbolId symbol : assigned_by(element)) all.push_back(symbol);
                                 }
                                 return all;
                               }},
                    target.node);
}

Influence::Influence(const TypedProgram& program) : program_(program), from_(program.symbols.size()) {
  for (std::size_t i = 0; i < program.tree.functions.size(); ++i) {
    function_ = static_cast<FunctionId>(i);
    if (program.tree.functions[i].body) add(*program.tree.functions[i].body);
  }
  function_ = no_function;
  for (const ProgramBlock<Typed>& block : program.tree.blocks) {
    block_ = block.kind;
    for (const TypedStatement& statement : block.statements) add(statement);
  }
  for (Factor& factor : factors_) {
    Symbols kept;
    for (const SymbolId symbol : behind(factor.variables)) {
      if (is_parameter(symbol) || is_data(symbol)) kept.insert(symbol);
    }
    factor.variables = std::move(kept);
  }
}

bool Influence::is_parameter(SymbolId symbol) const {
  const Symbol& one = program_.symbols[static_cast<std::size_t>(symbol)];
  return one.function == no_function && one.top_level && one.block == BlockKind::Parameters;
}

/// Single integers are taken for sizes.
bool Influence::is_data(SymbolId symbol) const {
  const Symbol& one = program_.symbols[static_cast<std::size_t>(symbol)];
  return one.function == no_function && one.top_level && one.block == BlockKind::Data && !one.type.is_int();
}

Symbols Influence::behind(const Symbols& variables) const {
  Symbols result = variables;
  std::vector<SymbolId> next(variables.begin(), variables.end());
  while (!next.empty()) {
    const SymbolId symbol = next.back();
    next.pop_back();
    for (const SymbolId source : from_[static_cast<std::size_t>(symbol)]) {
      if (result.insert(source).second) next.push_back(source);
    }
  }
  return result;
}

Symbols Influence::parameters_behind(const Symbols& variables) const {
  Symbols result;
  for (const SymbolId symbol : behind(variables)) {
    if (is_parameter(symbol)) result.insert(symbol);
  }
  return result;
}

void Influence::depends(SymbolId variable, const Symbols& on) {
  if (variable == no_symbol) return;
  from_[static_cast<std::size_t>(variable)] += on;
  from_[static_cast<std::size_t>(variable)] += conditions_;
}

void Influence::add_factor(Range range, Symbols named) {
  if (function_ != no_function) return;  // the call of the function is a factor
  named += conditions_;
  factors_.push_back({range, std::move(named)});
}

/// The summands of a sum are factors of their own.
void Influence::add_factor(const TypedExpression& term) {
  const auto* sum = std::get_if<Binary<Typed>>(&term.node);
  if (sum != nullptr && (sum->op == BinaryOperator::Add || sum->op == BinaryOperator::Subtract)) {
    add_factor(*sum->left);
    add_factor(*sum->right);
  } else {
    add_factor(term.range, named_in(term));
  }
}

void Influence::add(const TypedStatement& statement) {
  Symbols reached_under = conditions_;
  const auto control = [&](std::initializer_list<const TypedExpression*> expressions) {
    Control one{.range = cover((*expressions.begin())->range, (*(expressions.end() - 1))->range),
                .named = {},
                .function = function_,
                .block = block_};
    for (const TypedExpression* expression : expressions) one.named += named_in(*expression);
    conditions_ += one.named;
    controls_.push_back(std::move(one));
  };
  for_each_part(
      statement,
      [&](const TypedExpression& expression) {
        for_each_within(expression, [&](const TypedExpression& part) {
          if (const auto* choice = std::get_if<Ternary<Typed>>(&part.node)) {
            controls_.push_back({choice->condition->range, named_in(*choice->condition), function_, block_});
          }
          const FunctionId called = part.info.user.function;
          if (called == no_function) return;
          const FunctionKind kind = program_.tree.functions[static_cast<std::size_t>(called)].info.kind;
          if (kind == FunctionKind::adds_to_target) add_factor(part.range, named_in(part));
        });
      },
      [](const TypedStatement&) {});
  std::visit(overloaded{
                 [](const auto&) {},
                 [&](const Declaration<Typed>& node) {
                   for (const Variable<Typed>& variable : node.variables) {
                     if (variable.initial) depends(variable.info.symbol, named_in(*variable.initial));
                   }
                 },
                 [&](const Assignment<Typed>& node) {
                   Symbols sources = named_in(node.value);
                   sources += named_in(node.target);
                   for (const SymbolId symbol : assigned_by(node.target)) depends(symbol, sources);
                 },
                 [&](const Tilde<Typed>& node) {
                   Symbols named = named_in(node.variate);
                   for (const TypedExpression& argument : node.arguments) named += named_in(argument);
                   add_factor(statement.range, std::move(named));
                 },
                 [&](const TargetIncrement<Typed>& node) { add_factor(node.value); },
                 [&](const CallStatement<Typed>& node) {
                   Symbols named;
                   for (const TypedExpression& argument : node.arguments) named += named_in(argument);
                   const FunctionId called = statement.info.user.function;
                   if (called == no_function) return;
                   const FunctionKind kind = program_.tree.functions[static_cast<std::size_t>(called)].info.kind;
                   if (kind == FunctionKind::adds_to_target) add_factor(statement.range, std::move(named));
                 },
                 [&](const If<Typed>& node) {
                   for (const ConditionalBranch<Typed>& branch : node.branches) {
                     control({&branch.condition});
                     add(*branch.body);
                   }
                   if (node.otherwise) add(*node.otherwise);
                 },
                 [&](const While<Typed>& node) {
                   control({&node.condition});
                   add(*node.body);
                 },
                 [&](const For<Typed>& node) {
                   control({&node.first, &node.last});
                   depends(node.variable.info.symbol, {});
                   add(*node.body);
                 },
                 [&](const ForEach<Typed>& node) {
                   depends(node.variable.info.symbol, named_in(node.container));
                   add(*node.body);
                 },
                 [&](const Block<Typed>& node) {
                   for (const TypedStatement& part : node.statements) add(part);
                 },
                 [&](const Profile<Typed>& node) {
                   for (const TypedStatement& part : node.statements) add(part);
                 },
             },
             statement.node);
  conditions_ = std::move(reached_under);
}

}  // namespace leapgraph::models::pedantic
