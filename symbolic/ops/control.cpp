/// Closed bodies applied as one node: calls, and branches of which one runs.
///
/// A call node has the arguments as inputs and the attribute "body"; an ifelse node has the inputs [condition,
/// arguments...] and the attributes "then" and "else", both bodies over all arguments.
#include <fmt/format.h>

#include <unordered_set>

#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/bodies.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/places.hpp"

namespace leapgraph::symbolic {

namespace {

std::vector<Type> call_type(std::span<const Type> inputs, const Attributes& attributes) {
  return output_types(*attributes.get<Body>("body"), inputs);
}

std::vector<Type> ifelse_type(std::span<const Type> inputs, const Attributes& attributes) {
  if (inputs.empty() || inputs[0] != Type{DType::boolean, {}})
    throw DTypeError("the condition must be a boolean scalar");
  std::vector<Type> types = output_types(*attributes.get<Body>("then"), inputs.subspan(1));
  const std::vector<Type> others = output_types(*attributes.get<Body>("else"), inputs.subspan(1));
  if (types.size() != others.size())
    throw GraphError(fmt::format("one side returns {} expressions, the other {}", types.size(), others.size()));
  for (std::size_t i = 0; i < types.size(); ++i) {
    const std::optional<Type> both = agree(types[i], others[i]);
    if (!both)
      refuse_types(
          types[i], others[i],
          fmt::format("output {} is {} on one side and {} on the other", i, to_string(types[i]), to_string(others[i])));
    types[i] = *both;
  }
  return types;
}

/// The body may write what is handed through in place.
std::vector<Array> evaluated(const Graph& body, std::span<const Array> inputs) {
  std::vector<Array> arguments;
  for (const Array& input : inputs) arguments.push_back(take(input));
  return Evaluator(body)(std::move(arguments));
}

/// Which of the node's inputs from `first` on an adjoint is asked for.
std::vector<bool> wanted_arguments(const Application& a, std::size_t first) {
  std::vector<bool> wanted;
  for (std::size_t i = first; i < a.inputs.size(); ++i)
    wanted.push_back(is_floating(a.inputs[i].dtype()) && (a.wanted.empty() || a.wanted[i]));
  return wanted;
}

/// A body applied to fresh variables, with variables for derivatives along outputs (seeds) or inputs (directions).
struct Derivative {
  Exprs variables, results;
  Exprs seeds;     ///< one a result or one a variable, absent where there is none
  Exprs outcomes;  ///< adjoints of the variables, or tangents of the results; absent: 0
};

Derivative backward(const Graph& body, const Exprs& adjoints, const std::vector<bool>& wanted) {
  Derivative d{fresh_arguments(body, "argument"), {}, Exprs(adjoints.size()), Exprs(wanted.size())};
  d.results = symbolic::apply(body, d.variables);
  for (std::size_t i = 0; i < adjoints.size(); ++i)
    if (adjoints[i] && is_floating(d.results[i].dtype()))
      d.seeds[i] = input(d.results[i].type(), fmt::format("adjoint {}", i));
  Exprs wrt;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i]) wrt.push_back(d.variables[i]);
  const Exprs found = vjp(d.results, wrt, d.seeds);
  std::size_t next = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i]) d.outcomes[i] = found[next++];
  return d;
}

Derivative forward(const Graph& body, std::span<const Expr> tangents) {
  Derivative d{fresh_arguments(body, "argument"), {}, Exprs(tangents.size()), {}};
  d.results = symbolic::apply(body, d.variables);
  Exprs wrt, directions;
  for (std::size_t i = 0; i < tangents.size(); ++i)
    if (tangents[i] && is_floating(d.variables[i].dtype())) {
      d.seeds[i] = input(d.variables[i].type(), fmt::format("tangent {}", i));
      wrt.push_back(d.variables[i]);
      directions.push_back(d.seeds[i]);
    }
  d.outcomes = jvp(d.results, wrt, directions);
  return d;
}

Exprs present(const Exprs& exprs) {
  Exprs result;
  for (const Expr& e : exprs)
    if (e) result.push_back(e);
  return result;
}

