/// Loop programs to C: one translation unit without includes.
#pragma once

#include <string>

#include "leapgraph/symbolic/schedule/kernel.hpp"

namespace leapgraph::symbolic {

/// Exports `int NAME(const void* const* in, void* const* out, void* work, const struct lg_runtime* rt)` for each
/// function: data arrays follow the inputs in `in`, `work` is 64-byte aligned and has the program's workspace_bytes;
/// non-zero: a run-time check failed, and `rt->error`, where given, says which.
std::string emit_c(const Module& module);

}  // namespace leapgraph::symbolic
