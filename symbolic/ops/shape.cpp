/// Ops that arrange elements anew: reshapes, transposes, broadcasts, diagonals, and the constants of a shape.
#include <fmt/format.h>

#include <algorithm>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/complex_rules.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/places.hpp"

namespace leapgraph::symbolic {

namespace {

// --- reshape ---

/// `wanted` with its -1 filled in from the elements of a tensor of shape `from`, as far as that is known.
Shape filled_in(const Shape& wanted, const Shape& from) {
  std::int64_t given = 1, open = 0;
  for (std::int64_t length : wanted) {
    if (length < unknown) throw NegativeLength(fmt::format("{} is no shape", to_string(wanted)));
    if (length == unknown)
      ++open;
    else
      given *= length;
  }
  if (open > 1) throw ShapeError(fmt::format("only one length of {} may be inferred", to_string(wanted)));
  if (!is_known(from)) return wanted;
  const std::int64_t count = element_count(from);
  if (open == 0 ? given != count : given == 0 || count % given != 0)
    throw ShapeError(fmt::format("the {} elements of {} do not fill {}", count, to_string(from), to_string(wanted)));
  Shape result = wanted;
  for (std::int64_t& length : result)
    if (length == unknown) length = count / given;
  return result;
}

std::vector<Type> reshape_type(std::span<const Type> inputs, const Attributes& attributes) {
  return {Type{inputs[0].dtype, filled_in(attributes.get<Shape>("shape"), inputs[0].shape)}};
}

/// Axes that lie contiguously are merged, then cut into the wanted lengths from the right.
bool reshape_layout(const Node& node, const Layout& from, Layout& to) {
  to = {node.types()[0].shape, from.offset, row_major(node.types()[0].shape)};
  if (element_count(to.shape) == 0) return true;
  struct Run {
    std::int64_t length, stride;
  };
  std::vector<Run> runs;
  for (std::size_t axis = 0; axis < from.shape.size(); ++axis) {
    const std::int64_t length = from.shape[axis], stride = from.strides[axis];
    if (length == 1) continue;
    if (!runs.empty() && runs.back().stride == length * stride)
      runs.back() = {runs.back().length * length, stride};
    else
      runs.push_back({length, stride});
  }
  for (std::size_t axis = to.shape.size(); axis-- > 0;) {
    const std::int64_t length = to.shape[axis];
    if (length == 1) {
      to.strides[axis] = 0;
      continue;
    }
    if (runs.back().length % length != 0) return false;
    to.strides[axis] = runs.back().stride;
    runs.back().length /= length;
    runs.back().stride *= length;
    if (runs.back().length == 1) runs.pop_back();
  }
  return true;
}

// --- transpose ---

std::vector<Type> transpose_type(std::span<const Type> inputs, const Attributes& attributes) {
  const auto& permutation = attributes.get<Axes>("permutation");
  if (normalize_axes(permutation, inputs[0].rank(), "transpose", false).size() != inputs[0].shape.size())
    throw ShapeError(fmt::format("{} does not name all {} axes", to_string(permutation), inputs[0].rank()));
  Shape shape;
  for (std::int64_t axis : permutation) shape.push_back(inputs[0].shape[static_cast<std::size_t>(axis)]);
  return {Type{inputs[0].dtype, shape}};
}

Axes inverse(const Axes& permutation) {
  Axes result(permutation.size());
  for (std::size_t i = 0; i < permutation.size(); ++i)
    result[static_cast<std::size_t>(permutation[i])] = static_cast<std::int64_t>(i);
  return result;
}

template <class T>
std::vector<T> permuted(const std::vector<T>& values, const Axes& permutation) {
  std::vector<T> result;
  for (std::int64_t axis : permutation) result.push_back(values[static_cast<std::size_t>(axis)]);
  return result;
}

std::vector<Array> transpose_evaluate(const Node& node, std::span<const Array> inputs) {
  const auto& permutation = node.get<Axes>("permutation");
  Array result(Type{inputs[0].dtype(), permuted(inputs[0].shape(), permutation)});
  const auto strides = permuted(row_major(inputs[0].shape()), permutation);
  for_each_index(result.shape(), [&](auto index, std::int64_t position) {
    copy_elements(inputs[0], position_of(index, strides), result, position);
  });
  return {result};
}

bool transpose_layout(const Node& node, const Layout& from, Layout& to) {
  const auto& permutation = node.get<Axes>("permutation");
  to = {permuted(from.shape, permutation), from.offset, permuted(from.strides, permutation)};
  return true;
}

// --- axes of length 1 ---

std::vector<Type> expand_dims_type(std::span<const Type> inputs, const Attributes& attributes) {
  const auto& axes = attributes.get<Axes>("axes");
  const auto rank = inputs[0].rank() + static_cast<std::int64_t>(axes.size());
  normalize_axes(axes, rank, "expand_dims", false);
  return {Type{inputs[0].dtype, with_axes(inputs[0].shape, axes, 1)}};
}

std::vector<Type> squeeze_type(std::span<const Type> inputs, const Attributes& attributes) {
  const auto& axes = attributes.get<Axes>("axes");
  for (std::int64_t axis : normalize_axes(axes, inputs[0].rank(), "squeeze", false))
    if (const std::int64_t length = inputs[0].shape[static_cast<std::size_t>(axis)]; length != 1 && length != unknown)
      throw ShapeError(fmt::format("axis {} has length {}, not 1", axis, length));
  return {Type{inputs[0].dtype, without_axes(inputs[0].shape, axes)}};
}

// --- broadcasts ---

std::vector<Type> broadcast_to_type(std::span<const Type> inputs, const Attributes& attributes) {
  Shape result = attributes.get<Shape>("shape");
  const Shape& from = inputs[0].shape;
  if (from.size() > result.size())
    throw ShapeError(fmt::format("{} has more axes than {}", to_string(from), to_string(result)));
  const std::size_t shift = result.size() - from.size();
  for (std::size_t axis = 0; axis < result.size(); ++axis) {
    const std::int64_t length = axis < shift ? 1 : from[axis - shift];
    if (result[axis] == unknown) {
      if (axis < shift) throw ShapeError(fmt::format("length {} of {} is not given", axis, to_string(result)));
      result[axis] = length;
    } else if (length != 1 && length != unknown && length != result[axis]) {
      throw ShapeError(fmt::format("{} does not stretch to {}", to_string(from), to_string(result)));
    }
  }
  return {Type{inputs[0].dtype, result}};
}

Array stretched(const Array& from, const Shape& shape) {
  Array result(Type{from.dtype(), shape});
  const BroadcastWalk walk(shape, std::span(&from, 1));
  for (std::int64_t i = 0; i < walk.size(); ++i) copy_elements(from, walk.input_position(0, i), result, i);
  return result;
}

std::vector<Array> broadcast_to_evaluate(const Node& node, std::span<const Array> inputs) {
  const Type type = inputs[0].type();
  return {stretched(inputs[0], broadcast_to_type(std::span(&type, 1), node.attributes())[0].shape)};
}

bool broadcast_to_layout(const Node& node, const Layout& from, Layout& to) {
  to = {node.types()[0].shape, from.offset, std::vector<std::int64_t>(node.types()[0].shape.size(), 0)};
  const std::size_t shift = to.shape.size() - from.shape.size();
  for (std::size_t axis = 0; axis < from.shape.size(); ++axis)
    if (from.shape[axis] == to.shape[shift + axis]) to.strides[shift + axis] = from.strides[axis];
  return true;
}

std::vector<Type> broadcast_like_type(std::span<const Type> inputs, const Attributes&) {
  const Shape &from = inputs[0].shape, &like = inputs[1].shape;
  Shape result = like;
  bool fits = from.size() <= like.size();
  const std::size_t shift = fits ? like.size() - from.size() : 0;
  for (std::size_t axis = 0; fits && axis < from.size(); ++axis) {
    std::int64_t& length = result[shift + axis];
    if (length == unknown && from[axis] != 1) length = from[axis];
    fits = from[axis] == unknown || from[axis] == 1 || from[axis] == length;  // an unknown one may be 1
  }
  if (!fits) throw ShapeError(fmt::format("{} does not stretch to {}", to_string(from), to_string(like)));
  return {Type{inputs[0].dtype, result}};
}

std::vector<Type> diag_type(std::span<const Type> inputs, const Attributes&) {
  if (inputs[0].rank() != 1) throw ShapeError("takes a vector");
  return {Type{inputs[0].dtype, {inputs[0].shape[0], inputs[0].shape[0]}}};
}

std::vector<Type> diagonal_type(std::span<const Type> inputs, const Attributes&) {
  if (inputs[0].rank() != 2) throw ShapeError("takes a matrix");
  const std::int64_t rows = inputs[0].shape[0], columns = inputs[0].shape[1];
  return {Type{inputs[0].dtype, {rows == unknown || columns == unknown ? unknown : std::min(rows, columns)}}};
}

/// A matrix with its last axis on the diagonal for each element of the others.
Expr on_diagonal(const Expr& x) {
  const std::int64_t last = x.rank() - 1;
  const Expr item = item_like({x}, last);
  const Expr here = is_known(item.shape()) ? eq(expand_dims(arange(item.shape()[0]), 1), arange(item.shape()[0]))
                                           : diag(eq(item, item));
  return where(here, expand_dims(x, last + 1), constant(0.0, x.dtype()));
}

/// Zeros like the matrix `like` with `vector` on the diagonal.
Expr diag_like(const Expr& vector, const Expr& like) {
  const std::int64_t rows = like.shape()[0], columns = like.shape()[1];
  if (!is_known(like.shape())) return make(diag_like_op, {vector, like});
  const Expr square = diag(vector);
  if (rows == columns) return square;
  return rows > columns ? pad_slice(square, like, 0, {0, columns}) : pad_slice(square, like, 1, {0, rows});
}

}  // namespace

const Op reshape_op{
    .name = "reshape",
    .summary = "the same elements, row by row, in another shape",
    .type = reshape_type,
    .gradient = [](const Application& a) { return Exprs{reshape_like(a.adjoint, a.inputs[0])}; },
    .tangent = [](const Node& node,
                  std::span<const Expr> tangents) { return Exprs{reshape(tangents[0], node.get<Shape>("shape"))}; },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      return {inputs[0].reshaped(filled_in(node.get<Shape>("shape"), inputs[0].shape()))};
    },
    .lowering = View{reshape_layout},
    .examples =
        [] {
          return Exprs{reshape(example({6}), {2, 3}), reshape(transpose(example({2, 3})), {-1}),
                       reshape(example({2, 3, 4}), {6, 1, -1}), reshape(example({0, 3}), {3, 0}),
                       reshape(example({1}), {})};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> {
      const Expr& x = b.inputs[0].value;
      Shape shape(x.shape().begin(), x.shape().begin() + b.axes);
      const Shape& item = b.node.types()[0].shape;
      shape.insert(shape.end(), item.begin(), item.end());
      if (can_be_filled_in(shape)) return {{reshape(x, shape)}};
      const Expr one = make(reshape_op, {item_like(b.inputs[0], b.axes)}, b.node.attributes());
      return {{reshape_like(x, nested_like(batch_like(x, b.axes), one))}};
    },
};

const Op reshape_like_op{
    .name = "reshape_like",
    .summary = "the elements of a in the shape of b",
    .arity = 2,
    .type = [](std::span<const Type> inputs, const Attributes&) -> std::vector<Type> {
      if (is_known(inputs[0].shape) && is_known(inputs[1].shape)) filled_in(inputs[1].shape, inputs[0].shape);
      return {Type{inputs[0].dtype, inputs[1].shape}};
    },
    .gradient =
        [](const Application& a) {
          return Exprs{reshape_like(a.adjoint, a.inputs[0]), Expr()};
        },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          return Exprs{tangents[0] ? reshape_like(tangents[0], node.input(1)) : Expr()};
        },
    .evaluate = [](const Node&, std::span<const Array> inputs) -> std::vector<Array> {
      return {inputs[0].reshaped(inputs[1].shape())};
    },
    .lowering = Abstract{},
    .concrete =
        [](const Node& node) {
          if (!is_known(node.input(1).shape())) return Exprs{Expr()};
          return Exprs{reshape(node.input(0), node.input(1).shape())};
        },
    .examples =
        [] {
          return Exprs{make(reshape_like_op, {example({6}), example({2, 3}, "y")})};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> {
      const Expr &x = b.inputs[0].value, item = item_like(b.inputs[1], b.axes);
      if (!b.inputs[0].varies) return {{reshape_like(x, item), false}};
      return {{reshape_like(x, nested_like(batch_like(x, b.axes), item))}};
    },
    .complex = complex_rule::each_part,
};

const Op transpose_op{
    .name = "transpose",
    .summary = "axes in another order",
    .type = transpose_type,
    .gradient =
        [](const Application& a) { return Exprs{transpose(a.adjoint, inverse(a.node.get<Axes>("permutation")))}; },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          return Exprs{transpose(tangents[0], node.get<Axes>("permutation"))};
        },
    .evaluate = transpose_evaluate,
    .lowering = View{transpose_layout},
    .examples =
        [] {
          return Exprs{transpose(example({2, 3})), transpose(example({2, 3, 4}), {1, -1, 0}),
                       transpose(example({0, 3})), transpose(example({1, 3}))};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> {
      Axes permutation = leading_axes(b.axes);
      const Axes items = shifted(b.node.get<Axes>("permutation"), b.axes);
      permutation.insert(permutation.end(), items.begin(), items.end());
      return {{transpose(b.inputs[0].value, permutation)}};
    },
};

const Op expand_dims_op{
    .name = "expand_dims",
    .summary = "new axes of length 1",
    .type = expand_dims_type,
    .gradient = [](const Application& a) { return Exprs{make(squeeze_op, {a.adjoint}, a.node.attributes())}; },
    .tangent = [](const Node& node,
                  std::span<const Expr> tangents) { return Exprs{expand_axes(tangents[0], node.get<Axes>("axes"))}; },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      return {inputs[0].reshaped(with_axes(inputs[0].shape(), node.get<Axes>("axes"), 1))};
    },
    .lowering = View{[](const Node& node, const Layout& from, Layout& to) {
      const auto& axes = node.get<Axes>("axes");
      to = {with_axes(from.shape, axes, 1), from.offset, with_axes(from.strides, axes, 0)};
      return true;
    }},
    .examples =
        [] {
          return Exprs{expand_dims(example({}), 0), expand_dims(example({3}), -1), expand_dims(example({2, 3}), 1)};
        },
    .batched = shift_axes,
};

