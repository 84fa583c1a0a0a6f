/// Where the largest, the smallest and the middle elements lie.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/reducing.hpp"

namespace leapgraph::symbolic {

namespace {

std::vector<Type> position_type(std::span<const Type> inputs, const Attributes& attributes) {
  return {Type{DType::int64, extremum_type(inputs, attributes)[0].shape}};
}

/// First position along the reduced axes, row by row, of an element that no other is `before`; a nan is before all.
template <auto before>
std::vector<Array> first_position(const Node& node, std::span<const Array> inputs) {
  require_elements(node, inputs[0]);
  const Array& x = inputs[0];
  Array result(Type{DType::int64, without_axes(x.shape(), axes_of(node))});
  std::vector<std::int64_t> best(static_cast<std::size_t>(result.size()), -1), seen(best.size(), 0);
  const std::vector<std::size_t> places = places_after(x.shape(), axes_of(node));
  const auto is_better = [&x](std::int64_t a, std::int64_t b) {
    if (is_floating(x.dtype())) {
      if (std::isnan(x.real(b))) return false;
      return std::isnan(x.real(a)) || before(x.real(a), x.real(b));
    }
    if (info(x.dtype()).kind == NumberKind::unsigned_integer)
      return before(static_cast<std::uint64_t>(x.integer(a)), static_cast<std::uint64_t>(x.integer(b)));
    return before(x.integer(a), x.integer(b));
  };
  for (std::size_t i = 0; i < places.size(); ++i) {
    std::int64_t& leader = best[places[i]];
    const auto here = static_cast<std::int64_t>(i);
    if (leader < 0 || is_better(here, leader)) {
      leader = here;
      result.set_integer(static_cast<std::int64_t>(places[i]), seen[places[i]]);
    }
    ++seen[places[i]];
  }
  return {result};
}

/// The smallest number among those of the elements that attain the extremum.
Expr position_of_extremum(const Node& node, const Expr& extremum) {
  const Expr& x = node.input(0);
  const Axes& axes = axes_of(node);
  Shape across(x.shape().size(), 1);
  for (std::int64_t axis : axes) across[static_cast<std::size_t>(axis)] = x.shape()[static_cast<std::size_t>(axis)];
  const std::int64_t count = element_count(across);
  const Expr number = reshape(arange(count), across);
  const Expr here = eq(x, expand_axes(extremum, axes));
  return min(where(is_floating(x.dtype()) ? logical_or(here, isnan(x)) : here, number, count), axes);
}

Exprs position_examples(Expr (*reduction)(const Op&, const Expr&, const Axes&), const Op& op) {
  return {reduction(op, example({5}), {0}), reduction(op, example({3, 4}), {0}), reduction(op, example({3, 4}), {1}),
          reduction(op, example({2, 3, 4}), {0, 2}), reduction(op, cast(10.0 * example({6}), DType::int64), {0})};
}
Expr position(const Op& op, const Expr& x, const Axes& axes) { return make(op, {x}, {{"axes", axes}}); }

Exprs constant_almost_everywhere(const Application&) { return {Expr()}; }

}  // namespace

const Op argmax_op{
    .name = "argmax",
    .summary = "position of the first largest element over axes, counted row by row; a nan is the largest",
    .type = position_type,
    .gradient = constant_almost_everywhere,
    .evaluate = first_position<std::greater<>{}>,
    .lowering = Abstract{},
    .concrete = [](const Node& node) { return Exprs{position_of_extremum(node, max(node.input(0), axes_of(node)))}; },
    .examples = [] { return position_examples(position, argmax_op); },
    .batched = shift_axes,
};

const Op argmin_op{
    .name = "argmin",
    .summary = "position of the first smallest element over axes, counted row by row; a nan is the smallest",
    .type = position_type,
    .gradient = constant_almost_everywhere,
    .evaluate = first_position<std::less<>{}>,
    .lowering = Abstract{},
    .concrete = [](const Node& node) { return Exprs{position_of_extremum(node, min(node.input(0), axes_of(node)))}; },
    .examples = [] { return position_examples(position, argmin_op); },
    .batched = shift_axes,
};

const Op median_weights_op{
    .name = "median_weights",
    .summary = "the weights with which elements make up the medians of rows along the last axis; the first nan has all",
    .type = [](std::span<const Type> inputs, const Attributes&) -> std::vector<Type> {
      if (inputs[0].dtype != DType::float64) throw DTypeError("takes float64");
      if (inputs[0].rank() == 0) throw ShapeError("takes rows along a last axis, got a scalar");
      if (inputs[0].shape.back() == 0) throw ShapeError("no elements along the last axis");
      return {inputs[0]};
    },
    .gradient = constant_almost_everywhere,
    .evaluate = [](const Node&, std::span<const Array> inputs) -> std::vector<Array> {
      const Array& x = inputs[0];
      Array weights(x.type());
      const auto n = static_cast<std::size_t>(x.shape().back());
      std::vector<std::size_t> order(n);
      for (std::size_t row = 0; n > 0 && row < static_cast<std::size_t>(x.size()) / n; ++row) {
        const auto at = [&](std::size_t i) { return x.real(static_cast<std::int64_t>(row * n + i)); };
        const auto add = [&](std::size_t i, double weight) {
          const auto position = static_cast<std::int64_t>(row * n + i);
          weights.set(position, weights.real(position) + weight);
        };
        std::iota(order.begin(), order.end(), std::size_t{0});
        const auto first_nan =
            std::find_if(order.begin(), order.end(), [&](std::size_t i) { return std::isnan(at(i)); });
        if (first_nan != order.end()) {
          add(*first_nan, 1);
          continue;
        }
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return at(a) < at(b); });
        add(order[(n - 1) / 2], 0.5);
        add(order[n / 2], 0.5);
      }
      return {weights};
    },
    .lowering = Routine{"lg_median_weights",
                        [](const Node& node) -> std::vector<std::int64_t> {
                          const Shape& shape = node.input(0).shape();
                          return {element_count(shape) / shape.back(), shape.back()};
                        }},
    .examples =
        [] {
          return Exprs{make(median_weights_op, {example({5})}), make(median_weights_op, {example({3, 4})}),
                       make(median_weights_op, {example({2, 2, 1})}),
                       make(median_weights_op, {floor(example({2, 7}))})};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> { return {{make(median_weights_op, {b.inputs[0].value})}}; },
};

}  // namespace leapgraph::symbolic
