/// The families of distributions of integers, and what their records share.
#pragma once

#include <functional>

#include "leapgraph/models/library/distribution.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {

std::span<const Distribution> bounded_count_distributions();    ///< outcomes from 0 to N, or between bounds
std::span<const Distribution> unbounded_count_distributions();  ///< counts without an upper bound

constexpr DensityArgument integer_argument(std::string_view name, const Domain& domain) {
  return {name, &domain, Guard::test, true};
}

symbolic::Expr real_number(const symbolic::Expr& n);
symbolic::Expr log_factorial(const symbolic::Expr& n);

/// A bound of outcomes.
template <int number>
symbolic::Expr whole_number(std::span<const symbolic::Expr>) {
  return symbolic::constant(number);
}

// The sum over outcomes is all that matters of a term. Where one value meets many counts, these give the mean over
// outcomes, which takes fewer operations.

/// count * value, 0 where count is 0 whatever the value.
symbolic::Expr times(const symbolic::Expr& count, const symbolic::Expr& value);
/// function(shape, n), evaluated once for equal counts that are known.
symbolic::Expr of_counts(const symbolic::Expr& n, const symbolic::Expr& shape,
                         symbolic::Expr (*function)(const symbolic::Expr& shape, const symbolic::Expr& n));

/// log(1 + q(n) (1 + q(n - 1) (1 + ... q(1)))): the sum of the masses from 0 to n over the mass at n, where q(k) is the
/// mass at k - 1 over that at k. `like` has the shape of the result.
symbolic::Expr log_sum_in_units_of_last(const symbolic::Expr& n, const symbolic::Expr& like,
                                        const std::function<symbolic::Expr(const symbolic::Expr& k)>& quotient);

}  // namespace leapgraph::models::library