const Op squeeze_op{
    .name = "squeeze",
    .summary = "without axes of length 1",
    .type = squeeze_type,
    .gradient = [](const Application& a) { return Exprs{expand_axes(a.adjoint, a.node.get<Axes>("axes"))}; },
    .tangent = [](const Node& node,
                  std::span<const Expr> tangents) { return Exprs{make(squeeze_op, {tangents[0]}, node.attributes())}; },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      return {inputs[0].reshaped(without_axes(inputs[0].shape(), node.get<Axes>("axes")))};
    },
    .lowering = View{[](const Node& node, const Layout& from, Layout& to) {
      const auto& axes = node.get<Axes>("axes");
      to = {without_axes(from.shape, axes), from.offset, without_axes(from.strides, axes)};
      return true;
    }},
    .examples =
        [] {
          return Exprs{squeeze(example({1}), 0), squeeze(example({3, 1}), -1), squeeze(example({2, 1, 3}), 1)};
        },
    .batched = shift_axes,
};

const Op broadcast_to_op{
    .name = "broadcast_to",
    .summary = "stretched to a shape",
    .type = broadcast_to_type,
    .gradient = [](const Application& a) { return Exprs{sum_like(a.adjoint, a.inputs[0])}; },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          return Exprs{broadcast_to(tangents[0], node.get<Shape>("shape"))};
        },
    .evaluate = broadcast_to_evaluate,
    .lowering = View{broadcast_to_layout},
    .examples =
        [] {
          return Exprs{broadcast_to(example({}), {4}), broadcast_to(example({3}), {2, 3}),
                       broadcast_to(example({2, 1, 3}), {2, 4, 3}), broadcast_to(example({1}), {0})};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> {
      const Shape& item = b.node.get<Shape>("shape");
      const Expr x = with_item_rank(b.inputs[0].value, static_cast<std::int64_t>(item.size()), b.axes);
      Shape shape(x.shape().begin(), x.shape().begin() + b.axes);
      shape.insert(shape.end(), item.begin(), item.end());
      return {{broadcast_to(x, shape)}};
    },
};

