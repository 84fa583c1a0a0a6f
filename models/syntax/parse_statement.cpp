#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "leapgraph/models/syntax/overloaded.hpp"
#include "leapgraph/models/syntax/rules.hpp"

namespace leapgraph::models {
namespace {

struct AssignmentInfo {
  TokenKind token;
  AssignmentOperator op;
};
constexpr AssignmentInfo assignments[] = {
    {TokenKind::Assign, AssignmentOperator::Assign},
    {TokenKind::AddAssign, AssignmentOperator::Add},
    {TokenKind::SubtractAssign, AssignmentOperator::Subtract},
    {TokenKind::MultiplyAssign, AssignmentOperator::Multiply},
    {TokenKind::DivideAssign, AssignmentOperator::Divide},
    {TokenKind::ElementMultiplyAssign, AssignmentOperator::ElementMultiply},
    {TokenKind::ElementDivideAssign, AssignmentOperator::ElementDivide},
};

const AssignmentInfo* assignment_operator(TokenKind token) {
  for (const AssignmentInfo& info : assignments) {
    if (info.token == token) return &info;
  }
  return nullptr;
}

/// What the types of other languages are called in this one.
std::string_view type_meant_by(std::string_view word) {
  if (word == "float" || word == "double" || word == "numeric") return "real";
  if (word == "integer" || word == "bool" || word == "boolean" || word == "long" || word == "unsigned") return "int";
  return {};
}

/// A variable, or elements or a slot of one.
bool is_place(const UntypedExpression& target) {
  return std::visit(overloaded{[](const VariableReference&) { return true; },
                               [](const Indexed<Untyped>& node) { return is_place(*node.base); },
                               [](const TupleProjection<Untyped>& node) { return is_place(*node.base); },
                               [](const auto&) { return false; }},
                    target.node);
}

/// A place, or a tuple of what is assignable.
bool is_assignable(const UntypedExpression& target) {
  const auto* const tuple = std::get_if<TupleLiteral<Untyped>>(&target.node);
  return tuple != nullptr ? std::ranges::all_of(tuple->elements, is_assignable) : is_place(target);
}

}  // namespace

/// The statements up to the '}' that closes `open`; `what` names the block in messages.
std::vector<Rules::Stmt> Rules::statement_list(Scope scope, const Token& open, std::string_view what, Range& end) {
  std::vector<Stmt> result;
  while (!tokens_.at(TokenKind::RightBrace) && !tokens_.at(TokenKind::End) && !tokens_.at_block_start()) {
    const std::size_t begin = tokens_.position();
    try {
      result.push_back(statement(scope));
    } catch (const TokenStream::Unwind&) {
      tokens_.recover(begin);
    }
  }
  end = tokens_.close_block(open, what);
  return result;
}

Rules::Stmt Rules::statement(Scope scope) {
  const Nested nested(*this);
  const Token first = tokens_.peek();
  switch (first.kind) {
    case TokenKind::TypeWord:
    case TokenKind::Array:
    case TokenKind::Tuple:
      return declaration(scope);
    case TokenKind::Semicolon:
      tokens_.next();
      return make_statement(Empty{}, first.range);
    default:
      break;
  }
  if (scope == Scope::DeclarationsOnly) {
    const std::string_view meant = type_meant_by(tokens_.text(first));
    if (!meant.empty()) tokens_.fail("a declaration", fmt::format("write '{}'", meant));
    tokens_.fail("a declaration", "this block holds declarations only; statements belong to other blocks");
  }
  switch (first.kind) {
    case TokenKind::LeftBrace:
      if (tokens_.braces_are_followed_by(TokenKind::Tilde)) return expression_statement();  // {a, b} ~ f();
      return block();
    case TokenKind::If:
      return if_statement();
    case TokenKind::While:
      return while_statement();
    case TokenKind::For:
      return for_statement();
    case TokenKind::Profile:
      return profile();
    case TokenKind::Print:
      return message(MessageKind::Print);
    case TokenKind::Reject:
      return message(MessageKind::Reject);
    case TokenKind::FatalError:
      return message(MessageKind::FatalError);
    case TokenKind::Break:
      tokens_.next();
      tokens_.expect_semicolon("'break'");
      return make_statement(Break{}, since(first.range));
    case TokenKind::Continue:
      tokens_.next();
      tokens_.expect_semicolon("'continue'");
      return make_statement(Continue{}, since(first.range));
    case TokenKind::Return: {
      tokens_.next();
      ExprPtr value;
      if (!tokens_.at(TokenKind::Semicolon)) value = box(expression());
      tokens_.expect_semicolon("the return statement");
      return make_statement(Return<Untyped>{std::move(value)}, since(first.range));
    }
    case TokenKind::Target:
      if (!tokens_.at(TokenKind::LeftParenthesis, 1)) return increment();
      return expression_statement();
    case TokenKind::Jacobian:
      return increment();
    case TokenKind::Else:
      tokens_.report(first.range, "this 'else' belongs to no 'if'",
                     "an 'if' with several statements needs '{' and '}' around them");
      tokens_.next();
      return statement(scope);
    case TokenKind::Data:
      if (tokens_.at(TokenKind::TypeWord, 1) || tokens_.at(TokenKind::Array, 1)) {
        tokens_.fail("a statement", "'data' qualifies the arguments of functions only");
      }
      tokens_.fail("a statement");
    case TokenKind::Void:
      tokens_.fail("a statement", "functions are defined in the functions block");
    default:
      return expression_statement();
  }
}

/// T x [= e], y [= e], ... ;
Rules::Stmt Rules::declaration(Scope scope) {
  const Range begin = tokens_.peek().range;
  Declaration<Untyped> result{.type = sized_type(scope), .variables = {}};
  do {
    if (!result.variables.empty() && tokens_.at(TokenKind::TypeWord)) {
      tokens_.fail("a name", "the variables of one declaration have one type; write ';' between two declarations");
    }
    if (result.variables.empty() && tokens_.at(TokenKind::LeftBracket)) tokens_.fail("the name of a variable");
    Variable<Untyped> variable{.name = new_name("a variable"), .initial = nullptr, .info = {}};
    if (tokens_.at(TokenKind::LeftBracket)) old_array_sizes(result.type, variable.name);
    if (tokens_.at(TokenKind::LeftParenthesis)) {
      tokens_.fail("';' after the declaration", "functions are defined in the functions block");
    }
    if (tokens_.at(TokenKind::Assign)) {
      if (scope == Scope::DeclarationsOnly) {
        tokens_.report(tokens_.peek().range, "a variable of this block has no initial value",
                       "values are given in transformed data, transformed parameters or generated quantities");
      }
      tokens_.next();
      variable.initial = box(expression());
    } else if (tokens_.at(TokenKind::Less) && tokens_.at(TokenKind::Minus, 1) && tokens_.next_is_adjacent()) {
      tokens_.report(cover(tokens_.peek().range, tokens_.peek(1).range), "'<-' is no longer part of the language",
                     "write '='");
      tokens_.next();
      tokens_.next();
      variable.initial = box(expression());
    } else if (tokens_.at(TokenKind::Less)) {
      tokens_.fail("';' after the declaration", "bounds stand before the sizes and the name: real<lower=0> x");
    }
    result.variables.push_back(std::move(variable));
  } while (tokens_.accept(TokenKind::Comma));
  tokens_.expect_semicolon("the declaration");
  return make_statement(std::move(result), since(begin));
}

/// At the '[' of `real x[N]`, which is now array[N] real x.
void Rules::old_array_sizes(const Type& type, const Name& name) {
  const Token open = tokens_.peek();
  tokens_.next();
  expressions(TokenKind::RightBracket);
  tokens_.expect_closing(TokenKind::RightBracket, open, "',' or ']'");
  const Range sizes = since(open.range);
  tokens_.report(sizes, "the sizes of an array stand before the type of its elements",
                 fmt::format("write 'array{} {} {}'", tokens_.text(sizes), tokens_.text(type.range), name.text));
}

Rules::Stmt Rules::block() {
  const Token open = tokens_.next();
  Range end;
  Block<Untyped> result{statement_list(Scope::Local, open, "the block", end)};
  return make_statement(std::move(result), cover(open.range, end));
}

StatementPtr<Untyped> Rules::body() {
  if (tokens_.at(TokenKind::RightBrace) || tokens_.at(TokenKind::End)) tokens_.fail("a statement");
  return std::make_unique<Stmt>(statement(Scope::Local));
}

/// "(" expression ")". When it is wrong, the statement behind it is still worth reading.
Rules::Expr Rules::condition() {
  const Token open = tokens_.peek();
  tokens_.expect(TokenKind::LeftParenthesis, {}, "the condition stands in parentheses");
  try {
    Expr result = expression();
    tokens_.expect_closing(TokenKind::RightParenthesis, open, "')'");
    return result;
  } catch (const TokenStream::Unwind&) {
    if (!tokens_.recover_behind_parenthesis(false)) throw;
    return make(IntLiteral{0}, since(open.range));
  }
}

Rules::Stmt Rules::if_statement() {
  const Range begin = tokens_.peek().range;
  If<Untyped> result;
  do {
    tokens_.next();  // if
    Expr tested = condition();
    result.branches.push_back({std::move(tested), body()});
    if (!tokens_.accept(TokenKind::Else)) return make_statement(std::move(result), since(begin));
  } while (tokens_.at(TokenKind::If));
  result.otherwise = body();
  return make_statement(std::move(result), since(begin));
}

Rules::Stmt Rules::while_statement() {
  const Range begin = tokens_.next().range;
  Expr tested = condition();
  While<Untyped> result{std::move(tested), body()};
  return make_statement(std::move(result), since(begin));
}

/// for (i in first:last) body, for (x in container) body
Rules::Stmt Rules::for_statement() {
  const Range begin = tokens_.next().range;
  const Token open = tokens_.peek();
  tokens_.expect(TokenKind::LeftParenthesis, {}, "a loop is written for (i in 1:N)");
  Variable<Untyped> variable;
  ExprPtr first, last;
  try {
    if (tokens_.at(TokenKind::TypeWord)) {
      tokens_.fail("the name of the loop variable", "a loop variable has no type: for (i in 1:N)");
    }
    variable.name = new_name("the loop variable");
    tokens_.expect(TokenKind::In, {}, "a loop is written for (i in 1:N)");
    first = box(expression());
    if (tokens_.accept(TokenKind::Colon)) last = box(expression());
    tokens_.expect_closing(TokenKind::RightParenthesis, open, last ? "')'" : "':' or ')'");
  } catch (const TokenStream::Unwind&) {
    // The head is wrong; its body is still worth reading. What the loop runs over does not matter any more.
    if (!tokens_.recover_behind_parenthesis(true)) throw;
    first = box(make(IntLiteral{0}, open.range));
    last = nullptr;
  }
  StatementPtr<Untyped> repeated = body();
  if (last) {
    return make_statement(For<Untyped>{std::move(variable), std::move(*first), std::move(*last), std::move(repeated)},
                          since(begin));
  }
  return make_statement(ForEach<Untyped>{std::move(variable), std::move(*first), std::move(repeated)}, since(begin));
}

/// profile("name") { ... }
Rules::Stmt Rules::profile() {
  const Range begin = tokens_.next().range;
  Profile<Untyped> result;
  const Token open = tokens_.peek();
  tokens_.expect(TokenKind::LeftParenthesis);
  result.name = string_literal(tokens_.expect(TokenKind::StringLiteral, "a string"));
  tokens_.expect_closing(TokenKind::RightParenthesis, open, "')'");
  const Token brace = tokens_.expect(TokenKind::LeftBrace);
  Range end;
  result.statements = statement_list(Scope::Local, brace, "the profile", end);
  return make_statement(std::move(result), cover(begin, end));
}

/// print(...), reject(...), fatal_error(...)
Rules::Stmt Rules::message(MessageKind kind) {
  const Token word = tokens_.next();
  Message<Untyped> result{.kind = kind, .items = {}};
  const Token open = tokens_.peek();
  tokens_.expect(TokenKind::LeftParenthesis);
  do {
    if (tokens_.at(TokenKind::StringLiteral)) {
      result.items.emplace_back(string_literal(tokens_.next()));
    } else {
      result.items.emplace_back(expression());
    }
  } while (tokens_.accept(TokenKind::Comma));
  tokens_.expect_closing(TokenKind::RightParenthesis, open, "',' or ')'");
  tokens_.expect_semicolon(fmt::format("the {} statement", tokens_.text(word)));
  return make_statement(std::move(result), since(word.range));
}

/// target += e; jacobian += e;
Rules::Stmt Rules::increment() {
  const Token word = tokens_.next();
  const std::string_view name = tokens_.text(word);
  if (!tokens_.at(TokenKind::AddAssign)) {
    tokens_.fail("'+='", fmt::format("'{}' can only be added to: {} += ...;", name, name));
  }
  tokens_.next();
  Expr value = expression();
  tokens_.expect_semicolon("the statement");
  if (word.kind == TokenKind::Target)
    return make_statement(TargetIncrement<Untyped>{std::move(value)}, since(word.range));
  return make_statement(JacobianIncrement<Untyped>{std::move(value)}, since(word.range));
}

/// What begins with an expression: an assignment, `~`, a call.
Rules::Stmt Rules::expression_statement() {
  const Token first = tokens_.peek();
  const bool prefix = first.kind == TokenKind::Minus || first.kind == TokenKind::Plus || first.kind == TokenKind::Not;
  if (!prefix && !is_word(first.kind) && first.kind != TokenKind::Identifier &&
      first.kind != TokenKind::LeftParenthesis && first.kind != TokenKind::LeftBracket &&
      first.kind != TokenKind::LeftBrace &&
      (first.kind < TokenKind::IntLiteral || first.kind > TokenKind::ImaginaryLiteral)) {
    tokens_.fail("a statement");
  }
  Expr expr = prefix ? expression() : postfix();
  if (!prefix) {
    if (tokens_.at(TokenKind::Less) && tokens_.at(TokenKind::Minus, 1) && tokens_.next_is_adjacent() &&
        is_assignable(expr)) {
      tokens_.report(cover(tokens_.peek().range, tokens_.peek(1).range), "'<-' is no longer part of the language",
                     "write '='");
      tokens_.next();
      return assignment(std::move(expr));
    }
    expr = ternary_from(binary_from(std::move(expr), 1));
  }
  if (assignment_operator(tokens_.peek().kind) != nullptr) return assignment(std::move(expr));
  if (tokens_.at(TokenKind::Tilde)) return tilde(std::move(expr));

  Call<Untyped>* const call = std::get_if<Call<Untyped>>(&expr.node);
  if (call != nullptr && !call->conditional && first.kind == TokenKind::Identifier) {
    tokens_.expect_semicolon("the statement");
    if (call->function.text == "increment_log_prob") {
      tokens_.report(call->function.range, "increment_log_prob is no longer part of the language",
                     "write 'target += ...;'");
    }
    return make_statement(CallStatement<Untyped>{std::move(call->function), std::move(call->arguments)},
                          since(first.range));
  }
  if (tokens_.at(TokenKind::Semicolon)) {
    const Binary<Untyped>* const binary = std::get_if<Binary<Untyped>>(&expr.node);
    const bool compares = binary != nullptr && binary->op == BinaryOperator::Equal;
    tokens_.report(expr.range, "this expression is not a statement",
                   compares ? "'==' compares; to assign write '='"
                            : "a statement assigns with '=' or declares a "
                              "distribution with '~'");
    tokens_.next();
    return make_statement(Empty{}, since(first.range));
  }
  std::string hint;
  if (std::holds_alternative<VariableReference>(expr.node) && tokens_.at(TokenKind::Identifier)) {
    const std::string_view meant = type_meant_by(tokens_.text(expr.range));
    if (!meant.empty()) hint = fmt::format("write '{} {}'", meant, tokens_.text(tokens_.peek()));
  }
  if (tokens_.at(TokenKind::Colon)) hint = "an assignment is written with '='";
  tokens_.fail("'=' or '~'", std::move(hint));
}

/// At the operator of `target op value;`
Rules::Stmt Rules::assignment(Expr target) {
  const Range begin = target.range;
  if (!is_assignable(target)) {
    tokens_.report(target.range, "this cannot be assigned to",
                   "a variable, elements of one, or slots of a tuple stand before an assignment");
  }
  const Token op = tokens_.next();
  const AssignmentInfo* const info = assignment_operator(op.kind);
  const AssignmentOperator kind = info != nullptr ? info->op : AssignmentOperator::Assign;  // none behind `<-`
  Expr value = expression();
  tokens_.expect_semicolon("the assignment");
  return make_statement(Assignment<Untyped>{std::move(target), kind, op.range, std::move(value)}, since(begin));
}

/// variate ~ distribution(arguments) [T[lower, upper]];
Rules::Stmt Rules::tilde(Expr variate) {
  const Range begin = variate.range;
  tokens_.next();
  Tilde<Untyped> result{.variate = std::move(variate), .distribution = {}, .arguments = {}, .truncation = {}};
  result.distribution = used_name("a distribution");
  const Token open = tokens_.peek();
  tokens_.expect(TokenKind::LeftParenthesis, {},
                 fmt::format("a distribution has its arguments in parentheses: {}(...)", result.distribution.text));
  result.arguments = expressions(TokenKind::RightParenthesis);
  tokens_.expect_closing(TokenKind::RightParenthesis, open, "',' or ')'",
                         tokens_.at(TokenKind::Bar) ? "the arguments behind '~' have ',' between them" : "");
  if (tokens_.at(TokenKind::Identifier) && tokens_.text(tokens_.peek()) == "T" &&
      tokens_.at(TokenKind::LeftBracket, 1)) {
    const Range start = tokens_.next().range;
    const Token bracket = tokens_.next();
    Truncation<Untyped> truncation;
    if (!tokens_.at(TokenKind::Comma)) truncation.lower = box(expression());
    tokens_.expect(TokenKind::Comma, {}, "a truncation is written T[lower, upper], T[lower, ] or T[, upper]");
    if (!tokens_.at(TokenKind::RightBracket)) truncation.upper = box(expression());
    tokens_.expect_closing(TokenKind::RightBracket, bracket, "']'");
    truncation.range = since(start);
    result.truncation = std::move(truncation);
  }
  tokens_.expect_semicolon("the statement");
  return make_statement(std::move(result), since(begin));
}

}  // namespace leapgraph::models
