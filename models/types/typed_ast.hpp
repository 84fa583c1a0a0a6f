/// The tree of a program whose types are right: the parser's tree, each node with its type and what its names mean.
///
/// What holds in a TypedProgram: every name is a symbol or a record of the library; every argument promotes to what the
/// record takes; sizes, indices and conditions are integers; assigned values promote to the type of their target; what
/// the language allows only in some blocks stands in these; a sized type has as many sizes as its values have
/// dimensions (cov_matrix[K] has K twice); tree.functions holds definitions only, declarations have done their duty,
/// and a function that returns a value does so on every path. There are no tuples (see tuple.hpp): their leaves are
/// variables of their own, a `return` of a tuple has a TupleLiteral of leaves, and a CallStatement gives values to
/// variables.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "leapgraph/models/library/distribution.hpp"
#include "leapgraph/models/library/draws.hpp"
#include "leapgraph/models/library/function.hpp"
#include "leapgraph/models/library/solver.hpp"
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

/// The number of a function of the program in TypedProgram::tree.functions.
using FunctionId = int;
inline constexpr FunctionId no_function = -1;

/// A function that the program defines, for calls and, as a density, for `~`. Arguments promote to the types of its
/// parameters.
struct UserFunctionUse {
  FunctionId function = no_function;
  /// Called as _lupdf or _lupmf, or behind `~`: calls of _lupdf and _lupmf in its body drop the terms that their
  /// DensityUse says. Else these keep all.
  bool unnormalized = false;
  int slot = 0;  ///< which leaf is wanted of the tuple that it returns

  explicit operator bool() const { return function != no_function; }
};

/// A call of a library function that takes a function of the program, its first argument: the call keeps the others.
struct SolverUse {
  const library::Solver* solver = nullptr;  ///< null: not such a call
  UserFunctionUse function;
  Resolution resolution;      ///< of the arguments that the call keeps
  std::size_t passed_on = 0;  ///< the first that the function is called with in the place of "..."
};

struct ExpressionInfo {
  StanType type = stan_types::unknown;
  /// Depends on no parameter, as Stan's compiler sees it: a real declared in the model block or in transformed
  /// parameters counts as depending on parameters whatever it is assigned. Decides which terms `~` drops.
  bool data_only = true;
  SymbolId symbol = no_symbol;  ///< of a VariableReference
  FunctionUse function;  ///< of a Call, Unary or Binary. `&&` and `||` have one too, but evaluate the right side last
  DensityUse density;    ///< of a Call
  UserFunctionUse user;  ///< of a Call: then it has neither `function` nor `density`
  library::DrawnDistribution drawn;  ///< of a Call of a distribution's _rng
  SolverUse solver;                  ///< of a Call: then it has none of the above

  /// A call that takes random numbers from the stream.
  bool draws() const { return drawn || (function.function != nullptr && function.function->draw != nullptr); }
};

struct StatementInfo {
  FunctionUse function;  ///< of an Assignment other than `=`: target = function(target, value)
  DensityUse density;    ///< of a Tilde
  UserFunctionUse user;  ///< of a CallStatement, or of a Tilde whose distribution is a function of the program
  /// Of a CallStatement: variables that are made anew, whatever their sizes, for the leaves that the function returns;
  /// without a function for the values of the arguments. May be empty.
  std::vector<SymbolId> results = {};
};

struct VariableInfo {
  SymbolId symbol = no_symbol;
  /// The arrays of tuples that a leaf is in, outermost first. They are stored as arrays of leaves; the elements of one
  /// such array stand together in the position of a sampler.
  struct ArrayOfTuples {
    SymbolId tuple = no_symbol;
    int depth = 0;
  };
  std::vector<ArrayOfTuples> arrays = {};
};

/// What a function may do, by the end of its name.
enum class FunctionKind {
  plain,
  density,           ///< _lpdf, _lpmf: also behind `~`; may call _lupdf and _lupmf
  cumulative,        ///< _cdf, _lcdf, _lccdf
  adds_to_target,    ///< _lp
  adds_to_jacobian,  ///< _jacobian
  random             ///< _rng
};

struct FunctionInfo {
  FunctionKind kind = FunctionKind::plain;
  std::vector<SymbolId> parameters = {};  ///< one for each leaf of each argument; read only
  std::vector<SymbolId> arguments = {};   ///< as they are written; of a tuple the symbol that holds nothing
  StanType result = stan_types::none;
};

/// The phase of a checked tree; see ast.hpp.
struct Typed {
  using ExpressionInfo = models::ExpressionInfo;
  using StatementInfo = models::StatementInfo;
  using VariableInfo = models::VariableInfo;
  using FunctionInfo = models::FunctionInfo;
};

/// A declared variable, a loop variable or a parameter of a function.
struct Symbol {
  std::string name;
  StanType type;
  BlockKind block = BlockKind::Data;  ///< where it was declared
  bool top_level = true;              ///< declared by the block itself, not in a statement of it
  bool loop_variable = false;
  bool data_only = true;
  FunctionId function = no_function;  ///< in whose head or body it was declared; then `block` says nothing
  Range declared;                     ///< its name where it was declared
  std::vector<SymbolId> slots = {};   ///< of a tuple, which itself holds nothing
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
