/// `hmc-run generate`: the generated quantities of draws that are there already.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "leapgraph/cli/commands.hpp"
#include "leapgraph/cli/message.hpp"
#include "leapgraph/cli/model_files.hpp"
#include "leapgraph/cli/trace_output.hpp"
#include "leapgraph/samplers/density.hpp"

namespace leapgraph::cli {
namespace {

using samplers::Trace;
using samplers::TraceVariable;

/// A number that the trace says about its run.
template <class Number>
Number attribute(const Trace& trace, const std::string& file, std::string_view name) {
  const auto found = std::ranges::find(trace.attributes, name, &std::pair<std::string, std::string>::first);
  Number value{};
  if (found != trace.attributes.end()) {
    const std::string& text = found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size()) return value;
  }
  throw samplers::TraceError(samplers::TraceError::Kind::malformed,
                             fmt::format("{}: the trace does not say its '{}'", file, name));
}

/// The numbers that the trace's chains had in their run, which may have had others.
std::vector<std::uint32_t> chain_numbers(const Trace& trace) {
  std::vector<std::uint32_t> numbers;
  const auto kept = std::ranges::find(trace.attributes, "chains_kept", &std::pair<std::string, std::string>::first);
  if (kept != trace.attributes.end()) {
    const char* at = kept->second.data();
    const char* const end = at + kept->second.size();
    for (std::uint32_t number = 0; at < end; ++at) {
      const auto [next, error] = std::from_chars(at, end, number);
      if (error == std::errc()) numbers.push_back(number);
      at = error == std::errc() ? next : at;
    }
  }
  if (std::ssize(numbers) == trace.chains) return numbers;
  numbers.resize(static_cast<std::size_t>(trace.chains));
  std::iota(numbers.begin(), numbers.end(), 0U);
  return numbers;
}

/// Which of the trace's variables each parameter is. Throws Error for those that are not there, or of another shape.
std::vector<std::size_t> parameters_in(const Trace& trace, const std::string& file, const models::Model& model) {
  std::vector<std::size_t> places;
  for (const TraceVariable& parameter : model.parameters()) {
    const auto found = std::ranges::find(trace.variables, parameter.name, &TraceVariable::name);
    if (found == trace.variables.end())
      throw Error(fmt::format("{}: the trace has no draws of the parameter {}", file, parameter.name));
    if (found->shape != parameter.shape)
      throw Error(fmt::format("{}: the shape of {} in the trace is ({}), the program declares ({})", file,
                              parameter.name, fmt::join(found->shape, ", "), fmt::join(parameter.shape, ", ")));
    places.push_back(static_cast<std::size_t>(found - trace.variables.begin()));
  }
  return places;
}

samplers::TraceLayout layout(const GenerateCommand& command, const Trace& trace, const models::CheckedProgram& program,
                             const models::DataSet& data, const models::Model& model) {
  samplers::TraceLayout layout{.chains = trace.chains,
                               .draws = trace.sampling.draws,
                               .warmup_draws = 0,
                               .variables = model.density().variables,
                               .constants = model.constants(),
                               .attributes = trace.attributes};
  std::erase_if(layout.attributes, [](const auto& attribute) { return attribute.first == "created_at"; });
  describe_model(layout, command.files, program, data, command.command_line);
  layout.attributes.emplace_back("generated_from", command.from);
  return layout;
}

}  // namespace

ExitStatus execute(const GenerateCommand& command) {
  const models::CheckedProgram program = read_program(command.files);
  const models::DataSet data = read_data(command.files);
  const Trace trace = samplers::read_trace(command.from);
  refuse_to_overwrite(command.output, {command.files.model, command.files.data, command.from});
  samplers::check_output(command.output, command.force);
  const auto seed = attribute<std::uint64_t>(trace, command.from, "seed");
  const auto warmup = attribute<std::int64_t>(trace, command.from, "warmup");
  const auto thin = attribute<std::int64_t>(trace, command.from, "thin");
  const models::Model model = bind(program, data, seed);
  const std::vector<std::size_t> places = parameters_in(trace, command.from, model);
  warn_without_compiler();
  const samplers::CompiledDensity density(model.density_of_parameters(), samplers::MetricKind::unit,
                                          {.cache = command.cache});
  const auto sink =
      samplers::hdf5_trace(layout(command, trace, program, data, model), command.output, {.overwrite = command.force});

  const std::vector<std::uint32_t> chains = chain_numbers(trace);
  const std::vector<TraceVariable> parameters = model.parameters();
  std::vector<double> values(static_cast<std::size_t>(density.values()));
  for (std::int64_t chain = 0; chain < trace.chains; ++chain) {
    for (std::int64_t draw = 0; draw < trace.sampling.draws; ++draw) {
      const auto row = static_cast<std::size_t>(chain * trace.sampling.draws + draw);
      std::vector<double> position;
      for (std::size_t i = 0; i < places.size(); ++i) {
        const std::int64_t size = symbolic::element_count(parameters[i].shape);
        const auto first = trace.sampling.values[places[i]].begin() + static_cast<std::int64_t>(row) * size;
        position.insert(position.end(), first, first + size);
      }
      density.constrain(
          position, values,
          {seed, chains[static_cast<std::size_t>(chain)], static_cast<std::uint32_t>(warmup + draw * thin)});
      sink->write(samplers::Phase::sampling, chain, draw, values, trace.sampling.statistics[row]);
    }
  }
  sink->finish(std::vector<samplers::ChainProgress>(static_cast<std::size_t>(trace.chains),
                                                    {.warmup_draws = 0, .draws = trace.sampling.draws}));
  print_summary(samplers::read_trace(command.output), command.json);
  if (!command.quiet)
    say(fmt::format("{}: generated quantities of {} draws in {}\n", command.output, trace.chains * trace.sampling.draws,
                    command.from));
  return ExitStatus::done;
}

}  // namespace leapgraph::cli
