/// Which variables of a loop nest depend on parameters, and which change inside it.
#pragma once

#include <functional>
#include <vector>

#include "leapgraph/models/types/typed_ast.hpp"

namespace leapgraph::models::lower {

/// Facts about one nest of loops, found before it runs. A variable depends on parameters when it does before the nest,
/// or is assigned something in it that does, anywhere.
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
  void note_assignments(const TypedStatement& statement);
  bool spread(const TypedStatement& statement);
  bool mark(SymbolId symbol);

  std::vector<bool> dependent_, assigned_;
};

/// The variable that an assignment's target is a part of.
SymbolId assigned_symbol(const TypedExpression& target);

/// Calls `f` with each expression directly below.
void for_each_child(const TypedExpression& expression, const std::function<void(const TypedExpression&)>& f);

/// The function asks for the sizes of its arguments and not for their elements.
bool asks_for_sizes(const FunctionUse& use);

}  // namespace leapgraph::models::lower
