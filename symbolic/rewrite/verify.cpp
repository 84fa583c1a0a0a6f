/// Walks a graph and its bodies once and compares every node with what its op record says.
#include "leapgraph/symbolic/rewrite/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/rewrite/specialize.hpp"

namespace leapgraph::symbolic {

namespace {

class Verifier {
 public:
  Verifier(Stage stage, std::string_view pass) : stage_(stage), pass_(pass) {}

  void graph(const Graph& graph) {
    std::unordered_set<const Node*> bound;
    for (const Expr& e : graph.inputs) {
      if (!e || !is_input(e)) fail("an input is not a variable", e ? &e.node() : nullptr);
      if (!bound.insert(&e.node()).second) fail("an input is listed twice", &e.node());
    }
    for (const Expr& e : graph.outputs)
      if (!e) fail("an output is absent", nullptr);
    for (const Node* node : topological_order(graph.outputs)) {
      if ((&node->op() == &input_op || &node->op() == &parameter_op) && !bound.contains(node))
        fail("a variable is not among the inputs", node);
      check(*node);
    }
  }

 private:
  void check(const Node& node) {
    if (!seen_.insert(&node).second) return;
    const Op& op = node.op();
    if (op.arity >= 0 && node.inputs().size() != static_cast<std::size_t>(op.arity))
      fail(fmt::format("has {} inputs, its op takes {}", node.inputs().size(), op.arity), &node);
    std::vector<Type> types;
    for (const Expr& e : node.inputs()) {
      if (!e) fail("an input is absent", &node);
      if (e.output() < 0 || static_cast<std::size_t>(e.output()) >= e.node().types().size())
        fail("an input is an output that its node does not have", &node);
      types.push_back(e.type());
    }
    try {
      if (op.type(types, node.attributes()) != node.types()) fail("its types are not those that its op infers", &node);
    } catch (const GraphError& error) {
      fail(fmt::format("its op refuses its inputs: {}", error.what()), &node);
    }
    const bool kept = stage_ == Stage::specialized && is_known_to_rules(op);
    // Lengths that only a run tells (loops that end by themselves, axes that count to a value) leave ops abstract:
    // schedule/extents.cpp sees to them.
    const auto is_open = [](const Type& type) { return !is_known(type.shape); };
    const bool run_time = std::any_of(types.begin(), types.end(), is_open) ||
                          std::any_of(node.types().begin(), node.types().end(), is_open);
    if (stage_ != Stage::built && lowering_as<Abstract>(op) != nullptr && !kept && !run_time)
      fail("an abstract op is left after specialisation", &node);
    for (const auto& [name, value] : node.attributes().entries())
      if (const Body* body = std::get_if<Body>(&value)) check_body(node, **body);
  }

  void check_body(const Node& node, const Graph& body) {
    for (std::size_t i = 0; i < body.inputs.size(); ++i) {
      const Expr& e = body.inputs[i];
      if (&e.op() != &parameter_op || e.node().get<std::int64_t>("index") != static_cast<std::int64_t>(i))
        fail("input of a body is not the parameter of its number", &node);
    }
    const std::vector<Type> types = parameter_types(node, node.inputs());
    if (!types.empty() && types.size() != body.inputs.size())
      fail("a body has another number of inputs than the node gives it", &node);
    for (std::size_t i = 0; i < types.size(); ++i) {
      const Type &wanted = body.inputs[i].type(), &got = types[i];
      if (wanted.dtype != got.dtype || wanted.rank() != got.rank()) fail("a body does not fit its arguments", &node);
    }
    if (!bodies_.insert(&body).second) return;
    graph(body);
  }

  [[noreturn]] void fail(const std::string& what, const Node* node) const {
    if (node == nullptr) throw InternalError(fmt::format("after {}: {}", pass_, what));
    throw InternalError(fmt::format("after {}: node '{}' made at {}:{}: {}", pass_, node->op().name,
                                    node->place().file_name(), node->place().line(), what));
  }

  Stage stage_;
  std::string_view pass_;
  std::unordered_set<const Node*> seen_;
  std::unordered_set<const Graph*> bodies_;
};

}  // namespace

void verify(const Graph& graph, Stage stage, std::string_view after_pass) { Verifier(stage, after_pass).graph(graph); }

}  // namespace leapgraph::symbolic
