/// Flattening of sums and products and their surgical rebuilding.
#include "leapgraph/symbolic/rewrite/views.hpp"

#include <cmath>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/rewrite/reading.hpp"

namespace leapgraph::symbolic {

namespace {

constexpr std::int64_t largest_uniform_data = 1024;
constexpr int deepest = 24;  // of recursion through literal multiples of sums

}  // namespace

bool is_sum(const Op& op) { return &op == &add_op || &op == &sub_op; }
bool is_product(const Op& op) { return &op == &mul_op || &op == &div_op || &op == &inv_op || &op == &sqr_op; }

std::optional<double> uniform_value(const Expr& e) {
  if (is(e, constant_op)) return literal_value(e);
  for (const Op* op : {&broadcast_to_op, &reshape_op, &expand_dims_op, &squeeze_op})
    if (is(e, *op)) return uniform_value(e.node().input(0));
  if (is(e, cast_op) && is_floating(e.dtype()) && is_floating(e.node().input(0).dtype()) && e.dtype() == DType::float64)
    return uniform_value(e.node().input(0));
  if (is(e, data_op) && is_floating(e.dtype()) && !is_complex(e.dtype())) {
    const Array value = *constant_value(e);
    if (value.size() == 0 || value.size() > largest_uniform_data) return std::nullopt;
    const double first = value.real(0);
    for (std::int64_t i = 1; i < value.size(); ++i)
      if (value.real(i) != first) return std::nullopt;
    return first;
  }
  return std::nullopt;
}

Expr exponential_base(const Scaled& s, DType dtype) { return s.core ? s.core : constant(1.0, dtype); }

bool is_power_of_two(double value) {
  int exponent = 0;
  return std::isfinite(value) && std::abs(std::frexp(value, &exponent)) == 0.5 && std::abs(exponent) < 500;
}

Expr negate(const Expr& e) {
  const std::source_location& place = e.node().place();
  if (is(e, neg_op)) return e.node().input(0);
  if (!is_floating(e.dtype())) return make(neg_op, {e}, {}, place);
  if (is(e, constant_op)) return constant(-*literal_value(e), e.dtype());
  if (is(e, sub_op)) {
    const Expr &a = e.node().input(0), &b = e.node().input(1);
    if (is(a, neg_op)) return make(add_op, {a.node().input(0), b}, {}, place);
    return make(sub_op, {b, a}, {}, place);
  }
  if (is(e, add_op)) {
    const Expr &a = e.node().input(0), &b = e.node().input(1);
    if (is(a, neg_op)) return make(sub_op, {a.node().input(0), b}, {}, place);
    if (is(b, neg_op)) return make(sub_op, {b.node().input(0), a}, {}, place);
  }
  if (is(e, mul_op)) {
    const Expr &a = e.node().input(0), &b = e.node().input(1);
    if (is(a, constant_op)) return multiply(-*literal_value(a), b);
    if (is(b, constant_op)) return multiply(-*literal_value(b), a);
  }
  return make(neg_op, {e}, {}, place);
}

Expr multiply(double factor, const Expr& e) {
  if (factor == 1.0) return e;
  if (factor == -1.0) return negate(e);
  if (const auto value = literal_value(e)) return constant(factor * *value, e.dtype());
  return make(mul_op, {constant(factor, e.dtype()), e}, {}, e.node().place());
}

/// Whether `scaled` may see a multiple of something else in it.
bool may_be_scaled(const Op& op) {
  for (const Op* known : {&neg_op, &mul_op, &div_op, &add_op, &sub_op, &constant_op, &data_op, &broadcast_to_op,
                          &reshape_op, &expand_dims_op, &squeeze_op, &cast_op})
    if (&op == known) return true;
  return false;
}

Scaled Views::scaled(const Expr& e, int depth) {
  if (!may_be_scaled(e.op())) return {1.0, e};
  if (const auto found = scaled_.find(e); found != scaled_.end()) return found->second;
  Scaled result{1.0, e};
  if (depth > deepest || !is_floating(e.dtype())) return result;
  const auto times = [&](double factor, const Expr& inner) {
    const Scaled s = scaled(inner, depth + 1);
    if (!s.core) return Scaled{factor * s.factor, Expr()};
    return is_power_of_two(factor) || is_power_of_two(s.factor) ? Scaled{factor * s.factor, s.core}
                                                                : Scaled{factor, inner};
  };
  if (const auto value = uniform_value(e)) {
    result = {*value, Expr()};
  } else if (is(e, neg_op)) {
    result = times(-1.0, e.node().input(0));
  } else if (is(e, mul_op)) {
    const Expr &a = e.node().input(0), &b = e.node().input(1);
    if (const auto x = uniform_value(a); x && *x != 0 && a.rank() == 0)
      result = times(*x, b);
    else if (const auto y = uniform_value(b); y && *y != 0 && b.rank() == 0)
      result = times(*y, a);
  } else if (is(e, div_op)) {
    const auto divisor = uniform_value(e.node().input(1));
    if (divisor && is_power_of_two(*divisor) && e.node().input(1).rank() == 0)
      result = times(1.0 / *divisor, e.node().input(0));
  } else if (is(e, add_op) || is(e, sub_op)) {
    result = oriented_sum(e, depth);
  }
  if (!std::isfinite(result.factor) || (result.factor == 0 && result.core)) result = {1.0, e};
  scaled_.emplace(e, result);
  kept_.push_back(e);
  return result;
}

Scaled Views::oriented_sum(const Expr& e, int depth) {
  // The sign of one term, picked by its identity, decides.
  if (is(e, add_op) && e.node().input(0) == e.node().input(1)) {
    const Scaled half = scaled(e.node().input(0), depth + 1);
    if (half.core) return {2.0 * half.factor, half.core};
  }
  const Node* smallest = nullptr;
  double sign = 1.0;
  std::size_t visited = 0;
  std::vector<std::pair<Expr, double>> stack{{e, 1.0}};
  while (!stack.empty()) {
    const auto [next, s] = stack.back();
    stack.pop_back();
    if (++visited > 64) return {1.0, e};
    if (is(next, add_op) || is(next, sub_op)) {
      stack.emplace_back(next.node().input(0), s);
      stack.emplace_back(next.node().input(1), is(next, sub_op) ? -s : s);
    } else if (is(next, neg_op)) {
      stack.emplace_back(next.node().input(0), -s);
    } else {
      const Scaled leaf = scaled(next, depth + 1);
      if (leaf.core && (smallest == nullptr || std::less<>()(&leaf.core.node(), smallest))) {
        smallest = &leaf.core.node();
        sign = leaf.factor < 0 ? -s : s;
      }
    }
  }
  if (sign > 0) return {1.0, e};
  const Expr flipped = negate(e);
  // A sum that can only be negated from outside keeps its sign; its negation is then found through `neg`.
  if (is(flipped, neg_op)) return {1.0, e};
  kept_.push_back(flipped);
  return {-1.0, flipped};
}

SumView Views::sum(const Expr& e) {
  SumView view;
  std::vector<std::pair<int, double>> stack;  // place, sign
  const auto enter = [&](const Expr& child, double sign, int depth) {
    view.tree.push_back({TreeNode::Kind::leaf, -1, -1, depth, child});
    stack.emplace_back(static_cast<int>(view.tree.size()) - 1, sign);
    return static_cast<int>(view.tree.size()) - 1;
  };
  enter(e, 1.0, 0);
  std::vector<std::pair<int, double>> leaves;
  while (!stack.empty()) {
    const auto [place, sign] = stack.back();
    stack.pop_back();
    const TreeNode here = view.tree[static_cast<std::size_t>(place)];
    const Node& node = here.expr.node();
    const bool sums = is(here.expr, add_op) || is(here.expr, sub_op);
    if ((sums || is(here.expr, neg_op)) && may_enter(node, here.depth, leaves.size())) {
      const int inner = here.depth + (sums ? 1 : 0);
      const int a = enter(node.input(0), is(here.expr, neg_op) ? -sign : sign, inner);
      const int b = sums ? enter(node.input(1), is(here.expr, sub_op) ? -sign : sign, inner) : -1;
      TreeNode& mine = view.tree[static_cast<std::size_t>(place)];
      mine.a = a;
      mine.b = b;
      mine.kind = is(here.expr, add_op)   ? TreeNode::Kind::both
                  : is(here.expr, sub_op) ? TreeNode::Kind::left_minus_right
                                          : TreeNode::Kind::negation;
    } else {
      leaves.emplace_back(place, sign);
    }
  }
  for (const auto& [place, sign] : leaves) {
    const Scaled s = scaled(view.tree[static_cast<std::size_t>(place)].expr);
    view.terms.push_back({sign * s.factor, s.core, sign, place});
  }
  return view;
}

Expr rebuild_sum(const SumView& view, const std::vector<Edited>& edits) {
  std::vector<Edited> values(view.tree.size());
  for (std::size_t i = 0; i < view.terms.size(); ++i) values[static_cast<std::size_t>(view.terms[i].place)] = edits[i];
  for (std::size_t i = view.tree.size(); i-- > 0;) {
    const TreeNode& here = view.tree[i];
    if (here.kind == TreeNode::Kind::leaf) {
      if (!values[i].touched) values[i].expr = here.expr;
      continue;
    }
    const Edited& a = values[static_cast<std::size_t>(here.a)];
    const Edited* b = here.b < 0 ? nullptr : &values[static_cast<std::size_t>(here.b)];
    if (!a.touched && (b == nullptr || !b->touched)) {
      values[i].expr = here.expr;
      continue;
    }
    Expr made;
    const std::source_location& place = here.expr.node().place();
    const MadeAt at(place);
    if (b == nullptr) {
      made = a.expr ? negate(a.expr) : Expr();
    } else {
      const bool minus = here.kind == TreeNode::Kind::left_minus_right;
      if (!a.expr)
        made = b->expr && minus ? negate(b->expr) : b->expr;
      else if (!b->expr)
        made = a.expr;
      else if (is(b->expr, neg_op))
        made = make(minus ? add_op : sub_op, {a.expr, b->expr.node().input(0)}, {}, place);
      else if (!minus && is(a.expr, neg_op))
        made = make(sub_op, {b->expr, a.expr.node().input(0)}, {}, place);
      else
        made = make(minus ? sub_op : add_op, {a.expr, b->expr}, {}, place);
    }
    values[i] = {true, made, false};
  }
  return values[0].expr;
}

namespace {

/// n of x^n, an integer.
std::optional<double> literal_power(const Expr& e) {
  if (!is(e, pow_op)) return std::nullopt;
  const auto power = literal_value(e.node().input(1));
  return power && *power != 0 && *power == std::trunc(*power) ? power : std::nullopt;
}

/// x of 1 + exp(x).
Expr one_plus_exponential(const Expr& e) {
  if (!is(e, add_op)) return {};
  for (const std::size_t i : {0, 1})
    if (is(e.node().input(i), exp_op) && uniform_value(e.node().input(1 - i)) == 1.0)
      return e.node().input(i).node().input(0);
  return {};
}

}  // namespace

ProductView Views::product(const Expr& e) {
  ProductView view;
  view.whole = e;
  std::vector<std::pair<int, double>> stack;  // place, exponent
  const auto enter = [&](const Expr& child, double exponent, int depth) {
    view.tree.push_back({TreeNode::Kind::leaf, -1, -1, depth, child});
    stack.emplace_back(static_cast<int>(view.tree.size()) - 1, exponent);
    return static_cast<int>(view.tree.size()) - 1;
  };
  enter(e, 1.0, 0);
  std::vector<std::pair<int, double>> leaves;
  while (!stack.empty()) {
    const auto [place, exponent] = stack.back();
    stack.pop_back();
    const TreeNode here = view.tree[static_cast<std::size_t>(place)];
    const Node& node = here.expr.node();
    const bool pair = is(here.expr, mul_op) || is(here.expr, div_op);
    if ((pair || is(here.expr, neg_op) || is(here.expr, inv_op)) && may_enter(node, here.depth, leaves.size())) {
      const int inner = here.depth + (pair ? 1 : 0);
      if (is(here.expr, neg_op)) view.coefficient = -view.coefficient;
      const int a = enter(node.input(0), is(here.expr, inv_op) ? -exponent : exponent, inner);
      const int b = pair ? enter(node.input(1), is(here.expr, div_op) ? -exponent : exponent, inner) : -1;
      TreeNode& mine = view.tree[static_cast<std::size_t>(place)];
      mine.a = a;
      mine.b = b;
      mine.kind = is(here.expr, mul_op)   ? TreeNode::Kind::both
                  : is(here.expr, div_op) ? TreeNode::Kind::left_minus_right
                  : is(here.expr, neg_op) ? TreeNode::Kind::negation
                                          : TreeNode::Kind::inverse;
    } else {
      leaves.emplace_back(place, exponent);
    }
  }
  for (const auto& [place, position] : leaves) {
    Expr base = view.tree[static_cast<std::size_t>(place)].expr;
    if (const auto value = uniform_value(base)) {
      view.coefficient *= position > 0 ? *value : 1.0 / *value;
      view.literals.push_back(place);
      continue;
    }
    double exponent = position;
    // base^k through squares, inverses and literal integer powers of one base; signs inside even powers vanish.
    for (int level = 0; level < 8; ++level) {
      if (is(base, sqr_op)) {
        exponent *= 2;
        base = base.node().input(0);
      } else if (is(base, inv_op)) {
        exponent = -exponent;
        base = base.node().input(0);
      } else if (const auto power = literal_power(base); power && std::abs(*power) <= 16) {
        exponent *= *power;
        base = base.node().input(0);
      } else if (is(base, neg_op) && std::fmod(exponent, 2.0) == 0) {
        base = base.node().input(0);
      } else {
        break;
      }
    }
    Factor factor{exponent, base, false, Expr(), position, place};
    if (is(base, exp_op)) {
      const Scaled argument = scaled(base.node().input(0));
      if (argument.factor != 0 && std::isfinite(argument.factor)) {
        factor.exponential = true;
        factor.exponent *= argument.factor;
        factor.base = exponential_base(argument, base.dtype());
      }
    } else if (const Expr argument = one_plus_exponential(base)) {
      factor.exponent = -factor.exponent;
      factor.base = make(sigmoid_op, {negate(argument)}, {}, base.node().place());
      factor.spelled = base;
    }
    view.factors.push_back(std::move(factor));
  }
  return view;
}

Expr power_of(const Factor& factor, double exponent) {
  if (factor.exponential) return make(exp_op, {multiply(exponent, factor.base)}, {}, factor.base.node().place());
  const std::source_location& place = factor.base.node().place();
  if (factor.spelled && exponent < 0) {
    Factor sum;
    sum.base = factor.spelled;
    return power_of(sum, -exponent);
  }
  if (exponent == 1.0) return factor.base;
  if (exponent == 2.0) return make(sqr_op, {factor.base}, {}, place);
  if (exponent == -1.0) return make(inv_op, {factor.base}, {}, place);
  if (exponent == -2.0) return make(inv_op, {make(sqr_op, {factor.base}, {}, place)}, {}, place);
  return make(pow_op, {factor.base, constant(exponent, factor.base.dtype())}, {}, place);
}

Expr rebuild_product(const ProductView& view, const std::unordered_map<int, Edited>& edits) {
  std::vector<Edited> values(view.tree.size());
  for (const auto& [place, edit] : edits) values[static_cast<std::size_t>(place)] = edit;
  const DType dtype = view.whole.dtype();
  for (std::size_t i = view.tree.size(); i-- > 0;) {
    const TreeNode& here = view.tree[i];
    if (here.kind == TreeNode::Kind::leaf) {
      if (!values[i].touched) values[i].expr = here.expr;
      continue;
    }
    const Edited a = values[static_cast<std::size_t>(here.a)];
    Edited b = here.b < 0 ? Edited{} : values[static_cast<std::size_t>(here.b)];
    if (!a.touched && !b.touched) {
      values[i].expr = here.expr;
      continue;
    }
    const std::source_location& place = here.expr.node().place();
    const MadeAt at(place);
    Edited made{true, Expr(), false};
    switch (here.kind) {
      case TreeNode::Kind::negation:
        made = {true, a.expr ? negate(a.expr) : constant(-1.0, dtype), a.inverted};
        break;
      case TreeNode::Kind::inverse:
        made = {true, a.expr, a.expr && !a.inverted};
        break;
      default: {
        if (here.kind == TreeNode::Kind::left_minus_right && b.expr) b.inverted = !b.inverted;
        if (!a.expr || !b.expr)
          made = a.expr ? a : b;
        else if (a.inverted == b.inverted)
          made = {true, make(mul_op, {a.expr, b.expr}, {}, place), a.inverted};
        else if (a.inverted)
          made = {true, make(div_op, {b.expr, a.expr}, {}, place), false};
        else
          made = {true, make(div_op, {a.expr, b.expr}, {}, place), false};
        made.touched = true;
      }
    }
    values[i] = made;
  }
  if (!values[0].expr) return constant(1.0, dtype);
  return values[0].inverted ? make(inv_op, {values[0].expr}, {}, view.whole.node().place()) : values[0].expr;
}

}  // namespace leapgraph::symbolic
