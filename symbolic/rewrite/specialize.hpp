/// Gives a graph the shapes of a call: unknown lengths become integers and shape-dependent ops their direct forms.
#pragma once

#include <functional>
#include <span>

#include "leapgraph/symbolic/rewrite/firing.hpp"

namespace leapgraph::symbolic {

/// `graph` with its inputs replaced by inputs of the given shapes, one an input; a length may stay `unknown` (a
/// dimension that changes from call to call). Types are inferred anew from the inputs on, ops with a `concrete` form
/// take it, bodies of scans, calls and branches are specialised on the types of their arguments. What is unknown
/// afterwards is a run-time length. What `is_known_to_rules` stays one node for the rewrite rules to see;
/// `rewrite` ends with `lower_abstract`, and whoever does not rewrite calls it. Throws GraphError when a shape
/// contradicts the type of its input or the shapes do not fit together.
Graph specialize(const Graph& graph, std::span<const Shape> shapes);

/// Ops with a concrete form that rules and passes look for by name (logsumexp, determinants): they are made concrete
/// after those.
bool is_known_to_rules(const Op& op);

/// Every op that has a concrete form for its input shapes takes it, in bodies too. Leaves nodes alone whose shapes are
/// unknown still.
Graph lower_abstract(const Graph& graph, const PassLog& log = {});

/// `graph` after `pass` has been applied to every body in it, innermost first, each distinct body once, and then to
/// itself.
Graph with_bodies(const Graph& graph, const std::function<Graph(const Graph&)>& pass, const PassLog& log = {});

/// Whether a body is among its attributes.
bool has_body(const Node& node);

/// The types that a body sees as its parameters when the node has these input types: of a scan the carries, one slice
/// of each sequence and the constants; of a call its inputs; of a branch all inputs but the condition. Nothing for
/// nodes whose bodies are not functions of their inputs.
std::vector<Type> parameter_types(const Node& node, std::span<const Expr> inputs);

}  // namespace leapgraph::symbolic
