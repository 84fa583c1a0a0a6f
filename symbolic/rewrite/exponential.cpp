/// Rules about whole sums and products of exponentials: logsumexp, softmax, shares exp(a) / (exp(a) + ...), cancelling
/// and distributing factors.
#include <cmath>
#include <limits>
#include <optional>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/rewrite/engine.hpp"
#include "leapgraph/symbolic/rewrite/rules.hpp"

namespace leapgraph::symbolic {

namespace {

bool is(const Expr& e, const Op& op) { return &e.op() == &op; }
bool is_addition(const Expr& e) { return is(e, add_op) || is(e, sub_op); }

/// A logarithm, and whether the expression itself may overflow or underflow where it does not.
struct Log {
  Expr value;  ///< absent: there is no better form than log(e)
  bool explosive = false;
};

constexpr int deepest = 8;
constexpr std::size_t most_terms = 64;
/// Sums longer than this are left alone.
constexpr std::size_t longest_sum = 4096;
/// A sum of more exponentials shares one logarithm instead of one for each share.
constexpr std::size_t most_single_shares = 8;

Log log_of(Views& views, const Expr& e, int depth);

/// log of factor * core^exponent... summed: a + b with absent meaning 0.
Expr plus(const Expr& a, const Expr& b) {
  if (!a) return b;
  if (!b) return a;
  if (is(b, neg_op)) return a - b.node().input(0);
  return a + b;
}

/// a - b, where multiples of one core are put together: x - 2 x is -x.
Expr difference(Views& views, const Expr& a, const Expr& b) {
  const Scaled s = views.scaled(a), t = views.scaled(b);
  if (s.core == t.core && s.factor != t.factor && s.factor == std::trunc(s.factor) && t.factor == std::trunc(t.factor))
    return s.core ? multiply(s.factor - t.factor, s.core) : constant(s.factor - t.factor, a.dtype());
  if (is(b, neg_op)) return a + b.node().input(0);
  return a - b;
}

Expr literal(double value, const Expr& like) { return constant(value, like.dtype()); }

/// The base of a factor without the axes and stretching that only make its shape fit.
Expr peeled(const Expr& e) {
  Expr inner = e;
  while (is(inner, expand_dims_op) || is(inner, broadcast_to_op)) inner = inner.node().input(0);
  return inner;
}

/// `made` with the axes and the stretching that `whole` has around `inner`.
Expr rewrapped(const Expr& whole, const Expr& inner, Expr made) {
  std::vector<const Node*> wrappers;
  for (Expr e = whole; !(e == inner); e = e.node().input(0)) wrappers.push_back(&e.node());
  for (auto it = wrappers.rbegin(); it != wrappers.rend(); ++it)
    made = make((*it)->op(), {made}, (*it)->attributes(), (*it)->place());
  return made;
}

/// The factors that are reductions, or sums that may contain one; not more than are worth looking at.
std::vector<std::size_t> reductions_of(const ProductEditor& product) {
  std::vector<std::size_t> found;
  for (const Op* op : {&sum_op, &expand_dims_op, &broadcast_to_op, &add_op})
    for (const std::size_t i : product.with_op(op))
      if (found.size() < most_terms) found.push_back(i);
  return found;
}

/// Whether a term of the sum `e`, or the product `e`, has a power of exp(core).
bool has_exponential(Views& views, const Expr& e, const Expr& core) {
  if (!is_addition(e)) {
    for (const Factor& f : views.product(e).factors)
      if (f.exponential && f.base == core) return true;
    return false;
  }
  const SumView view = views.sum(e);
  if (view.terms.size() > most_terms) return false;
  for (const Term& term : view.terms)
    for (const Factor& f : views.product(view.tree[static_cast<std::size_t>(term.place)].expr).factors)
      if (f.exponential && f.base == core) return true;
  return false;
}

/// v is u minus its largest element already: what `logsumexp` and `softmax` become.
bool is_shifted(const Expr& v, const Axes& axes) {
  if (!is(v, sub_op)) return false;
  Expr shift = v.node().input(1);
  while (is(shift, expand_dims_op) || is(shift, broadcast_to_op) || is(shift, reshape_op))
    shift = shift.node().input(0);
  if (is(shift, where_op)) shift = shift.node().input(2);
  return is(shift, max_op) && shift.node().input(0) == v.node().input(0) && shift.node().get<Axes>("axes") == axes;
}

/// Shifted as `softmax` does it, so that they share the exponentials.
Expr log_softmax(const Expr& x, const Axes& axes) {
  const Expr largest = max(x, axes);
  const Expr shifted = x - expand_axes(where(isinf(largest), 0.0, largest), axes);
  return shifted - expand_axes(log(sum(exp(shifted), axes)), axes);
}

bool moves_elements(const Op& op) {
  for (const Op* known :
       {&expand_dims_op, &broadcast_to_op, &reshape_op, &squeeze_op, &transpose_op, &at_op, &slice_op, &gather_op})
    if (&op == known) return true;
  return false;
}

Log log_of_sum(Views& views, const Expr& e, int depth) {
  const SumView view = views.sum(e);
  if (view.terms.size() > longest_sum) return {};
  Log result;
  double literals = 0.0;
  for (const Term& term : view.terms) {
    if (!(term.factor > 0) || !std::isfinite(term.factor)) return {};
    if (!term.core) {
      literals += term.factor;
      continue;
    }
    Log part = log_of(views, term.core, depth + 1);
    if (!part.value) return {};
    if (term.factor != 1.0) part.value = plus(part.value, literal(std::log(term.factor), e));
    result.explosive = result.explosive || part.explosive;
    result.value = result.value ? logaddexp(result.value, part.value) : part.value;
  }
  if (!result.explosive) return {};
  if (literals == 1.0)
    result.value = softplus(result.value);
  else if (literals > 0)
    result.value = logaddexp(result.value, literal(std::log(literals), e));
  return result;
}

Log log_of_product(Views& views, const Expr& e, int depth) {
  const ProductView view = views.product(e);
  if (view.factors.size() > most_terms || !(view.coefficient > 0) || !std::isfinite(view.coefficient)) return {};
  Log result;
  if (view.coefficient != 1.0) result.value = literal(std::log(view.coefficient), e);
  for (const Factor& f : view.factors) {
    Log part = f.exponential ? Log{f.base, true} : log_of(views, f.base, depth + 1);
    if (is(f.base, erfc_op)) part = {log(f.base), true};
    if (!part.value) return {};
    result.explosive = result.explosive || part.explosive || f.spelled;
    result.value = plus(result.value, multiply(f.exponent, part.value));
  }
  return result;
}

Log find_log(Views& views, const Expr& e, int depth);

Log log_of(Views& views, const Expr& e, int depth) {
  if (depth > deepest || !is_floating(e.dtype())) return {};
  if (const auto known = views.logs().find(e); known != views.logs().end())
    return {known->second.first, known->second.second};
  const Log result = find_log(views, e, depth);
  views.logs().emplace(e, std::pair(result.value, result.explosive));
  return result;
}

Log find_log(Views& views, const Expr& e, int depth) {
  if (const auto value = uniform_value(e)) return *value > 0 ? Log{literal(std::log(*value), e), false} : Log{};
  const Op& op = e.op();
  if (&op == &exp_op) return {e.node().input(0), true};
  if (&op == &sigmoid_op) return {log_sigmoid(e.node().input(0)), false};
  if (is_addition(e)) return log_of_sum(views, e, depth);
  if (&op == &mul_op || &op == &div_op || &op == &inv_op || &op == &sqr_op) return log_of_product(views, e, depth);
  if (&op == &softmax_op) {
    const Axes& axes = e.node().get<Axes>("axes");
    return axes.empty() ? Log{} : Log{log_softmax(e.node().input(0), axes), true};
  }
  if (moves_elements(op)) {
    const Log inner = log_of(views, e.node().input(0), depth + 1);
    if (!inner.value || inner.value.shape() != e.node().input(0).shape()) return {};
    Exprs inputs = e.node().inputs();
    inputs[0] = inner.value;
    return {make(op, std::move(inputs), e.node().attributes(), e.node().place()), inner.explosive};
  }
  if (&op == &pow_op) {
    const Log base = log_of(views, e.node().input(0), depth + 1);
    return base.value ? Log{e.node().input(1) * base.value, true} : Log{};
  }
  if (&op == &prod_op) {
    const Expr& factor = e.node().input(0);
    Log inner = log_of(views, factor, depth + 1);
    if (!inner.value && is_positive(factor)) inner.value = log(factor);
    if (!inner.value || inner.value.shape() != factor.shape()) return {};
    return {make(sum_op, {inner.value}, e.node().attributes(), e.node().place()), true};
  }
  if (&op == &sum_op) {
    const Log inner = log_of(views, e.node().input(0), depth + 1);
    const Axes& axes = e.node().get<Axes>("axes");
    if (!inner.value || !inner.explosive || inner.value.shape() != e.node().input(0).shape() ||
        is_shifted(inner.value, axes))
      return {};
    return {make(logsumexp_op, {inner.value}, {{"axes", axes}}, e.node().place()), true};
  }
  return {};
}

/// log(e): of exponentials in sums, products and reductions.
Expr log_node(Views& views, const Expr& e) { return stable_log(views, e.node().input(0)); }

/// A sum whose terms are all multiples of exponentials, as exp(shift) * sum: neither overflows.
struct ShiftedSum {
  Expr shift;  ///< absent: it is not such a sum, or is shifted already
  Expr sum;
};

/// The sum of the exponents of a product's exponentials; absent without any.
Expr exponent_of(const ProductEditor& product) {
  Expr total;
  for (const std::size_t i : product.with_op(&exp_op))
    total = plus(total, multiply(product.factor(i).exponent, product.factor(i).base));
  return total;
}

Expr with_exponent_shifted(Views& views, const Expr& term, const Expr& shift) {
  ProductEditor product(views, term);
  const Expr exponent = exponent_of(product);
  const std::vector<std::size_t> exponentials = product.with_op(&exp_op);
  for (const std::size_t i : exponentials) product.take(i, product.factor(i).exponent);
  product.multiply_at(exponentials[0], exp(exponent - shift));
  return product.result();
}

/// The shift that `shifted` made is an infinite maximum replaced by 0.
bool is_shift(const Expr& e) { return is(e, where_op) && is(e.node().input(0), isinf_op); }

ShiftedSum shifted(Views& views, const Expr& e) {
  Exprs terms;
  Expr largest;
  const bool reduces = is(e, sum_op);
  const SumView view = views.sum(e);
  if (view.terms.size() > most_terms || (!reduces && view.terms.size() < 2)) return {};
  for (const Term& term : view.terms) {
    terms.push_back(reduces ? e.node().input(0) : view.tree[static_cast<std::size_t>(term.place)].expr);
    const Expr exponent = exponent_of(ProductEditor(views, terms.back()));
    if (!exponent || (is(exponent, sub_op) && is_shift(peeled(exponent.node().input(1)))) ||
        (reduces && exponent.shape() != terms.back().shape()))
      return {};
    largest = largest ? maximum(largest, exponent) : exponent;
  }
  if (reduces) {
    const Axes& axes = e.node().get<Axes>("axes");
    if (axes.empty()) return {};
    largest = max(largest, axes);
    const Expr shift = where(isinf(largest), 0.0, largest);
    return {shift, make(sum_op, {with_exponent_shifted(views, terms[0], expand_axes(shift, axes))},
                        e.node().attributes(), e.node().place())};
  }
  const Expr shift = where(isinf(largest), 0.0, largest);
  std::vector<Edited> edits;
  for (const Expr& term : terms) edits.push_back({true, with_exponent_shifted(views, term, shift), false});
  return {shift, rebuild_sum(view, edits)};
}

/// log(a exp(x) + b exp(y)) with any a and b, and log(sum(w exp(v))): out of the logarithm goes the largest exponent.
Expr log_of_weighted_sum(Views& views, const Expr& e) {
  const Expr& argument = e.node().input(0);
  if (!is_addition(argument) && !is(argument, sum_op)) return {};
  if (stable_log(views, argument)) return {};
  const ShiftedSum s = shifted(views, argument);
  return s.shift ? s.shift + log(s.sum) : Expr();
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

/// log1p(e) of the same.
Expr log1p_node(Views& views, const Expr& e) {
  const Expr log = stable_log(views, e.node().input(0));
  return log ? softplus(log) : Expr();
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

/// x^2 / x and x^2 / x^3, whose powers may leave the range: x (x / x), so that 0 and infinity still give nan.
bool power_over_power(Views&, ProductEditor& product, std::size_t i) {
  const Factor& f = product.factor(i);
  const double mine = product.left(i);
  if (f.exponential || std::abs(mine) < 2.0 || mine != f.exponent || mine != std::trunc(mine)) return false;
  for (const std::size_t j : product.with_base(f.base, false)) {
    const double other = product.left(j);
    if (j == i || mine * other >= 0 || other != std::trunc(other)) continue;
    // One x / x is left behind, which must not be taken for a power again.
    if (std::abs(other) == 1.0 && std::abs(mine) != 2.0) continue;
    const double amount = std::copysign(std::min(std::abs(mine), std::abs(other)), mine);
    product.take(i, amount);
    product.take(j, -amount);
    product.multiply_at(i, f.base / f.base);
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

Expr stable_log(Views& views, const Expr& e) {
  const Log result = log_of(views, e, 0);
  // A product may underflow where the logarithms of its factors do not.
  const bool product = is(e, mul_op) || is(e, div_op) || is(e, sqr_op) || is(e, inv_op);
  return result.explosive || (product && !is_constant(e)) ? result.value : Expr();
}

std::vector<Rule> exponential_family_rules() {
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
      {.name = "exp(x) / (y exp(x) + z exp(-x))",
       .left = exp(x) / (y * exp(x) + z * exp(-x)),
       .right = exp(x - top) / shifted,
       .rounds = sqr(inv(shifted)) * weights,
       .factor = share_of_weighted_sum,
       .anchor = &exp_op},
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
      {.name = "x / x^2", .left = x / sqr(x), .right = x / x / x, .factor = power_over_power},
      {.name = "x^1.5 / x^2.5",
       .left = pow(x, 1.5) / pow(x, 2.5),
       .right = where(x < 0.0, std::numeric_limits<double>::quiet_NaN(), inv(x)),
       .factor = fractional_powers,
       .anchor = &pow_op},
      {.name = "2 (x / 2)", .left = 2.0 * (y * x / 2.0), .right = y * x, .factor = merge_literals},
  };
}

}  // namespace leapgraph::symbolic
