#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "leapgraph/models/syntax/overloaded.hpp"
#include "leapgraph/models/syntax/rules.hpp"

namespace leapgraph::models {
namespace {

/// How tightly each binary operator binds; prefix operators stand between IntegerDivide and Power.
struct OperatorInfo {
  TokenKind token;
  BinaryOperator op;
  int level;
};
constexpr int loosest = 1, additive = 5, power = 8;
constexpr OperatorInfo operators[] = {
    {TokenKind::Or, BinaryOperator::Or, 1},
    {TokenKind::And, BinaryOperator::And, 2},
    {TokenKind::Equal, BinaryOperator::Equal, 3},
    {TokenKind::NotEqual, BinaryOperator::NotEqual, 3},
    {TokenKind::Less, BinaryOperator::Less, 4},
    {TokenKind::LessOrEqual, BinaryOperator::LessOrEqual, 4},
    {TokenKind::Greater, BinaryOperator::Greater, 4},
    {TokenKind::GreaterOrEqual, BinaryOperator::GreaterOrEqual, 4},
    {TokenKind::Plus, BinaryOperator::Add, additive},
    {TokenKind::Minus, BinaryOperator::Subtract, additive},
    {TokenKind::Multiply, BinaryOperator::Multiply, 6},
    {TokenKind::Divide, BinaryOperator::Divide, 6},
    {TokenKind::Modulo, BinaryOperator::Modulo, 6},
    {TokenKind::ElementMultiply, BinaryOperator::ElementMultiply, 6},
    {TokenKind::ElementDivide, BinaryOperator::ElementDivide, 6},
    {TokenKind::LeftDivide, BinaryOperator::LeftDivide, 7},
    {TokenKind::IntegerDivide, BinaryOperator::IntegerDivide, 7},
    {TokenKind::Power, BinaryOperator::Power, power},
    {TokenKind::ElementPower, BinaryOperator::ElementPower, power},
};

const OperatorInfo* binary_operator(TokenKind token) {
  const auto* found = std::ranges::find(operators, token, &OperatorInfo::token);
  return found == std::end(operators) ? nullptr : found;
}

std::optional<UnaryOperator> prefix_operator(TokenKind token) {
  switch (token) {
    case TokenKind::Plus:
      return UnaryOperator::Plus;
    case TokenKind::Minus:
      return UnaryOperator::Minus;
    case TokenKind::Not:
      return UnaryOperator::Not;
    default:
      return std::nullopt;
  }
}

/// The greatest height among the children of a node.
int height_below(const UntypedExpression::Node& node) {
  const auto of = [](const ExpressionPtr<Untyped>& child) { return child->height; };
  const auto of_all = [](const std::vector<UntypedExpression>& children) {
    int height = 0;
    for (const UntypedExpression& child : children) height = std::max(height, child.height);
    return height;
  };
  const auto of_index = [&](const Index<Untyped>& index) {
    return std::visit(
        overloaded{[](const IndexAll&) { return 0; }, [&](const IndexSingle<Untyped>& i) { return of(i.value); },
                   [&](const IndexFrom<Untyped>& i) { return of(i.first); },
                   [&](const IndexTo<Untyped>& i) { return of(i.last); },
                   [&](const IndexBetween<Untyped>& i) { return std::max(of(i.first), of(i.last)); }},
        index.kind);
  };
  return std::visit(overloaded{[&](const ArrayLiteral<Untyped>& n) { return of_all(n.elements); },
                               [&](const RowVectorLiteral<Untyped>& n) { return of_all(n.elements); },
                               [&](const TupleLiteral<Untyped>& n) { return of_all(n.elements); },
                               [&](const Call<Untyped>& n) { return of_all(n.arguments); },
                               [&](const Indexed<Untyped>& n) {
                                 int height = of(n.base);
                                 for (const auto& index : n.indices) height = std::max(height, of_index(index));
                                 return height;
                               },
                               [&](const TupleProjection<Untyped>& n) { return of(n.base); },
                               [&](const Unary<Untyped>& n) { return of(n.operand); },
                               [&](const Binary<Untyped>& n) { return std::max(of(n.left), of(n.right)); },
                               [&](const Ternary<Untyped>& n) {
                                 return std::max({of(n.condition), of(n.then), of(n.otherwise)});
                               },
                               [](const auto&) { return 0; }},
                    node);
}

/// A real number as it is written. One that is too small is 0; none when it is too large.
std::optional<double> real_value(std::string_view written) {
  std::string digits(written);
  std::erase(digits, '_');
  const char* const begin = digits.data();
  const char* const end = begin + digits.size();
  double value = 0;
  if (std::from_chars(begin, end, value).ec == std::errc{}) return value;
  long double wide = 0;  // tells an overflow from an underflow
  if (std::from_chars(begin, end, wide).ec != std::errc{} || wide > 1) return std::nullopt;
  return static_cast<double>(wide);
}

}  // namespace

Rules::Nested::Nested(Rules& rules) : rules_(rules) {
  if (rules_.depth_ == max_nesting) {
    rules_.tokens_.report_unexpected({}, {}, fmt::format("this is nested more than {} levels deep", max_nesting));
    throw TokenStream::Unwind{};
  }
  ++rules_.depth_;
}

Rules::Expr Rules::make(Expr::Node node, Range range) {
  const int height = 1 + height_below(node);
  if (height > max_height) {
    tokens_.report_unexpected({}, "give parts of it names of their own",
                              fmt::format("this expression has more than {} operations inside each other", max_height));
    throw TokenStream::Unwind{};
  }
  return {.node = std::move(node), .range = range, .info = {}, .height = height};
}

Rules::Expr Rules::expression() {
  const Setting everything(arithmetic_only_, false);
  const Nested nested(*this);
  return ternary_from(binary(loosest));
}

Rules::Expr Rules::arithmetic() {
  const Setting arithmetic(arithmetic_only_, true);
  const Nested nested(*this);
  Expr result = binary(additive);
  const OperatorInfo* const next = binary_operator(tokens_.peek().kind);
  if (tokens_.at(TokenKind::Question) ||
      (next != nullptr && next->level < additive && !tokens_.at(TokenKind::Greater))) {
    tokens_.fail("',' or '>'", "comparisons, '||', '&&' and '?:' stand in parentheses here");
  }
  return result;
}

Rules::Expr Rules::ternary_from(Expr condition) {
  if (!tokens_.at(TokenKind::Question)) return condition;
  const Token question = tokens_.next();
  Expr then = expression();
  tokens_.expect_closing(TokenKind::Colon, question, "':'");
  Expr otherwise = expression();
  const Range range = cover(condition.range, otherwise.range);
  return make(Ternary<Untyped>{box(std::move(condition)), box(std::move(then)), box(std::move(otherwise))}, range);
}

Rules::Expr Rules::binary(int level) { return binary_from(operand(), level); }

/// Precedence climbing: takes the operators that bind at least as tightly as `level`.
Rules::Expr Rules::binary_from(Expr left, int level) {
  for (;;) {
    const OperatorInfo* const info = binary_operator(tokens_.peek().kind);
    if (info == nullptr || info->level < level) return left;
    if (arithmetic_only_ && info->level < additive) return left;
    const Range op_range = tokens_.next().range;
    Expr right = [&] {
      if (info->level < power) return binary(info->level + 1);
      const Nested nested(*this);  // powers group to the right
      return binary(power);
    }();
    const Range range = cover(left.range, right.range);
    left = make(Binary<Untyped>{info->op, op_range, box(std::move(left)), box(std::move(right))}, range);
  }
}

Rules::Expr Rules::operand() {
  const std::optional<UnaryOperator> op = prefix_operator(tokens_.peek().kind);
  if (!op) return postfix();
  const Range begin = tokens_.next().range;
  const Nested nested(*this);
  Expr value = binary(power);  // -a^2 is -(a^2)
  const Range range = cover(begin, value.range);
  return make(Unary<Untyped>{*op, box(std::move(value))}, range);
}

Rules::Expr Rules::postfix() {
  Expr result = primary();
  for (;;) {
    const Range begin = result.range;
    if (tokens_.at(TokenKind::LeftBracket)) {
      const Token open = tokens_.next();
      std::vector<Index<Untyped>> list = indices();
      tokens_.expect_closing(TokenKind::RightBracket, open, "',' or ']'");
      result = make(Indexed<Untyped>{box(std::move(result)), std::move(list)}, since(begin));
    } else if (tokens_.accept(TokenKind::Transpose)) {
      result = make(Unary<Untyped>{UnaryOperator::Transpose, box(std::move(result))}, since(begin));
    } else if (tokens_.at(TokenKind::DotLiteral)) {
      const std::string_view digits = tokens_.text(tokens_.peek()).substr(1);
      int slot = 0;
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), slot);
      if (error != std::errc{} || end != digits.data() + digits.size()) {
        tokens_.report(tokens_.peek().range, "a tuple has no such slot", "the slots of a tuple are numbered: t.1, t.2");
      }
      tokens_.next();
      result = make(TupleProjection<Untyped>{box(std::move(result)), slot}, since(begin));
    } else {
      return result;
    }
  }
}

