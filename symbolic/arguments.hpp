/// What functions are called with: numbers, nested lists and arrays, by position or by name.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "leapgraph/symbolic/array.hpp"

namespace leapgraph::symbolic {

class Results;

template <class T>
concept PlainNumber = std::is_arithmetic_v<T>;

template <class T>
inline constexpr bool is_list_element = PlainNumber<T>;
template <class T>
inline constexpr bool is_list_element<std::vector<T>> = is_list_element<T>;
/// What vectors that stand for tensors have: numbers, or vectors of them.
template <class T>
concept ListElement = is_list_element<T>;

/// A braced list of numbers, or of lists of one length: {{1, 2}, {3, 4}}. Without a fraction or a point in any of
/// them they are int64, all true or false boolean, else float64.
class NestedList {
 public:
  template <PlainNumber T>
  NestedList(T value) : NestedList(number(value)) {}
  NestedList(std::initializer_list<NestedList> rows);
  template <ListElement T>
  NestedList(const std::vector<T>& values) {
    std::vector<NestedList> rows;
    rows.reserve(values.size());
    for (const auto& value : values) rows.emplace_back(static_cast<T>(value));
    append(rows.data(), rows.size());
  }
  Array array() const;

 private:
  struct Number {
    DType dtype;  ///< boolean, int64, uint64 or float64
    std::int64_t whole;
    double real;
  };
  explicit NestedList(const Number& value) : numbers_{value} {}
  template <PlainNumber T>
  static Number number(T value) {
    if constexpr (std::is_same_v<T, bool>) return {DType::boolean, value, static_cast<double>(value)};
    if constexpr (std::is_floating_point_v<T>) return {DType::float64, 0, static_cast<double>(value)};
    if constexpr (std::is_same_v<T, std::uint64_t>)
      if (static_cast<std::int64_t>(value) < 0)
        return {DType::uint64, static_cast<std::int64_t>(value), static_cast<double>(value)};
    return {DType::int64, static_cast<std::int64_t>(value), static_cast<double>(value)};
  }
  void append(const NestedList* rows, std::size_t count);

  Shape shape_;
  std::vector<Number> numbers_;
};

/// One argument of a call. A plain number, a list or a vector stands for a tensor of whatever element type is asked
/// for, if that holds the same numbers; an Array has the element type that it has. Refers to an Array that is not
/// temporary: an Argument is made for a call, not to be kept.
class Argument {
 public:
  enum class Kind : std::uint8_t { absent, boolean, integer, real, array };

  Argument() noexcept : real_(0) {}
  template <PlainNumber T>
  Argument(T value) noexcept {
    if constexpr (std::is_same_v<T, bool>) {
      kind_ = Kind::boolean, integer_ = value;
    } else if constexpr (std::is_floating_point_v<T>) {
      kind_ = Kind::real, real_ = static_cast<double>(value);
    } else {
      kind_ = Kind::integer, integer_ = static_cast<std::int64_t>(value);
      if constexpr (std::is_same_v<T, std::uint64_t>)
        if (integer_ < 0) *this = Argument(NestedList(value).array(), true);
    }
  }
  Argument(const Array& array) noexcept : kind_(Kind::array), array_(&array) {}
  Argument(Array&& array) : Argument(std::move(array), false) {}
  Argument(const Results& results);
  Argument(std::initializer_list<NestedList> rows) : Argument(NestedList(rows).array(), true) {}
  template <ListElement T>
  Argument(const std::vector<T>& values) : Argument(NestedList(values).array(), true) {}

  Kind kind() const { return kind_; }
  /// A number or a list: it has no element type of its own.
  bool is_weak() const { return weak_ || kind_ != Kind::array; }
  double real() const { return real_; }                   ///< of kind `real`
  std::int64_t integer() const { return integer_; }       ///< of kinds `boolean` and `integer`
  const Array& tensor() const { return *array_; }         ///< of kind `array`
  const std::string_view& name() const { return name_; }  ///< empty: by position
  Argument named(std::string_view name) && {
    name_ = name;
    return std::move(*this);
  }
  /// As an array: integers are int64, other numbers float64.
  Array array() const;

 private:
  Argument(Array array, bool weak);

  Kind kind_ = Kind::absent;
  bool weak_ = false;
  union {
    double real_;
    std::int64_t integer_;
    const Array* array_;
  };
  std::shared_ptr<const Array> owned_;
  std::string_view name_;
};

/// An argument by name: `f(33, arg("y") = 0)`.
class NamedArgument {
 public:
  explicit constexpr NamedArgument(std::string_view name) : name_(name) {}
  Argument operator=(Argument value) const { return std::move(value).named(name_); }

 private:
  std::string_view name_;
};
constexpr NamedArgument arg(std::string_view name) { return NamedArgument(name); }

/// Which conversions an input allows beside exact ones.
enum class Downcast : std::uint8_t {
  exact,   ///< numbers and lists that fit exactly; arrays of types all of whose values fit
  never,   ///< only what every value of the argument's type survives: no real number becomes float32 or an integer
  always,  ///< rounded, truncated and wrapped silently
};

/// The argument as a tensor of that element type, sharing its memory where it is one. Throws DTypeError where it
/// cannot be converted: "cannot store 1.5 in an int64".
Array converted(const Argument& argument, DType dtype, Downcast downcast = Downcast::exact);

}  // namespace leapgraph::symbolic
