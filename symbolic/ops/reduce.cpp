/// Reductions: sums, products, extrema, and what is made of them.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "leapgraph/symbolic/complex.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/complex_rules.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/reducing.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/places.hpp"

namespace leapgraph::symbolic {

namespace {

constexpr long double infinity = std::numeric_limits<long double>::infinity();

std::int64_t axis_of(const Node& node) { return node.get<std::int64_t>("axis"); }

}  // namespace

// --- Types ---

std::vector<Type> reduced_type(std::span<const Type> inputs, const Attributes& attributes) {
  const Axes& axes = attributes.get<Axes>("axes");
  normalize_axes(axes, inputs[0].rank(), "axes", false);
  return {Type{inputs[0].dtype, without_axes(inputs[0].shape, axes)}};
}

std::vector<Type> extremum_type(std::span<const Type> inputs, const Attributes& attributes) {
  for (std::int64_t axis : attributes.get<Axes>("axes"))
    if (inputs[0].shape[static_cast<std::size_t>(axis)] == 0)
      throw ShapeError(fmt::format("no elements along axis {}", axis));
  return reduced_type(inputs, attributes);
}

std::vector<Type> reduced_floating_type(std::span<const Type> inputs, const Attributes& attributes) {
  if (!is_floating(inputs[0].dtype)) throw DTypeError("takes floating numbers");
  return reduced_type(inputs, attributes);
}

std::vector<Type> along_axes_type(std::span<const Type> inputs, const Attributes& attributes) {
  reduced_floating_type(inputs, attributes);
  return {inputs[0]};
}

namespace {

std::vector<Type> boolean_type(std::span<const Type> inputs, const Attributes& attributes) {
  if (inputs[0].dtype != DType::boolean) throw DTypeError("takes booleans");
  return reduced_type(inputs, attributes);
}

}  // namespace

// --- Reference ---

std::vector<std::size_t> places_after(const Shape& shape, const Axes& axes) {
  const auto kept = row_major(without_axes(shape, axes));
  std::vector<std::int64_t> strides = kept;
  for (std::int64_t axis : axes) strides.insert(strides.begin() + axis, 0);
  std::vector<std::size_t> places(static_cast<std::size_t>(element_count(shape)));
  for_each_index(shape, [&](auto index, std::int64_t position) {
    places[static_cast<std::size_t>(position)] = static_cast<std::size_t>(position_of(index, strides));
  });
  return places;
}

void require_elements(const Node& node, const Array& x) {
  for (std::int64_t axis : axes_of(node))
    if (x.shape()[static_cast<std::size_t>(axis)] == 0)
      throw ShapeError(fmt::format("{}: no elements along axis {} of {}", node.op().name, axis, to_string(x.type())));
}

namespace {

/// Reference of a reduction by one generic function; integers wrap around.
template <auto combine>
Array reduced(const Node& node, const Array& x, long double start, std::int64_t integer_start) {
  Type type{x.dtype(), without_axes(x.shape(), axes_of(node))};
  if (is_floating(x.dtype())) return array_of(std::move(type), folded<long double>(x, axes_of(node), start, combine));
  if (x.dtype() == DType::uint64) {
    // The neutral elements of max and min are those of the type.
    const std::uint64_t unsigned_start = integer_start == std::numeric_limits<std::int64_t>::min() ? 0
                                         : integer_start == std::numeric_limits<std::int64_t>::max()
                                             ? UINT64_MAX
                                             : static_cast<std::uint64_t>(integer_start);
    return array_of(std::move(type), folded<std::uint64_t>(x, axes_of(node), unsigned_start, combine));
  }
  return array_of(std::move(type), folded<std::int64_t>(x, axes_of(node), integer_start, combine));
}

constexpr auto plus = [](auto total, auto x) {
  if constexpr (std::is_integral_v<decltype(x)>)
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(total) + static_cast<std::uint64_t>(x));
  else
    return total + x;
};
constexpr auto times = [](auto total, auto x) {
  if constexpr (std::is_integral_v<decltype(x)>)
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(total) * static_cast<std::uint64_t>(x));
  else
    return total * x;
};
constexpr auto larger = [](auto total, auto x) { return total != total || x != x ? total + x : std::max(total, x); };
constexpr auto smaller = [](auto total, auto x) { return total != total || x != x ? total + x : std::min(total, x); };

}  // namespace

