/// Which input has which value in a call, converted where need be.
#pragma once

#include "leapgraph/symbolic/calls/call.hpp"

namespace leapgraph::symbolic {

/// Gives inputs their arguments, by position and by name. Those up to the returned number have one; of the others,
/// where `some_given`, those that `is_given` says. Throws what `Function::operator()` says of arguments.
std::size_t bind_arguments(const Function::State& state, Frame& frame, const Argument* const* arguments,
                           std::size_t count);

/// Gives an input without an argument its default, or the value of its state. Throws MissingInput where it has neither.
void bind_default(const Function::State& state, Frame& frame, std::size_t input);

}  // namespace leapgraph::symbolic
