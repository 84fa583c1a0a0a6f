/// Checks made while a function runs: how emitted code reports a failed one, and what the interpreter and native code
/// both say about it.
#pragma once

#include <cstdint>
#include <source_location>
#include <string>
#include <utility>

namespace leapgraph::symbolic {

/// The numbers are those that emitted code reports.
enum class Check : std::int64_t {
  row = 1,                    ///< a row number is out of range; limit: rows there are
  negative_steps = 2,         ///< of a loop
  short_sequence = 3,         ///< value: steps asked for; limit: elements of the shortest sequence
  never_stopped = 4,          ///< a loop that must stop by its condition did not; limit: steps it was allowed
  capacity = 5,               ///< value: rows needed; limit: rows that the function was compiled for
  lengths = 6,                ///< value: a run-time length that had to be equal to another
  no_elements = 7,            ///< a maximum or minimum over an axis without any
  negative_length = 8,        ///< of a tensor
  not_positive_definite = 9,  ///< value: order of the first leading minor that is not positive
  singular = 10,              ///< value: number of the pivot that is 0
  no_convergence = 11,        ///< of an iteration
  assertion = 12,             ///< value: number of the element that is false
  shape = 13,                 ///< value: a run-time length; limit: what it had to be
  memory = 14                 ///< value: numbers that a routine found no room for
};

/// Where a check was made, and what its message says beside: "axis 1" of an index, the text of an assertion; and what
/// is checked, "gather(x: float64[3], i: int64[2])".
struct Origin {
  std::source_location place;
  std::string note, subject;
  Origin() = default;
  Origin(const std::source_location& where, std::string words = {}, std::string checked = {})
      : place(where), note(std::move(words)), subject(std::move(checked)) {}
};

struct Failure {
  Check check;
  std::int64_t value = 0;
  std::int64_t limit = 0;
};

/// What a routine returns for a failed check: not 0, and holds `value` beside the check.
constexpr std::int64_t routine_failure(Check check, std::int64_t value) {
  return static_cast<std::int64_t>(check) | value << 8;
}

/// "scan: the number of steps must not be negative, got -1 (made at model.cpp:12)",
/// "gather(x: float64[3], i: int64[2]): position 5 is out of range: there are 3 rows (made at model.cpp:12)".
std::string describe(const Failure& failure, const Origin& origin);

/// Throws the error type of the check (error.hpp) with `describe`'s message.
[[noreturn]] void raise(const Failure& failure, const Origin& origin);

}  // namespace leapgraph::symbolic
