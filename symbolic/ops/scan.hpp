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

/// How a loop ends before its number of steps.
enum class Ending {
  none,      ///< it does not
  may_stop,  ///< the body's last output is a condition: true ends the loop after this step
  must_stop  ///< likewise, and never getting there is an error at run time
};
/// The scan node of `body` (carries, elements, constants -> new carries, outputs, and the condition if there is one)
/// over `arguments` (initial carries, sequences, constants). Throws GraphError when the number of steps is known to be
/// negative.
std::shared_ptr<const Node> make_scan(const Expr& steps, const Exprs& arguments, Body body, std::size_t carries,
                                      std::size_t sequences, Where place, Ending ending = Ending::none);
/// The loop that `result` came from, whose gradient runs over its last `steps` steps only.
ScanResult with_truncated_gradient(const ScanResult& result, std::int64_t steps);
/// As the node's attributes say.
Ending ending_of(const Attributes& attributes);
/// Body outputs that are stacked: neither carries nor the condition.
inline std::size_t stacked_outputs(const Node& scan) {
  const std::size_t all = scan.get<Body>("body")->outputs.size();
  return all - count_of(scan.attributes(), "carries") - (ending_of(scan.attributes()) == Ending::none ? 0 : 1);
}

/// A scan taken apart, and its body applied to fresh variables.
struct Opened {
  const Node& node;
  const Graph& body;
  std::size_t carries, sequences;
  Ending ending;
  std::int64_t length;  ///< steps that are done, -1 where that is not known
  Exprs variables;      ///< carries, elements, constants
  Exprs results;        ///< new carries, outputs
  Expr condition;       ///< of ending, if there is one

  explicit Opened(const Node& scan);

  /// Steps asked for.
  const Expr& steps() const { return node.input(0); }
  /// Steps that are done: fewer where the loop stops by itself.
  Expr steps_done() const { return ending == Ending::none ? steps() : outputs_of(node).back(); }
  const Expr& argument(std::size_t i) const { return node.input(input_of(i)); }
  bool is_sequence(std::size_t i) const { return i >= carries && i < carries + sequences; }
  bool is_constant(std::size_t i) const { return i >= carries + sequences; }

  /// The sequence has exactly one element a step.
  bool fits_exactly(const Expr& sequence) const {
    const std::int64_t known = sequence.shape()[0];
    if (ending != Ending::none) return false;
    return known != unknown ? known == this->length : symbolic::length(sequence, 0) == steps();
  }
};

/// Reverse and forward rules (ops/scan_gradient.cpp).
Exprs scan_gradient(const Application& a);
Exprs scan_tangent(const Node& node, std::span<const Expr> tangents);

}  // namespace leapgraph::symbolic
