/// Makes a + b and b + a one node.
#pragma once

#include "leapgraph/symbolic/rewrite/firing.hpp"

namespace leapgraph::symbolic {

/// Applications of a commutative op to the same two inputs take the order in which they first occur; the value has the
/// same bits.
Graph merge_commuted(const Graph& graph, const PassLog& log = {});

}  // namespace leapgraph::symbolic
