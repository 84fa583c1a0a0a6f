/// A loop done again step by step, for those who look at what happens in it.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// Calls visit(step, arguments) with the arguments of the body before every step of the scan `node` for these inputs,
/// until it returns absent; else what it returns are the body's outputs, from which the next step goes on. Stops where
/// the loop does.
void replay_loop(const Node& node, std::span<const Array> inputs,
                 const std::function<std::optional<std::vector<Array>>(std::int64_t step,
                                                                       const std::vector<Array>& arguments)>& visit);

}  // namespace leapgraph::symbolic
