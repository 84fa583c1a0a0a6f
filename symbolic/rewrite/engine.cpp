/// Rounds over the graph; at each node the node rules, then the sum or product that the node is the top of.
#include "leapgraph/symbolic/rewrite/engine.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>

#include "leapgraph/symbolic/error.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/node_index.hpp"
#include "leapgraph/symbolic/rewrite/common_factors.hpp"

namespace leapgraph::symbolic {

namespace {

constexpr int most_rounds = 24;
constexpr int most_steps_at_a_node = 24;
constexpr std::uint8_t most_news = 8;

/// The op under which a part of a sum or product is indexed.
const Op* index_op(const Pattern& part) {
  if (part.kind == Pattern::Kind::call) return part.op;
  if (part.kind == Pattern::Kind::sum) return &add_op;
  if (part.kind != Pattern::Kind::product) return nullptr;
  return part.exponents.size() == 1 && part.exponents[0] == 2.0 ? &sqr_op : &mul_op;
}

/// The op under which rules look for a term: one for all products and one for all sums.
const Op* term_op(const Expr& core) {
  if (!core) return nullptr;
  const Op& op = core.op();
  if (&op == &div_op || &op == &inv_op) return &mul_op;
  return is_sum(op) ? &add_op : &op;
}

/// The part that is most telling: not a variable or literal, rather not an exponential.
std::size_t pick_anchor(const Pattern& pattern) {
  std::size_t best = 0;
  int best_score = -1;
  for (std::size_t i = 0; i < pattern.parts.size(); ++i) {
    const Op* op = index_op(pattern.parts[i]);
    const int score = op == nullptr ? 0 : op == &exp_op ? 1 : 2;
    if (score > best_score) {
      best = i;
      best_score = score;
    }
  }
  return best;
}

}  // namespace

// --- Indexing rules ---

RuleSet::RuleSet(std::span<const Rule> rules) {
  for (const Rule& rule : rules) {
    has_fractions = has_fractions || rule.name == "1 - x / (x + y)";
    if (rule.node != nullptr) {
      nodes[rule.anchor].push_back({&rule, {}, 0});
      continue;
    }
    if (rule.factor != nullptr) {
      factors[rule.anchor].push_back({&rule, {}, 0});
      continue;
    }
    Pattern pattern = compile(rule.left);
    if (pattern.kind == Pattern::Kind::call) {
      const Op* op = pattern.op;
      nodes[op].push_back({&rule, std::move(pattern), 0});
    } else if (pattern.kind == Pattern::Kind::sum || pattern.kind == Pattern::Kind::product) {
      const std::size_t anchor = pick_anchor(pattern);
      const Op* op = index_op(pattern.parts[anchor]);
      if (op == nullptr) throw InternalError("the rule '" + std::string(rule.name) + "' has nothing to look for");
      Index& index = pattern.kind == Pattern::Kind::sum ? terms : factors;
      const bool two_functions = pattern.kind == Pattern::Kind::sum && pattern.parts.size() == 2 &&
                                 std::all_of(pattern.parts.begin(), pattern.parts.end(), [](const Pattern& part) {
                                   return part.kind == Pattern::Kind::call && part.op != &exp_op;
                                 });
      if (two_functions) pairs[op].push_back({&rule, pattern, anchor});
      index[op].push_back({&rule, std::move(pattern), anchor});
    } else {
      throw InternalError("the rule '" + std::string(rule.name) + "' matches everything");
    }
  }
}

bool allowed(const RuleSet::Compiled& rule, const Bindings& bindings) {
  return rule.rule->guard == nullptr || rule.rule->guard(Match{bindings});
}

namespace {

class Engine {
 public:
  Engine(const RuleSet& rules, const PassLog& log) : rules_(rules), log_(log) {}

  Graph run(Graph graph) {
    for (int round = 0; round < most_rounds; ++round) {
      fired_ = false;
      graph.outputs = one_round(graph.outputs);
      if (!fired_) break;
    }
    return graph;
  }

 private:
  /// Nodes at which no rule has anything to say, in a manner: inside what, and used how often.
  struct Settled {
    NodeIndex numbers;
    std::vector<std::uint8_t> manners;
    Exprs alive;

