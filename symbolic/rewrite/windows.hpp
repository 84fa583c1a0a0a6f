/// Gradients of parts of a tensor, each padded with zeros and added up, as one tensor put together.
#pragma once

#include "leapgraph/symbolic/rewrite/firing.hpp"

namespace leapgraph::symbolic {

/// A sum of zero-padded slices that do not overlap becomes their concatenation: nothing is padded and nothing added.
Graph join_windows(const Graph& graph, const PassLog& log = {});

}  // namespace leapgraph::symbolic
