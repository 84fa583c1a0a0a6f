/// Gives a graph the shapes of a call: unknown lengths become integers and shape-dependent ops their direct forms.
#pragma once

#include <span>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// `graph` with its inputs replaced by inputs of the given shapes, one an input; a length may stay `unknown` (a
/// dimension that changes from call to call). Types are inferred anew from the inputs on, ops with a `concrete` form
/// take it, bodies of scans, calls and branches are specialised on the types of their arguments. What is unknown
/// afterwards is a run-time length. Throws GraphError when a shape contradicts the type of its input or the shapes do
/// not fit together.
Graph specialize(const Graph& graph, std::span<const Shape> shapes);

/// The types that a body sees as its parameters when the node has these input types: of a scan the carries, one slice
/// of each sequence and the constants; of a call its inputs; of a branch all inputs but the condition. Nothing for
/// nodes whose bodies are not functions of their inputs.
std::vector<Type> parameter_types(const Node& node, std::span<const Expr> inputs);

}  // namespace leapgraph::symbolic
