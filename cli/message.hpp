/// What is said on stderr. Where nobody can hear it (a closed descriptor, a full disk) the work goes on.
#pragma once

#include <string_view>

namespace leapgraph::cli {

/// Writes the text as it is, and does not complain when that fails.
void say(std::string_view text);

/// Puts something that fails in the place of a closed stdin, stdout or stderr, so that no file which is opened later
/// gets their numbers, and with them the messages.
void occupy_closed_descriptors();

}  // namespace leapgraph::cli