Exprs joined(Exprs a, const Exprs& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// Arguments for the seeds of `d`: `values` stretched to the type of what they belong to.
Exprs seed_values(const Derivative& d, std::span<const Expr> values, const Exprs& like) {
  Exprs result;
  for (std::size_t i = 0; i < d.seeds.size(); ++i)
    if (d.seeds[i]) result.push_back(broadcast_like(values[i], like[i]));
  return result;
}

/// Outputs of a derivative node at the places where `outcomes` are present.
Exprs placed(const Exprs& outputs, const Exprs& outcomes) {
  Exprs result(outcomes.size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < outcomes.size(); ++i)
    if (outcomes[i]) result[i] = outputs[next++];
  return result;
}

/// The node that computes the outcomes of `d` from `arguments` and the values of its seeds.
Exprs call_derivative(const Derivative& d, const Exprs& arguments, const Exprs& seeds, Where place) {
  const Exprs wanted = present(d.outcomes);
  if (wanted.empty()) return Exprs(d.outcomes.size());
  const Body body = close_over(wanted, joined(d.variables, present(d.seeds)));
  return placed(outputs_of(*make_node(call_op, joined(arguments, seeds), {{"body", body}}, place)), d.outcomes);
}

Exprs call_gradient(const Application& a) {
  const Derivative d = backward(*a.node.get<Body>("body"), a.adjoints, wanted_arguments(a, 0));
  return call_derivative(d, a.inputs, seed_values(d, a.adjoints, a.outputs), a.node.place());
}

Exprs call_tangent(const Node& node, std::span<const Expr> tangents) {
  const Derivative d = forward(*node.get<Body>("body"), tangents);
  return call_derivative(d, node.inputs(), seed_values(d, tangents, node.inputs()), node.place());
}

/// As `call_derivative` for both sides; where only one depends on something the other gives 0.
Exprs ifelse_derivative(const Node& node, Derivative yes, Derivative no, const Exprs& seeds, const Exprs& yes_like,
                        const Exprs& no_like) {
  for (std::size_t i = 0; i < yes.outcomes.size(); ++i) {
    if (yes.outcomes[i] && !no.outcomes[i]) no.outcomes[i] = zeros_like(no_like[i]);
    if (no.outcomes[i] && !yes.outcomes[i]) yes.outcomes[i] = zeros_like(yes_like[i]);
  }
  const Exprs wanted = present(yes.outcomes);
  if (wanted.empty()) return Exprs(yes.outcomes.size());
  const Body on_true = close_over(wanted, joined(yes.variables, present(yes.seeds)));
  const Body on_false = close_over(present(no.outcomes), joined(no.variables, present(no.seeds)));
  return placed(outputs_of(*make_node(ifelse_op, joined(node.inputs(), seeds), {{"then", on_true}, {"else", on_false}},
                                      node.place())),
                yes.outcomes);
}

Exprs ifelse_gradient(const Application& a) {
  const std::vector<bool> wanted = wanted_arguments(a, 1);
  const Derivative yes = backward(*a.node.get<Body>("then"), a.adjoints, wanted);
  const Derivative no = backward(*a.node.get<Body>("else"), a.adjoints, wanted);
  Exprs result =
      ifelse_derivative(a.node, yes, no, seed_values(yes, a.adjoints, a.outputs), yes.variables, no.variables);
  result.insert(result.begin(), Expr());
  return result;
}

Exprs ifelse_tangent(const Node& node, std::span<const Expr> tangents) {
  const Derivative yes = forward(*node.get<Body>("then"), tangents.subspan(1));
  const Derivative no = forward(*node.get<Body>("else"), tangents.subspan(1));
  const Exprs arguments(node.inputs().begin() + 1, node.inputs().end());
  return ifelse_derivative(node, yes, no, seed_values(yes, tangents.subspan(1), arguments), yes.results, no.results);
}

}  // namespace

const Op call_op{
    .name = "call",
    .summary = "a closed body applied as a function",
    .arity = -1,
    .type = call_type,
    .gradient = call_gradient,
    .tangent = call_tangent,
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      return evaluated(*node.get<Body>("body"), inputs);
    },
    .lowering = Call{},
    .examples =
        [] {
          const Expr x = example({3}, "x"), y = example({}, "y");
          const Body body = close({{x, y}, {sqr(x) * y, sum(x) + y}});
          const Exprs once = call(body, {x, y});
          const Exprs twice = call(body, {once[0], once[1]});
          return Exprs{once[0], once[1], twice[0], twice[1]};
        },
};

