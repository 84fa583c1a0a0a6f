/// Attributes of traces, inputs that are not overwritten, summaries.
#include "leapgraph/cli/trace_output.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "leapgraph/cli/table.hpp"
#include "leapgraph/samplers/summary.hpp"

namespace leapgraph::cli {

void refuse_to_overwrite(const std::string& output, std::initializer_list<std::string> inputs) {
  for (const std::string& input : inputs) {
    std::error_code absent;
    if (!input.empty() && std::filesystem::equivalent(input, output, absent)) {
      throw UsageError(fmt::format("the trace {} would overwrite the input {}", output, input));
    }
  }
}

void describe_model(samplers::TraceLayout& layout, const ModelFiles& files, const models::CheckedProgram& program,
                    const models::DataSet& data, const std::string& command_line) {
  std::erase_if(layout.attributes, [](const auto& attribute) { return attribute.first.starts_with("stan_include_"); });
  const auto set = [&](const std::string& name, const std::string& value) {
    const auto found = std::ranges::find(layout.attributes, name, &std::pair<std::string, std::string>::first);
    if (found == layout.attributes.end()) {
      layout.attributes.emplace_back(name, value);
    } else {
      found->second = value;
    }
  };
  set("model_name", std::filesystem::path(files.model).stem().string());
  set("stan_code", std::string(program.source().text()));
  const auto& sources = program.source().files();
  for (std::size_t i = 1; i < sources.size(); ++i)
    set(fmt::format("stan_include_{}", i), fmt::format("// {}\n{}", sources[i].name, sources[i].text));
  set("data_file", files.data);
  set("data_sha256", data.sha256());
  set("cmdline", command_line);
  set("hmc_version", LEAPGRAPH_VERSION);
  std::string host(256, '\0');
  if (gethostname(host.data(), host.size() - 1) == 0) set("host", host.c_str());
}

void print_summary(const samplers::Trace& trace, bool json) {
  constexpr std::int64_t most_rows_on_terminal = 100;
  const samplers::Summary summary = samplers::summarize(trace);
  const bool cut = isatty(STDOUT_FILENO) == 1;
  fmt::print("{}", json ? summary_json(summary) : summary_table(summary, cut ? most_rows_on_terminal : 0));
}

}  // namespace leapgraph::cli
