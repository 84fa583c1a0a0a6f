/// Graphs as Graphviz drawings.
#include <fmt/format.h>

#include <unordered_map>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/print.hpp"
#include "leapgraph/symbolic/print/text.hpp"

namespace leapgraph::symbolic {

namespace {

std::string escaped(const std::string& text) {
  std::string result;
  for (char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

void draw_one(const Graph& graph, const std::string& prefix, BodyList& bodies, std::string& text) {
  std::unordered_map<const Node*, std::string> names;
  for (const Node* node : listed_nodes(graph)) {
    const std::string& name = names.emplace(node, fmt::format("{}n{}", prefix, names.size())).first->second;
    const Expr first(node->shared_from_this(), 0);
    const bool leaf = node->inputs().empty();
    std::string label =
        escaped(leaf ? leaf_text(first, true) : std::string(node->op().name) + braced_attributes(*node));
    for (const auto& [attribute, body] : bodies_of(*node))
      label += fmt::format("\\n{}=@{}", attribute, bodies.number(body));
    label += "\\n" + types_text(*node);
    const std::string_view style = is_input(first)      ? "shape=box, style=filled, fillcolor=lightblue"
                                   : is_constant(first) ? "shape=box, style=filled, fillcolor=lightgrey"
                                                        : "shape=ellipse";
    text += fmt::format("  {} [label=\"{}\", {}];\n", name, label, style);
    for (std::size_t i = 0; i < node->inputs().size(); ++i)
      text += fmt::format("  {} -> {}{};\n", names.at(&node->input(i).node()), name,
                          node->inputs().size() > 1 ? fmt::format(" [label=\"{}\"]", i) : "");
  }
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    text +=
        fmt::format("  {}out{} [label=\"output {}\", shape=box, style=filled, fillcolor=palegreen];\n", prefix, i, i);
    text += fmt::format("  {} -> {}out{};\n", names.at(&graph.outputs[i].node()), prefix, i);
  }
}

}  // namespace

std::string to_dot(const Graph& graph) {
  std::string text = "digraph graph_ {\n";
  BodyList bodies;
  draw_one(graph, "", bodies, text);
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    text += fmt::format("  subgraph cluster_{} {{\n  label=\"@{}\";\n", i, i);
    draw_one(*bodies[i], fmt::format("b{}_", i), bodies, text);
    text += "  }\n";
  }
  return text + "}\n";
}

}  // namespace leapgraph::symbolic
