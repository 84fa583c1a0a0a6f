/// Sizes, names and attributes of a trace, before any of it is written.
#include "leapgraph/samplers/trace/layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <limits>
#include <set>

namespace leapgraph::samplers {
namespace {

constexpr std::int64_t most_bytes = std::numeric_limits<std::int64_t>::max() / 4;
constexpr std::size_t most_axes = 30;  // HDF5 has 32, two of them are chain and draw
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

[[noreturn]] void refuse(const std::string& what) { throw TraceError(TraceError::Kind::cannot_create, what); }

void check_name(const std::string& name) {
  if (name.empty() || name == ".") refuse(fmt::format("trace: '{}' cannot be the name of a variable", name));
  for (const char c : name) {
    if (c == '/' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      refuse(fmt::format("trace: the variable name '{}' holds a '/' or a control character, which HDF5 cannot store",
                         name));
    }
  }
}

// The cells of one draw of a variable, times the draws of all chains, in a file and in memory without overflow.
void check_shape(const std::string& name, std::span<const std::int64_t> shape, std::int64_t draws, double& total) {
  if (shape.size() > most_axes)
    refuse(fmt::format("trace: {} has {} axes, at most {} can be stored", name, shape.size(), most_axes));
  double bytes = 8.0 * static_cast<double>(draws);
  double extent = 1.0;  // shapes such as [2^40, 2^40, 0] have no cells, and coordinates that do not fit
  for (const std::int64_t n : shape) {
    if (n < 0) refuse(fmt::format("trace: {} has the negative size {}", name, n));
    bytes *= static_cast<double>(n);
    extent *= static_cast<double>(std::max<std::int64_t>(n, 1));
  }
  total += std::max(bytes, 8.0 * extent);
  if (total > static_cast<double>(most_bytes)) {
    refuse(fmt::format("trace: {} is too large to be stored ({:.3g} bytes with all before it)", name, total));
  }
}

std::string utc_now() {
  using namespace std::chrono;
  const auto now = system_clock::now();
  const std::time_t seconds = system_clock::to_time_t(now);
  const auto micro = duration_cast<microseconds>(now.time_since_epoch()).count() % 1000000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}+00:00", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec, micro);
}

// By which a file is known to be ours, and therefore not for a layout to set.
constexpr const char* signature = "creation_library";

void set(Attributes& attributes, const std::string& name, const std::string& value) {
  const auto found = std::ranges::find(attributes, name, &Attributes::value_type::first);
  if (found == attributes.end()) {
    attributes.emplace_back(name, value);
  } else {
    found->second = value;
  }
}

TraceDraws unwritten_draws(const TraceLayout& layout, std::int64_t draws) {
  TraceDraws phase{.planned = draws, .draws = draws, .values = {}, .statistics = {}};
  const std::int64_t rows = layout.chains * draws;
  for (const TraceVariable& variable : layout.variables) {
    phase.values.emplace_back(static_cast<std::size_t>(rows * cells(variable.shape)), nan);
  }
  phase.statistics.assign(static_cast<std::size_t>(rows), unwritten_statistics());
  return phase;
}

}  // namespace

DrawStatistics unwritten_statistics() {
  return {.lp = nan,
          .acceptance_rate = nan,
          .step_size = nan,
          .tree_depth = unwritten_integer,
          .n_steps = unwritten_integer,
          .diverging = false,
          .reached_max_treedepth = false,
          .energy = nan};
}

bool is_complete(const DrawStatistics& statistics) { return statistics.n_steps >= 0 && !std::isnan(statistics.lp); }

std::int64_t cells(std::span<const std::int64_t> shape) {
  std::int64_t product = 1;
  for (const std::int64_t n : shape) product *= n;
  return product;
}

std::int64_t draw_width(std::span<const TraceVariable> variables) {
  std::int64_t width = 0;
  for (const TraceVariable& variable : variables) width += cells(variable.shape);
  return width;
}

void check_layout(const TraceLayout& layout) {
  if (layout.chains < 1) refuse(fmt::format("trace: chains must be at least 1, got {}", layout.chains));
  if (layout.draws < 0) refuse(fmt::format("trace: draws must not be negative, got {}", layout.draws));
  if (layout.warmup_draws < 0)
    refuse(fmt::format("trace: warmup_draws must not be negative, got {}", layout.warmup_draws));
  const double rows = static_cast<double>(layout.chains) *
                      (static_cast<double>(layout.draws) + static_cast<double>(layout.warmup_draws) + 1.0);
  double total = rows * 64.0;
  if (total > static_cast<double>(most_bytes)) {
    refuse(fmt::format("trace: {} chains of {} draws are too many to be stored", layout.chains, layout.draws));
  }
  std::set<std::string> names;
  for (const TraceVariable& variable : layout.variables) {
    check_name(variable.name);
    if (!names.insert(variable.name).second) refuse(fmt::format("trace: two variables are called '{}'", variable.name));
    check_shape(variable.name, variable.shape, static_cast<std::int64_t>(rows), total);
  }
  names.clear();
  for (const TraceConstant& constant : layout.constants) {
    check_name(constant.name);
    if (!names.insert(constant.name).second) refuse(fmt::format("trace: two constants are called '{}'", constant.name));
    check_shape(constant.name, constant.shape, 1, total);
    const std::size_t size = std::max(constant.reals.size(), constant.integers.size());
    if (static_cast<std::int64_t>(size) != cells(constant.shape)) {
      refuse(fmt::format("trace: the constant {} has {} values for a shape of {}", constant.name, size,
                         cells(constant.shape)));
    }
  }
}

