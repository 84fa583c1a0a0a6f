/// The tree of a program: one shape for every phase, with a slot in each node for what that phase knows about it.
///
/// `Phase` names the slots: `Expression<Untyped>` is what the parser makes, and the type checker builds the same tree
/// over a phase of its own, whose slots hold types, resolved functions and so on. A phase is a struct with four member
/// types, each default constructible and movable:
///
///     struct MyPhase {
///       using ExpressionInfo = ...;   // Expression::info
///       using StatementInfo = ...;    // Statement::info (a `~` or a call statement: the function it resolved to)
///       using VariableInfo = ...;     // Variable::info, one for each declared variable and loop variable
///       using FunctionInfo = ...;     // FunctionDefinition::info
///     };
///
/// Trees own their children and can be moved but not copied. No path from the root is longer than `max_height` nodes,
/// so that recursion over a tree needs no care, nor does destruction.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "leapgraph/models/source.hpp"
#include "leapgraph/models/syntax/type_word.hpp"

namespace leapgraph::models {

/// The greatest height of an expression, and the deepest nesting of statements, types and parentheses.
inline constexpr int max_height = 1000;
inline constexpr int max_nesting = 256;

/// What the parser knows: nothing beyond the shape.
struct Untyped {
  struct None {};
  using ExpressionInfo = None;
  using StatementInfo = None;
  using VariableInfo = None;
  using FunctionInfo = None;
};

struct Name {
  std::string text;
  Range range;
};

// ---------------------------------------------------------------- expressions

template <class Phase>
struct Expression;
template <class Phase>
using ExpressionPtr = std::unique_ptr<Expression<Phase>>;

struct IntLiteral {
  std::int32_t value = 0;
};
struct RealLiteral {
  double value = 0;
};
/// `2.5i`
struct ImaginaryLiteral {
  double value = 0;
};
struct VariableReference {
  std::string name;
};
/// `target()`
struct TargetValue {};

/// `{a, b}`; never empty.
template <class Phase>
struct ArrayLiteral {
  std::vector<Expression<Phase>> elements;
};
/// `[a, b]`: a row vector, or a matrix when the elements are row vectors. May be empty.
template <class Phase>
struct RowVectorLiteral {
  std::vector<Expression<Phase>> elements;
};
/// `(a, b)`; `(a,)` is a tuple of one.
template <class Phase>
struct TupleLiteral {
  std::vector<Expression<Phase>> elements;
};

/// `f(a, b)`, or with `conditional` `f(a | b, c)`, where `a` is the first of `arguments`.
template <class Phase>
struct Call {
  Name function;
  std::vector<Expression<Phase>> arguments;
  bool conditional = false;
};

/// One index of `x[...]`: `i` (an integer, or an array of them), `:` or nothing, `a:`, `:b`, `a:b`.
struct IndexAll {};
template <class Phase>
struct IndexSingle {
  ExpressionPtr<Phase> value;
};
template <class Phase>
struct IndexFrom {
  ExpressionPtr<Phase> first;
};
template <class Phase>
struct IndexTo {
  ExpressionPtr<Phase> last;
};
template <class Phase>
struct IndexBetween {
  ExpressionPtr<Phase> first, last;
};
template <class Phase>
struct Index {
  Range range;
  std::variant<IndexAll, IndexSingle<Phase>, IndexFrom<Phase>, IndexTo<Phase>, IndexBetween<Phase>> kind;
};

/// `base[i, j]`; `base[i][j]` is an Indexed of an Indexed. `x[]` has one IndexAll.
template <class Phase>
struct Indexed {
  ExpressionPtr<Phase> base;
  std::vector<Index<Phase>> indices;
};
/// `base.slot`, counting from 1.
template <class Phase>
struct TupleProjection {
  ExpressionPtr<Phase> base;
  int slot = 1;
};

enum class UnaryOperator : std::uint8_t { Plus, Minus, Not, Transpose };
template <class Phase>
struct Unary {
  UnaryOperator op;
  ExpressionPtr<Phase> operand;
};

enum class BinaryOperator : std::uint8_t {
  Or,
  And,
  Equal,
  NotEqual,
  Less,
  LessOrEqual,
  Greater,
  GreaterOrEqual,
  Add,
  Subtract,
  Multiply,
  Divide,
  Modulo,
  ElementMultiply,
  ElementDivide,
  LeftDivide,
  IntegerDivide,
  Power,
  ElementPower,
};
template <class Phase>
struct Binary {
  BinaryOperator op;
  Range op_range;
  ExpressionPtr<Phase> left, right;
};

/// `condition ? then : otherwise`
template <class Phase>
struct Ternary {
  ExpressionPtr<Phase> condition, then, otherwise;
};

/// Parentheses are not nodes; `range` includes them.
template <class Phase>
struct Expression {
  using Node = std::variant<IntLiteral, RealLiteral, ImaginaryLiteral, VariableReference, TargetValue,
                            ArrayLiteral<Phase>, RowVectorLiteral<Phase>, TupleLiteral<Phase>, Call<Phase>,
                            Indexed<Phase>, TupleProjection<Phase>, Unary<Phase>, Binary<Phase>, Ternary<Phase>>;
  Node node;
  Range range;
  [[no_unique_address]] typename Phase::ExpressionInfo info = {};
  std::int32_t height = 1;  ///< 1 + the greatest height of its children; the parser's guard, of no use to others
};

// ---------------------------------------------------------------- types

/// The type of a function's argument or result: `array[,] vector`, `tuple(int, real)`, `matrix`.
struct UnsizedType {
  Range range;
  int array_dimensions = 0;
  std::variant<TypeWord, std::vector<UnsizedType>> element =
      TypeWord::Real;  ///< a word that is its own plain type, or a tuple's slots
};

/// `<lower = a, upper = b>` or `<offset = a, multiplier = b>`; what is not written is null.
template <class Phase>
struct Bounds {
  ExpressionPtr<Phase> lower, upper, offset, multiplier;
  Range range;

