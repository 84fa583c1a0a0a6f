/// Evaluates a graph node by node; values are dropped after their last use, whose op then is their only holder.
#include "leapgraph/symbolic/interpret.hpp"

#include <fmt/format.h>

#include <optional>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/places.hpp"
#include "leapgraph/symbolic/print/text.hpp"
#include "leapgraph/symbolic/schedule/inplace.hpp"

namespace leapgraph::symbolic {

void require_fitting(const Expr& variable, const Array& argument) {
  const Type &wanted = variable.type(), &got = argument.type();
  bool fits = wanted.rank() == got.rank();
  for (std::size_t axis = 0; fits && axis < wanted.shape.size(); ++axis)
    fits = wanted.shape[axis] == unknown || wanted.shape[axis] == got.shape[axis];
  if (fits && wanted.dtype == got.dtype) return;
  const std::string what = fmt::format("the argument for '{}' must be {}, got {}", name_of(variable),
                                       named_text(wanted, dimension_names(variable)), to_string(got));
  if (fits) throw DTypeError(what);
  throw ShapeError(what);
}

Evaluator::Evaluator(const Graph& graph) : graph_(graph) {
  std::unordered_map<const Node*, std::size_t> first_slots;
  const auto add_slots = [&](const Node& node) {
    if (first_slots.emplace(&node, slots_).second) slots_ += node.types().size();
  };
  for (const Expr& e : graph.inputs) {
    add_slots(e.node());
    arguments_.push_back(first_slots.at(&e.node()));
  }
  const auto slot_of = [&](const Expr& e) { return first_slots.at(&e.node()) + static_cast<std::size_t>(e.output()); };
  const auto is_given = [&](const Expr& e) { return first_slots.contains(&e.node()); };
  const InPlacePlan plan = plan_in_place(graph.outputs, is_given, graph.inputs);
  for (const Node* node : plan.order) {
    Step step{node, {}, slots_, {}};
    for (const Expr& e : node->inputs()) step.inputs.push_back({slot_of(e), false});
    add_slots(*node);
    steps_.push_back(std::move(step));
  }
  for (const Expr& e : graph.outputs) outputs_.push_back({slot_of(e), false});
  std::vector<bool> needed(slots_, false);
  const auto mark_last = [&needed](std::vector<Use>& uses) {
    for (auto use = uses.rbegin(); use != uses.rend(); ++use) {
      use->is_last = !needed[use->slot];
      needed[use->slot] = true;
    }
  };
  mark_last(outputs_);
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    for (std::size_t i = 0; i < step->node->types().size(); ++i)
      step->is_used.push_back(needed[step->first_output + i]);
    mark_last(step->inputs);
  }
}

namespace {

/// Outputs of a node; an error that does not say what the node is and where it was made says so then. Those of bodies
/// have said it already.
std::vector<Array> evaluated(const Node& node, std::span<const Array> inputs) {
  try {
    return node.op().evaluate(node, inputs);
  } catch (const GraphError& error) {
    std::string what = error.what();
    const bool has_place = what.find("(made at ") != std::string::npos;
    if (has_place && !bodies_of(node).empty()) throw;
    if (has_place && dynamic_cast<const AssertionFailed*>(&error) != nullptr) throw;  // in the user's words
    const std::string name = fmt::format("{}: ", node.op().name);
    if (what.starts_with(name)) what = what.substr(name.size());
    what = fmt::format("{}: {}", bodies_of(node).empty() ? application_text(node) : std::string(node.op().name), what);
    if (!has_place) what += fmt::format(" (made at {})", to_string(node.place()));
    error.rethrow(what);
    throw;  // not reached
  }
}

}  // namespace

std::vector<Array> Evaluator::operator()(std::vector<Array> arguments) const {
  if (arguments.size() != arguments_.size())
    throw GraphError(fmt::format("the function takes {} arguments, got {}", arguments_.size(), arguments.size()));
  std::vector<std::optional<Array>> values(slots_);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    require_fitting(graph_.inputs[i], arguments[i]);
    values[arguments_[i]] = std::move(arguments[i]);
  }
  const auto take_value = [&values](const Use& use) {
    std::optional<Array>& value = values[use.slot];
    if (!use.is_last) return *value;
    Array taken = *std::move(value);
    value.reset();
    return taken;
  };
  std::vector<Array> inputs;
  for (const Step& step : steps_) {
    const Node& node = *step.node;
    if (node.op().evaluate == nullptr) {
      const Expr output = outputs_of(node)[0];
      throw GraphError(fmt::format("the value of '{}' is not given",
                                   is_input(output) ? name_of(output) : std::string(node.op().name)));
    }
    inputs.clear();
    for (const Use& use : step.inputs) inputs.push_back(take_value(use));
    std::vector<Array> results = evaluated(node, inputs);
    for (std::size_t i = 0; i < results.size(); ++i)
      if (step.is_used[i]) values[step.first_output + i] = std::move(results[i]);
  }
  std::vector<Array> outputs;
  for (const Use& use : outputs_) outputs.push_back(take_value(use));
  return outputs;
}

std::vector<Array> interpret(const Graph& graph, std::span<const Array> arguments) {
  return Evaluator(graph)({arguments.begin(), arguments.end()});
}

}  // namespace leapgraph::symbolic
