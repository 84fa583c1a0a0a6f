/// The list of passes, a reason beside each.
#include "leapgraph/symbolic/rewrite/passes.hpp"

#include <vector>

namespace leapgraph::symbolic {

std::span<const Pass> all_passes() {
  static const std::vector<Pass> passes{};
  return passes;
}

Graph rewrite(const Graph& graph, const RewriteOptions& options) {
  Graph result = graph;
  for (const Pass& pass : all_passes()) {
    result = pass.run(result);
    if (options.observer) options.observer(pass.name, result);
  }
  return result;
}

}  // namespace leapgraph::symbolic
