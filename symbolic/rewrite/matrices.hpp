/// Simplifications of what is computed from whole matrices.
#pragma once

#include "leapgraph/symbolic/graph.hpp"
#include "leapgraph/symbolic/rewrite/firing.hpp"

namespace leapgraph::symbolic {

/// Logarithms of determinants without the determinant, which over- and underflows, and their derivatives without it;
/// products with an inverse as solutions of systems, where the inverse is used for nothing else.
Graph simplify_matrices(const Graph& graph, const PassLog& log = {});

}  // namespace leapgraph::symbolic