ShiftedSum shifted_sum(const Array& x, const Axes& axes) {
  ShiftedSum result{folded<long double>(x, axes, -infinity, larger), {}};
  for (long double& shift : result.shift)
    if (std::isinf(shift)) shift = 0;
  result.sum.assign(result.shift.size(), 0.0L);
  const std::vector<std::size_t> places = places_after(x.shape(), axes);
  for (std::size_t i = 0; i < places.size(); ++i)
    result.sum[places[i]] += std::exp(x.real(static_cast<std::int64_t>(i)) - result.shift[places[i]]);
  return result;
}

namespace {

std::vector<Array> cumsum_evaluate(const Node& node, std::span<const Array> inputs) {
  const Array& x = inputs[0];
  const auto axis = static_cast<std::size_t>(axis_of(node));
  const std::int64_t stride = row_major(x.shape())[axis];
  std::vector<long double> reals(static_cast<std::size_t>(x.size()));
  std::vector<std::int64_t> whole(reals.size());
  for_each_index(x.shape(), [&](auto index, std::int64_t position) {
    const auto here = static_cast<std::size_t>(position);
    const bool first = index[axis] == 0;
    const auto before = first ? here : static_cast<std::size_t>(position - stride);
    reals[here] = x.real(position) + (first ? 0 : reals[before]);
    whole[here] = plus(x.integer(position), first ? std::int64_t{0} : whole[before]);
  });
  return {is_floating(x.dtype()) ? array_of(x.type(), reals) : array_of(x.type(), whole)};
}

// --- Pieces of rules ---

/// The adjoint of an extremum goes to the elements that attain it, in equal shares.
Exprs extremum_gradient(const Application& a) {
  const Expr attains = eq(a.inputs[0], restored(a, a.output));
  const Expr share = a.adjoint / sum(cast(attains, a.inputs[0].dtype()), axes_of(a.node));
  // A choice, which the slopes of what did not win cannot spoil; both sides in the shape of the input.
  return {where(attains, broadcast_like(restored(a, share), a.inputs[0]), 0.0)};
}

/// Product of all other elements along an axis: what comes before times what comes after, right where elements are 0.
Expr product_of_others(const Expr& x, std::int64_t axis) {
  const Expr rows = transpose(x, axis_to_front(axis, x.rank()));
  const Expr one = ones_like(prod(rows, {0}));
  const auto before = [&one](const Expr& sequence) {
    return scan(
               [](const Exprs& carry, const Exprs& row) {
                 return ScanBody{{carry[0] * row[0]}, {carry[0]}};
               },
               {one}, {sequence}, length(sequence, 0))
        .outputs[0];
  };
  const auto reversed = [](const Expr& e) { return slice(e, 0, {std::nullopt, std::nullopt, -1}); };
  return transpose(before(rows) * reversed(before(reversed(rows))), axis_from_front(axis, x.rank()));
}

Exprs prod_gradient(const Application& a) {
  // One axis after another, the last first: d/dx = (others along it) * d/d(product along it).
  const Axes& axes = axes_of(a.node);
  Expr partial = a.inputs[0], result = restored(a, a.adjoint);
  for (std::size_t i = axes.size(); i-- > 0;) {
    const Axes done(axes.begin() + static_cast<std::ptrdiff_t>(i) + 1, axes.end());
    result = result * expand_axes(product_of_others(partial, axes[i]), done);
    partial = prod(partial, {axes[i]});
  }
  return {result};
}

/// Axes that summing a tensor of shape `from` down to `like` removes, and those it keeps with length 1; nothing where
/// an unknown length leaves it open.
struct Summing {
  Axes axes, kept;
};
std::optional<Summing> summing(const Shape& from, const Shape& like) {
  Summing result;
  const std::size_t shift = from.size() - like.size();
  for (std::size_t axis = 0; axis < from.size(); ++axis) {
    const auto number = static_cast<std::int64_t>(axis);
    if (axis < shift) {
      result.axes.push_back(number);
    } else if (like[axis - shift] == unknown && from[axis] != 1) {
      return std::nullopt;
    } else if (like[axis - shift] == 1 && from[axis] != 1) {
      result.axes.push_back(number);
      result.kept.push_back(number - static_cast<std::int64_t>(shift));
    }
  }
  return result;
}

Expr summed(const Expr& a, const Summing& s) {
  if (s.axes.empty()) return a;
  return expand_axes(cast(sum(a, s.axes), a.dtype()), s.kept);
}

}  // namespace

