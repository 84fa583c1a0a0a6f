/// 0 and 1 of the type that lengths and positions have: beside those, plain literals would be of another.
#pragma once

#include <cstdint>

namespace leapgraph::symbolic {

inline constexpr std::int64_t zero = 0, one = 1;

}  // namespace leapgraph::symbolic
