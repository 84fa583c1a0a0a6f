/// The No-U-Turn sampler: trajectories built leaf by leaf, subtrees merged on a stack.
#include "leapgraph/samplers/nuts.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace leapgraph::samplers {
namespace {

// Two doubles, one register of every x86-64. Vectors of an arena are padded to whole ones, with zeros.
using Lanes [[gnu::vector_size(16)]] = double;

Lanes load(const double* p) {
  Lanes value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

void store(double* p, Lanes value) { std::memcpy(p, &value, sizeof value); }

bool positive(Lanes sum) { return sum[0] + sum[1] > 0; }

}  // namespace

Nuts::Nuts(std::int64_t dimension, const NutsOptions& options)
    : max_depth_(options.max_depth),
      padded_((static_cast<std::size_t>(dimension) + 1) / 2 * 2),
      // A pending tree of each depth, the top tree and the new leaf hold three points each at most.
      points_(dimension, 3 * (max_depth_ + 2)),
      uses_(points_.size()),
      unused_(points_.size()),
      sums_(dimension, max_depth_ + 2),
      pending_(static_cast<std::size_t>(max_depth_) + 1) {}

DrawStatistics Nuts::transition(const TransitionInput& input, Point& state) {
  unused_count_ = points_.size();
  for (std::size_t i = 0; i < unused_count_; ++i) unused_[i] = unused_count_ - 1 - i;

  const std::size_t start = acquire(3);
  copy_position(state, points_[start]);
  RandomStream momentum(input.key, Purpose::momentum);
  refresh_momentum(input.metric, momentum, points_[start]);
  RandomStream random(input.key, Purpose::tree);

  double* const rho = sums_[sums_.size() - 1].momentum.data();
  Tally tally{.start_energy = points_[start].energy()};
  Tree top{.begin = start, .end = start, .sample = start, .weight = 1.0, .rho = points_[start].momentum.data()};
  bool top_forward = true;  // whether `begin` is the earlier end
  std::int64_t depth = 0;
  while (depth < max_depth_) {
    const bool forward = random.uniform() > 0.5;
    if (forward != top_forward) {
      std::swap(top.begin, top.end);
      top_forward = forward;
    }
    const bool built = build(input, random, top.end, forward ? input.step_size : -input.step_size, depth, tally, top);
    if (!built) break;
    const Tree& added = pending_[0];
    ++depth;

    // Biased progressive sampling: the new half is taken with probability min(1, its weight / the old weight).
    const bool take = added.weight > top.weight || random.uniform() * top.weight < added.weight;
    const bool go_on = persists(top, added, rho);
    release(take ? top.sample : added.sample);
    release(top.end);
    release(added.begin);
    top = {.begin = top.begin,
           .end = added.end,
           .sample = take ? added.sample : top.sample,
           .weight = top.weight + added.weight,
           .rho = rho};
    if (!go_on) break;
  }

  const Point& sample = points_[top.sample];
  copy_position(sample, state);
  return {.lp = sample.log_density,
          .acceptance_rate = tally.acceptance / static_cast<double>(std::max<std::int64_t>(tally.leaves, 1)),
          .step_size = input.step_size,
          .tree_depth = depth,
          .n_steps = tally.leaves,
          .diverging = tally.diverging,
          .reached_max_treedepth = depth == max_depth_,
          .energy = sample.energy()};
}

// Builds 2^depth leaves onwards from slot `from`; the tree is in pending_[0]. False when it diverged, turned back
// somewhere inside, or was stopped.
bool Nuts::build(const TransitionInput& input, RandomStream& random, std::size_t from, double step_size,
                 std::int64_t depth, Tally& tally, Tree& top) {
  std::size_t pending = 0;
  const std::int64_t leaves = std::int64_t{1} << depth;
  for (std::int64_t leaf = 0; leaf < leaves; ++leaf) {
    if (input.stop.stop_requested()) return false;
    const std::size_t slot = acquire(3);
    const double energy =
        leapfrog(input.integrator, input.metric, input.failures, points_[from], points_[slot], step_size, /*steps=*/1);
    from = slot;
    ++tally.leaves;
    if (!(energy - tally.start_energy <= max_energy_error)) {  // its acceptance, below exp(-1000), is 0
      tally.diverging = true;
      return false;
    }
    const double weight = leaf_weight(tally.start_energy - energy, tally, pending, top);
    pending_[pending++] = {
        .begin = slot, .end = slot, .sample = slot, .weight = weight, .rho = points_[slot].momentum.data()};
    // As many merges as `leaf` ends in ones in binary: each pairs two trees of equal depth.
    for (std::int64_t ones = leaf; ones & 1; ones >>= 1) {
      --pending;
      if (!merge(pending_[pending - 1], pending_[pending], sums_[pending - 1].momentum.data(), ones == leaf, random)) {
        return false;
      }
    }
  }
  return true;
}

// exp(log_weight - shift), and the acceptance min(1, exp(log_weight)) added to the tally. Weights are kept as numbers,
// not logarithms, which costs one exp a leaf; where one would overflow, all are scaled to it, and those that then
// underflow have a probability below 1e-200.
double Nuts::leaf_weight(double log_weight, Tally& tally, std::size_t pending, Tree& top) {
  if (log_weight > tally.shift + 500.0) [[unlikely]] {
    const double scale = std::exp(tally.shift - log_weight);
    for (std::size_t i = 0; i < pending; ++i) pending_[i].weight *= scale;
    top.weight *= scale;
    tally.shift = log_weight;
  }
  const double weight = std::exp(log_weight - tally.shift);
  if (log_weight > 0) {
    tally.acceptance += 1.0;
  } else {
    tally.acceptance += tally.shift == 0 ? weight : std::exp(log_weight);
  }
  return weight;
}

// Makes `first` the union of both; `rho` is where its sum of momenta goes. False when it has turned back.
bool Nuts::merge(Tree& first, const Tree& second, double* rho, bool leaves, RandomStream& random) {
  bool go_on;
  if (leaves) {  // the three pairs of conditions are one
    const double* const p = first.rho;
    const double* const q = second.rho;
    const double* const v = points_[first.end].velocity.data();
    const double* const w = points_[second.begin].velocity.data();
    Lanes at_begin{}, at_end{};
    for (std::size_t i = 0; i < padded_; i += 2) {
      const Lanes sum = load(p + i) + load(q + i);
      store(rho + i, sum);
      at_begin += load(v + i) * sum;
      at_end += load(w + i) * sum;
    }
    go_on = positive(at_begin) && positive(at_end);
  } else {
    go_on = persists(first, second, rho);
  }
  const double weight = first.weight + second.weight;
  const bool take = random.uniform() * weight < second.weight;
  release(take ? first.sample : second.sample);
  release(first.end);
  release(second.begin);
  first = {.begin = first.begin,
           .end = second.end,
           .sample = take ? second.sample : first.sample,
           .weight = weight,
           .rho = rho};
  return go_on;
}

// The six conditions for going on; sets rho = rho_ab + rho_cd, which may be where rho_ab lies.
bool Nuts::persists(const Tree& first, const Tree& second, double* rho) const {
  const double* const rho_ab = first.rho;
  const double* const rho_cd = second.rho;
  const double* const v_a = points_[first.begin].velocity.data();
  const double* const v_b = points_[first.end].velocity.data();
  const double* const v_c = points_[second.begin].velocity.data();
  const double* const v_d = points_[second.end].velocity.data();
  const double* const p_b = points_[first.end].momentum.data();
  const double* const p_c = points_[second.begin].momentum.data();
  Lanes whole_a{}, whole_d{}, left_a{}, left_c{}, right_b{}, right_d{};
  for (std::size_t i = 0; i < padded_; i += 2) {
    const Lanes ab = load(rho_ab + i), cd = load(rho_cd + i);
    const Lanes a = load(v_a + i), d = load(v_d + i);
    const Lanes whole = ab + cd, left = ab + load(p_c + i), right = cd + load(p_b + i);
    store(rho + i, whole);
    whole_a += a * whole;
    whole_d += d * whole;
    left_a += a * left;
    left_c += load(v_c + i) * left;
    right_b += load(v_b + i) * right;
    right_d += d * right;
  }
  return positive(whole_a) && positive(whole_d) && positive(left_a) && positive(left_c) && positive(right_b) &&
         positive(right_d);
}

}  // namespace leapgraph::samplers
