/// The No-U-Turn sampler: multinomial, with the generalised U-turn criterion checked across subtrees.
#pragma once

#include <cstdint>
#include <vector>

#include "leapgraph/samplers/draw.hpp"
#include "leapgraph/samplers/hamiltonian.hpp"

namespace leapgraph::samplers {

struct NutsOptions {
  std::int64_t max_depth = 10;  ///< doublings of a trajectory at most
};

/// The transition of Betancourt (2017, appendix A), as Stan does it, with its workspace: O(max_depth) points.
///
/// A trajectory doubles in a random direction until it turns back on itself. A new half is built leaf by leaf; two
/// neighbouring subtrees of equal depth merge as soon as both are there, so that no recursion is needed. Within a half
/// the selected point is multinomial over its leaves, with weights exp(-H); between halves it is biased towards the new
/// one. For a tree from leaf a to leaf d, merged of [a, b] and [c, d], with rho the sum of momenta and v = M^-1 p:
///     going on needs    v_a . rho > 0, v_d . rho > 0,
///                       v_a . (rho_ab + p_c) > 0, v_c . (rho_ab + p_c) > 0,
///                       v_b . (rho_cd + p_b) > 0, v_d . (rho_cd + p_b) > 0.
class Nuts {
 public:
  Nuts(std::int64_t dimension, const NutsOptions& options);

  /// From `state`, of which position, gradient and log density are read, to the next draw, left in `state`.
  /// A stop is looked for at every leapfrog step.
  DrawStatistics transition(const TransitionInput& input, Point& state);

 private:
  /// A balanced run of leaves, `begin` built first. Points are held by their slots in the arena.
  struct Tree {
    std::size_t begin = 0, end = 0, sample = 0;
    double weight = 0;            ///< sum over leaves of exp(H_0 - H - shift)
    const double* rho = nullptr;  ///< sum of momenta over leaves, padded as points are
  };
  /// What one transition sums up over all leaves, rejected ones included.
  struct Tally {
    double start_energy;
    double shift = 0;  ///< log weight that weights are relative to; moves only when they would overflow
    double acceptance = 0;
    std::int64_t leaves = 0;
    bool diverging = false;
  };

  bool build(const TransitionInput& input, RandomStream& random, std::size_t from, double step_size, std::int64_t depth,
             Tally& tally, Tree& top);
  bool merge(Tree& first, const Tree& second, double* rho, bool leaves, RandomStream& random);
  bool persists(const Tree& first, const Tree& second, double* rho) const;
  double leaf_weight(double log_weight, Tally& tally, std::size_t pending, Tree& top);

  std::size_t acquire(int uses) {
    const std::size_t slot = unused_[--unused_count_];
    uses_[slot] = uses;
    return slot;
  }
  void release(std::size_t slot) {  // no branch: whether a slot falls free cannot be predicted
    unused_[unused_count_] = slot;
    unused_count_ += --uses_[slot] == 0;
  }

  std::int64_t max_depth_;
  std::size_t padded_;  // the dimension, rounded up to whole registers
  PointArena points_;
  std::vector<int> uses_;            // of each slot
  std::vector<std::size_t> unused_;  // slots: the first unused_count_ are free
  std::size_t unused_count_ = 0;
  PointArena sums_;  // momenta of these points hold rho: one a pending tree, the last for the top tree
  std::vector<Tree> pending_;
};

}  // namespace leapgraph::samplers
