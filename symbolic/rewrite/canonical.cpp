/// Exact simplifications: the same value with fewer operations, in the one spelling that the other rules look for.
#include <algorithm>
#include <cmath>
#include <functional>
#include <unordered_set>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/bodies.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/rewrite/reading.hpp"
#include "leapgraph/symbolic/rewrite/rules.hpp"

namespace leapgraph::symbolic {

namespace {

Expr made(const Op& op, Exprs inputs, const Expr& at) { return make(op, std::move(inputs), {}, at.node().place()); }
bool floating(const Expr& e) { return is_floating(e.dtype()); }
bool is_uniform(const Expr& e, double value) {
  const auto v = uniform_value(e);
  return v && *v == value && std::signbit(*v) == std::signbit(value);
}

// --- Arithmetic ---

/// Whether a literal of that type is exactly `value`.
bool holds_exactly(DType dtype, double value) { return literal_value(constant(value, dtype)) == value; }

/// a (b x) is (a b) x where one of the literals is a power of two: multiplying by it is exact.
Expr two_literals(const Expr& a, const Expr& rest) {
  const std::optional<double> outer = literal_value(a);
  if (!outer || !is(rest, mul_op)) return {};
  for (std::size_t k = 0; k < 2; ++k) {
    const std::optional<double> inner = literal_value(in(rest, k));
    if (inner && (is_power_of_two(*outer) || is_power_of_two(*inner)) && std::isnormal(*outer * *inner) &&
        holds_exactly(a.dtype(), *outer * *inner))
      return multiply(*outer * *inner, in(rest, 1 - k));
  }
  return {};
}

Expr simple_mul(Views&, const Expr& e) {
  const Expr &a = in(e, 0), &b = in(e, 1);
  if (is_uniform(a, 1.0)) return b;
  if (is_uniform(b, 1.0)) return a;
  if (!floating(e)) return {};
  if (a == b) return made(sqr_op, {a}, e);
  if (is_uniform(a, -1.0)) return made(neg_op, {b}, e);
  if (is_uniform(b, -1.0)) return made(neg_op, {a}, e);
  if (is(a, neg_op) && is(b, neg_op)) return made(mul_op, {in(a), in(b)}, e);
  if (is(a, constant_op) && is(b, neg_op)) return made(mul_op, {negate(a), in(b)}, e);
  if (is(b, constant_op) && is(a, neg_op)) return made(mul_op, {in(a), negate(b)}, e);
  if (is(a, neg_op)) return made(neg_op, {made(mul_op, {in(a), b}, e)}, e);
  if (is(b, neg_op)) return made(neg_op, {made(mul_op, {a, in(b)}, e)}, e);
  if (is(b, inv_op)) return made(div_op, {a, in(b)}, e);
  if (is(a, inv_op)) return made(div_op, {b, in(a)}, e);
  if (const Expr one = two_literals(a, b)) return one;
  return two_literals(b, a);
}

/// Written with a minus in front.
bool is_negated(const Expr& e) {
  if (is(e, neg_op)) return true;
  if (const auto value = literal_value(e)) return *value < 0;
  if (is(e, mul_op)) return is_negated(in(e, 0)) || is_negated(in(e, 1));
  return false;
}

/// a + b of -a - b; absent for others.
Expr without_signs(const Expr& e) {
  if (is(e, sub_op) && is_negated(in(e, 0)) && !is_negated(in(e, 1)))
    return made(add_op, {negate(in(e, 0)), in(e, 1)}, e);
  if (is(e, add_op) && is_negated(in(e, 0)) && is_negated(in(e, 1)))
    return made(add_op, {negate(in(e, 0)), negate(in(e, 1))}, e);
  return {};
}

Expr simple_div(Views&, const Expr& e) {
  const Expr &a = in(e, 0), &b = in(e, 1);
  if (is_uniform(b, 1.0)) return a;
  if (is_uniform(b, -1.0)) return made(neg_op, {a}, e);
  if (is_uniform(a, 1.0)) return made(inv_op, {b}, e);
  if (is_uniform(a, -1.0)) return made(neg_op, {made(inv_op, {b}, e)}, e);
  if (is(a, neg_op) && is(b, neg_op)) return made(div_op, {in(a), in(b)}, e);
  if (is(a, constant_op) && is(b, neg_op)) return made(div_op, {negate(a), in(b)}, e);
  if (is(b, constant_op) && is(a, neg_op)) return made(div_op, {in(a), negate(b)}, e);
  if (is(a, neg_op)) return made(neg_op, {made(div_op, {in(a), b}, e)}, e);
  if (is(b, neg_op)) return made(neg_op, {made(div_op, {a, in(b)}, e)}, e);
  if (const auto value = literal_value(b); value && *value < 0)
    return made(neg_op, {made(div_op, {a, negate(b)}, e)}, e);
  if (const Expr positive = without_signs(b)) return made(neg_op, {made(div_op, {a, positive}, e)}, e);
  if (is(b, inv_op)) return made(mul_op, {a, in(b)}, e);
  if (is(a, inv_op)) return made(inv_op, {made(mul_op, {in(a), b}, e)}, e);
  if (const auto value = literal_value(b); value && is_power_of_two(*value) && holds_exactly(e.dtype(), 1.0 / *value))
    return made(mul_op, {a, constant(1.0 / *value, e.dtype())}, e);
  return {};
}

Expr simple_add(Views&, const Expr& e) {
  const Expr &a = in(e, 0), &b = in(e, 1);
  if (!floating(e)) {
    if (is_uniform(a, 0.0)) return b;
    if (is_uniform(b, 0.0)) return a;
    return {};
  }
  // x + 0 is not x at -0; x + -0 is.
  if (is_uniform(a, -0.0) || (is_uniform(a, 0.0) && is_positive(b))) return b;
  if (is_uniform(b, -0.0) || (is_uniform(b, 0.0) && is_positive(a))) return a;
  if (a == b) return multiply(2.0, a);
  if (is(b, neg_op)) return made(sub_op, {a, in(b)}, e);
  if (is(a, neg_op)) return made(sub_op, {b, in(a)}, e);
  return {};
}

Expr simple_sub(Views&, const Expr& e) {
  const Expr &a = in(e, 0), &b = in(e, 1);
  if (is_uniform(b, 0.0)) return a;
  if (!floating(e)) return {};
  if (is(b, neg_op)) return made(add_op, {a, in(b)}, e);
  if (const auto value = literal_value(b); value && *value < 0) return made(add_op, {a, negate(b)}, e);
  return {};
}

Expr simple_neg(Views&, const Expr& e) {
  const Expr& a = in(e);
  if (is(a, neg_op)) return in(a);
  if (!floating(e)) return {};
  if (is(a, constant_op)) return negate(a);
  // But for the sign of a difference of 0.
  if (is(a, sub_op) || (is(a, add_op) && (is(in(a, 0), neg_op) || is(in(a, 1), neg_op)))) return negate(a);
  if (is(a, mul_op) && is(in(a, 0), constant_op)) return made(mul_op, {negate(in(a, 0)), in(a, 1)}, e);
  if (is(a, mul_op) && is(in(a, 1), constant_op)) return made(mul_op, {in(a, 0), negate(in(a, 1))}, e);
  if (is(a, div_op) && is(in(a, 0), neg_op)) return made(div_op, {in(in(a, 0)), in(a, 1)}, e);
  return {};
}

Expr simple_inv(Views&, const Expr& e) {
  const Expr& a = in(e);
  if (is(a, inv_op)) return in(a);
  if (is(a, neg_op)) return made(neg_op, {made(inv_op, {in(a)}, e)}, e);
  if (const Expr positive = without_signs(a)) return made(neg_op, {made(inv_op, {positive}, e)}, e);
  if (is(a, div_op)) return made(div_op, {in(a, 1), in(a, 0)}, e);
  return {};
}

/// The positive of -x and of -2 x; absent for others.
Expr without_sign(const Expr& e) {
  if (!floating(e)) return {};
  if (is(e, neg_op)) return in(e);
  if (is(e, mul_op))
    for (const std::size_t i : {0, 1})
      if (const auto value = literal_value(in(e, i)); value && *value < 0) return negate(e);
  return {};
}

/// Odd functions hand it on.
Expr odd_of_neg(Views&, const Expr& e) {
  const Expr positive = without_sign(in(e));
  if (!positive) return {};
  return made(neg_op, {make(e.op(), {positive}, e.node().attributes(), e.node().place())}, e);
}

/// log(-(a - b) c): the logarithm does not see the sign of a zero.
Expr log_of_neg(Views&, const Expr& e) {
  if (!is(in(e), neg_op)) return {};
  const Expr& a = in(in(e));
  if (is(a, mul_op) || is(a, div_op))
    for (const std::size_t i : {0, 1})
      if (is(in(a, i), sub_op)) {
        Exprs factors = a.node().inputs();
        factors[i] = negate(factors[i]);
        return made(log_op, {made(a.op(), std::move(factors), a)}, e);
      }
  const Expr positive = negate(a);
  return is(positive, neg_op) ? Expr() : made(log_op, {positive}, e);
}

/// Of two literals, where the result is exact: the stability rules must see the others as they are.
Expr exact_literals(Views&, const Expr& e) {
  const auto x = literal_value(in(e, 0)), y = literal_value(in(e, 1));
  if (!x || !y || !floating(in(e, 0))) return {};
  const Op& op = e.op();
  if (&op == &eq_op) return constant(*x == *y);
  if (&op == &lt_op) return constant(*x < *y);
  if (&op == &le_op) return constant(*x <= *y);
  if (e.dtype() != DType::float64) return {};
  if (&op == &mul_op) {
    const double product = *x * *y;
    return std::isfinite(product) && std::abs(product) > 1e-200 && std::fma(*x, *y, -product) == 0 ? constant(product)
                                                                                                   : Expr();
  }
  const double b = &op == &sub_op ? -*y : *y;
  const double sum = *x + b, back = sum - *x;
  const bool exact = std::isfinite(sum) && (*x - (sum - back)) + (b - back) == 0;
  return exact ? constant(sum) : Expr();
}

/// Even functions do not see a sign.
Expr even_of_neg(Views&, const Expr& e) {
  const Expr& a = in(e);
  if (!floating(e)) return {};
  const Expr positive = is(a, abs_op) ? in(a) : without_sign(a);
  return positive ? make(e.op(), {positive}, e.node().attributes(), e.node().place()) : Expr();
}

Expr simple_abs(Views& views, const Expr& e) {
  if (floating(e) && (is_positive(in(e)) || is(in(e), sqr_op))) return in(e);
  if (is(in(e), abs_op)) return in(e);
  return even_of_neg(views, e);
}

Expr simple_pow(Views&, const Expr& e) {
  const auto exponent = uniform_value(in(e, 1));
  const Expr& x = in(e, 0);
  if (!exponent) return {};
  if (*exponent == 1.0) return x;
  if (*exponent == 2.0) return made(sqr_op, {x}, e);
  if (*exponent == -1.0) return made(inv_op, {x}, e);
  // But at -inf, where there is no root.
  if (*exponent == 0.5) return made(sqrt_op, {x}, e);
  // Of -0 this is inf.
  if (*exponent == -0.5 && is_nonnegative(x)) return made(inv_op, {made(sqrt_op, {x}, e)}, e);
  return {};
}

Expr simple_where(Views&, const Expr& e) {
  if (in(e, 1) == in(e, 2)) return in(e, 1);
  if (const auto condition = literal_value(in(e, 0))) return *condition != 0 ? in(e, 1) : in(e, 2);
  if (is(in(e, 0), logical_not_op) && in(in(e, 0)).dtype() == DType::boolean)
    return made(where_op, {in(in(e, 0)), in(e, 2), in(e, 1)}, e);
  return {};
}

/// `e` with x in the place of where(c, x, y) for input `side` of those choices, looking through elementwise ops on
/// arrays of the shape of `e`, as far as a short look goes.
Expr assuming(const Expr& condition, const Expr& e, std::size_t side) {
  constexpr std::size_t farthest = 48;
  if (lowering_as<Elementwise>(e.op()) == nullptr || e.node().inputs().empty()) return e;
  const auto is_inside = [&](const Expr& x) {
    return lowering_as<Elementwise>(x.op()) != nullptr && !x.node().inputs().empty() && x.shape() == e.shape();
  };
  const auto is_same_choice = [&](const Expr& x) {
    return is(x, where_op) && in(x, 0) == condition && (in(x, side).shape() == e.shape() || in(x, side).rank() == 0);
  };
  Exprs inside{e};  // users before inputs, but for nodes that several use
  bool any = is_same_choice(e);
  std::unordered_set<const Node*> seen{&e.node()};
  for (std::size_t i = 0; i < inside.size() && inside.size() < farthest; ++i) {
    const Expr here = inside[i];
    if (is_same_choice(here)) continue;
    for (const Expr& input : here.node().inputs())
      if (is_inside(input) && seen.insert(&input.node()).second) {
        inside.push_back(input);
        any = any || is_same_choice(input);
      }
  }
  if (!any) return e;
  const std::function<bool(const Expr&)> is_leaf = [&](const Expr& x) { return !seen.contains(&x.node()); };
  Substitution done;
  for (const Node* node : order_above(std::span(&e, 1), is_leaf)) {
    const Expr old = outputs_of(*node)[0];
    Exprs inputs;
    for (const Expr& input : node->inputs()) {
      const auto found = done.find(input);
      inputs.push_back(found == done.end() ? input : found->second);
    }
    done.emplace(old, is_same_choice(old) ? inputs[side] : rebuild_same(*node, inputs)[0]);
  }
  const Expr result = done.at(e);
  return result.type() == e.type() ? result : e;
}

/// where(c, f(where(c, x, y)), z) is where(c, f(x), z).
Expr repeated_choice(Views&, const Expr& e) {
  const Expr &condition = in(e, 0), &a = in(e, 1), &b = in(e, 2);
  if (is(condition, constant_op)) return {};
  const Expr first = a.shape() == e.shape() ? assuming(condition, a, 1) : a;
  const Expr second = b.shape() == e.shape() ? assuming(condition, b, 2) : b;
  return first == a && second == b ? Expr() : made(where_op, {condition, first, second}, e);
}

/// 0 < cast(c) for a condition c: what is left of the mask of an adjoint.
Expr cast_condition(Views&, const Expr& e) {
  const Expr& a = in(e, 1);
  const bool positive = is_uniform(in(e, 0), 0.0) && is(a, cast_op) && in(a).dtype() == DType::boolean;
  return positive && in(a).shape() == e.shape() ? in(a) : Expr();
}

Expr simple_not(Views&, const Expr& e) {
  if (is(in(e), logical_not_op) && in(in(e)).dtype() == DType::boolean) return in(in(e));
  return {};
}

Expr same_arguments(Views&, const Expr& e) { return in(e, 0) == in(e, 1) ? in(e, 0) : Expr(); }

Expr simple_cast(Views&, const Expr& e) {
  const Expr& a = in(e);
  if (a.dtype() == e.dtype()) return a;
  if (!is(a, cast_op)) return {};
  const Expr& x = in(a);
  // The type in between loses nothing; float64 loses digits of long integers.
  if (is_integer(x.dtype()) && info(x.dtype()).bytes == 8 && floating(a)) return {};
  return x.dtype() != DType::boolean && promote(x.dtype(), a.dtype()) == a.dtype() ? cast(x, e.dtype()) : Expr();
}

// --- Shapes ---

Expr simple_reshape(Views&, const Expr& e) {
  const Expr& a = in(e);
  if (a.shape() == e.shape() && is_known(e.shape())) return a;
  if (!is_known(e.shape())) return {};
  if (is(a, reshape_op) || is(a, expand_dims_op) || is(a, squeeze_op)) return reshape(in(a), e.shape());
  return {};
}

Expr simple_transpose(Views&, const Expr& e) {
  const Axes& outer = e.node().get<Axes>("permutation");
  const Expr& a = in(e);
  if (std::is_sorted(outer.begin(), outer.end())) return a;
  if (!is(a, transpose_op)) return {};
  const Axes& inner = a.node().get<Axes>("permutation");
  Axes both;
  for (const std::int64_t axis : outer) both.push_back(inner[static_cast<std::size_t>(axis)]);
  return transpose(in(a), both);
}

Expr simple_expand_dims(Views& views, const Expr& e) {
  const Expr& a = in(e);
  const Axes& axes = e.node().get<Axes>("axes");
  if (is(a, squeeze_op) && a.node().get<Axes>("axes") == axes) return in(a);
  // Into the factors of a product, where the rules look for sums to divide by.
  const bool pair = is(a, mul_op) || is(a, div_op);
  if (!floating(e) || views.uses(&a.node()) != 1 || !(pair || is(a, neg_op) || is(a, inv_op) || is(a, sqr_op)))
    return {};
  Exprs inputs;
  for (const Expr& factor : a.node().inputs()) {
    if (factor.rank() != 0 && factor.shape() != a.shape()) return {};
    if (factor.rank() != 0 && !is_known(factor.shape()) && pair) return {};
    inputs.push_back(factor.rank() == 0 && a.rank() != 0 ? factor : expand_axes(factor, axes));
  }
  // Of two scalars, literals stay scalars.
  if (a.rank() == 0 && pair)
    for (std::size_t i = 0; i < 2; ++i)
      if (is(a.node().input(i), constant_op)) inputs[i] = a.node().input(i);
  return make(a.op(), std::move(inputs), a.node().attributes(), a.node().place());
}

Expr simple_squeeze(Views&, const Expr& e) {
  const Expr& a = in(e);
  return is(a, expand_dims_op) && a.node().get<Axes>("axes") == e.node().get<Axes>("axes") ? in(a) : Expr();
}

Expr simple_broadcast_to(Views&, const Expr& e) {
  const Expr& a = in(e);
  if (a.shape() == e.shape() && is_known(e.shape())) return a;
  if (is(a, broadcast_to_op)) return broadcast_to(in(a), e.shape());
  return {};
}

Expr simple_at(Views&, const Expr& e) {
  const Expr& a = in(e);
  const std::int64_t position = e.node().get<std::int64_t>("position"), axis = e.node().get<std::int64_t>("axis");
  if (is(a, stack_op) && a.node().get<std::int64_t>("axis") == axis && position >= 0 &&
      static_cast<std::size_t>(position) < a.node().inputs().size())
    return in(a, static_cast<std::size_t>(position));
  if (is(a, broadcast_to_op) && in(a).rank() == 0) return broadcast_to(in(a), e.shape());
  return {};
}

/// Positions start, start + step, ... of a slice along an axis of known length.
struct Positions {
  std::int64_t start, step, count;
};
Positions positions(const Expr& e) {
  const std::int64_t length = in(e).shape()[static_cast<std::size_t>(e.node().get<std::int64_t>("axis"))];
  const std::int64_t step = e.node().get<std::int64_t>("step");
  const std::int64_t count = e.shape()[static_cast<std::size_t>(e.node().get<std::int64_t>("axis"))];
  std::int64_t start = step > 0 ? 0 : length - 1;
  if (e.node().attributes().has("start")) {
    start = e.node().get<std::int64_t>("start");
    if (start < 0) start += length;
    start = std::clamp<std::int64_t>(start, step > 0 ? 0 : -1, step > 0 ? length : length - 1);
  }
  return {start, step, count};
}

Expr simple_slice(Views&, const Expr& e) {
  const Expr& a = in(e);
  if (!is_known(a.shape()) || !is_known(e.shape())) return {};
  const std::int64_t axis = e.node().get<std::int64_t>("axis");
  const Positions outer = positions(e);
  if (a.shape() == e.shape() && outer.step == 1) return a;
  if (!is(a, slice_op) || a.node().get<std::int64_t>("axis") != axis || !is_known(in(a).shape()) || outer.count == 0)
    return {};
  const Positions inner = positions(a);
  const std::int64_t first = inner.start + inner.step * outer.start, step = inner.step * outer.step;
  const std::int64_t stop = first + step * outer.count;
  Slice range{first, stop, step};
  if (stop < 0) range.stop = std::nullopt;
  return slice(in(a), axis, range);
}

/// Elementwise ops stretch their inputs themselves.
Expr without_stretching(const Expr& e) {
  if (lowering_as<Elementwise>(e.op()) == nullptr || e.node().inputs().size() < 2) return {};
  for (std::size_t i = 0; i < e.node().inputs().size(); ++i) {
    Expr inner = in(e, i);
    if (is(inner, broadcast_to_op))
      inner = in(inner);
    else if (is(inner, expand_dims_op) && in(inner).rank() == 0)
      inner = in(inner);
    else
      continue;
    Shape others = inner.shape();
    try {
      for (std::size_t k = 0; k < e.node().inputs().size(); ++k)
        if (k != i) others = broadcast(others, in(e, k).shape());
    } catch (const GraphError&) {
      continue;
    }
    if (others != e.shape()) continue;
    Exprs inputs = e.node().inputs();
    inputs[i] = inner;
    return make(e.op(), std::move(inputs), e.node().attributes(), e.node().place());
  }
  return {};
}
Expr stretched_by_op(Views&, const Expr& e) { return without_stretching(e); }

/// f(broadcast_to(x)) computes f less often as broadcast_to(f(x)); a scalar with axes of length 1 is one of these.
Expr stretched_after_op(Views&, const Expr& e) {
  if (is(in(e), expand_dims_op) && in(in(e)).rank() == 0)
    return make(expand_dims_op, {make(e.op(), {in(in(e))}, e.node().attributes(), e.node().place())},
                in(e).node().attributes(), e.node().place());
  if (!is(in(e), broadcast_to_op)) return {};
  return broadcast_to(make(e.op(), {in(in(e))}, e.node().attributes(), e.node().place()), e.shape());
}

// --- Reductions ---

/// A sum of one number n times is one multiplication.
Expr sum_of_stretched(const Expr& e) {
  const Expr &a = in(e), &x = in(a);
  if (!is_known(a.shape()) || !floating(e)) return {};
  const std::int64_t missing = a.rank() - x.rank();
  std::int64_t times = 1;
  Axes summed;  // of x
  for (std::int64_t axis : e.node().get<Axes>("axes")) {
    times *= a.shape()[static_cast<std::size_t>(axis)];
    if (axis < missing) continue;
    if (x.shape()[static_cast<std::size_t>(axis - missing)] != 1) return {};
    summed.push_back(axis - missing);
  }
  if (times == 0) return {};
  const Expr one = summed.empty() ? x : sum(x, summed);
  return broadcast_to(made(mul_op, {constant(static_cast<double>(times), e.dtype()), one}, e), e.shape());
}

Expr simple_sum(Views&, const Expr& e) {
  const Expr& a = in(e);
  const Axes& axes = e.node().get<Axes>("axes");
  if (axes.empty()) return a;
  const auto is_single = [&a](std::int64_t axis) { return a.shape()[static_cast<std::size_t>(axis)] == 1; };
  if (is_known(a.shape()) && std::all_of(axes.begin(), axes.end(), is_single)) return reshape(a, e.shape());
  if (is(a, neg_op) && floating(e))
    return made(neg_op, {make(sum_op, {in(a)}, e.node().attributes(), e.node().place())}, e);
  return is(a, broadcast_to_op) ? sum_of_stretched(e) : Expr();
}

/// c or not c, c and not c.
Expr complementary(Views&, const Expr& e) {
  const Expr &a = in(e, 0), &b = in(e, 1);
  const bool are = (is(a, logical_not_op) && in(a) == b) || (is(b, logical_not_op) && in(b) == a);
  return are && is_known(e.shape()) ? broadcast_to(constant(is(e, logical_or_op)), e.shape()) : Expr();
}

/// The adjoints of the two sides of one choice meet in a sum: where(c, x, 0) + where(c, 0, y) is where(c, x, y).
Expr joined_choices(Views&, const Expr& e) {
  const Expr &a = in(e, 0), &b = in(e, 1);
  if (!is(a, where_op) || !is(b, where_op) || in(a) != in(b) || a.shape() != e.shape() || b.shape() != e.shape())
    return {};
  const bool a_first = is_uniform(in(a, 2), 0.0) && is_uniform(in(b, 1), 0.0);
  const bool b_first = is_uniform(in(a, 1), 0.0) && is_uniform(in(b, 2), 0.0);
  for (const std::size_t k : {1, 2})
    if (is_uniform(in(a, k), 0.0) && is_uniform(in(b, k), 0.0)) {
      Exprs inputs{in(a), in(a, k), in(a, k)};
      inputs[3 - k] = made(add_op, {in(a, 3 - k), in(b, 3 - k)}, e);
      return make(where_op, std::move(inputs), {}, e.node().place());
    }
  if (a_first) return made(where_op, {in(a), in(a, 1), in(b, 2)}, e);
  return b_first ? made(where_op, {in(a), in(b, 1), in(a, 2)}, e) : Expr();
}

std::vector<Rule> make_canonical_rules() {
  const auto& [x, y, z, c] = variables();
  static const Expr m = input({DType::float64, {3, 2}}, "m"), v = input({DType::float64, {6}}, "v");
  std::vector<Rule> rules;
  const auto row = [&rules](std::string_view name, const Expr& left, const Expr& right, const Op& anchor,
                            Expr (*node)(Views&, const Expr&)) {
    rules.push_back({.name = name, .left = left, .right = right, .node = node, .anchor = &anchor});
  };
  row("x 1", x * 1.0, x, mul_op, simple_mul);
  row("2 (3 x)", 2.0 * (3.0 * x), 6.0 * x, mul_op, simple_mul);
  row("x / 1", x / 1.0, x, div_op, simple_div);
  row("x + -0", x + -0.0, x, add_op, simple_add);
  row("x - 0", x - 0.0, x, sub_op, simple_sub);
  row("-(-x)", -(-x), x, neg_op, simple_neg);
  row("-(-x / y)", -(-x / y), x / y, neg_op, simple_neg);
  row("1 / (1 / x)", inv(inv(x)), x, inv_op, simple_inv);
  row("-x y", (-x) * y, -(x * y), mul_op, simple_mul);
  row("-x / y", (-x) / y, -(x / y), div_op, simple_div);
  row("x - -1", x - constant(-1.0), x + 1.0, sub_op, simple_sub);
  row("log(-(x - y))", log(-(x - y)), log(y - x), log_op, log_of_neg);
  row("(-x)^2", sqr(-x), sqr(x), sqr_op, even_of_neg);
  row("cosh(-x)", cosh(-x), cosh(x), cosh_op, even_of_neg);
  row("cos(-x)", cos(-x), cos(x), cos_op, even_of_neg);
  row("sinh(-x)", sinh(-x), -sinh(x), sinh_op, odd_of_neg);
  row("tanh(-x)", tanh(-2.0 * x), -tanh(2.0 * x), tanh_op, odd_of_neg);
  row("sin(-x)", sin(-x), -sin(x), sin_op, odd_of_neg);
  row("erf(-x)", erf(-x), -erf(x), erf_op, odd_of_neg);
  row("asinh(-x)", asinh(-x), -asinh(x), asinh_op, odd_of_neg);
  row("atanh(-x)", atanh(-x), -atanh(x), atanh_op, odd_of_neg);
  const Expr two = constant(2.0), three = constant(3.0);
  row("2 + 3", x * (two + three), x * 5.0, add_op, exact_literals);
  row("2 - 3", pow(x, two - three), inv(x), sub_op, exact_literals);
  row("2 * 3", x + two * three, x + 6.0, mul_op, exact_literals);
  row("2 = 3", where(eq(two, three), x, y), y, eq_op, exact_literals);
  row("2 < 3", where(two < three, x, y), x, lt_op, exact_literals);
  row("2 <= 3", where(two <= three, x, y), x, le_op, exact_literals);
  row("|x^2|", abs(sqr(x)), sqr(x), abs_op, simple_abs);
  row("x^2", pow(x, 2.0), sqr(x), pow_op, simple_pow);
  row("where(c, x, x)", where(x < y, x, x), x, where_op, simple_where);
  row("where(c, x, 0) + where(c, 0, y)", where(x < y, x, 0.0) + where(x < y, 0.0, y), where(x < y, x, y), add_op,
      joined_choices);
  row("where(c, f(where(c, x, y)), z)", where(x < y, 2.0 * where(x < y, x, y), z), where(x < y, 2.0 * x, z), where_op,
      repeated_choice);
  row("0 < cast(c)", where(0.0 < cast(x < y, DType::float64), x, y), where(x < y, x, y), lt_op, cast_condition);
  row("-(x - y)", -(x - y), y - x, neg_op, simple_neg);
  row("c or c", where(logical_or(x < y, x < y), x, y), where(x < y, x, y), logical_or_op, same_arguments);
  row("c and c", where(logical_and(x < y, x < y), x, y), where(x < y, x, y), logical_and_op, same_arguments);
  row("where(c, x, 0) + where(c, y, 0)", where(x < y, x, 0.0) + where(x < y, y, 0.0), where(x < y, x + y, 0.0), add_op,
      joined_choices);
  row("1 / (-x - y)", inv(-x - y), -inv(x + y), inv_op, simple_inv);
  row("x / (-2 - y)", x / (-2.0 - y), -(x / (2.0 + y)), div_op, simple_div);
  row("x / -3", x / -3.0, -(x / 3.0), div_op, simple_div);
  row("x^0.5", pow(x, 0.5), sqrt(x), pow_op, simple_pow);
  row("c or not c", where(logical_or(x < y, logical_not(x < y)), x, y), x, logical_or_op, complementary);
  row("c and not c", where(logical_and(x < y, logical_not(x < y)), x, y), y, logical_and_op, complementary);
  row("not not c", cast(logical_not(logical_not(x < y)), DType::float64), cast(x < y, DType::float64), logical_not_op,
      simple_not);
  row("max(x, x)", maximum(x, x), x, maximum_op, same_arguments);
  row("min(x, x)", minimum(x, x), x, minimum_op, same_arguments);
  row("cast(cast(x))", cast(cast(cast(x, DType::float32), DType::float64), DType::float32), cast(x, DType::float32),
      cast_op, simple_cast);
  row("reshape(reshape(m))", reshape(reshape(m, {6}), {2, 3}), reshape(m, {2, 3}), reshape_op, simple_reshape);
  row("transpose(transpose(m))", transpose(transpose(m)), m, transpose_op, simple_transpose);
  row("expand_dims(squeeze(v))", expand_dims(x / y, 0), expand_dims(x, 0) / expand_dims(y, 0), expand_dims_op,
      simple_expand_dims);
  row("squeeze(expand_dims(v))", squeeze(expand_dims(v, 0), 0), v, squeeze_op, simple_squeeze);
  row("broadcast_to(broadcast_to(x))", broadcast_to(broadcast_to(x, {3}), {2, 3}), broadcast_to(x, {2, 3}),
      broadcast_to_op, simple_broadcast_to);
  row("stack(x, y)[0]", at(stack({x, y}), 0), x, at_op, simple_at);
  row("v[1:5][::-1]", slice(slice(v, 0, {1, 5}), 0, {std::nullopt, std::nullopt, -1}), slice(v, 0, {4, 0, -1}),
      slice_op, simple_slice);
  row("sum(m) along an axis of length 1", sum(expand_dims(v, 0), {0}), v, sum_op, simple_sum);
  row("sum(-v)", sum(-v), -sum(v), sum_op, simple_sum);
  row("sum(broadcast_to(x))", sum(broadcast_to(x, {6})), 6.0 * x, sum_op, simple_sum);
  for (const Op* op : all_ops())
    if (lowering_as<Elementwise>(*op) != nullptr && op->arity == 1)
      row("f(broadcast_to(x))", sin(broadcast_to(x, {6})), broadcast_to(sin(x), {6}), *op, stretched_after_op);
  for (const Op* op : all_ops())
    if (lowering_as<Elementwise>(*op) != nullptr && op->arity >= 2)
      row("f(broadcast_to(x), v)", broadcast_to(x, {6}) + v, x + v, *op, stretched_by_op);
  return rules;
}

}  // namespace

std::span<const Rule> canonical_rules() {
  static const std::vector<Rule> rules = make_canonical_rules();
  return rules;
}

}  // namespace leapgraph::symbolic
