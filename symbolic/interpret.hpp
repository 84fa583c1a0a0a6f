/// The reference evaluator: the living definition of every op.
#pragma once

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// The outputs of `graph` for the given inputs, one node after another by the ops' own `evaluate`. Throws GraphError
/// when an argument does not fit the type of its input.
std::vector<Array> interpret(const Graph& graph, std::span<const Array> arguments);

/// Throws GraphError naming the variable when the argument has another dtype or shape.
void require_fitting(const Expr& variable, const Array& argument);

}  // namespace leapgraph::symbolic
