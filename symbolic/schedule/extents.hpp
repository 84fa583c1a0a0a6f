/// Axes whose length is known at run time only, in memory of a fixed capacity: what native code needs to be planned.
#pragma once

#include <cstdint>
#include <vector>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// A graph in which every length is known: an axis of run-time length has `capacity` positions, of which only the first
/// ones mean something. How many, its extent, is an int64 scalar of the graph.
struct BoundedGraph {
  Graph graph;  ///< outputs as before, followed by the extents that they need
  /// For each output as before, for each axis the number of its extent among those, or -1 where the length is exact.
  std::vector<std::vector<int>> extents;
  std::size_t extent_count = 0;
};

/// `graph`, whose input shapes are known, with every axis of run-time length in room for at most `capacity` positions
/// (fewer where fewer suffice). Scans that need more fail with Check::capacity when they run. Sums and other reductions
/// leave out what means nothing. Throws GraphError naming an op that cannot work on such an axis.
BoundedGraph with_capacity(const Graph& graph, std::int64_t capacity);

}  // namespace leapgraph::symbolic
