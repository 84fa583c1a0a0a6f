/// Tensors joined into one: stacked along a new axis, or one after another along an axis that they have.
#include <fmt/format.h>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/places.hpp"

namespace leapgraph::symbolic {

namespace {

Shape agreed_parts(std::span<const Type> parts) {
  if (parts.empty()) throw ShapeError("needs at least one part");
  Type result = parts[0];
  for (std::size_t k = 1; k < parts.size(); ++k) {
    const std::optional<Type> both = agree(result, parts[k]);
    if (!both)
      throw ShapeError(fmt::format("part {} is {} and part 0 is {}", k, to_string(parts[k]), to_string(parts[0])));
    result = *both;
  }
  return result.shape;
}

std::vector<Type> stack_type(std::span<const Type> parts, const Attributes& attributes) {
  const Shape shape = agreed_parts(parts);
  const std::int64_t axis =
      normalize_axis(attributes.get<std::int64_t>("axis"), static_cast<std::int64_t>(shape.size()) + 1, "stack");
  return {Type{parts[0].dtype, with_axes(shape, {axis}, static_cast<std::int64_t>(parts.size()))}};
}

std::vector<Array> stack_evaluate(const Node& node, std::span<const Array> inputs) {
  const std::int64_t axis = node.get<std::int64_t>("axis");
  Array result(Type{inputs[0].dtype(), with_axes(inputs[0].shape(), {axis}, static_cast<std::int64_t>(inputs.size()))});
  const auto strides = row_major(result.shape());
  const auto kept = without_axes(strides, {axis});
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (inputs[k].shape() != inputs[0].shape())
      throw ShapeError(fmt::format("stack: part {} has shape {} and part 0 {}", k, to_string(inputs[k].shape()),
                                   to_string(inputs[0].shape())));
    const std::int64_t start = static_cast<std::int64_t>(k) * strides[static_cast<std::size_t>(axis)];
    for_each_index(inputs[k].shape(), [&](auto index, std::int64_t position) {
      copy_elements(inputs[k], position, result, start + position_of(index, kept));
    });
  }
  return {result};
}

Layout stack_window(const Node& node, std::size_t k) {
  const Axes axis{node.get<std::int64_t>("axis")};
  const auto strides = row_major(node.types()[0].shape);
  return {node.input(k).shape(), static_cast<std::int64_t>(k) * strides[static_cast<std::size_t>(axis[0])],
          without_axes(strides, axis)};
}

std::vector<Type> concatenate_type(std::span<const Type> parts, const Attributes& attributes) {
  if (parts.empty()) throw ShapeError("needs at least one part");
  const std::int64_t axis = normalize_axis(attributes.get<std::int64_t>("axis"), parts[0].rank(), "concatenate");
  const auto along = static_cast<std::size_t>(axis);
  std::vector<Type> others;
  std::int64_t total = 0;
  for (std::size_t k = 0; k < parts.size(); ++k) {
    if (parts[k].rank() != parts[0].rank())
      throw ShapeError(fmt::format("part {} is {} and part 0 is {}", k, to_string(parts[k]), to_string(parts[0])));
    total = total == unknown || parts[k].shape[along] == unknown ? unknown : total + parts[k].shape[along];
    others.push_back(parts[k]);
    others.back().shape[along] = unknown;
  }
  Shape shape = agreed_parts(others);
  shape[along] = total;
  return {Type{parts[0].dtype, shape}};
}

/// Where part `k` starts along the axis; unknown when a length before it is.
std::int64_t part_start(const Exprs& parts, std::size_t k, std::int64_t axis) {
  std::int64_t start = 0;
  for (std::size_t j = 0; j < k; ++j) {
    const std::int64_t length = parts[j].shape()[static_cast<std::size_t>(axis)];
    if (length == unknown) return unknown;
    start += length;
  }
  return start;
}

std::vector<Array> concatenate_evaluate(const Node& node, std::span<const Array> inputs) {
  std::vector<Type> types;
  for (const Array& part : inputs) types.push_back(part.type());
  Array result(concatenate_type(types, node.attributes())[0]);
  const auto axis = static_cast<std::size_t>(node.get<std::int64_t>("axis"));
  const auto strides = row_major(result.shape());
  std::int64_t start = 0;
  for (const Array& part : inputs) {
    for_each_index(part.shape(), [&](auto index, std::int64_t position) {
      copy_elements(part, position, result, start * strides[axis] + position_of(index, strides));
    });
    start += part.shape()[axis];
  }
  return {result};
}

Layout concatenate_window(const Node& node, std::size_t k) {
  const std::int64_t axis = node.get<std::int64_t>("axis");
  const auto strides = row_major(node.types()[0].shape);
  return {node.input(k).shape(), part_start(node.inputs(), k, axis) * strides[static_cast<std::size_t>(axis)], strides};
}

/// The part of `a` where concatenating `parts` puts part `k`.
Expr split_like(const Expr& a, const Exprs& parts, std::size_t k, std::int64_t axis) {
  const std::int64_t start = part_start(parts, k, axis);
  const std::int64_t length = parts[k].shape()[static_cast<std::size_t>(axis)];
  if (start != unknown && length != unknown) return slice(a, axis, {start, start + length});
  Exprs inputs{a};
  inputs.insert(inputs.end(), parts.begin(), parts.end());
  return make(split_like_op, std::move(inputs), {{"axis", axis}, {"part", static_cast<std::int64_t>(k)}});
}

Exprs parts_of_split(const Node& node) { return {node.inputs().begin() + 1, node.inputs().end()}; }

/// Tangents with zeros in the place of absent ones.
Operands filled_tangents(const Node& node, std::span<const Expr> tangents) {
  Operands result;
  for (std::size_t k = 0; k < tangents.size(); ++k)
    result.emplace_back(tangents[k] ? tangents[k] : zeros_like(node.input(k)));
  return result;
}

}  // namespace

