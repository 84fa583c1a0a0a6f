/// Convergence diagnostics and Monte Carlo standard errors of one quantity, over the draws of all its chains.
///
/// Formulas of Vehtari, Gelman, Simpson, Carpenter & Buerkner (2021), arXiv:1903.08008, with the choices of the R
/// package `posterior` 1.4.0 wherever implementations differ; tests hold the two together to 1e-9. NaN stands for R's
/// NA: a quantity that never changes, draws that are not finite, too few of them. Middle draws of odd chains are
/// dropped where chains are split.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

namespace leapgraph::samplers {

/// Draws of one scalar quantity: values[chain * draws + draw].
struct ChainDraws {
  std::span<const double> values;
  std::int64_t chains = 0;
  std::int64_t draws = 0;  ///< of each chain
};

// Each function throws leapgraph::Error when the sizes do not fit together or a probability is outside [0, 1].

/// Rank-normalised split R-hat: the larger of those of the ranks and of the ranks folded about the median. Above 1.01
/// the chains disagree in location or in scale.
double rhat(const ChainDraws& x);
/// R-hat of the split chains themselves, without ranks (Gelman et al. 2013).
double split_rhat(const ChainDraws& x);

/// Effective sample size of the rank-normalised draws: how well the bulk is explored.
double ess_bulk(const ChainDraws& x);
/// The smaller effective sample size of the 5% and 95% quantiles.
double ess_tail(const ChainDraws& x);
double ess_mean(const ChainDraws& x);
double ess_quantile(const ChainDraws& x, double probability);
double ess_sd(const ChainDraws& x);

/// Monte Carlo standard errors of the estimates over all draws, in the units of the quantity.
double mcse_mean(const ChainDraws& x);
/// Half the width of a central 68% interval of order statistics, from the Beta distribution of the quantile's rank.
double mcse_quantile(const ChainDraws& x, double probability);
/// Of the three definitions in use this is posterior's: sqrt((E c^4 - (E c^2)^2) / ESS(c^2) / (4 E c^2)), c = x - mean.
double mcse_sd(const ChainDraws& x);

/// R's quantile of type 7 (linear interpolation) of values in any order; NaN when there are none or one is NaN.
double quantile(std::span<const double> values, double probability);

/// Energy Bayesian fraction of missing information of one chain (Betancourt 2016, arXiv:1604.00695): sum of squared
/// changes of the energy over its sum of squares about the mean. Below 0.3 the momenta explore the energies too slowly.
double e_bfmi(std::span<const double> energies);

/// What a summary says of one quantity. The standard deviation has the divisor n - 1.
struct QuantityStatistics {
  double mean = 0;
  double mcse_mean = 0;
  double sd = 0;
  double q5 = 0;
  double q50 = 0;
  double q95 = 0;
  double ess_bulk = 0;
  double ess_tail = 0;
  double rhat = 0;
};

class DiagnosticsWorkspace;

/// Computes the statistics of many quantities of the same size: sorts each once, and keeps FFT plans, normal scores and
/// buffers between calls. Not for use by several threads at once.
class QuantityAnalysis {
 public:
  QuantityAnalysis();
  ~QuantityAnalysis();
  QuantityAnalysis(QuantityAnalysis&&) noexcept;
  QuantityAnalysis& operator=(QuantityAnalysis&&) noexcept;

  QuantityStatistics operator()(const ChainDraws& x);

 private:
  std::unique_ptr<DiagnosticsWorkspace> workspace_;
};

}  // namespace leapgraph::samplers
