#include <fmt/format.h>

#include <string>
#include <utility>

#include "leapgraph/models/syntax/rules.hpp"

namespace leapgraph::models {
namespace {

/// "vector[size]", "matrix[rows, columns]": how the word is written with its sizes.
std::string with_sizes(const TypeWordInfo& type) {
  if (type.min_sizes == 0) return std::string(type.text);
  if (type.max_sizes > type.min_sizes) return fmt::format("{}[rows] or {}[rows, columns]", type.text, type.text);
  return fmt::format("{}[{}]", type.text, type.min_sizes == 1 ? "size" : "rows, columns");
}

const TypeWordInfo& word_info(std::string_view written) {
  for (const TypeWordInfo& type : type_words()) {
    if (type.text == written) return type;
  }
  return info(TypeWord::Real);  // only words that the lexer found in the table come here
}

}  // namespace

/// type = word [bounds] [sizes] | "array" sizes type | "tuple" "(" type, ... ")"
Rules::Type Rules::sized_type(Scope scope) {
  const Nested nested(*this);
  const Token first = tokens_.peek();
  if (tokens_.accept(TokenKind::Array)) {
    SizedArray<Untyped> array;
    array.sizes = array_sizes();
    if (tokens_.at(TokenKind::Array)) {
      tokens_.report(tokens_.peek().range, "an array holds no arrays",
                     "an array of several dimensions is written array[N, M]");
    }
    array.element = std::make_unique<Type>(sized_type(scope));
    return {std::move(array), since(first.range)};
  }
  if (tokens_.accept(TokenKind::Tuple)) {
    const Token open = tokens_.peek();
    tokens_.expect(TokenKind::LeftParenthesis);
    SizedTuple<Untyped> tuple;
    tuple.slots.push_back(sized_type(scope));
    if (!tokens_.at(TokenKind::Comma)) tokens_.fail("','", "a tuple has more than one slot, or is written tuple(T,)");
    while (tokens_.accept(TokenKind::Comma)) {
      if (tokens_.at(TokenKind::RightParenthesis)) break;
      tuple.slots.push_back(sized_type(scope));
    }
    tokens_.expect_closing(TokenKind::RightParenthesis, open, "',' or ')'");
    return {std::move(tuple), since(first.range)};
  }
  if (!tokens_.at(TokenKind::TypeWord)) tokens_.fail("a type");

  const TypeWordInfo& type = word_info(tokens_.text(tokens_.next()));
  SizedWord<Untyped> result{.word = type.word, .bounds = {}, .sizes = {}};
  if (scope == Scope::Local && type.plain != type.word) {
    tokens_.report(first.range, fmt::format("a local variable cannot be a {}", type.text),
                   fmt::format("declare it as {}", with_sizes(info(type.plain))));
  }
  if (tokens_.at(TokenKind::Less)) bounds(type.word, scope, result.bounds);
  if (type.min_sizes == 0) {
    if (tokens_.at(TokenKind::LeftBracket)) {
      const Token open = tokens_.peek();
      tokens_.skip_brackets();
      tokens_.report(
          cover(open.range, tokens_.previous().range), fmt::format("the type '{}' has no sizes", type.text),
          fmt::format("an array is written array{} {}", tokens_.text(cover(open.range, tokens_.previous().range)),
                      tokens_.text(cover(first.range, {0, open.range.begin}))));
    }
    return {std::move(result), since(first.range)};
  }
  const Token open = tokens_.peek();
  if (!tokens_.at(TokenKind::LeftBracket)) {
    tokens_.fail("'['", fmt::format("'{}' is declared with its size: {}", type.text, with_sizes(type)));
  }
  tokens_.next();
  if (tokens_.at(TokenKind::RightBracket)) tokens_.fail("a size", fmt::format("write {}", with_sizes(type)));
  result.sizes = expressions(TokenKind::RightBracket);
  tokens_.expect_closing(TokenKind::RightBracket, open, "',' or ']'");
  const int count = static_cast<int>(result.sizes.size());
  if (count < type.min_sizes || count > type.max_sizes) {
    tokens_.report(cover(open.range, tokens_.previous().range),
                   fmt::format("wrong number of sizes for '{}'", type.text), fmt::format("write {}", with_sizes(type)));
  }
  return {std::move(result), since(first.range)};
}

/// `<lower = a, upper = b>` or `<offset = a, multiplier = b>`, in any order.
void Rules::bounds(TypeWord word, Scope scope, Bounds<Untyped>& bounds) {
  const TypeWordInfo& type = info(word);
  const Token open = tokens_.next();
  do {
    const Token name = tokens_.peek();
    const bool scale = name.kind == TokenKind::Offset || name.kind == TokenKind::Multiplier;
    if (!scale && name.kind != TokenKind::Lower && name.kind != TokenKind::Upper) {
      tokens_.fail(type.bounds == AllowedBounds::Range ? "'lower' or 'upper'"
                                                       : "'lower', 'upper', 'offset' or 'multiplier'");
    }
    tokens_.next();
    tokens_.expect(TokenKind::Assign);
    ExprPtr& slot = name.kind == TokenKind::Lower    ? bounds.lower
                    : name.kind == TokenKind::Upper  ? bounds.upper
                    : name.kind == TokenKind::Offset ? bounds.offset
                                                     : bounds.multiplier;
    if (slot) tokens_.report(name.range, fmt::format("'{}' is given twice", tokens_.text(name)));
    if (scale && type.bounds == AllowedBounds::Range) {
      tokens_.report(name.range, fmt::format("'{}' has no {}", type.text, tokens_.text(name)));
    }
    if (scale ? bounds.lower || bounds.upper : bounds.offset || bounds.multiplier) {
      tokens_.report(name.range, "a variable has either bounds or an offset and multiplier, not both");
    }
    slot = box(arithmetic());
  } while (tokens_.accept(TokenKind::Comma));
  tokens_.expect(TokenKind::Greater, "',' or '>'");
  bounds.range = since(open.range);
  if (scope == Scope::Local) {
    tokens_.report(bounds.range, "a local variable has no bounds",
                   "bounds belong to the variables that a program block declares");
  } else if (type.bounds == AllowedBounds::None) {
    tokens_.report(bounds.range, fmt::format("'{}' has no bounds", type.text));
  }
}

/// `[N, M]` behind `array`
std::vector<Rules::Expr> Rules::array_sizes() {
  const Token open = tokens_.peek();
  tokens_.expect(TokenKind::LeftBracket, {}, "an array is written array[size] type");
  if (tokens_.at(TokenKind::RightBracket)) tokens_.fail("a size");
  std::vector<Expr> sizes = expressions(TokenKind::RightBracket);
  tokens_.expect_closing(TokenKind::RightBracket, open, "',' or ']'");
  return sizes;
}

/// type = ["array" "[" "," ... "]"] (word | "tuple" "(" type, ... ")")
UnsizedType Rules::unsized_type() {
  const Nested nested(*this);
  const Token first = tokens_.peek();
  UnsizedType result;
  if (tokens_.accept(TokenKind::Array)) {
    const Token open = tokens_.peek();
    tokens_.expect(TokenKind::LeftBracket, {}, "an array is written array[] type, array[,] type");
    result.array_dimensions = 1;
    while (tokens_.accept(TokenKind::Comma)) ++result.array_dimensions;
    if (!tokens_.at(TokenKind::RightBracket)) {
      tokens_.report_unexpected("',' or ']'", "the arrays of a function have no sizes: array[], array[,]");
      if (!tokens_.recover_behind_bracket()) throw TokenStream::Unwind{};
    } else {
      tokens_.expect_closing(TokenKind::RightBracket, open, "',' or ']'");
    }
    if (tokens_.at(TokenKind::Array)) {
      tokens_.fail("a type", "an array of several dimensions is written array[,] type", "an array holds no arrays");
    }
  }
  if (tokens_.accept(TokenKind::Tuple)) {
    const Token open = tokens_.peek();
    tokens_.expect(TokenKind::LeftParenthesis);
    std::vector<UnsizedType> slots;
    slots.push_back(unsized_type());
    if (!tokens_.at(TokenKind::Comma)) tokens_.fail("','", "a tuple has more than one slot, or is written tuple(T,)");
    while (tokens_.accept(TokenKind::Comma)) {
      if (tokens_.at(TokenKind::RightParenthesis)) break;
      slots.push_back(unsized_type());
    }
    tokens_.expect_closing(TokenKind::RightParenthesis, open, "',' or ')'");
    result.element = std::move(slots);
  } else {
    if (!tokens_.at(TokenKind::TypeWord)) tokens_.fail("a type");
    const Token word = tokens_.next();
    const TypeWordInfo& type = word_info(tokens_.text(word));
    result.element = type.plain;
    if (type.plain != type.word) {
      tokens_.report(word.range, fmt::format("'{}' is not a type that functions know", type.text),
                     fmt::format("write '{}'", text(type.plain)));
    }
    if (tokens_.at(TokenKind::Less)) {
      Bounds<Untyped> ignored;
      const Token open = tokens_.peek();
      const std::size_t begin = tokens_.position();
      bounds(TypeWord::Real, Scope::TopLevel, ignored);
      if (tokens_.position() > begin) {
        tokens_.report(since(open.range), "the types of functions have no bounds");
      }
    }
    if (tokens_.at(TokenKind::LeftBracket)) no_sizes_here(text(type.plain));
  }
  result.range = since(first.range);
  return result;
}

/// At the '[' of `real[,]`, which is now array[,] real, or of `vector[N]`, where a function's type has no sizes.
void Rules::no_sizes_here(std::string_view type) {
  const Token open = tokens_.peek();
  std::string commas;
  for (std::size_t i = 1; tokens_.at(TokenKind::Comma, i); ++i) commas += ',';
  const bool empty = tokens_.at(TokenKind::RightBracket, 1 + commas.size());
  tokens_.skip_brackets();
  const Range range = since(open.range);
  if (empty) {
    tokens_.report(range, "an array is declared before the type of its elements",
                   fmt::format("write 'array[{}] {}'", commas, type));
  } else {
    tokens_.report(range, "the types of functions have no sizes", fmt::format("write '{}'", type));
  }
}

}  // namespace leapgraph::models
