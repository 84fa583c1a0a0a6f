/// A derivative that does not depend on the variable by which it was taken, y for x y, and says all the same that it
/// was: a function of that variable needs it, and a second derivative by it is 0 rather than an error.
#include <vector>

#include "leapgraph/symbolic/derivatives/formal.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/complex_rules.hpp"
#include "leapgraph/symbolic/ops/node_index.hpp"

namespace leapgraph::symbolic {

const Op derivative_op{
    .name = "derivative",
    .summary = "a, which is a derivative by b",
    .arity = 2,
    .type = [](std::span<const Type> inputs, const Attributes&) -> std::vector<Type> { return {inputs[0]}; },
    .gradient =
        [](const Application& a) {
          return Exprs{a.adjoint, Expr()};
        },
    .tangent = [](const Node&, std::span<const Expr> tangents) { return Exprs{tangents[0]}; },
    .evaluate = [](const Node&, std::span<const Array> inputs) -> std::vector<Array> { return {inputs[0]}; },
    .lowering = Abstract{},
    .concrete = [](const Node& node) { return Exprs{node.input(0)}; },
    .examples =
        [] {
          const Expr x = input({DType::float64, {3}}, "x"), y = input({DType::float64, {2}}, "y");
          return Exprs{make(derivative_op, {x, y})};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> { return {b.inputs[0]}; },
    .complex = complex_rule::as_it_is,
};

Exprs as_derivatives(Exprs results, std::span<const Expr> wrt) {
  Exprs present;
  for (const Expr& e : results)
    if (e) present.push_back(e);
  const std::vector<const Node*> order = topological_order(present);
  const NodeIndex numbers(order);
  constexpr std::size_t at_once = 64;
  std::vector<std::uint64_t> reached(order.size());
  for (std::size_t first = 0; first < wrt.size(); first += at_once) {
    const std::size_t end = std::min(wrt.size(), first + at_once);
    std::fill(reached.begin(), reached.end(), 0);
    for (std::size_t k = first; k < end; ++k)
      if (const std::uint32_t n = numbers.find(&wrt[k].node()); n != NodeIndex::none)
        reached[n] |= std::uint64_t{1} << (k - first);
    for (std::size_t n = 0; n < order.size(); ++n)
      for (const Expr& e : order[n]->inputs()) reached[n] |= reached[numbers.find(&e.node())];
    for (std::size_t k = first; k < end; ++k)
      if (results[k] && !(reached[numbers.find(&results[k].node())] >> (k - first) & 1))
        results[k] = make(derivative_op, {results[k], wrt[k]}, {}, results[k].node().place());
  }
  return results;
}

}  // namespace leapgraph::symbolic
