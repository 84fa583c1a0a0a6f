/// The gradient of a loop whose lengths are not known yet: one node that stands for it until they are.
///
/// What the backward steps should store depends on how long things are, and whether a gradient fits into its memory on
/// the number of steps. The node has the inputs of the loop and then the adjoints of some outputs; attributes are those
/// of the loop, "present" (numbers of the outputs that have adjoints) and "asked" (numbers of the inputs whose adjoints
/// are its outputs).
#include <algorithm>

#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/scan.hpp"
#include "leapgraph/symbolic/rewrite/specialize.hpp"
#include "leapgraph/symbolic/vectorize.hpp"

namespace leapgraph::symbolic {

namespace {

using Numbers = std::vector<std::int64_t>;

Expr picked_by(const Exprs& all, std::int64_t i) { return all[static_cast<std::size_t>(i)]; }

/// The gradient carried out, as a function of variables of the given types.
Graph expanded(const Node& node, std::span<const Type> types) {
  const Numbers &present = node.get<Numbers>("present"), &asked = node.get<Numbers>("asked");
  const std::size_t inputs = node.inputs().size() - present.size();
  Exprs variables;
  for (const Type& type : types) variables.push_back(input(type, "argument"));
  Exprs arguments(variables.begin(), variables.begin() + static_cast<std::ptrdiff_t>(inputs));
  if (is_constant(node.input(0))) arguments[0] = node.input(0);
  Attributes attributes;
  for (const auto& [name, value] : node.attributes().entries())
    if (name != "present" && name != "asked") attributes = attributes.with(name, value);
  // The body is specialised on what is known of its arguments first.
  Exprs outputs = outputs_of(*make_node(scan_op, arguments, attributes, node.place()));
  std::vector<Shape> shapes;
  for (const Expr& e : variables) shapes.push_back(e.shape());
  const Graph loop = specialize(Graph{variables, outputs}, shapes);
  variables = loop.inputs;
  const Node& scan = loop.outputs[0].node();

  Application a{scan, scan.inputs(), loop.outputs, Exprs(loop.outputs.size()), {}, loop.outputs[0], {}};
  for (std::size_t k = 0; k < present.size(); ++k)
    a.adjoints[static_cast<std::size_t>(present[k])] = variables[inputs + k];
  a.adjoint = a.adjoints[0];
  a.wanted.assign(inputs, false);
  for (std::int64_t i : asked) a.wanted[static_cast<std::size_t>(i)] = true;
  const Exprs found = direct_gradient(a);
  Graph result{variables, {}};
  for (std::int64_t i : asked) {
    const Expr adjoint = picked_by(found, i);
    result.outputs.push_back(adjoint ? adjoint : zeros_like(picked_by(scan.inputs(), i)));
  }
  return result;
}

std::vector<Type> types_of(std::span<const Expr> exprs) {
  std::vector<Type> types;
  for (const Expr& e : exprs) types.push_back(e.type());
  return types;
}

Exprs put_back(const Exprs& exprs, const Exprs& variables, const Exprs& arguments) {
  Substitution back;
  for (std::size_t i = 0; i < variables.size(); ++i) back.emplace(variables[i], arguments[i]);
  return substitute(exprs, back);
}

Exprs expand(const Node& node) {
  const Graph graph = expanded(node, types_of(node.inputs()));
  std::vector<Shape> shapes;
  for (const Expr& e : graph.inputs) shapes.push_back(e.shape());
  const Graph special = specialize(graph, shapes);
  return put_back(special.outputs, special.inputs, node.inputs());
}

std::vector<Batched> batched_derivative(const Batch& batch) {
  const Graph graph = expanded(batch.node, types_of(batch.node.inputs()));
  Exprs variables, batches;
  Substitution same;
  for (std::size_t i = 0; i < graph.inputs.size(); ++i)
    if (batch.inputs[i].varies) {
      variables.push_back(graph.inputs[i]);
      batches.push_back(batch.inputs[i].value);
    } else {
      same.emplace(graph.inputs[i], batch.inputs[i].value);
    }
  const Exprs outputs = vectorize(substitute(graph.outputs, same), variables, batches, batch.axes);
  std::vector<Batched> result;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    result.push_back({outputs[i], outputs[i].rank() != graph.outputs[i].rank()});
  return result;
}

Exprs examples_of_derivatives() {
  const Expr x = input({DType::float64, {3}}, "x"), rows = input({DType::float64, {4, 3}}, "rows");
  const ScanResult loop = scan(
      [](const Exprs& carry, const Exprs& element) {
        const Expr next = tanh(carry[0] + element[0]);
        return ScanBody{{next}, {sqr(next)}};
      },
      {x}, {rows});
  const Node& node = loop.carry[0].node();
  Exprs inputs = node.inputs();
  inputs.push_back(input({DType::float64, {3}}, "adjoint"));
  inputs.push_back(input({DType::float64, {4, 3}}, "adjoints"));
  return outputs_of(*make_node(scan_gradient_op, inputs,
                               node.attributes().with("present", Numbers{0, 1}).with("asked", Numbers{1, 2})));
}

}  // namespace

const Op scan_gradient_op{
    .name = "scan_gradient",
    .summary = "adjoints of the inputs of a scan from those of its outputs, until lengths are known",
    .arity = -1,
    .type = [](std::span<const Type> inputs, const Attributes& attributes) -> std::vector<Type> {
      std::vector<Type> types;
      for (std::int64_t i : attributes.get<Numbers>("asked")) types.push_back(inputs[static_cast<std::size_t>(i)]);
      return types;
    },
    .gradient =
        [](const Application& a) {
          const Graph graph = expanded(a.node, types_of(a.inputs));
          Exprs wrt;
          for (std::size_t i = 0; i < graph.inputs.size(); ++i)
            if (is_floating(graph.inputs[i].dtype()) && (a.wanted.empty() || a.wanted[i]))
              wrt.push_back(graph.inputs[i]);
          const Exprs found = put_back(vjp(graph.outputs, wrt, a.adjoints), graph.inputs, a.inputs);
          Exprs result(a.inputs.size());
          for (std::size_t i = 0, next = 0; i < result.size(); ++i)
            if (next < wrt.size() && graph.inputs[i] == wrt[next]) result[i] = found[next++];
          return result;
        },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          const Graph graph = expanded(node, types_of(node.inputs()));
          Exprs moving, directions;
          for (std::size_t i = 0; i < tangents.size(); ++i)
            if (tangents[i]) {
              moving.push_back(graph.inputs[i]);
              directions.push_back(broadcast_like(tangents[i], graph.inputs[i]));
            }
          return put_back(jvp(graph.outputs, moving, directions), graph.inputs, node.inputs());
        },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      std::vector<Type> types;
      for (const Array& a : inputs) types.push_back(a.type());
      return interpret(expanded(node, types), inputs);
    },
    .lowering = Abstract{},
    .concrete = expand,
    .examples = examples_of_derivatives,
    .batched = batched_derivative,
};

Exprs deferred_gradient(const Application& a) {
  Numbers present, asked;
  Exprs inputs = a.inputs;
  for (std::size_t i = 0; i < a.adjoints.size(); ++i)
    if (a.adjoints[i] && is_floating(a.outputs[i].dtype())) {
      present.push_back(static_cast<std::int64_t>(i));
      inputs.push_back(broadcast_like(a.adjoints[i], a.outputs[i]));
    }
  for (std::size_t i = 1; i < a.inputs.size(); ++i)
    if (is_floating(a.inputs[i].dtype()) && (a.wanted.empty() || a.wanted[i]))
      asked.push_back(static_cast<std::int64_t>(i));
  Exprs result(a.inputs.size());
  if (asked.empty() || present.empty()) return result;
  const Exprs adjoints =
      outputs_of(*make_node(scan_gradient_op, std::move(inputs),
                            a.node.attributes().with("present", present).with("asked", asked), a.node.place()));
  for (std::size_t k = 0; k < asked.size(); ++k) result[static_cast<std::size_t>(asked[k])] = adjoints[k];
  return result;
}

}  // namespace leapgraph::symbolic
