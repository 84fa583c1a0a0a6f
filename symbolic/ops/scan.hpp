/// What the parts of the loop's record share: how a scan node is laid out, made and taken apart.
#pragma once

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {

/// The integer attribute `name` as a count.
inline std::size_t count_of(const Attributes& attributes, std::string_view name) {
  return static_cast<std::size_t>(attributes.get<std::int64_t>(name));
}

/// Position in the node's inputs of the body's parameter `i`: the steps come first.
inline std::size_t input_of(std::size_t parameter) { return parameter + 1; }

/// The scan node of `body` (carries, elements, constants -> new carries, outputs) over `arguments` (initial carries,
/// sequences, constants). Throws GraphError when the number of steps is known to be negative.
std::shared_ptr<const Node> make_scan(const Expr& steps, const Exprs& arguments, Body body, std::size_t carries,
                                      std::size_t sequences, Where place);

/// A scan taken apart, and its body applied to fresh variables.
struct Opened {
  const Node& node;
  const Graph& body;
  std::size_t carries, sequences;
  std::int64_t length;
  Exprs variables;  ///< carries, elements, constants
  Exprs results;    ///< new carries, outputs

  explicit Opened(const Node& scan);

  const Expr& steps() const { return node.input(0); }
  const Expr& argument(std::size_t i) const { return node.input(input_of(i)); }
  bool is_sequence(std::size_t i) const { return i >= carries && i < carries + sequences; }
  bool is_constant(std::size_t i) const { return i >= carries + sequences; }

  /// The sequence has exactly one element a step.
  bool fits_exactly(const Expr& sequence) const {
    const std::int64_t known = sequence.shape()[0];
    return known != unknown ? known == this->length : symbolic::length(sequence, 0) == steps();
  }
};

/// Reverse and forward rules (ops/scan_gradient.cpp).
Exprs scan_gradient(const Application& a);
Exprs scan_tangent(const Node& node, std::span<const Expr> tangents);

}  // namespace leapgraph::symbolic
