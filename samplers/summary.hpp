/// What the draws of all chains say, quantity by quantity, and whether they can be believed.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "leapgraph/samplers/diagnostics.hpp"
#include "leapgraph/samplers/draw.hpp"
#include "leapgraph/samplers/trace.hpp"

namespace leapgraph::samplers {

/// Draws of all chains: a view of whatever holds them. All chains are equally long.
struct DrawsOfChains {
  std::int64_t chains = 0;
  std::int64_t draws = 0;    ///< of each chain
  std::int64_t planned = 0;  ///< draws that each chain was started for; 0: as many as are here
  std::span<const TraceVariable> variables = {};
  /// values[v][(chain * draws + draw) * cells + cell], the cells of variable v row-major.
  std::span<const std::vector<double>> values = {};
  std::span<const DrawStatistics> statistics = {};  ///< [chain * draws + draw]; empty where unknown
};

/// One scalar quantity, named as Stan names it: `mu`, `theta[1,2]`, counted from 1.
struct SummaryRow {
  std::string name;
  QuantityStatistics statistics;
};

/// One chain. Numbers that the draws do not tell are NaN.
struct ChainSummary {
  std::int64_t divergences = 0;
  std::int64_t reached_max_treedepth = 0;  ///< transitions that did
  double e_bfmi = std::numeric_limits<double>::quiet_NaN();
  double acceptance_rate = std::numeric_limits<double>::quiet_NaN();  ///< mean over the draws
  double step_size = std::numeric_limits<double>::quiet_NaN();        ///< mean over the draws
  bool stuck = false;  ///< the log density never changed while the momentum did
};

/// The worst value among the quantities that vary, and whose it is; NaN and no name where none has one.
struct WorstQuantity {
  double value = std::numeric_limits<double>::quiet_NaN();
  std::string name;
};

struct Summary {
  std::vector<SummaryRow> rows;  ///< in the order of the variables, cells row-major
  std::int64_t chains = 0;
  std::int64_t draws = 0;
  std::int64_t planned = 0;
  std::vector<ChainSummary> per_chain;
  std::int64_t divergences = 0;  ///< of all chains
  std::int64_t reached_max_treedepth = 0;
  WorstQuantity rhat_max;
  WorstQuantity ess_bulk_min;
  WorstQuantity ess_tail_min;
  std::vector<std::string> high_rhat;   ///< quantities above `rhat_limit`, the worst first
  std::vector<std::string> low_ess;     ///< quantities whose bulk or tail ESS is too small, the worst first
  std::vector<std::string> not_finite;  ///< quantities with some, but not only, draws that are NaN or infinite
};

inline constexpr double rhat_limit = 1.01;
inline constexpr double ess_limit_per_chain = 100;
inline constexpr double e_bfmi_limit = 0.3;

/// Throws leapgraph::Error when the sizes do not fit together. Quantities that are constant, up to rounding, have rows
/// but take no part in what is worst: a transformed parameter that is data raises no alarm.
Summary summarize(const DrawsOfChains& draws);
/// Of the sampling phase of a trace.
Summary summarize(const Trace& trace);

/// `name` for a scalar (an empty shape), else `name[1,1]`, `name[1,2]`, ... row-major.
std::vector<std::string> cell_names(const TraceVariable& variable);

/// One thing that is wrong.
struct Finding {
  enum class Kind {
    no_draws,
    stopped_early,
    too_few_draws,
    stuck_chain,
    divergences,
    high_rhat,
    low_e_bfmi,
    low_ess,
    max_treedepth,
    not_finite,
  };
  Kind kind{};
  std::string problem;  ///< what is wrong and how much: "12 of 4000 transitions diverged (0.3%; ...)"
  std::string advice;   ///< what to do next, a sentence
};

/// All findings, the gravest first; empty when no problem was found.
using Verdict = std::vector<Finding>;
Verdict verdict(const Summary& summary);

/// One line a finding, or one that says that no problem was found.
std::vector<std::string> verdict_lines(const Verdict& verdict);

}  // namespace leapgraph::samplers
