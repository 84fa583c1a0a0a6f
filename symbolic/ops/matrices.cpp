/// Type rules, batch axes and small pieces for ops on stacks of matrices; the op `band`.
#include "leapgraph/symbolic/ops/matrices.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"

namespace leapgraph::symbolic {

RealOperands real_operands(std::string_view what, std::initializer_list<Operand> operands) {
  Exprs values = promoted_floating({operands.begin(), operands.size()});
  const DType dtype = values[0].dtype();
  if (is_complex(dtype))
    throw DTypeError(fmt::format("{}: takes real numbers, got {} (made at {}:{})", what, to_string(values[0].type()),
                                 operands.begin()->place().file_name(), operands.begin()->place().line()));
  for (Expr& e : values) e = cast(e, DType::float64);
  return {std::move(values), dtype};
}

// --- Type rules ---

Shape batch_of(const Shape& shape) { return {shape.begin(), shape.end() - 2}; }

Shape stack_of(Shape batch, std::int64_t rows, std::int64_t columns) {
  batch.push_back(rows);
  batch.push_back(columns);
  return batch;
}

std::int64_t from_end(const Shape& shape, std::size_t axis) { return shape[shape.size() - axis]; }

std::vector<std::int64_t> square_sizes(const Node& node) {
  const Shape& shape = node.input(0).shape();
  return {count_of_matrices(shape), from_end(shape, 1)};
}

void require_matrix(std::span<const Type> inputs, std::size_t number) {
  const Type& type = inputs[number];
  if (type.dtype != DType::float64)
    throw DTypeError(fmt::format("input {} must be float64, got {}", number, to_string(type)));
  if (type.rank() < 2)
    throw ShapeError(fmt::format("input {} must be a matrix or a stack of matrices, got {}", number, to_string(type)));
}

std::int64_t require_square(std::span<const Type> inputs, std::size_t number) {
  require_matrix(inputs, number);
  const Type& type = inputs[number];
  const std::int64_t rows = from_end(type.shape, 2), columns = from_end(type.shape, 1);
  if (rows != columns && rows != unknown && columns != unknown)
    throw ShapeError(fmt::format("input {} must be square, got {}", number, to_string(type)));
  return rows == unknown ? columns : rows;
}

std::int64_t require_equal(std::span<const Type> inputs, std::size_t a, std::int64_t axis_a, std::size_t b,
                           std::int64_t axis_b) {
  const auto along = [&inputs](std::size_t k, std::int64_t axis) {
    return inputs[k].shape[static_cast<std::size_t>(normalize_axis(axis, inputs[k].rank(), "axis"))];
  };
  const std::int64_t x = along(a, axis_a), y = along(b, axis_b);
  if (x != y && x != unknown && y != unknown)
    throw ShapeError(fmt::format("axis {} of input {} and axis {} of input {} must have one length, got {} and {}",
                                 axis_a, a, axis_b, b, to_string(inputs[a]), to_string(inputs[b])));
  return x == unknown ? y : x;
}

std::vector<Type> square_type(std::span<const Type> inputs, const Attributes&) {
  const std::int64_t n = require_square(inputs, 0);
  return {Type{DType::float64, stack_of(batch_of(inputs[0].shape), n, n)}};
}

std::vector<Type> number_type(std::span<const Type> inputs, const Attributes&) {
  require_square(inputs, 0);
  return {Type{DType::float64, batch_of(inputs[0].shape)}};
}

// --- Lowering and batching ---

std::int64_t count_of_matrices(const Shape& shape) { return element_count(batch_of(shape)); }

Exprs with_equal_stacks(const Node& node, std::initializer_list<std::int64_t> item_ranks) {
  Shape common;
  for (std::size_t k = 0; k < node.inputs().size(); ++k) {
    const Shape& shape = node.input(k).shape();
    if (!is_known(shape)) return {Expr()};
    common = broadcast(common, Shape(shape.begin(), shape.end() - item_ranks.begin()[k]));
  }
  Exprs inputs = node.inputs();
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const Shape shape = inputs[k].shape();
    const auto item = shape.end() - item_ranks.begin()[k];
    if (item == shape.begin() || Shape(shape.begin(), item) == common) continue;
    Shape whole = common;
    whole.insert(whole.end(), item, shape.end());
    inputs[k] = broadcast_to(inputs[k], std::move(whole));
  }
  if (inputs == node.inputs()) return {Expr()};
  return outputs_of(*make_node(node.op(), std::move(inputs), node.attributes(), node.place()));
}

std::vector<Batched> batched_stacks(const Batch& batch, std::initializer_list<std::int64_t> item_ranks) {
  std::int64_t rank = 0;
  for (std::size_t k = 0; k < batch.inputs.size(); ++k)
    rank = std::max(rank, batch.node.input(k).rank() - item_ranks.begin()[k]);
  Exprs inputs;
  for (std::size_t k = 0; k < batch.inputs.size(); ++k) {
    const Batched& input = batch.inputs[k];
    inputs.push_back(input.varies ? with_item_rank(input.value, rank + item_ranks.begin()[k], batch.axes)
                                  : input.value);
  }
  std::vector<Batched> result;
  for (const Expr& e :
       outputs_of(*make_node(batch.node.op(), std::move(inputs), batch.node.attributes(), batch.node.place())))
    result.push_back({e});
  return result;
}

