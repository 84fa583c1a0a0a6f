/// Complex tensors as real ones with a last axis of length 2, for the scheduler, which knows real numbers only.
#pragma once

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// The same function of the same memory: complex inputs, data, outputs and what loops, branches and calls carry become
/// pairs of real numbers, as std::complex has them. Shapes are known.
Graph with_complex_pairs(const Graph& graph);

}  // namespace leapgraph::symbolic
