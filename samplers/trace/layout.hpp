/// How the draws of a trace lie, in memory and in a file: sizes, the table of statistics, names beside dimensions.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "leapgraph/samplers/trace.hpp"

namespace leapgraph::samplers {

/// A column of `sample_stats`: its ArviZ name and where it is in DrawStatistics.
struct Statistic {
  std::string_view name;
  std::variant<double DrawStatistics::*, std::int64_t DrawStatistics::*, bool DrawStatistics::*> field;
};

/// In the order in which they are written. The last is written after everything else of a draw: a draw whose `n_steps`
/// is not -1 is complete.
inline constexpr std::array<Statistic, 8> draw_statistics{{
    {"lp", &DrawStatistics::lp},
    {"acceptance_rate", &DrawStatistics::acceptance_rate},
    {"step_size", &DrawStatistics::step_size},
    {"tree_depth", &DrawStatistics::tree_depth},
    {"diverging", &DrawStatistics::diverging},
    {"reached_max_treedepth", &DrawStatistics::reached_max_treedepth},
    {"energy", &DrawStatistics::energy},
    {"n_steps", &DrawStatistics::n_steps},
}};

/// What an unwritten draw looks like: NaN, -1, and false (a bool has no third value; see README.md).
inline constexpr std::int64_t unwritten_integer = -1;
DrawStatistics unwritten_statistics();
/// Whether all of a draw arrived in the file.
bool is_complete(const DrawStatistics& statistics);

/// Product of a shape; 1 for a scalar.
std::int64_t cells(std::span<const std::int64_t> shape);
/// Values in one draw: the cells of all variables.
std::int64_t draw_width(std::span<const TraceVariable> variables);

/// Throws TraceError of kind cannot_create when the layout cannot become a trace: no chains, negative sizes, more bytes
/// than a file can have, names that are empty, double, or hold '/' or control characters.
void check_layout(const TraceLayout& layout);

/// Names for the file: a variable that is called like a dimension (`chain`, `draw`, `<other>_dim_<i>`) gets a trailing
/// '_'.
std::vector<std::string> file_names(std::span<const TraceVariable> variables);
/// `<variable>_dim_<axis>`, ArviZ's name for an axis without a name of its own.
std::string dimension_name(const std::string& variable, std::size_t axis);

using Attributes = std::vector<std::pair<std::string, std::string>>;
/// ArviZ's attributes that every group carries. The layout's own attributes of these names win: `created_at` for one.
Attributes standard_attributes(const TraceLayout& layout);
/// Those of the root: the standard ones, then the layout's.
Attributes root_attributes(const TraceLayout& layout);

/// What is kept of a run that ended early: some of its chains, all cut to the same length.
struct KeptDraws {
  std::vector<std::int64_t> chains;  ///< ascending
  ChainProgress draws;               ///< of each of them
};
/// The chains that have at least a quarter of the draws of the longest (of its draws in warm-up, where no chain has
/// others), cut to the shortest of these: chains that had hardly begun do not cost the others what they drew. Throws
/// InternalError when the progress does not fit the layout.
KeptDraws kept_draws(std::span<const ChainProgress> progress, std::int64_t chains, const ChainProgress& planned);
/// A trace of full length with no draw in it yet.
Trace unwritten_trace(const TraceLayout& layout);
/// Leaves, of a phase of `chains` chains, the first `draws` draws of the chains `kept`.
void trim(TraceDraws& phase, std::int64_t chains, std::span<const std::int64_t> kept, std::int64_t draws);

}  // namespace leapgraph::samplers
