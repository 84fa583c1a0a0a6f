/// A tensor value on the host: a type with known shape and a shared, contiguous, row-major buffer.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "leapgraph/symbolic/float16.hpp"
#include "leapgraph/symbolic/type.hpp"

namespace leapgraph::symbolic {

/// The DType of a C++ type; only the fixed list of element types has one. Those of std::complex are in complex.hpp.
template <class T>
struct DTypeOf;
template <>
struct DTypeOf<bool> {
  static constexpr DType value = DType::boolean;
};
template <>
struct DTypeOf<std::int8_t> {
  static constexpr DType value = DType::int8;
};
template <>
struct DTypeOf<std::int16_t> {
  static constexpr DType value = DType::int16;
};
template <>
struct DTypeOf<std::int32_t> {
  static constexpr DType value = DType::int32;
};
template <>
struct DTypeOf<std::int64_t> {
  static constexpr DType value = DType::int64;
};
template <>
struct DTypeOf<std::uint8_t> {
  static constexpr DType value = DType::uint8;
};
template <>
struct DTypeOf<std::uint16_t> {
  static constexpr DType value = DType::uint16;
};
template <>
struct DTypeOf<std::uint32_t> {
  static constexpr DType value = DType::uint32;
};
template <>
struct DTypeOf<std::uint64_t> {
  static constexpr DType value = DType::uint64;
};
template <>
struct DTypeOf<Float16> {
  static constexpr DType value = DType::float16;
};
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::float32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::float64;
};

/// Copies share the buffer. Whoever writes through `data()` must be the only holder; everybody else treats an Array as
/// a value. Two arrays are identical when they share the buffer.
class Array {
 public:
  /// A float64 zero.
  Array() : Array(Type{}) {}
  /// Zero-filled. Throws GraphError for a type with unknown lengths.
  explicit Array(Type type);
  /// A view of memory that somebody else keeps alive.
  Array(Type type, std::shared_ptr<std::byte> buffer) : type_(std::move(type)), buffer_(std::move(buffer)) {}

  static Array scalar(double value) { return of<double>({}, {value}); }
  static Array scalar(std::int64_t value) { return of<std::int64_t>({}, {value}); }
  static Array scalar(bool value) { return of<bool>({}, {value}); }
  static Array vector(const std::vector<double>& values) {
    return of<double>({static_cast<std::int64_t>(values.size())}, values);
  }
  /// Row-major `values` in the given shape. Throws GraphError when their number does not fit.
  template <class T>
  static Array of(Shape shape, const std::vector<T>& values) {
    Array result(Type{DTypeOf<T>::value, std::move(shape)});
    result.require_count(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) result.data<T>()[i] = values[i];
    return result;
  }

  const Type& type() const { return type_; }
  DType dtype() const { return type_.dtype; }
  const Shape& shape() const { return type_.shape; }
  std::int64_t size() const { return element_count(type_.shape); }
  std::int64_t bytes() const { return size() * info(type_.dtype).bytes; }
  /// The elements. Reading those of an Array that was moved from throws GraphError.
  const std::byte* raw() const {
    if (buffer_ == nullptr) require_elements();
    return buffer_.get();
  }
  std::byte* raw() {
    if (buffer_ == nullptr) require_elements();
    return buffer_.get();
  }
  const std::shared_ptr<std::byte>& buffer() const { return buffer_; }
  bool is_only_holder() const { return buffer_.use_count() == 1; }

  /// Elements as T. Throws GraphError when T is not the element type.
  template <class T>
  std::span<T> data() {
    require_dtype(DTypeOf<T>::value);
    return {reinterpret_cast<T*>(raw()), static_cast<std::size_t>(size())};
  }
  template <class T>
  std::span<const T> data() const {
    require_dtype(DTypeOf<T>::value);
    return {reinterpret_cast<const T*>(raw()), static_cast<std::size_t>(size())};
  }

  /// One element as a real number, whatever the element type; the real part of a complex one.
  double real(std::int64_t index = 0) const;
  /// The imaginary part of a complex element, 0 for other types.
  double imaginary(std::int64_t index = 0) const;
  /// One element as an integer, truncated towards zero; the bits of an uint64, which a cast to std::uint64_t restores.
  std::int64_t integer(std::int64_t index = 0) const;
  void set(std::int64_t index, double value);
  /// From an integer, or the bits of an uint64; what the element type cannot hold wraps around.
  void set_integer(std::int64_t index, std::int64_t value);
  /// Both parts of a complex element; throws DTypeError for other types.
  void set_complex(std::int64_t index, double real, double imaginary);

  /// All elements as real numbers, row-major.
  std::vector<double> reals() const;
  /// The same elements in another shape of equal size, sharing the buffer.
  Array reshaped(Shape shape) const;
  /// Elements converted: reals to integers by truncation (0 where that does not fit), integers to narrower ones by
  /// wrapping around. Throws DTypeError for complex to real.
  Array cast(DType dtype) const;
  /// Complex numbers as the pairs that they are stored as, along a new last axis of length 2; shares the buffer.
  Array as_pairs() const;

 private:
  void require_dtype(DType dtype) const;
  void require_elements() const;
  void require_count(std::size_t count) const;

  Type type_;
  std::shared_ptr<std::byte> buffer_;
};

/// Bit-for-bit equality of type and elements.
bool same_bits(const Array& a, const Array& b);
std::string to_string(const Array& array);  ///< "[[1, 2], [3, 4]]", at most some twenty elements

}  // namespace leapgraph::symbolic
