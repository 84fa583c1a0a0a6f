/// Data as a program asks for them, read from Stan's JSON or R's dump; RapidJSON appears here and nowhere else.
#include "leapgraph/models/data.hpp"

#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <limits>

#include "leapgraph/models/r_dump.hpp"
#include "leapgraph/models/sha256.hpp"
#include "leapgraph/models/source.hpp"

namespace leapgraph::models {
namespace {

constexpr std::size_t max_depth = 64;

std::string read_file(const std::filesystem::path& path) {
  std::error_code failure;
  if (std::filesystem::is_directory(path, failure)) throw FileError(path.string() + ": is a folder");
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw FileError(path.string() + ": cannot be opened for reading");
  std::string text;
  if (const auto size = std::filesystem::file_size(path, failure); !failure) text.reserve(size);
  text.assign(std::istreambuf_iterator<char>(stream), {});
  if (stream.bad()) throw FileError(path.string() + ": reading failed");
  return text;
}

/// The part of `line` around its byte `column`, some 100 bytes, with a caret under that byte.
std::string excerpt(std::string_view line, std::size_t column) {
  const auto is_continuation = [&](std::size_t i) { return i < line.size() && (line[i] & 0xC0) == 0x80; };
  column = std::min(column, line.size());
  std::size_t begin = column > 50 ? column - 50 : 0;
  while (begin < column && is_continuation(begin)) ++begin;
  std::size_t end = std::min(line.size(), begin + 100);
  while (is_continuation(end)) ++end;
  const std::string lead = begin > 0 ? "..." : "";
  const std::string_view before = line.substr(begin, column - begin);
  const auto characters = std::count_if(before.begin(), before.end(), [](char c) { return (c & 0xC0) != 0x80; });
  std::string shown(line.substr(begin, end - begin));
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  std::replace(shown.begin(), shown.end(), '\t', ' ');
  std::replace_if(shown.begin(), shown.end(), is_control, '?');  // a terminal would obey them
  return fmt::format("  {}{}{}\n  {}^", lead, shown, end < line.size() ? "..." : "",
                     std::string(lead.size() + static_cast<std::size_t>(characters), ' '));
}

std::string message_at(const std::string& file, std::string_view text, std::size_t offset, const std::string& message) {
  offset = std::min(offset, text.size());
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  const auto column = 1 + std::count_if(before.begin() + static_cast<std::ptrdiff_t>(line_begin), before.end(),
                                        [](char c) { return (c & 0xC0) != 0x80; });
  const std::string_view rest = text.substr(line_begin);
  return fmt::format("{}:{}:{}: error: {}\n{}", file, line, column, message,
                     excerpt(rest.substr(0, rest.find_first_of("\r\n")), offset - line_begin));
}

std::string shape_text(const DataShape& shape) {
  return shape.empty() ? std::string("a scalar") : fmt::format("[{}]", fmt::join(shape, ", "));
}

/// The numbers that Stan writes as words, whatever their case.
std::optional<double> number_from_word(std::string_view word) {
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c);
  });
  if (lower == "nan") return std::numeric_limits<double>::quiet_NaN();
  const bool negative = lower.starts_with('-');
  if (negative || lower.starts_with('+')) lower.erase(0, 1);
  if (lower != "inf" && lower != "infinity") return std::nullopt;
  return negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
}

/// Gathers one value, number by number, into a rectangular array.
class ValueBuilder {
 public:
  explicit ValueBuilder(std::string name = {}, std::size_t offset = 0) {
    variable_.name = std::move(name);
    variable_.offset = offset;
  }

  const std::string& name() const { return variable_.name; }
  void set_in_tuple() { variable_.in_tuple = true; }

  void open_list(std::size_t offset) {
    const std::size_t depth = counts_.size();
    if (depth == number_depth_) fault("a list stands where the other elements are numbers", offset);
    count_element();
    if (lengths_.size() == depth) lengths_.push_back(-1);
    counts_.push_back(0);
  }

