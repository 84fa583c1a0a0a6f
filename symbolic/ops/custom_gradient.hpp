/// Whether derivatives stop at an input of a node because its user said so.
#pragma once

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// The node counts as independent of its input number `i`: no derivative flows, and a cost that depends on something
/// only by this way does not depend on it.
bool is_cut_off(const Node& node, std::size_t i);

}  // namespace leapgraph::symbolic