Expr safe_shift(const Expr& x, const Axes& axes) {
  const Expr largest = max(x, axes);
  return where(isinf(largest), 0.0, largest);
}

bool reduces_nothing(const Node& node) {
  for (std::int64_t axis : axes_of(node))
    if (node.input(0).shape()[static_cast<std::size_t>(axis)] == 0) return true;
  return false;
}

Exprs reduction_examples(Expr (*reduction)(const Operand&, const Axes&, bool)) {
  return {reduction(example({5}), {}, false), reduction(example({3, 4}), {0}, false),
          reduction(example({3, 4}), {-1}, true), reduction(example({2, 3, 4}), {0, 2}, false),
          reduction(example({2, 1, 3}), {1}, false)};
}
Exprs reduction_examples_with_empty(Expr (*reduction)(const Operand&, const Axes&, bool)) {
  Exprs examples = reduction_examples(reduction);
  examples.push_back(reduction(example({0}), {}, false));
  examples.push_back(reduction(example({3, 0}), {1}, false));
  return examples;
}

const Op sum_op{
    .name = "sum",
    .summary = "sum over axes",
    .type = reduced_type,
    .gradient = [](const Application& a) { return Exprs{broadcast_like(restored(a, a.adjoint), a.inputs[0])}; },
    .tangent = [](const Node& node, std::span<const Expr> tangents) { return Exprs{sum(tangents[0], axes_of(node))}; },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      return {reduced<plus>(node, inputs[0], 0, 0)};
    },
    .lowering = Reduction{Combine::sum},
    .examples =
        [] {
          Exprs examples = reduction_examples_with_empty(sum);
          examples.push_back(sum(cast(example({6}), DType::int32)));
          examples.push_back(sum(cast(example({3, 5}), DType::float32), {1}));
          examples.push_back(sum(example({6}) > 0.0));
          return examples;
        },
};

const Op prod_op{
    .name = "prod",
    .summary = "product over axes",
    .type = reduced_type,
    .gradient = prod_gradient,
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      return {reduced<times>(node, inputs[0], 1, 1)};
    },
    .lowering = Reduction{Combine::product},
    .examples =
        [] {
          Exprs examples = reduction_examples_with_empty(prod);
          examples.push_back(prod(cast(example({6}), DType::int32)));
          return examples;
        },
    .complex = complex_rule::prod,
};

const Op max_op{
    .name = "max",
    .summary = "largest element over axes; nan if one is",
    .type = extremum_type,
    .gradient = extremum_gradient,
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      require_elements(node, inputs[0]);
      return {reduced<larger>(node, inputs[0], -infinity, std::numeric_limits<std::int64_t>::min())};
    },
    .lowering = Reduction{Combine::maximum},
    .examples =
        [] {
          Exprs examples = reduction_examples(max);
          examples.push_back(max(cast(10.0 * example({6}), DType::int64)));
          return examples;
        },
};

const Op min_op{
    .name = "min",
    .summary = "smallest element over axes; nan if one is",
    .type = extremum_type,
    .gradient = extremum_gradient,
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      require_elements(node, inputs[0]);
      return {reduced<smaller>(node, inputs[0], infinity, std::numeric_limits<std::int64_t>::max())};
    },
    .lowering = Reduction{Combine::minimum},
    .examples =
        [] {
          Exprs examples = reduction_examples(min);
          examples.push_back(min(cast(10.0 * example({6}), DType::int64)));
          return examples;
        },
};

const Op all_op{
    .name = "all",
    .summary = "whether all elements over axes are true",
    .type = boolean_type,
    .gradient = [](const Application&) { return Exprs{Expr()}; },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      return {reduced<smaller>(node, inputs[0], 1, 1)};
    },
    .lowering = Reduction{Combine::all},
    .examples =
        [] {
          return Exprs{all(example({4}) > -1.5), all(example({3, 4}) > -1.0, {1}), all(example({0}) > 0.0)};
        },
};

