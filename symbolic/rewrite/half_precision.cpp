/// Puts conversions around what computes with float16.
#include "leapgraph/symbolic/rewrite/half_precision.hpp"

#include <algorithm>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/rewrite/specialize.hpp"

namespace leapgraph::symbolic {

namespace {

bool is_half(const Type& type) { return type.dtype == DType::float16; }

/// Whether the op takes float16 as it is: it does no arithmetic, or has a body, which is looked at by itself.
bool keeps_elements(const Op& op) {
  if (const auto* scatter = lowering_as<Scatter>(op))
    return scatter->kind == ScatterKind::window || scatter->kind == ScatterKind::set_rows;
  return lowering_as<View>(op) != nullptr || lowering_as<Gather>(op) != nullptr || lowering_as<Loop>(op) != nullptr ||
         lowering_as<Call>(op) != nullptr || lowering_as<Branch>(op) != nullptr || &op == &where_op || &op == &cast_op;
}

Exprs widened(const Node& node, const Exprs& inputs) {
  const bool takes_half = std::any_of(inputs.begin(), inputs.end(), [](const Expr& e) { return is_half(e.type()); });
  if (!takes_half || keeps_elements(node.op())) return rebuild_same(node, inputs);
  Exprs wide;
  for (const Expr& e : inputs) wide.push_back(is_half(e.type()) ? cast(e, DType::float32) : e);
  Exprs outputs = outputs_of(*make_node(node.op(), std::move(wide), node.attributes(), node.place()));
  for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i] = cast(outputs[i], node.types()[i].dtype);
  return outputs;
}

}  // namespace

Graph with_half_as_storage(const Graph& graph) {
  return with_bodies(graph, [](const Graph& g) {
    const std::vector<const Node*> order = topological_order(g.outputs);
    const bool any = std::any_of(order.begin(), order.end(), [](const Node* node) {
      return std::any_of(node->types().begin(), node->types().end(), is_half);
    });
    return any ? Graph{g.inputs, rebuild(g.outputs, widened)} : g;
  });
}

}  // namespace leapgraph::symbolic
