/// The list of passes, a reason beside each.
#include "leapgraph/symbolic/rewrite/passes.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/rewrite/engine.hpp"
#include "leapgraph/symbolic/rewrite/fold.hpp"
#include "leapgraph/symbolic/rewrite/gathers.hpp"
#include "leapgraph/symbolic/rewrite/hidden_constants.hpp"
#include "leapgraph/symbolic/rewrite/loops.hpp"
#include "leapgraph/symbolic/rewrite/matrices.hpp"
#include "leapgraph/symbolic/rewrite/merge.hpp"
#include "leapgraph/symbolic/rewrite/rules.hpp"
#include "leapgraph/symbolic/rewrite/windows.hpp"

namespace leapgraph::symbolic {

namespace {

std::vector<Rule> together(std::initializer_list<std::span<const Rule>> tables) {
  std::vector<Rule> all;
  for (const std::span<const Rule> table : tables) all.insert(all.end(), table.begin(), table.end());
  return all;
}

Graph canonical(const Graph& graph, const PassLog& log) {
  static const RuleSet rules(canonical_rules());
  return apply_rules(merge_commuted(graph, log), rules, log);
}

Graph stability(const Graph& graph, const PassLog& log) {
  static const std::vector<Rule> table = together({canonical_rules(), stability_rules()});
  static const RuleSet rules(table);
  return apply_rules(graph, rules, log);
}

Graph closing(const Graph& graph, const PassLog& log) {
  static const std::vector<Rule> table =
      together({canonical_rules(), stability_rules(), closing_rules(), factor_rules()});
  static const RuleSet rules(table);
  return apply_rules(graph, rules, log);
}

Graph roots(const Graph& graph, const PassLog& log) {
  static const RuleSet rules(root_rules());
  return apply_rules(graph, rules, log);
}

bool is_abstract(const Node& node) { return node.op().concrete != nullptr; }
bool is_gather(const Node& node) { return &node.op() == &gather_op || &node.op() == &scatter_add_op; }
bool is_root(const Node& node) { return &node.op() == &sqrt_op; }
bool is_window(const Node& node) { return &node.op() == &pad_slice_op; }
bool is_of_constants(const Node& node) {
  return !node.inputs().empty() && std::all_of(node.inputs().begin(), node.inputs().end(), is_constant);
}

constexpr std::array<Pass, 15> passes{{
    {"canonical", "one spelling of everything, so that the rules after it need to know one", canonical},
    {"loops", "with bodies in canonical form, and before the rules: whole-array code is for them to see", rewrite_loops,
     has_body, true},
    {"matrices", "while determinants and inverses are one node each: before they are made of factors",
     simplify_matrices},
    {"stability", "before constants are folded: log(1 + exp(800)) must still be seen as what it is", stability},
    {"fold", "constants, now that the rules have seen them", fold_constants, is_of_constants},
    {"lower", "logsumexp and softmax, which no rule needs to see as one any more", lower_abstract, is_abstract},
    {"gathers", "by constant indices as views, for the rules that follow know those", simplify_gathers, is_gather,
     true},
    {"tables", "work on tables, where the closing rules can simplify it; exponentials stay in their sight",
     hoist_but_exponentials, is_gather, true},
    {"closing", "what hides exponentials from the stability rules, and what lowering and folding opened up", closing},
    {"roots", "of x^2 + c, whose form for large x would hide them from the closing rules", roots, is_root},
    {"lower again", "what the closing rules recognised as a logsumexp", lower_abstract, is_abstract},
    {"fold again", "constants that the closing rules left", fold_constants, is_of_constants},
    {"tables again", "exponentials too, now that no rule looks for them any more", hoist_all_through_gathers, is_gather,
     true},
    {"merge", "what has become equal up to the order of arguments", merge_commuted, nullptr, true},
    {"windows", "last: the gradients of parts of a vector meet as a sum of padded slices only when all is simplified",
     join_windows, is_window, true},
}};

}  // namespace

std::span<const Pass> all_passes() { return passes; }

namespace {

bool divides_by_inverse(const Expr& e) {
  const Op& op = e.op();
  return (&op == &inv_op && &e.node().input(0).op() == &inv_op) ||
         (&op == &div_op && &e.node().input(1).op() == &inv_op);
}

}  // namespace

std::optional<Graph> stable_form(const Graph& graph) {
  std::vector<Firing> simplified, fired;
  Graph result = stability(canonical(graph, {"before the gradient", &simplified}), {"before the gradient", &fired});
  // The one exact simplification without which derivatives may leave the range: 1 / (1 / x).
  const bool inverts = std::any_of(simplified.begin(), simplified.end(),
                                   [](const Firing& firing) { return divides_by_inverse(firing.before); });
  return fired.empty() && !inverts ? std::nullopt : std::optional(std::move(result));
}

namespace {

/// What one walk tells: whether there are bodies, and which passes have something to look for.
struct Contents {
  bool bodies = false;
  std::array<bool, passes.size()> wanted{};
};

Contents contents_of(const Graph& graph) {
  Contents contents;
  for (const Node* node : topological_order(graph.outputs)) {
    contents.bodies = contents.bodies || has_body(*node);
    for (std::size_t i = 0; i < passes.size(); ++i)
      contents.wanted[i] = contents.wanted[i] || passes[i].looks_for == nullptr || passes[i].looks_for(*node);
  }
  return contents;
}

}  // namespace

Graph rewrite(const Graph& graph, const RewriteOptions& options) {
  Graph result = graph;
  Contents contents = contents_of(result);
  Substitution hidden;
  if (any_node(result, is_of_constants)) {
    result = with_constants_hidden(result, hidden, {"constants", options.log});
    contents = contents_of(result);
  }
  // What the rules simplify in a body may set a loop free: then all is done once more.
  for (int round = 0; round < 4; ++round) {
    for (std::size_t i = 0; i < passes.size(); ++i) {
      const PassLog log{passes[i].name, options.log};
      if (passes[i].name == "fold again" && !hidden.empty()) {
        result = with_constants_shown(result, hidden, {"constants shown", options.log});
        hidden.clear();
        contents = contents_of(result);
      }
      const auto run = [&](const Graph& g) { return passes[i].run(g, log); };
      if ((contents.bodies || contents.wanted[i]) && (options.speed || !passes[i].for_speed)) {
        Graph next = contents.bodies ? with_bodies(result, run, log) : run(result);
        const bool changed = next.outputs != result.outputs;
        result = std::move(next);
        if (changed) contents = contents_of(result);
      }
      if (options.observer)
        options.observer(passes[i].name, hidden.empty() ? result : with_constants_shown(result, hidden));
    }
    if (!contents.bodies || !options.speed) break;
    const auto loops = [](const Graph& g) { return rewrite_loops(g); };
    if (with_bodies(result, loops).outputs == result.outputs) break;
  }
  return result;
}

}  // namespace leapgraph::symbolic
