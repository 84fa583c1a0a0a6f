/// What all derivatives that are handed to a user have in common.
#pragma once

#include <span>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// `results[k]`, each made to depend on `wrt[k]` where it does not: `function({x, y}, grad(x * y, x))` needs its x.
/// Absent ones stay absent. One walk for 64 variables.
Exprs as_derivatives(Exprs results, std::span<const Expr> wrt);

}  // namespace leapgraph::symbolic