    explicit Settled(std::size_t expected = 0) : numbers(expected) {}
    void add(const Expr& e, std::uint8_t manner) {
      if (!numbers.insert(&e.node()).second) return;
      manners.push_back(manner);
      alive.push_back(e);
    }
    bool contains(const Node* node, std::uint8_t manner) const {
      const std::uint32_t number = numbers.find(node);
      return number != NodeIndex::none && manners[number] == manner;
    }
  };

  struct Place {
    int uses = 0;
    std::uint32_t user = 0;
    // Inside a larger sum or product, whose top will look at it.
    bool inside_sum = false, inside_product = false;
    // Steps from here to the nearest node below that is new or used more or less often than before.
    std::uint8_t news = most_news;
    std::size_t first_made = 0;

    std::uint8_t manner() const {
      return static_cast<std::uint8_t>((inside_sum ? 1 : 0) + (inside_product ? 2 : 0) + (uses == 1 ? 4 : 0));
    }
  };

  static std::vector<Place> places_of(const std::vector<const Node*>& order, const NodeIndex& numbers,
                                      const Exprs& outputs) {
    std::vector<Place> places(order.size());
    for (std::size_t i = 0; i < order.size(); ++i)
      for (const Expr& e : order[i]->inputs()) {
        Place& input = places[numbers.find(&e.node())];
        ++input.uses;
        input.user = static_cast<std::uint32_t>(i);
      }
    for (const Expr& e : outputs) places[numbers.find(&e.node())].uses += 2;
    for (std::size_t i = order.size(); i-- > 0;) {
      Place& here = places[i];
      if (here.uses != 1) continue;
      const Place& above = places[here.user];
      const Op& op = order[here.user]->op();
      const bool transparent = &op == &neg_op;
      here.inside_sum = is_sum(op) || (transparent && above.inside_sum);
      here.inside_product = (is_product(op) && &op != &sqr_op) || (transparent && above.inside_product);
    }
    return places;
  }

  Exprs one_round(const Exprs& outputs) {
    const std::vector<const Node*> order = topological_order(outputs);
    const NodeIndex numbers(order);
    std::vector<Place> places = places_of(order, numbers, outputs);
    std::vector<int> uses;
    uses.reserve(order.size());
    for (const Place& place : places) uses.push_back(place.uses);
    views_ = Views(numbers, std::move(uses));
    Exprs made;  // the outputs of all nodes, one after the other
    made.reserve(order.size());
    const auto rewritten = [&](const Expr& e) -> const Expr& {
      return made[places[numbers.find(&e.node())].first_made + static_cast<std::size_t>(e.output())];
    };
    Exprs inputs;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const Node& node = *order[i];
      Place& here = places[i];
      here.first_made = made.size();
      inputs.clear();
      for (const Expr& e : node.inputs()) inputs.push_back(rewritten(e));
      if (node.types().size() == 1 && !node.inputs().empty()) {
        Expr e = inputs == node.inputs() ? Expr(node.shared_from_this(), 0) : rebuild_same(node, inputs)[0];
        const bool is_old = settled_.contains(&node, here.manner());
        here.news = is_old ? nearest_news(node, numbers, places) : 0;
        if (&e.node() != &node) views_.set_uses(&e.node(), here.uses);
        if (&e.node() != &node || here.news != most_news) e = simplified(e, !here.inside_sum, !here.inside_product);
        if (here.uses == 1 && views_.uses(&e.node()) == 2) views_.set_uses(&e.node(), 1);
        made.push_back(std::move(e));
      } else {
        Exprs same = rebuild_same(node, inputs);
        std::move(same.begin(), same.end(), std::back_inserter(made));
      }
    }
    if (fired_) settle(order, places, made);
    Exprs result;
    for (const Expr& e : outputs) result.push_back(rewritten(e));
    views_ = Views();
    return result;
  }

