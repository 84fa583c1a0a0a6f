/// The functions of runtime/special.h by name, for emitted code, which includes no header.
#pragma once

#include <span>
#include <string_view>

namespace leapgraph::symbolic {

/// A real function of reals in runtime/special.h.
struct RuntimeSymbol {
  std::string_view name;
  int arguments;
  void (*address)();  ///< the scalar function, for tests
  bool has_vectors;   ///< there are vector versions (attribute simd("notinbranch"))
  double ulps;        ///< the largest error, in units in the last place, where the function is well conditioned
};

std::span<const RuntimeSymbol> runtime_symbols();
/// Functions of runtime/philox.h, which draw random numbers.
std::span<const RuntimeSymbol> drawing_symbols();
/// Null when there is none of this name.
const RuntimeSymbol* find_runtime_symbol(std::string_view name);

}  // namespace leapgraph::symbolic
