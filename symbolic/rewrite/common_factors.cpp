/// Terms with common factors are found by a hash of the product without one factor.
#include "leapgraph/symbolic/rewrite/common_factors.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"

namespace leapgraph::symbolic {

namespace {

class CommonFactors {
 public:
  CommonFactors(const RuleSet& rules, Views& views, std::string_view& fired)
      : rules_(rules), views_(views), fired_rule_(fired) {}

  /// c - c f with a product c, where a rule knows 1 - f: c (1 - f).
  bool run(const SumView& view, std::vector<Edited>& edits, const Expr& whole) {
    if (view.terms.size() < 2) return false;
    if (std::none_of(view.terms.begin(), view.terms.end(), [&](const Term& term) {
          return may_share_factors(view.tree[static_cast<std::size_t>(term.place)].expr);
        }))
      return false;
    // Terms by what they are products of, whatever their literal factor.
    std::unordered_map<std::uint64_t, std::vector<std::size_t>> by_factors;
    std::vector<ProductView> products;
    for (std::size_t i = 0; i < view.terms.size(); ++i) {
      products.push_back(views_.product(view.tree[static_cast<std::size_t>(view.terms[i].place)].expr));
      by_factors[hash_without(products[i], products[i].factors.size(), 0.0)].push_back(i);
    }
    bool any = false;
    for (std::size_t j = 0; j < view.terms.size(); ++j)
      for (std::size_t k = 0; k < products[j].factors.size() && !edits[j].touched; ++k) {
        const Factor& f = products[j].factors[k];
        if (f.spelled) continue;
        const Op* op = f.exponential ? &exp_op : &f.base.op();
        for (const double exponent : {f.exponential ? f.exponent : 1.0, 2.0}) {
          if (f.exponential ? exponent != f.exponent : f.exponent < exponent) continue;
          const auto rules = rules_.terms.find(!f.exponential && exponent == 2.0 ? &sqr_op : op);
          const auto partners = by_factors.find(hash_without(products[j], k, exponent));
          if (rules == rules_.terms.end() || partners == by_factors.end()) continue;
          const Expr core = power_of(f, exponent);
          std::size_t tried = 0;
          for (const std::size_t i : partners->second) {
            if (i == j || edits[i].touched || edits[j].touched || ++tried > most_candidates) continue;
            if (!same_without(products[i], products[j], k, exponent)) continue;
            const double ones = products[i].coefficient * view.terms[i].position;
            const double with_f = products[j].coefficient * view.terms[j].position;
            if (ones == 0 || with_f == 0) continue;
            any = pair_pattern(rules->second, ones, with_f, core, view, i, j, products[i], edits, whole) || any;
          }
        }
      }
    any = by_shared_factors(view, products, edits, whole) || any;
    return by_fractions(view, products, by_factors, edits) || any;
  }

 private:
  /// Whether it is a product with a factor that a rule may know beside a term without it.
  bool may_share_factors(const Expr& e) {
    if (!is_product(e.op()) && &e.op() != &neg_op) return false;
    const ProductView product = views_.product(e);
    return std::any_of(product.factors.begin(), product.factors.end(), [this](const Factor& f) {
      if (f.exponential) return true;
      const Op& op = f.base.op();
      return f.exponent < 0 ? is_sum(op) || &op == &sqrt_op
                            : rules_.terms.contains(&op) || rules_.pairs.contains(&op) ||
                                  (f.exponent >= 2.0 && rules_.terms.contains(&sqr_op));
    });
  }

