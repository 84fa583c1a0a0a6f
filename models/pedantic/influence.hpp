/// What enters what: which variables a variable, a condition or a term of the density is computed from.
#pragma once

#include <set>
#include <vector>

#include "leapgraph/models/types/typed_ast.hpp"

namespace leapgraph::models::pedantic {

using Symbols = std::set<SymbolId>;

/// The variables whose names stand in an expression.
Symbols named_in(const TypedExpression& expression);

/// The variables that a statement's target assigns to.
std::vector<SymbolId> assigned_by(const TypedExpression& target);

/// A term of the log density: a `~`, a summand of `target +=`, a call of a function that adds to target.
struct Factor {
  Range range;
  Symbols variables;  ///< parameters and data that enter it, by whatever way
};

/// A condition of a branch or a loop, the limits of a loop.
struct Control {
  Range range;
  Symbols named;  ///< the variables in it
  FunctionId function = no_function;
  BlockKind block = BlockKind::Data;
};

/// The order of statements plays no part: a variable depends on whatever is assigned to it anywhere, and on the
/// conditions under which that happens.
class Influence {
 public:
  explicit Influence(const TypedProgram& program);

  /// The variables and all that they are computed from.
  Symbols behind(const Symbols& variables) const;
  /// Those of them that are parameters.
  Symbols parameters_behind(const Symbols& variables) const;
  bool is_parameter(SymbolId symbol) const;
  bool is_data(SymbolId symbol) const;

  const std::vector<Factor>& factors() const { return factors_; }
  const std::vector<Control>& controls() const { return controls_; }

 private:
  void add(const TypedStatement& statement);
  void add_factor(const TypedExpression& term);
  void add_factor(Range range, Symbols named);
  void depends(SymbolId variable, const Symbols& on);

  const TypedProgram& program_;
  std::vector<Symbols> from_;  // by symbol: what is assigned to it directly
  std::vector<Factor> factors_;
  std::vector<Control> controls_;
  Symbols conditions_;  // under which the statement at hand is reached
  FunctionId function_ = no_function;
  BlockKind block_ = BlockKind::Data;
};

}  // namespace leapgraph::models::pedantic
