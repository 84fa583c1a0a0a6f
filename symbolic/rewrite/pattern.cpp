/// Compilation of left sides, matching with backtracking over terms and factors, and instantiation of right sides.
#include "leapgraph/symbolic/rewrite/pattern.hpp"

#include <cmath>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/rewrite/reading.hpp"

namespace leapgraph::symbolic {

namespace {

int variable_number(const Expr& e) {
  const Variables& v = variables();
  const Expr* all[] = {&v.x, &v.y, &v.z, &v.c};
  for (int i = 0; i < 4; ++i)
    if (*all[i] == e) return i;
  return -1;
}

}  // namespace

const Variables& variables() {
  static const Variables shared = [] {
    const auto variable = [](const char* name) { return input({DType::float64, {}}, name); };
    return Variables{variable("x"), variable("y"), variable("z"), variable("c")};
  }();
  return shared;
}

Expr realize(const Binding& binding, DType dtype) {
  const auto& [factor, core] = binding.value;
  if (!core)
    return binding.origin && binding.value == binding.origin_value && is_floating(binding.origin.dtype())
               ? binding.origin
               : constant(factor, binding.origin ? binding.origin.dtype() : dtype);
  if (binding.origin) {
    if (factor == binding.origin_value.factor) return binding.origin;
    if (factor == -binding.origin_value.factor) return negate(binding.origin);
  }
  return multiply(factor, core);
}

Pattern compile(const Expr& left) {
  Views views;  // knows no uses: fine for the small expressions of rules
  if (const int number = variable_number(left); number >= 0)
    return {Pattern::Kind::variable, 1.0, static_cast<std::size_t>(number), nullptr, {}, {}};
  if (const auto value = literal_value(left)) return {Pattern::Kind::literal, *value, 0, nullptr, {}, {}};
  if (is(left, add_op) || is(left, sub_op)) {
    Pattern result{Pattern::Kind::sum, 1.0, 0, nullptr, {}, {}};
    const SumView view = views.sum(left);
    for (const Term& term : view.terms) {
      Pattern part = term.core ? compile(term.core) : Pattern{};
      if (term.core && part.kind == Pattern::Kind::sum && part.factor == 1.0) part = compile(term.core);
      part.factor *= term.factor;
      result.parts.push_back(std::move(part));
    }
    return result;
  }
  if (is(left, mul_op) || is(left, div_op) || is(left, neg_op) || is(left, inv_op) || is(left, sqr_op)) {
    const ProductView view = views.product(left);
    // -x and 2 x are multiples, not products.
    if (view.factors.size() == 1 && view.factors[0].exponent == 1.0 && !view.factors[0].exponential) {
      Pattern part = compile(view.factors[0].base);
      part.factor *= view.coefficient;
      return part;
    }
    Pattern result{Pattern::Kind::product, view.coefficient, 0, nullptr, {}, {}};
    for (const Factor& factor : view.factors) {
      if (factor.exponential) {
        result.parts.push_back(compile(make(exp_op, {factor.base})));
      } else {
        result.parts.push_back(compile(factor.base));
      }
      result.exponents.push_back(factor.exponent);
    }
    return result;
  }
  Pattern result{Pattern::Kind::call, 1.0, 0, &left.op(), {}, {}};
  for (const Expr& argument : left.node().inputs()) result.parts.push_back(compile(argument));
  return result;
}

namespace {

using Then = std::function<bool()>;

bool bind_variable(Binding& binding, const Scaled& value, const Expr& origin, const Scaled& origin_value,
                   bool literal_only, const Then& then) {
  if (literal_only && value.core) return false;
  if (binding.bound) return binding.value == value && then();
  binding = {true, value, origin, origin_value};
  if (then()) return true;
  binding = {};
  return false;
}

/// Matches a variable or its literal multiple. `origin` is where s was seen, up to a sign.
bool match_variable(Views& views, const Pattern& pattern, const Scaled& s, const Expr& origin, Bindings& bindings,
                    const Then& then) {
  const Scaled value{s.factor / pattern.factor, s.core};
  if (value.factor * pattern.factor != s.factor) return false;
  return bind_variable(bindings[pattern.variable], value, origin, views.scaled(origin),
                       pattern.variable == literal_variable, then);
}

/// Matches `pattern` against factor * core.
bool match_scaled(Views& views, const Pattern& pattern, double factor, const Expr& core, const Expr& origin,
                  Bindings& bindings, const Then& then) {
  if (pattern.kind == Pattern::Kind::variable)
    return match_variable(views, pattern, {factor, core}, origin, bindings, then);
  if (!core) return pattern.kind == Pattern::Kind::literal && pattern.factor == factor && then();
  if (pattern.kind == Pattern::Kind::call) {
    if (factor != pattern.factor) return false;
    const Exprs& inputs = core.node().inputs();
    // sqrt(x) spelled as a power
    if (pattern.op == &sqrt_op && is(core, pow_op) && literal_value(inputs[1]) == 0.5)
      return match(views, pattern.parts[0], inputs[0], bindings, then);
    if (&core.op() != pattern.op || inputs.size() != pattern.parts.size()) return false;
    const std::function<bool(std::size_t)> from = [&](std::size_t i) -> bool {
      if (i == inputs.size()) return then();
      return match(views, pattern.parts[i], inputs[i], bindings, [&] { return from(i + 1); });
    };
    return from(0);
  }
  if (pattern.kind == Pattern::Kind::product || pattern.kind == Pattern::Kind::sum) {
    if (factor == 1.0) return match(views, pattern, core, bindings, then);
    if (factor == -1.0) return match(views, pattern, negate(core), bindings, then);
  }
  return false;
}

bool regroups(const SumView& view, const std::vector<bool>& used, std::size_t left) {
  if (left <= 1) return false;
  bool deep = false, nonnegative = true;
  for (std::size_t i = 0; i < view.terms.size(); ++i) {
    const Term& term = view.terms[i];
    if (used[i]) deep = deep || view.tree[static_cast<std::size_t>(term.place)].depth > 1;
    nonnegative = nonnegative && term.factor >= 0 && (!term.core || is_nonnegative(term.core));
  }
  return deep && !nonnegative;
}

bool match_sum(Views& views, const Pattern& pattern, const Expr& e, Bindings& bindings, const Then& then) {
  if (!is(e, add_op) && !is(e, sub_op) && !is(e, neg_op)) return false;
  const SumView view = views.sum(e);
  if (view.terms.size() < pattern.parts.size()) return false;
  std::vector<std::size_t> fixed;
  const Pattern* rest = nullptr;
  for (std::size_t i = 0; i < pattern.parts.size(); ++i) {
    const bool free_variable =
        pattern.parts[i].kind == Pattern::Kind::variable && pattern.parts[i].variable != literal_variable;
    if (free_variable && rest == nullptr)
      rest = &pattern.parts[i];
    else
      fixed.push_back(i);
  }
  if (rest == nullptr && view.terms.size() != pattern.parts.size()) return false;
  std::vector<bool> used(view.terms.size(), false);
  const std::function<bool(std::size_t)> from = [&](std::size_t k) -> bool {
    if (k < fixed.size()) {
      const Pattern& part = pattern.parts[fixed[k]];
      for (std::size_t i = 0; i < view.terms.size(); ++i) {
        if (used[i]) continue;
        const Term& term = view.terms[i];
        used[i] = true;
        if (match_scaled(views, part, term.factor / pattern.factor, term.core,
                         view.tree[static_cast<std::size_t>(term.place)].expr, bindings, [&] { return from(k + 1); }))
          return true;
        used[i] = false;
      }
      return false;
    }
    if (rest == nullptr) return then();
    const std::size_t left = view.terms.size() - fixed.size();
    if (regroups(view, used, left)) return false;
    std::vector<Edited> edits(view.terms.size());
    for (std::size_t i = 0; i < edits.size(); ++i)
      if (used[i]) edits[i] = {true, Expr(), false};
    const Expr remaining = rebuild_sum(view, edits);
    const Scaled s = views.scaled(remaining);
    return match_variable(views, *rest, s, remaining, bindings, then);
  };
  return from(0);
}

bool match_product(Views& views, const Pattern& pattern, const Expr& e, Bindings& bindings, const Then& then) {
  const ProductView view = views.product(e);
  if (view.coefficient != pattern.factor || view.factors.size() < pattern.parts.size()) return false;
  std::vector<std::size_t> fixed;
  int rest = -1;
  for (std::size_t i = 0; i < pattern.parts.size(); ++i) {
    if (pattern.parts[i].kind == Pattern::Kind::variable && rest < 0)
      rest = static_cast<int>(i);
    else
      fixed.push_back(i);
  }
  if (view.factors.size() != pattern.parts.size()) return false;
  std::vector<bool> used(view.factors.size(), false);
  const std::function<bool(std::size_t)> from = [&](std::size_t k) -> bool {
    const bool last = k == fixed.size();
    if (last && rest < 0) return then();
    const std::size_t part = last ? static_cast<std::size_t>(rest) : fixed[k];
    for (std::size_t i = 0; i < view.factors.size(); ++i) {
      const Factor& factor = view.factors[i];
      if (used[i]) continue;
      Expr base = factor.base;
      if (factor.exponential) {
        // exp(k core) matches any exponential with the pattern's exponent pulled inside.
        base = make(exp_op, {multiply(factor.exponent / pattern.exponents[part], factor.base)});
      } else if (factor.exponent != pattern.exponents[part]) {
        // x^-1 is b^-2 with x = b^2.
        const double power = factor.exponent / pattern.exponents[part];
        if (pattern.parts[part].kind != Pattern::Kind::variable || power != std::trunc(power) || !(power > 0) ||
            power > 16)
          continue;
        base = power_of(factor, power);
      }
      used[i] = true;
      const Then next = last ? then : Then([&] { return from(k + 1); });
      if (match(views, pattern.parts[part], base, bindings, next)) return true;
      used[i] = false;
    }
    return false;
  };
  return from(0);
}

}  // namespace

bool match(Views& views, const Pattern& pattern, const Expr& e, Bindings& bindings, const Then& then) {
  if (!is_floating(e.dtype())) return false;
  switch (pattern.kind) {
    case Pattern::Kind::sum: {
      if (is(e, add_op) || is(e, sub_op) || is(e, neg_op)) return match_sum(views, pattern, e, bindings, then);
      // c (a + b) as c a + c b
      const Scaled s = views.scaled(e);
      if (pattern.factor == 1.0 || s.factor != pattern.factor || !s.core) return false;
      Pattern bare = pattern;
      bare.factor = 1.0;
      return match_sum(views, bare, s.core, bindings, then);
    }
    case Pattern::Kind::product:
      return match_product(views, pattern, e, bindings, then);
    default: {
      const Scaled s = views.scaled(e);
      return match_scaled(views, pattern, s.factor, s.core, e, bindings, then);
    }
  }
}

Expr instantiate(const Expr& right, const Bindings& bindings, DType dtype, const std::source_location& place) {
  if (const int number = variable_number(right); number >= 0)
    return realize(bindings[static_cast<std::size_t>(number)], dtype);
  if (is(right, constant_op)) {
    const Array value = *constant_value(right);
    return is_floating(value.dtype()) ? constant(value.real(), dtype) : right;
  }
  Exprs inputs;
  for (const Expr& e : right.node().inputs()) inputs.push_back(instantiate(e, bindings, dtype, place));
  if (is(right, neg_op)) return negate(inputs[0]);
  if (is(right, mul_op)) {
    if (const auto factor = literal_value(inputs[0])) return multiply(*factor, inputs[1]);
  }
  return {make_node(right.op(), std::move(inputs), right.node().attributes(), place), right.output()};
}

bool is_nonnegative(const Expr& e, int depth) {
  if (is_positive(e, depth)) return true;
  if (depth > 6) return false;
  const auto input_is = [&](std::size_t i) { return is_nonnegative(e.node().input(i), depth + 1); };
  if (const auto value = uniform_value(e)) return *value >= 0;
  if (is(e, sqr_op) || is(e, abs_op) || is(e, sqrt_op)) return true;
  if (is(e, add_op) || is(e, mul_op) || is(e, div_op)) return input_is(0) && input_is(1);
  if (is(e, inv_op) || is(e, sum_op) || is(e, expand_dims_op) || is(e, broadcast_to_op) || is(e, reshape_op))
    return input_is(0);
  if (is(e, maximum_op)) return input_is(0) || input_is(1);
  return false;
}

bool is_positive(const Expr& e, int depth) {
  if (depth > 6) return false;
  const auto input_is = [&](std::size_t i) { return is_positive(e.node().input(i), depth + 1); };
  if (const auto value = uniform_value(e)) return *value > 0;
  for (const Op* op : {&exp_op, &sigmoid_op, &softplus_op, &cosh_op, &softmax_op, &erfc_op, &gaussian_op})
    if (is(e, *op)) return true;
  if (is(e, add_op))
    return (input_is(0) && is_nonnegative(e.node().input(1), depth + 1)) ||
           (input_is(1) && is_nonnegative(e.node().input(0), depth + 1));
  if (is(e, mul_op) || is(e, div_op)) return input_is(0) && input_is(1);
  if (is(e, sqrt_op) || is(e, sqr_op) || is(e, inv_op) || is(e, sum_op) || is(e, expand_dims_op) ||
      is(e, broadcast_to_op) || is(e, reshape_op))
    return input_is(0);
  return false;
}

}  // namespace leapgraph::symbolic
