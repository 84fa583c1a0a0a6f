/// What the ways of writing graphs down share: names of leaves, attributes and types as text, lists of bodies.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// The shortest text that reads back as the value of a literal: "2", "0.1", "true", "inf". `typed`: reals are told from
/// integers, "2.0".
std::string literal_text(const Expr& e, bool typed);
/// Name of a node without inputs: of a variable its name, of a literal or of data the value; "<float64[?]>" of a
/// variable without a name.
std::string leaf_text(const Expr& e, bool typed);

/// "axes=[0], keepdims=true": attributes other than bodies and how a comparison was spelled.
std::string attribute_text(const Node& node);
/// " {axes=[0]}", nothing without attributes.
std::string braced_attributes(const Node& node);
std::vector<std::pair<std::string_view, Body>> bodies_of(const Node& node);
/// "float64[3]", or "(float64, float64[3])" of several outputs.
std::string types_text(const Node& node);

/// "x: float64[3], exp(y): float64[4]"; of an expression that would be long to write, the op.
std::string inputs_text(const Exprs& inputs);
/// "gather(x: float64[3], i: int64[2])", for messages.
std::string application_text(const Node& node);

/// What input number `i` of the node (of all its inputs) is to its body, and the body's inputs to it: "carry 0",
/// "element 1", "constant 2", "argument 3"; empty for what is no argument of a body (the steps of a scan).
std::string role_of_input(const Node& node, std::size_t i);
/// Number of the first input that is an argument of a body: the bodies' parameter k is input `first + k`.
std::size_t first_argument(const Node& node);
/// What output `i` of the body of a scan is: "carry 0", "output 1", "until"; "output i" for others.
std::string role_of_output(const Node& node, std::size_t i);

/// Bodies in the order in which they are met; equal ones are one.
class BodyList {
 public:
  std::size_t number(const Body& body);
  std::size_t size() const { return bodies_.size(); }
  Body operator[](std::size_t i) const { return bodies_[i]; }

 private:
  std::vector<Body> bodies_;
};

/// The inputs of a graph, used or not, then the other nodes in topological order.
std::vector<const Node*> listed_nodes(const Graph& graph);

}  // namespace leapgraph::symbolic
