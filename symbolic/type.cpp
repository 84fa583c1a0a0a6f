/// Element types and shapes: the table of element types, promotion and broadcasting.
#include "leapgraph/symbolic/type.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "leapgraph/symbolic/error.hpp"

namespace leapgraph::symbolic {

namespace {

constexpr std::array<DTypeInfo, 14> table{{
    {DType::boolean, "bool", "unsigned char", NumberKind::boolean, 1},
    {DType::int8, "int8", "signed char", NumberKind::signed_integer, 1},
    {DType::int16, "int16", "short", NumberKind::signed_integer, 2},
    {DType::int32, "int32", "int", NumberKind::signed_integer, 4},
    {DType::int64, "int64", "long", NumberKind::signed_integer, 8},
    {DType::uint8, "uint8", "unsigned char", NumberKind::unsigned_integer, 1},
    {DType::uint16, "uint16", "unsigned short", NumberKind::unsigned_integer, 2},
    {DType::uint32, "uint32", "unsigned int", NumberKind::unsigned_integer, 4},
    {DType::uint64, "uint64", "unsigned long", NumberKind::unsigned_integer, 8},
    {DType::float16, "float16", "_Float16", NumberKind::floating, 2},
    {DType::float32, "float32", "float", NumberKind::floating, 4},
    {DType::float64, "float64", "double", NumberKind::floating, 8},
    {DType::complex64, "complex64", "float", NumberKind::complex, 8},
    {DType::complex128, "complex128", "double", NumberKind::complex, 16},
}};

DType find(NumberKind kind, std::int64_t bytes) {
  for (const DTypeInfo& row : table)
    if (row.kind == kind && row.bytes == bytes) return row.dtype;
  throw InternalError("no such element type");
}

}  // namespace

std::span<const DTypeInfo> all_dtypes() { return table; }
const DTypeInfo& info(DType dtype) { return table[static_cast<std::size_t>(dtype)]; }
bool is_floating(DType dtype) { return info(dtype).kind >= NumberKind::floating; }
bool is_integer(DType dtype) {
  return info(dtype).kind == NumberKind::signed_integer || info(dtype).kind == NumberKind::unsigned_integer;
}

DType part_of(DType dtype) { return is_complex(dtype) ? find(NumberKind::floating, info(dtype).bytes / 2) : dtype; }

DType complex_of(DType dtype) { return promote(dtype, DType::complex64); }

DType dtype_named(std::string_view name) {
  for (const DTypeInfo& row : table)
    if (row.name == name) return row.dtype;
  throw DTypeError(fmt::format("there is no element type '{}'", name));
}

namespace {

/// The smallest floating type that holds every value of a type that is not complex.
DType real_holding(const DTypeInfo& row) {
  if (row.kind == NumberKind::floating) return row.dtype;
  // 11, 24 and 53 digits in base 2; 64-bit integers are rounded, as NumPy has it.
  return row.bytes == 1 ? DType::float16 : row.bytes == 2 ? DType::float32 : DType::float64;
}

}  // namespace

DType promote(DType a, DType b) {
  if (a == b) return a;
  const DTypeInfo &x = info(a), &y = info(b);
  if (x.kind == NumberKind::boolean) return b;
  if (y.kind == NumberKind::boolean) return a;
  if (is_floating(a) || is_floating(b)) {
    const DType real_a = real_holding(info(part_of(a))), real_b = real_holding(info(part_of(b)));
    const DType real = info(real_a).bytes >= info(real_b).bytes ? real_a : real_b;
    if (!is_complex(a) && !is_complex(b)) return real;
    return real == DType::float64 ? DType::complex128 : DType::complex64;
  }
  if (x.kind == y.kind) return x.bytes >= y.bytes ? a : b;
  const std::int64_t signed_bytes = x.kind == NumberKind::signed_integer ? x.bytes : y.bytes;
  const std::int64_t unsigned_bytes = x.kind == NumberKind::signed_integer ? y.bytes : x.bytes;
  if (unsigned_bytes == 8) return DType::float64;
  return find(NumberKind::signed_integer, std::max(signed_bytes, 2 * unsigned_bytes));
}

DType smallest_integer(std::int64_t value) {
  for (const std::int64_t bytes : {1, 2, 4}) {
    const std::int64_t half = std::int64_t{1} << (8 * bytes - 1);
    if (value >= -half && value < half) return find(NumberKind::signed_integer, bytes);
    if (value >= 0 && value < 2 * half) return find(NumberKind::unsigned_integer, bytes);
  }
  return DType::int64;
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += shape[i] == unknown ? "?" : std::to_string(shape[i]);
  }
  return text + "]";
}

bool is_known(const Shape& shape) { return std::find(shape.begin(), shape.end(), unknown) == shape.end(); }

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  bool overflow = false;
  for (std::int64_t length : shape) {
    if (length < 0) throw ShapeError("the size of " + to_string(shape) + " is not known yet");
    if (length == 0) return 0;
    overflow = overflow || count > std::numeric_limits<std::int64_t>::max() / 64 / length;
    if (!overflow) count *= length;
  }
  if (overflow) throw ShapeError("a tensor of shape " + to_string(shape) + " is too large");
  return count;
}

Shape broadcast(const Shape& a, const Shape& b) {
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  Shape result = longer;
  const std::size_t shift = longer.size() - shorter.size();
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    std::int64_t& x = result[shift + i];
    const std::int64_t y = shorter[i];
    if (x == y || y == 1) continue;
    if (x == 1 || x == unknown)
      x = y;
    else if (y != unknown)
      throw ShapeError(fmt::format("lengths {} and {} of axis {} do not broadcast", a.size() >= b.size() ? x : y,
                                   a.size() >= b.size() ? y : x, shift + i));
  }
  return result;
}

std::int64_t normalize_axis(std::int64_t axis, std::int64_t rank, std::string_view what) {
  const std::int64_t from_front = axis < 0 ? axis + rank : axis;
  if (from_front < 0 || from_front >= rank)
    throw ShapeError(fmt::format("{}: axis {} does not exist in a tensor of rank {}", what, axis, rank));
  return from_front;
}

Axes normalize_axes(const Axes& axes, std::int64_t rank, std::string_view what, bool empty_means_all) {
  Axes result;
  if (axes.empty() && empty_means_all)
    for (std::int64_t axis = 0; axis < rank; ++axis) result.push_back(axis);
  for (std::int64_t axis : axes) result.push_back(normalize_axis(axis, rank, what));
  std::sort(result.begin(), result.end());
  if (std::adjacent_find(result.begin(), result.end()) != result.end())
    throw ShapeError(fmt::format("{}: an axis is given twice in {}", what, to_string(axes)));
  return result;
}

std::string to_string(const Type& type) {
  return std::string(info(type.dtype).name) + (type.shape.empty() ? "" : to_string(type.shape));
}

}  // namespace leapgraph::symbolic
