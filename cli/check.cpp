/// `hmc-run check`, `hmc-run functions` and the texts of help: commands that only say something.
#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <string>

#include "leapgraph/cli/commands.hpp"
#include "leapgraph/cli/model_files.hpp"
#include "leapgraph/models/reference.hpp"

namespace leapgraph::cli {

ExitStatus execute(const CheckCommand& command) {
  if (command.format) {
    fmt::print("{}", models::formatted(read_source(command.files)));
    return ExitStatus::done;
  }
  const models::CheckedProgram program = read_program(command.files);
  if (command.pedantic) say_warnings(program.source(), program.pedantic_warnings());
  if (!command.files.data.empty()) bind(program, read_data(command.files));
  fmt::print("{}: ok\n", command.files.model);
  return ExitStatus::done;
}

ExitStatus execute(const FunctionsCommand& command) {
  if (command.name.empty()) {
    fmt::print("{}", models::reference());
    return ExitStatus::done;
  }
  const std::optional<std::string> entry = models::reference(command.name);
  if (!entry) throw UsageError(models::not_in_reference(command.name));
  fmt::print("{}", *entry);
  return ExitStatus::done;
}

ExitStatus execute(const PrintText& command) {
  fmt::print("{}", command.text);
  return ExitStatus::done;
}

}  // namespace leapgraph::cli