const Op broadcast_like_op{
    .name = "broadcast_like",
    .summary = "a stretched to the shape of b",
    .arity = 2,
    .type = broadcast_like_type,
    .gradient =
        [](const Application& a) {
          return Exprs{sum_like(a.adjoint, a.inputs[0]), Expr()};
        },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          return Exprs{tangents[0] ? broadcast_like(broadcast_like(tangents[0], node.input(0)), node.input(1))
                                   : Expr()};
        },
    .evaluate = [](const Node&, std::span<const Array> inputs) -> std::vector<Array> {
      const Type types[] = {inputs[0].type(), inputs[1].type()};
      return {stretched(inputs[0], broadcast_like_type(types, {})[0].shape)};
    },
    .lowering = Abstract{},
    .concrete =
        [](const Node& node) {
          if (!is_known(node.input(1).shape())) return Exprs{Expr()};
          return Exprs{broadcast_to(node.input(0), node.input(1).shape())};
        },
    .examples =
        [] {
          return Exprs{make(broadcast_like_op, {example({3}), example({2, 3}, "y")}),
                       make(broadcast_like_op, {example({}), example({0}, "y")})};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> {
      const Expr &x = b.inputs[0].value, item = item_like(b.inputs[1], b.axes);
      if (!b.inputs[0].varies) return {{broadcast_like(x, item), false}};
      return {{broadcast_like(with_item_rank(x, item.rank(), b.axes), nested_like(batch_like(x, b.axes), item))}};
    },
    .complex = complex_rule::each_part,
};

