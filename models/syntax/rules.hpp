/// The grammar, one function a rule: a recursive-descent parser over a TokenStream.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leapgraph/models/syntax/ast.hpp"
#include "leapgraph/models/syntax/token_stream.hpp"

namespace leapgraph::models {

/// Each rule begins at the cursor and leaves it behind what it took. A rule that cannot go on reports why and throws
/// TokenStream::Unwind; the rules for lists of statements and functions catch it, recover, and go on with the next.
class Rules {
 public:
  explicit Rules(TokenStream& tokens) : tokens_(tokens) {}

  /// program = [functions] [data] ... [generated quantities]
  UntypedProgram program();

 private:
  using Expr = UntypedExpression;
  using ExprPtr = ExpressionPtr<Untyped>;
  using Stmt = UntypedStatement;
  using Type = SizedType<Untyped>;

  /// Which declarations a place allows.
  enum class Scope {
    DeclarationsOnly,  ///< data and parameters: no statements, no initial values
    TopLevel,          ///< transformed data, transformed parameters, generated quantities: with bounds
    Local              ///< everywhere else: without bounds
  };

  /// Counts how deep the rules are in each other.
  class Nested {
   public:
    explicit Nested(Rules& rules);
    ~Nested() { --rules_.depth_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;

   private:
    Rules& rules_;
  };

  /// Sets a flag for as long as it lives.
  class Setting {
   public:
    Setting(bool& flag, bool value) : flag_(flag), before_(flag) { flag = value; }
    ~Setting() { flag_ = before_; }
    Setting(const Setting&) = delete;
    Setting& operator=(const Setting&) = delete;

   private:
    bool& flag_;
    bool before_;
  };

  // parser.cpp: blocks and functions
  void function_list(UntypedProgram& program);
  FunctionDefinition<Untyped> function_definition();
  Argument argument();

  // parse_statement.cpp
  std::vector<Stmt> statement_list(Scope scope, const Token& open, std::string_view what, Range& end);
  Stmt statement(Scope scope);
  Stmt declaration(Scope scope);
  void old_array_sizes(const Type& type, const Name& name);
  Stmt block();
  Stmt if_statement();
  Stmt while_statement();
  Stmt for_statement();
  Stmt profile();
  Stmt message(MessageKind kind);
  Stmt increment();
  Stmt expression_statement();
  Stmt assignment(Expr target);
  Stmt tilde(Expr variate);
  StatementPtr<Untyped> body();
  Expr condition();

  // parse_type.cpp
  Type sized_type(Scope scope);
  void bounds(TypeWord word, Scope scope, Bounds<Untyped>& bounds);
  std::vector<Expr> array_sizes();
  UnsizedType unsized_type();
  void no_sizes_here(std::string_view type);

  // parse_expression.cpp
  Expr expression();
  Expr arithmetic();  ///< a bound: no comparison, logical operator or `?:` outside brackets
  Expr ternary_from(Expr condition);
  Expr binary(int level);
  Expr binary_from(Expr left, int level);
  Expr operand();
  Expr postfix();
  Expr primary();
  Expr parenthesised();
  Expr call(const Token& name);
  std::vector<Expr> expressions(TokenKind closing);
  std::vector<Index<Untyped>> indices();
  Expr literal(const Token& token);

  Name new_name(std::string_view what);
  Name used_name(std::string_view what);
  StringLiteral string_literal(const Token& token) const;

  Expr make(Expr::Node node, Range range);
  static ExprPtr box(Expr expression) { return std::make_unique<Expr>(std::move(expression)); }
  static Stmt make_statement(Stmt::Node node, Range range) { return {std::move(node), range, {}}; }
  Range since(Range begin) const { return cover(begin, tokens_.previous().range); }

  TokenStream& tokens_;
  int depth_ = 0;
  bool arithmetic_only_ = false;
};

}  // namespace leapgraph::models
