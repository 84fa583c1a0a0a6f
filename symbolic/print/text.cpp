/// The words that all printed forms of a graph use.
#include "leapgraph/symbolic/print/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/print.hpp"
#include "leapgraph/symbolic/variables.hpp"

namespace leapgraph::symbolic {

std::string literal_text(const Expr& e, bool typed) {
  const Array value = *constant_value(e);
  if (e.dtype() == DType::boolean) return value.integer() != 0 ? "true" : "false";
  if (e.dtype() == DType::uint64) return std::to_string(static_cast<std::uint64_t>(value.integer()));
  if (!is_floating(e.dtype())) return to_string(value);
  const double real = value.real();
  const std::string text =
      e.dtype() == DType::float32 ? fmt::format("{}", static_cast<float>(real)) : fmt::format("{}", real);
  return typed && text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;
}

std::string leaf_text(const Expr& e, bool typed) {
  if (&e.op() == &constant_op) return literal_text(e, typed);
  if (&e.op() == &data_op) return "data" + to_string(*constant_value(e));
  if (is_input(e)) return name_of(e).empty() ? "<" + to_string(e.type()) + ">" : name_of(e);
  return std::string(e.op().name);
}

std::string attribute_text(const Node& node) {
  std::string text;
  for (const auto& [name, value] : node.attributes().entries())
    if (!std::holds_alternative<Body>(value) && name != "mirrored")
      text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, to_string(value));
  return text;
}

std::string braced_attributes(const Node& node) {
  const std::string text = attribute_text(node);
  return text.empty() ? "" : " {" + text + "}";
}

std::vector<std::pair<std::string_view, Body>> bodies_of(const Node& node) {
  std::vector<std::pair<std::string_view, Body>> bodies;
  for (const auto& [name, value] : node.attributes().entries())
    if (const Body* body = std::get_if<Body>(&value)) bodies.emplace_back(name, *body);
  return bodies;
}

std::string types_text(const Node& node) {
  if (node.types().size() == 1) return to_string(node.types()[0]);
  std::string text;
  for (const Type& type : node.types()) text += (text.empty() ? "" : ", ") + to_string(type);
  return "(" + text + ")";
}

std::string inputs_text(const Exprs& inputs) {
  constexpr std::size_t longest = 40;
  std::string text;
  for (const Expr& e : inputs) {
    std::string name = pp(e, longest);
    if (name.size() > longest) name = std::string(e.op().name) + "(...)";
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", name, named_text(e.type(), names_handed_on(e)));
  }
  return text;
}

std::string application_text(const Node& node) {
  return fmt::format("{}({})", node.op().name, inputs_text(node.inputs()));
}

std::size_t first_argument(const Node& node) {
  return lowering_as<Loop>(node.op()) != nullptr || lowering_as<Branch>(node.op()) != nullptr ? 1 : 0;
}

std::string role_of_input(const Node& node, std::size_t i) {
  if (i < first_argument(node)) return "";
  const std::size_t k = i - first_argument(node);
  if (lowering_as<Loop>(node.op()) == nullptr) return fmt::format("argument {}", k);
  const auto carries = static_cast<std::size_t>(node.get<std::int64_t>("carries"));
  const auto sequences = static_cast<std::size_t>(node.get<std::int64_t>("sequences"));
  if (k < carries) return fmt::format("carry {}", k);
  if (k < carries + sequences) return fmt::format("element {}", k - carries);
  return fmt::format("constant {}", k - carries - sequences);
}

std::string role_of_output(const Node& node, std::size_t i) {
  if (lowering_as<Loop>(node.op()) == nullptr) return fmt::format("output {}", i);
  const auto carries = static_cast<std::size_t>(node.get<std::int64_t>("carries"));
  if (i < carries) return fmt::format("carry {}", i);
  const bool has_condition = node.attributes().has("until");
  if (has_condition && i + 1 == node.get<Body>("body")->outputs.size()) return "until";
  return fmt::format("output {}", i - carries);
}

std::size_t BodyList::number(const Body& body) {
  const auto found = std::find_if(bodies_.begin(), bodies_.end(), [&](const Body& b) { return *b == *body; });
  if (found != bodies_.end()) return static_cast<std::size_t>(found - bodies_.begin());
  bodies_.push_back(body);
  return bodies_.size() - 1;
}

std::vector<const Node*> listed_nodes(const Graph& graph) {
  std::vector<const Node*> nodes;
  std::unordered_set<const Node*> seen;
  for (const Expr& e : graph.inputs)
    if (seen.insert(&e.node()).second) nodes.push_back(&e.node());
  for (const Node* node : topological_order(graph.outputs))
    if (seen.insert(node).second) nodes.push_back(node);
  return nodes;
}

}  // namespace leapgraph::symbolic
