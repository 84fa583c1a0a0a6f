/// Contractions that are products of large matrices, which a routine does in blocks that stay in registers and caches.
#pragma once

#include <optional>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// The contraction as a stack of products of matrices, where it is one that is large enough for the blocks to pay:
/// known lengths, real elements, at least 8 rows, columns and terms, and 48^3 multiplications. Operands whose
/// axes do not lie as rows and columns do are transposed first.
std::optional<Expr> as_blocked_product(const Node& contraction);

}  // namespace leapgraph::symbolic
