/// The commands of hmc-run, one function each.
#pragma once

#include "leapgraph/cli/exit_status.hpp"
#include "leapgraph/cli/options.hpp"

namespace leapgraph::cli {

/// Each writes its result to stdout, messages to stderr, and returns or throws: UsageError, ModelError, DataError,
/// FileError, TraceError, Error.

/// Samples into a trace and prints the summary.
ExitStatus execute(const SampleCommand& command);
/// Prints {"parameters": [...], "log_density": [...], "gradient": [[...], ...], "ns_per_gradient": median}.
ExitStatus execute(const LogDensityCommand& command);
/// Prints "MODEL.stan: ok", after the warnings, when the program (and with data, the two together) can be used.
/// With `format`, the program in its canonical layout.
ExitStatus execute(const CheckCommand& command);
/// Prints the reference of the library, or of one name in it.
ExitStatus execute(const FunctionsCommand& command);
/// Prints the summary of a trace.
ExitStatus execute(const SummaryCommand& command);
/// Prints what one of the stages between model text and emitted C made of a model.
ExitStatus execute(const DumpCommand& command);
ExitStatus execute(const PrintText& command);

}  // namespace leapgraph::cli
