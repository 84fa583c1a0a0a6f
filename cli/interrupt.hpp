/// Ctrl-C: the first SIGINT or SIGTERM asks for an end, the second one is the end.
#pragma once

#include <csignal>
#include <string_view>

namespace leapgraph::cli {

/// While it lives, the first SIGINT or SIGTERM is only noted, and wakes the thread in `wait`; the next one ends the
/// process at once, with 128 + its number. Files stay as they are on disk then. At most one lives at a time.
class Interrupt {
 public:
  /// Throws std::system_error where the operating system has no descriptor left.
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  /// The signal that came, or 0.
  int signal() const;
  /// Returns when a signal came, when `wake` was called, and after `milliseconds` (below 0: never by time).
  void wait(int milliseconds) const;
  void wake() const;

 private:
  struct sigaction previous_interrupt_ {};
  struct sigaction previous_terminate_ {};
};

/// "SIGINT" or "SIGTERM".
std::string_view signal_name(int signal);

}  // namespace leapgraph::cli
