/// Numbers, lists and arrays as tensors of the element type that a function asks for.
#include "leapgraph/symbolic/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "leapgraph/symbolic/error.hpp"
#include "leapgraph/symbolic/results.hpp"

namespace leapgraph::symbolic {

NestedList::NestedList(std::initializer_list<NestedList> rows) { append(rows.begin(), rows.size()); }

void NestedList::append(const NestedList* rows, std::size_t count) {
  shape_ = {static_cast<std::int64_t>(count)};
  if (count == 0) return;
  shape_.insert(shape_.end(), rows[0].shape_.begin(), rows[0].shape_.end());
  for (std::size_t i = 0; i < count; ++i) {
    if (rows[i].shape_ != rows[0].shape_)
      throw ShapeError(fmt::format("the parts of a list must have one shape, got {} beside {}",
                                   to_string(rows[0].shape_), to_string(rows[i].shape_)));
    numbers_.insert(numbers_.end(), rows[i].numbers_.begin(), rows[i].numbers_.end());
  }
}

Array NestedList::array() const {
  const auto has = [this](DType dtype) {
    return std::any_of(numbers_.begin(), numbers_.end(), [dtype](const Number& n) { return n.dtype == dtype; });
  };
  DType dtype = DType::boolean;
  if (numbers_.empty() || has(DType::float64))
    dtype = DType::float64;
  else if (has(DType::uint64))
    dtype = std::any_of(numbers_.begin(), numbers_.end(), [](const Number& n) { return n.real < 0; }) ? DType::float64
                                                                                                      : DType::uint64;
  else if (has(DType::int64))
    dtype = DType::int64;
  Array result(Type{dtype, shape_});
  for (std::size_t i = 0; i < numbers_.size(); ++i) {
    const auto index = static_cast<std::int64_t>(i);
    if (dtype == DType::float64)
      result.set(index, numbers_[i].real);
    else
      result.set_integer(index, numbers_[i].whole);
  }
  return result;
}

Argument::Argument(Array array, bool weak)
    : kind_(Kind::array), weak_(weak), array_(nullptr), owned_(std::make_shared<const Array>(std::move(array))) {
  array_ = owned_.get();
}

Argument::Argument(const Results& results) : Argument(Array(results), false) {}

Array Argument::array() const {
  switch (kind_) {
    case Kind::absent:
      break;
    case Kind::boolean:
      return Array::scalar(integer_ != 0);
    case Kind::integer:
      return Array::scalar(integer_);
    case Kind::real:
      return Array::scalar(real_);
    case Kind::array:
      return *array_;
  }
  throw GraphError("an argument without a value was asked for it");
}

namespace {

/// Whether element `i` of both is the same number, or nan in both.
bool is_same_number(const Array& a, const Array& b, std::int64_t i) {
  if (is_floating(a.dtype()) || is_floating(b.dtype())) {
    const double x = a.real(i), y = b.real(i);
    if (std::isnan(x) && std::isnan(y)) return true;
    if (x != y) return false;
    // An integer beyond 2^53 looks the same once it is a double.
    const Array& whole = is_floating(a.dtype()) ? b : a;
    if (is_floating(whole.dtype()) || info(whole.dtype()).bytes < 8 || std::abs(x) < 9007199254740992.0) return true;
    const double limit = whole.dtype() == DType::uint64 ? 18446744073709551616.0 : 9223372036854775808.0;
    if (x >= limit) return false;
    return whole.dtype() == DType::uint64
               ? static_cast<std::uint64_t>(x) == static_cast<std::uint64_t>(whole.integer(i))
               : static_cast<std::int64_t>(x) == whole.integer(i);
  }
  const auto is_huge = [i](const Array& array) { return array.dtype() == DType::uint64 && array.integer(i) < 0; };
  return a.integer(i) == b.integer(i) && is_huge(a) == is_huge(b);
}

std::string element_text(const Array& array, std::int64_t i) {
  if (is_floating(array.dtype())) return fmt::format("{}", array.real(i));
  if (array.dtype() == DType::boolean) return array.integer(i) != 0 ? "true" : "false";
  if (array.dtype() == DType::uint64) return fmt::format("{}", static_cast<std::uint64_t>(array.integer(i)));
  return fmt::format("{}", array.integer(i));
}

}  // namespace

Array converted(const Argument& argument, DType dtype, Downcast downcast) {
  Array given = argument.array();
  if (given.dtype() == dtype) return given;
  const std::string_view wanted = info(dtype).name, got = info(given.dtype()).name;
  if (downcast == Downcast::always) return given.cast(dtype);
  const bool every_value_fits = promote(given.dtype(), dtype) == dtype;
  if (!every_value_fits) {
    if (!argument.is_weak())
      throw DTypeError(fmt::format("must be {}, got {}; cast it, or allow_input_downcast to convert it", wanted, got));
    // An integer has no element type of its own; a real number is float64.
    if (downcast == Downcast::never && is_floating(given.dtype()))
      throw DTypeError(
          fmt::format("must be {}, got a real number, which is not converted where downcasts are not allowed", wanted));
  }
  Array result = given.cast(dtype);
  const bool exact = info(given.dtype()).bytes < info(dtype).bytes && every_value_fits;
  for (std::int64_t i = 0; !exact && i < given.size(); ++i)
    if (!is_same_number(given, result, i))
      throw DTypeError(fmt::format("must be {}, which cannot hold {}{} as it is", wanted, element_text(given, i),
                                   given.size() > 1 ? fmt::format(" (element {})", i) : ""));
  return result;
}

}  // namespace leapgraph::symbolic