const Op any_op{
    .name = "any",
    .summary = "whether any element over axes is true",
    .type = boolean_type,
    .gradient = [](const Application&) { return Exprs{Expr()}; },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      return {reduced<larger>(node, inputs[0], 0, 0)};
    },
    .lowering = Reduction{Combine::any},
    .examples =
        [] {
          return Exprs{any(example({4}) > 1.5), any(example({3, 4}) > 1.0, {0}), any(example({0}) > 0.0)};
        },
};

const Op sum_like_op{
    .name = "sum_like",
    .summary = "a summed over the axes along which it was stretched from the shape of b",
    .arity = 2,
    .type = [](std::span<const Type> inputs, const Attributes&) -> std::vector<Type> {
      const Shape &from = inputs[0].shape, &like = inputs[1].shape;
      if (from.size() < like.size() || !agree(broadcast(from, like), from))
        throw ShapeError(fmt::format("{} was not stretched from {}", to_string(from), to_string(like)));
      Shape shape = like;
      for (std::size_t axis = 0; axis < like.size(); ++axis)
        if (like[axis] == unknown && from[axis + from.size() - like.size()] == 1) shape[axis] = 1;
      return {Type{inputs[0].dtype, shape}};
    },
    .gradient =
        [](const Application& a) {
          return Exprs{broadcast_like(a.adjoint, a.inputs[0]), Expr()};
        },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          return Exprs{tangents[0] ? sum_like(broadcast_like(tangents[0], node.input(0)), node.input(1)) : Expr()};
        },
    .evaluate = [](const Node&, std::span<const Array> inputs) -> std::vector<Array> {
      const std::optional<Summing> s = summing(inputs[0].shape(), inputs[1].shape());
      Type type{inputs[0].dtype(), inputs[1].shape()};
      if (s->axes.empty()) return {inputs[0]};
      return {array_of(std::move(type), folded<long double>(inputs[0], s->axes, 0, plus))};
    },
    .lowering = Abstract{},
    .concrete =
        [](const Node& node) {
          const std::optional<Summing> s = summing(node.input(0).shape(), node.input(1).shape());
          return Exprs{s ? summed(node.input(0), *s) : Expr()};
        },
    .examples =
        [] {
          return Exprs{make(sum_like_op, {example({2, 3}), example({3})}),
                       make(sum_like_op, {example({2, 3}), example({2, 1})}),
                       make(sum_like_op, {example({3}), example({})}), make(sum_like_op, {example({3}), example({3})})};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> {
      const Expr &x = b.inputs[0].value, item = item_like(b.inputs[1], b.axes);
      if (!b.inputs[0].varies) return {{sum_like(x, item), false}};
      const Axes dropped = shifted(leading_axes(x.rank() - b.axes - item.rank()), b.axes);
      const Expr rest = dropped.empty() ? x : cast(sum(x, dropped), x.dtype());
      return {{sum_like(rest, nested_like(batch_like(x, b.axes), item))}};
    },
    .complex = complex_rule::each_part,
};

const Op logsumexp_op{
    .name = "logsumexp",
    .summary = "log(sum(exp(a))) over axes, without overflow; -inf where every element is",
    .type = reduced_floating_type,
    .gradient =
        [](const Application& a) {
          return Exprs{restored(a, a.adjoint) * make(softmax_op, {a.inputs[0]}, a.node.attributes())};
        },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      ShiftedSum s = shifted_sum(inputs[0], axes_of(node));
      for (std::size_t i = 0; i < s.sum.size(); ++i) s.sum[i] = s.shift[i] + std::log(s.sum[i]);
      return {array_of(Type{inputs[0].dtype(), without_axes(inputs[0].shape(), axes_of(node))}, s.sum)};
    },
    .lowering = Abstract{},
    .concrete =
        [](const Node& node) {
          const Expr& x = node.input(0);
          const Axes& axes = axes_of(node);
          if (reduces_nothing(node)) return Exprs{log(sum(x, axes))};
          const Expr shift = safe_shift(x, axes);
          return Exprs{shift + log(sum(exp(x - expand_axes(shift, axes)), axes))};
        },
    .examples = [] { return reduction_examples_with_empty(logsumexp); },
    .batched = shift_axes,
};

