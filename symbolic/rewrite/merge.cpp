/// Common subexpressions up to the order of arguments.
#include "leapgraph/symbolic/rewrite/merge.hpp"

#include "leapgraph/symbolic/ops/all_ops.hpp"

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

}  // namespace

Graph merge_commuted(const Graph& graph, const PassLog& log) {
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
