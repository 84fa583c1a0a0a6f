/// Replays the log of a rewriting on single expressions, and tells what it finds.
#include "leapgraph/symbolic/why.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/places.hpp"
#include "leapgraph/symbolic/print.hpp"
#include "leapgraph/symbolic/print/text.hpp"
#include "leapgraph/symbolic/rewrite/passes.hpp"
#include "leapgraph/symbolic/rewrite/specialize.hpp"

namespace leapgraph::symbolic {

namespace {

constexpr std::size_t longest_formula = 160;
constexpr int most_rounds = 24;  // as rules are applied
constexpr int most_steps = 64;   // at one node in one round

/// What one run of one pass did, by what it was done to.
struct PassRun {
  std::string_view pass;
  struct Change {
    std::string_view rule;
    Expr after;
  };
  std::unordered_map<Expr, Change, ExprHash> changes;
};

/// Every node of a graph and, however deep, of its bodies, as expressions.
Exprs all_expressions(const Graph& graph) {
  Exprs found;
  std::unordered_set<const Node*> seen;
  std::vector<const Graph*> open{&graph};
  while (!open.empty()) {
    const Graph* next = open.back();
    open.pop_back();
    for (const Node* node : listed_nodes(*next)) {
      if (!seen.insert(node).second) continue;
      for (const Expr& e : outputs_of(*node)) found.push_back(e);
      for (const auto& [name, body] : bodies_of(*node)) open.push_back(body.get());
    }
  }
  return found;
}

/// `exprs` after a run of a pass. `visit`, if given, gets every change that is made on the way.
Exprs replayed(const PassRun& run, Exprs exprs, const std::function<void(const Expr&, const PassRun::Change&)>& visit) {
  for (int round = 0; round < most_rounds; ++round) {
    Exprs next = rebuild(exprs, [&](const Node& node, const Exprs& inputs) {
      Exprs made = rebuild_same(node, inputs);
      for (Expr& e : made)
        for (int step = 0; step < most_steps; ++step) {
          const auto found = run.changes.find(e);
          if (found == run.changes.end() || found->second.after == e) break;
          if (visit) visit(e, found->second);
          e = found->second.after;
        }
      return made;
    });
    if (next == exprs) break;
    exprs = std::move(next);
  }
  return exprs;
}

std::string formula(const Expr& e) { return pp(e, longest_formula); }

}  // namespace

struct Explanation::State {
  Graph original, rewritten;
  std::vector<Firing> log;
  std::vector<PassRun> runs;
  std::unordered_map<Expr, Expr, ExprHash> images;     // of the original's expressions
  std::unordered_map<Expr, Exprs, ExprHash> origins;   // of what any of them was at some time, in order
  std::unordered_map<const Node*, std::size_t> maker;  // the last firing that made a node
  std::unordered_set<const Node*> needed;
};

Explanation::Explanation(const Graph& graph, std::span<const Shape> shapes) {
  const auto state = std::make_shared<State>();
  state->original = shapes.empty() ? graph : specialize(graph, shapes);
  RewriteOptions options;
  options.log = &state->log;
  state->rewritten = rewrite(state->original, options);

  for (const Firing& f : state->log) {
    if (state->runs.empty() || state->runs.back().pass != f.pass) state->runs.push_back({f.pass, {}});
    state->runs.back().changes.emplace(f.before, PassRun::Change{f.rule, f.after});
  }
  const auto remember = [&](const Expr& then, const Expr& written) {
    Exprs& known = state->origins[then];
    if (known.empty() || known.back() != written) known.push_back(written);
  };
  const Exprs written = all_expressions(state->original);
  Exprs now = written;
  for (const Expr& e : written) remember(e, e);
  for (const PassRun& run : state->runs) {
    now = replayed(run, std::move(now), nullptr);
    for (std::size_t i = 0; i < now.size(); ++i) remember(now[i], written[i]);
  }
  for (std::size_t i = 0; i < now.size(); ++i) state->images.emplace(written[i], now[i]);
  // A rule makes what its right side has and its left side had not.
  for (std::size_t k = 0; k < state->log.size(); ++k) {
    const Firing& f = state->log[k];
    std::unordered_set<const Node*> seen{&f.before.node()};
    for (const Expr& e : f.before.node().inputs()) seen.insert(&e.node());
    std::vector<const Node*> open{&f.after.node()};
    for (std::size_t budget = 200; !open.empty() && budget > 0; --budget) {
      const Node* node = open.back();
      open.pop_back();
      if (!seen.insert(node).second || state->origins.contains(Expr(node->shared_from_this(), 0))) continue;
      state->maker[node] = k;
      for (const Expr& e : node->inputs()) open.push_back(&e.node());
    }
  }
  for (const Expr& e : all_expressions(state->rewritten)) state->needed.insert(&e.node());
  state_ = state;
}

const Graph& Explanation::original() const { return state_->original; }
const Graph& Explanation::rewritten() const { return state_->rewritten; }

Expr Explanation::image(const Expr& written) const {
  const auto found = state_->images.find(written);
  return found == state_->images.end() ? Expr() : found->second;
}

bool Explanation::is_needed(const Expr& image) const { return image && state_->needed.contains(&image.node()); }

std::vector<RewriteStep> Explanation::steps(const Expr& written) const {
  std::vector<RewriteStep> all;
  Exprs now{written};
  for (const PassRun& run : state_->runs) {
    const Expr start = now[0];
    std::vector<RewriteStep> here;
    now = replayed(run, std::move(now), [&](const Expr& before, const PassRun::Change& change) {
      here.push_back({std::string(run.pass), std::string(change.rule), before, change.after});
    });
    // Of what happened to its parts, only what is left of it in the end.
    if (now[0] == start) continue;
    Expr wanted = now[0];
    std::vector<RewriteStep> chain;
    for (auto step = here.rbegin(); step != here.rend(); ++step)
      if (step->after == wanted) {
        wanted = step->before;
        chain.push_back(std::move(*step));
      }
    all.insert(all.end(), std::make_move_iterator(chain.rbegin()), std::make_move_iterator(chain.rend()));
  }
  return all;
}

Exprs Explanation::origins(const Expr& e) const {
  if (const auto found = state_->origins.find(e); found != state_->origins.end()) return found->second;
  Expr now = e;
  for (std::size_t hops = 0; hops < state_->log.size() + 1; ++hops) {
    const auto made = state_->maker.find(&now.node());
    if (made == state_->maker.end()) return {};
    now = state_->log[made->second].before;
    if (const auto found = state_->origins.find(now); found != state_->origins.end()) return found->second;
  }
  return {};
}

namespace {

std::string written_text(const Expr& e) {
  const std::source_location& place = e.node().place();
  return fmt::format("{}{}", formula(e), is_own(place) ? "" : ", written at " + to_string(place));
}

/// What was done to the parts of an expression.
std::vector<RewriteStep> changes_below(const std::vector<PassRun>& runs, const Expr& written) {
  std::vector<RewriteStep> all;
  Exprs now{written};
  for (const PassRun& run : runs)
    now = replayed(run, std::move(now), [&](const Expr& before, const PassRun::Change& change) {
      all.push_back({std::string(run.pass), std::string(change.rule), before, change.after});
    });
  return all;
}

std::string step_text(const RewriteStep& step) {
  return fmt::format("  {}, '{}': {} -> {}\n", step.pass, step.rule, formula(step.before), formula(step.after));
}

}  // namespace

std::string Explanation::of(const Expr& e) const {
  const State& s = *state_;
  std::string text;
  const auto history = [&](const Expr& written) {
    text += written_text(written) + "\n";
    const std::vector<RewriteStep> own = steps(written);
    for (const RewriteStep& step : own) text += step_text(step);
    if (!own.empty()) return;
    constexpr std::size_t most_below = 12;
    const std::vector<RewriteStep> below = changes_below(s.runs, written);
    for (std::size_t i = 0; i < below.size() && i < most_below; ++i)
      text += "  below it:" + step_text(below[i]).substr(1);
    if (below.size() > most_below) text += fmt::format("  below it: {} more\n", below.size() - most_below);
  };
  if (const auto found = s.images.find(e); found != s.images.end()) {
    const Expr& now = found->second;
    history(e);
    if (is_constant(now) && !is_constant(e)) return text + fmt::format("  is the constant {}\n", formula(now));
    if (is_needed(now))
      return text + (now == e ? "  is unchanged in the rewritten graph\n"
                              : fmt::format("  is {} in the rewritten graph\n", formula(now)));
    // What needed it became something that does not.
    text += "  is not in the rewritten graph";
    std::size_t listed = 0;
    for (const auto& [user, image] : s.images) {
      const Exprs& inputs = user.node().inputs();
      if (std::find(inputs.begin(), inputs.end(), e) == inputs.end() || !is_needed(image)) continue;
      text += fmt::format("{}{} became {}", listed++ == 0 ? ": " : "; ", formula(user), formula(image));
      if (listed == 3) break;
    }
    return text + (listed == 0 ? ": nothing that is left needs it\n" : "\n");
  }
  text += formula(e);
  if (!is_needed(e) && !s.maker.contains(&e.node()) && !s.origins.contains(e))
    return text + " is in neither the graph nor the rewritten graph\n";
  text += is_needed(e) ? ", in the rewritten graph\n" : ", on the way to the rewritten graph\n";
  // Back to something that was an expression of the user's at some time, by the rules that made the parts.
  Expr now = e;
  for (std::size_t hops = 0; hops < s.log.size() + 1 && !s.origins.contains(now); ++hops) {
    const auto made = s.maker.find(&now.node());
    if (made == s.maker.end()) break;
    const Firing& f = s.log[made->second];
    text += fmt::format("  made by {}, '{}': {} -> {}\n", f.pass, f.rule, formula(f.before), formula(f.after));
    now = f.before;
  }
  const Exprs from = origins(e);
  if (from.empty()) {
    const std::source_location& place = e.node().place();
    return text + (is_own(place) ? "" : fmt::format("  for what was written at {}\n", to_string(place)));
  }
  constexpr std::size_t most = 3;
  for (std::size_t i = 0; i < from.size() && i < most; ++i) {
    text += i == 0 ? "from " : "and from ";
    history(from[i]);
  }
  if (from.size() > most) text += fmt::format("and from {} more\n", from.size() - most);
  return text;
}

std::string why(const Graph& graph, const Expr& e) { return Explanation(graph).of(e); }

std::string why(const Graph& graph, std::size_t output) {
  if (output >= graph.outputs.size())
    throw IndexError(fmt::format("why: output {} of {}", output, graph.outputs.size()));
  return why(graph, graph.outputs[output]);
}

}  // namespace leapgraph::symbolic
