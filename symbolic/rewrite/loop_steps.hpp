/// Expressions of a scan's body computed for all of its steps at once.
#pragma once

#include <optional>

#include "leapgraph/symbolic/rewrite/loop_parts.hpp"

namespace leapgraph::symbolic {

/// The value of a body expression at all steps.
struct Whole {
  Expr value;  ///< with the steps in front where it varies
  bool varies = false;
  bool is_reversed = false;  ///< the last step first: sequences that run backwards are read forwards
};

/// `known` maps body expressions to their rows, which count as sequences; beyond them no carry has a part in `e`.
/// Nothing where it cannot be vectorized or would need an array that is too large, with the reason in the loop.
std::optional<Whole> at_all_steps(LoopParts& loop, const Expr& e, const Substitution& known = {});

/// One row a step, in their order.
Expr rows_of(const Whole& whole, std::int64_t length);

/// The rows of a body expression of integers that are known now, one after another, in the order of the steps.
std::optional<std::vector<std::int64_t>> known_rows(LoopParts& loop, const Expr& e);

std::int64_t whole_bytes(const Type& type);

}  // namespace leapgraph::symbolic
