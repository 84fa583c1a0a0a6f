/// Keeps every value of an evaluation, and puts names on places.
#include "leapgraph/symbolic/ops/looking.hpp"

#include <fmt/format.h>

#include <optional>
#include <unordered_set>

#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/bodies.hpp"

namespace leapgraph::symbolic {

Values::Values(std::span<const Expr> outputs, std::span<const Expr> inputs, std::span<const Array> arguments)
    : order(topological_order(outputs)) {
  if (inputs.size() != arguments.size())
    throw GraphError(fmt::format("the graph takes {} arguments, got {}", inputs.size(), arguments.size()));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    require_fitting(inputs[i], arguments[i]);
    of.insert_or_assign(inputs[i], arguments[i]);
  }
  Exprs all;
  for (const Node* node : order)
    for (const Expr& e : outputs_of(*node)) all.push_back(e);
  // One evaluation that keeps everything: nothing is written in place then.
  const std::vector<Array> values =
      interpret(Graph{{inputs.begin(), inputs.end()}, all}, {arguments.begin(), arguments.end()});
  for (std::size_t i = 0; i < all.size(); ++i) of.insert_or_assign(all[i], values[i]);
}

std::vector<Array> Values::inputs_of(const Node& node) const {
  std::vector<Array> result;
  for (const Expr& e : node.inputs()) result.push_back(of.at(e));
  return result;
}

Question with_shared(const Graph& graph, std::span<const Array> arguments) {
  Question question{graph, {arguments.begin(), arguments.end()}};
  const std::unordered_set<Expr, ExprHash> known(graph.inputs.begin(), graph.inputs.end());
  for (const Expr& e : free_inputs(graph.outputs)) {
    if (known.contains(e)) continue;
    if (!is_shared(e)) throw MissingInput(fmt::format("the value of '{}' is not given", name_of(e)));
    question.graph.inputs.push_back(e);
    question.arguments.push_back(shared_variable(e).get_value());
  }
  return question;
}

Question asked_of(const Function& function, std::span<const Array> arguments) {
  Graph graph;
  for (const In& in : function.inputs()) graph.inputs.push_back(in.variable);
  for (const Output& output : function.outputs()) graph.outputs.push_back(output.value);
  for (const auto& [variable, value] : function.updates()) graph.outputs.push_back(value);
  return with_shared(graph, arguments);
}

std::string named(const Node& node) {
  return fmt::format("{} (made at {}:{})", node.op().name, node.place().file_name(), node.place().line());
}

NodePlace place_of(const Expr& e, const std::vector<std::string>& within) {
  return {e, std::string(e.op().name), e.node().place(), within};
}

std::string describe(const NodePlace& where) {
  std::string text = fmt::format("(made at {}:{})", where.place.file_name(), where.place.line());
  for (auto around = where.within.rbegin(); around != where.within.rend(); ++around) text += ", in " + *around;
  return text;
}

std::string listed(const std::vector<Array>& arrays) {
  std::string text;
  for (const Array& array : arrays) text += (text.empty() ? "" : "; ") + to_string(array);
  return text;
}

std::string to_text(const std::vector<std::int64_t>& index) {
  return index.empty() ? "" : fmt::format("[{}]", fmt::join(index, ", "));
}

std::vector<std::int64_t> index_at(const Shape& shape, std::int64_t at) {
  std::vector<std::int64_t> index(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    index[axis] = at % shape[axis];
    at /= shape[axis];
  }
  return index;
}

std::optional<OpenBody> body_that_ran(const Node& node, std::span<const Array> inputs) {
  const char* name = lowering_as<Branch>(node.op()) != nullptr ? (inputs[0].integer() != 0 ? "then" : "else") : "body";
  const Attribute* found = node.attributes().find(name);
  const Body* body = found == nullptr ? nullptr : std::get_if<Body>(found);
  if (body == nullptr) return std::nullopt;
  Graph graph{fresh_arguments(**body, "argument"), {}};
  graph.outputs = symbolic::apply(**body, graph.inputs);
  return OpenBody{std::move(graph), named(node)};
}

}  // namespace leapgraph::symbolic
