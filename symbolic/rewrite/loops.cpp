/// Drives the passes over scans, and says what holds back those that are left.
#include "leapgraph/symbolic/rewrite/loops.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/rewrite/loop_buffers.hpp"
#include "leapgraph/symbolic/rewrite/loop_fusion.hpp"
#include "leapgraph/symbolic/rewrite/loop_parts.hpp"
#include "leapgraph/symbolic/rewrite/loop_whole.hpp"

namespace leapgraph::symbolic {

namespace {

bool is_scan(const Node& node) { return lowering_as<Loop>(node.op()) != nullptr; }

/// Whether passes know all that is to be known about the node.
bool is_understood(const Node& scan) {
  constexpr std::string_view known[] = {"body",      "carries",  "sequences",         "length", "until",
                                        "must_stop", "capacity", "truncate_gradient", "storage"};
  const auto& entries = scan.attributes().entries();
  return std::all_of(entries.begin(), entries.end(), [&](const auto& entry) {
    return std::find(std::begin(known), std::end(known), entry.first) != std::end(known);
  });
}

bool acts(const LoopParts& loop) {
  const auto nodes = loop.body_nodes();
  return std::any_of(nodes.begin(), nodes.end(), [](const Node* node) { return node->op().effect; });
}

void simplify(LoopParts& loop) {
  tidy(loop);
  if (!loop.is_definite() || acts(loop)) return;
  if (loop.length <= 1) {
    unroll(loop);
    return;
  }
  for (bool changed = true; changed;) {
    changed = compute_outputs_whole(loop);
    changed |= make_rows_known(loop);
    changed |= read_initial_rows(loop);
    changed |= replace_taps(loop);
    changed |= reduce_accumulations(loop);
    changed |= replace_lags(loop);
    if (changed) tidy(loop);
  }
  if (unroll(loop) || loop.carries.empty()) return;
  if (emit_rows(loop)) tidy(loop);
  if (compute_before(loop)) tidy(loop);
  if (compute_after(loop)) tidy(loop);
}

/// Of every scan, which of its outputs are read.
std::unordered_map<const Node*, std::vector<bool>> outputs_read(const std::vector<const Node*>& order,
                                                                const Exprs& outputs) {
  std::unordered_map<const Node*, std::vector<bool>> read;
  const auto note = [&read](const Expr& e) {
    if (!is_scan(e.node())) return;
    std::vector<bool>& bits = read[&e.node()];
    bits.resize(e.node().types().size(), false);
    bits[static_cast<std::size_t>(e.output())] = true;
  };
  for (const Node* node : order)
    for (const Expr& e : node->inputs()) note(e);
  for (const Expr& e : outputs) note(e);
  return read;
}

Graph simplify_each(const Graph& graph, const std::vector<const Node*>& order, const PassLog& log) {
  const auto read = outputs_read(order, graph.outputs);
  return {graph.inputs, rebuild_noted(graph.outputs, "what a scan need not do step by step", log,
                                      [&read](const Node& node, const Exprs& inputs) {
                                        Exprs same = rebuild_same(node, inputs);
                                        if (!is_scan(node) || !is_understood(node)) return same;
                                        LoopParts loop(same[0].node(), read.at(&node));
                                        simplify(loop);
                                        Exprs values = loop.close();
                                        // Nobody reads the others.
                                        for (std::size_t i = 0; i < values.size(); ++i)
                                          if (!values[i]) values[i] = same[i];
                                        return values;
                                      })};
}

}  // namespace

Graph rewrite_loops(const Graph& graph, const PassLog& log) {
  Graph result = graph;
  // What one scan no longer reads, another need not compute: a few rounds settle it.
  for (int round = 0; round < 16; ++round) {
    const std::vector<const Node*> order = topological_order(result.outputs);
    if (std::none_of(order.begin(), order.end(), [](const Node* node) { return is_scan(*node); })) break;
    Graph next = simplify_each(result, order, log);
    if (next.outputs == result.outputs) {
      next = fuse_two_loops(result, log);
      if (next.outputs == result.outputs) break;
    }
    result = std::move(next);
  }
  return result;
}

namespace {

std::string reason(const Node& scan) {
  if (!is_understood(scan)) return "it has a form of its own";
  LoopParts loop(scan, std::vector<bool>(scan.types().size(), true));
  simplify(loop);
  if (const std::string obstacle = loop.obstacle(); !obstacle.empty()) return obstacle;
  if (acts(loop)) return "it has effects";
  if (const std::string circle = feedback(loop); !circle.empty()) return circle;
  return loop.refusal.empty() ? "nothing would be gained" : loop.refusal;
}

void explain(const Graph& graph, std::unordered_set<const Node*>& seen, std::string& text) {
  for (const Node* node : topological_order(graph.outputs)) {
    if (!seen.insert(node).second) continue;
    for (const auto& [name, value] : node->attributes().entries())
      if (const Body* body = std::get_if<Body>(&value)) explain(**body, seen, text);
    if (!is_scan(*node)) continue;
    const std::string_view file = node->place().file_name();
    text += fmt::format("scan at {}:{}: stays a loop: {}\n", file.substr(file.rfind('/') + 1), node->place().line(),
                        reason(*node));
  }
}

}  // namespace

std::string explain_loops(const Graph& graph) {
  std::string text;
  std::unordered_set<const Node*> seen;
  explain(graph, seen, text);
  return text;
}

}  // namespace leapgraph::symbolic