  /// y - y a / (a + b) = y b / (a + b), also where a or y is a product, and under roots: what derivatives of quotients
  /// are.
  bool by_fractions(const SumView& view, const std::vector<ProductView>& products,
                    const std::unordered_map<std::uint64_t, std::vector<std::size_t>>& by_factors,
                    std::vector<Edited>& edits) {
    if (!rules_.has_fractions) return false;
    bool any = false;
    for (std::size_t j = 0; j < products.size(); ++j)
      for (std::size_t k = 0; k < products[j].factors.size() && !edits[j].touched; ++k) {
        const Factor& divisor = products[j].factors[k];
        if (divisor.exponential || divisor.spelled || divisor.exponent >= 0) continue;
        const bool root = &divisor.base.op() == &sqrt_op;
        const Expr& whole = root ? divisor.base.node().input(0) : divisor.base;
        if (!is_sum(whole.op()) || divisor.exponent > (root ? -2.0 : -1.0)) continue;
        const SumView parts = views_.sum(whole);
        for (std::size_t t = 0; t < parts.terms.size() && parts.terms.size() <= 8 && !edits[j].touched; ++t)
          any = fraction(view, products, by_factors, edits, j, k, root ? 2.0 : 1.0, parts, t) || any;
      }
    return any;
  }

  /// The same for term `t` of the divisor as a.
  bool fraction(const SumView& view, const std::vector<ProductView>& products,
                const std::unordered_map<std::uint64_t, std::vector<std::size_t>>& by_factors,
                std::vector<Edited>& edits, std::size_t j, std::size_t k, double power, const SumView& parts,
                std::size_t t) {
    const Term& part = parts.terms[t];
    ProductView rest = products[j];
    rest.factors[k].exponent += power;
    double factor = part.factor;
    if (part.core) {
      const ProductView inner = views_.product(part.core);
      factor *= inner.coefficient;
      for (const Factor& f : inner.factors) {
        const auto same = std::find_if(rest.factors.begin(), rest.factors.end(), [&f](const Factor& g) {
          return g.base == f.base && g.exponential == f.exponential && g.exponent * f.exponent > 0 &&
                 std::abs(g.exponent) >= std::abs(f.exponent);
        });
        if (same == rest.factors.end()) return false;
        same->exponent -= f.exponent;
      }
    }
    std::erase_if(rest.factors, [](const Factor& f) { return f.exponent == 0; });
    const auto partners = by_factors.find(hash_without(rest, rest.factors.size(), 0.0));
    if (partners == by_factors.end()) return false;
    std::size_t tried = 0;
    for (const std::size_t i : partners->second) {
      if (i == j || edits[i].touched || ++tried > most_candidates) continue;
      const double ones = products[i].coefficient * view.terms[i].position;
      if (ones == 0 || products[j].coefficient * view.terms[j].position != -ones * factor) continue;
      if (!same_factors(products[i].factors, rest.factors)) continue;
      std::vector<Edited> without(parts.terms.size());
      without[t] = {true, Expr(), false};
      const Expr others = rebuild_sum(parts, without);
      if (!others) return false;
      const Factor& divisor = products[j].factors[k];
      const Expr whole = power == 2.0 ? divisor.base.node().input(0) : divisor.base;
      const Expr share = where(logical_and(isinf(others), isinf(whole)), 1.0, others / whole);
      edits[i] = {true, view.tree[static_cast<std::size_t>(view.terms[i].place)].expr * share, false};
      edits[j] = {true, Expr(), false};
      fired_rule_ = "y - y a / (a + b)";
      return true;
    }
    return false;
  }

  static bool same_factors(const std::vector<Factor>& a, const std::vector<Factor>& b) {
    return a.size() == b.size() && std::all_of(a.begin(), a.end(), [&b](const Factor& one) {
             return std::any_of(b.begin(), b.end(), [&one](const Factor& other) {
               return one.base == other.base && one.exponential == other.exponential && one.exponent == other.exponent;
             });
           });
  }

  struct Spot {
    std::size_t term, factor;
  };

