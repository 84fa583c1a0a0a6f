/// stderr, and descriptors that the caller has closed.
#include "leapgraph/cli/message.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

namespace leapgraph::cli {

void say(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

void occupy_closed_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) >= 0) continue;
    // Read-only, so that writing to it fails as before; an open takes the lowest free number, which is this one.
    [[maybe_unused]] const int same = open("/dev/null", O_RDONLY);
  }
}

}  // namespace leapgraph::cli
