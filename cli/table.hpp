/// The summary as people read it, a text table with the verdict under it, and as programs read it, JSON.
#pragma once

#include <cstdint>
#include <string>

#include "leapgraph/samplers/summary.hpp"

namespace leapgraph::cli {

/// One row a quantity: name, mean, mcse, sd, q5, q50, q95, ess_bulk, ess_tail, rhat; an empty line; the verdict, one
/// line a finding. Each estimate has the digits that its Monte Carlo error leaves it. Ends with a newline.
/// With `max_rows` above 0, only that many rows, and a line that says how many were left out.
std::string summary_table(const samplers::Summary& summary, std::int64_t max_rows = 0);

/// The JSON of `summary --json`, on one line that ends with a newline:
/// {"diagnostics": {chains, draws, divergences, reached_max_treedepth, e_bfmi, rhat_max, ess_bulk_min, ess_tail_min,
/// step_size, acceptance_rate, verdict}, "variables": {name: {mean, mcse_mean, sd, q5, q50, q95, ess_bulk, ess_tail,
/// rhat}}}. Numbers have 17 significant digits; those that are not finite are "NaN", "Infinity" and "-Infinity".
/// Names may be any bytes; those that are not UTF-8 become U+FFFD.
std::string summary_json(const samplers::Summary& summary);

}  // namespace leapgraph::cli
