#include "leapgraph/cli/memory.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace leapgraph::cli {
namespace {

/// What is free, swap included, or can be made free without loss; nothing is known: no limit.
rlim_t available_bytes() {
  std::ifstream lines("/proc/meminfo");
  std::string name, unit;
  rlim_t kilobytes = 0, total = 0;
  while (lines >> name >> kilobytes) {
    if (name == "MemAvailable:" || name == "SwapFree:") total += kilobytes * 1024;
    std::getline(lines, unit);
  }
  return total == 0 ? RLIM_INFINITY : total;
}

}  // namespace

void limit_memory() {
  struct rlimit limit {};
  if (getrlimit(RLIMIT_DATA, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY) return;
  limit.rlim_cur = available_bytes();
  for (const char* file : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    rlim_t group = 0;
    if (std::ifstream(file) >> group && group > 0) limit.rlim_cur = std::min(limit.rlim_cur, group);
  }
  setrlimit(RLIMIT_DATA, &limit);  // where it fails, memory is as unlimited as before
}

}  // namespace leapgraph::cli
