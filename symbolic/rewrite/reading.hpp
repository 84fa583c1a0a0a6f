/// The two words that rules read expressions with.
#pragma once

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// Whether `e` is what `op` made.
inline bool is(const Expr& e, const Op& op) { return &e.op() == &op; }
/// Input `i` of what made `e`.
inline const Expr& in(const Expr& e, std::size_t i = 0) { return e.node().input(i); }

}  // namespace leapgraph::symbolic
