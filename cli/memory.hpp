/// The machine's memory, which no run may exhaust.
#pragma once

namespace leapgraph::cli {

/// From here on an allocation beyond the memory that the machine has left, or the group of processes that this one
/// belongs to may have, fails and becomes the message "out of memory"; the operating system would grant it and end the
/// process later, or another one. A limit that is set already stays.
void limit_memory();

}  // namespace leapgraph::cli
