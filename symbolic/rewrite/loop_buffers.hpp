/// Buffers that a scan carries, where the rows that it reads and writes are known while rewriting.
#pragma once

#include "leapgraph/symbolic/rewrite/loop_parts.hpp"

namespace leapgraph::symbolic {

/// Each says whether it changed anything; they want a definite loop of at least one step.

/// Counters that name rows of carried buffers become sequences, so that the rows are known.
bool make_rows_known(LoopParts& loop);
/// Rows that are read before any step writes them are read from the initial buffer.
bool read_initial_rows(LoopParts& loop);
/// Rows that are read a fixed number of steps after they were written come from carries: taps.
bool replace_taps(LoopParts& loop);
/// A buffer that is written row after row, one a step, and not read becomes an output.
bool emit_rows(LoopParts& loop);

}  // namespace leapgraph::symbolic
