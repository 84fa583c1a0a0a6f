#include "leapgraph/models/syntax/token.hpp"

#include <algorithm>
#include <array>

namespace leapgraph::models {
namespace {

using enum TokenKind;

constexpr std::array signs = {
    TokenInfo{ElementMultiplyAssign, ".*="},
    TokenInfo{ElementDivideAssign, "./="},
    TokenInfo{IntegerDivide, "%/%"},
    TokenInfo{ElementMultiply, ".*"},
    TokenInfo{ElementDivide, "./"},
    TokenInfo{ElementPower, ".^"},
    TokenInfo{Or, "||"},
    TokenInfo{And, "&&"},
    TokenInfo{Equal, "=="},
    TokenInfo{NotEqual, "!="},
    TokenInfo{LessOrEqual, "<="},
    TokenInfo{GreaterOrEqual, ">="},
    TokenInfo{AddAssign, "+="},
    TokenInfo{SubtractAssign, "-="},
    TokenInfo{MultiplyAssign, "*="},
    TokenInfo{DivideAssign, "/="},
    TokenInfo{LeftBrace, "{"},
    TokenInfo{RightBrace, "}"},
    TokenInfo{LeftParenthesis, "("},
    TokenInfo{RightParenthesis, ")"},
    TokenInfo{LeftBracket, "["},
    TokenInfo{RightBracket, "]"},
    TokenInfo{Less, "<"},
    TokenInfo{Greater, ">"},
    TokenInfo{Comma, ","},
    TokenInfo{Semicolon, ";"},
    TokenInfo{Bar, "|"},
    TokenInfo{Question, "?"},
    TokenInfo{Colon, ":"},
    TokenInfo{Not, "!"},
    TokenInfo{Minus, "-"},
    TokenInfo{Plus, "+"},
    TokenInfo{Power, "^"},
    TokenInfo{Transpose, "'"},
    TokenInfo{Multiply, "*"},
    TokenInfo{Divide, "/"},
    TokenInfo{Modulo, "%"},
    TokenInfo{LeftDivide, "\\"},
    TokenInfo{Tilde, "~"},
    TokenInfo{Assign, "="},
};

constexpr std::array words = {
    TokenInfo{Array, "array"},
    TokenInfo{Tuple, "tuple"},
    TokenInfo{Void, "void"},
    TokenInfo{Functions, "functions"},
    TokenInfo{Data, "data"},
    TokenInfo{Parameters, "parameters"},
    TokenInfo{Model, "model"},
    TokenInfo{Transformed, "transformed"},
    TokenInfo{Generated, "generated"},
    TokenInfo{Quantities, "quantities"},
    TokenInfo{If, "if"},
    TokenInfo{Else, "else"},
    TokenInfo{While, "while"},
    TokenInfo{For, "for"},
    TokenInfo{In, "in"},
    TokenInfo{Break, "break"},
    TokenInfo{Continue, "continue"},
    TokenInfo{Return, "return"},
    TokenInfo{Profile, "profile"},
    TokenInfo{Print, "print"},
    TokenInfo{Reject, "reject"},
    TokenInfo{FatalError, "fatal_error"},
    TokenInfo{Target, "target"},
    TokenInfo{Jacobian, "jacobian"},
    TokenInfo{Lower, "lower"},
    TokenInfo{Upper, "upper"},
    TokenInfo{Offset, "offset"},
    TokenInfo{Multiplier, "multiplier"},
    TokenInfo{Reserved, "repeat"},
    TokenInfo{Reserved, "until"},
    TokenInfo{Reserved, "then"},
    TokenInfo{Reserved, "true"},
    TokenInfo{Reserved, "false"},
    TokenInfo{Reserved, "typedef"},
    TokenInfo{Reserved, "struct"},
    TokenInfo{Reserved, "var"},
    TokenInfo{Reserved, "export"},
    TokenInfo{Reserved, "extern"},
    TokenInfo{Reserved, "static"},
    TokenInfo{Reserved, "auto"},
};

}  // namespace

std::span<const TokenInfo> sign_tokens() { return signs; }
std::span<const TokenInfo> word_tokens() { return words; }

TokenKind classify_word(std::string_view word) {
  const auto known = std::ranges::find(words, word, &TokenInfo::text);
  if (known != words.end()) return known->kind;
  const auto type = std::ranges::find(type_words(), word, &TypeWordInfo::text);
  return type != type_words().end() ? TokenKind::TypeWord : Identifier;
}

std::string_view text(TokenKind kind) {
  if (kind == Reserved) return {};
  for (std::span<const TokenInfo> table : {sign_tokens(), word_tokens()}) {
    const auto found = std::ranges::find(table, kind, &TokenInfo::kind);
    if (found != table.end()) return found->text;
  }
  return {};
}

}  // namespace leapgraph::models