const Op length_op{
    .name = "length",
    .summary = "the length of an axis",
    .type = [](std::span<const Type> inputs, const Attributes& attributes) -> std::vector<Type> {
      normalize_axis(attributes.get<std::int64_t>("axis"), inputs[0].rank(), "length");
      return {Type{DType::int64, {}}};
    },
    .gradient = [](const Application&) { return Exprs{Expr()}; },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      return {Array::scalar(inputs[0].shape()[static_cast<std::size_t>(node.get<std::int64_t>("axis"))])};
    },
    .lowering = Abstract{},
    .concrete =
        [](const Node& node) {
          const std::int64_t axis = node.get<std::int64_t>("axis");
          if (node.input(0).shape()[static_cast<std::size_t>(axis)] == unknown) return Exprs{Expr()};
          return Exprs{length(node.input(0), axis)};
        },
    .examples =
        [] {
          return Exprs{make(length_op, {example({2, 3})}, {{"axis", std::int64_t{1}}})};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> {
      return {{length(b.inputs[0].value, b.node.get<std::int64_t>("axis") + b.axes), false}};
    },
    .complex = complex_rule::shape_only,
};

const Op arange_op{
    .name = "arange",
    .summary = "0, 1, ..., n - 1",
    .arity = 0,
    .type = [](std::span<const Type>, const Attributes& attributes) -> std::vector<Type> {
      const std::int64_t n = attributes.get<std::int64_t>("length");
      if (n < 0) throw NegativeLength(fmt::format("the length must not be negative, got {}", n));
      return {Type{DType::int64, {n}}};
    },
    .evaluate = [](const Node& node, std::span<const Array>) -> std::vector<Array> {
      Array result(node.types()[0]);
      for (std::int64_t i = 0; i < result.size(); ++i) result.set_integer(i, i);
      return {result};
    },
    .lowering = Elementwise{.code = "{i}"},
    .examples =
        [] {
          return Exprs{arange(5), arange(0), arange(3) * example({3})};
        },
};

