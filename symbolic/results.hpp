/// What functions return: numbers and arrays, by position or by name.
#pragma once

#include <array>
#include <cstring>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "leapgraph/symbolic/array.hpp"

namespace leapgraph::symbolic {

/// One result: an Array, which is a number where it has one element.
class Result : public Array {
 public:
  Result() = default;
  Result(Array array) : Array(std::move(array)) {}
  /// Throws ShapeError unless there is one element.
  operator double() const;
};

/// The results of a call. Those of a function with one output are used as a number or an array; of a function with
/// several by their positions, or the names that outputs were given. Few scalars are kept without memory of their own.
class Results {
 public:
  Results() = default;
  explicit Results(std::vector<Array> arrays, std::shared_ptr<const std::vector<std::string>> names = nullptr);

  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  /// Throws IndexError when there is no such output.
  const Result& operator[](std::size_t index) const&;
  const Result& operator[](int index) const& { return (*this)[static_cast<std::size_t>(index)]; }
  const Result& operator[](std::string_view name) const&;
  const Result& operator[](const char* name) const& { return (*this)[std::string_view(name)]; }
  Result operator[](std::size_t index) && { return std::as_const(*this)[index]; }
  Result operator[](int index) && { return std::as_const(*this)[static_cast<std::size_t>(index)]; }
  Result operator[](std::string_view name) && { return std::as_const(*this)[name]; }
  Result operator[](const char* name) && { return std::as_const(*this)[std::string_view(name)]; }
  std::vector<Result>::const_iterator begin() const { return all().begin(); }
  std::vector<Result>::const_iterator end() const { return all().end(); }
  const std::vector<std::string>& names() const;

  /// The one result. Throws GraphError where there are several, and ShapeError where it is no single number.
  operator double() const {
    if (count_ == 1 && is_inline_ && dtypes_[0] == DType::float64) return number(0);
    return one();
  }
  operator Array() const;
  operator std::vector<Array>() const;

 private:
  friend class ResultsOfCall;
  static constexpr std::size_t inline_count = 4;

  double number(std::size_t index) const {
    double value;
    std::memcpy(&value, &words_[index], sizeof value);
    return value;
  }
  double one() const;
  const std::vector<Result>& all() const;

  std::uint32_t count_ = 0;
  bool is_inline_ = false;  ///< all are scalars of 8 bytes at most, in `words_`
  std::array<DType, inline_count> dtypes_{};
  std::array<std::uint64_t, inline_count> words_;
  mutable std::vector<Result> arrays_;  ///< made of the words when first asked for
  std::shared_ptr<const std::vector<std::string>> names_;
};

/// "28.4", "[[11, 22], [33, 44]]"; several are separated by commas.
std::string to_string(const Results& results);
std::ostream& operator<<(std::ostream& stream, const Results& results);

}  // namespace leapgraph::symbolic
