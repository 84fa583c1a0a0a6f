/// Common subexpressions up to the order of arguments.
#include "leapgraph/symbolic/rewrite/merge.hpp"

#include <algorithm>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/node_index.hpp"

namespace leapgraph::symbolic {

namespace {

/// Ops whose result does not depend on the order to the last bit. (max and min of 0 and -0 do.)
bool commutes(const Op& op) {
  for (const Op* known : {&add_op, &mul_op, &eq_op, &neq_op, &logical_and_op, &logical_or_op})
    if (&op == known) return true;
  return false;
}

struct Pair {
  const Op* op;
  Expr a, b;
  bool operator==(const Pair&) const = default;
};
struct PairHash {
  std::size_t operator()(const Pair& p) const {
    return std::hash<const void*>()(p.op) + 31 * ExprHash()(p.a) + 961 * ExprHash()(p.b);
  }
};

/// Whether two nodes may have the same inputs in different order: most graphs have none, which sorting tells sooner.
bool may_repeat(const Graph& graph) {
  const std::vector<const Node*> order = topological_order(graph.outputs);
  const NodeIndex numbers(order);
  std::vector<std::uint64_t> pairs;
  for (const Node* node : order) {
    if (!commutes(node->op())) continue;
    const std::uint64_t a = numbers.find(&node->input(0).node()), b = numbers.find(&node->input(1).node());
    pairs.push_back((std::min(a, b) << 32U | std::max(a, b)) ^ std::hash<const Op*>()(&node->op()));
  }
  std::sort(pairs.begin(), pairs.end());
  return std::adjacent_find(pairs.begin(), pairs.end()) != pairs.end();
}

}  // namespace

Graph merge_commuted(const Graph& graph, const PassLog& log) {
  if (!may_repeat(graph)) return graph;
  std::unordered_map<Pair, Expr, PairHash> seen;
  return {graph.inputs,
          rebuild_noted(graph.outputs, "equal up to the order of arguments", log,
                        [&seen](const Node& node, const Exprs& inputs) {
                          if (!commutes(node.op()) || inputs[0] == inputs[1]) return rebuild_same(node, inputs);
                          if (const auto found = seen.find({&node.op(), inputs[1], inputs[0]}); found != seen.end())
                            return Exprs{found->second};
                          Exprs same = rebuild_same(node, inputs);
                          seen.emplace(Pair{&node.op(), inputs[0], inputs[1]}, same[0]);
                          return same;
                        })};
}

}  // namespace leapgraph::symbolic
