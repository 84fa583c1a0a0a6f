/// Which variables of a loop nest depend on parameters, and which change inside it.
#pragma once

#include <functional>
#include <vector>

#include "leapgraph/models/types/typed_ast.hpp"

namespace leapgraph::models::lower {

/// Facts about one nest of loops, found before it runs. A variable depends on parameters when it does before the nest,
/// or is assigned something in it that does, anywhere, or anything where a condition does.
class Dependence {
 public:
  /// `symbolic` says which variables depend on parameters before the nest.
  Dependence(const TypedProgram& program, const TypedStatement& nest, const std::function<bool(SymbolId)>& symbolic);

  bool on_parameters(SymbolId symbol) const { return dependent_[static_cast<std::size_t>(symbol)]; }
  bool on_parameters(const TypedExpression& expression) const;
  /// The statement assigns a variable that depends on parameters, or adds to the log density.
  bool on_parameters(const TypedStatement& statement) const;

  bool is_assigned(SymbolId symbol) const { return assigned_[static_cast<std::size_t>(symbol)]; }
  /// The expression reads a variable that the nest assigns.
  bool varies(const TypedExpression& expression) const;

 private:
  const FunctionDefinition<Typed>& function(FunctionId id) const {
    return program_.tree.functions[static_cast<std::size_t>(id)];
  }
  void note_assignments(const TypedStatement& statement);
  void note_calls(const TypedExpression& expression);
  void note_function(FunctionId id);
  bool spread(const TypedStatement& statement);
  bool spread_calls(const TypedExpression& expression);
  bool spread_arguments(FunctionId id, const std::vector<const TypedExpression*>& arguments);
  bool mark(SymbolId symbol);
  /// What a statement assigns and does not declare itself.
  bool mark_assigned(const TypedStatement& statement, std::vector<SymbolId>& declared);

  const TypedProgram& program_;
  std::vector<bool> dependent_, assigned_;
  std::vector<FunctionId> functions_;  // of the program that the nest calls
};

/// The variable that an assignment's target is a part of.
SymbolId assigned_symbol(const TypedExpression& target);

/// Calls `f` with each expression directly below.
void for_each_child(const TypedExpression& expression, const std::function<void(const TypedExpression&)>& f);

/// What `target +=` or `jacobian +=` adds; null for other statements.
const TypedExpression* increment_of(const TypedStatement& statement);

/// What `return` gives back: one value, the leaves of a tuple, or nothing.
std::vector<const TypedExpression*> returned_values(const Return<Typed>& node);

/// The arguments of a `~` or of a call statement.
std::vector<const TypedExpression*> arguments_of(const TypedStatement& statement);
std::vector<const TypedExpression*> arguments_of(const Call<Typed>& call);

}  // namespace leapgraph::models::lower