const Op ifelse_op{
    .name = "ifelse",
    .summary = "one of two bodies, evaluated alone",
    .arity = -1,
    .type = ifelse_type,
    .gradient = ifelse_gradient,
    .tangent = ifelse_tangent,
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      return evaluated(*node.get<Body>(inputs[0].integer() != 0 ? "then" : "else"), inputs.subspan(1));
    },
    .lowering = Branch{},
    .examples =
        [] {
          const Expr x = example({3}, "x"), y = example({}, "y");
          const Exprs both = ifelse(
              y > 0.0,
              [&] {
                return Exprs{x * y, sum(x)};
              },
              [&] {
                return Exprs{sqr(x), 2.0 * y};
              });
          const Expr apart = ifelse(
              sum(x) > 0.0, [&] { return Exprs{sqr(y)}; }, [&] { return Exprs{sum(x)}; })[0];
          return Exprs{both[0], both[1], apart};
        },
};

Exprs call(const Body& body, const Operands& arguments, Where place) {
  if (arguments.size() != body->inputs.size())
    throw GraphError(fmt::format("call: the body takes {} arguments, got {} (made at {}:{})", body->inputs.size(),
                                 arguments.size(), place.file_name(), place.line()));
  const BuiltAt here(place);
  Exprs inputs;
  for (std::size_t i = 0; i < arguments.size(); ++i)
    inputs.push_back(arguments[i].is_weak() ? cast(arguments[i], body->inputs[i].dtype()) : arguments[i].expr());
  return outputs_of(*make_node(call_op, std::move(inputs), {{"body", body}}, place));
}

namespace {

std::unordered_set<const Node*> nodes_of(const Exprs& outputs) {
  const std::vector<const Node*> order = topological_order(outputs);
  return {order.begin(), order.end()};
}

/// What the two sides take as arguments: expressions that are evaluated whichever side runs (the condition needs them,
/// or both sides do), and the variables and data of either.
Exprs branch_arguments(const Expr& condition, const Exprs& yes, const Exprs& no) {
  const auto needed = nodes_of({condition}), in_yes = nodes_of(yes), in_no = nodes_of(no);
  const auto is_outside = [&](const Expr& e) {
    const Node* node = &e.node();
    if (literal_value(e)) return false;
    if (node->inputs().empty()) return is_input(e) || is_constant(e) || (in_yes.contains(node) && in_no.contains(node));
    return needed.contains(node) || (in_yes.contains(node) && in_no.contains(node));
  };
  Exprs arguments;
  std::unordered_set<Expr, ExprHash> found;
  std::unordered_set<const Node*> seen;
  for (const Exprs* side : {&yes, &no}) {
    Exprs stack(side->rbegin(), side->rend());
    while (!stack.empty()) {
      const Expr e = stack.back();
      stack.pop_back();
      if (is_outside(e)) {
        if (found.insert(e).second) arguments.push_back(e);
      } else if (seen.insert(&e.node()).second) {
        stack.insert(stack.end(), e.node().inputs().rbegin(), e.node().inputs().rend());
      }
    }
  }
  return arguments;
}

}  // namespace

Exprs ifelse(const Operand& condition, const std::function<Exprs()>& if_true, const std::function<Exprs()>& if_false,
             Where place) {
  if (condition.expr().rank() != 0)
    throw ShapeError(fmt::format("ifelse: the condition must be a scalar, got {} (made at {}:{})",
                                 to_string(condition.expr().type()), place.file_name(), place.line()));
  const BuiltAt here(place);
  const Expr test = cast(condition, DType::boolean);
  const Exprs yes = if_true(), no = if_false();
  const Exprs arguments = branch_arguments(test, yes, no);
  Exprs inputs{test};
  inputs.insert(inputs.end(), arguments.begin(), arguments.end());
  return outputs_of(*make_node(ifelse_op, std::move(inputs),
                               {{"then", close_over(yes, arguments)}, {"else", close_over(no, arguments)}}, place));
}

}  // namespace leapgraph::symbolic
