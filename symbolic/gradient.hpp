/// Derivatives as graphs: reverse mode (grad, vjp) and forward mode (jvp). Both ask the ops for their rules and list
/// none.
#pragma once

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// What to do about a variable that the cost does not depend on.
enum class Disconnected { error, zero };

/// The gradient of a scalar floating `cost` with respect to each of `wrt`; each has the type of its variable. Throws
/// GraphError when the cost is not a floating scalar, a variable is not floating or not connected, or an op on the way
/// has no gradient.
Exprs grad(const Expr& cost, std::span<const Expr> wrt, Disconnected disconnected = Disconnected::error);
Expr grad(const Expr& cost, const Expr& wrt, Disconnected disconnected = Disconnected::error);

/// Reverse mode with given adjoints of several outputs (an absent adjoint: 0); entries nobody depends on are absent in
/// the result.
Exprs vjp(std::span<const Expr> outputs, std::span<const Expr> wrt, std::span<const Expr> adjoints);

/// Forward mode: the tangents of `outputs` when `wrt` move along `tangents`; absent where an output does not depend on
/// them.
Exprs jvp(std::span<const Expr> outputs, std::span<const Expr> wrt, std::span<const Expr> tangents);

/// Expressions worth differentiating in the place of `outputs`: with elementwise work on rows that an index picks, data
/// known when building, moved to the table where that is less work. The gradient then has less to do too, which no
/// rewriting of the finished gradient can find again. Values are the same to rounding.
Exprs simplified_for_gradient(std::span<const Expr> outputs);

}  // namespace leapgraph::symbolic