  void close_list(std::size_t offset) {
    const std::int64_t count = counts_.back();
    counts_.pop_back();
    std::int64_t& length = lengths_[counts_.size()];
    if (length >= 0 && length != count) {
      fault(fmt::format("ragged array: this list has {} element{}, the ones before it have {}", count,
                        count == 1 ? "" : "s", length),
            offset);
    }
    length = count;
  }

  void add(std::int64_t value, std::size_t offset) {
    place_number(offset);
    if (variable_.first_real) {
      reals_.push_back(static_cast<double>(value));
    } else {
      integers_.push_back(value);
    }
  }

  void add(double value, std::size_t offset) {
    place_number(offset);
    if (!variable_.first_real) {
      variable_.first_real = integers_.size();
      reals_.assign(integers_.begin(), integers_.end());
      integers_ = {};
    }
    reals_.push_back(value);
  }

  /// Something that is not a number.
  void add_fault(std::string what, std::size_t offset) {
    count_element();
    fault(std::move(what), offset);
  }

  DataVariable finish() {
    for (const std::int64_t length : lengths_) {
      variable_.shape.push_back(length);
      if (length == 0) break;
    }
    if (variable_.first_real) {
      variable_.values = std::move(reals_);
    } else {
      variable_.values = std::move(integers_);
    }
    return std::move(variable_);
  }

 private:
  void count_element() {
    if (!counts_.empty()) ++counts_.back();
  }

  void place_number(std::size_t offset) {
    const std::size_t depth = counts_.size();
    if (number_depth_ == no_depth && lengths_.size() == depth) number_depth_ = depth;
    if (depth != number_depth_) fault("a number stands where the other elements are lists", offset);
    count_element();
  }

  void fault(std::string what, std::size_t offset) {
    if (!variable_.fault.empty()) return;
    variable_.fault = std::move(what);
    variable_.fault_offset = offset;
  }

  static constexpr std::size_t no_depth = static_cast<std::size_t>(-1);

  DataVariable variable_;
  std::vector<std::int64_t> integers_;
  std::vector<double> reals_;
  std::vector<std::int64_t> counts_;   // elements so far of each open list
  std::vector<std::int64_t> lengths_;  // of the lists at each depth; -1 until the first one is closed
  std::size_t number_depth_ = no_depth;
};

/// Takes RapidJSON's events. The stream stands behind a number or a word, and at a bracket, when it is announced. With
/// `whole_value` the text is one value, else an object of named values. An event that returns false stops the parser;
/// `complaint` then says why.
class Handler {
 public:
  Handler(const rapidjson::MemoryStream& stream, bool whole_value) : stream_(stream), whole_value_(whole_value) {}

  std::vector<DataVariable> variables;
  std::string complaint;
  std::size_t complaint_offset = 0;

