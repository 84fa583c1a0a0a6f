/// Computes what depends on constants only.
#pragma once

#include "leapgraph/symbolic/rewrite/firing.hpp"

namespace leapgraph::symbolic {

/// Nodes whose inputs are all constants become constants, by the op's own reference evaluation. A result larger than
/// the inputs together stays an expression (a stretched scalar is not made an array), and so do ops with an effect.
Graph fold_constants(const Graph& graph, const PassLog& log = {});

}  // namespace leapgraph::symbolic
