/// The tree of a program whose types are right: the parser's tree, each node with its type and what its names mean.
///
/// What holds in a TypedProgram: every name is a symbol or a record of the library; every argument promotes to what the
/// record takes; sizes, indices and conditions are integers; assigned values promote to the type of their target; what
/// the language allows only in some blocks stands in these; a sized type has as many sizes as its values have
/// dimensions (cov_matrix[K] has K twice). There are no tuples, no complex numbers and no user-defined functions: they
/// were refused by name.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "leapgraph/models/library/distribution.hpp"
#include "leapgraph/models/library/function.hpp"
#include "leapgraph/models/syntax/ast.hpp"
#include "leapgraph/models/types/signature.hpp"
#include "leapgraph/models/types/stan_type.hpp"

namespace leapgraph::models {

/// The number of a symbol in TypedProgram::symbols.
using SymbolId = int;
inline constexpr SymbolId no_symbol = -1;

/// A function or operator of the library, resolved for its arguments.
struct FunctionUse {
  const library::Function* function = nullptr;  ///< null: not a library function
  Resolution resolution;
};

/// A density, for `~` and for calls of its _lpdf, _lpmf, _lupdf or _lupmf.
struct DensityUse {
  const library::Distribution* distribution = nullptr;  ///< null: not a density
  /// What library::log_density is asked for: the arguments that are not data, or library::everything for _lpdf and
  /// _lpmf.
  library::ArgumentSet terms_for = library::everything;
};

struct ExpressionInfo {
  StanType type = stan_types::unknown;
  /// Depends on no parameter, as Stan's compiler sees it: a real declared in the model block or in transformed
  /// parameters counts as depending on parameters whatever it is assigned. Decides which terms `~` drops.
  bool data_only = true;
  SymbolId symbol = no_symbol;  ///< of a VariableReference
  FunctionUse function;  ///< of a Call, Unary or Binary. `&&` and `||` have one too, but evaluate the right side last
  DensityUse density;    ///< of a Call
};

struct StatementInfo {
  FunctionUse function;  ///< of an Assignment other than `=`: target = function(target, value)
  DensityUse density;    ///< of a Tilde
};

struct VariableInfo {
  SymbolId symbol = no_symbol;
};

/// The phase of a checked tree; see ast.hpp.
struct Typed {
  using ExpressionInfo = models::ExpressionInfo;
  using StatementInfo = models::StatementInfo;
  using VariableInfo = models::VariableInfo;
  using FunctionInfo = Untyped::None;
};

/// A declared variable or a loop variable.
struct Symbol {
  std::string name;
  StanType type;
  BlockKind block = BlockKind::Data;  ///< where it was declared
  bool top_level = true;              ///< declared by the block itself, not in a statement of it
  bool loop_variable = false;
  bool data_only = true;
  Range declared;  ///< its name where it was declared
};

using TypedExpression = Expression<Typed>;
using TypedStatement = Statement<Typed>;

struct TypedProgram {
  Program<Typed> tree;
  std::vector<Symbol> symbols;
};

/// The type of a declaration without its sizes. Throws InternalError for types that a TypedProgram has not.
template <class Phase>
StanType unsized(const SizedType<Phase>& type);

}  // namespace leapgraph::models
