/// What is done to a graph before it is differentiated.
#pragma once

#include <span>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// `outputs` as the stability rules would have them, so that their derivatives are those of forms that neither overflow
/// nor cancel: what a derivative has lost, no rewriting of it finds again. `wrt` stay expressions of the graph,
/// whatever rules would make of them, and so do ops with an effect. The same expressions where no rule has anything to
/// say. Bodies are left alone: they are asked for when they are differentiated.
Exprs stable_for_gradient(std::span<const Expr> outputs, std::span<const Expr> wrt);

}  // namespace leapgraph::symbolic
