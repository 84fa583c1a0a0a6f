/// float16 as a type for storage: what computes with it computes in float32.
#pragma once

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// The same graph, where all that is done to float16 numbers is to move, choose and convert them: other ops get float32
/// and their results are rounded, each op once.
Graph with_half_as_storage(const Graph& graph);

}  // namespace leapgraph::symbolic
