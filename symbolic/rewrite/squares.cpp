/// The stability rules about sums of squares: their roots and logarithms stay in the range of numbers where the squares
/// do not.
#include <cmath>
#include <limits>
#include <numbers>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/rewrite/exponential.hpp"
#include "leapgraph/symbolic/rewrite/reading.hpp"
#include "leapgraph/symbolic/rewrite/rules.hpp"

namespace leapgraph::symbolic {

std::optional<Scaled> as_square(Views& views, const Expr& e) {
  const ProductView view = views.product(e);
  if (view.factors.empty() || view.factors.size() > 2) return std::nullopt;
  const Expr& x = view.factors[0].base;
  double power = 0;
  for (const Factor& f : view.factors) {
    if (f.exponential || f.spelled || f.base != x) return std::nullopt;
    power += f.exponent;
  }
  return power == 2.0 ? std::optional(Scaled{view.coefficient, x}) : std::nullopt;
}

namespace {

/// Powers of two: a sum of squares below `small` or above `large` is done again with arguments 2^shift times as large.
struct Range {
  int small, large, up, down;
};
Range range_of(DType dtype) {
  return dtype == DType::float64 ? Range{-900, 1000, 600, -600} : Range{-90, 100, 60, -60};
}
bool has_range(DType dtype) { return dtype == DType::float64 || dtype == DType::float32; }
Expr power_of_two(int exponent, const Expr& like) { return constant(std::ldexp(1.0, exponent), like.dtype()); }

/// One value where the sum is small, another where it is large, a third in between.
Expr by_size(const Expr& sum, const Expr& small, const Expr& large, const Expr& other) {
  const Range range = range_of(sum.dtype());
  return where(sum < power_of_two(range.small, sum), small, where(power_of_two(range.large, sum) < sum, large, other));
}

/// x was scaled by these rules already.
bool is_rescaled(const Expr& x) {
  return is(x, mul_op) && is(peeled(x.node().input(0)), where_op) &&
         uniform_value(peeled(x.node().input(0)).node().input(1)).has_value();
}

/// c and x of a literal multiple c x^2 that was not rescaled, where c has the given sign.
std::optional<Scaled> squared(Views& views, const Expr& e, double sign = 1.0) {
  const auto square = as_square(views, e);
  return square && square->factor * sign > 0 && !is_rescaled(square->core) ? square : std::nullopt;
}

/// A sum of squares of `scale` times the same; literals may be among them where `literals`. Absent: it is none.
Expr rescaled(Views& views, const Expr& e, const Expr& scale, bool literals) {
  if (is(e, sum_op)) {
    const auto square = squared(views, e.node().input(0));
    const Axes& axes = e.node().get<Axes>("axes");
    if (!square || axes.empty() || square->core.shape() != e.node().input(0).shape()) return {};
    return make(sum_op, {multiply(square->factor, sqr(expand_axes(scale, axes) * square->core))},
                e.node().attributes());
  }
  if (!is_addition(e)) return {};
  const SumView view = views.sum(e);
  if (view.terms.size() < 2 || view.terms.size() > most_terms) return {};
  std::vector<Edited> edits;
  bool any = false;
  for (const Term& term : view.terms) {
    const Expr& leaf = view.tree[static_cast<std::size_t>(term.place)].expr;
    if (literals && !term.core && term.factor > 0) {
      edits.push_back({true, multiply(term.factor * term.position, sqr(scale)), false});
      continue;
    }
    const auto square = squared(views, leaf, term.position);
    if (!square) return {};
    any = true;
    edits.push_back({true, multiply(square->factor, sqr(scale * square->core)), false});
  }
  return any ? rebuild_sum(view, edits) : Expr();
}

Expr root_of_squares(Views& views, const Expr& e) {
  const Expr& sum = e.node().input(0);
  if (!has_range(e.dtype())) return {};
  const Range range = range_of(e.dtype());
  const Expr scale = by_size(sum, power_of_two(range.up, sum), power_of_two(range.down, sum), constant(1.0, e.dtype()));
  const Expr inside = rescaled(views, sum, scale, false);
  return inside ? sqrt(inside) / scale : Expr();
}

Expr log_of_squares(Views& views, const Expr& e) {
  const Expr& sum = e.node().input(0);
  if (!has_range(e.dtype())) return {};
  const Range range = range_of(e.dtype());
  const Expr scale = by_size(sum, power_of_two(range.up, sum), power_of_two(range.down, sum), constant(1.0, e.dtype()));
  const Expr inside = rescaled(views, sum, scale, true);
  if (!inside) return {};
  const auto part = [&](int shift) { return constant(-2.0 * shift * std::numbers::ln2, e.dtype()); };
  return log(inside) + by_size(sum, part(range.up), part(range.down), constant(0.0, e.dtype()));
}

/// log(1 + x^2) is 2 log(1 + |x|) where the square is beyond the range.
Expr log1p_of_square(Views& views, const Expr& e) {
  const auto square = squared(views, e.node().input(0));
  if (!square || !has_range(e.dtype()) || square->core.shape() != e.shape()) return {};
  const Expr& x = square->core;
  const Expr large = power_of_two(e.dtype() == DType::float64 ? 511 : 63, x) < abs(x);
  const Expr result = where(large, 2.0, 1.0) * log1p(where(large, abs(x), e.node().input(0)));
  return square->factor == 1.0 ? result : result + where(large, std::log(square->factor), 0.0);
}

/// x / (c + x^2) is 1 / x where the square is beyond the range.
bool over_square(Views& views, ProductEditor& product, std::size_t i) {
  const Expr base = product.factor(i).base;
  if (!product.has(i, -1.0) || !has_range(base.dtype()) || !is_addition(base)) return false;
  const SumView view = views.sum(base);
  if (view.terms.size() != 2) return false;
  for (const std::size_t k : {std::size_t{0}, std::size_t{1}}) {
    const Term &one = view.terms[1 - k], &other = view.terms[k];
    if (one.core || !(one.factor > 0) || !other.core || !(other.factor > 0) || !is(other.core, sqr_op)) continue;
    const Scaled root = views.scaled(other.core.node().input(0));
    if (!root.core || is(root.core, where_op)) return false;
    for (const std::size_t j : product.with_base(root.core, false)) {
      if (!product.has(j, 1.0)) continue;
      const Expr& x = root.core;
      if (x.shape() != base.shape()) return false;
      const double factor = other.factor * root.factor * root.factor;
      const Expr large = power_of_two(base.dtype() == DType::float64 ? 480 : 50, x) < abs(x);
      const Expr bounded = where(large, 1.0, x);
      product.take(i, -1.0);
      product.take(j, 1.0);
      product.multiply_at(j, where(large, inv(multiply(factor, x)),
                                   bounded / (multiply(factor, sqr(bounded)) + constant(one.factor, x.dtype()))));
      return true;
    }
  }
  return false;
}

}  // namespace

std::vector<Rule> square_rules() {
  const auto& [x, y, z, c] = variables();
  static const Expr v = input({DType::float64, {5}}, "v");
  const Expr squares = sqr(x) + sqr(y), large = 0x1p511 < abs(x);
  const Expr scale = where(squares < 0x1p-900, 0x1p600, where(0x1p+1000 < squares, 0x1p-600, 1.0));
  const Expr total = sum(sqr(v));
  const Expr scale_of_total = where(total < 0x1p-900, 0x1p600, where(0x1p+1000 < total, 0x1p-600, 1.0));
  const Expr inside = sqr(scale * x) + sqr(scale * y);
  return {
      {.name = "sqrt(x^2 + y^2)",
       .left = sqrt(squares),
       .right = sqrt(inside) / scale,
       .node = root_of_squares,
       .anchor = &sqrt_op},
      {.name = "sqrt(sum(v^2))",
       .left = sqrt(total),
       .right = sqrt(sum(sqr(scale_of_total * v))) / scale_of_total,
       .node = root_of_squares,
       .anchor = &sqrt_op},
      {.name = "log(x^2 + y^2)",
       .left = log(squares),
       .right = log(inside) + where(squares < 0x1p-900, -1200.0 * std::numbers::ln2,
                                    where(0x1p+1000 < squares, 1200.0 * std::numbers::ln2, 0.0)),
       .node = log_of_squares,
       .anchor = &log_op},
      {.name = "log(1 + x^2)",
       .left = log1p(sqr(x)),
       .right = where(large, 2.0, 1.0) * log1p(where(large, abs(x), sqr(x))),
       .node = log1p_of_square,
       .anchor = &log1p_op},
  };
}

Rule ratio_to_square_rule() {
  const auto& [x, y, z, c] = variables();
  const Expr bounded = where(0x1p480 < abs(x), 1.0, x);
  return Rule{.name = "x / (1 + x^2)",
              .left = x / (1.0 + sqr(x)),
              .right = where(0x1p480 < abs(x), inv(x), bounded / (sqr(bounded) + 1.0)),
              .factor = over_square,
              .anchor = &add_op};
}

}  // namespace leapgraph::symbolic
