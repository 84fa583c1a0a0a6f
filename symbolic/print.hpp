/// Graphs as text: formulas, trees, numbered lists and Graphviz drawings. None is limited by the depth of a graph.
#pragma once

#include <span>
#include <string>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// The formula of an expression: "(x + y)", "(x ** 2.0)", "|x|", "sum(x, axis=(0,))". What is shared is written out
/// wherever it is used, up to `longest` characters; then "..." ends the text.
std::string pp(const Expr& e, std::size_t longest = 1 << 16);

/// A tree an output: one line a node with its type and a letter; a node seen before is named by its letter only. Bodies
/// of scans, calls and branches follow.
///
///     add [id A] float64[3]
///      ├─ x [id B] float64[3]
///      └─ 2.0 [id C] float64
std::string debugprint(std::span<const Expr> outputs);
std::string debugprint(const Expr& output);

/// One line a node, inputs first, then nodes before their users; literals stand where they are used. Bodies follow,
/// each once. Equal for graphs built in the same way, so that tests can compare it.
///
///     %0 = input x : float64[8]
///     %1 = mul(%0, 2.0) : float64[8]
///     return %1
std::string describe(const Graph& graph);

/// A Graphviz drawing: inputs, constants and outputs in their own shapes, bodies in boxes of their own.
std::string to_dot(const Graph& graph);

}  // namespace leapgraph::symbolic
