#include "leapgraph/models/r_dump.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <unordered_set>
#include <utility>

namespace leapgraph::models {
namespace {

/// `a:b` and `integer(n)` take few letters and much memory.
constexpr double most_elements = 1e8;

bool is_name_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

/// One number as it is written.
struct Scalar {
  double value = 0;
  std::int64_t integer = 0;
  bool is_integer = false;
};

/// A recursive-descent reader of the dump's few forms.
class RReader {
 public:
  explicit RReader(std::string_view text, std::size_t at = 0) : text_(text), at_(at) {
    if (at == 0 && text.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  std::vector<DataVariable> variables() {
    std::vector<DataVariable> result;
    std::unordered_set<std::string> seen;
    for (skip_to_statement(); at_ < text_.size(); skip_to_statement()) {
      const std::size_t begin = at_;
      DataVariable variable;
      variable.name = name();
      if (!seen.insert(variable.name).second) fail(fmt::format("variable '{}' is there twice", variable.name), begin);
      expect("<-", "'<-' behind the name of a variable");
      skip();
      variable.offset = at_;
      value(variable);
      result.push_back(std::move(variable));
    }
    return result;
  }

  /// Reads the value here up to its number `number` and returns where that begins.
  std::size_t element(std::size_t number) {
    wanted_ = number;
    const std::size_t begin = at_;
    DataVariable ignored;
    value(ignored);
    return found_.value_or(begin);
  }

 private:
  [[noreturn]] void fail(std::string message, std::size_t offset) const {
    throw RDumpError{std::move(message), offset};
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  /// Blanks, ends of lines and comments.
  void skip() {
    while (at_ < text_.size()) {
      if (text_[at_] == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n') {
        ++at_;
      } else {
        return;
      }
    }
  }
  void skip_to_statement() {
    for (skip(); peek() == ';'; skip()) ++at_;
  }

  bool accept(std::string_view sign) {
    skip();
    if (!text_.substr(at_).starts_with(sign)) return false;
    at_ += sign.size();
    return true;
  }
  void expect(std::string_view sign, std::string_view what) {
    if (!accept(sign)) fail(fmt::format("expected {}", what), at_);
  }

  std::string word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_name_letter(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string name() {
    skip();
    const char quote = peek();
    if (quote != '"' && quote != '\'' && quote != '`') {
      const std::string plain = word();
      if (plain.empty()) fail("expected the name of a variable", at_);
      return plain;
    }
    const std::size_t close = text_.find_first_of(std::string{quote, '\n'}, at_ + 1);
    if (close == std::string_view::npos || text_[close] != quote) fail("this name has no closing quote", at_);
    const std::string quoted(text_.substr(at_ + 1, close - at_ - 1));
    at_ = close + 1;
    return quoted;
  }

  /// number | number:number | c(...) | integer(n) | structure(..., .Dim = ...)
  void value(DataVariable& variable) {
    skip();
    const std::size_t begin = at_;
    if (!accept_word("structure")) {
      bool list = false;
      numbers(variable, list);
      if (list) variable.shape = {static_cast<std::int64_t>(count_)};
      finish(variable);
      return;
    }
    expect("(", "'(' behind 'structure'");
    bool list = false;
    numbers(variable, list);
    DataShape shape{static_cast<std::int64_t>(count_)};
    while (accept(",")) {
      skip();
      const std::size_t attribute_begin = at_;
      const std::string attribute = peek() == '"' || peek() == '`' ? name() : word();
      expect("=", "'=' behind the name of an attribute");
      if (attribute != ".Dim" && attribute != "dim") {
        fail("of the attributes of a structure only .Dim is known", attribute_begin);
      }
      shape = dimensions();
    }
    expect(")", "',' or ')'");
    std::int64_t product = 1;
    bool fits = true;
    for (const std::int64_t length : shape) fits = fits && !__builtin_mul_overflow(product, length, &product);
    if (!fits || product != static_cast<std::int64_t>(count_)) {
      fault(variable, fmt::format(".Dim = [{}] does not fit {} numbers", fmt::join(shape, ", "), count_), begin);
      shape = {static_cast<std::int64_t>(count_)};
    }
    variable.shape = std::move(shape);
    finish(variable);
  }

  bool accept_word(std::string_view expected) {
    skip();
    const std::size_t begin = at_;
    if (word() == expected) return true;
    at_ = begin;
    return false;
  }

  DataShape dimensions() {
    const std::optional<std::size_t> wanted = std::exchange(wanted_, std::nullopt);
    RReader inner(text_, at_);
    DataVariable lengths;
    bool list = false;
    inner.numbers(lengths, list);
    DataShape shape;
    for (const Scalar& length : inner.scalars_) {
      if (!length.is_integer || length.integer < 0) fail("dimensions are integers from 0", at_);
      shape.push_back(length.integer);
    }
    at_ = inner.at_;
    wanted_ = wanted;
    return shape;
  }

  void numbers(DataVariable& variable, bool& list) {
    skip();
    const std::size_t begin = at_;
    if (accept_word("c")) {
      list = true;
      expect("(", "'(' behind 'c'");
      if (accept(")")) return;
      do {
        item(variable, list);
      } while (accept(","));
      expect(")", "',' or ')'");
      return;
    }
    for (const std::string_view zeros : {"integer", "double", "numeric"}) {
      if (!accept_word(zeros)) continue;
      list = true;
      expect("(", fmt::format("'(' behind '{}'", zeros));
      skip();
      const Scalar count = peek() == ')' ? Scalar{.is_integer = true} : number(variable);
      expect(")", "')'");
      if (!count.is_integer || count.integer < 0 || static_cast<double>(count.integer) > most_elements) {
        fail("expected how many zeros there are", begin);
      }
      for (std::int64_t i = 0; i < count.integer; ++i) put({.is_integer = zeros == "integer"}, begin);
      return;
    }
    item(variable, list);
  }

  /// A number, or `a:b`.
  void item(DataVariable& variable, bool& list) {
    skip();
    const std::size_t begin = at_;
    const Scalar first = number(variable);
    if (!accept(":")) return put(first, begin);
    list = true;
    const Scalar last = number(variable);
    if (!first.is_integer || !last.is_integer) fail("the limits of a:b are integers", begin);
    const double length = std::abs(static_cast<double>(last.integer) - static_cast<double>(first.integer)) + 1;
    if (length > most_elements) fail(fmt::format("a:b has more than {:.0f} elements", most_elements), begin);
    const std::int64_t step = first.integer <= last.integer ? 1 : -1;
    for (std::int64_t i = first.integer;; i += step) {
      put({static_cast<double>(i), i, true}, begin);
      if (i == last.integer) break;
    }
  }

  Scalar number(DataVariable& variable) {
    skip();
    const std::size_t begin = at_;
    const bool negative = peek() == '-';
    if (negative || peek() == '+') ++at_;
    skip();
    const double sign = negative ? -1 : 1;
    if (peek() == '"' || peek() == '\'') {
      name();
      fault(variable, "a string is not a number", begin);
      return {};
    }
    const std::size_t digits_begin = at_;
    if (!(peek() >= '0' && peek() <= '9') && peek() != '.') {
      const std::string written = word();
      if (written == "Inf") return {.value = sign * std::numeric_limits<double>::infinity()};
      if (written == "NaN") return {.value = std::numeric_limits<double>::quiet_NaN()};
      if (written.starts_with("NA")) {
        fault(variable, "a missing value is not a number", begin);
      } else if (written == "TRUE" || written == "FALSE" || written == "T" || written == "F") {
        fault(variable, "a truth value is not a number: write 0 or 1", begin);
      } else if (written.empty()) {
        fail("expected a number", begin);
      } else {
        fail(fmt::format("'{}' cannot stand here: expected a number, c(...), structure(...) or a:b", written), begin);
      }
      return {};
    }
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const bool exponent_sign = (c == '+' || c == '-') && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E');
      if (!(c >= '0' && c <= '9') && c != '.' && c != 'e' && c != 'E' && !exponent_sign) break;
      ++at_;
    }
    const std::string_view digits = text_.substr(digits_begin, at_ - digits_begin);
    const bool marked = peek() == 'L';
    if (marked) ++at_;
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc::invalid_argument || end != digits.data() + digits.size() || is_name_letter(peek())) {
      fail("not a number", begin);
    }
    if (error == std::errc::result_out_of_range && digits.find("e-") == std::string_view::npos &&
        digits.find("E-") == std::string_view::npos) {
      fail("this number is too large", begin);
    }
    Scalar result{.value = sign * value};
    if (marked ? value == std::floor(value) && value < 9e15
               : digits.find_first_not_of("0123456789") == std::string_view::npos) {
      if (marked) {
        result.integer = static_cast<std::int64_t>(value);
        result.is_integer = true;
      } else {
        result.is_integer =
            std::from_chars(digits.data(), digits.data() + digits.size(), result.integer).ec == std::errc();
      }
      if (negative) result.integer = -result.integer;
    }
    return result;
  }

  void put(const Scalar& one, std::size_t offset) {
    if (wanted_ && count_ == *wanted_) found_ = offset;
    ++count_;
    scalars_.push_back(one);
  }

  void fault(DataVariable& variable, std::string what, std::size_t offset) const {
    if (!variable.fault.empty()) return;
    variable.fault = std::move(what);
    variable.fault_offset = offset;
  }

  /// The numbers in rows: the last index moves fastest.
  void finish(DataVariable& variable) {
    std::vector<std::size_t> order(count_);
    const std::size_t rank = variable.shape.size();
    std::vector<std::size_t> index(rank);
    for (std::size_t row = 0; row < count_; ++row) {
      std::size_t column_major = 0;
      for (std::size_t axis = rank; axis-- > 0;) {
        column_major = column_major * static_cast<std::size_t>(variable.shape[axis]) + index[axis];
      }
      order[row] = column_major;
      for (std::size_t axis = rank; axis-- > 0;) {
        if (++index[axis] < static_cast<std::size_t>(variable.shape[axis])) break;
        index[axis] = 0;
      }
    }
    const auto real = std::ranges::find_if(order, [&](std::size_t i) { return !scalars_[i].is_integer; });
    if (real == order.end()) {
      std::vector<std::int64_t> integers;
      for (const std::size_t i : order) integers.push_back(scalars_[i].integer);
      variable.values = std::move(integers);
    } else {
      variable.first_real = static_cast<std::size_t>(real - order.begin());
      std::vector<double> reals;
      for (const std::size_t i : order) reals.push_back(scalars_[i].value);
      variable.values = std::move(reals);
    }
    if (const auto zero = std::ranges::find(variable.shape, 0); zero != variable.shape.end()) {
      variable.shape.erase(zero + 1, variable.shape.end());
    }
    scalars_.clear();
    count_ = 0;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Scalar> scalars_;  // of the value that is read, in the order of the text
  std::size_t count_ = 0;
  std::optional<std::size_t> wanted_, found_;
};

}  // namespace

bool looks_like_r_dump(std::string_view text) {
  std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  while (at < text.size() && (text[at] == '#' || text.find_first_of(" \t\r\n;", at) == at)) {
    at = text[at] == '#' ? std::min(text.find('\n', at), text.size()) : at + 1;
  }
  if (at == text.size()) return false;
  const char quote = text[at];
  if (quote == '"' || quote == '\'' || quote == '`') {
    at = text.find(quote, at + 1);
    if (at == std::string_view::npos) return false;
    ++at;
  } else {
    while (at < text.size() && is_name_letter(text[at])) ++at;
  }
  at = text.find_first_not_of(" \t\r\n", at);
  return at != std::string_view::npos && text.substr(at).starts_with("<-");
}

std::vector<DataVariable> parse_r_dump(std::string_view text) { return RReader(text).variables(); }

std::size_t r_dump_element(std::string_view text, std::size_t offset, std::size_t number) {
  return RReader(text, offset).element(number);
}

}  // namespace leapgraph::models
