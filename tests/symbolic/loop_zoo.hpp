/// Loop programs as test cases, and what a loop means written out: its body applied step by step.
#pragma once

#include <unordered_set>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/scan.hpp"
#include "symbolic/derivative_check.hpp"

namespace leapgraph::symbolic {

/// A loop of about n steps over its inputs, with arguments for them.
struct LoopProgram {
  Exprs inputs;
  Exprs outputs;
  Arrays arguments;
};

struct LoopCase {
  const char* name;
  LoopProgram (*build)(std::int64_t n);
  std::int64_t n = 6;       ///< steps in comparisons
  double tolerance = 1e-7;  ///< of derivatives against central differences, see expect_derivatives
};

/// `outputs` of a program without scans: each body is applied as often as it is for the program's arguments. A loop
/// that may end by itself keeps its carries from the step on after which it stopped.
inline Exprs written_out(const Exprs& outputs, const LoopProgram& program);

inline Exprs written_out_scan(const Node& node, const Exprs& inputs, const LoopProgram& program) {
  const Graph& body = *node.get<Body>("body");
  const std::size_t carries = count_of(node.attributes(), "carries"),
                    sequences = count_of(node.attributes(), "sequences"), rows = stacked_outputs(node);
  const bool stops = ending_of(node.attributes()) != Ending::none;
  const std::int64_t steps = value_of(program.inputs, inputs[0], program.arguments).integer();
  Exprs arguments(inputs.begin() + 1, inputs.end());
  std::vector<Operands> stacked(rows);
  Expr going = constant(true), done = constant(std::int64_t{0});
  for (std::int64_t t = 0; t < steps; ++t) {
    for (std::size_t j = carries; j < carries + sequences; ++j) arguments[j] = at(inputs[input_of(j)], t);
    const Exprs results = written_out(symbolic::apply(body, arguments), program);
    for (std::size_t i = 0; i < carries; ++i)
      arguments[i] = stops ? where(going, results[i], arguments[i]) : results[i];
    for (std::size_t i = 0; i < rows; ++i) stacked[i].emplace_back(results[carries + i]);
    if (!stops) continue;
    done = done + cast(going, DType::int64);
    going = logical_and(going, logical_not(results.back()));
  }
  Exprs made(arguments.begin(), arguments.begin() + static_cast<std::ptrdiff_t>(carries));
  for (const Operands& row : stacked) made.push_back(stops || row.empty() ? Expr() : stack(row));
  if (stops) made.push_back(done);
  return made;
}

inline Exprs written_out(const Exprs& outputs, const LoopProgram& program) {
  return rebuild(outputs, [&program](const Node& node, const Exprs& inputs) {
    return &node.op() == &scan_op ? written_out_scan(node, inputs, program) : rebuild_same(node, inputs);
  });
}

/// Nodes of a graph and of the bodies in it, each once.
inline std::size_t size_with_bodies(const Graph& graph) {
  std::unordered_set<const Node*> seen;
  std::vector<const Graph*> open{&graph};
  while (!open.empty()) {
    const Graph* next = open.back();
    open.pop_back();
    for (const Node* node : topological_order(next->outputs)) {
      if (!seen.insert(node).second) continue;
      for (const auto& [name, value] : node->attributes().entries())
        if (const Body* body = std::get_if<Body>(&value)) open.push_back(body->get());
    }
  }
  return seen.size();
}

}  // namespace leapgraph::symbolic