const Op diag_op{
    .name = "diag",
    .summary = "the matrix with a vector on its diagonal",
    .type = diag_type,
    .gradient = [](const Application& a) { return Exprs{diagonal(a.adjoint)}; },
    .tangent = [](const Node&, std::span<const Expr> tangents) { return Exprs{diag(tangents[0])}; },
    .evaluate = [](const Node&, std::span<const Array> inputs) -> std::vector<Array> {
      const std::int64_t n = inputs[0].size();
      Array result(Type{inputs[0].dtype(), {n, n}});
      for (std::int64_t i = 0; i < n; ++i) copy_elements(inputs[0], i, result, i * n + i);
      return {result};
    },
    .lowering = Scatter{ScatterKind::window,
                        [](const Node& node, std::size_t) {
                          const std::int64_t n = node.input(0).shape()[0];
                          return Layout{{n}, 0, {n + 1}};
                        }},
    .examples =
        [] {
          return Exprs{diag(example({3})), diag(example({1})), diag(example({0}))};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> { return {{on_diagonal(b.inputs[0].value)}}; },
};

const Op diag_like_op{
    .name = "diag_like",
    .summary = "zeros like the matrix b with a on the diagonal",
    .arity = 2,
    .type = [](std::span<const Type> inputs, const Attributes& attributes) -> std::vector<Type> {
      const Type diagonal = diagonal_type(inputs.subspan(1), attributes)[0];
      if (!agree(inputs[0].shape, diagonal.shape)) throw ShapeError("the vector does not fit the diagonal");
      return {Type{inputs[0].dtype, inputs[1].shape}};
    },
    .gradient =
        [](const Application& a) {
          return Exprs{diagonal(a.adjoint), Expr()};
        },
    .evaluate = [](const Node&, std::span<const Array> inputs) -> std::vector<Array> {
      Array result(Type{inputs[0].dtype(), inputs[1].shape()});
      for (std::int64_t i = 0; i < inputs[0].size(); ++i)
        copy_elements(inputs[0], i, result, i * inputs[1].shape()[1] + i);
      return {result};
    },
    .lowering = Abstract{},
    .concrete =
        [](const Node& node) {
          return Exprs{is_known(node.input(1).shape()) ? diag_like(node.input(0), node.input(1)) : Expr()};
        },
    .examples =
        [] {
          return Exprs{make(diag_like_op, {example({2}), example({2, 3}, "y")}),
                       make(diag_like_op, {example({2}), example({4, 2}, "y")})};
        },
    // A square matrix first, as long as the vector, then as large as it is to be.
    .batched = [](const Batch& b) -> std::vector<Batched> {
      const Expr &x = b.inputs[0].value, whole = item_like(b.inputs[1], b.axes);
      if (!b.inputs[0].varies) return {{diag_like(x, whole), false}};
      const Expr square = on_diagonal(x), batch = batch_like(x, b.axes);
      // Rows as in `whole`, columns as in the square; then both.
      const Expr rows = pad_like(
          square, nested_like(batch, nested_like(any(whole, {1}), item_like({at(square, 0, -2)}, b.axes))), b.axes, {});
      return {{pad_like(rows, nested_like(batch, whole), b.axes + 1, {})}};
    },
    .complex = complex_rule::each_part,
};

const Op diagonal_op{
    .name = "diagonal",
    .summary = "the diagonal of a matrix",
    .type = diagonal_type,
    .gradient = [](const Application& a) { return Exprs{diag_like(a.adjoint, a.inputs[0])}; },
    .tangent = [](const Node&, std::span<const Expr> tangents) { return Exprs{diagonal(tangents[0])}; },
    .evaluate = [](const Node&, std::span<const Array> inputs) -> std::vector<Array> {
      const std::int64_t rows = inputs[0].shape()[0], columns = inputs[0].shape()[1];
      Array result(Type{inputs[0].dtype(), {std::min(rows, columns)}});
      for (std::int64_t i = 0; i < result.size(); ++i) copy_elements(inputs[0], i * columns + i, result, i);
      return {result};
    },
    .lowering = View{[](const Node&, const Layout& from, Layout& to) {
      to = {{std::min(from.shape[0], from.shape[1])}, from.offset, {from.strides[0] + from.strides[1]}};
      return true;
    }},
    .examples =
        [] {
          return Exprs{diagonal(example({3, 3})), diagonal(example({2, 4})), diagonal(transpose(example({2, 4}))),
                       diagonal(example({0, 3}))};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> {
      const Expr& x = b.inputs[0].value;
      const std::int64_t rows = b.node.input(0).shape()[0], columns = b.node.input(0).shape()[1];
      if (rows != unknown && columns != unknown) {
        const Expr places = arange(std::min(rows, columns)) * (columns + 1);
        Shape flat(x.shape().begin(), x.shape().begin() + b.axes);
        flat.push_back(rows * columns);
        if (can_be_filled_in(flat)) return {{gather(reshape(x, flat), places, b.axes)}};
      }
      const Expr item = item_like(b.inputs[0], b.axes), part = diagonal(item);
      const Expr kept = sum(where(diag_like(eq(part, part), item), x, constant(0.0, x.dtype())), {b.axes + 1});
      return {{make(slice_like_op, {kept, nested_like(batch_like(x, b.axes), part)},
                    {{"axis", b.axes}, {"step", std::int64_t{1}}})}};
    },
};

// --- Builders ---

Expr reshape(const Operand& a, Shape shape) {
  const BuiltAt here(a.place(), "reshape");
  const Expr& x = a;
  const Shape target = filled_in(shape, x.shape());
  if (target == x.shape() && (is_known(target) || target.size() == 1)) return x;
  return make(reshape_op, {x}, {{"shape", target}}, a.place());
}

Expr reshape_like(const Operand& a, const Operand& like) {
  const Expr &x = a, &y = like;
  if (x == y) return x;
  if (is_known(y.shape())) return reshape(a, y.shape());
  return make(reshape_like_op, {x, y}, {}, a.place());
}

Expr transpose(const Operand& a) {
  Axes reversed;
  for (std::int64_t axis = a.expr().rank(); axis-- > 0;) reversed.push_back(axis);
  return transpose(a, reversed);
}

Expr transpose(const Operand& a, const Axes& permutation) {
  const BuiltAt here(a.place());
  Axes normal;
  for (std::int64_t axis : permutation) normal.push_back(normalize_axis(axis, a.expr().rank(), "transpose"));
  if (std::is_sorted(normal.begin(), normal.end()) && normal.size() == a.expr().shape().size() &&
      std::adjacent_find(normal.begin(), normal.end()) == normal.end())
    return a;
  return make(transpose_op, {a}, {{"permutation", normal}}, a.place());
}

Expr expand_axes(const Expr& a, const Axes& axes) {
  return axes.empty() ? a : make(expand_dims_op, {a}, {{"axes", axes}});
}

Expr expand_dims(const Operand& a, std::int64_t axis) {
  const BuiltAt here(a.place());
  return make(expand_dims_op, {a}, {{"axes", Axes{normalize_axis(axis, a.expr().rank() + 1, "expand_dims")}}},
              a.place());
}

Expr squeeze(const Operand& a, std::int64_t axis) {
  const BuiltAt here(a.place());
  return make(squeeze_op, {a}, {{"axes", Axes{normalize_axis(axis, a.expr().rank(), "squeeze")}}}, a.place());
}

Expr broadcast_to(const Operand& a, Shape shape) {
  if (a.expr().shape() == shape && is_known(shape)) return a;
  return make(broadcast_to_op, {a}, {{"shape", std::move(shape)}}, a.place());
}

Expr broadcast_like(const Operand& a, const Operand& like) {
  const Expr &x = a, &y = like;
  if (x == y) return x;
  if (is_known(y.shape())) return broadcast_to(a, y.shape());
  if (&x.op() == &broadcast_like_op && x.node().input(1) == y) return x;
  return make(broadcast_like_op, {x, y}, {}, a.place());
}

Expr length(const Operand& a, std::int64_t axis) {
  const BuiltAt here(a.place());
  const std::int64_t normal = normalize_axis(axis, a.expr().rank(), "length");
  const std::int64_t known = a.expr().shape()[static_cast<std::size_t>(normal)];
  if (known != unknown) return constant(known);
  return make(length_op, {a}, {{"axis", normal}}, a.place());
}

Expr zeros_like(const Operand& a) { return broadcast_like({constant(0.0, a.expr().dtype()), a.place()}, a); }
Expr ones_like(const Operand& a) { return broadcast_like({constant(1.0, a.expr().dtype()), a.place()}, a); }
Expr full(Shape shape, const Operand& value) { return broadcast_to(value, std::move(shape)); }
Expr arange(std::int64_t n) { return make(arange_op, {}, {{"axis", std::int64_t{0}}, {"length", n}}); }
Expr diag(const Operand& vector) { return make(diag_op, {vector}, {}, vector.place()); }
Expr diagonal(const Operand& matrix) { return make(diagonal_op, {matrix}, {}, matrix.place()); }

}  // namespace leapgraph::symbolic
