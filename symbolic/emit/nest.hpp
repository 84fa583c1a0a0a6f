/// Decisions about one nest that every target shares: which axes are merged, and where accumulators live.
#pragma once

#include "leapgraph/symbolic/schedule/kernel.hpp"

namespace leapgraph::symbolic {

struct NestPlan {
  Nest nest;                       ///< axes of length 1 dropped, neighbouring axes merged where all memory allows it
  std::vector<bool> in_memory;     ///< accumulation a is combined in its target; otherwise in a scalar
  std::vector<std::size_t> depth;  ///< loops outside that scalar
};

NestPlan plan_nest(const Nest& nest);

}  // namespace leapgraph::symbolic
