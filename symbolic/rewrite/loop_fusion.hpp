/// Scans over the same steps run as one.
#pragma once

#include "leapgraph/symbolic/rewrite/firing.hpp"

namespace leapgraph::symbolic {

/// `graph` with two of its scans made one, or `graph` itself where no two are worth it: they have the same number of
/// steps, none depends on the other, and they share sequences, or carries that run in step (as a loop and the loop that
/// stores its states for the gradient do).
Graph fuse_two_loops(const Graph& graph, const PassLog& log = {});

}  // namespace leapgraph::symbolic
