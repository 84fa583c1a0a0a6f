/// The parser's place in the tokens, and how it goes on after an error.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "leapgraph/models/source.hpp"
#include "leapgraph/models/syntax/lexer.hpp"
#include "leapgraph/models/syntax/token.hpp"

namespace leapgraph::models {

/// A cursor over the tokens that reports errors at it. A token is complained about at most once, and never when the
/// lexer did so already: what follows from one slip is not reported as another.
class TokenStream {
 public:
  /// Thrown when a rule cannot go on, after the error was reported; caught where a list of statements or functions is
  /// read.
  struct Unwind {};
  /// Thrown when max_errors are reported.
  struct TooManyErrors {};

  TokenStream(const Source& source, Tokens tokens, std::vector<Diagnostic>& diagnostics);

  const Token& peek(std::size_t ahead = 0) const;
  /// The token before the cursor. At the start: an empty one there.
  Token previous() const;
  const Token& next();
  bool at(TokenKind kind, std::size_t ahead = 0) const { return peek(ahead).kind == kind; }
  bool accept(TokenKind kind);
  std::size_t position() const { return cursor_; }
  std::string_view text(Range range) const { return source_.text(range); }
  std::string_view text(const Token& token) const { return source_.text(token.range); }
  const Source& source() const { return source_; }

  /// True when a line ends between the token before the cursor and the one at it.
  bool at_line_start() const;
  /// True when nothing stands between the two tokens at the cursor.
  bool next_is_adjacent() const { return peek().range.end == peek(1).range.begin; }
  /// True at the header of a program block that is followed by '{'.
  bool at_block_start() const;
  /// True when the '{' at the cursor is closed by a '}' with `follower` behind it.
  bool braces_are_followed_by(TokenKind follower) const;

  /// The token at the cursor as a message shows it: "'normal'", "the end of the program".
  std::string found() const { return describe(peek()); }
  std::string describe(const Token& token) const;

  /// Reports an error about `range`, whatever was reported before.
  void report(Range range, std::string message, std::string hint = {});
  /// Reports that something else was expected than the token at the cursor.
  void report_unexpected(std::string expected, std::string hint = {}, std::string message = {});
  [[noreturn]] void fail(std::string expected, std::string hint = {}, std::string message = {});

  /// Takes a token of this kind or fails. `expected` is what the message says; left out, it is the sign itself.
  const Token& expect(TokenKind kind, std::string_view expected = {}, std::string hint = {});
  /// Takes the ')' or ']' or '}' that belongs to `open`, or fails.
  const Token& expect_closing(TokenKind kind, const Token& open, std::string_view expected, std::string hint = {});
  /// Takes the ';' that ends `what`. When it is missing and the next token begins something new, goes on without it.
  void expect_semicolon(std::string_view what);
  /// Reports a missing '}' unless it is there, and takes it. `open` is the matching '{'.
  Range close_block(const Token& open, std::string_view what);

  /// After an error in a statement that began at token `begin`: moves on to where the next one may begin.
  void recover(std::size_t begin);
  /// After an error between '(' and ')': moves behind the ')' when that comes before the statement can have ended.
  bool recover_behind_parenthesis(bool over_semicolons);
  /// The same for '[' and ']'.
  bool recover_behind_bracket();
  /// Moves behind the bracket that closes the one at the cursor, or to the end.
  void skip_brackets();

 private:
  bool reported_already() const;
  bool recover_behind(TokenKind open, TokenKind close, bool over_semicolons);
  void add(Diagnostic diagnostic);

  const Source& source_;
  std::vector<Token> tokens_;
  bool complete_;
  std::vector<Diagnostic>& diagnostics_;
  std::size_t cursor_ = 0;
  std::size_t last_reported_ = static_cast<std::size_t>(-1);  // the token of the last error
};

}  // namespace leapgraph::models