  /// For the next round.
  void settle(const std::vector<const Node*>& order, const std::vector<Place>& places, const Exprs& made) {
    settled_ = Settled(order.size());
    for (std::size_t i = 0; i < order.size(); ++i)
      if (order[i]->types().size() == 1 && !order[i]->inputs().empty())
        settled_.add(made[places[i].first_made], places[i].manner());
  }

  /// Rules look through sums and products as far as these go, and a few steps through other ops.
  static std::uint8_t nearest_news(const Node& node, const NodeIndex& numbers, const std::vector<Place>& places) {
    const bool transparent = is_sum(node.op()) || is_product(node.op()) || &node.op() == &neg_op;
    std::uint8_t nearest = most_news;
    for (const Expr& e : node.inputs()) nearest = std::min(nearest, places[numbers.find(&e.node())].news);
    return nearest == most_news || transparent ? nearest : static_cast<std::uint8_t>(nearest + 1);
  }

  Expr simplified(Expr e, bool top_of_sum, bool top_of_product) {
    const Type type = e.type();
    const MadeAt at(e.node().place());
    for (int step = 0; step < most_steps_at_a_node; ++step) {
      if (e.node().inputs().empty()) break;
      Expr next = by_node_rule(e);
      if (!next && top_of_product && is_product(e.op())) next = by_factor_rules(e);
      if (!next && top_of_sum && is_sum(e.op())) next = by_term_rules(e);
      if (!next || next == e) break;
      next = fitted(next, type);
      if (!next) break;
      log_.note(fired_rule_, e, next);
      fired_ = true;
      e = next;
    }
    return e;
  }

  /// A result in the type of what it replaces, absent where that cannot be.
  static Expr fitted(const Expr& e, const Type& type) {
    if (e.type() == type) return e;
    if (e.dtype() != type.dtype || e.rank() > type.rank()) return {};
    if (is_known(type.shape)) {
      try {
        if (broadcast(e.shape(), type.shape) != type.shape) return {};
        return broadcast_to(e, type.shape);
      } catch (const GraphError&) {
        return {};
      }
    }
    return {};
  }

  Expr by_node_rule(const Expr& e) {
    const auto found = rules_.nodes.find(&e.op());
    if (found == rules_.nodes.end()) return {};
    for (const RuleSet::Compiled& c : found->second) {
      fired_rule_ = c.rule->name;
      if (c.rule->node != nullptr) {
        const Expr made = c.rule->node(views_, e);
        if (made && made != e) return made;
        continue;
      }
      if (!is_floating(e.dtype())) continue;
      Bindings bindings{};
      if (match(views_, c.pattern, e, bindings, [&] { return allowed(c, bindings); }))
        return instantiate(c.rule->right, bindings, e.dtype(), e.node().place());
    }
    return {};
  }

  // --- Products ---

  Expr by_factor_rules(const Expr& e) {
    if (!is_floating(e.dtype())) return {};
    ProductView view = views_.product(e);
    if (!is_of_interest(view)) return {};
    ProductEditor product(std::move(view));
    for (std::size_t i = 0; i < product.size(); ++i)
      for (const Op* key : {op_of(product.factor(i)), static_cast<const Op*>(nullptr)})
        if (const auto found = rules_.factors.find(key); found != rules_.factors.end())
          for (const RuleSet::Compiled& c : found->second) {
            if (product.left(i) == 0) break;
            if (c.rule->factor != nullptr ? c.rule->factor(views_, product, i) : factor_pattern(c, product, i))
              fired_rule_ = c.rule->name;
          }
    return product.changed() ? product.result() : Expr();
  }

  /// Rules without an anchor are about quotients and about several literals.
  bool is_of_interest(const ProductView& view) const {
    return view.literals.size() > 1 || std::any_of(view.factors.begin(), view.factors.end(), [this](const Factor& f) {
             return f.exponent < 0 || rules_.factors.contains(op_of(f));
           });
  }

  struct Taken {
    std::size_t index;
    double exponent;
  };

