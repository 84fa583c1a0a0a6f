/// Scans that need not be scans: whole-array code where iterations are independent, one loop where there were several.
#pragma once

#include <string>

#include "leapgraph/symbolic/rewrite/firing.hpp"

namespace leapgraph::symbolic {

/// Rewrites the scans of a graph, those in bodies not (`with_bodies` visits these first):
/// * what nothing reads goes; equal parts merge; what does not change is computed once, outside;
/// * a scan without carries becomes whole-array code, and so do outputs that no carry has a part in;
/// * a carry that only accumulates becomes a reduction, so that the reverse scan of a map is whole-array code too;
/// * carries that are what a sequence was a step before, and counters, become sequences;
/// * expensive parts that carries have no part in are computed before the loop, those that feed no carry after it;
/// * scans of the same steps that share carries or sequences become one; very short ones are written out.
Graph rewrite_loops(const Graph& graph, const PassLog& log = {});

/// Each scan of the graph and its bodies with the reason why it is one, a line each:
/// "scan at model.cpp:12: stays a loop: carry 1 feeds itself".
std::string explain_loops(const Graph& graph);

}  // namespace leapgraph::symbolic
