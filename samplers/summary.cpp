/// Gathers the draws of each quantity, asks the diagnostics, and puts the answers into words.
#include "leapgraph/samplers/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "leapgraph/symbolic/error.hpp"

namespace leapgraph::samplers {
namespace {

std::int64_t cells_of(const TraceVariable& variable) {
  std::int64_t cells = 1;
  for (const std::int64_t extent : variable.shape) {
    if (extent < 0) throw Error(fmt::format("summary: {} has an extent of {}", variable.name, extent));
    cells *= extent;
  }
  return cells;
}

void check(const DrawsOfChains& d) {
  const std::int64_t rows = d.chains * d.draws;
  if (d.chains < 0 || d.draws < 0) {
    throw Error(fmt::format("summary: {} chains of {} draws", d.chains, d.draws));
  }
  if (d.values.size() != d.variables.size()) {
    throw Error(fmt::format("summary: {} variables, but draws of {}", d.variables.size(), d.values.size()));
  }
  for (std::size_t v = 0; v < d.values.size(); ++v) {
    const std::int64_t expected = rows * cells_of(d.variables[v]);
    if (static_cast<std::int64_t>(d.values[v].size()) != expected) {
      throw Error(
          fmt::format("summary: {} needs {} values, got {}", d.variables[v].name, expected, d.values[v].size()));
    }
  }
  if (!d.statistics.empty() && static_cast<std::int64_t>(d.statistics.size()) != rows) {
    throw Error(fmt::format("summary: {} draws, but statistics of {}", rows, d.statistics.size()));
  }
}

struct Spread {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  std::int64_t not_finite = 0;

  explicit Spread(std::span<const double> x) {
    for (const double v : x) {
      if (std::isfinite(v)) {
        low = std::min(low, v);
        high = std::max(high, v);
      } else {
        ++not_finite;
      }
    }
  }
  // The diagonal of a correlation matrix is 1 give or take rounding: nothing to be sampled.
  bool varies() const {
    const double rounding = 64 * std::numeric_limits<double>::epsilon() * std::max(std::abs(low), std::abs(high));
    return high - low > rounding;
  }
};

ChainSummary summarize_chain(std::span<const DrawStatistics> statistics) {
  ChainSummary chain;
  if (statistics.empty()) return chain;
  std::vector<double> energies;
  const DrawStatistics& first = statistics.front();
  bool same_lp = true, same_energy = true, same_step_size = true;
  double acceptance = 0, step_size = 0;
  for (const DrawStatistics& s : statistics) {
    chain.divergences += s.diverging;
    chain.reached_max_treedepth += s.reached_max_treedepth;
    energies.push_back(s.energy);
    acceptance += s.acceptance_rate;
    step_size += s.step_size;
    same_lp = same_lp && s.lp == first.lp;
    same_energy = same_energy && s.energy == first.energy;
    same_step_size = same_step_size && s.step_size == first.step_size;
  }
  const auto n = static_cast<double>(statistics.size());
  chain.e_bfmi = e_bfmi(energies);
  chain.acceptance_rate = acceptance / n;
  chain.step_size = same_step_size ? first.step_size : step_size / n;
  chain.stuck = statistics.size() > 1 && same_lp && !same_energy;
  return chain;
}

struct Named {
  double value;
  std::string name;
};

// Names in the order of their values.
std::vector<std::string> names_by_value(std::vector<Named> named) {
  std::stable_sort(named.begin(), named.end(), [](const Named& a, const Named& b) { return a.value < b.value; });
  std::vector<std::string> names;
  for (Named& n : named) names.push_back(std::move(n.name));
  return names;
}

// Collects what the verdict needs while the rows are made.
class WorstRows {
 public:
  explicit WorstRows(std::int64_t chains) : ess_limit_(ess_limit_per_chain * static_cast<double>(chains)) {}

  void add(const SummaryRow& row, Summary& summary) {
    const QuantityStatistics& s = row.statistics;
    if (s.rhat > rhat_limit) high_rhat_.push_back({-s.rhat, row.name});
    // Infinite R-hats count; NaN compares false everywhere.
    if (!(s.rhat <= summary.rhat_max.value) && !std::isnan(s.rhat)) summary.rhat_max = {s.rhat, row.name};
    if (!(s.ess_bulk >= summary.ess_bulk_min.value) && !std::isnan(s.ess_bulk)) {
      summary.ess_bulk_min = {s.ess_bulk, row.name};
    }
    if (!(s.ess_tail >= summary.ess_tail_min.value) && !std::isnan(s.ess_tail)) {
      summary.ess_tail_min = {s.ess_tail, row.name};
    }
    const double ess = std::fmin(s.ess_bulk, s.ess_tail);  // the one that is a number
    if (ess < ess_limit_) low_ess_.push_back({ess, row.name});
  }

