/// Large products of matrices as routines, which do them in blocks.
#pragma once

#include "leapgraph/symbolic/rewrite/firing.hpp"

namespace leapgraph::symbolic {

/// Contractions that are products of large matrices become calls of a routine. Others stay loop nests, which fuse with
/// their neighbours.
Graph block_products(const Graph& graph, const PassLog& log = {});

}  // namespace leapgraph::symbolic