  bool factor_pattern(const RuleSet::Compiled& c, ProductEditor& product, std::size_t anchor) {
    Bindings bindings{};
    std::vector<Taken> taken;
    double scale = 1.0;  // what literal multiples of matched sums leave over
    const DType dtype = product.whole().dtype();
    const std::function<bool(std::size_t)> others = [&](std::size_t k) -> bool {
      if (k == c.pattern.parts.size()) return allowed(c, bindings);
      if (k == c.anchor) return others(k + 1);
      const Pattern& part = c.pattern.parts[k];
      const bool known = part.kind == Pattern::Kind::call && part.op == &exp_op &&
                         part.parts[0].kind == Pattern::Kind::variable && bindings[part.parts[0].variable].bound;
      std::size_t tried = 0;
      for (const std::size_t j :
           known ? product.with_base(exponential_base(bindings[part.parts[0].variable].value, dtype), true)
                 : product.with_op(index_op(part))) {
        if (tried >= most_candidates) break;
        bool used = false;
        for (const Taken& t : taken) used = used || t.index == j;
        if (used || product.left(j) == 0) continue;
        if (one_factor(c.pattern.parts[k], c.pattern.exponents[k], product, j, bindings, taken, scale, tried,
                       [&] { return others(k + 1); }))
          return true;
      }
      return false;
    };
    std::size_t tried = 0;
    if (!one_factor(c.pattern.parts[c.anchor], c.pattern.exponents[c.anchor], product, anchor, bindings, taken, scale,
                    tried, [&] { return others(0); }))
      return false;
    const Expr right = instantiate(c.rule->right, bindings, product.whole().dtype(), product.whole().node().place());
    std::size_t place = anchor;
    for (const Taken& t : taken) {
      product.take(t.index, t.exponent);
      if (product.factor(t.index).position > 0) place = t.index;
    }
    product.multiply_at(place, multiply(scale / c.pattern.factor, right));
    return true;
  }

  /// Matches one factor of a pattern against factor `j` and, when the rest matches too, notes what it takes of it.
  template <class Then>
  bool one_factor(const Pattern& part, double exponent, const ProductEditor& product, std::size_t j, Bindings& bindings,
                  std::vector<Taken>& taken, double& scale, std::size_t& tried, const Then& then) {
    const Factor& f = product.factor(j);
    const auto attempt = [&](double amount, double leftover) {
      if (!product.has(j, amount)) return false;
      taken.push_back({j, amount});
      const double before = scale;
      scale *= leftover;
      if (then()) return true;
      scale = before;
      taken.pop_back();
      return false;
    };
    if (part.kind == Pattern::Kind::call && part.op == &exp_op) {
      if (!f.exponential) return false;
      ++tried;
      const Pattern& argument = part.parts[0];
      if (argument.kind == Pattern::Kind::variable && bindings[argument.variable].bound) {
        const Scaled& s = bindings[argument.variable].value;
        return exponential_base(s, f.base.dtype()) == f.base && attempt(s.factor * argument.factor * exponent, 1.0);
      }
      const Expr whole = multiply(product.left(j) / exponent, f.base);
      return match(views_, argument, whole, bindings, [&] { return attempt(product.left(j), 1.0); });
    }
    if (f.exponential || product.left(j) * exponent <= 0) return false;
    const Op* op = index_op(part);
    if (op == &add_op) {
      if (!is_sum(f.base.op())) return false;
      ++tried;
      // (c a + c b)^n = c^n (a + b)^n for a literal c.
      Pattern scaled = part;
      std::vector<double> scales{1.0, -1.0};
      const SumView view = views_.sum(f.base);
      if (view.terms.size() <= 4)
        for (const Term& t : view.terms)
          if (std::abs(t.factor) != 1.0) scales.push_back(t.factor / part.parts[0].factor);
      for (const double s : scales) {
        scaled.factor = s;
        if (match(views_, scaled, f.base, bindings, [&] { return attempt(exponent, std::pow(s, exponent)); }))
          return true;
      }
      return false;
    }
    if (op != nullptr && op != &f.base.op()) return false;
    if (op == nullptr && !product.has(j, exponent)) return false;
    ++tried;
    return match(views_, part, f.base, bindings, [&] { return attempt(exponent, 1.0); });
  }

  // --- Sums ---

