/// Reads a trace file back into a value, leaving out what was never drawn.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "leapgraph/samplers/trace.hpp"
#include "leapgraph/samplers/trace/hdf5.hpp"
#include "leapgraph/samplers/trace/layout.hpp"

namespace leapgraph::samplers {
namespace {

using hdf5::Number;

[[noreturn]] void malformed(const std::string& path, const std::string& what) {
  throw TraceError(TraceError::Kind::malformed, fmt::format("{}: {}", path, what));
}

std::optional<std::string> find(const Trace& trace, std::string_view name) {
  const auto found = std::ranges::find(trace.attributes, name, &std::pair<std::string, std::string>::first);
  return found == trace.attributes.end() ? std::nullopt : std::optional(found->second);
}

// A trimmed file says in its attributes how many draws were meant to be there.
std::int64_t planned_draws(const Trace& trace, std::string_view name, std::int64_t draws) {
  const std::string text = find(trace, name).value_or("");
  std::int64_t planned = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), planned);
  return error == std::errc() && end == text.data() + text.size() ? std::max(planned, draws) : draws;
}

std::string original_name(const hdf5::Reader& file, const std::string& group, const hdf5::Array& array) {
  return file.array_attribute(group, array, "original_name").value_or(array.name);
}

struct PhaseContents {
  TraceDraws draws;
  std::int64_t chains = 0;
  std::vector<TraceVariable> variables;
  std::vector<std::int64_t> complete;  // draws at the start of each chain that are there
};

void read_variables(const hdf5::Reader& file, const std::string& path, const std::string& group, bool likelihood,
                    PhaseContents& phase) {
  for (const hdf5::Array& array : file.arrays(group)) {
    const std::string what = fmt::format("{}/{}", group, array.name);
    if (array.number != Number::real) malformed(path, what + " does not hold reals");
    if (array.shape.size() < 2 || array.shape[0] != phase.chains || array.shape[1] != phase.draws.draws) {
      malformed(path, fmt::format("{} does not have {} chains of {} draws as its statistics have", what, phase.chains,
                                  phase.draws.draws));
    }
    phase.variables.push_back({.name = original_name(file, group, array),
                               .shape = {array.shape.begin() + 2, array.shape.end()},
                               .log_likelihood = likelihood});
    phase.draws.values.push_back(file.reals(group, array));
  }
}

// `sample_stats` comes first: it always has arrays, and they say how many chains and draws there are.
PhaseContents read_phase(const hdf5::Reader& file, const std::string& path, const std::string& prefix) {
  PhaseContents phase;
  const std::string statistics_group = prefix + "sample_stats";
  const std::vector<hdf5::Array> columns = file.arrays(statistics_group);
  bool first = true;
  for (const Statistic& statistic : draw_statistics) {
    const auto column = std::ranges::find(columns, statistic.name, &hdf5::Array::name);
    const std::string what = fmt::format("{}/{}", statistics_group, statistic.name);
    if (column == columns.end()) malformed(path, what + " is missing");
    if (column->shape.size() != 2) malformed(path, what + " does not have the dimensions chain and draw");
    if (first) {
      phase.chains = column->shape[0];
      phase.draws.planned = phase.draws.draws = column->shape[1];
      if (phase.chains < 1) malformed(path, what + " has no chains");
      phase.draws.statistics.resize(static_cast<std::size_t>(phase.chains * phase.draws.draws));
      first = false;
    }
    if (column->shape[0] != phase.chains || column->shape[1] != phase.draws.draws) {
      malformed(path, fmt::format("{} has {} x {} draws, others have {} x {}", what, column->shape[0], column->shape[1],
                                  phase.chains, phase.draws.draws));
    }
    const auto assign = [&](const auto& values, auto field) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        auto& to = phase.draws.statistics[i].*field;
        to = static_cast<std::remove_reference_t<decltype(to)>>(values[i]);
      }
    };
    std::visit(
        [&](auto field) {
          if constexpr (std::is_same_v<decltype(field), double DrawStatistics::*>) {
            assign(file.reals(statistics_group, *column), field);
          } else {
            assign(file.integers(statistics_group, *column), field);
          }
        },
        statistic.field);
  }

  for (const std::string& group : {prefix + "posterior", prefix + "log_likelihood"}) {
    const bool likelihood = group.ends_with("log_likelihood");
    if (likelihood && !file.has_group(group)) break;
    read_variables(file, path, group, likelihood, phase);
  }
  for (std::int64_t chain = 0; chain < phase.chains; ++chain) {
    const auto begin = phase.draws.statistics.begin() + chain * phase.draws.draws;
    const auto end = std::find_if_not(begin, begin + phase.draws.draws, is_complete);
    phase.complete.push_back(end - begin);
  }
  return phase;
}

std::vector<TraceConstant> read_constants(const hdf5::Reader& file) {
  const std::string group = "constant_data";
  std::vector<TraceConstant> constants;
  if (!file.has_group(group)) return constants;
  for (const hdf5::Array& array : file.arrays(group)) {
    TraceConstant constant{
        .name = original_name(file, group, array), .shape = array.shape, .reals = {}, .integers = {}};
    if (array.number == Number::real) {
      constant.reals = file.reals(group, array);
    } else {
      constant.integers = file.integers(group, array);
    }
    constants.push_back(std::move(constant));
  }
  return constants;
}

}  // namespace

Trace read_trace(const std::string& path) {
  const hdf5::Reader file(path);
  Trace trace;
  trace.attributes = file.attributes();
  for (const char* group : {"posterior", "sample_stats"}) {
    if (!file.has_group(group)) malformed(path, fmt::format("is not a trace: it has no group {}", group));
  }
  if (find(trace, "creation_library") != "leapgraph") malformed(path, "is not a trace written by leapgraph");

  PhaseContents sampling = read_phase(file, path, "");
  trace.chains = sampling.chains;
  trace.variables = std::move(sampling.variables);
  trace.sampling = std::move(sampling.draws);
  std::vector<ChainProgress> progress;
  for (const std::int64_t draws : sampling.complete) progress.push_back({.warmup_draws = 0, .draws = draws});
  if (file.has_group("warmup_posterior")) {
    PhaseContents warmup = read_phase(file, path, "warmup_");
    const auto same = [](const TraceVariable& a, const TraceVariable& b) {
      return a.name == b.name && a.shape == b.shape;
    };
    if (warmup.chains != trace.chains || !std::ranges::equal(warmup.variables, trace.variables, same)) {
      malformed(path, "warmup_posterior and posterior differ in their chains or variables");
    }
    trace.warmup = std::move(warmup.draws);
    for (std::size_t i = 0; i < progress.size(); ++i) progress[i].warmup_draws = warmup.complete[i];
  } else {
    trace.warmup.values.resize(trace.variables.size());
  }
  const ChainProgress extents{.warmup_draws = trace.warmup.draws, .draws = trace.sampling.draws};
  const KeptDraws kept = kept_draws(progress, trace.chains, extents);
  trim(trace.sampling, trace.chains, kept.chains, kept.draws.draws);
  trim(trace.warmup, trace.chains, kept.chains, kept.draws.warmup_draws);
  trace.chains = static_cast<std::int64_t>(kept.chains.size());
  trace.sampling.planned = planned_draws(trace, "draws_planned", trace.sampling.planned);
  trace.warmup.planned = planned_draws(trace, "warmup_draws_planned", trace.warmup.planned);
  trace.constants = read_constants(file);
  return trace;
}

}  // namespace leapgraph::samplers
