/// `hmc-run summary`: the table or the JSON of a trace.
#include "leapgraph/samplers/summary.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "leapgraph/cli/commands.hpp"
#include "leapgraph/cli/table.hpp"

namespace leapgraph::cli {

ExitStatus execute(const SummaryCommand& command) {
  const samplers::Summary summary = samplers::summarize(samplers::read_trace(command.trace));
  fmt::print("{}", command.json ? summary_json(summary) : summary_table(summary));
  return ExitStatus::done;
}

}  // namespace leapgraph::cli
