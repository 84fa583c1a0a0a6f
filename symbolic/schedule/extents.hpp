/// Axes whose length is known at run time only, in memory of a fixed capacity: what native code needs to be planned.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// Of values, in a graph and in its bodies: how many positions of each axis mean something (absent: all). Nobody reads
/// the others for what they are. No extents at all: the same value is wanted to several extents.
using Extents = std::unordered_map<Expr, Exprs, ExprHash>;
void add_extents(Extents& known, const Expr& value, const Exprs& extents);

/// A graph in which every length is known: an axis of run-time length has `capacity` positions, of which only the first
/// ones mean something. How many, its extent, is an int64 scalar of the graph.
struct BoundedGraph {
  Graph graph;  ///< outputs as before, followed by the extents that they need
  /// For each output as before, for each axis the number of its extent among those, or -1 where the length is exact.
  std::vector<std::vector<int>> extents;
  std::size_t extent_count = 0;
  Extents wanted;  ///< so that loops need not run over all the room there is
};

/// `graph`, whose input shapes are known, with every axis of run-time length in room for at most `capacity` positions
/// (fewer where fewer suffice, and of rows above 1 KiB). Scans that need more fail with Check::capacity when they run.
/// Sums and other reductions leave out what means nothing. Throws GraphError naming an op that cannot work on such an
/// axis.
BoundedGraph with_capacity(const Graph& graph, std::int64_t capacity);

}  // namespace leapgraph::symbolic
