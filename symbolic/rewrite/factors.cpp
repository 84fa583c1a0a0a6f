/// Scalar factors leave sums: a multiplication or a division for each term becomes one for the sum.
///
/// That saves roundings as well. A sum of terms beyond the range of numbers, which dividing each would have brought
/// back, is infinite: the one case where the sum of quotients was nearer. Divisors are positive for every real
/// argument: a sum of quotients by 0 stays what it is.
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/rewrite/rules.hpp"

namespace leapgraph::symbolic {

namespace {

/// x in x / y and x y, with the scalar y that every element shares.
struct Shared {
  const Op* op = nullptr;
  Expr rest, scalar;
};

Shared shared_factor(const Expr& e) {
  if (!is_floating(e.dtype()) || e.rank() == 0) return {};
  const Node& node = e.node();
  if (&node.op() == &div_op && node.input(1).rank() == 0 && is_positive(node.input(1)))
    return {&div_op, node.input(0), node.input(1)};
  if (&node.op() != &mul_op) return {};
  for (std::size_t k = 0; k < 2; ++k)
    if (node.input(k).rank() == 0) return {&mul_op, node.input(1 - k), node.input(k)};
  return {};
}

/// sum(x / y) and sum(x y) for a scalar y; sums by row likewise.
Expr factor_of_sum(Views&, const Expr& e) {
  Exprs inputs = e.node().inputs();
  const Shared shared = shared_factor(inputs[0]);
  if (shared.op == nullptr || shared.rest.shape() != inputs[0].shape()) return {};
  inputs[0] = shared.rest;
  const std::source_location& place = e.node().place();
  return make(*shared.op, {make(e.op(), std::move(inputs), e.node().attributes(), place), shared.scalar}, {}, place);
}

std::vector<Rule> make_factor_rules() {
  const auto& [x, y, z, c] = variables();
  static const Expr v = input({DType::float64, {4}}, "v");
  static const Expr rows = constant(Array::of<std::int64_t>({4}, {0, 2, 0, 1}));
  const auto row = [](std::string_view name, const Expr& left, const Expr& right, const Op& anchor) {
    return Rule{.name = name, .left = left, .right = right, .node = factor_of_sum, .anchor = &anchor};
  };
  const Expr positive = sqr(x) + 1.0;
  return {row("sum(v / x)", sum(v / positive), sum(v) / positive, sum_op),
          row("sum(x v)", sum(x * v), x * sum(v), sum_op),
          row("scatter_add(v / x)", scatter_add(v / positive, rows, 3), scatter_add(v, rows, 3) / positive,
              scatter_add_op)};
}

}  // namespace

std::span<const Rule> factor_rules() {
  static const std::vector<Rule> rules = make_factor_rules();
  return rules;
}

}  // namespace leapgraph::symbolic
