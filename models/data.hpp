/// Data in Stan's JSON form or as R dumps them: named arrays of numbers; and lists of points.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "leapgraph/symbolic/array.hpp"
#include "leapgraph/symbolic/error.hpp"

namespace leapgraph::models {

/// Data that cannot be read, or does not fit its declaration. what() is "file:line:column: error: ...", the piece of
/// the file with a caret under the place, and where the caller knew it the declaration.
class DataError : public Error {
 public:
  using Error::Error;
};

/// Lengths, outermost first; empty for a scalar. It ends at the first zero: how wide the rows of no rows are is not
/// written in JSON.
using DataShape = std::vector<std::int64_t>;

/// One variable as it stands in the file, its elements row-major. The slots of a tuple, {"1": ..., "2": ...}, are
/// variables of their own, `t.1` and `t.2`, those of a list of tuples as lists; `t` itself then has a fault.
struct DataVariable {
  std::string name;
  DataShape shape;
  /// Integers where every element is written as an integer that 64 bits hold, else all as reals.
  std::variant<std::vector<std::int64_t>, std::vector<double>> values;
  /// The first element that is not such an integer.
  std::optional<std::size_t> first_real;
  std::size_t offset = 0;  ///< byte of the file where its value starts
  bool in_tuple = false;   ///< other values may stand between its elements
  /// What makes the value unusable, and where: rows of unequal length, words, nested objects. It matters only when the
  /// variable is asked for.
  std::string fault = {};
  std::size_t fault_offset = 0;
};

/// What a program wants to read.
struct DataWanted {
  std::string name;
  symbolic::DType dtype = symbolic::DType::float64;  ///< int64 or float64
  symbolic::Shape shape;
  std::string declaration = {};  ///< "vector[N] y, at model.stan:3:13": ends the messages
};

/// The variables of one file. A value: copies share the text.
class DataSet {
 public:
  /// No variables, as when a program is run without data.
  DataSet();

  /// Text that begins with a name and `<-` is R's dump, all else is JSON. Throws FileError when the file cannot be
  /// read, DataError when it is not Stan's JSON: a syntax error, a top level that is not an object, a name that is
  /// there twice, more than 64 levels of nesting; or not such a dump.
  static DataSet read(const std::filesystem::path& path);
  static DataSet from_text(std::string name, std::string text);

  const std::vector<DataVariable>& variables() const { return variables_; }
  /// The variable, or null. Its `fault` is not looked at.
  const DataVariable* find(std::string_view name) const;

  /// The variable as an array of the wanted type and shape. Integers are accepted for reals, not the reverse; `[]` fits
  /// every shape without elements. Throws DataError when it is missing, faulty, mistyped or misshapen.
  symbolic::Array array(const DataWanted& wanted) const;

  /// A complaint about one element of a variable (by its row-major number), for bounds and constraints.
  DataError error(const DataWanted& wanted, std::size_t element, const std::string& message) const;

  /// SHA-256 of the text; of the empty text where there is no file.
  const std::string& sha256() const { return sha256_; }
  const std::string& file() const { return file_; }

 private:
  DataError error_at(std::size_t offset, const std::string& message, const std::string& declaration) const;

  std::string file_;
  std::shared_ptr<const std::string> text_;
  std::string sha256_;
  bool r_dump_ = false;
  std::vector<DataVariable> variables_;
  std::unordered_map<std::string, std::size_t> numbers_;
};

/// A JSON list of points, each a list of numbers; all points are of one length. Throws as DataSet does.
std::vector<std::vector<double>> read_points(const std::filesystem::path& path);
std::vector<std::vector<double>> parse_points(const std::string& name, std::string_view text);

/// "[2, 3]": the indices of an element, counting from 1; empty for a scalar.
std::string element_indices(const symbolic::Shape& shape, std::size_t element);

}  // namespace leapgraph::models