const Op stack_op{
    .name = "stack",
    .summary = "parts of one shape along a new axis",
    .arity = -1,
    .type = stack_type,
    .gradient =
        [](const Application& a) {
          Exprs result;
          for (std::size_t k = 0; k < a.inputs.size(); ++k)
            result.push_back(at(a.adjoint, static_cast<std::int64_t>(k), a.node.get<std::int64_t>("axis")));
          return result;
        },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          return Exprs{stack(filled_tangents(node, tangents), node.get<std::int64_t>("axis"))};
        },
    .evaluate = stack_evaluate,
    .lowering = Scatter{ScatterKind::window, stack_window},
    .examples =
        [] {
          return Exprs{stack({example({}), example({}, "y"), example({}, "z")}),
                       stack({example({3}), example({3}, "y")}, -1), stack({example({2, 3}), example({2, 3}, "y")}, 1),
                       stack({example({0})})};
        },
    .batched = shift_joined,
};

const Op concatenate_op{
    .name = "concatenate",
    .summary = "parts one after another along an axis",
    .arity = -1,
    .type = concatenate_type,
    .gradient =
        [](const Application& a) {
          Exprs result;
          for (std::size_t k = 0; k < a.inputs.size(); ++k)
            result.push_back(split_like(a.adjoint, a.inputs, k, a.node.get<std::int64_t>("axis")));
          return result;
        },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          return Exprs{concatenate(filled_tangents(node, tangents), node.get<std::int64_t>("axis"))};
        },
    .evaluate = concatenate_evaluate,
    .lowering = Scatter{ScatterKind::window, concatenate_window},
    .examples =
        [] {
          return Exprs{concatenate({example({3}), example({0}, "y"), example({2}, "z")}),
                       concatenate({example({2, 3}), example({2, 1}, "y")}, -1),
                       concatenate({example({2, 2, 3}), example({2, 1, 3}, "y")}, 1), concatenate({example({4})})};
        },
    .batched = shift_joined,
};