  /// p f - p g with a product p, where a rule knows f - g.
  bool by_shared_factors(const SumView& view, const std::vector<ProductView>& products, std::vector<Edited>& edits,
                         const Expr& whole) {
    if (rules_.pairs.empty()) return false;
    std::unordered_map<std::uint64_t, std::vector<Spot>> by_others;
    bool any = false;
    for (std::size_t j = 0; j < products.size(); ++j)
      for (std::size_t k = 0; k < products[j].factors.size() && !edits[j].touched; ++k) {
        const Factor& g = products[j].factors[k];
        if (g.exponential || g.spelled || g.exponent < 1.0) continue;
        const auto rules = rules_.pairs.find(&g.base.op());
        if (rules == rules_.pairs.end()) continue;
        std::vector<Spot>& partners = by_others[hash_without(products[j], k, 1.0)];
        for (std::size_t n = 0; n < std::min(partners.size(), most_candidates) && !edits[j].touched; ++n) {
          const auto [i, l] = partners[n];
          if (i == j || edits[i].touched || !same_others(products[i], l, products[j], k)) continue;
          any = shared_pair(rules->second, view, {i, l}, {j, k}, products, edits, whole) || any;
        }
        partners.push_back({j, k});
      }
    return any;
  }

  /// Whether a / f = b / g for their factors f and g, but for literals.
  static bool same_others(const ProductView& a, std::size_t f, const ProductView& b, std::size_t g) {
    const auto others = [](const ProductView& product, std::size_t skipped) {
      std::vector<Factor> left;
      for (std::size_t i = 0; i < product.factors.size(); ++i) {
        left.push_back(product.factors[i]);
        if (i == skipped) left.back().exponent -= 1.0;
        if (left.back().exponent == 0) left.pop_back();
      }
      return left;
    };
    const std::vector<Factor> left = others(a, f);
    return !left.empty() && same_factors(left, others(b, g));
  }

  bool shared_pair(const std::vector<RuleSet::Compiled>& rules, const SumView& view, Spot first, Spot second,
                   const std::vector<ProductView>& products, std::vector<Edited>& edits, const Expr& whole) {
    for (const RuleSet::Compiled& c : rules)
      for (const auto& [a, b] : {std::pair(first, second), std::pair(second, first)}) {
        const ProductView &p = products[a.term], &q = products[b.term];
        const Pattern &f = c.pattern.parts[0], &g = c.pattern.parts[1];
        const double scale = p.coefficient * view.terms[a.term].position / f.factor;
        if (scale == 0 || g.factor * scale != q.coefficient * view.terms[b.term].position) continue;
        Pattern bare_f = f, bare_g = g;
        bare_f.factor = bare_g.factor = 1.0;
        Bindings bindings{};
        const Expr &f_base = p.factors[a.factor].base, &g_base = q.factors[b.factor].base;
        const bool matches = match(views_, bare_f, f_base, bindings, [&] {
          return match(views_, bare_g, g_base, bindings, [&] { return allowed(c, bindings); });
        });
        if (!matches) continue;
        const Expr right = instantiate(c.rule->right, bindings, whole.dtype(), whole.node().place());
        ProductEditor others(views_, view.tree[static_cast<std::size_t>(view.terms[a.term].place)].expr);
        others.take(a.factor, 1.0);
        edits[a.term] = {true, make(mul_op, {others.result(), multiply(1.0 / f.factor, right)}), false};
        edits[b.term] = {true, Expr(), false};
        fired_rule_ = c.rule->name;
        return true;
      }
    return false;
  }

  /// A factor where(isnan(b), b, 1): what cancelling leaves of b / b.
  static bool is_nan_carrier(const Factor& f) {
    const Expr& e = f.base;
    return !f.exponential && &e.op() == &where_op && &e.node().input(0).op() == &isnan_op &&
           uniform_value(e.node().input(2)) == 1.0 && e.node().input(0).node().input(0) == e.node().input(1);
  }

