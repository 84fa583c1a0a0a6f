/// Short nests as straight code, whose arrays become registers.
#pragma once

#include <optional>

#include "leapgraph/symbolic/emit/writer.hpp"
#include "leapgraph/symbolic/schedule/kernel.hpp"

namespace leapgraph::symbolic {

/// The first of the loops that are better straight code, if there are any: few iterations with an innermost loop that
/// is no whole vector, or, in the body of a loop, all of a nest of several short loops. Its axes are those of a
/// `NestPlan`.
/// `budget` statements may be written; those that the nest makes are taken from it.
std::optional<std::size_t> straight_from(const Nest& nest, bool in_loop, std::size_t& budget);
/// Writes every iteration of the loops from `first` on as statements of their own, but calls of functions that have
/// vector variants: those of all iterations together are one loop.
void emit_straight(const Program& program, const Nest& nest, std::size_t first, Writer& out);

}  // namespace leapgraph::symbolic