const Op split_like_op{
    .name = "split_like",
    .summary = "the part of a where concatenating the other inputs puts one of them",
    .arity = -1,
    .type = [](std::span<const Type> inputs, const Attributes& attributes) -> std::vector<Type> {
      if (!agree(concatenate_type(inputs.subspan(1), attributes)[0].shape, inputs[0].shape))
        throw ShapeError("the parts do not make up the first input");
      const Type& part = inputs[static_cast<std::size_t>(attributes.get<std::int64_t>("part")) + 1];
      return {Type{inputs[0].dtype, part.shape}};
    },
    .gradient =
        [](const Application& a) {
          Operands parts;
          for (std::size_t k = 1; k < a.inputs.size(); ++k) {
            const bool kept = static_cast<std::int64_t>(k) == a.node.get<std::int64_t>("part") + 1;
            parts.emplace_back(kept ? a.adjoint : cast(zeros_like(a.inputs[k]), a.adjoint.dtype()));
          }
          Exprs result(a.inputs.size());
          result[0] = concatenate(parts, a.node.get<std::int64_t>("axis"));
          return result;
        },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      const auto axis = static_cast<std::size_t>(node.get<std::int64_t>("axis"));
      const auto part = static_cast<std::size_t>(node.get<std::int64_t>("part")) + 1;
      std::int64_t start = 0;
      for (std::size_t k = 1; k < part; ++k) start += inputs[k].shape()[axis];
      Array result(Type{inputs[0].dtype(), inputs[part].shape()});
      const auto strides = row_major(inputs[0].shape());
      for_each_index(result.shape(), [&](auto index, std::int64_t position) {
        copy_elements(inputs[0], start * strides[axis] + position_of(index, strides), result, position);
      });
      return {result};
    },
    .lowering = Abstract{},
    .concrete =
        [](const Node& node) {
          const Exprs parts = parts_of_split(node);
          const auto part = static_cast<std::size_t>(node.get<std::int64_t>("part"));
          const std::int64_t axis = node.get<std::int64_t>("axis");
          if (part_start(parts, part, axis) == unknown || !is_known(parts[part].shape())) return Exprs{Expr()};
          return Exprs{split_like(node.input(0), parts, part, axis)};
        },
    .examples =
        [] {
          return Exprs{make(split_like_op, {example({5}), example({3}, "y"), example({2}, "z")},
                            {{"axis", std::int64_t{0}}, {"part", std::int64_t{1}}})};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> {
      const bool varies = b.inputs[0].varies;
      Exprs inputs{b.inputs[0].value};
      for (std::size_t k = 1; k < b.inputs.size(); ++k) {
        const Expr part = cast(item_like(b.inputs[k], b.axes), b.node.input(k).dtype());
        inputs.push_back(varies ? nested_like(batch_like(inputs[0], b.axes), part) : part);
      }
      const std::int64_t axis = b.node.get<std::int64_t>("axis") + (varies ? b.axes : 0);
      return {{make(split_like_op, std::move(inputs), b.node.attributes().with("axis", axis), b.node.place()), varies}};
    },
};

// --- Builders ---

Expr stack(const Operands& parts, std::int64_t axis) {
  if (parts.empty()) throw ShapeError("stack: needs at least one part");
  const BuiltAt here(parts[0].place());
  return make(stack_op, promoted(parts), {{"axis", normalize_axis(axis, parts[0].expr().rank() + 1, "stack")}},
              parts[0].place());
}

Expr concatenate(const Operands& parts, std::int64_t axis) {
  if (parts.empty()) throw ShapeError("concatenate: needs at least one part");
  const BuiltAt here(parts[0].place());
  return make(concatenate_op, promoted(parts), {{"axis", normalize_axis(axis, parts[0].expr().rank(), "concatenate")}},
              parts[0].place());
}

}  // namespace leapgraph::symbolic