  bool Null() { return word("null is not a number", 4); }
  bool Bool(bool value) { return word("a truth value is not a number: write 0 or 1", value ? 4 : 5); }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    if (!begin_value(here())) return false;
    // An escaped string is longer in the file than here; words that are numbers need no escapes.
    const std::size_t offset = here() - std::min<std::size_t>(here(), length + 2U);
    if (const auto number = number_from_word({text, length})) {
      value().add(*number, offset);
    } else {
      value().add_fault(
          "a string is not a number; the words that are numbers are \"NaN\", \"Infinity\" and \"-Infinity\"", offset);
    }
    return end_value();
  }

  bool RawNumber(const char* text, rapidjson::SizeType length, bool) {
    const std::size_t offset = here() - length;
    if (!begin_value(offset)) return false;
    const std::string_view digits(text, length);
    if (digits.find_first_not_of("-0123456789") == std::string_view::npos) {
      std::int64_t integer = 0;
      if (std::from_chars(text, text + length, integer).ec == std::errc()) {
        value().add(integer, offset);
        return end_value();
      }
    }
    double real = 0;
    if (const auto parsed = std::from_chars(text, text + length, real); parsed.ec == std::errc::result_out_of_range) {
      // Underflow rounds to zero as a literal of the language does; overflow is RapidJSON's error.
      real = 0;
    } else if (parsed.ec != std::errc() || parsed.ptr != text + length) {
      const auto word_value = number_from_word(digits);
      if (!word_value) return stop("not a number", offset);
      real = *word_value;
    }
    value().add(real, offset);
    return end_value();
  }

  bool StartArray() {
    if (!begin_value(here()) || !descend()) return false;
    ++lists_;
    for_each_below([this](ValueBuilder& value) { value.open_list(here()); });
    return true;
  }
  bool EndArray(rapidjson::SizeType) {
    --depth_;
    --lists_;
    for_each_below([this](ValueBuilder& value) { value.close_list(here()); });
    return end_value();
  }

  bool StartObject() {
    if (!whole_value_ && depth_ == 0) {
      ++depth_;
      return true;
    }
    if (!begin_value(here()) || !descend()) return false;
    value().add_fault("an object is a tuple and not a number", here());
    objects_.push_back(path_.size());
    return true;
  }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    const std::size_t offset = here() - std::min<std::size_t>(here(), length + 2U);
    if (depth_ > base()) {
      path_.resize(objects_.back());
      path_.append(".").append(text, length);
      enter(offset);
      return true;
    }
    name_.assign(text, length);
    if (!seen_.emplace(name_, 0).second) return stop(fmt::format("variable '{}' is there twice", name_), offset);
    return true;
  }
  bool EndObject(rapidjson::SizeType) {
    --depth_;
    if (!whole_value_ && depth_ == 0) return true;
    path_.resize(objects_.back());
    objects_.pop_back();
    enter(here());
    return end_value();
  }

  // Numbers come as text, so that long integers are seen as what they are.
  bool Int(int) { return stop("unexpected number event", here()); }
  bool Uint(unsigned) { return stop("unexpected number event", here()); }
  bool Int64(std::int64_t) { return stop("unexpected number event", here()); }
  bool Uint64(std::uint64_t) { return stop("unexpected number event", here()); }
  bool Double(double) { return stop("unexpected number event", here()); }

 private:
  std::size_t here() const { return stream_.Tell(); }

  bool stop(std::string why, std::size_t offset) {
    complaint = std::move(why);
    complaint_offset = offset;
    return false;
  }

  bool descend() {
    if (++depth_ > max_depth) return stop(fmt::format("more than {} levels of nesting", max_depth), here());
    return true;
  }

  /// The depth at which a variable's value stands.
  std::size_t base() const { return whole_value_ ? 0 : 1; }

  bool begin_value(std::size_t offset) {
    if (!whole_value_ && depth_ == 0) {
      return stop("expected an object: {\"name\": value, ...}", offset);
    }
    if (depth_ == base()) {
      values_.assign(1, ValueBuilder(name_, offset));
      path_ = name_;
      current_ = 0;
    }
    return true;
  }

  bool end_value() {
    if (depth_ != base()) return true;
    for (ValueBuilder& value : values_) variables.push_back(value.finish());
    return true;
  }

  /// The variable whose value is being read: a named one, or a slot of it.
  ValueBuilder& value() { return values_[current_]; }

  /// Goes on with the slot at `path_`; one that is new is in all lists that are open.
  void enter(std::size_t offset) {
    for (current_ = 0; current_ < values_.size(); ++current_)
      if (value().name() == path_) return;
    values_.emplace_back(path_, offset);
    value().set_in_tuple();
    for (std::size_t i = 0; i < lists_; ++i) value().open_list(offset);
  }

  /// The variable at `path_` and the slots below it.
  template <class F>
  void for_each_below(F f) {
    if (values_.size() == 1) return f(values_[0]);
    for (ValueBuilder& value : values_) {
      const std::string_view name = value.name();
      if (name.starts_with(path_) && (name.size() == path_.size() || name[path_.size()] == '.')) f(value);
    }
  }

  bool word(const char* fault, std::size_t length) {
    const std::size_t offset = here() - length;
    if (!begin_value(offset)) return false;
    value().add_fault(fault, offset);
    return end_value();
  }

  const rapidjson::MemoryStream& stream_;
  bool whole_value_;
  std::size_t depth_ = 0;             // lists and objects that are open
  std::size_t lists_ = 0;             // lists that are open inside a value
  std::vector<std::size_t> objects_;  // tuples that are open inside a value: the length of the path to each
  std::string name_, path_;           // of the value, of the slot of it that is being read: "t", "t.2.1"
  std::unordered_map<std::string, int> seen_;
  std::vector<ValueBuilder> values_;  // the value and its slots
  std::size_t current_ = 0;
};

