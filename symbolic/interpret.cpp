/// Evaluates a graph node by node and drops values after their last use.
#include "leapgraph/symbolic/interpret.hpp"

#include <fmt/format.h>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {

void require_fitting(const Expr& variable, const Array& argument) {
  const Type &wanted = variable.type(), &got = argument.type();
  bool fits = wanted.dtype == got.dtype && wanted.rank() == got.rank();
  for (std::size_t axis = 0; fits && axis < wanted.shape.size(); ++axis)
    fits = wanted.shape[axis] == unknown || wanted.shape[axis] == got.shape[axis];
  if (!fits)
    throw GraphError(
        fmt::format("the argument for '{}' must be {}, got {}", name_of(variable), to_string(wanted), to_string(got)));
}

std::vector<Array> interpret(const Graph& graph, std::span<const Array> arguments) {
  if (arguments.size() != graph.inputs.size())
    throw GraphError(fmt::format("the function takes {} arguments, got {}", graph.inputs.size(), arguments.size()));
  const std::vector<const Node*> order = topological_order(graph.outputs);
  std::unordered_map<const Node*, std::size_t> uses;
  for (const Node* node : order)
    for (const Expr& e : node->inputs()) ++uses[&e.node()];
  for (const Expr& e : graph.outputs) ++uses[&e.node()];

  std::unordered_map<const Node*, std::vector<Array>> values;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    require_fitting(graph.inputs[i], arguments[i]);
    values[&graph.inputs[i].node()] = {arguments[i]};
  }
  for (const Node* node : order) {
    if (values.contains(node)) continue;
    if (node->op().evaluate == nullptr) {
      const Expr output = outputs_of(*node)[0];
      throw GraphError(fmt::format("the value of '{}' is not given",
                                   is_input(output) ? name_of(output) : std::string(node->op().name)));
    }
    std::vector<Array> inputs;
    for (const Expr& e : node->inputs()) inputs.push_back(values.at(&e.node())[static_cast<std::size_t>(e.output())]);
    // The last user gets the only copy, so that it may write in place.
    for (const Expr& e : node->inputs())
      if (--uses[&e.node()] == 0) values.erase(&e.node());
    values[node] = node->op().evaluate(*node, inputs);
  }
  std::vector<Array> outputs;
  for (const Expr& e : graph.outputs) outputs.push_back(values.at(&e.node())[static_cast<std::size_t>(e.output())]);
  return outputs;
}

}  // namespace leapgraph::symbolic
