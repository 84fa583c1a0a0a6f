/// `hmc-run check` and the texts of help: commands that only say something.
#include <fmt/format.h>

#include <cstdio>

#include "leapgraph/cli/commands.hpp"
#include "leapgraph/cli/model_files.hpp"

namespace leapgraph::cli {

ExitStatus execute(const CheckCommand& command) {
  const models::CheckedProgram program = read_program(command.files);
  if (!command.files.data.empty()) bind(program, read_data(command.files));
  fmt::print("{}: ok\n", command.files.model);
  return ExitStatus::done;
}

ExitStatus execute(const PrintText& command) {
  fmt::print("{}", command.text);
  return ExitStatus::done;
}

}  // namespace leapgraph::cli