std::vector<DataVariable> parse(const std::string& file, std::string_view text, bool whole_value) {
  constexpr unsigned flags = rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseNanAndInfFlag |
                             rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  rapidjson::MemoryStream stream(text.data(), text.size());
  if (text.starts_with("\xEF\xBB\xBF")) stream.src_ += 3;
  Handler handler(stream, whole_value);
  rapidjson::Reader reader;
  const rapidjson::ParseResult result = reader.Parse<flags>(stream, handler);
  if (!result.IsError()) return std::move(handler.variables);
  if (!handler.complaint.empty()) {
    throw DataError(message_at(file, text, handler.complaint_offset, handler.complaint));
  }
  throw DataError(
      message_at(file, text, result.Offset(), fmt::format("not JSON: {}", rapidjson::GetParseError_En(result.Code()))));
}

/// The byte at which the number (or word) with this row-major number starts, in the value that starts at `offset`.
std::size_t element_offset(std::string_view text, std::size_t offset, std::size_t element) {
  std::size_t seen = 0;
  while (offset < text.size()) {
    offset = text.find_first_not_of("[], \t\r\n", offset);
    if (offset == std::string_view::npos) return text.size();
    if (seen++ == element) return offset;
    offset = text[offset] == '"' ? text.find('"', offset + 1) + 1 : text.find_first_of("[], \t\r\n", offset);
  }
  return text.size();
}

/// The column-major number of the element with this row-major number.
std::size_t column_major(const DataShape& shape, std::size_t element) {
  std::size_t result = 0, stride = 1;
  for (const std::int64_t length : shape) stride *= static_cast<std::size_t>(length);
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    const auto length = static_cast<std::size_t>(shape[axis]);
    stride /= length;
    result += element % length * stride;
    element /= length;
  }
  return result;
}

/// `[]` stands for any shape without elements, and so do lists of lists whose lengths agree as far as they go.
bool fits(const DataShape& found, const symbolic::Shape& wanted) {
  const bool wanted_empty = std::find(wanted.begin(), wanted.end(), 0) != wanted.end();
  const bool found_empty = !found.empty() && found.back() == 0;
  if (!wanted_empty && !found_empty) return found == wanted;
  if (!wanted_empty || !found_empty) return false;
  if (found.size() == 1) return true;
  return found.size() <= wanted.size() && std::equal(found.begin(), found.end(), wanted.begin());
}

}  // namespace

DataSet::DataSet() : file_("(no data)"), text_(std::make_shared<const std::string>()), sha256_(models::sha256("")) {}

DataSet DataSet::read(const std::filesystem::path& path) { return from_text(path.string(), read_file(path)); }

DataSet DataSet::from_text(std::string name, std::string text) {
  DataSet result;
  result.file_ = std::move(name);
  result.text_ = std::make_shared<const std::string>(std::move(text));
  result.sha256_ = models::sha256(*result.text_);
  result.r_dump_ = looks_like_r_dump(*result.text_);
  if (result.r_dump_) {
    try {
      result.variables_ = parse_r_dump(*result.text_);
    } catch (const RDumpError& error) {
      throw DataError(message_at(result.file_, *result.text_, error.offset, error.message));
    }
  } else {
    result.variables_ = parse(result.file_, *result.text_, false);
  }
  for (std::size_t i = 0; i < result.variables_.size(); ++i) result.numbers_.emplace(result.variables_[i].name, i);
  return result;
}

const DataVariable* DataSet::find(std::string_view name) const {
  const auto found = numbers_.find(std::string(name));
  return found == numbers_.end() ? nullptr : &variables_[found->second];
}