  static std::uint64_t hash_without(const ProductView& product, std::size_t skipped, double exponent) {
    std::uint64_t total = 0;  // a sum, since factors have no order
    for (std::size_t i = 0; i < product.factors.size(); ++i) {
      const Factor& f = product.factors[i];
      if (is_nan_carrier(f)) continue;
      const double left = i == skipped ? f.exponent - exponent : f.exponent;
      if (left != 0)
        total += ExprHash()(f.base) * 0x9e3779b97f4a7c15ULL + std::hash<double>()(left) * (f.exponential ? 3 : 1);
    }
    return total;
  }

  /// Whether a = b / f^exponent for factor f = b.factors[skipped], but for carriers of a nan that f carries as well.
  bool same_without(const ProductView& a, const ProductView& b, std::size_t skipped, double exponent) {
    std::vector<bool> used(b.factors.size(), false);
    const Expr& kept = b.factors[skipped].base;
    const auto redundant = [&](const Factor& f) {
      if (!is_nan_carrier(f)) return false;
      const Expr& carried = f.base.node().input(1);
      return carried == kept ||
             (carried.node().inputs().size() == 1 && kept.node().inputs().size() == 1 &&
              views_.scaled(carried.node().input(0)).core == views_.scaled(kept.node().input(0)).core);
    };
    std::size_t left_over = 0;
    for (std::size_t i = 0; i < b.factors.size(); ++i) {
      used[i] = (i == skipped && b.factors[i].exponent == exponent) || redundant(b.factors[i]);
      left_over += used[i] ? 0 : 1;
    }
    for (const Factor& f : a.factors) {
      if (redundant(f)) continue;
      bool found = false;
      for (std::size_t i = 0; i < b.factors.size() && !found; ++i) {
        const Factor& g = b.factors[i];
        const double left = i == skipped ? g.exponent - exponent : g.exponent;
        if (used[i] || !(g.base == f.base) || g.exponential != f.exponential || left != f.exponent) continue;
        found = used[i] = true;
        --left_over;
      }
      if (!found) return false;
    }
    return left_over == 0;
  }

  /// Rules l + m f with a literal l.
  bool pair_pattern(const std::vector<RuleSet::Compiled>& rules, double ones, double with_f, const Expr& core,
                    const SumView& view, std::size_t i, std::size_t j, const ProductView& common,
                    std::vector<Edited>& edits, const Expr& whole) {
    for (const RuleSet::Compiled& c : rules) {
      if (c.pattern.parts.size() != 2) continue;
      const Pattern& one = c.pattern.parts[1 - c.anchor];
      Pattern f = c.pattern.parts[c.anchor];
      if (one.kind != Pattern::Kind::literal) continue;
      const double scale = with_f / f.factor;
      if (one.factor * scale != ones) continue;
      f.factor = 1.0;
      Bindings bindings{};
      if (!match(views_, f, core, bindings, [&] { return allowed(c, bindings); })) continue;
      const Expr right = instantiate(c.rule->right, bindings, whole.dtype(), whole.node().place());
      ProductEditor without_carriers(views_, view.tree[static_cast<std::size_t>(view.terms[i].place)].expr);
      for (std::size_t k = 0; k < without_carriers.size(); ++k)
        if (is_nan_carrier(without_carriers.factor(k))) without_carriers.take(k, without_carriers.factor(k).exponent);
      const Expr bare = without_carriers.changed() ? without_carriers.result() : without_carriers.whole();
      // bare = coefficient * common; position * new = scale * common * right
      edits[i] = {true,
                  make(mul_op, {bare, multiply(scale / common.coefficient * view.terms[i].position, right)}, {},
                       whole.node().place()),
                  false};
      edits[j] = {true, Expr(), false};
      fired_rule_ = c.rule->name;
      return true;
    }
    return false;
  }

  const RuleSet& rules_;
  Views& views_;
  std::string_view& fired_rule_;
};

}  // namespace

bool by_common_factors(const RuleSet& rules, Views& views, const SumView& view, const Expr& whole,
                       std::vector<Edited>& edits, std::string_view& fired) {
  return CommonFactors(rules, views, fired).run(view, edits, whole);
}

}  // namespace leapgraph::symbolic
