/// The words and signs that a program is made of.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "leapgraph/models/source.hpp"
#include "leapgraph/models/syntax/type_word.hpp"

namespace leapgraph::models {

enum class TokenKind : std::uint8_t {
  End,
  Invalid,  ///< something that the lexer has reported already
  Identifier,
  IntLiteral,
  RealLiteral,
  DotLiteral,  ///< `.5`: a real number, or after an expression the slot of a tuple
  ImaginaryLiteral,
  StringLiteral,
  // signs
  LeftBrace,
  RightBrace,
  LeftParenthesis,
  RightParenthesis,
  LeftBracket,
  RightBracket,
  Less,
  Greater,
  Comma,
  Semicolon,
  Bar,
  Question,
  Colon,
  Not,
  Minus,
  Plus,
  Power,
  Transpose,
  Multiply,
  Divide,
  Modulo,
  IntegerDivide,
  LeftDivide,
  ElementMultiply,
  ElementDivide,
  ElementPower,
  Or,
  And,
  Equal,
  NotEqual,
  LessOrEqual,
  GreaterOrEqual,
  Tilde,
  Assign,
  AddAssign,
  SubtractAssign,
  MultiplyAssign,
  DivideAssign,
  ElementMultiplyAssign,
  ElementDivideAssign,
  // words
  TypeWord,  ///< any word of type_words()
  Array,
  Tuple,
  Void,
  Functions,
  Data,
  Parameters,
  Model,
  Transformed,
  Generated,
  Quantities,
  If,
  Else,
  While,
  For,
  In,
  Break,
  Continue,
  Return,
  Profile,
  Print,
  Reject,
  FatalError,
  Target,
  Jacobian,
  Lower,
  Upper,
  Offset,
  Multiplier,
  Reserved,  ///< a word that the language keeps for later
};

struct Token {
  TokenKind kind = TokenKind::End;
  Range range;
};

struct TokenInfo {
  TokenKind kind;
  std::string_view text;  ///< as it is written
};

/// Signs, longest first where one begins another, and words.
std::span<const TokenInfo> sign_tokens();
std::span<const TokenInfo> word_tokens();

/// What a word is: a keyword, a type, reserved, or an Identifier.
TokenKind classify_word(std::string_view word);

/// A sign or a keyword with one spelling as it is written; "" for the others.
std::string_view text(TokenKind kind);

/// True for a token that is spelled like a name but may not be one.
inline bool is_word(TokenKind kind) { return kind >= TokenKind::TypeWord; }

}  // namespace leapgraph::models