symbolic::Array DataSet::array(const DataWanted& wanted) const {
  const DataVariable* variable = find(wanted.name);
  if (variable == nullptr) {
    throw DataError(fmt::format("{}: error: variable '{}' is missing{}", file_, wanted.name,
                                wanted.declaration.empty() ? "" : "\n  declared as " + wanted.declaration));
  }
  if (!variable->fault.empty()) {
    throw error_at(variable->fault_offset, fmt::format("variable '{}': {}", wanted.name, variable->fault),
                   wanted.declaration);
  }
  if (!fits(variable->shape, wanted.shape)) {
    throw error_at(variable->offset,
                   fmt::format("variable '{}' has the wrong shape: expected {}, found {}", wanted.name,
                               shape_text(wanted.shape), shape_text(variable->shape)),
                   wanted.declaration);
  }
  const auto* integers = std::get_if<std::vector<std::int64_t>>(&variable->values);
  if (wanted.dtype == symbolic::DType::int64) {
    if (integers == nullptr) throw error(wanted, *variable->first_real, "must be an integer that 64 bits hold");
    return symbolic::Array::of(wanted.shape, *integers);
  }
  if (wanted.dtype != symbolic::DType::float64) throw InternalError("data are read as int64 or float64");
  if (integers == nullptr) return symbolic::Array::of(wanted.shape, std::get<std::vector<double>>(variable->values));
  return symbolic::Array::of(wanted.shape, std::vector<double>(integers->begin(), integers->end()));
}

DataError DataSet::error(const DataWanted& wanted, std::size_t element, const std::string& message) const {
  const DataVariable* variable = find(wanted.name);
  if (variable == nullptr) throw InternalError("no data variable " + wanted.name);
  const std::size_t offset = variable->in_tuple ? variable->offset
                             : r_dump_
                                 ? r_dump_element(*text_, variable->offset, column_major(variable->shape, element))
                                 : element_offset(*text_, variable->offset, element);
  const std::string_view rest = std::string_view(*text_).substr(offset);
  const std::string found =
      variable->in_tuple
          ? std::visit([&](const auto& values) {
    return fmt::format("{}", values[element]); }, variable->values)
          : std::string(rest.substr(0, rest.find_first_of("],}); 	
")));
  return error_at(offset,
                  fmt::format("{}{} {}, found {}", wanted.name, element_indices(wanted.shape, element), message, found),
                  wanted.declaration);
}

DataError DataSet::error_at(std::size_t offset, const std::string& message, const std::string& declaration) const {
  std::string text = message_at(file_, *text_, offset, message);
  if (!declaration.empty()) text += "\n  declared as " + declaration;
  return DataError(text);
}

std::vector<std::vector<double>> read_points(const std::filesystem::path& path) {
  return parse_points(path.string(), read_file(path));
}

std::vector<std::vector<double>> parse_points(const std::string& name, std::string_view text) {
  const DataVariable value = parse(name, text, true).at(0);
  if (!value.fault.empty()) throw DataError(message_at(name, text, value.fault_offset, value.fault));
  const bool no_points = value.shape == DataShape{0};
  if (!no_points && value.shape.size() != 2) {
    throw DataError(
        message_at(name, text, value.offset, "expected a list of points, each a list of numbers: [[0.5, -1], ...]"));
  }
  const std::size_t count = static_cast<std::size_t>(value.shape[0]);
  const std::size_t dimension = no_points ? 0 : static_cast<std::size_t>(value.shape[1]);
  std::vector<std::vector<double>> points(count, std::vector<double>(dimension));
  std::visit(
      [&](const auto& values) {
        for (std::size_t i = 0; i < values.size(); ++i)
          points[i / dimension][i % dimension] = static_cast<double>(values[i]);
      },
      value.values);
  return points;
}

std::string element_indices(const symbolic::Shape& shape, std::size_t element) {
  if (shape.empty()) return "";
  std::vector<std::size_t> indices(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    const auto length = static_cast<std::size_t>(shape[axis]);
    indices[axis] = 1 + element % length;
    element /= length;
  }
  return fmt::format("[{}]", fmt::join(indices, ", "));
}

}  // namespace leapgraph::models
