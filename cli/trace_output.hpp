/// What the commands that write traces share.
#pragma once

#include <initializer_list>
#include <string>

#include "leapgraph/cli/options.hpp"
#include "leapgraph/models/model.hpp"
#include "leapgraph/samplers/trace.hpp"

namespace leapgraph::cli {

/// --force is for old traces, not for what a command reads. Throws UsageError.
void refuse_to_overwrite(const std::string& output, std::initializer_list<std::string> inputs);

/// The attributes that say which program and data a trace is of, and by which command line.
void describe_model(samplers::TraceLayout& layout, const ModelFiles& files, const models::CheckedProgram& program,
                    const models::DataSet& data, const std::string& command_line);

/// The summary on stdout: the table, of which a terminal sees the first rows, or JSON.
void print_summary(const samplers::Trace& trace, bool json);

}  // namespace leapgraph::cli
