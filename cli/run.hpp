/// From the words of the command line to an exit status.
#pragma once

#include <span>
#include <string>

namespace leapgraph::cli {

/// Runs what `arguments` (without the program's name) ask for. Results go to stdout, messages to stderr; throws
/// nothing. Returns the process's exit status, see exit_status.hpp.
int run(std::span<const std::string> arguments) noexcept;

}  // namespace leapgraph::cli
