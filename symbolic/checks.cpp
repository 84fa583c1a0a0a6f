/// The words for failed checks, and the exception that each becomes.
#include "leapgraph/symbolic/checks.hpp"

#include <fmt/format.h>

#include "leapgraph/symbolic/error.hpp"

namespace leapgraph::symbolic {

namespace {

std::string words(const Failure& f, const std::string& note) {
  switch (f.check) {
    case Check::row:
      if (!note.empty())
        return fmt::format("{}: position {} does not exist along an axis of length {}", note, f.value, f.limit);
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
    case Check::no_elements:
      return "max, min: no elements along an axis";
    case Check::negative_length:
      return fmt::format("a length must not be negative, got {}", f.value);
    case Check::not_positive_definite:
      return fmt::format("the matrix is not positive definite: its leading minor of order {} is not positive", f.value);
    case Check::singular:
      return fmt::format("the matrix is singular: its pivot {} is 0", f.value);
    case Check::no_convergence:
      return "the iteration did not converge; are all elements finite?";
    case Check::assertion:
      return (note.empty() ? "an assertion failed" : note) + (f.value < 0 ? "" : fmt::format(" (element {})", f.value));
    case Check::shape:
      return fmt::format("a run-time length is {}, and had to be {}", f.value, f.limit);
    case Check::memory:
      return fmt::format("there is no memory for {} numbers", f.value);
  }
  return "a check at run time failed";
}

}  // namespace

std::string describe(const Failure& failure, const Origin& origin) {
  const bool has_subject = !origin.subject.empty() && failure.check != Check::assertion;
  return fmt::format("{}{}{} (made at {}:{})", has_subject ? origin.subject : "", has_subject ? ": " : "",
                     words(failure, origin.note), origin.place.file_name(), origin.place.line());
}

void raise(const Failure& failure, const Origin& origin) {
  const std::string what = describe(failure, origin);
  switch (failure.check) {
    case Check::row:
      throw IndexError(what);
    case Check::negative_steps:
    case Check::negative_length:
      throw NegativeLength(what);
    case Check::short_sequence:
    case Check::lengths:
    case Check::no_elements:
    case Check::shape:
      throw ShapeError(what);
    case Check::not_positive_definite:
      throw NotPositiveDefinite(what);
    case Check::singular:
      throw SingularMatrix(what);
    case Check::no_convergence:
      throw NoConvergence(what);
    case Check::assertion:
      throw AssertionFailed(what);
    case Check::never_stopped:
    case Check::capacity:
    case Check::memory:
      break;
  }
  throw GraphError(what);
}

}  // namespace leapgraph::symbolic