  void finish(Summary& summary) {
    summary.high_rhat = names_by_value(std::move(high_rhat_));
    summary.low_ess = names_by_value(std::move(low_ess_));
  }

 private:
  double ess_limit_;
  std::vector<Named> high_rhat_, low_ess_;
};

std::string percent(std::int64_t part, std::int64_t whole) {
  const double p = 100 * static_cast<double>(part) / static_cast<double>(whole);
  return p < 0.1 ? "under 0.1%" : p < 10 ? fmt::format("{:.1f}%", p) : fmt::format("{:.0f}%", p);
}

std::string join(std::span<const std::string> items) { return fmt::format("{}", fmt::join(items, ", ")); }

// The first few of a list that may be long.
std::string some_of(std::span<const std::string> names) {
  constexpr std::size_t shown = 4;
  if (names.size() <= shown) return join(names);
  return fmt::format("{} and {} more", join(names.first(shown)), names.size() - shown);
}

std::string quantities(std::size_t count) { return count == 1 ? "1 quantity" : fmt::format("{} quantities", count); }

// "chains 1 to 4: 3, 0, 7, 2"; nothing for a single chain.
std::string by_chain(const Summary& s, std::int64_t ChainSummary::*count) {
  if (s.per_chain.size() < 2) return "";
  std::vector<std::string> counts;
  for (const ChainSummary& chain : s.per_chain) counts.push_back(fmt::format("{}", chain.*count));
  return fmt::format("; chains 1 to {}: {}", counts.size(), join(counts));
}

// Two significant digits, rounded up.
std::int64_t rounded_up(double x) {
  const double unit = std::pow(10, std::max(std::floor(std::log10(x)) - 1, 0.0));
  return static_cast<std::int64_t>(std::ceil(x / unit) * unit);
}

std::string lowest_ess(const Summary& s) {
  std::vector<std::string> lowest;
  const auto tell = [&](std::string_view which, const WorstQuantity& worst) {
    if (!worst.name.empty())
      lowest.push_back(fmt::format("{} {:.0f} of {}", which, std::floor(worst.value), worst.name));
  };
  tell("bulk", s.ess_bulk_min);
  tell("tail", s.ess_tail_min);
  return "lowest " + join(lowest);
}

std::string ess_advice(const Summary& s) {
  const double smallest = std::fmin(s.ess_bulk_min.value, s.ess_tail_min.value);
  const double factor = ess_limit_per_chain * static_cast<double>(s.chains) / smallest;
  if (!(smallest > 0) || factor > 20) return "The chains mix badly: reparameterise the model or tighten its priors.";
  return fmt::format("Run longer, --draws {} or so.", rounded_up(1.2 * factor * static_cast<double>(s.draws)));
}

}  // namespace

std::vector<std::string> cell_names(const TraceVariable& variable) {
  if (variable.shape.empty()) return {variable.name};
  std::vector<std::string> names;
  const std::int64_t cells = cells_of(variable);
  std::vector<std::int64_t> index(variable.shape.size(), 1);
  for (std::int64_t cell = 0; cell < cells; ++cell) {
    names.push_back(fmt::format("{}[{}]", variable.name, fmt::join(index, ",")));
    for (std::size_t axis = index.size(); axis-- > 0;) {
      if (++index[axis] <= variable.shape[axis]) break;
      index[axis] = 1;
    }
  }
  return names;
}

Summary summarize(const DrawsOfChains& draws) {
  check(draws);
  Summary summary;
  summary.chains = draws.chains;
  summary.draws = draws.draws;
  summary.planned = draws.planned;
  const auto rows = static_cast<std::size_t>(draws.chains * draws.draws);
  QuantityAnalysis analyse;
  WorstRows worst(draws.chains);
  std::vector<double> column(rows);
  for (std::size_t v = 0; v < draws.variables.size(); ++v) {
    const std::vector<std::string> names = cell_names(draws.variables[v]);
    for (std::size_t cell = 0; cell < names.size(); ++cell) {
      for (std::size_t row = 0; row < rows; ++row) column[row] = draws.values[v][row * names.size() + cell];
      const SummaryRow& row = summary.rows.emplace_back(names[cell], analyse({column, draws.chains, draws.draws}));
      const Spread spread(column);
      if (spread.varies()) worst.add(row, summary);
      if (spread.not_finite > 0 && spread.not_finite < static_cast<std::int64_t>(rows)) {
        summary.not_finite.push_back(row.name);
      }
    }
  }
  worst.finish(summary);
  for (std::int64_t c = 0; c < draws.chains; ++c) {
    const auto n = draws.statistics.empty() ? 0 : static_cast<std::size_t>(draws.draws);
    summary.per_chain.push_back(summarize_chain(draws.statistics.subspan(static_cast<std::size_t>(c) * n, n)));
    summary.divergences += summary.per_chain.back().divergences;
    summary.reached_max_treedepth += summary.per_chain.back().reached_max_treedepth;
  }
  return summary;
}

Summary summarize(const Trace& trace) {
  return summarize(DrawsOfChains{.chains = trace.chains,
                                 .draws = trace.sampling.draws,
                                 .planned = trace.sampling.planned,
                                 .variables = trace.variables,
                                 .values = trace.sampling.values,
                                 .statistics = trace.sampling.statistics});
}

Verdict verdict(const Summary& s) {
  using Kind = Finding::Kind;
  Verdict found;
  const auto find = [&](Kind kind, std::string problem, std::string advice) {
    found.push_back({kind, std::move(problem), std::move(advice)});
  };
  const std::int64_t total = s.chains * s.draws;
  if (total == 0) {
    find(Kind::no_draws, "there are no draws after warm-up", "Run again, or let the run go on for longer.");
    return found;
  }
  if (s.draws < s.planned) {
    find(Kind::stopped_early, fmt::format("the run ended early: {} of {} draws a chain", s.draws, s.planned),
         "The table describes the draws that are there; run again for all of them.");
  }
  std::vector<std::string> stuck, low_energy;
  for (std::size_t c = 0; c < s.per_chain.size(); ++c) {
    const ChainSummary& chain = s.per_chain[c];
    if (chain.stuck) stuck.push_back(fmt::format("{}", c + 1));
    if (chain.e_bfmi < e_bfmi_limit) low_energy.push_back(fmt::format("{:.2f} in chain {}", chain.e_bfmi, c + 1));
  }
  if (!stuck.empty()) {
    find(Kind::stuck_chain, fmt::format("{} {} never moved", stuck.size() == 1 ? "chain" : "chains", join(stuck)),
         "Every proposal was rejected: try another --seed or other --init, more --warmup, and look for a density that "
         "is "
         "not finite almost everywhere.");
  }
  if (s.divergences > 0) {
    find(Kind::divergences,
         fmt::format("{} of {} transitions diverged ({}{})", s.divergences, total, percent(s.divergences, total),
                     by_chain(s, &ChainSummary::divergences)),
         "Part of the posterior is not explored and the estimates may be biased: raise --adapt-delta towards 1 (0.95, "
         "0.99); if divergences stay, reparameterise (non-centred hierarchies).");
  }
  if (s.draws < 4) {
    find(Kind::too_few_draws, fmt::format("{} {} a chain", s.draws, s.draws == 1 ? "draw" : "draws"),
         "Too few to judge convergence: run longer, --draws 1000.");
  } else {
    if (!s.high_rhat.empty()) {
      find(Kind::high_rhat,
           fmt::format("R-hat above {} for {}, up to {:.3f} ({})", rhat_limit, quantities(s.high_rhat.size()),
                       s.rhat_max.value, some_of(s.high_rhat)),
           "The chains do not agree yet: run longer (--warmup, --draws); if it stays, look for several modes or "
           "parameters that the data do not identify.");
    }
    if (!low_energy.empty()) {
      find(Kind::low_e_bfmi, fmt::format("E-BFMI below {} ({})", e_bfmi_limit, join(low_energy)),
           "The sampler moves slowly between energies, as with heavy tails: reparameterise, or run a longer --warmup.");
    }
    if (!s.low_ess.empty()) {
      find(Kind::low_ess,
           fmt::format("effective sample size under {} for {} ({}); {}",
                       ess_limit_per_chain * static_cast<double>(s.chains), quantities(s.low_ess.size()),
                       some_of(s.low_ess), lowest_ess(s)),
           ess_advice(s));
    }
  }
  if (s.reached_max_treedepth > 0) {
    find(Kind::max_treedepth,
         fmt::format("{} of {} transitions reached the largest tree depth ({}{})", s.reached_max_treedepth, total,
                     percent(s.reached_max_treedepth, total), by_chain(s, &ChainSummary::reached_max_treedepth)),
         "The draws are valid, but trajectories were cut short: raise --max-depth, or rescale or reparameterise the "
         "model.");
  }
  if (!s.not_finite.empty()) {
    find(Kind::not_finite,
         fmt::format("draws that are not finite in {} ({})", quantities(s.not_finite.size()), some_of(s.not_finite)),
         "Check how they are computed; their rows cannot be trusted.");
  }
  return found;
}

std::vector<std::string> verdict_lines(const Verdict& verdict) {
  if (verdict.empty()) return {"No problem found."};
  std::vector<std::string> lines;
  for (const Finding& finding : verdict) {
    std::string line = fmt::format("{}. {}", finding.problem, finding.advice);
    if (line[0] >= 'a' && line[0] <= 'z') line[0] = static_cast<char>(line[0] - 'a' + 'A');
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace leapgraph::samplers
