/// The type checker at work: one function for each kind of node, a table of the names in scope.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "leapgraph/models/source.hpp"
#include "leapgraph/models/types/typed_ast.hpp"

namespace leapgraph::models {

/// Builds the typed tree node by node. An expression with an error has the type `unknown`, which fits everywhere, so
/// that one mistake is reported once.
class Checker {
 public:
  Checker(const Source& source, std::vector<Diagnostic>& warnings) : source_(source), warnings_(warnings) {}

  /// Throws ModelError.
  TypedProgram program(const UntypedProgram& program);

 private:
  // typecheck.cpp: blocks, declarations, names
  void block(const ProgramBlock<Untyped>& block);
  /// One declaration, or one for each leaf of tuples.
  void declaration(const Declaration<Untyped>& declaration, bool top_level, Range range,
                   std::vector<TypedStatement>& into);
  ExpressionPtr<Typed> initial(const Variable<Untyped>& variable, const StanType& type);
  /// A type without tuples, and the arrays of tuples that it is in.
  struct LeafType {
    SizedType<Typed> type;
    std::vector<int> array_depths = {};  ///< of each tuple around it, outermost first
  };
  std::vector<LeafType> leaf_types(const SizedType<Untyped>& type, bool top_level);
  void add_leaf_types(const SizedType<Untyped>& type, bool top_level, std::vector<TypedExpression> sizes,
                      LeafType around, std::vector<LeafType>& into);
  SizedWord<Typed> sized_word(const SizedWord<Untyped>& word, int depth, bool top_level, Range range);
  Expression<Typed> size(const Expression<Untyped>& size, bool top_level);
  /// `element` is the type that is bounded, `whole` the type with its arrays.
  ExpressionPtr<Typed> bound(const ExpressionPtr<Untyped>& bound, std::string_view what, const StanType& element,
                             const StanType& whole);
  SymbolId declare(const Name& name, StanType type, bool top_level, bool loop_variable, bool data_only);
  /// Adds a symbol, and those of its slots.
  SymbolId new_symbol(Symbol symbol);
  void refuse_density_suffix(const Name& name);
  const Symbol* find_symbol(const std::string& name) const;
  std::vector<std::string> visible_names() const;
  void open_scope() { scopes_.emplace_back(); }
  void close_scope() { scopes_.pop_back(); }

  // typecheck_function.cpp
  void functions(const std::vector<FunctionDefinition<Untyped>>& functions);
  /// A type of a function's head; those that are not supported are complained about.
  StanType type_in_head(const UnsizedType& type);
  void function_head(const FunctionDefinition<Untyped>& function);
  void function_body(const FunctionDefinition<Untyped>& function, FunctionId id);
  void declaration_of_function(const FunctionDefinition<Untyped>& function, std::vector<std::string>& declared);
  void check_name_and_result(const FunctionDefinition<Untyped>& function, const FunctionInfo& info,
                             const std::vector<StanType>& types);
  TypedStatement returned(const Return<Untyped>& statement, Range range);
  /// The program's function of this name whose parameters need the fewest promotions. Nothing where none fits.
  struct Candidate {
    FunctionId function = no_function;
    int promotions = 0;
    bool ambiguous = false;
  };
  Candidate resolve_user_function(const std::string& name, std::span<const StanType> arguments) const;
  /// The function for these arguments, or no_function, and complained about.
  FunctionId user_function(const std::string& name, std::span<const TypedExpression> arguments, Range range);
  TypedExpression user_call(const Call<Untyped>& call, const std::string& name, bool unnormalized,
                            std::vector<TypedExpression> arguments, Range range);
  TypedStatement user_tilde(Tilde<Typed> tilde, const std::string& name, Range range);
  bool call_allowed(FunctionKind kind, const std::string& name, Range range);
  bool is_user_function(const std::string& name) const { return signatures_.contains(name); }
  const FunctionInfo* current_function() const;
  std::string signature(FunctionId id) const;

  // typecheck_tuple.cpp
  TypedExpression projection(const TupleProjection<Untyped>& projection, Range range);
  /// The leaves of an expression. A call that gives a tuple is made once, before the statement, where that is possible.
  std::vector<TypedExpression> leaves(TypedExpression expression);
  std::vector<TypedExpression> all_leaves(std::vector<TypedExpression> expressions);
  /// Variables of their own that are given the values of expressions, or the leaves of what a call returns, before the
  /// statement.
  std::vector<TypedExpression> hold(std::vector<TypedExpression> values, std::vector<TypedStatement>& into);
  std::vector<TypedExpression> hold_call(TypedExpression call, std::vector<TypedStatement>& into);
  TypedExpression symbol_reference(SymbolId symbol, Range range) const;
  TypedStatement tuple_assignment(TypedExpression target, TypedExpression value, Range op_range, Range range);
  TypedStatement for_each_tuple(const ForEach<Untyped>& loop, TypedExpression container, Range range);
  /// `f()`, of whose calls none is made ahead: what it checks is evaluated again and again, or not at all.
  template <class F>
  auto in_place(F f) {
    std::vector<TypedStatement>* outer = std::exchange(before_, nullptr);
    auto result = f();
    before_ = outer;
    return result;
  }

