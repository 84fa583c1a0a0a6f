/// One nest of loops as C.
#pragma once

#include <string>

#include "leapgraph/symbolic/emit/writer.hpp"
#include "leapgraph/symbolic/schedule/kernel.hpp"

namespace leapgraph::symbolic {

/// A buffer that is a scalar variable `b3` of the emitted function; others are pointers or arrays of that name.
inline bool is_scalar_variable(const Buffer& buffer) { return buffer.place == Place::local && buffer.size == 1; }

/// Writes the loops of `nest`, whose buffers are declared, to `out`.
void emit_nest(const Program& program, const Nest& nest, Writer& out);

}  // namespace leapgraph::symbolic
