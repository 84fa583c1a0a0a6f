/// How hmc-run tells its caller how it went, by the numbers of sysexits.h.
#pragma once

namespace leapgraph::cli {

enum class ExitStatus : int {
  done = 0,
  usage = 64,          ///< the command line cannot be understood, or asks for what is not there
  bad_input = 65,      ///< the model or the data cannot be used
  missing_input = 66,  ///< a file to read is not there
  our_fault = 70,
  no_output = 73,    ///< the output exists, or cannot be made
  io = 74,           ///< no room on the disk, or a failed read or write
  interrupt = 130,   ///< ended early by SIGINT; the draws so far are in the trace
  terminated = 143,  ///< ended early by SIGTERM; likewise
};

}  // namespace leapgraph::cli
