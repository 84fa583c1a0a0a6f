/// Agreement of partly known shapes, strides and axis permutations.
#include "leapgraph/symbolic/ops/shapes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace leapgraph::symbolic {

std::optional<Shape> agree(const Shape& a, const Shape& b) {
  if (a.size() != b.size()) return std::nullopt;
  Shape result = a;
  for (std::size_t axis = 0; axis < a.size(); ++axis) {
    if (a[axis] == unknown) result[axis] = b[axis];
    if (a[axis] != unknown && b[axis] != unknown && a[axis] != b[axis]) return std::nullopt;
  }
  return result;
}

std::optional<Type> agree(const Type& a, const Type& b) {
  const std::optional<Shape> shape = agree(a.shape, b.shape);
  if (a.dtype != b.dtype || !shape) return std::nullopt;
  return Type{a.dtype, *shape};
}

void refuse_types(const Type& a, const Type& b, const std::string& what) {
  if (a.dtype != b.dtype) throw DTypeError(what);
  throw ShapeError(what);
}

std::vector<std::int64_t> row_major(const Shape& shape) {
  std::vector<std::int64_t> strides(shape.size());
  std::int64_t stride = 1;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

Shape without_axes(const Shape& shape, const Axes& axes) {
  Shape result;
  for (std::size_t axis = 0; axis < shape.size(); ++axis)
    if (!std::binary_search(axes.begin(), axes.end(), static_cast<std::int64_t>(axis))) result.push_back(shape[axis]);
  return result;
}

Shape with_axes(const Shape& shape, const Axes& axes, std::int64_t length) {
  Shape result = shape;
  for (std::int64_t axis : axes) result.insert(result.begin() + axis, length);
  return result;
}

void require_index(const Type& index) {
  if (!is_integer(index.dtype)) throw DTypeError("the index must be of integers, got " + to_string(index));
}

void require_positions(std::string_view op, const Array& index, std::int64_t length) {
  for (std::int64_t i = 0; i < index.size(); ++i)
    if (const std::int64_t position = index.integer(i); position < 0 || position >= length)
      throw IndexError(fmt::format("{}: position {} does not exist along an axis of length {}", op, position, length));
}

std::int64_t row_size(const Shape& shape, std::size_t leading) {
  return element_count(Shape(shape.begin() + static_cast<std::ptrdiff_t>(leading), shape.end()));
}

Axes axis_to_front(std::int64_t axis, std::int64_t rank) {
  Axes permutation{axis};
  for (std::int64_t i = 0; i < rank; ++i)
    if (i != axis) permutation.push_back(i);
  return permutation;
}

Axes axis_from_front(std::int64_t axis, std::int64_t rank) {
  Axes permutation;
  for (std::int64_t i = 1; i < rank; ++i) permutation.push_back(i);
  permutation.insert(permutation.begin() + axis, 0);
  return permutation;
}

Array fitted(const Array& from, const Shape& shape) {
  if (from.shape() == shape) return from;
  Array result(Type{from.dtype(), shape});
  Shape common = shape;
  for (std::size_t axis = 0; axis < common.size(); ++axis) common[axis] = std::min(common[axis], from.shape()[axis]);
  const auto strides = row_major(from.shape()), new_strides = row_major(shape);
  for_each_index(common, [&](auto index, std::int64_t) {
    copy_elements(from, position_of(index, strides), result, position_of(index, new_strides));
  });
  return result;
}

}  // namespace leapgraph::symbolic