Rules::Expr Rules::primary() {
  const Token token = tokens_.peek();
  switch (token.kind) {
    case TokenKind::Identifier:
      tokens_.next();
      if (tokens_.at(TokenKind::LeftParenthesis)) return call(token);
      return make(VariableReference{std::string(tokens_.text(token))}, token.range);
    case TokenKind::IntLiteral:
    case TokenKind::RealLiteral:
    case TokenKind::DotLiteral:
    case TokenKind::ImaginaryLiteral:
      tokens_.next();
      return literal(token);
    case TokenKind::LeftParenthesis:
      return parenthesised();
    case TokenKind::LeftBracket: {
      const Token open = tokens_.next();
      std::vector<Expr> elements = expressions(TokenKind::RightBracket);
      tokens_.expect_closing(TokenKind::RightBracket, open, "',' or ']'");
      return make(RowVectorLiteral<Untyped>{std::move(elements)}, since(open.range));
    }
    case TokenKind::LeftBrace: {
      const Token open = tokens_.next();
      if (tokens_.at(TokenKind::RightBrace)) {
        tokens_.report(cover(open.range, tokens_.peek().range), "an array literal has at least one element",
                       "an array without elements is written rep_array(0, 0)");
      }
      std::vector<Expr> elements = expressions(TokenKind::RightBrace);
      tokens_.expect_closing(TokenKind::RightBrace, open, "',' or '}'");
      return make(ArrayLiteral<Untyped>{std::move(elements)}, since(open.range));
    }
    case TokenKind::Target:
      tokens_.next();
      if (!tokens_.at(TokenKind::LeftParenthesis)) tokens_.fail("'()' after 'target'", "target() is its present value");
      tokens_.next();
      tokens_.expect(TokenKind::RightParenthesis, {}, "target() takes no argument");
      return make(TargetValue{}, since(token.range));
    case TokenKind::StringLiteral:
      tokens_.fail("an expression", "strings stand only in print, reject, fatal_error and profile");
    case TokenKind::Reserved:
      if (const std::string_view word = tokens_.text(token); word == "true" || word == "false") {
        tokens_.fail("an expression", "truth values are integers: 1 and 0");
      } else if (word == "then") {
        tokens_.fail("a statement", "no 'then' stands behind the condition of an 'if'");
      }
      tokens_.fail("an expression", fmt::format("'{}' is a reserved word", tokens_.text(token)));
    case TokenKind::Assign:
      if (tokens_.previous().kind == TokenKind::Assign) tokens_.fail("an expression", "one '=' is enough");
      tokens_.fail("an expression");
    case TokenKind::Multiply:
      if (tokens_.previous().kind == TokenKind::Multiply) tokens_.fail("an expression", "a power is written '^'");
      tokens_.fail("an expression");
    default:
      if (token.kind == TokenKind::TypeWord) tokens_.fail("an expression", "a type cannot stand here");
      if (is_word(token.kind)) {
        tokens_.fail("an expression", fmt::format("'{}' is a word of the language", tokens_.text(token)));
      }
      tokens_.fail("an expression");
  }
}