  bool empty() const { return !lower && !upper && !offset && !multiplier; }
};

template <class Phase>
struct SizedType;

/// `word<bounds>[sizes]`
template <class Phase>
struct SizedWord {
  TypeWord word = TypeWord::Real;
  Bounds<Phase> bounds;
  std::vector<Expression<Phase>> sizes;
};
/// `array[sizes] element`
template <class Phase>
struct SizedArray {
  std::vector<Expression<Phase>> sizes;
  std::unique_ptr<SizedType<Phase>> element;
};
/// `tuple(first, second, ...)`; two slots or more.
template <class Phase>
struct SizedTuple {
  std::vector<SizedType<Phase>> slots;
};
/// The type of a declared variable.
template <class Phase>
struct SizedType {
  std::variant<SizedWord<Phase>, SizedArray<Phase>, SizedTuple<Phase>> kind;
  Range range;
};

// ---------------------------------------------------------------- statements

template <class Phase>
struct Statement;
template <class Phase>
using StatementPtr = std::unique_ptr<Statement<Phase>>;

/// A declared variable, with its initial value or null.
template <class Phase>
struct Variable {
  Name name;
  ExpressionPtr<Phase> initial;
  [[no_unique_address]] typename Phase::VariableInfo info = {};
};
/// `T x, y = e;`: all variables have the one type.
template <class Phase>
struct Declaration {
  SizedType<Phase> type;
  std::vector<Variable<Phase>> variables;
};

enum class AssignmentOperator : std::uint8_t {
  Assign,
  Add,
  Subtract,
  Multiply,
  Divide,
  ElementMultiply,
  ElementDivide
};
/// `target` is a VariableReference, an Indexed or TupleProjection of an assignable expression, or a TupleLiteral of
/// them.
template <class Phase>
struct Assignment {
  Expression<Phase> target;
  AssignmentOperator op = AssignmentOperator::Assign;
  Range op_range;
  Expression<Phase> value;
};

/// `T[lower, upper]`; an absent bound is null.
template <class Phase>
struct Truncation {
  Range range;
  ExpressionPtr<Phase> lower, upper;
};
/// `variate ~ distribution(arguments) T[...];`
template <class Phase>
struct Tilde {
  Expression<Phase> variate;
  Name distribution;
  std::vector<Expression<Phase>> arguments;
  std::optional<Truncation<Phase>> truncation;
};
/// `target += value;`
template <class Phase>
struct TargetIncrement {
  Expression<Phase> value;
};
/// `jacobian += value;`
template <class Phase>
struct JacobianIncrement {
  Expression<Phase> value;
};
/// `f(a, b);`
template <class Phase>
struct CallStatement {
  Name function;
  std::vector<Expression<Phase>> arguments;
};

struct StringLiteral {
  std::string text;  ///< without the quotes
  Range range;
};
template <class Phase>
using Printable = std::variant<StringLiteral, Expression<Phase>>;
enum class MessageKind : std::uint8_t { Print, Reject, FatalError };
/// `print(...)`, `reject(...)`, `fatal_error(...)`
template <class Phase>
struct Message {
  MessageKind kind = MessageKind::Print;
  std::vector<Printable<Phase>> items;
};

template <class Phase>
struct ConditionalBranch {
  Expression<Phase> condition;
  StatementPtr<Phase> body;
};
/// `if (c) s else if (c2) s2 ... else otherwise`: a chain is one node. `otherwise` may be null.
template <class Phase>
struct If {
  std::vector<ConditionalBranch<Phase>> branches;
  StatementPtr<Phase> otherwise;
};
template <class Phase>
struct While {
  Expression<Phase> condition;
  StatementPtr<Phase> body;
};
/// `for (variable in first:last) body`
template <class Phase>
struct For {
  Variable<Phase> variable;
  Expression<Phase> first, last;
  StatementPtr<Phase> body;
};
/// `for (variable in container) body`
template <class Phase>
struct ForEach {
  Variable<Phase> variable;
  Expression<Phase> container;
  StatementPtr<Phase> body;
};
struct Break {};
struct Continue {};
/// `return value;` or `return;` with null.
template <class Phase>
struct Return {
  ExpressionPtr<Phase> value;
};
/// `{ ... }`
template <class Phase>
struct Block {
  std::vector<Statement<Phase>> statements;
};
/// `profile("name") { ... }`
template <class Phase>
struct Profile {
  StringLiteral name;
  std::vector<Statement<Phase>> statements;
};
/// `;`
struct Empty {};

template <class Phase>
struct Statement {
  using Node = std::variant<Empty, Declaration<Phase>, Assignment<Phase>, Tilde<Phase>, TargetIncrement<Phase>,
                            JacobianIncrement<Phase>, CallStatement<Phase>, Message<Phase>, If<Phase>, While<Phase>,
                            For<Phase>, ForEach<Phase>, Break, Continue, Return<Phase>, Block<Phase>, Profile<Phase>>;
  Node node;
  Range range;
  [[no_unique_address]] typename Phase::StatementInfo info = {};
};

// ---------------------------------------------------------------- programs

struct Argument {
  Name name;
  UnsizedType type;
  bool data_only = false;  ///< `data real x`
};

/// `R f(T a, ...) { ... }`, or with a null body the declaration `R f(T a, ...);`
template <class Phase>
struct FunctionDefinition {
  std::optional<UnsizedType> result;  ///< none for `void`
  Name name;
  std::vector<Argument> arguments;
  StatementPtr<Phase> body;
  Range range;
  [[no_unique_address]] typename Phase::FunctionInfo info = {};
};

/// The blocks that hold statements, in the order in which they stand.
enum class BlockKind : std::uint8_t {
  Data,
  TransformedData,
  Parameters,
  TransformedParameters,
  Model,
  GeneratedQuantities
};
inline constexpr int block_count = 6;
std::string_view text(BlockKind kind);

template <class Phase>
struct ProgramBlock {
  BlockKind kind = BlockKind::Data;
  std::vector<Statement<Phase>> statements;
  Range range;
};

template <class Phase>
struct Program {
  std::vector<FunctionDefinition<Phase>> functions;
  Range functions_range;                    ///< of their block; empty when the program has none
  std::vector<ProgramBlock<Phase>> blocks;  ///< those that are written, each at most once, in the order of BlockKind

  /// The block, or null when the program has none of that kind.
  const ProgramBlock<Phase>* block(BlockKind kind) const {
    for (const ProgramBlock<Phase>& candidate : blocks) {
      if (candidate.kind == kind) return &candidate;
    }
    return nullptr;
  }
};

using UntypedProgram = Program<Untyped>;
using UntypedExpression = Expression<Untyped>;
using UntypedStatement = Statement<Untyped>;

/// An operator as it is written: "+", "'", ".*=".
std::string_view text(UnaryOperator op);
std::string_view text(BinaryOperator op);
std::string_view text(AssignmentOperator op);

}  // namespace leapgraph::models
