/// Host tensor values: allocation, element access and conversion.
#include "leapgraph/symbolic/array.hpp"

#include <fmt/format.h>

#include <cmath>
#include <complex>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>

#include "leapgraph/symbolic/error.hpp"

namespace leapgraph::symbolic {

namespace {

/// Calls `f` with a null pointer of the element type.
template <class F>
decltype(auto) with_element(DType dtype, F&& f) {
  switch (dtype) {
    case DType::boolean:
      return f(static_cast<bool*>(nullptr));
    case DType::int8:
      return f(static_cast<std::int8_t*>(nullptr));
    case DType::int16:
      return f(static_cast<std::int16_t*>(nullptr));
    case DType::int32:
      return f(static_cast<std::int32_t*>(nullptr));
    case DType::int64:
      return f(static_cast<std::int64_t*>(nullptr));
    case DType::uint8:
      return f(static_cast<std::uint8_t*>(nullptr));
    case DType::uint16:
      return f(static_cast<std::uint16_t*>(nullptr));
    case DType::uint32:
      return f(static_cast<std::uint32_t*>(nullptr));
    case DType::uint64:
      return f(static_cast<std::uint64_t*>(nullptr));
    case DType::float16:
      return f(static_cast<Float16*>(nullptr));
    case DType::float32:
      return f(static_cast<float*>(nullptr));
    case DType::float64:
      return f(static_cast<double*>(nullptr));
    case DType::complex64:
      return f(static_cast<std::complex<float>*>(nullptr));
    case DType::complex128:
      return f(static_cast<std::complex<double>*>(nullptr));
  }
  throw InternalError("unknown element type");
}

template <class T>
constexpr bool is_complex_number = std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>;

/// Conversion of a real to an element: booleans by comparison with zero, integers by truncation where the result has
/// at most 64 bits (a negative one wraps around in unsigned types), else 0.
template <class T>
T from_real(double value) {
  if constexpr (std::is_same_v<T, bool>) return value != 0;
  if constexpr (std::is_same_v<T, std::uint64_t>)
    if (value >= 0x1p63 && value < 0x1p64) return static_cast<T>(value);
  if constexpr (std::is_integral_v<T>)
    return value >= -0x1p63 && value < 0x1p63 ? static_cast<T>(static_cast<std::int64_t>(value)) : T{0};
  if constexpr (is_complex_number<T>)
    return T(static_cast<typename T::value_type>(value));
  else
    return static_cast<T>(value);
}

/// The real part of an element.
template <class T>
double to_real(const T& value) {
  if constexpr (is_complex_number<T>)
    return static_cast<double>(value.real());
  else
    return static_cast<double>(value);
}

}  // namespace

Array::Array(Type type) : type_(std::move(type)) {
  const std::size_t bytes = static_cast<std::size_t>(this->bytes());
  const std::size_t rounded = (bytes + 63) / 64 * 64 + 64;  // whole cache lines, and never empty
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(64, rounded));
  if (memory == nullptr) throw std::bad_alloc();
  std::memset(memory, 0, rounded);
  buffer_ = std::shared_ptr<std::byte>(memory, [](std::byte* p) { std::free(p); });
}

double Array::real(std::int64_t index) const {
  return with_element(type_.dtype, [&]<class T>(T*) { return to_real(reinterpret_cast<const T*>(raw())[index]); });
}

double Array::imaginary(std::int64_t index) const {
  return with_element(type_.dtype, [&]<class T>(T*) -> double {
    if constexpr (is_complex_number<T>)
      return static_cast<double>(reinterpret_cast<const T*>(raw())[index].imag());
    else
      return 0;
  });
}

std::int64_t Array::integer(std::int64_t index) const {
  return with_element(type_.dtype, [&]<class T>(T*) -> std::int64_t {
    const T value = reinterpret_cast<const T*>(raw())[index];
    if constexpr (std::is_integral_v<T>)
      return static_cast<std::int64_t>(value);
    else
      return from_real<std::int64_t>(to_real(value));
  });
}

void Array::set(std::int64_t index, double value) {
  with_element(type_.dtype, [&]<class T>(T*) { reinterpret_cast<T*>(raw())[index] = from_real<T>(value); });
}

