/// Graph to loop program: which nodes share a loop nest, what is stored where.
#pragma once

#include "leapgraph/symbolic/schedule/extents.hpp"
#include "leapgraph/symbolic/schedule/kernel.hpp"

namespace leapgraph::symbolic {

struct NamedGraph {
  std::string name;
  Graph graph;              ///< rewritten and specialised: every shape is known
  std::size_t extents = 0;  ///< so many last outputs are extents (schedule/extents.hpp), reported through lg_runtime
  Extents wanted = {};      ///< values of which only a part is wanted
};

/// One program a graph, preceded by one for each distinct body that is called (ops with lowering Call). `entry[i]` is
/// the number of the program of graph i. Throws GraphError for what has no lowering, naming the op.
struct ScheduledModule {
  Module module;
  std::vector<int> entry;
};
ScheduledModule schedule(std::span<const NamedGraph> graphs);

/// Readable form for dumps.
std::string describe(const Module& module);

}  // namespace leapgraph::symbolic
