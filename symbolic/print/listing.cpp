/// Graphs as numbered lists.
#include <fmt/format.h>

#include <unordered_map>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/print.hpp"
#include "leapgraph/symbolic/print/text.hpp"

namespace leapgraph::symbolic {

namespace {

void describe_one(const Graph& graph, std::string_view indent, BodyList& bodies, std::string& text) {
  std::unordered_map<const Node*, std::size_t> numbers;
  const auto reference = [&numbers](const Expr& e) {
    if (&e.op() == &constant_op) return literal_text(e, true);
    const std::string name = fmt::format("%{}", numbers.at(&e.node()));
    return e.node().types().size() > 1 ? fmt::format("{}.{}", name, e.output()) : name;
  };
  const auto references = [&reference](const Exprs& exprs) {
    std::string list;
    for (const Expr& e : exprs) list += (list.empty() ? "" : ", ") + reference(e);
    return list;
  };
  for (const Node* node : listed_nodes(graph)) {
    if (&node->op() == &constant_op) continue;
    const std::size_t number = numbers.emplace(node, numbers.size()).first->second;
    const Expr first(node->shared_from_this(), 0);
    std::string what;
    if (&node->op() == &input_op)
      what = "input " + leaf_text(first, true);
    else if (&node->op() == &parameter_op)
      what = leaf_text(first, true);
    else if (&node->op() == &data_op)
      what = "data " + to_string(*constant_value(first));
    else
      what = fmt::format("{}({}){}", node->op().name, references(node->inputs()), braced_attributes(*node));
    for (const auto& [name, body] : bodies_of(*node)) what += fmt::format(" {}=@{}", name, bodies.number(body));
    text += fmt::format("{}%{} = {} : {}\n", indent, number, what, types_text(*node));
  }
  text += fmt::format("{}return {}\n", indent, references(graph.outputs));
}

}  // namespace

std::string describe(const Graph& graph) {
  std::string text;
  BodyList bodies;
  describe_one(graph, "", bodies, text);
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    text += fmt::format("@{}:\n", i);
    describe_one(*bodies[i], "  ", bodies, text);
  }
  return text;
}

}  // namespace leapgraph::symbolic
