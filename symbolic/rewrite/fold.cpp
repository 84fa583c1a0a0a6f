/// Constant folding.
#include "leapgraph/symbolic/rewrite/fold.hpp"

#include <algorithm>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {

namespace {

Exprs folded(const Node& node, const Exprs& inputs) {
  Exprs same = rebuild_same(node, inputs);
  if (inputs.empty() || node.op().effect || node.op().evaluate == nullptr) return same;
  // A stretched or reshaped literal stays one: it is written into the loops that read it.
  if (lowering_as<View>(node.op()) != nullptr && inputs[0].rank() == 0 && same[0].rank() > 0) return same;
  std::vector<Array> values;
  std::int64_t room = 1;
  for (const Expr& e : inputs) {
    auto value = constant_value(e);
    if (!value) return same;
    room += value->size();
    values.push_back(*std::move(value));
  }
  for (const Type& type : same[0].node().types())
    if (is_known(type.shape) && element_count(type.shape) > room) return same;
  std::vector<Array> results;
  try {
    results = node.op().evaluate(same[0].node(), values);
  } catch (const GraphError&) {
    return same;  // an error of the call is reported by the call
  }
  std::int64_t size = 0;
  for (const Array& result : results) size += result.size();
  if (size > room) return same;
  Exprs constants;
  for (std::size_t i = 0; i < results.size(); ++i) {
    constants.push_back(constant(results[i]));
    if (constants.back().type() != same[i].type() && is_known(same[i].shape())) return same;
  }
  return constants;
}

}  // namespace

namespace {

bool has_known_value(const Node& node) {
  return !node.inputs().empty() && std::all_of(node.inputs().begin(), node.inputs().end(), is_constant);
}

}  // namespace

Graph fold_constants(const Graph& graph, const PassLog& log) {
  if (!any_node(graph, [](const Node& node) { return has_known_value(node); })) return graph;
  return {graph.inputs, rebuild_noted(graph.outputs, "constants", log, folded)};
}

}  // namespace leapgraph::symbolic
