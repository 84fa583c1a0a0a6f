/// Replaces complex tensors by pairs: since arithmetic is on parts already, only what makes them and takes them apart.
#include "leapgraph/symbolic/rewrite/complex_pairs.hpp"

#include <algorithm>
#include <unordered_set>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/rewrite/specialize.hpp"

namespace leapgraph::symbolic {

namespace {

Type paired(const Type& type) {
  if (!is_complex(type.dtype)) return type;
  Type pairs{part_of(type.dtype), type.shape};
  pairs.shape.push_back(2);
  return pairs;
}

class Pairing {
 public:
  Exprs run(std::span<const Expr> outputs, const Substitution& inputs) {
    return rebuild(outputs,
                   [&](const Node& node, const Exprs& arguments) { return replaced(node, arguments, inputs); });
  }

 private:
  Exprs replaced(const Node& node, const Exprs& arguments, const Substitution& inputs) {
    if (&node.op() == &complex_op) {
      const Shape& shape = node.types()[0].shape;
      return {stack({broadcast_to(arguments[0], shape), broadcast_to(arguments[1], shape)}, node.types()[0].rank())};
    }
    if (&node.op() == &real_op) return {at(arguments[0], 0, -1)};
    if (&node.op() == &imag_op) return {at(arguments[0], 1, -1)};
    if (&node.op() == &data_op && is_complex(node.types()[0].dtype))
      return {constant(node.get<Array>("value").as_pairs())};
    if (node.inputs().empty()) {
      const Exprs same = outputs_of(node);
      const auto found = inputs.find(same[0]);
      return found == inputs.end() ? same : Exprs{found->second};
    }
    const std::vector<Type> types = parameter_types(node, arguments);
    if (types.empty()) return rebuild_same(node, arguments);
    Attributes attributes = node.attributes();
    for (const auto& [name, value] : node.attributes().entries())
      if (const Body* body = std::get_if<Body>(&value))
        if ((*body)->inputs.size() == types.size()) attributes = attributes.with(name, of_body(*body, types));
    return outputs_of(*make_node(node.op(), arguments, std::move(attributes), node.place()));
  }

  /// A body that is carried by several nodes stays one body.
  Body of_body(const Body& body, const std::vector<Type>& types) {
    const auto known = std::find_if(done_.begin(), done_.end(), [&](const auto& pair) { return *pair.first == *body; });
    if (known != done_.end()) return known->second;
    Graph result;
    Substitution parameters;
    for (std::size_t i = 0; i < types.size(); ++i) {
      result.inputs.push_back(parameter(static_cast<std::int64_t>(i), types[i]));
      parameters.emplace(body->inputs[i], result.inputs.back());
    }
    result.outputs = run(body->outputs, parameters);
    done_.emplace_back(body, std::make_shared<const Graph>(std::move(result)));
    return done_.back().second;
  }

  std::vector<std::pair<Body, Body>> done_;
};

bool has_complex_type(const Graph& graph, std::unordered_set<const Graph*>& seen) {
  const auto is_complex_expr = [](const Expr& e) { return is_complex(e.dtype()); };
  if (std::any_of(graph.inputs.begin(), graph.inputs.end(), is_complex_expr)) return true;
  for (const Node* node : topological_order(graph.outputs)) {
    for (const Type& type : node->types())
      if (is_complex(type.dtype)) return true;
    for (const auto& [name, value] : node->attributes().entries())
      if (const Body* body = std::get_if<Body>(&value))
        if (seen.insert(body->get()).second && has_complex_type(**body, seen)) return true;
  }
  return false;
}

}  // namespace

Graph with_complex_pairs(const Graph& graph) {
  std::unordered_set<const Graph*> seen;
  if (!has_complex_type(graph, seen)) return graph;
  Graph result;
  Substitution inputs;
  for (const Expr& e : graph.inputs) {
    result.inputs.push_back(is_complex(e.dtype()) ? input(paired(e.type()), name_of(e), e.node().place()) : e);
    inputs.emplace(e, result.inputs.back());
  }
  result.outputs = Pairing().run(graph.outputs, inputs);
  return result;
}

}  // namespace leapgraph::symbolic
