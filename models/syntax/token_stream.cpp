#include "leapgraph/models/syntax/token_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace leapgraph::models {
namespace {

using enum TokenKind;

/// Words that begin a statement and stand nowhere else.
bool begins_statement(TokenKind kind) {
  switch (kind) {
    case TokenKind::TypeWord:
    case Array:
    case Tuple:
    case Void:
    case If:
    case While:
    case For:
    case Break:
    case Continue:
    case Return:
    case Profile:
    case Print:
    case Reject:
    case FatalError:
      return true;
    default:
      return false;
  }
}

bool opens(TokenKind kind) { return kind == LeftParenthesis || kind == LeftBracket || kind == LeftBrace; }
bool closes(TokenKind kind) { return kind == RightParenthesis || kind == RightBracket || kind == RightBrace; }

}  // namespace

TokenStream::TokenStream(const Source& source, Tokens tokens, std::vector<Diagnostic>& diagnostics)
    : source_(source), tokens_(std::move(tokens.tokens)), complete_(tokens.complete), diagnostics_(diagnostics) {}

const Token& TokenStream::peek(std::size_t ahead) const {
  return tokens_[std::min(cursor_ + ahead, tokens_.size() - 1)];
}

Token TokenStream::previous() const {
  if (cursor_ > 0) return tokens_[cursor_ - 1];
  return {End, {peek().range.begin, peek().range.begin}};
}

const Token& TokenStream::next() {
  const Token& token = peek();
  if (cursor_ + 1 < tokens_.size()) ++cursor_;
  return token;
}

bool TokenStream::accept(TokenKind kind) {
  if (!at(kind)) return false;
  next();
  return true;
}

bool TokenStream::at_line_start() const {
  if (cursor_ == 0) return true;
  const std::uint32_t end = previous().range.end, begin = peek().range.begin;
  if (begin < end || &source_.file_at(end) != &source_.file_at(begin)) return true;
  return source_.text({end, begin}).find_first_of("\r\n") != std::string_view::npos;
}

bool TokenStream::at_block_start() const {
  switch (peek().kind) {
    case Functions:
    case Data:
    case Parameters:
    case Model:
      return at(LeftBrace, 1);
    case Transformed:
      return (at(Data, 1) || at(Parameters, 1)) && at(LeftBrace, 2);
    case Generated:
      return at(Quantities, 1) && at(LeftBrace, 2);
    default:
      return false;
  }
}

bool TokenStream::braces_are_followed_by(TokenKind follower) const {
  int depth = 0;
  for (std::size_t i = cursor_; i + 1 < tokens_.size(); ++i) {
    // An array literal holds no statement; looking no further keeps nested blocks from being scanned again and again.
    if (tokens_[i].kind == Semicolon) return false;
    if (tokens_[i].kind == LeftBrace) ++depth;
    if (tokens_[i].kind == RightBrace && --depth == 0) return tokens_[i + 1].kind == follower;
  }
  return false;
}

std::string TokenStream::describe(const Token& token) const {
  constexpr std::size_t longest = 40;
  if (token.kind == End) return "the end of the program";
  const std::string_view written = text(token);
  if (token.kind == TokenKind::StringLiteral) return "a string";
  if (written.size() > longest) return fmt::format("'{}...'", written.substr(0, longest));
  return fmt::format("'{}'", written);
}

bool TokenStream::reported_already() const {
  return last_reported_ == cursor_ || at(Invalid) || (at(End) && !complete_);
}

void TokenStream::add(Diagnostic diagnostic) {
  diagnostics_.push_back(std::move(diagnostic));
  if (diagnostics_.size() >= max_errors) throw TooManyErrors{};
}

void TokenStream::report(Range range, std::string message, std::string hint) {
  add({.range = range, .message = std::move(message), .hint = std::move(hint)});
}

void TokenStream::report_unexpected(std::string expected, std::string hint, std::string message) {
  if (!reported_already()) {
    // At the end of the program the place to look at is behind the last token.
    const std::uint32_t behind = previous().range.end;
    const Range range = at(End) ? Range{behind, behind} : peek().range;
    std::string instead = expected.empty() ? "" : found();
    last_reported_ = cursor_;
    add({.range = range,
         .message = std::move(message),
         .expected = std::move(expected),
         .found = std::move(instead),
         .hint = std::move(hint)});
  }
  last_reported_ = cursor_;
}

