/// The stability rules about products that are functions: shares exp(a) / (exp(a) + ...), cancelling and distributing
/// factors, and powers. Most of what gradients need.
#include <cmath>
#include <limits>
#include <optional>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/rewrite/exponential.hpp"
#include "leapgraph/symbolic/rewrite/reading.hpp"
#include "leapgraph/symbolic/rewrite/rules.hpp"

namespace leapgraph::symbolic {

namespace {

/// A sum of more exponentials shares one logarithm instead of one for each share.
constexpr std::size_t most_single_shares = 8;

/// a - b, where multiples of one core are put together: x - 2 x is -x.
Expr difference(Views& views, const Expr& a, const Expr& b) {
  const Scaled s = views.scaled(a), t = views.scaled(b);
  if (s.core == t.core && s.factor != t.factor && s.factor == std::trunc(s.factor) && t.factor == std::trunc(t.factor))
    return s.core ? multiply(s.factor - t.factor, s.core) : constant(s.factor - t.factor, a.dtype());
  if (is(b, neg_op)) return a + b.node().input(0);
  return a - b;
}

/// The factors that are reductions, or sums that may contain one; not more than are worth looking at.
std::vector<std::size_t> reductions_of(const ProductEditor& product) {
  std::vector<std::size_t> found;
  for (const Op* op : {&sum_op, &expand_dims_op, &broadcast_to_op, &add_op})
    for (const std::size_t i : product.with_op(op))
      if (found.size() < most_terms) found.push_back(i);
  return found;
}

// --- Shares: exp(a) / (exp(a) + ...) ---

/// Factor k * core of an exponent that factor `j` has left: exp(k core) can be taken out of it.
bool holds_exponential(const ProductEditor& product, std::size_t j, const Scaled& exponent) {
  const Factor& f = product.factor(j);
  return f.exponential && f.base == exponential_base(exponent, f.base.dtype()) && product.has(j, exponent.factor);
}

bool share_of_sum(Views& views, ProductEditor& product, std::size_t i) {
  if (!product.has(i, -1.0)) return false;
  const Expr base = product.factor(i).base;
  const SumView view = views.sum(base);
  if (view.terms.size() > longest_sum) return false;
  for (const Term& term : view.terms)
    if (!(term.factor > 0) || (term.core && !log_of(views, term.core, 1).value)) return false;
  // The term that takes up a whole exponential, rather than one that leaves some: exp(2 x), not exp(x), of exp(2 x).
  std::size_t found = view.terms.size(), taken = 0;
  Scaled exponent;
  for (std::size_t t = 0; t < view.terms.size(); ++t) {
    const Term& term = view.terms[t];
    if (!term.core || !is(term.core, exp_op)) continue;
    const Scaled here = views.scaled(term.core.node().input(0));
    for (const std::size_t j : product.with_base(exponential_base(here, base.dtype()), true)) {
      if (!holds_exponential(product, j, here)) continue;
      if (found < view.terms.size() && std::abs(here.factor) <= std::abs(exponent.factor)) continue;
      found = t;
      taken = j;
      exponent = here;
    }
  }
  if (found == view.terms.size()) return false;
  const Term& term = view.terms[found];
  const Expr& a = term.core.node().input(0);
  if (view.terms.size() > most_single_shares) {
    const Expr total = stable_log(views, base);
    if (!total) return false;
    product.multiply_at(taken, exp(a - total));
  } else {
    // c exp(a) / (c exp(a) + R) = sigmoid(a + log c - log R)
    std::vector<Edited> edits(view.terms.size());
    edits[found] = {true, Expr(), false};
    const Expr others = rebuild_sum(view, edits);
    const Expr log_others = log_of(views, others, 0).value;
    if (!log_others) return false;
    const Expr shifted = term.factor != 1.0 ? a + std::log(term.factor) : a;
    const Expr margin = uniform_value(log_others) == 0.0 ? shifted : difference(views, shifted, log_others);
    product.multiply_at(taken, multiply(1.0 / term.factor, sigmoid(margin)));
  }
  product.take(i, -1.0);
  product.take(taken, exponent.factor);
  return true;
}

/// exp(v) / sum(exp(v)) and exp(v) / (sum(exp(v)) + ...).
bool share_of_reduction(Views& views, ProductEditor& product, std::size_t j) {
  if (!product.factor(j).exponential) return false;
  for (const std::size_t i : reductions_of(product)) {
    if (!product.has(i, -1.0)) continue;
    const Expr& base = product.factor(i).base;
    const Expr inner = peeled(base);
    const auto matching = [&](const Expr& reduction) -> std::optional<Scaled> {
      if (!is(reduction, sum_op)) return std::nullopt;
      const Expr& term = reduction.node().input(0);
      if (!is(term, exp_op)) return std::nullopt;
      const Scaled exponent = views.scaled(term.node().input(0));
      const Axes& axes = reduction.node().get<Axes>("axes");
      if (!holds_exponential(product, j, exponent) || is_shifted(term.node().input(0), axes)) return std::nullopt;
      return exponent;
    };
    if (const auto exponent = matching(inner)) {
      const Expr& v = inner.node().input(0).node().input(0);
      const Axes& axes = inner.node().get<Axes>("axes");
      // The sum must stand back at the axes that it lost.
      const Expr restored = expand_axes(inner, axes);
      bool leading = true;
      for (std::size_t k = 0; k < axes.size(); ++k) leading = leading && axes[k] == static_cast<std::int64_t>(k);
      if (base == restored || (leading && base == inner) ||
          (is(base, broadcast_to_op) && peeled(base) == inner && base.node().input(0) == restored)) {
        product.take(i, -1.0);
        product.take(j, exponent->factor);
        product.multiply_at(j, make(softmax_op, {v}, {{"axes", axes}}, base.node().place()));
        return true;
      }
    }
    if (is_addition(inner)) {
      const SumView view = views.sum(inner);
      if (view.terms.size() > most_terms) continue;
      for (const Term& term : view.terms)
        if (term.core)
          if (const auto exponent = matching(peeled(term.core)))
            if (const Expr total = log_of(views, base, 0).value) {
              product.take(i, -1.0);
              product.take(j, exponent->factor);
              product.multiply_at(j, exp(multiply(exponent->factor, exponent->core) - total));
              return true;
            }
    }
  }
  return false;
}

/// sum(a exp(v)) / s with s = sum(exp(v)): the s goes into the outer sum, where exp(v) / s is a softmax.
bool divisor_into_sum(Views& views, ProductEditor& product, std::size_t i) {
  if (!product.has(i, 1.0) || product.factor(i).exponential) return false;
  const Expr base = product.factor(i).base;
  const Expr outer = peeled(base);
  if (!is(outer, sum_op)) return false;
  ProductEditor terms(views, outer.node().input(0));
  for (const std::size_t j : reductions_of(product)) {
    if (!product.has(j, -1.0)) continue;
    const Expr divisor = product.factor(j).base;
    const Expr inner = peeled(divisor);
    if (!is(inner, sum_op) || !is(inner.node().input(0), exp_op) ||
        inner.node().attributes() != outer.node().attributes())
      continue;
    const Scaled exponent = views.scaled(inner.node().input(0).node().input(0));
    for (const std::size_t k : terms.with_base(exponential_base(exponent, outer.dtype()), true)) {
      if (!holds_exponential(terms, k, exponent)) continue;
      // Where the outer sum was put back in shape, the inner one is in the shape that its terms need.
      const Expr restored = expand_axes(inner, inner.node().get<Axes>("axes"));
      terms.divide_at(k, restored);
      const Expr made = make(sum_op, {terms.result()}, outer.node().attributes(), outer.node().place());
      if (made.type() != outer.type()) return false;
      product.take(i, 1.0);
      product.take(j, -1.0);
      product.multiply_at(i, rewrapped(base, outer, made));
      return true;
    }
  }
  return false;
}

/// exp(v) * sum(a / s) with s = sum(exp(v)): the s comes out of the outer sum, where exp(v) / s is a softmax.
bool divisor_out_of_sum(Views& views, ProductEditor& product, std::size_t j) {
  if (!product.factor(j).exponential) return false;
  for (const std::size_t i : reductions_of(product)) {
    if (!product.has(i, 1.0)) continue;
    const Expr base = product.factor(i).base;
    const Expr outer = peeled(base);
    if (!is(outer, sum_op)) continue;
    const Axes& axes = outer.node().get<Axes>("axes");
    ProductEditor terms(views, outer.node().input(0));
    for (std::size_t k = 0; k < terms.size(); ++k) {
      if (!terms.has(k, -1.0) || terms.factor(k).exponential) continue;
      const Expr divisor = terms.factor(k).base;
      const Expr inner = peeled(divisor);
      if (!is(inner, sum_op) || !is(inner.node().input(0), exp_op) || inner.node().get<Axes>("axes") != axes) continue;
      const Scaled exponent = views.scaled(inner.node().input(0).node().input(0));
      if (!holds_exponential(product, j, exponent)) continue;
      terms.take(k, -1.0);
      const Expr remaining = terms.result();
      if (remaining.shape() != outer.node().input(0).shape()) continue;
      const Expr made = make(sum_op, {remaining}, outer.node().attributes(), outer.node().place());
      product.take(i, 1.0);
      product.multiply_at(i, rewrapped(base, outer, made));
      product.divide_at(i, divisor);
      return true;
    }
  }
  return false;
}

/// Whether exp(k core) is itself a term of the sum.
bool has_bare_exponential(Views& views, const Expr& e, const Expr& core) {
  const SumView view = views.sum(e);
  for (const Term& term : view.terms)
    if (term.core && is(term.core, exp_op) &&
        exponential_base(views.scaled(term.core.node().input(0)), e.dtype()) == core)
      return true;
  return is(e, sum_op) && is(e.node().input(0), exp_op);
}

/// exp(x) / (a exp(x) + b exp(y)): both shifted as the logarithm is.
bool share_of_weighted_sum(Views& views, ProductEditor& product, std::size_t j) {
  if (!product.factor(j).exponential) return false;
  const Factor& f = product.factor(j);
  if (is(f.base, sub_op) && is_shift(peeled(f.base.node().input(1)))) return false;
  for (const std::size_t i : reductions_of(product)) {
    if (!product.has(i, -1.0)) continue;
    const Expr base = product.factor(i).base;
    const Expr inner = peeled(base);
    if (!is_addition(inner) && !is(inner, sum_op)) continue;
    if (stable_log(views, inner) && has_bare_exponential(views, inner, f.base)) continue;  // for `share_of_sum`
    const ShiftedSum s = shifted(views, inner);
    if (!s.shift || !has_exponential(views, is(inner, sum_op) ? inner.node().input(0) : inner, f.base)) continue;
    const double exponent = product.left(j);
    product.take(i, -1.0);
    product.take(j, exponent);
    product.multiply_at(j, exp(multiply(exponent, f.base) - rewrapped(base, inner, s.shift)));
    product.divide_at(j, rewrapped(base, inner, s.sum));
    return true;
  }
  return false;
}

// --- Cancelling and distributing ---

/// Whether a nan in the argument of factor `i` would still show in what is left of the other factors.
bool still_depends(Views& views, const ProductEditor& product, std::size_t i, std::size_t j) {
  const auto cores_of = [&](const Factor& f) {
    Exprs cores{f.base};
    if (!f.exponential)
      for (const Expr& e : f.base.node().inputs())
        if (is_floating(e.dtype()))
          if (const Scaled s = views.scaled(e); s.core) cores.push_back(s.core);
    return cores;
  };
  const Exprs wanted = cores_of(product.factor(i));
  for (std::size_t k = 0; k < product.size(); ++k) {
    if (k == i || k == j || product.left(k) == 0) continue;
    for (const Expr& a : cores_of(product.factor(k)))
      for (const Expr& b : wanted)
        if (a == b) return true;
  }
  return false;
}

/// f^a f^-b for a positive f, which is never 0 and so cancels.
bool cancel(Views& views, ProductEditor& product, std::size_t i) {
  if (product.left(i) <= 0) return false;
  const Factor& f = product.factor(i);
  if (!f.exponential && !is_positive(f.base)) return false;
  for (const std::size_t j : product.with_base(f.base, f.exponential)) {
    if (j == i || product.left(j) * product.left(i) >= 0) continue;
    const double amount = std::min(product.left(i), -product.left(j));
    const bool gone = amount == product.left(i) && amount == -product.left(j);
    if (gone && !still_depends(views, product, i, j)) {
      // 1, but nan where the factor is: exp(u) / exp(u) also where u is infinite, as before.
      product.multiply_at(i, f.exponential ? 1.0 + (f.base - f.base) : where(isnan(f.base), f.base, 1.0));
    }
    product.take(i, amount);
    product.take(j, -amount);
    return true;
  }
  return false;
}

/// Whether exp(k core) can be taken out of `e`, or is part of a sum there: exp(core) / e has a better form.
bool contains_exponential(Views& views, const Expr& e, const Expr& core) {
  const Expr inner = peeled(e);
  if (is(inner, sum_op)) return has_exponential(views, inner.node().input(0), core);
  if (!is_addition(inner)) return false;
  if (has_exponential(views, inner, core)) return true;
  const SumView view = views.sum(inner);
  if (view.terms.size() > most_terms) return false;
  for (const Term& term : view.terms)
    if (term.core && is(peeled(term.core), sum_op) && contains_exponential(views, term.core, core)) return true;
  return false;
}

/// (a / f + b / g) f g = a g + b f for positive f and g; exp(x) goes to the divisors that contain it.
bool distribute(Views& views, ProductEditor& product, std::size_t i) {
  if (!product.has(i, 1.0) || product.factor(i).exponent != 1.0) return false;
  const Expr base = product.factor(i).base;
  const SumView view = views.sum(base);
  if (view.terms.size() > 8) return false;
  std::vector<double> amounts(product.size(), 0.0);
  for (const Term& term : view.terms) {
    if (!term.core) continue;
    const ProductView inner = views.product(term.core);
    for (const Factor& f : inner.factors) {
      for (const std::size_t j : product.with_base(f.base, f.exponential)) {
        // An exponential may stand on either side, anything else must be a divisor inside the sum.
        if (j == i || f.exponent * product.left(j) >= 0 || (!f.exponential && (f.exponent > 0 || !is_positive(f.base))))
          continue;
        const double amount = std::min(std::abs(f.exponent), std::abs(product.left(j)));
        if (amount > std::abs(amounts[j])) amounts[j] = std::copysign(amount, product.left(j));
      }
      if (f.exponential) continue;
      std::size_t tried = 0;
      for (const std::size_t j : product.with_op(&exp_op)) {
        const Factor& g = product.factor(j);
        if (product.left(j) == 0 || ++tried > most_terms) continue;
        const bool related = is(f.base, sigmoid_op)
                                 ? f.exponent > 0 && views.scaled(f.base.node().input(0)).core == g.base
                                 : f.exponent < 0 && contains_exponential(views, f.base, g.base);
        if (related) amounts[j] = product.left(j);
      }
    }
  }
  Exprs outside;
  for (std::size_t j = 0; j < product.size(); ++j)
    if (amounts[j] != 0) outside.push_back(power_of(product.factor(j), amounts[j]));
  if (outside.empty()) return false;
  Shape shape = outside[0].shape();
  for (const Expr& e : outside) shape = broadcast(shape, e.shape());
  if (broadcast(base.shape(), shape) != product.whole().shape()) return false;
  // What cancels in every term must be seen elsewhere, or a nan in it would be lost: else the first term keeps it.
  std::vector<bool> hidden(product.size(), false);
  std::vector<Edited> edits(view.terms.size());
  for (std::size_t j = 0; j < product.size(); ++j) {
    if (amounts[j] == 0 || still_depends(views, product, j, i)) continue;
    hidden[j] = true;
    for (const Term& t : view.terms) {
      const ProductView inner = views.product(view.tree[static_cast<std::size_t>(t.place)].expr);
      bool cancels = false;
      for (const Factor& f : inner.factors)
        cancels = cancels || (f.base == product.factor(j).base && f.exponential == product.factor(j).exponential);
      hidden[j] = hidden[j] && cancels;
    }
  }
  for (std::size_t t = 0; t < view.terms.size(); ++t) {
    ProductEditor term(views, view.tree[static_cast<std::size_t>(view.terms[t].place)].expr);
    Expr times;
    for (std::size_t j = 0; j < product.size(); ++j) {
      if (amounts[j] == 0) continue;
      const Factor& g = product.factor(j);
      bool cancelled = false;
      for (std::size_t k = 0; k < term.size() && !cancelled; ++k) {
        const Factor& f = term.factor(k);
        if (!(f.base == g.base) || f.exponential != g.exponential || !term.has(k, -amounts[j])) continue;
        if (hidden[j] && t == 0) continue;
        term.take(k, -amounts[j]);
        cancelled = true;
      }
      if (cancelled) continue;
      const Expr factor = power_of(g, amounts[j]);
      times = times ? times * factor : factor;
    }
    const Expr left = term.changed() ? term.result() : term.whole();
    edits[t] = {true, times ? left * times : left, false};
  }
  for (std::size_t j = 0; j < product.size(); ++j)
    if (amounts[j] != 0) product.take(j, amounts[j]);
  product.take(i, 1.0);
  product.multiply_at(i, rebuild_sum(view, edits));
  return true;
}

// --- Powers ---

/// 1 / (1 + exp(x)) is a sigmoid.
bool respell(Views&, ProductEditor& product, std::size_t i) {
  const Factor& f = product.factor(i);
  if (!f.spelled || product.left(i) <= 0) return false;
  const double exponent = product.left(i);
  Factor as_sigmoid;
  as_sigmoid.base = f.base;
  product.take(i, exponent);
  product.multiply_at(i, power_of(as_sigmoid, exponent));
  return true;
}

/// a / exp(x) and exp(x)^2 as powers of e.
bool respell_exponential(Views&, ProductEditor& product, std::size_t i) {
  const Factor& f = product.factor(i);
  const Expr& leaf = product.view().tree[static_cast<std::size_t>(f.place)].expr;
  if (!f.exponential || product.left(i) != f.exponent || (f.position > 0 && is(leaf, exp_op))) return false;
  const double exponent = product.left(i);
  product.take(i, exponent);
  product.multiply_at(i, power_of(f, exponent));
  return true;
}

/// x^2 / x and x^2 / x^3, whose powers may leave the range: 0 and infinity still give nan.
bool power_over_power(Views&, ProductEditor& product, std::size_t i) {
  const Factor& f = product.factor(i);
  const double mine = product.left(i);
  if (f.exponential || std::abs(mine) < 2.0 || mine != f.exponent || mine != std::trunc(mine)) return false;
  for (const std::size_t j : product.with_base(f.base, false)) {
    const double other = product.left(j);
    if (j == i || mine * other >= 0 || other != std::trunc(other)) continue;
    const double amount = std::copysign(std::min(std::abs(mine), std::abs(other)), mine);
    product.take(i, amount);
    product.take(j, -amount);
    // What x / x is, but nothing that could be taken for a power again.
    const double nan = std::numeric_limits<double>::quiet_NaN();
    product.multiply_at(i, where(isnan(f.base / f.base), nan, 1.0));
    return true;
  }
  return false;
}

/// x^a / x^b with literals that are no integers: x^(a - b), which is nan for negative x.
bool fractional_powers(Views&, ProductEditor& product, std::size_t i) {
  const auto literal_of = [](const Factor& f) -> std::optional<double> {
    return is(f.base, pow_op) ? uniform_value(f.base.node().input(1)) : std::nullopt;
  };
  const Factor& f = product.factor(i);
  const auto a = literal_of(f);
  if (!a || product.left(i) == 0) return false;
  const Expr x = f.base.node().input(0);
  std::size_t tried = 0;
  for (const std::size_t j : product.with_op(&pow_op)) {
    const auto b = literal_of(product.factor(j));
    if (j == i || !b || product.left(j) == 0 || ++tried > most_terms) continue;
    if (!(product.factor(j).base.node().input(0) == x)) continue;
    const double first = *a * product.left(i), second = *b * product.left(j), both = first + second;
    if (first * second >= 0 || both - first != second) continue;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const bool whole = both == std::trunc(both);
    const Expr power = both == 0 ? where(0.0 < x, 1.0, nan) : pow(x, constant(both, x.dtype()));
    product.take(i, product.left(i));
    product.take(j, product.left(j));
    product.multiply_at(i, both != 0 && whole && !is_nonnegative(x) ? where(x < 0.0, nan, power) : power);
    return true;
  }
  return false;
}

/// 2 (x / 2): literals come together where that is exact.
bool merge_literals(Views&, ProductEditor& product, std::size_t) {
  const ProductView& view = product.view();
  if (view.literals.size() < 2) return false;
  int others = 0;
  for (const int place : view.literals) {
    const double value = *uniform_value(view.tree[static_cast<std::size_t>(place)].expr);
    if (!std::isfinite(value) || value == 0) return false;
    if (!is_power_of_two(value)) ++others;
  }
  if (others > 1 || !std::isfinite(view.coefficient) || std::abs(view.coefficient) < 1e-280) return false;
  product.drop_literals();
  return true;
}

}  // namespace

std::vector<Rule> product_rules() {
  const auto& [x, y, z, c] = variables();
  static const Expr v = input({DType::float64, {5}}, "v"), w = input({DType::float64, {5}}, "w");
  static const Expr m = input({DType::float64, {3, 2}}, "m");
  const Expr total = sum(exp(v));
  const Expr top = where(isinf(x), 0.0, abs(x)), shifted = y * exp(x - top) + z * exp(-x - top);
  const Expr weights = (abs(y) + abs(z)) * (1.0 + abs(x));
  return {
      {.name = "exp(x) / (y exp(x) + z exp(-x))",
       .left = exp(x) / (y * exp(x) + z * exp(-x)),
       .right = exp(x - top) / shifted,
       .rounds = sqr(inv(shifted)) * weights,
       .factor = share_of_weighted_sum,
       .anchor = &exp_op},
      {.name = "f / f, f > 0", .left = y * sigmoid(x) * exp(x) / sigmoid(x), .right = y * exp(x), .factor = cancel},
      {.name = "1 / (1 + exp(x))",
       .left = inv(1.0 + exp(x)),
       .right = sigmoid(-x),
       .factor = respell,
       .anchor = &sigmoid_op},
      {.name = "exp(x) / (exp(x) + exp(y) + 1)",
       .left = exp(x) / (exp(x) + exp(y) + 1.0),
       .right = sigmoid(x - softplus(y)),
       .rounds = sigmoid(x - softplus(y)) * (abs(x) + softplus(y)),
       .factor = share_of_sum,
       .anchor = &add_op},
      {.name = "x / exp(y)",
       .left = x / exp(y),
       .right = x * exp(-y),
       .factor = respell_exponential,
       .anchor = &exp_op},
      {.name = "exp(x)^2",
       .left = sqr(exp(x)),
       .right = exp(2.0 * x),
       .factor = respell_exponential,
       .anchor = &exp_op},
      {.name = "exp(v) / sum(exp(v))",
       .left = exp(v) / total,
       .right = softmax(v),
       .rounds = softmax(v) * (abs(v) + abs(max(v))),
       .factor = share_of_reduction,
       .anchor = &exp_op},
      {.name = "exp(v) sum(w / sum(exp(v)))",
       .left = exp(v) * sum(w / total),
       .right = softmax(v) * sum(w),
       .rounds = softmax(v) * (abs(v) + abs(max(v))) * sum(abs(w)),
       .factor = divisor_out_of_sum,
       .anchor = &exp_op},
      {.name = "sum(w exp(v)) / sum(exp(v))",
       .left = sum(w * exp(v)) / total,
       .right = sum(w * softmax(v)),
       .rounds = sum(softmax(v) * (abs(v) + abs(max(v))) * abs(w)),
       .factor = divisor_into_sum},
      {.name = "(a / f + b / g) f g, f and g > 0",
       .left = (y / sigmoid(x) + z / sigmoid(-x)) * sigmoid(x) * sigmoid(-x),
       .right = y * sigmoid(-x) + z * sigmoid(x),
       .rounds = abs(y) + abs(z),
       .factor = distribute,
       .anchor = &add_op},
      {.name = "x / x^2",
       .left = x / sqr(x),
       .right = where(isnan(x / x), std::numeric_limits<double>::quiet_NaN(), 1.0) / x,
       .factor = power_over_power},
      {.name = "x^1.5 / x^2.5",
       .left = pow(x, 1.5) / pow(x, 2.5),
       .right = where(x < 0.0, std::numeric_limits<double>::quiet_NaN(), inv(x)),
       .factor = fractional_powers,
       .anchor = &pow_op},
      {.name = "2 (x / 2)", .left = 2.0 * (y * x / 2.0), .right = y * x, .factor = merge_literals},

  };
}

}  // namespace leapgraph::symbolic
