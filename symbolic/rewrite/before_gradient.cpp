/// What is worth doing to a graph before it is differentiated.
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/rewrite/gathers.hpp"

namespace leapgraph::symbolic {

Exprs simplified_for_gradient(std::span<const Expr> outputs) {
  const Graph graph{free_inputs(outputs), Exprs(outputs.begin(), outputs.end())};
  return hoist_through_gathers(simplify_gathers(graph)).outputs;
}

}  // namespace leapgraph::symbolic