  // typecheck_solver.cpp
  TypedExpression solver_call(const Call<Untyped>& call, const library::Solver& solver, Range range);
  /// The function of the program that a solver is given, or no_function, and complained about.
  FunctionId solver_function(const UntypedExpression& name, const std::string& solver,
                             const FunctionCallResolution& wanted);
  bool check_solver_data(const Call<Untyped>& call, FunctionId function, const FunctionCallResolution& wanted,
                         std::span<const TypedExpression> arguments);
  TypedExpression reduced_sum(const Call<Untyped>& call, UserFunctionUse function,
                              std::vector<TypedExpression> arguments, Range range);

  // typecheck_statement.cpp
  /// The statements that a statement becomes.
  void statement(const UntypedStatement& statement, bool top_level, std::vector<TypedStatement>& into);
  TypedStatement one_statement(const UntypedStatement& statement);
  StatementPtr<Typed> body(const StatementPtr<Untyped>& body);
  std::vector<TypedStatement> statements(const std::vector<UntypedStatement>& statements);
  TypedExpression condition(const UntypedExpression& condition);
  TypedStatement assignment(const Assignment<Untyped>& assignment, Range range);
  bool assignable(const UntypedExpression& target);
  void refuse_reading_target(const UntypedExpression& target);
  TypedStatement tilde(const Tilde<Untyped>& tilde, Range range);
  TypedStatement target_increment(const TargetIncrement<Untyped>& increment, Range range);
  TypedStatement jacobian_increment(const JacobianIncrement<Untyped>& increment, Range range);
  TypedExpression increment(const UntypedExpression& value, std::string_view of);
  TypedStatement message(const Message<Untyped>& message, Range range);
  TypedStatement call_statement(const CallStatement<Untyped>& call, Range range);
  TypedStatement for_loop(const For<Untyped>& loop, Range range);
  TypedStatement for_each(const ForEach<Untyped>& loop, Range range);
  bool target_allowed(Range range, std::string_view what);
  void inside_loop(Range range, std::string_view word);

  // typecheck_expression.cpp
  TypedExpression expression(const UntypedExpression& expression);
  ExpressionPtr<Typed> pointer(const ExpressionPtr<Untyped>& expression);
  std::vector<TypedExpression> expressions(const std::vector<UntypedExpression>& expressions);
  TypedExpression reference(const VariableReference& reference, Range range);
  TypedExpression array_literal(const ArrayLiteral<Untyped>& literal, Range range);
  TypedExpression row_vector_literal(const RowVectorLiteral<Untyped>& literal, Range range);
  TypedExpression call(const Call<Untyped>& call, Range range);
  TypedExpression density_call(const Call<Untyped>& call, std::vector<TypedExpression> arguments, Range range);
  TypedExpression drawing_call(const library::DrawnDistribution& drawn, const Call<Untyped>& call,
                               std::vector<TypedExpression> arguments, Range range);
  bool unnormalized_allowed(Range range);
  TypedExpression indexed(const Indexed<Untyped>& indexed, Range range);
  Index<Typed> index(const Index<Untyped>& index, IndexKind& kind);
  TypedExpression unary(const Unary<Untyped>& unary, Range range);
  TypedExpression binary(const Binary<Untyped>& binary, Range range);
  TypedExpression ternary(const Ternary<Untyped>& ternary, Range range);
  TypedExpression integer_expression(const UntypedExpression& expression, std::string_view what);
  /// The library's function of this name for these arguments; without a function, and complained about, when none fits.
  FunctionUse resolve_function(std::span<const std::string_view> names, std::string_view shown,
                               std::span<const StanType> arguments, Range range);
  FunctionUse resolve_function(std::string_view name, std::string_view shown, std::span<const StanType> arguments,
                               Range range) {
    return resolve_function(std::span(&name, 1), shown, arguments, range);
  }
  /// Number and types of a density's arguments are right; the outcome is the first.
  bool check_density_arguments(const library::Distribution& distribution, std::span<const TypedExpression> arguments,
                               Range name);
  bool refuse_call_of_variable(const Name& name);
  void refuse_unknown_function(const Name& name);
  void refuse_unknown_distribution(const Name& name);

  void error(Diagnostic diagnostic) { errors_.push_back(std::move(diagnostic)); }
  void unsupported(Range range, const std::string& what);
  /// "x (declared at model.stan:3:8)"
  std::string declared_at(const Symbol& symbol) const;

  const Source& source_;
  std::vector<Diagnostic>& warnings_;
  std::vector<Diagnostic> errors_;
  TypedProgram result_;
  std::vector<std::unordered_map<std::string, SymbolId>> scopes_;
  std::unordered_map<std::string, std::vector<FunctionId>> signatures_;  // functions of the program, by name
  FunctionId function_ = no_function;                                    // whose body is checked
  BlockKind block_ = BlockKind::Data;
  int loops_ = 0;
  std::vector<TypedStatement>* before_ = nullptr;  // where statements go that must run before the one that is checked
};

/// The types of expressions, for signatures.
std::vector<StanType> types_of(std::span<const TypedExpression> expressions);
bool any_unknown(std::span<const TypedExpression> expressions);
bool all_data_only(std::span<const TypedExpression> expressions);
/// The arguments that `~` and _lupdf do not take for data.
library::ArgumentSet arguments_not_data(std::span<const TypedExpression> arguments);

}  // namespace leapgraph::models
