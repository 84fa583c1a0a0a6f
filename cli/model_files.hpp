/// A model and its data as the commands read them.
#pragma once

#include <vector>

#include "leapgraph/cli/options.hpp"
#include "leapgraph/models/model.hpp"

namespace leapgraph::cli {

/// Reads the program's text. Throws FileError.
models::Source read_source(const ModelFiles& files);

/// Warnings with their places, on stderr.
void say_warnings(const models::Source& source, const std::vector<models::Diagnostic>& warnings);

/// Reads and checks the program; its warnings go to stderr. Throws FileError and ModelError.
models::CheckedProgram read_program(const ModelFiles& files);

/// Reads the data; no variables where no file is named. Throws FileError and DataError.
models::DataSet read_data(const ModelFiles& files);

/// The program with its data; what binding them warns of goes to stderr. Throws DataError and ModelError.
models::Model bind(const models::CheckedProgram& program, const models::DataSet& data);

/// Starting values from a file of constrained values: a position whose coordinates are nan where the file does not say.
/// Names that are nothing of the model are reported on stderr. Throws FileError and DataError.
std::vector<double> read_start(const std::string& file, const models::Model& model);

/// One line on stderr where functions will be interpreted because there is no C compiler.
void warn_without_compiler();

}  // namespace leapgraph::cli
