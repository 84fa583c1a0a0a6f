/// The stability rules about erf, erfc and the normal distribution: tails, and quotients by their derivative.
#include <cmath>
#include <numbers>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/rewrite/exponential.hpp"
#include "leapgraph/symbolic/rewrite/rules.hpp"
#include "leapgraph/symbolic/special_functions.hpp"

namespace leapgraph::symbolic {

namespace {

constexpr double root_2 = std::numbers::sqrt2;

/// Below this one log(1 - erf(x)) is as good as the logarithm of erfc, and better at 0.
constexpr double middle = 0.4375;

/// log(erfc(x)) as a sum of what it is below `middle` and above, each 0 for the other: a choice of both would hold its
/// own left side, log(erfc(x)) for x < middle.
Expr log_erfc(const Expr& x) {
  const Expr low = x < middle;
  return log1p(where(low, -erf(x), 0.0)) + where(low, 0.0, log_ndtr(-root_2 * x) + std::numbers::ln2);
}

/// erf(x) - erf(y), by erfc where both are in one tail: again as a sum.
Expr difference(const Expr& x, const Expr& y) {
  const Expr above = logical_and(0.5 < x, 0.5 < y), below = logical_and(x < -0.5, y < -0.5);
  const Expr tail = logical_or(above, below);
  const Expr in_tail = erfc(where(tail, abs(y), 0.0)) - erfc(where(tail, abs(x), 0.0));
  const Expr elsewhere = erf(where(tail, 0.0, x)) - erf(where(tail, 0.0, y));
  return where(below, -1.0, 1.0) * in_tail + elsewhere;
}

/// It is not one of these already.
bool is_no_part_of_a_difference(const Match& m) {
  const Expr x = m.value(0), y = m.value(1);
  const bool choices = &x.op() == &where_op && &y.op() == &where_op && x.node().input(0) == y.node().input(0);
  if (!choices) return true;
  for (const std::size_t side : {1, 2})
    if (uniform_value(x.node().input(side)) == 0.0 && uniform_value(y.node().input(side)) == 0.0) return false;
  return true;
}

/// ierfcx(x) / erfcx(x), in what 1 / erfcx(x) changes by: -x far below 0, where both overflow. The arguments are
/// bounded in two ways, or it would be found again.
Expr ratio_of_scaled(const Expr& x) {
  const Expr low = x < -20.0;
  return where(low, -x, make(ierfcx_op, {maximum(x, -20.0)}) / erfcx(where(low, -20.0, x)));
}

/// The argument of erfc or ndtr, and the literal multiple of another expression that erfc has for it.
struct Tail {
  Expr argument;
  Scaled scaled;
  double factor = 1.0;  ///< of erfc
};

Tail tail_of(Views& views, const Expr& e) {
  const Expr& a = e.node().input(0);
  Tail tail{a, views.scaled(a)};
  if (&a.op() == &div_op)
    if (const auto divisor = uniform_value(a.node().input(1)); divisor && a.node().input(1).rank() == 0) {
      tail.scaled = views.scaled(a.node().input(0));
      tail.scaled.factor /= *divisor;
    }
  if (&e.op() == &ndtr_op) {
    tail.argument = multiply(-1.0 / root_2, a);
    tail.scaled.factor *= -1.0 / root_2;
    tail.factor = 0.5;
  }
  return tail;
}

/// c of c v^2 in the exponent that a factor has left, an exponential or a gaussian; 0: it is neither.
double squares_in(Views& views, const ProductEditor& product, std::size_t j, const Expr& v) {
  const Factor& f = product.factor(j);
  if (!f.exponential) {
    const Scaled u = views.scaled(f.base.node().input(0));
    return u.core == v ? -product.left(j) * u.factor * u.factor : 0.0;
  }
  const auto square = as_square(views, f.base);
  if (!square) return 0.0;
  const Scaled u = views.scaled(square->core);
  return u.core == v ? product.left(j) * square->factor * u.factor * u.factor : 0.0;
}

/// (exp(-x^2) / erfc(x))^n and (exp(x^2) erfc(x))^n, with x^2 as a literal multiple of any square: phi(x) / Phi(-x).
bool gaussian_beside_erfc(Views& views, ProductEditor& product, std::size_t i) {
  const double power = product.left(i);
  if (std::abs(power) < 1.0) return false;
  const Tail tail = tail_of(views, product.factor(i).base);
  const auto& [factor, v] = tail.scaled;
  if (!v) return false;
  const double sign = power > 0 ? 1.0 : -1.0;
  for (const Op* op : {&exp_op, &gaussian_op})
    for (const std::size_t j : product.with_op(op)) {
      if (product.left(j) == 0) continue;
      const double times = squares_in(views, product, j, v) / (sign * factor * factor), n = std::round(times);
      if (n < 1.0 || n > std::abs(power) || std::abs(times - n) > 8e-16 * n) continue;
      Factor scaled;
      scaled.base = erfcx(tail.argument);
      product.take(j, product.left(j));
      product.take(i, sign * n);
      product.multiply_at(j, multiply(std::pow(tail.factor, sign * n), power_of(scaled, sign * n)));
      return true;
    }
  return false;
}

}  // namespace

std::vector<Rule> error_function_rules() {
  const auto& [x, y, z, c] = variables();
  const Expr square = sqr(x);
  // exp(x^2 / 2) for a rounded x / sqrt(2), and numbers below the smallest normal one.
  const auto quotient = [&](std::string_view name, const Expr& left, const Expr& right, const Op& anchor) {
    return Rule{.name = name,
                .left = left,
                .right = right,
                .rounds = right * square + 1e-300,
                .factor = gaussian_beside_erfc,
                .anchor = &anchor};
  };
  const Expr low = x < -1.0, scaled_tail = 0.5 * erfcx(-1.0 / root_2 * x);
  return {
      {.name = "log(erfc(x) / 2)", .left = log(0.5 * erfc(x)), .right = log_ndtr(-root_2 * x)},
      {.name = "log(erfc(x))", .left = log(erfc(x)), .right = log_erfc(x)},
      {.name = "log1p(-erf(x))", .left = log1p(-erf(x)), .right = log_erfc(x)},
      {.name = "log1p(-erfc(x) / 2)",
       .left = log1p(-0.5 * erfc(x)),
       .right = log1p(where(x < 0.0, 0.0, -0.5 * erfc(x))) + where(x < 0.0, log_ndtr(root_2 * x), 0.0)},
      {.name = "log(ndtr(x))", .left = log(ndtr(x)), .right = log_ndtr(x)},
      {.name = "log1p(-ndtr(x))", .left = log1p(-ndtr(x)), .right = log_ndtr(-x)},
      {.name = "exp(log_ndtr(x))", .left = exp(log_ndtr(x)), .right = ndtr(x)},
      {.name = "log(gaussian(x))", .left = log(gaussian(x)), .right = -square},
      {.name = "log(erfcx(x))",
       .left = log(erfcx(x)),
       .right = log(where(low, 1.0, erfcx(x))) + where(low, square + (log_ndtr(-root_2 * x) + std::numbers::ln2), 0.0)},
      {.name = "1 + erf(x)", .left = 1.0 + erf(x), .right = erfc(-x)},
      {.name = "1 - erf(x)", .left = 1.0 - erf(x), .right = erfc(x)},
      {.name = "1 - erfc(x)", .left = 1.0 - erfc(x), .right = erf(x)},
      {.name = "2 - erfc(x)", .left = 2.0 - erfc(x), .right = erfc(-x)},
      {.name = "1 - ndtr(x)", .left = 1.0 - ndtr(x), .right = ndtr(-x)},
      {.name = "ndtr(x) - ndtr(-x)", .left = ndtr(x) - ndtr(-x), .right = erf(x * (1.0 / root_2))},
      {.name = "2 ndtr(x) - 1", .left = 2.0 * ndtr(x) - 1.0, .right = erf(x * (1.0 / root_2))},
      {.name = "erf(x) - erf(y)",
       .left = erf(x) - erf(y),
       .right = difference(x, y),
       .guard = is_no_part_of_a_difference},
      {.name = "erfc(x) - erfc(y)",
       .left = erfc(x) - erfc(y),
       .right = difference(y, x),
       .guard = is_no_part_of_a_difference},
      {.name = "ierfcx(x) / erfcx(x)", .left = make(ierfcx_op, {x}) / erfcx(x), .right = ratio_of_scaled(x)},
      quotient("exp(-x^2) / erfc(x)", exp(-square) / erfc(x), inv(erfcx(x)), erfc_op),
      quotient("exp(x^2) erfc(x)", exp(square) * erfc(x), erfcx(x), erfc_op),
      quotient("gaussian(x) / erfc(-x)", gaussian(x) / erfc(-x), inv(erfcx(-x)), erfc_op),
      quotient("exp(x^2 / 2) ndtr(x)", exp(0.5 * square) * ndtr(x), scaled_tail, ndtr_op),
      quotient("gaussian(x / sqrt(2)) / ndtr(x)", gaussian(x * (1.0 / root_2)) / ndtr(x), inv(scaled_tail), ndtr_op),
  };
}

}  // namespace leapgraph::symbolic
