/// Logarithms of sums, products and reductions of exponentials.
#include "leapgraph/symbolic/rewrite/exponential.hpp"

#include <cmath>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/rewrite/reading.hpp"

namespace leapgraph::symbolic {

namespace {

Expr literal(double value, const Expr& like) { return constant(value, like.dtype()); }

constexpr int deepest = 8;

}  // namespace

Expr plus(const Expr& a, const Expr& b) {
  if (!a) return b;
  if (!b) return a;
  if (is(b, neg_op)) return a - b.node().input(0);
  return a + b;
}

Expr peeled(const Expr& e) {
  Expr inner = e;
  while (is(inner, expand_dims_op) || is(inner, broadcast_to_op)) inner = inner.node().input(0);
  return inner;
}

Expr rewrapped(const Expr& whole, const Expr& inner, Expr made) {
  std::vector<const Node*> wrappers;
  for (Expr e = whole; !(e == inner); e = e.node().input(0)) wrappers.push_back(&e.node());
  for (auto it = wrappers.rbegin(); it != wrappers.rend(); ++it) {
    const MadeAt at((*it)->place());
    made = make((*it)->op(), {made}, (*it)->attributes());
  }
  return made;
}

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

bool is_shifted(const Expr& v, const Axes& axes) {
  if (!is(v, sub_op)) return false;
  Expr shift = v.node().input(1);
  while (is(shift, expand_dims_op) || is(shift, broadcast_to_op) || is(shift, reshape_op))
    shift = shift.node().input(0);
  if (is(shift, where_op)) shift = shift.node().input(2);
  return is(shift, max_op) && shift.node().input(0) == v.node().input(0) && shift.node().get<Axes>("axes") == axes;
}

Expr log_softmax(const Expr& x, const Axes& axes) {
  const Expr largest = max(x, axes);
  const Expr shifted = x - expand_axes(where(isinf(largest), 0.0, largest), axes);
  return shifted - expand_axes(log(sum(exp(shifted), axes)), axes);
}

namespace {

bool moves_elements(const Op& op) {
  for (const Op* known :
       {&expand_dims_op, &broadcast_to_op, &reshape_op, &squeeze_op, &transpose_op, &at_op, &slice_op, &gather_op})
    if (&op == known) return true;
  return false;
}

/// Its logarithm has a range that it has not.
bool is_sum_of_squares(Views& views, const SumView& view) {
  bool any = false;
  for (const Term& term : view.terms) {
    if (!(term.factor > 0)) return false;
    const bool square = term.core && as_square(views, term.core).has_value();
    if (term.core && !square) return false;
    any = any || square;
  }
  return any;
}

Log log_of_sum(Views& views, const Expr& e, int depth) {
  const SumView view = views.sum(e);
  if (view.terms.size() > longest_sum) return {};
  if (is_sum_of_squares(views, view)) return {log(e), false};
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

Log find_log(Views& views, const Expr& e, int depth) {
  if (const auto value = uniform_value(e)) return *value > 0 ? Log{literal(std::log(*value), e), false} : Log{};
  const Op& op = e.op();
  if (&op == &exp_op) return {e.node().input(0), true};
  if (&op == &sigmoid_op) return {log_sigmoid(e.node().input(0)), false};
  // Modified Bessel functions by the scaled ones, which stay in the range.
  if (&op == &kv_op) return {log(make(kve_op, e.node().inputs())) - e.node().input(1), true};
  if (&op == &iv_op) return {log(make(ive_op, e.node().inputs())) + abs(e.node().input(1)), true};
  const bool negated = is(e, neg_op);
  if (is_addition(e) || (negated && is_addition(e.node().input(0)))) return log_of_sum(views, e, depth);
  if (&op == &mul_op || &op == &div_op || &op == &inv_op || &op == &sqr_op || negated)
    return log_of_product(views, e, depth);
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

}  // namespace

Log log_of(Views& views, const Expr& e, int depth) {
  if (depth > deepest || !is_floating(e.dtype())) return {};
  if (const auto known = views.logs().find(e); known != views.logs().end())
    return {known->second.first, known->second.second};
  const Log result = find_log(views, e, depth);
  views.logs().emplace(e, std::pair(result.value, result.explosive));
  return result;
}

Expr stable_log(Views& views, const Expr& e) {
  const Log result = log_of(views, e, 0);
  // A product may underflow where the logarithms of its factors do not.
  const bool product = is(e, mul_op) || is(e, div_op) || is(e, sqr_op) || is(e, inv_op);
  return result.explosive || (product && !is_constant(e)) ? result.value : Expr();
}

namespace {

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

}  // namespace

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

}  // namespace leapgraph::symbolic