std::vector<Batched> batched_stack(const Batch& batch) { return batched_stacks(batch, {0}); }
std::vector<Batched> batched_matrices(const Batch& batch) {
  return batch.inputs.size() == 1 ? batched_stacks(batch, {2}) : batched_stacks(batch, {2, 2});
}

// --- Pieces of the rules ---

Expr band(const Expr& x, std::int64_t below, std::int64_t above, double diagonal) {
  return make(band_op, {x}, {{"below", below}, {"above", above}, {"diagonal", diagonal}});
}

Expr identity_like(const Expr& x) { return diagonal_part(ones_like(x)); }
Expr diagonals(const Expr& x) { return sum(diagonal_part(x), {-1}); }

Expr transposed(const Expr& x) {
  Axes axes = leading_axes(x.rank());
  std::swap(axes[axes.size() - 1], axes[axes.size() - 2]);
  return transpose(x, axes);
}

Expr symmetric_part(const Expr& x) { return 0.5 * x + 0.5 * transposed(x); }
Expr as_column(const Expr& x) { return expand_dims(x, x.rank()); }
Expr as_row(const Expr& x) { return expand_dims(x, x.rank() - 1); }
Expr as_matrix(const Expr& x) { return expand_dims(expand_dims(x, x.rank()), x.rank() + 1); }
Expr sum_of_matrix(const Expr& x) { return sum(x, {-2, -1}); }

Expr positive_definite(const Expr& x) { return matmul(x, transposed(x)) + identity_like(x); }

namespace {

struct Band {
  std::int64_t below, above;
  double diagonal;
};
Band band_of(const Node& node) {
  return {node.get<std::int64_t>("below"), node.get<std::int64_t>("above"), node.get<double>("diagonal")};
}

Expr with_band_of(const Node& node, const Expr& x) {
  const Band b = band_of(node);
  return band(x, b.below, b.above, b.diagonal);
}

/// Choices between row and column numbers, which fuse with their neighbours.
Exprs band_concrete(const Node& node) {
  const Expr& x = node.input(0);
  const std::int64_t rows = from_end(x.shape(), 2), columns = from_end(x.shape(), 1);
  if (rows == unknown || columns == unknown) return {Expr()};
  const Band b = band_of(node);
  const Expr i = expand_dims(arange(rows), 1), j = arange(columns), zero = constant(0.0, x.dtype());
  Expr kept = b.diagonal == 0 || b.diagonal == 1 ? x : where(eq(i, j), b.diagonal * x, x);
  if (b.diagonal == 0) kept = where(eq(i, j), zero, x);
  if (b.below >= 0) kept = where(i <= j + b.below, kept, zero);
  if (b.above >= 0) kept = where(j <= i + b.above, kept, zero);
  return {kept};
}

}  // namespace

const Op band_op{
    .name = "band",
    .summary = "matrices with elements away from the diagonal set to 0 and the diagonal multiplied by a number",
    .type = [](std::span<const Type> inputs, const Attributes&) -> std::vector<Type> {
      if (inputs[0].rank() < 2)
        throw ShapeError(fmt::format("input 0 must be a matrix or a stack of matrices, got {}", to_string(inputs[0])));
      return {inputs[0]};
    },
    .gradient = [](const Application& a) { return Exprs{with_band_of(a.node, a.adjoint)}; },
    .tangent = [](const Node& node, std::span<const Expr> tangents) { return Exprs{with_band_of(node, tangents[0])}; },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      const Band b = band_of(node);
      Array result(inputs[0].type());
      for_each_index(result.shape(), [&](auto index, std::int64_t position) {
        const std::int64_t offset = index[index.size() - 2] - index[index.size() - 1];
        if ((b.below >= 0 && offset > b.below) || (b.above >= 0 && -offset > b.above)) return;
        if (offset == 0 && b.diagonal == 0) return;
        copy_elements(inputs[0], position, result, position);
        if (offset == 0 && b.diagonal != 1) result.set(position, b.diagonal * inputs[0].real(position));
      });
      return {result};
    },
    .lowering = Abstract{},
    .concrete = band_concrete,
    .examples =
        [] {
          const Expr x = input({DType::float64, {3, 4}}, "x"), stack = input({DType::float64, {2, 3, 3}}, "s");
          return Exprs{lower_part(x), upper_part(x, 0.0), band(stack, 1, 0, 0.5), diagonal_part(stack),
                       band(input({DType::float64, {0, 2}}, "e"), 0, 1)};
        },
    .batched = batched_stack,
};

}  // namespace leapgraph::symbolic
