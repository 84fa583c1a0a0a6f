/// Lengths as values of the graph: what is known of integer scalars, and tensors that have such lengths.
#pragma once

#include <optional>

#include "leapgraph/symbolic/graph.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {

/// The value of an integer or boolean scalar that follows from constants alone; nothing for others, and where
/// computing it fails.
std::optional<std::int64_t> known_integer(const Expr& e);

/// What an integer scalar certainly does not exceed, as far as its spelling tells: literals, minimum, clip, sums of
/// booleans, elements of data.
std::optional<std::int64_t> upper_bound(const Expr& e);

/// 0, 1, ..., n - 1 as int64 for an integer scalar of the graph: the op that makes axes of run-time length. Throws
/// NegativeLength when n is known to be negative; a run-time one fails the call.
Expr iota(const Operand& n);

/// An axis of `rank` that runs as iota(n) does and has length 1 elsewhere: it broadcasts.
Expr iota_along(const Operand& n, std::int64_t axis, std::int64_t rank);

}  // namespace leapgraph::symbolic
