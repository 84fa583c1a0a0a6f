/// Reverse mode from adjoints of which only some elements count.
#pragma once

#include <span>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// As `vjp`, for adjoints that are 0 where `masks` (booleans of their shapes) do not hold: there an infinite slope on
/// the way gives 0 and not nan.
Exprs masked_vjp(std::span<const Expr> outputs, std::span<const Expr> wrt, std::span<const Expr> adjoints,
                 std::span<const Expr> masks);

}  // namespace leapgraph::symbolic
