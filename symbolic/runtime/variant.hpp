/// Which build of the runtime library suits this processor.
#pragma once

#include <string>

namespace leapgraph::symbolic {

/// The highest x86-64 level that this processor and system support, as compilers name it: "x86-64-v2", "x86-64-v3",
/// "x86-64-v4"; empty below v2 and on other processors.
std::string processor_level();

/// The shared library that emitted code should find its routines in: the variant for this processor where it lies
/// beside the baseline that this program has loaded, else that baseline.
std::string runtime_variant_path();

}  // namespace leapgraph::symbolic
