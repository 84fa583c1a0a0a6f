/// Products of tensors: one contraction over labelled axes, and the named products that are written with it.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/contract.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/places.hpp"

namespace leapgraph::symbolic {

namespace {

using Labels = std::vector<std::int64_t>;

bool contains(const Labels& labels, std::int64_t label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

/// Length of each label, unknown where no axis tells.
std::map<std::int64_t, std::int64_t> label_lengths(const Labels& first, const Shape& a, const Labels& second,
                                                   const Shape& b) {
  std::map<std::int64_t, std::int64_t> lengths;
  const auto note = [&lengths](const Labels& labels, const Shape& shape) {
    for (std::size_t axis = 0; axis < labels.size(); ++axis) {
      std::int64_t& length = lengths.emplace(labels[axis], unknown).first->second;
      if (length == unknown) length = shape[axis];
      if (shape[axis] != unknown && shape[axis] != length)
        throw ShapeError(
            fmt::format("dot, matmul, tensordot or einsum over axes of lengths {} and {}", length, shape[axis]));
    }
  };
  note(first, a);
  note(second, b);
  return lengths;
}

std::vector<Type> contract_type(std::span<const Type> inputs, const Attributes& attributes) {
  const auto& first = attributes.get<Labels>("first");
  const auto& second = attributes.get<Labels>("second");
  const auto& output = attributes.get<Labels>("output");
  if (first.size() != inputs[0].shape.size() || second.size() != inputs[1].shape.size())
    throw InternalError("contract: one label an axis");
  if (inputs[0].dtype != inputs[1].dtype) throw DTypeError("inputs must have one element type");
  for (std::int64_t label : output)
    if (!contains(first, label) && !contains(second, label)) throw InternalError("contract: a label without an axis");
  const auto lengths = label_lengths(first, inputs[0].shape, second, inputs[1].shape);
  Shape shape;
  for (std::int64_t label : output) shape.push_back(lengths.at(label));
  return {Type{inputs[0].dtype, shape}};
}

std::vector<Array> contract_evaluate(const Node& node, std::span<const Array> inputs) {
  const auto& first = node.get<Labels>("first");
  const auto& second = node.get<Labels>("second");
  const auto& output = node.get<Labels>("output");
  const auto lengths = label_lengths(first, inputs[0].shape(), second, inputs[1].shape());
  Labels order = output;  // all labels, those of the output first
  for (const auto& [label, length] : lengths)
    if (!contains(order, label)) order.push_back(label);
  Shape kept, combined;
  for (std::size_t i = 0; i < order.size(); ++i) (i < output.size() ? kept : combined).push_back(lengths.at(order[i]));
  // Strides of an input along the labels in `order`.
  const auto strides_along = [&order](const Labels& labels, const Shape& shape) {
    const auto strides = row_major(shape);
    Labels result;
    for (std::int64_t label : order) {
      const auto found = std::find(labels.begin(), labels.end(), label);
      result.push_back(found == labels.end() ? 0 : strides[static_cast<std::size_t>(found - labels.begin())]);
    }
    return result;
  };
  const Labels a = strides_along(first, inputs[0].shape()), b = strides_along(second, inputs[1].shape());
  const auto split = static_cast<std::ptrdiff_t>(output.size());
  const Labels a_kept(a.begin(), a.begin() + split), a_combined(a.begin() + split, a.end());
  const Labels b_kept(b.begin(), b.begin() + split), b_combined(b.begin() + split, b.end());
  Array result(Type{inputs[0].dtype(), kept});
  for_each_index(kept, [&](auto index, std::int64_t position) {
    const std::int64_t a_start = position_of(index, a_kept), b_start = position_of(index, b_kept);
    long double total = 0;
    std::uint64_t whole = 0;
    for_each_index(combined, [&](auto inner, std::int64_t) {
      const std::int64_t i = a_start + position_of(inner, a_combined), j = b_start + position_of(inner, b_combined);
      total += static_cast<long double>(inputs[0].real(i)) * inputs[1].real(j);
      whole += static_cast<std::uint64_t>(inputs[0].integer(i)) * static_cast<std::uint64_t>(inputs[1].integer(j));
    });
    if (is_floating(result.dtype()))
      result.set(position, static_cast<double>(total));
    else
      result.set_integer(position, static_cast<std::int64_t>(whole));
  });
  return {result};
}

ContractionLabels labels_of(const Node& node) {
  return {node.get<Labels>("first"), node.get<Labels>("second"), node.get<Labels>("output")};
}

/// n, n + 1, ...
Labels labels_from(std::int64_t n, std::int64_t count) {
  Labels labels(static_cast<std::size_t>(count));
  std::iota(labels.begin(), labels.end(), n);
  return labels;
}

Labels joined(Labels a, const Labels& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// Complains about lengths under the name of the product that the user wrote.
void require_equal_lengths(const char* product, const Operand& a, std::int64_t axis_a, const Operand& b,
                           std::int64_t axis_b) {
  const std::int64_t x = a.expr().shape()[static_cast<std::size_t>(axis_a)];
  const std::int64_t y = b.expr().shape()[static_cast<std::size_t>(axis_b)];
  if (x != y && x != unknown && y != unknown)
    throw ShapeError(fmt::format("{}: axis {} of {} and axis {} of {} must have one length (made at {}:{})", product,
                                 axis_a, to_string(a.expr().type()), axis_b, to_string(b.expr().type()),
                                 a.place().file_name(), a.place().line()));
}

}  // namespace

const Op contract_op{
    .name = "contract",
    .summary = "products of elements, summed over the labels that the output does not have",
    .arity = 2,
    .type = contract_type,
    // The contraction is bilinear, and its adjoints are contractions with the labels in other roles.
    .gradient =
        [](const Application& a) {
          const ContractionLabels labels = labels_of(a.node);
          return Exprs{contract(a.adjoint, a.inputs[1], labels.output, labels.second, labels.first),
                       contract(a.inputs[0], a.adjoint, labels.first, labels.output, labels.second)};
        },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          const ContractionLabels labels = labels_of(node);
          const Expr& a = node.input(0);
          const Expr& b = node.input(1);
          Expr result;
          if (tangents[0]) result = contract(tangents[0], b, labels.first, labels.second, labels.output);
          if (tangents[1]) {
            const Expr other = contract(a, tangents[1], labels.first, labels.second, labels.output);
            result = result ? result + other : other;
          }
          return Exprs{result};
        },
    .evaluate = contract_evaluate,
    .lowering = Contraction{labels_of},
    .examples =
        [] {
          return Exprs{dot(example({4}), example({4}, "y")),
                       dot(example({3, 4}), example({4}, "y")),
                       dot(example({3}), example({3, 4}, "y")),
                       dot(example({2, 3}), example({3, 4}, "y")),
                       dot(transpose(example({3, 2})), example({3, 1}, "y")),
                       matmul(example({2, 3, 4}), example({2, 4, 2}, "y")),
                       matmul(example({2, 3, 4}), example({4, 2}, "y")),
                       tensordot(example({2, 3, 4}), example({4, 3}, "y"), {1, 2}, {1, 0}),
                       outer(example({3}), example({2}, "y")),
                       dot(example({0}), example({0}, "y")),
                       dot(example({2, 0}), example({0, 3}, "y")),
                       dot(cast(example({2, 3}), DType::float32), cast(example({3}, "y"), DType::float32))};
        },
};

Expr contract(const Operand& a, const Operand& b, Labels first, Labels second, Labels output) {
  const Operand operands[] = {a, b};
  Exprs inputs = promoted(operands);
  if (inputs[0].dtype() == DType::boolean)
    for (Expr& e : inputs) e = cast(e, DType::int64);
  return make(contract_op, std::move(inputs),
              {{"first", std::move(first)}, {"second", std::move(second)}, {"output", std::move(output)}}, a.place());
}

Expr dot(const Operand& a, const Operand& b) {
  const BuiltAt here(a.place());
  const std::int64_t rank_a = a.expr().rank(), rank_b = b.expr().rank();
  if (rank_a == 0 || rank_b == 0) return mul(a, b);
  const std::int64_t axis_b = std::max<std::int64_t>(0, rank_b - 2);
  require_equal_lengths("dot", a, rank_a - 1, b, axis_b);
  return tensordot(a, b, {rank_a - 1}, {axis_b});
}

Expr tensordot(const Operand& a, const Operand& b, const Axes& axes_a, const Axes& axes_b) {
  const BuiltAt here(a.place());
  const std::int64_t rank_a = a.expr().rank(), rank_b = b.expr().rank();
  if (axes_a.size() != axes_b.size())
    throw ShapeError(fmt::format("tensordot: {} axes against {}", axes_a.size(), axes_b.size()));
  normalize_axes(axes_a, rank_a, "tensordot", false);
  normalize_axes(axes_b, rank_b, "tensordot", false);
  const Labels first = labels_from(0, rank_a);
  Labels second = labels_from(rank_a, rank_b), output;
  for (std::size_t k = 0; k < axes_a.size(); ++k) {
    const std::int64_t axis_a = normalize_axis(axes_a[k], rank_a, "tensordot");
    const std::int64_t axis_b = normalize_axis(axes_b[k], rank_b, "tensordot");
    require_equal_lengths("tensordot", a, axis_a, b, axis_b);
    second[static_cast<std::size_t>(axis_b)] = axis_a;
  }
  for (std::int64_t label : first)
    if (!contains(second, label)) output.push_back(label);
  for (std::int64_t label : second)
    if (!contains(first, label)) output.push_back(label);
  return contract(a, b, first, second, output);
}

Expr outer(const Operand& a, const Operand& b) {
  const BuiltAt here(a.place());
  const auto vector = [](const Operand& x) { return x.expr().rank() == 1 ? x : Operand(reshape(x, {unknown})); };
  return tensordot(vector(a), vector(b), {}, {});
}

Expr matmul(const Operand& a, const Operand& b) {
  const BuiltAt here(a.place());
  const std::int64_t rank_a = a.expr().rank(), rank_b = b.expr().rank();
  if (rank_a == 0 || rank_b == 0) throw ShapeError("matmul: takes vectors, matrices and stacks of them, not scalars");
  if (rank_a == 1 || rank_b == 1 || (rank_a == 2 && rank_b == 2)) return dot(a, b);
  require_equal_lengths("matmul", a, rank_a - 1, b, rank_b - 2);
  // Leading axes aligned at the right get labels 0, 1, ...; an axis of length 1 that meets a longer one is dropped.
  const std::int64_t batch = std::max(rank_a, rank_b) - 2;
  const std::int64_t row = batch, inner = batch + 1, column = batch + 2;
  Expr x = a, y = b;
  bool open = false;  // lengths of 1 that only the call tells
  for (std::int64_t axis = 1; axis <= std::min(rank_a, rank_b) - 2; ++axis)
    open = open || x.shape()[static_cast<std::size_t>(rank_a - 2 - axis)] == unknown ||
           y.shape()[static_cast<std::size_t>(rank_b - 2 - axis)] == unknown;
  if (open) {
    x = expand_axes(x, leading_axes(batch + 2 - rank_a));
    y = expand_axes(y, leading_axes(batch + 2 - rank_b));
    const Expr like = logical_or(batch_like(x, batch), batch_like(y, batch));
    const Labels all = labels_from(0, batch);
    return contract(stretched_batch(x, like, batch), stretched_batch(y, like, batch), joined(all, {row, inner}),
                    joined(all, {inner, column}), joined(all, {row, column}));
  }
  Labels first = joined(labels_from(batch - (rank_a - 2), rank_a - 2), {row, inner});
  Labels second = joined(labels_from(batch - (rank_b - 2), rank_b - 2), {inner, column});
  const auto drop_unit = [](Expr& e, Labels& labels, const Expr& other, const Labels& other_labels) {
    for (std::size_t axis = labels.size() - 2; axis-- > 0;) {
      const auto found = std::find(other_labels.begin(), other_labels.end(), labels[axis]);
      if (found == other_labels.end() || e.shape()[axis] != 1) continue;
      if (other.shape()[static_cast<std::size_t>(found - other_labels.begin())] == 1) continue;
      e = squeeze(e, static_cast<std::int64_t>(axis));
      labels.erase(labels.begin() + static_cast<std::ptrdiff_t>(axis));
    }
  };
  drop_unit(x, first, y, second);
  drop_unit(y, second, x, first);
  return contract(x, y, first, second, joined(labels_from(0, batch), {row, column}));
}

}  // namespace leapgraph::symbolic
