/// Shapes as the rules of ops handle them: partly known shapes that must agree, strides, and walks over elements.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "leapgraph/symbolic/array.hpp"
#include "leapgraph/symbolic/graph.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/type.hpp"

namespace leapgraph::symbolic {

/// The shape that both `a` and `b` can be, known wherever either is; nothing when they contradict each other.
std::optional<Shape> agree(const Shape& a, const Shape& b);
/// The same for types: one element type, shapes that agree.
std::optional<Type> agree(const Type& a, const Type& b);

/// Throws `what` for types that do not agree: DTypeError where the element types differ, else ShapeError.
[[noreturn]] void refuse_types(const Type& a, const Type& b, const std::string& what);

/// Strides in elements of a row-major tensor.
std::vector<std::int64_t> row_major(const Shape& shape);
/// `shape` without the given sorted axes.
Shape without_axes(const Shape& shape, const Axes& axes);
/// `shape` with `length` at the positions `axes` of the result, which are sorted.
Shape with_axes(const Shape& shape, const Axes& axes, std::int64_t length);

/// Elements in one row of a tensor, what follows its `leading` first axes.
std::int64_t row_size(const Shape& shape, std::size_t leading);
/// Throws GraphError unless `index` is of integers.
void require_index(const Type& index);
/// Throws GraphError, naming `op`, when an element of `index` is not a position along an axis of that length.
void require_positions(std::string_view op, const Array& index, std::int64_t length);

/// `a` with new axes of length 1 at the sorted positions `axes` of the result: undoes what a reduction over them drops.
Expr expand_axes(const Expr& a, const Axes& axes);
/// The permutation that brings `axis` to the front and keeps the order of the others, and the one that undoes it.
Axes axis_to_front(std::int64_t axis, std::int64_t rank);
Axes axis_from_front(std::int64_t axis, std::int64_t rank);

/// As `pad_slice`, where `part` may be shorter than the slice: what it does not reach stays 0. `axis` is normalised.
Expr pad_like(const Expr& part, const Expr& like, std::int64_t axis, Slice range);

/// Calls visit(index, position) for every element of a row-major tensor, in order.
template <class F>
void for_each_index(const Shape& shape, F&& visit) {
  const std::int64_t size = element_count(shape);
  std::vector<std::int64_t> index(shape.size(), 0);
  for (std::int64_t position = 0; position < size; ++position) {
    visit(std::span<const std::int64_t>(index), position);
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
}

inline std::int64_t position_of(std::span<const std::int64_t> index, std::span<const std::int64_t> strides) {
  std::int64_t position = 0;
  for (std::size_t axis = 0; axis < index.size(); ++axis) position += index[axis] * strides[axis];
  return position;
}

/// Copies `count` elements between tensors of one element type.
inline void copy_elements(const Array& from, std::int64_t from_position, Array& to, std::int64_t to_position,
                          std::int64_t count = 1) {
  const std::int64_t bytes = info(from.dtype()).bytes;
  std::memcpy(to.raw() + to_position * bytes, from.raw() + from_position * bytes,
              static_cast<std::size_t>(count * bytes));
}

/// The elements of `from` at the positions that both shapes have; the others are 0.
Array fitted(const Array& from, const Shape& shape);

}  // namespace leapgraph::symbolic