void Array::set_integer(std::int64_t index, std::int64_t value) {
  with_element(type_.dtype, [&]<class T>(T*) {
    T& element = reinterpret_cast<T*>(raw())[index];
    if constexpr (std::is_same_v<T, bool>)
      element = value != 0;
    else if constexpr (std::is_arithmetic_v<T>)
      element = static_cast<T>(value);
    else
      element = from_real<T>(static_cast<double>(value));
  });
}

void Array::set_complex(std::int64_t index, double real, double imaginary) {
  with_element(type_.dtype, [&]<class T>(T*) {
    if constexpr (is_complex_number<T>)
      reinterpret_cast<T*>(raw())[index] = {static_cast<typename T::value_type>(real),
                                            static_cast<typename T::value_type>(imaginary)};
    else
      throw DTypeError(fmt::format("an element of a {} has no imaginary part", to_string(type_)));
  });
}

std::vector<double> Array::reals() const {
  std::vector<double> values(static_cast<std::size_t>(size()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = real(static_cast<std::int64_t>(i));
  return values;
}

Array Array::reshaped(Shape shape) const {
  Array result = *this;
  result.type_.shape = std::move(shape);
  result.require_count(static_cast<std::size_t>(size()));
  return result;
}

Array Array::cast(DType dtype) const {
  if (dtype == type_.dtype) return *this;
  if (is_complex(type_.dtype) && !is_complex(dtype) && dtype != DType::boolean)
    throw DTypeError(fmt::format("{} would lose its imaginary part as {}", to_string(type_), info(dtype).name));
  Array result(Type{dtype, type_.shape});
  const std::int64_t n = size();
  const bool whole = !is_floating(type_.dtype) && !(type_.dtype == DType::uint64 && is_floating(dtype));
  for (std::int64_t i = 0; i < n; ++i) {
    if (whole)
      result.set_integer(i, integer(i));
    else if (type_.dtype == DType::uint64 && dtype == DType::float32)
      result.data<float>()[static_cast<std::size_t>(i)] = static_cast<float>(static_cast<std::uint64_t>(integer(i)));
    else if (is_complex(dtype))
      result.set_complex(i, real(i), imaginary(i));
    else
      result.set(i, real(i) != 0 ? real(i) : dtype == DType::boolean ? imaginary(i) : real(i));
  }
  return result;
}

Array Array::as_pairs() const {
  if (!is_complex(type_.dtype)) throw DTypeError(fmt::format("a {} is not stored as pairs", to_string(type_)));
  Type type{part_of(type_.dtype), type_.shape};
  type.shape.push_back(2);
  return Array(std::move(type), buffer_);
}

void Array::require_elements() const {
  if (size() > 0) throw GraphError("an array has no elements any more: it was moved from");
}

void Array::require_dtype(DType dtype) const {
  if (dtype != type_.dtype)
    throw DTypeError(fmt::format("the elements of a {} cannot be read as {}", to_string(type_), info(dtype).name));
}

void Array::require_count(std::size_t count) const {
  if (static_cast<std::size_t>(size()) != count)
    throw ShapeError(fmt::format("{} values do not fill a tensor of shape {}", count, to_string(type_.shape)));
}

bool same_bits(const Array& a, const Array& b) {
  return a.type() == b.type() && std::memcmp(a.raw(), b.raw(), static_cast<std::size_t>(a.bytes())) == 0;
}

namespace {

/// "0.5", "-3", "1+2j".
std::string element_text(const Array& array, std::int64_t position) {
  switch (info(array.dtype()).kind) {
    case NumberKind::complex:
      return fmt::format("{}{:+}j", array.real(position), array.imaginary(position));
    case NumberKind::floating:
      return fmt::format("{}", array.real(position));
    case NumberKind::unsigned_integer:
      return fmt::format("{}", static_cast<std::uint64_t>(array.integer(position)));
    default:
      return fmt::format("{}", array.integer(position));
  }
}

void print(const Array& array, std::size_t axis, std::int64_t& position, std::string& text) {
  if (axis == array.shape().size()) {
    text += element_text(array, position);
    ++position;
    return;
  }
  text += '[';
  for (std::int64_t i = 0; i < array.shape()[axis]; ++i) {
    if (i > 0) text += ", ";
    if (position >= 20) {
      text += "...";
      break;
    }
    print(array, axis + 1, position, text);
  }
  text += ']';
}

}  // namespace

std::string to_string(const Array& array) {
  std::string text;
  std::int64_t position = 0;
  print(array, 0, position, text);
  return text;
}

}  // namespace leapgraph::symbolic
