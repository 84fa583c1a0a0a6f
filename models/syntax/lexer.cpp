#include "leapgraph/models/syntax/lexer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace leapgraph::models {
namespace {

// The C library's versions depend on the locale.
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_name_part(char c) { return is_letter(c) || is_digit(c) || c == '_'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\f' || c == '\n' || c == '\r'; }
bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

class Lexer {
 public:
  Lexer(Source& source, std::vector<Diagnostic>& diagnostics) : source_(source), diagnostics_(diagnostics) {}

  Tokens run() {
    read_file(0);
    // The text of an included file may have moved; the end of the program is the end of the main file.
    const auto end = static_cast<std::uint32_t>(source_.text().size());
    result_.tokens.push_back({TokenKind::End, {end, end}});
    return std::move(result_);
  }

 private:
  /// Reads one file from its start to its end. Includes nest: each is read before the rest of its includer.
  void read_file(std::size_t number) {
    // A copy of the view is kept over the growth of Source::files(): the characters of a std::string that is moved may
    // move with it when it is short, so the text is fetched anew after every include.
    const auto enter = [&](std::size_t position) {
      text_ = source_.files()[number].text;
      base_ = source_.files()[number].begin;
      at_ = position;
    };
    enter(0);
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;  // a byte order mark
    while (result_.complete && skip_blanks_and_comments()) {
      if (text_[at_] == '#') {
        if (const std::optional<std::size_t> included = read_directive()) {
          const std::size_t resume = at_;
          read_file(*included);
          enter(resume);
        }
        continue;
      }
      if (result_.tokens.size() >= max_tokens) {
        report(at_, at_ + 1, fmt::format("the program has more than {} tokens", max_tokens));
        result_.complete = false;
        return;
      }
      read_token();
    }
  }

  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool looking_at(std::string_view expected) const { return text_.substr(at_).starts_with(expected); }
  Range range(std::size_t begin, std::size_t end) const {
    return {base_ + static_cast<std::uint32_t>(begin), base_ + static_cast<std::uint32_t>(end)};
  }

  void report(std::size_t begin, std::size_t end, std::string message, std::string hint = {}) {
    diagnostics_.push_back({.range = range(begin, end), .message = std::move(message), .hint = std::move(hint)});
    if (diagnostics_.size() >= max_errors) result_.complete = false;
  }

  /// Takes the text from `begin` to the present place as one token.
  void push(TokenKind kind, std::size_t begin) { result_.tokens.push_back({kind, range(begin, at_)}); }

  void skip_line() { at_ = std::min(text_.find_first_of("\r\n", at_), text_.size()); }

  /// Moves to the next character that belongs to a token; false at the end of the file.
  bool skip_blanks_and_comments() {
    while (at_ < text_.size()) {
      if (is_blank(text_[at_])) {
        ++at_;
      } else if (looking_at("//")) {
        const std::size_t begin = at_;
        skip_line();
        result_.comments.push_back({Comment::Kind::Line, range(begin, at_)});
      } else if (looking_at("/*")) {
        const std::size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos) {
          report(at_, at_ + 2, "this comment has no end", "a comment that begins with '/*' ends with '*/'");
          result_.complete = false;
          return false;
        }
        result_.comments.push_back({Comment::Kind::Block, range(at_, end + 2)});
        at_ = end + 2;
      } else {
        return true;
      }
    }
    return false;
  }

  /// `#include "name"`, `#include <name>` or `#include name`: the number of the included file, none after an error.
  std::optional<std::size_t> read_directive() {
    const std::size_t begin = at_;
    if (!looking_at("#include") || is_name_part(peek(8))) {
      skip_line();
      // A program in the old style has many of them; one message is enough.
      if (!std::exchange(reported_hash_, true)) {
        report(begin, begin + 1, "'#' does not begin a comment", "comments begin with '//'");
      }
      return std::nullopt;
    }
    at_ += 8;
    while (peek() == ' ' || peek() == '\t') ++at_;
    const char open = peek();
    std::string name;
    if (open == '"' || open == '<') {
      const std::size_t close = text_.find_first_of(open == '"' ? "\"\r\n" : ">\r\n", at_ + 1);
      if (close == std::string_view::npos || text_[close] == '\n' || text_[close] == '\r') {
        skip_line();
        report(begin, at_, fmt::format("the name of the included file has no closing '{}'", open == '"' ? '"' : '>'));
        return std::nullopt;
      }
      name = text_.substr(at_ + 1, close - at_ - 1);
      at_ = close + 1;
    } else {
      const std::size_t end = std::min(text_.find_first_of(" \t\f\r\n", at_), text_.size());
      name = text_.substr(at_, end - at_);
      at_ = end;
    }
    if (name.empty()) {
      report(begin, at_, "'#include' names no file");
      return std::nullopt;
    }
    std::string why;
    result_.comments.push_back({Comment::Kind::Include, range(begin, at_)});
    const auto number = source_.include(name, range(begin, at_), why);
    if (!number) report(begin, at_, fmt::format("cannot include '{}': {}", name, why));
    return number;
  }

  void read_token() {
    const char c = peek();
    if (is_letter(c)) return read_word();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return read_number();
    if (c == '"') return read_string();
    for (const TokenInfo& sign : sign_tokens()) {
      if (looking_at(sign.text)) {
        const std::size_t begin = at_;
        at_ += sign.text.size();
        return push(sign.kind, begin);
      }
    }
    read_invalid();
  }

  void read_word() {
    const std::size_t begin = at_;
    while (is_name_part(peek())) ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    if (word.ends_with("__") && reported_names_.emplace(word).second) {
      report(begin, at_, fmt::format("the name '{}' ends with two underscores", word),
             word == "lp__" ? "write 'target()' to read the log density and 'target += ...;' to add to it"
                            : "names that end with '__' are kept for the language");
    }
    push(classify_word(word), begin);
  }

  /// One or more digits with single underscores between them; false when there are none or an underscore is misplaced.
  bool read_digits() {
    if (!is_digit(peek())) return false;
    while (is_digit(peek()) || peek() == '_') ++at_;
    const std::size_t end = at_;
    std::size_t begin = end;
    while (begin > 0 && (is_digit(text_[begin - 1]) || text_[begin - 1] == '_')) --begin;
    const std::string_view digits = text_.substr(begin, end - begin);
    return !digits.ends_with('_') && digits.find("__") == std::string_view::npos;
  }

  /// 12, 1_000, 1., .5, 1.5e-3, 1e3, and each of them with an i behind it.
  void read_number() {
    const std::size_t begin = at_;
    TokenKind kind = TokenKind::IntLiteral;
    bool well_formed = true;
    if (peek() == '.') {
      kind = TokenKind::DotLiteral;
      ++at_;
      well_formed = read_digits();
    } else {
      well_formed = read_digits();
      if (peek() == '.') {  // also in `1.*x`: the longest number wins
        kind = TokenKind::RealLiteral;
        ++at_;
        if (is_digit(peek())) well_formed = read_digits() && well_formed;
      }
    }
    const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
    if ((peek() == 'e' || peek() == 'E') && is_digit(peek(1 + sign))) {
      kind = TokenKind::RealLiteral;
      at_ += 1 + sign;
      well_formed = read_digits() && well_formed;
    }
    if (peek() == 'i' && !is_name_part(peek(1))) {
      kind = TokenKind::ImaginaryLiteral;
      ++at_;
    }
    if (is_name_part(peek())) {
      while (is_name_part(peek())) ++at_;
      report(begin, at_, fmt::format("'{}' is neither a number nor a name", text_.substr(begin, at_ - begin)),
             "a name begins with a letter; a product is written with '*'");
      kind = TokenKind::Invalid;
    } else if (!well_formed) {
      report(begin, at_, fmt::format("'{}' is not a number", text_.substr(begin, at_ - begin)),
             "'_' stands between two digits");
      kind = TokenKind::Invalid;
    }
    push(kind, begin);
  }

  void read_string() {
    const std::size_t begin = at_;
    const std::size_t close = text_.find_first_of("\"\r\n", at_ + 1);
    if (close == std::string_view::npos || text_[close] != '"') {
      skip_line();
      report(begin, begin + 1, "this string has no closing '\"'", "a string stands in one line");
      return push(TokenKind::Invalid, begin);
    }
    at_ = close + 1;
    push(TokenKind::StringLiteral, begin);
  }

  void read_invalid() {
    const std::size_t begin = at_;
    const char c = peek();
    if (!is_ascii(c)) {
      while (at_ < text_.size() && !is_ascii(text_[at_])) ++at_;
      report(begin, at_, "a character outside ASCII cannot stand here",
             "names and operators are written in ASCII; other characters may stand in comments and strings");
    } else if (c == '_') {
      while (is_name_part(peek())) ++at_;
      report(begin, at_, fmt::format("'{}' is not a name", text_.substr(begin, at_ - begin)),
             "a name begins with a letter");
    } else if (c == '&') {
      ++at_;
      report(begin, at_, "'&' is not an operator", "'and' is written '&&'");
    } else if (c == '.') {
      ++at_;
      report(begin, at_, "'.' cannot stand here",
             is_letter(peek())
                 ? "names are made of letters, digits and '_'; the slots of a tuple are numbered: t.1, t.2"
                 : "");
    } else {
      ++at_;
      report(begin, at_,
             c > ' ' && c < 127
                 ? fmt::format("'{}' cannot stand in a program", c)
                 : fmt::format("the control character {} cannot stand in a program", static_cast<int>(c)));
    }
    push(TokenKind::Invalid, begin);
  }

  Source& source_;
  std::vector<Diagnostic>& diagnostics_;
  Tokens result_;
  std::set<std::string, std::less<>> reported_names_;
  bool reported_hash_ = false;
  std::string_view text_;   // the file that is being read
  std::uint32_t base_ = 0;  // the offset of its first byte
  std::size_t at_ = 0;      // how far it is read
};

}  // namespace

Tokens tokenize(Source& source, std::vector<Diagnostic>& diagnostics) { return Lexer(source, diagnostics).run(); }

}  // namespace leapgraph::models
