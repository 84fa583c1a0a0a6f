/// Short nests as straight code, whose arrays become registers.
#pragma once

#include "leapgraph/symbolic/emit/writer.hpp"
#include "leapgraph/symbolic/schedule/kernel.hpp"

namespace leapgraph::symbolic {

/// Whether straight code is the better form in the body of a loop: the nest is short and its innermost loop is no whole
/// vector, or it sums along outer loops. Its axes are those of a `NestPlan`.
bool unrolls(const Nest& nest);
/// Writes every iteration of `nest` as statements of their own, but calls of functions that have vector variants: those
/// of all iterations together are one loop.
void emit_unrolled(const Program& program, const Nest& nest, Writer& out);

}  // namespace leapgraph::symbolic
