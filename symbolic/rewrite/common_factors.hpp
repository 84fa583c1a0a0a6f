/// Sums whose terms share factors: c - c f where a rule knows 1 - f, p f - p g where one knows f - g.
#pragma once

#include <string_view>
#include <vector>

#include "leapgraph/symbolic/rewrite/engine.hpp"

namespace leapgraph::symbolic {

/// Whether that was found in the sum `whole`; then `edits` has what becomes of its terms, `fired` the name of the rule.
bool by_common_factors(const RuleSet& rules, Views& views, const SumView& view, const Expr& whole,
                       std::vector<Edited>& edits, std::string_view& fired);

}  // namespace leapgraph::symbolic
