/// Closing expressions over their arguments, and questions about closed graphs.
#include "leapgraph/symbolic/ops/bodies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"

namespace leapgraph::symbolic {

std::vector<const Node*> order_above(std::span<const Expr> outputs, const std::function<bool(const Expr&)>& is_known) {
  struct Visit {
    const Node* node;
    std::size_t next;
  };
  std::vector<const Node*> order;
  std::unordered_set<const Node*> seen;
  std::vector<Visit> stack;
  const auto enter = [&](const Expr& e) {
    if (e && !is_known(e) && seen.insert(&e.node()).second) stack.push_back({&e.node(), 0});
  };
  for (const Expr& output : outputs) {
    enter(output);
    while (!stack.empty()) {
      Visit& top = stack.back();
      if (top.next < top.node->inputs().size()) {
        enter(top.node->input(top.next++));
      } else {
        order.push_back(top.node);
        stack.pop_back();
      }
    }
  }
  return order;
}

namespace {

/// `done` with every node above it that `outputs` depend on; `rebuilt` makes a node anew.
void extend(Substitution& done, std::span<const Expr> outputs, const Rebuild& rebuilt) {
  for (const Node* node : order_above(outputs, [&done](const Expr& e) { return done.contains(e); })) {
    Exprs inputs;
    for (const Expr& e : node->inputs()) inputs.push_back(done.at(e));
    const Exprs old = outputs_of(*node), made = rebuilt(*node, inputs);
    for (std::size_t i = 0; i < old.size(); ++i) done.emplace(old[i], made[i]);
  }
}

/// Nodes that depend on literals only. They stay in the body, where they fold.
std::unordered_set<const Node*> made_of_literals(const std::vector<const Node*>& order) {
  std::unordered_set<const Node*> found;
  for (const Node* node : order) {
    const bool literal = literal_value(outputs_of(*node)[0]).has_value();
    const bool of_literals =
        !node->inputs().empty() && std::all_of(node->inputs().begin(), node->inputs().end(),
                                               [&found](const Expr& e) { return found.contains(&e.node()); });
    if (!node->op().effect && (literal || of_literals)) found.insert(node);
  }
  return found;
}

}  // namespace

Exprs replaced_above(std::span<const Expr> outputs, Substitution replacements) {
  extend(replacements, outputs, rebuild_same);
  Exprs result;
  for (const Expr& e : outputs) result.push_back(e ? replacements.at(e) : e);
  return result;
}

Body close_over(std::span<const Expr> outputs, std::span<const Expr> arguments) {
  auto body = std::make_shared<Graph>();
  Substitution done;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    body->inputs.push_back(parameter(static_cast<std::int64_t>(i), arguments[i].type()));
    done.emplace(arguments[i], body->inputs.back());
  }
  extend(done, outputs, [](const Node& node, const Exprs& inputs) {
    if (const Expr e = outputs_of(node)[0]; is_input(e))
      throw MissingInput(fmt::format("the body uses the variable '{}', which is not among its inputs", name_of(e)));
    return rebuild_same(node, inputs);
  });
  for (const Expr& e : outputs) body->outputs.push_back(done.at(e));
  return body;
}

Exprs invariant_parts(std::span<const Expr> outputs, std::span<const Expr> placeholders) {
  std::unordered_set<const Node*> dependent;
  for (const Expr& e : placeholders) dependent.insert(&e.node());
  const std::vector<const Node*> order = topological_order(outputs);
  for (const Node* node : order)
    for (const Expr& e : node->inputs())
      if (dependent.contains(&e.node())) {
        dependent.insert(node);
        break;
      }
  Exprs parts;
  std::unordered_set<Expr, ExprHash> found;
  const std::unordered_set<const Node*> literals = made_of_literals(order);
  const auto look_at = [&](const Expr& e) {
    if (!dependent.contains(&e.node()) && !literals.contains(&e.node()) && found.insert(e).second) parts.push_back(e);
  };
  for (const Node* node : order)
    if (dependent.contains(node))
      for (const Expr& e : node->inputs()) look_at(e);
  for (const Expr& e : outputs) look_at(e);
  return parts;
}

std::vector<Type> output_types(const Graph& body, std::span<const Type> arguments) {
  if (arguments.size() != body.inputs.size())
    throw GraphError(fmt::format("the body takes {} arguments, got {}", body.inputs.size(), arguments.size()));
  bool same = true;
  Exprs parameters;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Type& wanted = body.inputs[i].type();
    if (!agree(wanted, arguments[i]))
      refuse_types(
          wanted, arguments[i],
          fmt::format("argument {} of the body must be {}, got {}", i, to_string(wanted), to_string(arguments[i])));
    same = same && wanted == arguments[i];
    parameters.push_back(parameter(static_cast<std::int64_t>(i), arguments[i]));
  }
  std::vector<Type> types;
  for (const Expr& e : same ? body.outputs : symbolic::apply(body, parameters)) types.push_back(e.type());
  return types;
}

Exprs fresh_arguments(const Graph& body, std::string_view name) {
  Exprs variables;
  for (std::size_t i = 0; i < body.inputs.size(); ++i)
    variables.push_back(input(body.inputs[i].type(), fmt::format("{} {}", name, i)));
  return variables;
}

std::vector<bool> depends_on(std::span<const Expr> outputs, std::span<const Expr> variables) {
  std::unordered_set<const Node*> dependent;
  for (const Expr& e : variables) dependent.insert(&e.node());
  for (const Node* node : topological_order(outputs))
    if (std::any_of(node->inputs().begin(), node->inputs().end(),
                    [&dependent](const Expr& e) { return dependent.contains(&e.node()); }))
      dependent.insert(node);
  std::vector<bool> result;
  for (const Expr& e : outputs) result.push_back(dependent.contains(&e.node()));
  return result;
}

std::vector<bool> moved_by(std::span<const Expr> outputs, std::span<const Expr> variables) {
  std::unordered_set<const Node*> moving;
  for (const Expr& e : variables) moving.insert(&e.node());
  for (const Node* node : topological_order(outputs))
    for (const Expr& e : node->inputs())
      if (moving.contains(&e.node()) && is_floating(e.dtype())) {
        moving.insert(node);
        break;
      }
  std::vector<bool> result;
  for (const Expr& e : outputs) result.push_back(moving.contains(&e.node()) && is_floating(e.dtype()));
  return result;
}

}  // namespace leapgraph::symbolic