/// `(a)`, or the tuples `(a, b)` and `(a,)`.
Rules::Expr Rules::parenthesised() {
  const Token open = tokens_.next();
  Expr first = expression();
  if (!tokens_.accept(TokenKind::Comma)) {
    tokens_.expect_closing(TokenKind::RightParenthesis, open, "')'");
    first.range = since(open.range);
    return first;
  }
  std::vector<Expr> elements;
  elements.push_back(std::move(first));
  if (!tokens_.at(TokenKind::RightParenthesis)) {
    std::vector<Expr> rest = expressions(TokenKind::RightParenthesis);
    std::ranges::move(rest, std::back_inserter(elements));
  }
  tokens_.expect_closing(TokenKind::RightParenthesis, open, "',' or ')'");
  return make(TupleLiteral<Untyped>{std::move(elements)}, since(open.range));
}

Rules::Expr Rules::call(const Token& name) {
  Call<Untyped> result;
  result.function = {std::string(tokens_.text(name)), name.range};
  const Token open = tokens_.next();
  if (result.function.text == "get_lp") {
    tokens_.report(name.range, "get_lp() is no longer part of the language", "write 'target()'");
  }
  if (!tokens_.at(TokenKind::RightParenthesis)) {
    result.arguments.push_back(expression());
    if (tokens_.accept(TokenKind::Bar)) {
      result.conditional = true;
      std::vector<Expr> rest = expressions(TokenKind::RightParenthesis);
      std::ranges::move(rest, std::back_inserter(result.arguments));
    } else if (tokens_.accept(TokenKind::Comma)) {
      if (tokens_.at(TokenKind::RightParenthesis)) tokens_.fail("an expression");
      std::vector<Expr> rest = expressions(TokenKind::RightParenthesis);
      std::ranges::move(rest, std::back_inserter(result.arguments));
    }
  }
  if (tokens_.at(TokenKind::Bar)) {
    tokens_.fail("',' or ')'", "'|' stands behind the first argument");
  }
  tokens_.expect_closing(TokenKind::RightParenthesis, open, "',' or ')'");
  return make(std::move(result), since(name.range));
}

