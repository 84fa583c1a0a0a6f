/// The Euclidean norm, and logarithms of exponentials that are normalised to add up to 1.
#include <cmath>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/complex_rules.hpp"
#include "leapgraph/symbolic/ops/reducing.hpp"

namespace leapgraph::symbolic {

const Op euclidean_norm_op{
    .name = "euclidean_norm",
    .summary = "square root of the sum of squares over axes, without overflow; the gradient at 0 is 0",
    .type = reduced_floating_type,
    .gradient =
        [](const Application& a) {
          const Expr divisor = where(eq(a.output, 0.0), 1.0, a.output);
          return Exprs{restored(a, a.adjoint) * (a.inputs[0] / restored(a, divisor))};
        },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          const Expr norm = outputs_of(node)[0];
          const Expr divisor = expand_axes(where(eq(norm, 0.0), 1.0, norm), axes_of(node));
          return Exprs{sum(tangents[0] * (node.input(0) / divisor), axes_of(node))};
        },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      const auto add_square = [](long double total, long double x) { return total + x * x; };
      std::vector<long double> norms = folded<long double>(inputs[0], axes_of(node), 0, add_square);
      for (long double& norm : norms) norm = std::sqrt(norm);
      return {array_of(Type{inputs[0].dtype(), without_axes(inputs[0].shape(), axes_of(node))}, norms)};
    },
    .lowering = Abstract{},
    .concrete =
        [](const Node& node) {
          const Expr& x = node.input(0);
          const Axes& axes = axes_of(node);
          if (reduces_nothing(node)) return Exprs{sqrt(sum(x, axes))};
          // Divided by a power of 2, so that no digit is lost.
          const Expr largest = max(abs(x), axes);
          const Expr usual = logical_or(eq(largest, 0.0), logical_or(isinf(largest), isnan(largest)));
          const double most = x.dtype() == DType::float64 ? 1000 : 120;
          const Expr power = clip(floor(log2(where(usual, 1.0, largest))), -most, most);
          const Expr scale = exp2(power), inverse = exp2(-power);
          return Exprs{scale * sqrt(sum(sqr(x * expand_axes(inverse, axes)), axes))};
        },
    .examples =
        [] {
          return reduction_examples([](const Operand& a, const Axes& axes, bool keepdims) {
            return reduce(euclidean_norm_op, a, axes, keepdims, a.place());
          });
        },
    .batched = shift_axes,
    .complex = complex_rule::by_modulus,
};

const Op log_softmax_op{
    .name = "log_softmax",
    .summary = "a - log(sum(exp(a))) over axes, without overflow; -inf where every element is",
    .type = along_axes_type,
    .gradient =
        [](const Application& a) {
          const Expr share = make(softmax_op, {a.inputs[0]}, a.node.attributes());
          return Exprs{a.adjoint - share * restored(a, sum(a.adjoint, axes_of(a.node)))};
        },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          const Expr share = make(softmax_op, {node.input(0)}, node.attributes());
          return Exprs{tangents[0] - expand_axes(sum(share * tangents[0], axes_of(node)), axes_of(node))};
        },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      const ShiftedSum s = shifted_sum(inputs[0], axes_of(node));
      const std::vector<std::size_t> places = places_after(inputs[0].shape(), axes_of(node));
      std::vector<long double> values(places.size());
      for (std::size_t i = 0; i < places.size(); ++i) {
        const long double total = s.sum[places[i]];
        values[i] =
            (inputs[0].real(static_cast<std::int64_t>(i)) - s.shift[places[i]]) - std::log(total == 0 ? 1 : total);
      }
      return {array_of(inputs[0].type(), values)};
    },
    .lowering = Abstract{},
    .concrete =
        [](const Node& node) {
          const Expr& x = node.input(0);
          const Axes& axes = axes_of(node);
          if (reduces_nothing(node)) return Exprs{x};
          const Expr moved = x - expand_axes(safe_shift(x, axes), axes);
          const Expr total = sum(exp(moved), axes);
          return Exprs{moved - expand_axes(log(where(eq(total, 0.0), 1.0, total)), axes)};
        },
    .examples =
        [] {
          const auto over = [](Shape shape, const Axes& axes) {
            return make(log_softmax_op, {example(std::move(shape))}, {{"axes", axes}});
          };
          return Exprs{over({4}, {0}), over({3, 4}, {0}), over({2, 3, 2}, {0, 2}), over({1}, {0}), over({0}, {0})};
        },
    .batched = shift_axes,
};

}  // namespace leapgraph::symbolic