const Op softmax_op{
    .name = "softmax",
    .summary = "exp(a) / sum(exp(a)) over axes, without overflow; 0 where every element is -inf",
    .type = along_axes_type,
    .gradient =
        [](const Application& a) {
          const Expr weighted = a.adjoint * a.output;
          return Exprs{weighted - a.output * restored(a, sum(weighted, axes_of(a.node)))};
        },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          const Expr output = outputs_of(node)[0];
          const Expr weighted = tangents[0] * output;
          return Exprs{weighted - output * expand_axes(sum(weighted, axes_of(node)), axes_of(node))};
        },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      const ShiftedSum s = shifted_sum(inputs[0], axes_of(node));
      const std::vector<std::size_t> places = places_after(inputs[0].shape(), axes_of(node));
      std::vector<long double> values(places.size());
      for (std::size_t i = 0; i < places.size(); ++i) {
        const long double total = s.sum[places[i]];
        values[i] =
            std::exp(inputs[0].real(static_cast<std::int64_t>(i)) - s.shift[places[i]]) / (total == 0 ? 1 : total);
      }
      return {array_of(inputs[0].type(), values)};
    },
    .lowering = Abstract{},
    .concrete =
        [](const Node& node) {
          const Expr& x = node.input(0);
          const Axes& axes = axes_of(node);
          if (reduces_nothing(node)) return Exprs{x};
          const Expr e = exp(x - expand_axes(safe_shift(x, axes), axes));
          const Expr total = sum(e, axes);
          return Exprs{e / expand_axes(where(eq(total, 0.0), 1.0, total), axes)};
        },
    .examples =
        [] {
          return Exprs{softmax(example({4})), softmax(example({3, 4}), 0), softmax(example({2, 3, 2}), 1),
                       softmax(example({1})), softmax(example({0}))};
        },
    .batched = shift_axes,
};

const Op cumsum_op{
    .name = "cumsum",
    .summary = "sums of the elements up to each one along an axis",
    .type = [](std::span<const Type> inputs, const Attributes& attributes) -> std::vector<Type> {
      normalize_axis(attributes.get<std::int64_t>("axis"), inputs[0].rank(), "cumsum");
      return {inputs[0]};
    },
    .gradient =
        [](const Application& a) {
          const std::int64_t axis = axis_of(a.node);
          const Slice backwards{std::nullopt, std::nullopt, -1};
          return Exprs{slice(cumsum(slice(a.adjoint, axis, backwards), axis), axis, backwards)};
        },
    .tangent = [](const Node& node,
                  std::span<const Expr> tangents) { return Exprs{cumsum(tangents[0], axis_of(node))}; },
    .evaluate = cumsum_evaluate,
    .lowering = Abstract{},
    .concrete =
        [](const Node& node) {
          const Expr& x = node.input(0);
          const Expr rows = transpose(x, axis_to_front(axis_of(node), x.rank()));
          const Expr zero = zeros_like(cast(sum(rows, {0}), x.dtype()));
          const Expr totals = scan(
                                  [](const Exprs& carry, const Exprs& row) {
                                    const Expr total = carry[0] + row[0];
                                    return ScanBody{{total}, {total}};
                                  },
                                  {zero}, {rows})
                                  .outputs[0];
          return Exprs{transpose(totals, axis_from_front(axis_of(node), x.rank()))};
        },
    .examples =
        [] {
          return Exprs{cumsum(example({5})), cumsum(example({3, 4}), -1), cumsum(example({2, 3, 2}), 1),
                       cumsum(example({0})), cumsum(cast(example({5}), DType::int64))};
        },
    .batched = shift_axes,
    .complex = complex_rule::each_part,
};

// --- Builders ---

Expr widened(const Operand& a) {
  const DTypeInfo& row = info(a.expr().dtype());
  if (is_floating(row.dtype)) return a;
  return cast(a, row.kind == NumberKind::unsigned_integer ? DType::uint64 : DType::int64);
}

