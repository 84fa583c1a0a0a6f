/// The words for failed checks.
#include "leapgraph/symbolic/checks.hpp"

#include <fmt/format.h>

namespace leapgraph::symbolic {

namespace {

std::string words(const Failure& f) {
  switch (f.check) {
    case Check::row:
      return fmt::format("position {} is out of range: there are {} rows", f.value, f.limit);
    case Check::negative_steps:
      return fmt::format("scan: the number of steps must not be negative, got {}", f.value);
    case Check::short_sequence:
      return fmt::format("scan: a sequence has {} elements, {} steps were asked for", f.limit, f.value);
    case Check::never_stopped:
      return fmt::format("scan: the loop did not stop within its {} steps", f.limit);
    case Check::capacity:
      return fmt::format("scan: {} steps are needed, the function was compiled for {}", f.value, f.limit);
    case Check::lengths:
      return fmt::format("a run-time length of {} does not fit the lengths that it meets", f.value);
  }
  return "a check at run time failed";
}

}  // namespace

std::string describe(const Failure& failure, const std::source_location& place) {
  return fmt::format("{} (made at {}:{})", words(failure), place.file_name(), place.line());
}

}  // namespace leapgraph::symbolic
