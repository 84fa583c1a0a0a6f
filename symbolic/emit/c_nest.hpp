/// One nest of loops as C.
#pragma once

#include <string>

#include "leapgraph/symbolic/emit/writer.hpp"
#include "leapgraph/symbolic/schedule/kernel.hpp"

namespace leapgraph::symbolic {

/// Writes the loops of `nest`, whose buffers are declared, to `out`. Short ones are straight code, while `budget`
/// statements last.
void emit_nest(const Program& program, const Nest& nest, bool in_loop, std::size_t& budget, Writer& out);

}  // namespace leapgraph::symbolic
