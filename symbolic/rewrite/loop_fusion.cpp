/// Finds pairs of scans that do not depend on each other and share work.
#include "leapgraph/symbolic/rewrite/loop_fusion.hpp"

#include <algorithm>
#include <unordered_set>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/rewrite/loop_parts.hpp"

namespace leapgraph::symbolic {

namespace {

/// Beyond so many scans in one graph they are left apart: the search looks at pairs.
constexpr std::size_t most_scans = 128;
/// A body that grows beyond this is more than the processor's registers hold in any case.
constexpr std::size_t most_body_nodes = 2000;

/// The scans of a graph, and of each which of them it depends on.
struct Scans {
  std::vector<const Node*> nodes;
  std::vector<std::vector<bool>> depends;

  explicit Scans(const Graph& graph) {
    const std::vector<const Node*> order = topological_order(graph.outputs);
    for (const Node* node : order)
      if (lowering_as<Loop>(node->op()) != nullptr) nodes.push_back(node);
    if (nodes.size() < 2 || nodes.size() > most_scans) return;
    std::unordered_map<const Node*, std::vector<bool>> below;
    for (const Node* node : order) {
      std::vector<bool> bits(nodes.size(), false);
      for (const Expr& e : node->inputs())
        for (std::size_t k = 0; k < bits.size(); ++k) bits[k] = bits[k] || below.at(&e.node())[k];
      if (lowering_as<Loop>(node->op()) != nullptr) {
        depends.push_back(bits);
        bits[depends.size() - 1] = true;
      }
      below.emplace(node, std::move(bits));
    }
  }
};

/// The attributes beside those that describe the body.
bool have_equal_manner(const Node& a, const Node& b) {
  const auto manner = [](const Node& node) {
    std::vector<std::pair<std::string_view, Attribute>> rest;
    for (const auto& entry : node.attributes().entries())
      if (entry.first != "body" && entry.first != "carries" && entry.first != "sequences") rest.push_back(entry);
    return rest;
  };
  const auto x = manner(a), y = manner(b);
  if (x.size() != y.size()) return false;
  Attributes left, right;
  for (const auto& [name, value] : x) left = left.with(name, value);
  for (const auto& [name, value] : y) right = right.with(name, value);
  return left == right;
}

std::size_t body_size(const Node& scan) { return topological_order(scan.get<Body>("body")->outputs).size(); }

bool share_an_argument(const Node& a, const Node& b) {
  const std::unordered_set<Expr, ExprHash> of_a(a.inputs().begin() + 1, a.inputs().end());
  return std::any_of(b.inputs().begin() + 1, b.inputs().end(), [&of_a](const Expr& e) { return of_a.contains(e); });
}

/// The two as one, where they share carries or sequences.
std::optional<LoopParts> fused(const LoopParts& a, const LoopParts& b) {
  LoopParts all = joined(a, b);
  const std::size_t carries = all.carries.size(), sequences = all.sequences.size();
  while (merge_equal(all)) {
  }
  const bool shares = all.carries.size() < carries || all.sequences.size() < sequences;
  return shares ? std::optional(std::move(all)) : std::nullopt;
}

}  // namespace

Graph fuse_two_loops(const Graph& graph, const PassLog& log) {
  const Scans scans(graph);
  if (scans.depends.empty()) return graph;
  for (std::size_t j = 1; j < scans.nodes.size(); ++j)
    for (std::size_t i = 0; i < j; ++i) {
      const Node &a = *scans.nodes[i], &b = *scans.nodes[j];
      if (scans.depends[j][i] || a.input(0) != b.input(0) || a.attributes().has("until") || !have_equal_manner(a, b) ||
          !share_an_argument(a, b) || body_size(a) + body_size(b) > most_body_nodes)
        continue;
      const auto all_read = [](const Node& node) { return std::vector<bool>(node.types().size(), true); };
      const auto both = fused(LoopParts(a, all_read(a)), LoopParts(b, all_read(b)));
      if (!both) continue;
      const MadeAt at(b.place());
      const Exprs values = both->close();
      Substitution replaced;
      std::size_t next = 0;
      for (const Node* node : {&a, &b})
        for (const Expr& old : outputs_of(*node)) {
          log.note("scans of the same steps as one", old, values[next]);
          replaced.emplace(old, values[next++]);
        }
      return {graph.inputs, substitute(graph.outputs, replaced)};
    }
  return graph;
}

}  // namespace leapgraph::symbolic