std::vector<std::string> file_names(std::span<const TraceVariable> variables) {
  std::set<std::string> taken{"chain", "draw"};
  for (const TraceVariable& variable : variables) {
    for (std::size_t axis = 0; axis < variable.shape.size(); ++axis) taken.insert(dimension_name(variable.name, axis));
  }
  const std::set<std::string> dimensions = taken;
  for (const TraceVariable& variable : variables) taken.insert(variable.name);
  std::vector<std::string> names;
  for (const TraceVariable& variable : variables) {
    std::string name = variable.name;
    if (dimensions.contains(name)) {
      while (taken.contains(name)) name += '_';
      taken.insert(name);
    }
    names.push_back(name);
  }
  return names;
}

std::string dimension_name(const std::string& variable, std::size_t axis) {
  return fmt::format("{}_dim_{}", variable, axis);
}

Attributes standard_attributes(const TraceLayout& layout) {
  Attributes attributes{{"created_at", ""},
                        {signature, "leapgraph"},
                        {"creation_library_version", LEAPGRAPH_VERSION},
                        {"creation_library_language", "C++"},
                        {"inference_library", "leapgraph"},
                        {"inference_library_version", LEAPGRAPH_VERSION}};
  for (auto& [name, value] : attributes) {
    for (const auto& [own_name, own_value] : layout.attributes) {
      if (own_name == name && own_name != signature) value = own_value;
    }
  }
  if (attributes.front().second.empty()) attributes.front().second = utc_now();
  return attributes;
}

Attributes root_attributes(const TraceLayout& layout) {
  Attributes attributes = standard_attributes(layout);
  for (const auto& [name, value] : layout.attributes) {
    if (name != signature && (name != "created_at" || !value.empty())) set(attributes, name, value);
  }
  return attributes;
}

KeptDraws kept_draws(std::span<const ChainProgress> progress, std::int64_t chains, const ChainProgress& planned) {
  if (static_cast<std::int64_t>(progress.size()) != chains) {
    throw InternalError(fmt::format("trace: progress of {} chains for a trace of {}", progress.size(), chains));
  }
  ChainProgress longest;
  for (const ChainProgress& chain : progress) {
    if (chain.draws < 0 || chain.draws > planned.draws || chain.warmup_draws < 0 ||
        chain.warmup_draws > planned.warmup_draws) {
      throw InternalError(fmt::format("trace: a chain reports {} + {} draws of {} + {}", chain.warmup_draws,
                                      chain.draws, planned.warmup_draws, planned.draws));
    }
    longest.draws = std::max(longest.draws, chain.draws);
    longest.warmup_draws = std::max(longest.warmup_draws, chain.warmup_draws);
  }
  constexpr std::int64_t part = 4;  // of the longest chain, that a chain must have
  KeptDraws kept{.chains = {}, .draws = planned};
  for (std::size_t i = 0; i < progress.size(); ++i) {
    const ChainProgress& chain = progress[i];
    const bool far = longest.draws > 0 ? chain.draws >= (longest.draws + part - 1) / part
                                       : chain.warmup_draws >= (longest.warmup_draws + part - 1) / part;
    if (!far) continue;
    kept.chains.push_back(static_cast<std::int64_t>(i));
    kept.draws.draws = std::min(kept.draws.draws, chain.draws);
    kept.draws.warmup_draws = std::min(kept.draws.warmup_draws, chain.warmup_draws);
  }
  return kept;
}

Trace unwritten_trace(const TraceLayout& layout) {
  return {.chains = layout.chains,
          .variables = layout.variables,
          .sampling = unwritten_draws(layout, layout.draws),
          .warmup = unwritten_draws(layout, layout.warmup_draws),
          .constants = layout.constants,
          .attributes = root_attributes(layout)};
}

void trim(TraceDraws& phase, std::int64_t chains, std::span<const std::int64_t> kept, std::int64_t draws) {
  const auto kept_chains = static_cast<std::int64_t>(kept.size());
  if (draws == phase.draws && kept_chains == chains) return;
  const auto cut = [&](auto& values) {
    if (values.empty()) return;
    const auto row = static_cast<std::int64_t>(values.size()) / (chains * phase.draws);
    for (std::int64_t i = 0; i < kept_chains; ++i) {  // towards the front, so that nothing is overwritten unread
      const auto from = values.begin() + kept[static_cast<std::size_t>(i)] * phase.draws * row;
      const auto to = values.begin() + i * draws * row;
      if (from != to) std::copy(from, from + draws * row, to);
    }
    values.resize(static_cast<std::size_t>(kept_chains * draws * row));
  };
  for (std::vector<double>& values : phase.values) cut(values);
  cut(phase.statistics);
  phase.draws = draws;
}

}  // namespace leapgraph::samplers
