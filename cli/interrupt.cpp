/// Signal handlers that touch nothing but atomics and a descriptor.
#include "leapgraph/cli/interrupt.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace leapgraph::cli {
namespace {

// A signal handler takes no context: these belong to the one Interrupt that lives.
std::atomic<int> noted_signal{0};
std::atomic<int> event{-1};
static_assert(std::atomic<int>::is_always_lock_free);

void tell(int descriptor) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(descriptor, &one, sizeof one);  // only fails when it is awake already
}

void handle(int signal) {
  const int saved = errno;
  int none = 0;
  if (!noted_signal.compare_exchange_strong(none, signal)) _exit(128 + signal);
  tell(event.load());
  errno = saved;
}

}  // namespace

Interrupt::Interrupt() {
  const int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  event = descriptor;
  noted_signal = 0;
  struct sigaction action {};
  action.sa_handler = handle;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, nullptr, &previous_interrupt_);
  // A program that was started with SIGINT ignored (nohup, a shell's background job) goes on ignoring it.
  if (previous_interrupt_.sa_handler != SIG_IGN) sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, &previous_terminate_);
}

Interrupt::~Interrupt() {
  sigaction(SIGINT, &previous_interrupt_, nullptr);
  sigaction(SIGTERM, &previous_terminate_, nullptr);
  close(event.exchange(-1));
}

int Interrupt::signal() const { return noted_signal; }

void Interrupt::wait(int milliseconds) const {
  pollfd waited{.fd = event, .events = POLLIN, .revents = 0};
  if (poll(&waited, 1, milliseconds) <= 0) return;  // time is over, or a signal came: its note is seen by the caller
  std::uint64_t count = 0;
  [[maybe_unused]] const auto bytes = read(waited.fd, &count, sizeof count);
}

void Interrupt::wake() const { tell(event); }

std::string_view signal_name(int signal) { return signal == SIGINT ? "SIGINT" : "SIGTERM"; }

}  // namespace leapgraph::cli
