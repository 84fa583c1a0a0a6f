/// Finds the contractions that are large products.
#include "leapgraph/symbolic/rewrite/blocked_products.hpp"

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/blocked_product.hpp"

namespace leapgraph::symbolic {

Graph block_products(const Graph& graph, const PassLog& log) {
  if (!any_node(graph, [](const Node& node) { return &node.op() == &contract_op && as_blocked_product(node); }))
    return graph;
  return {graph.inputs, rebuild_noted(graph.outputs, "a product of large matrices is done in blocks", log,
                                      [](const Node& node, const Exprs& inputs) {
                                        Exprs same = rebuild_same(node, inputs);
                                        if (&node.op() != &contract_op) return same;
                                        const std::optional<Expr> product = as_blocked_product(same[0].node());
                                        return product ? Exprs{*product} : same;
                                      })};
}

}  // namespace leapgraph::symbolic
