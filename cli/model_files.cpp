/// Reading a model, its data and starting values, with the warnings that go with them.
#include "leapgraph/cli/model_files.hpp"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "leapgraph/cli/message.hpp"
#include "leapgraph/symbolic/compile.hpp"

namespace leapgraph::cli {

void say_warnings(const models::Source& source, const std::vector<models::Diagnostic>& warnings) {
  if (warnings.empty()) return;
  const std::string text = models::render(source, warnings);
  say(fmt::format("{}{}", text, text.ends_with('\n') ? "" : "\n"));
}

models::Source read_source(const ModelFiles& files) {
  return models::Source::read(files.model, {files.include_paths.begin(), files.include_paths.end()});
}

models::CheckedProgram read_program(const ModelFiles& files) {
  models::CheckedProgram program = models::CheckedProgram::from_source(read_source(files));
  say_warnings(program.source(), program.warnings());
  return program;
}

models::DataSet read_data(const ModelFiles& files) {
  return files.data.empty() ? models::DataSet() : models::DataSet::read(files.data);
}

models::Model bind(const models::CheckedProgram& program, const models::DataSet& data) {
  models::Model model(program, data);
  say_warnings(program.source(), model.warnings());
  return model;
}

std::vector<double> read_start(const std::string& file, const models::Model& model) {
  const models::DataSet values = models::DataSet::read(file);
  std::set<std::string> known;
  for (const std::string& name : model.coordinate_names()) known.insert(name.substr(0, name.find_first_of("[.")));
  for (const samplers::TraceVariable& variable : model.density().variables) known.insert(variable.name);
  for (const models::DataVariable& variable : values.variables()) {
    if (!known.contains(variable.name)) {
      say(fmt::format("hmc-run: warning: {}: the model has no parameter {}\n", file, variable.name));
    }
  }
  std::vector<double> start = model.unconstrain(values);
  for (std::size_t i = 0; i < start.size(); ++i) {
    if (std::isinf(start[i])) {
      throw models::DataError(
          fmt::format("{}: error: {} cannot start at infinity or on its bound", file, model.coordinate_names()[i]));
    }
  }
  return start;
}

void warn_without_compiler() {
  const std::string reason = symbolic::missing_compiler();
  if (!reason.empty()) say(fmt::format("hmc-run: warning: {}\n", reason));
}

}  // namespace leapgraph::cli
