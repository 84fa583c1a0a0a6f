/// What the calls of all solvers share: the numbers that they get, one after the other.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace leapgraph::models::lower {

using Doubles = std::span<const double>;

/// The next `count` of a row of numbers.
Doubles take(Doubles& numbers, std::size_t count);

/// Throws std::domain_error naming the first that is not: "initial state[2] is nan, but must be finite".
void require_finite(Doubles values, std::string_view what);

}  // namespace leapgraph::models::lower
