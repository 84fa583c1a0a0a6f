/// Calls whose results are looked at, and explained where they are bad.
#include <cmath>

#include "leapgraph/symbolic/ops/looking.hpp"
#include "leapgraph/symbolic/verification.hpp"

namespace leapgraph::symbolic {

namespace {

bool has_bad(const Array& array, const BadValueOptions& options) {
  if (!is_floating(array.dtype())) return false;
  for (std::int64_t i = 0; i < array.size(); ++i) {
    const double x = array.real(i);
    if (std::isnan(x) ? options.nan : (options.infinity && std::isinf(x)) || std::abs(x) > options.big) return true;
  }
  return false;
}

}  // namespace

Results checked_call(const Function& function, std::span<const Array> arguments, const CheckedCall& checks) {
  const Question question = asked_of(function, arguments);  // as shared variables are before the call
  Results results = function(arguments);
  if (checks.bad_values)
    for (std::size_t k = 0; k < results.size(); ++k)
      if (checks.bad_values->all || has_bad(results[k], *checks.bad_values))
        if (const auto bad = first_bad_value(question.graph, question.arguments, *checks.bad_values))
          throw AssertionFailed(to_string(*bad));
  if (checks.compare)
    if (const auto difference = compare_modes(question.graph, question.arguments, *checks.compare))
      throw AssertionFailed(to_string(*difference));
  return results;
}

}  // namespace leapgraph::symbolic
