/// The type of a tensor: element type and shape, with the rules that combine them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leapgraph::symbolic {

/// Element types, in order of the table in type.cpp.
enum class DType : std::uint8_t {
  boolean,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  float16,  ///< for storage: computed with as float32, then rounded
  float32,
  float64,
  complex64,   ///< two float32: real and imaginary part
  complex128,  ///< two float64
};

/// What kind of number an element is.
enum class NumberKind : std::uint8_t { boolean, signed_integer, unsigned_integer, floating, complex };

/// One row a DType: everything that is known about it.
struct DTypeInfo {
  DType dtype;
  std::string_view name;    ///< "float64"
  std::string_view c_name;  ///< "double"; of a complex number, the C type of its parts
  NumberKind kind;
  std::int64_t bytes;
};

std::span<const DTypeInfo> all_dtypes();
const DTypeInfo& info(DType dtype);
bool is_floating(DType dtype);  ///< real or complex: numbers that have gradients
bool is_integer(DType dtype);   ///< signed or unsigned, not boolean
constexpr bool is_complex(DType dtype) { return dtype >= DType::complex64; }
/// The type of the parts of a complex type; the type itself for others.
DType part_of(DType dtype);
/// The complex type whose parts hold every value of a number type: complex64 for float32 and narrower, else complex128.
DType complex_of(DType dtype);
/// The element type of that name; throws DTypeError for a name that is none.
DType dtype_named(std::string_view name);

/// The element type of an operation on both: the smallest that holds every value of either, as NumPy has it
/// (int32 with float32 is float64, uint64 with int8 is float64, boolean with anything is the other).
DType promote(DType a, DType b);
/// The smallest integer type that holds `value`, of the kinds that `promote` widens least: int8 before uint8.
DType smallest_integer(std::int64_t value);

/// A length that is not known until a function is called.
inline constexpr std::int64_t unknown = -1;

using Shape = std::vector<std::int64_t>;
/// Axis numbers; negative ones count from the end before they are normalised.
using Axes = std::vector<std::int64_t>;

std::string to_string(const Shape& shape);
bool is_known(const Shape& shape);
/// Number of elements. Throws GraphError for an unknown or overflowing size.
std::int64_t element_count(const Shape& shape);

/// NumPy's rule: shapes are aligned at the right, a length of 1 stretches, an unknown length meets a known one as that
/// one. Throws GraphError naming both shapes.
Shape broadcast(const Shape& a, const Shape& b);

/// `axis` as a number from 0 to rank - 1. Throws GraphError naming `what`.
std::int64_t normalize_axis(std::int64_t axis, std::int64_t rank, std::string_view what);
/// Sorted, unique, non-negative axes; all axes where `axes` is empty and `empty_means_all`.
Axes normalize_axes(const Axes& axes, std::int64_t rank, std::string_view what, bool empty_means_all);

struct Type {
  DType dtype = DType::float64;
  Shape shape;

  std::int64_t rank() const { return static_cast<std::int64_t>(shape.size()); }
  bool operator==(const Type&) const = default;
};

std::string to_string(const Type& type);  ///< "float64[3, ?]"

}  // namespace leapgraph::symbolic
