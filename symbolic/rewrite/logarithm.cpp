/// The stability rules about logarithms that are functions.
#include <cmath>
#include <limits>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/rewrite/exponential.hpp"
#include "leapgraph/symbolic/rewrite/reading.hpp"
#include "leapgraph/symbolic/rewrite/rules.hpp"

namespace leapgraph::symbolic {

namespace {

/// lgamma(x), and nan where gamma is negative: between -1 and 0, -3 and -2 and so on.
Expr log_of_gamma(const Expr& x) {
  const Expr is_negative = logical_and(x < 0.0, neq(mod(floor(x), 2.0), 0.0));
  return lgamma(x) + where(is_negative, std::numeric_limits<double>::quiet_NaN(), 0.0);
}

/// log(e): of exponentials in sums, products and reductions, and of functions that leave the range as they do.
Expr log_node(Views& views, const Expr& e) {
  const Expr& argument = e.node().input(0);
  return is(argument, gamma_op) ? log_of_gamma(argument.node().input(0)) : stable_log(views, argument);
}

/// log1p(e) of the same.
Expr log1p_node(Views& views, const Expr& e) {
  const Expr log = stable_log(views, e.node().input(0));
  return log ? softplus(log) : Expr();
}

/// log(a exp(x) + b exp(y)) with any a and b, and log(sum(w exp(v))): out of the logarithm goes the largest exponent.
Expr log_of_weighted_sum(Views& views, const Expr& e) {
  const Expr& argument = e.node().input(0);
  if (!is_addition(argument) && !is(argument, sum_op)) return {};
  if (stable_log(views, argument)) return {};
  const ShiftedSum s = shifted(views, argument);
  return s.shift ? s.shift + log(s.sum) : Expr();
}

/// log((1 + x) + y): log1p(x + y) where that is better, which it is not near x = -1.
Expr log_of_one_and_more(Views& views, const Expr& e) {
  const Expr& argument = e.node().input(0);
  if (!is_addition(argument)) return {};
  const SumView view = views.sum(argument);
  if (view.terms.size() < 3 || view.terms.size() > longest_sum) return {};
  std::vector<Edited> edits(view.terms.size());
  bool found = false;
  for (std::size_t i = 0; i < view.terms.size() && !found; ++i)
    if (!view.terms[i].core && view.terms[i].factor == 1.0) {
      edits[i] = {true, Expr(), false};
      found = true;
    }
  if (!found) return {};
  const Expr rest = rebuild_sum(view, edits);
  const Expr near = rest > -0.5;
  return log(where(near, 1.0, argument)) + log1p(where(near, rest, 0.0));
}

/// log(a exp(x)) with any a: x + log(a). The exponential factors leave the logarithm, the others stay.
Expr log_of_mixed_product(Views& views, const Expr& e) {
  const Expr& argument = e.node().input(0);
  if (!is(argument, mul_op) && !is(argument, div_op)) return {};
  ProductEditor product(views, argument);
  Expr outside;
  for (std::size_t i = 0; i < product.size(); ++i) {
    const Factor& f = product.factor(i);
    const Log part = f.exponential ? Log{f.base, true} : log_of(views, f.base, 1);
    if (!part.value || !(part.explosive || f.spelled)) continue;
    outside = plus(outside, multiply(f.exponent, part.value));
    product.take(i, f.exponent);
  }
  return outside ? outside + log(product.result()) : Expr();
}

/// log(x^2 y): powers leave the logarithm, where they may leave the range. Odd ones leave one factor behind, which may
/// be negative like another.
Expr log_of_powers(Views& views, const Expr& e) {
  const Expr& argument = e.node().input(0);
  if (!is(argument, mul_op) && !is(argument, div_op)) return {};
  ProductEditor product(views, argument);
  std::vector<bool> done(product.size(), false);
  Expr outside;
  for (std::size_t i = 0; i < product.size(); ++i) {
    const Factor& f = product.factor(i);
    if (done[i] || f.exponential || f.spelled) continue;
    double power = 0;
    for (const std::size_t j : product.with_base(f.base, false)) {
      power += product.factor(j).exponent;
      done[j] = true;
    }
    const bool alone = product.with_base(f.base, false).size() == 1;
    if (power == 0 || power != std::trunc(power) || (alone && std::abs(power) < 2.0)) continue;
    const double odd = std::fmod(power, 2.0), even = power - odd;
    for (const std::size_t j : product.with_base(f.base, false)) product.take(j, product.factor(j).exponent);
    if (odd == 1.0) product.multiply_at(i, f.base);
    if (odd == -1.0) product.divide_at(i, f.base);
    if (even != 0) outside = plus(outside, multiply(even, log(abs(f.base))));
  }
  if (!product.changed()) return {};
  const Expr rest = product.result();
  const auto value = uniform_value(rest);
  if (!outside) return log(rest);
  return value == 1.0 ? outside : outside + log(rest);
}

}  // namespace

std::vector<Rule> logarithm_rules() {
  const auto& [x, y, z, c] = variables();
  static const Expr v = input({DType::float64, {5}}, "v"), w = input({DType::float64, {5}}, "w");
  static const Expr m = input({DType::float64, {3, 2}}, "m");
  const Expr total = sum(exp(v));
  const Expr top = where(isinf(x), 0.0, abs(x)), shifted = y * exp(x - top) + z * exp(-x - top);
  const Expr weights = (abs(y) + abs(z)) * (1.0 + abs(x));
  return {
      {.name = "log of sums and products of exponentials",
       .left = log(exp(x) + 2.0 * exp(y) + exp(z)),
       .right = logaddexp(logaddexp(x, y + std::log(2.0)), z),
       .rounds = abs(x) + abs(y) + abs(z),
       .node = log_node,
       .anchor = &log_op},
      {.name = "log(sum(exp(v)))", .left = log(total), .right = logsumexp(v), .node = log_node, .anchor = &log_op},
      {.name = "log(softmax(v))",
       .left = log(softmax(v)),
       .right = log_softmax(v, {0}),
       .rounds = abs(v - max(v)) + 1.0,
       .node = log_node,
       .anchor = &log_op},
      {.name = "log(y exp(x) + z exp(-x))",
       .left = log(y * exp(x) + z * exp(-x)),
       .right = top + log(shifted),
       .rounds = abs(x) + abs(inv(shifted)) * weights,
       .node = log_of_weighted_sum,
       .anchor = &log_op},
      {.name = "log((1 + x) + y)",
       .left = log((1.0 + x) + y),
       .right = log(where(x + y > -0.5, 1.0, (1.0 + x) + y)) + log1p(where(x + y > -0.5, x + y, 0.0)),
       .node = log_of_one_and_more,
       .anchor = &log_op},
      {.name = "log1p(exp(x) + exp(y))",
       .left = log1p(exp(x) + exp(y)),
       .right = softplus(logaddexp(x, y)),
       .rounds = abs(logaddexp(x, y)) * exp(minimum(logaddexp(x, y), 0.0)),
       .node = log1p_node,
       .anchor = &log1p_op},
      {.name = "log(y exp(x))",
       .left = log(y * exp(x)),
       .right = x + log(y),
       .rounds = abs(x) + abs(log(y)),
       .node = log_of_mixed_product,
       .anchor = &log_op},
      {.name = "log(x^3 y)",
       .left = log(sqr(x) * x * y),
       .right = 2.0 * log(abs(x)) + log(x * y),
       .rounds = 2.0 * abs(log(abs(x))) + abs(log(abs(x * y))),
       .node = log_of_powers,
       .anchor = &log_op},
  };
}

}  // namespace leapgraph::symbolic
