/// Calls with nothing but numbers, which need little beside the code that they run.
#pragma once

#include "leapgraph/symbolic/calls/call.hpp"

namespace leapgraph::symbolic {

/// A plain number as a scalar of that element type, where that is the same number. False: it takes a closer look.
bool store(const Argument& number, DType dtype, void* memory);

/// Numbers for scalars, few scalars as results, no shared variables. False for whatever is different, and where the
/// long way has to be gone for another reason: nothing has happened then.
bool call_with_numbers(const Function::State& state, const Argument* const* arguments, std::size_t count,
                       Results& results);

}  // namespace leapgraph::symbolic