Expr floating(const Operand& a) { return promoted_floating(std::span(&a, 1))[0]; }

Expr reduce(const Op& op, const Expr& x, const Axes& axes, bool keepdims, Where place) {
  const BuiltAt here(place);
  const Axes normal = normalize_axes(axes, x.rank(), op.name, true);
  if (normal.empty()) return x;
  const Expr result = make(op, {x}, {{"axes", normal}}, place);
  return keepdims ? expand_axes(result, normal) : result;
}

Expr combined_count(const Expr& x, const Axes& axes, DType dtype) {
  Expr count = constant(std::int64_t{1});
  std::int64_t known = 1;
  for (std::int64_t axis : normalize_axes(axes, x.rank(), "mean", true)) {
    const std::int64_t along = x.shape()[static_cast<std::size_t>(axis)];
    if (along == unknown)
      count = known == unknown ? count * length(x, axis) : length(x, axis) * known;
    else if (known != unknown)
      count = constant(known * along);
    else
      count = count * along;
    known = known == unknown || along == unknown ? unknown : known * along;
  }
  return cast(count, dtype);
}

Expr sum(const Operand& a, const Axes& axes, bool keepdims) {
  return reduce(sum_op, widened(a), axes, keepdims, a.place());
}
Expr prod(const Operand& a, const Axes& axes, bool keepdims) {
  return reduce(prod_op, widened(a), axes, keepdims, a.place());
}
Expr max(const Operand& a, const Axes& axes, bool keepdims) { return reduce(max_op, a, axes, keepdims, a.place()); }
Expr min(const Operand& a, const Axes& axes, bool keepdims) { return reduce(min_op, a, axes, keepdims, a.place()); }
Expr all(const Operand& a, const Axes& axes, bool keepdims) {
  return reduce(all_op, cast(a, DType::boolean), axes, keepdims, a.place());
}
Expr any(const Operand& a, const Axes& axes, bool keepdims) {
  return reduce(any_op, cast(a, DType::boolean), axes, keepdims, a.place());
}

Expr mean(const Operand& a, const Axes& axes, bool keepdims) {
  const BuiltAt here(a.place());
  const Expr x = floating(a);
  return sum(x, axes, keepdims) / combined_count(x, axes, x.dtype());
}

Expr variance(const Operand& a, const Axes& axes, bool keepdims, std::int64_t ddof) {
  const BuiltAt here(a.place());
  const Expr x = floating(a);
  const Expr count = combined_count(x, axes, x.dtype());
  const Expr distance = x - mean(x, axes, true);
  const Expr squared = is_complex(x.dtype()) ? real(conj(distance) * distance) : sqr(distance);
  return sum(squared, axes, keepdims) / (count - constant(static_cast<double>(ddof), x.dtype()));
}

Expr logsumexp(const Operand& a, const Axes& axes, bool keepdims) {
  return reduce(logsumexp_op, floating(a), axes, keepdims, a.place());
}

Expr softmax(const Operand& a, std::int64_t axis) {
  const BuiltAt here(a.place());
  const Expr x = floating(a);
  return make(softmax_op, {x}, {{"axes", Axes{normalize_axis(axis, x.rank(), "softmax")}}}, a.place());
}

Expr cumsum(const Operand& a, std::optional<std::int64_t> axis) {
  const BuiltAt here(a.place());
  Expr x = widened(a);
  if (!axis && x.rank() != 1) x = reshape(x, {unknown});
  return make(cumsum_op, {x}, {{"axis", normalize_axis(axis.value_or(0), x.rank(), "cumsum")}}, a.place());
}

Expr sum_like(const Operand& a, const Operand& like) {
  const BuiltAt here(a.place());
  const Expr &x = a, &y = like;
  if (x == y || (x.shape() == y.shape() && is_known(x.shape()))) return x;
  if (x.rank() >= y.rank())
    if (const std::optional<Summing> s = summing(x.shape(), y.shape())) {
      broadcast(x.shape(), y.shape());
      return summed(x, *s);
    }
  if (&y.op() == &broadcast_like_op && y.node().input(1) == x) return x;
  return make(sum_like_op, {x, y}, {}, a.place());
}

}  // namespace leapgraph::symbolic
