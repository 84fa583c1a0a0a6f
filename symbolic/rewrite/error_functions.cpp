/// The stability rules about erf and erfc: tails, and quotients by their derivative.
#include <cmath>
#include <limits>
#include <numbers>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/rewrite/exponential.hpp"
#include "leapgraph/symbolic/rewrite/rules.hpp"

namespace leapgraph::symbolic {

namespace {

/// Past this argument erfc is about to underflow, and its asymptotic series is exact to the last place: an expression
/// of literals, since rules are written for all element types and 1e-300 is 0 in one of them.
Expr series_from(const Expr& like) {
  const auto literal = [&](double value) { return constant(value, like.dtype()); };
  return where(literal(0.0) < literal(1e-300), literal(26.0), literal(8.5));
}
/// Below this one 1 - erf is as good as erfc, and its logarithm better.
constexpr double middle_from = 0.4375;

/// x where `test` holds, and a harmless value elsewhere that marks what a rule has made: it looks for unmarked ones.
constexpr double mark = 1.0009765625;
Expr chosen(const Expr& test, const Expr& x) { return where(test, x, mark); }
Expr unless(const Expr& test, const Expr& x) { return where(test, mark, x); }
bool is_unmarked(const Expr& x) {
  return &x.op() != &where_op || (uniform_value(x.node().input(1)) != mark && uniform_value(x.node().input(2)) != mark);
}

bool both_are_unmarked(const Match& m) { return is_unmarked(m.value(0)) && is_unmarked(m.value(1)); }

bool x_is_unmarked(const Match& m) {
  const Expr x = m.value(0);
  return is_unmarked(x) && !(&x.op() == &neg_op && !is_unmarked(x.node().input(0)));
}
/// erfc(x) sqrt(pi) x exp(x^2) for large x: the sum of (-1)^k (2k - 1)!! / (2 x^2)^k up to k = 6.
Expr erfc_series(const Expr& x) {
  const Expr u = inv(sqr(x));
  return 1.0 + u * (-0.5 + u * (0.75 + u * (-1.875 + u * (6.5625 + u * (-29.53125 + u * 162.421875)))));
}

Expr gaussian_over_erfc(const Expr& x) {
  const Expr from = series_from(x), near = x < from, far = where(near, from, x);
  const Expr bounded = chosen(near, x);
  return where(near, gaussian(bounded) / erfc(bounded), far * std::sqrt(std::numbers::pi) / erfc_series(far));
}

/// exp(x^2) erfc(x)
Expr scaled_erfc(const Expr& x) {
  const Expr from = series_from(x), near = x < from, far = where(near, from, x);
  const Expr bounded = chosen(near, x);
  return where(near, erfc(bounded) / gaussian(bounded), erfc_series(far) / (far * std::sqrt(std::numbers::pi)));
}

Expr log_erfc(const Expr& x) {
  const Expr from = series_from(x), low = x < middle_from, far = where(x < from, from, x);
  const Expr middle = logical_and(middle_from <= x, x < from);
  const Expr tail = log(erfc_series(far)) - sqr(far) - log(far * std::sqrt(std::numbers::pi));
  return where(low, log1p(-erf(chosen(low, x))), where(middle, log(erfc(chosen(middle, x))), tail));
}

/// erf(x) - erf(y), by erfc where both are in one tail.
Expr difference(const Expr& x, const Expr& y) {
  const Expr above = logical_and(0.5 < x, 0.5 < y), below = logical_and(x < -0.5, y < -0.5);
  const Expr tail = logical_or(above, below), body = logical_not(tail);
  const Expr in_tail = erfc(chosen(tail, abs(y))) - erfc(chosen(tail, abs(x)));
  return where(tail, where(below, -in_tail, in_tail), erf(chosen(body, x)) - erf(chosen(body, y)));
}

/// exp(-x^2) / erfc(x) and exp(x^2) erfc(x), with x^2 as a literal multiple of any square: phi(x) / Phi(-x).
bool gaussian_beside_erfc(Views& views, ProductEditor& product, std::size_t i) {
  const Expr argument = product.factor(i).base.node().input(0);
  Scaled v = views.scaled(argument);
  if (&argument.op() == &div_op)
    if (const auto divisor = uniform_value(argument.node().input(1)); divisor && argument.node().input(1).rank() == 0) {
      v = views.scaled(argument.node().input(0));
      v.factor /= *divisor;
    }
  const double power = product.left(i);
  if (!v.core || std::abs(power) < 1.0 || !is_unmarked(argument)) return false;
  const double sign = power > 0 ? 1.0 : -1.0;
  for (const std::size_t j : product.with_op(&exp_op)) {
    const auto square = as_square(views, product.factor(j).base);
    if (product.left(j) == 0 || !square) continue;
    const Scaled u = views.scaled(square->core);
    const double wanted = sign * v.factor * v.factor, have = product.left(j) * square->factor * u.factor * u.factor;
    if (u.core != v.core || std::abs(have - wanted) > 8e-16 * std::abs(wanted)) continue;
    product.take(j, product.left(j));
    product.take(i, sign);
    product.multiply_at(j, sign < 0 ? gaussian_over_erfc(argument) : scaled_erfc(argument));
    return true;
  }
  return false;
}

}  // namespace

std::vector<Rule> error_function_rules() {
  const auto& [x, y, z, c] = variables();
  const Expr square = sqr(x);
  return {
      {.name = "log(erfc(x) / 2)",
       .left = log(0.5 * erfc(x)),
       .right = where(x < 0.0, log1p(-0.5 * erfc(-chosen(x < 0.0, x))), log_erfc(x) - std::numbers::ln2),
       .guard = x_is_unmarked},
      {.name = "log(erfc(x))", .left = log(erfc(x)), .right = log_erfc(x), .guard = x_is_unmarked},
      {.name = "log1p(-erf(x))", .left = log1p(-erf(x)), .right = log_erfc(x), .guard = x_is_unmarked},
      {.name = "log1p(-erfc(x) / 2)",
       .left = log1p(-0.5 * erfc(x)),
       .right = where(x < 0.0, log_erfc(-x) - std::numbers::ln2, log1p(-0.5 * erfc(unless(x < 0.0, x)))),
       .guard = x_is_unmarked},
      {.name = "1 + erf(x)", .left = 1.0 + erf(x), .right = erfc(-x)},
      {.name = "1 - erf(x)", .left = 1.0 - erf(x), .right = erfc(x)},
      {.name = "1 - erfc(x)", .left = 1.0 - erfc(x), .right = erf(x)},
      {.name = "2 - erfc(x)", .left = 2.0 - erfc(x), .right = erfc(-x)},
      {.name = "erf(x) - erf(y)", .left = erf(x) - erf(y), .right = difference(x, y), .guard = both_are_unmarked},
      {.name = "erfc(x) - erfc(y)", .left = erfc(x) - erfc(y), .right = difference(y, x), .guard = both_are_unmarked},
      {.name = "exp(-x^2) / erfc(x)",
       .left = exp(-square) / erfc(x),
       .right = gaussian_over_erfc(x),
       .factor = gaussian_beside_erfc,
       .anchor = &erfc_op},
      {.name = "exp(x^2) erfc(x)",
       .left = exp(square) * erfc(x),
       .right = scaled_erfc(x),
       .factor = gaussian_beside_erfc,
       .anchor = &erfc_op},
      {.name = "gaussian(x) / erfc(x)",
       .left = gaussian(x) / erfc(x),
       .right = gaussian_over_erfc(x),
       .guard = x_is_unmarked},
      {.name = "gaussian(x) / erfc(-x)",
       .left = gaussian(x) / erfc(-x),
       .right = gaussian_over_erfc(-x),
       .guard = x_is_unmarked},
  };
}

}  // namespace leapgraph::symbolic