  Expr by_term_rules(const Expr& e) {
    if (rules_.terms.empty() || !is_floating(e.dtype())) return {};
    const SumView view = views_.sum(e);
    std::vector<Edited> edits(view.terms.size());
    bool any = false;
    TermIndex index;
    const bool known = std::any_of(view.terms.begin(), view.terms.end(), [this](const Term& term) {
      return term.core && rules_.terms.contains(term_op(term.core));
    });
    if (known)
      for (std::size_t i = 0; i < view.terms.size(); ++i) index[term_op(view.terms[i].core)].push_back(i);
    for (std::size_t i = 0; known && i < view.terms.size(); ++i) {
      const Term& term = view.terms[i];
      if (!term.core || edits[i].touched) continue;
      const auto found = rules_.terms.find(term_op(term.core));
      if (found == rules_.terms.end()) continue;
      for (const RuleSet::Compiled& c : found->second)
        if (term_pattern(c, view, index, i, edits, e)) {
          any = true;
          fired_rule_ = c.rule->name;
          break;
        }
    }
    if (!any) any = by_common_factors(rules_, views_, view, e, edits, fired_rule_);
    return any ? rebuild_sum(view, edits) : Expr();
  }

  /// Terms by the op of their core; literals under nullptr.
  using TermIndex = std::unordered_map<const Op*, std::vector<std::size_t>>;

  bool term_pattern(const RuleSet::Compiled& c, const SumView& view, const TermIndex& index, std::size_t anchor,
                    std::vector<Edited>& edits, const Expr& whole) {
    const Pattern& first = c.pattern.parts[c.anchor];
    const double scale = view.terms[anchor].factor / first.factor;
    Bindings bindings{};
    std::vector<std::size_t> taken{anchor};
    const std::function<bool(std::size_t)> others = [&](std::size_t k) -> bool {
      if (k == c.pattern.parts.size()) return allowed(c, bindings);
      if (k == c.anchor) return others(k + 1);
      const Pattern& part = c.pattern.parts[k];
      const Op* op = index_op(part);
      if (part.kind == Pattern::Kind::variable) {
        if (!bindings[part.variable].bound || !bindings[part.variable].value.core) return false;
        op = term_op(bindings[part.variable].value.core);
      }
      const auto candidates = index.find(op);
      if (candidates == index.end()) return false;
      std::size_t tried = 0;
      for (const std::size_t j : candidates->second) {
        bool used = edits[j].touched;
        for (const std::size_t t : taken) used = used || t == j;
        if (used) continue;
        const Term& term = view.terms[j];
        if (++tried > most_candidates) break;
        taken.push_back(j);
        if (one_term(part, scale, term, bindings, [&] { return others(k + 1); })) return true;
        taken.pop_back();
      }
      return false;
    };
    if (!one_term(first, scale, view.terms[anchor], bindings, [&] { return others(0); })) return false;
    const Expr right = instantiate(c.rule->right, bindings, whole.dtype(), whole.node().place());
    for (const std::size_t t : taken) edits[t] = {true, Expr(), false};
    edits[anchor].expr = multiply(scale * view.terms[anchor].position, right);
    return true;
  }

  template <class Then>
  bool one_term(const Pattern& part, double scale, const Term& term, Bindings& bindings, const Then& then) {
    if (!term.core) return part.kind == Pattern::Kind::literal && part.factor * scale == term.factor && then();
    if (part.kind == Pattern::Kind::variable) {
      Binding& b = bindings[part.variable];
      return b.bound && b.value == Scaled{term.factor / (part.factor * scale), term.core} && then();
    }
    if (part.factor * scale != term.factor) return false;
    Pattern bare = part;
    bare.factor = 1.0;
    return match(views_, bare, term.core, bindings, then);
  }

  const RuleSet& rules_;
  const PassLog& log_;
  Views views_;
  Settled settled_;
  bool fired_ = false;
  std::string_view fired_rule_;
};

}  // namespace

Graph apply_rules(const Graph& graph, const RuleSet& rules, const PassLog& log) {
  return Engine(rules, log).run(graph);
}

}  // namespace leapgraph::symbolic
