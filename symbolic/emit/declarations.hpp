/// What emitted C declares before its functions: the prelude, and the mathematical functions that the loops call.
#pragma once

#include <string>
#include <string_view>

#include "leapgraph/symbolic/schedule/kernel.hpp"

namespace leapgraph::symbolic {

/// The text in front of the functions of `module`.
std::string declarations(const Module& module);
/// Whether an expression template calls a function that has vector variants.
bool calls_vector_function(std::string_view code);

}  // namespace leapgraph::symbolic
