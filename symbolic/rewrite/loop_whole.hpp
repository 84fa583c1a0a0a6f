/// Parts of a scan computed for all steps at once: before the loop, after it, or instead of it.
#pragma once

#include "leapgraph/symbolic/rewrite/loop_parts.hpp"

namespace leapgraph::symbolic {

/// All of these want a definite loop of at least one step and say whether they changed anything. What cannot be
/// vectorized stays, with the reason in `refusal`.

/// Outputs that no carry has a part in become whole arrays.
bool compute_outputs_whole(LoopParts& loop);
/// A carry that only accumulates (sum, product, extremum, logical) what no carry has a part in becomes a reduction.
bool reduce_accumulations(LoopParts& loop);
/// Where no carry feeds itself but counters and accumulations, carries of the last step become sequences.
bool replace_lags(LoopParts& loop);
/// What depends on sequences alone is computed before the loop where that is worth it.
bool compute_before(LoopParts& loop);
/// What depends on carries but feeds none is computed after it where that is worth it.
bool compute_after(LoopParts& loop);
/// Very short loops are written out.
bool unroll(LoopParts& loop);

/// Why carries cannot become whole arrays: "carry 1 feeds itself".
std::string feedback(const LoopParts& loop);

}  // namespace leapgraph::symbolic