/// Zero or more expressions with commas between them, up to but without `closing`.
std::vector<Rules::Expr> Rules::expressions(TokenKind closing) {
  std::vector<Expr> result;
  if (tokens_.at(closing)) return result;
  do {
    result.push_back(expression());
  } while (tokens_.accept(TokenKind::Comma));
  return result;
}

std::vector<Index<Untyped>> Rules::indices() {
  const auto at_end = [&] { return tokens_.at(TokenKind::Comma) || tokens_.at(TokenKind::RightBracket); };
  std::vector<Index<Untyped>> result;
  do {
    const Token first = tokens_.peek();
    if (at_end()) {
      result.push_back({{first.range.begin, first.range.begin}, IndexAll{}});
    } else if (tokens_.accept(TokenKind::Colon)) {
      if (at_end()) {
        result.push_back({first.range, IndexAll{}});
      } else {
        Expr last = expression();
        result.push_back({since(first.range), IndexTo<Untyped>{box(std::move(last))}});
      }
    } else {
      Expr value = expression();
      if (!tokens_.accept(TokenKind::Colon)) {
        result.push_back({since(first.range), IndexSingle<Untyped>{box(std::move(value))}});
      } else if (at_end()) {
        result.push_back({since(first.range), IndexFrom<Untyped>{box(std::move(value))}});
      } else {
        Expr last = expression();
        result.push_back({since(first.range), IndexBetween<Untyped>{box(std::move(value)), box(std::move(last))}});
      }
    }
  } while (tokens_.accept(TokenKind::Comma));
  return result;
}

Rules::Expr Rules::literal(const Token& token) {
  std::string_view written = tokens_.text(token);
  if (token.kind == TokenKind::IntLiteral) {
    std::string digits(written);
    std::erase(digits, '_');
    std::int32_t value = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc{}) {
      tokens_.report(token.range,
                     fmt::format("{} is too large for an int, whose largest value is {}", written,
                                 std::numeric_limits<std::int32_t>::max()),
                     fmt::format("write '{}.0' for a real number", written));
    }
    return make(IntLiteral{value}, token.range);
  }
  if (token.kind == TokenKind::ImaginaryLiteral) written.remove_suffix(1);
  const std::optional<double> value = real_value(written);
  if (!value) tokens_.report(token.range, "this number is too large for a real");
  if (token.kind == TokenKind::ImaginaryLiteral) return make(ImaginaryLiteral{value.value_or(0)}, token.range);
  return make(RealLiteral{value.value_or(0)}, token.range);
}

Name Rules::new_name(std::string_view what) {
  const Token token = tokens_.peek();
  if (token.kind != TokenKind::Identifier) {
    if (!is_word(token.kind)) tokens_.fail(fmt::format("the name of {}", what));
    tokens_.report_unexpected(
        {}, {}, fmt::format("'{}' is a word of the language and cannot name {}", tokens_.text(token), what));
    // The word was meant as a name when what follows fits one; otherwise something else is missing here.
    static constexpr TokenKind followers[] = {TokenKind::Semicolon,       TokenKind::Assign,
                                              TokenKind::Comma,           TokenKind::In,
                                              TokenKind::LeftParenthesis, TokenKind::RightParenthesis};
    if (std::ranges::find(followers, tokens_.peek(1).kind) == std::end(followers)) throw TokenStream::Unwind{};
  }
  tokens_.next();
  return {std::string(tokens_.text(token)), token.range};
}

Name Rules::used_name(std::string_view what) {
  if (!tokens_.at(TokenKind::Identifier)) tokens_.fail(fmt::format("the name of {}", what));
  const Token& token = tokens_.next();
  return {std::string(tokens_.text(token)), token.range};
}

StringLiteral Rules::string_literal(const Token& token) const {
  const std::string_view written = tokens_.text(token);
  return {std::string(written.substr(1, written.size() - 2)), token.range};
}

}  // namespace leapgraph::models