void TokenStream::fail(std::string expected, std::string hint, std::string message) {
  report_unexpected(std::move(expected), std::move(hint), std::move(message));
  throw Unwind{};
}

const Token& TokenStream::expect(TokenKind kind, std::string_view expected, std::string hint) {
  if (!at(kind)) {
    fail(expected.empty() ? fmt::format("'{}'", models::text(kind)) : std::string(expected), std::move(hint));
  }
  return next();
}

const Token& TokenStream::expect_closing(TokenKind kind, const Token& open, std::string_view expected,
                                         std::string hint) {
  if (!at(kind)) {
    if (at(Assign)) {
      hint = "to compare two values write '=='";
    } else if (hint.empty()) {
      const int line = source_.locate(open.range.begin).line;
      if (source_.locate(peek().range.begin).line != line) {
        hint = fmt::format("this closes the '{}' in line {}", text(open), line);
      }
    }
    fail(std::string(expected), std::move(hint));
  }
  return next();
}

void TokenStream::expect_semicolon(std::string_view what) {
  if (accept(Semicolon)) return;
  const bool goes_on = at(End) || at(RightBrace) || at_line_start() || begins_statement(peek().kind);
  if (!goes_on) fail(fmt::format("';' after {}", what));
  if (!reported_already()) {
    const std::uint32_t behind = previous().range.end;
    add({.range = {behind, behind}, .message = {}, .expected = fmt::format("';' after {}", what), .found = found()});
  }
  last_reported_ = cursor_;
  if (at(Invalid)) throw Unwind{};
}

Range TokenStream::close_block(const Token& open, std::string_view what) {
  if (!at(RightBrace)) {
    report_unexpected(
        "'}'", fmt::format("this closes the '{{' of {} in line {}", what, source_.locate(open.range.begin).line));
    return previous().range;
  }
  return next().range;
}

void TokenStream::recover(std::size_t begin) {
  int depth = 0;  // of braces that are opened on the way
  while (!at(End) && !at_block_start()) {
    const bool moved = cursor_ > begin;
    if (depth == 0) {
      if (at(Semicolon)) {
        next();
        return;
      }
      if (at(RightBrace)) return;
      if (moved && at_line_start() && begins_statement(peek().kind)) return;
      // The body of a statement whose head is wrong is read as a block.
      if (moved && at(LeftBrace) && (previous().kind == RightParenthesis || previous().kind == Else)) return;
    }
    if (at(LeftBrace)) ++depth;
    if (at(RightBrace) && --depth == 0) {
      next();
      accept(Semicolon);
      return;
    }
    next();
  }
  if (at(End)) last_reported_ = cursor_;  // what is missing here was skipped
}

bool TokenStream::recover_behind_parenthesis(bool over_semicolons) {
  return recover_behind(LeftParenthesis, RightParenthesis, over_semicolons);
}

bool TokenStream::recover_behind_bracket() { return recover_behind(LeftBracket, RightBracket, false); }

bool TokenStream::recover_behind(TokenKind open, TokenKind close, bool over_semicolons) {
  int depth = 1;
  for (std::size_t i = cursor_;; ++i) {
    const TokenKind kind = tokens_[i].kind;
    if (kind == End || kind == LeftBrace || kind == RightBrace || (kind == Semicolon && !over_semicolons)) return false;
    if (kind == open) ++depth;
    if (kind == close && --depth == 0) {
      cursor_ = i + 1;
      last_reported_ = cursor_;  // nothing may stand behind it, because it stood inside
      return true;
    }
  }
}

void TokenStream::skip_brackets() {
  int depth = 0;
  do {
    if (opens(peek().kind)) ++depth;
    if (closes(peek().kind)) --depth;
    if (at(Semicolon) || at_block_start()) return;
    next();
  } while (depth > 0 && !at(End));
}

}  // namespace leapgraph::models
