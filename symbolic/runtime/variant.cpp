/// Picks the runtime library by CPUID, in the folder of the one that is loaded.
#include "leapgraph/symbolic/runtime/variant.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include "leapgraph/symbolic/error.hpp"
#include "leapgraph/symbolic/runtime/special.h"

namespace leapgraph::symbolic {

std::string processor_level() {
#if defined(__x86_64__)
  // By feature and not by level, which older compilers do not know. All of these imply support by the system.
  __builtin_cpu_init();
  const bool v2 = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
  const bool v3 = v2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                  __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
  return v4 ? "x86-64-v4" : v3 ? "x86-64-v3" : v2 ? "x86-64-v2" : "";
#else
  return "";
#endif
}

std::string runtime_variant_path() {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<const void*>(&lg_sigmoid), &info) == 0 || info.dli_fname == nullptr)
    throw InternalError("the runtime library is not among the loaded ones");
  const std::string baseline = info.dli_fname;
  const std::string level = processor_level();
  const std::size_t end = baseline.rfind(".so");
  if (level.size() < 2 || end == std::string::npos) return baseline;
  const std::string variant = baseline.substr(0, end) + level.substr(level.size() - 3) + ".so";
  return ::access(variant.c_str(), R_OK) == 0 ? variant : baseline;
}

}  // namespace leapgraph::symbolic
