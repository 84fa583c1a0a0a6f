/// Counter-based random numbers: the same bits for a seed, chain and draw on any number of threads.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace leapgraph::samplers {

/// Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011): a bijection of the counter, keyed.
std::array<std::uint32_t, 4> philox4x32_10(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

/// What a stream of random numbers is for; the last word of its counters. New purposes are added at the end.
enum class Purpose : std::uint32_t {
  initial_point,
  step_size_search,
  momentum,
  tree,  ///< directions and selections of NUTS
  acceptance,
  jitter,
  generated_quantities,
};

/// One draw of one chain. `draw` counts transitions, warm-up included, thinned ones too.
struct DrawKey {
  std::uint64_t seed = 0;
  std::uint32_t chain = 0;
  std::uint32_t draw = 0;
};

/// Uniform on (0, 1) from the upper 52 of 64 random bits: an odd multiple of 2^-53, so that 0 and 1 never come and
/// u and 1 - u are equally likely and both exact.
inline double uniform_from_bits(std::uint64_t bits) {
  return (static_cast<double>(static_cast<std::int64_t>(bits >> 12)) + 0.5) * 0x1p-52;
}

/// The inverse of the standard normal distribution function, for p in (0, 1).
/// Wichura (1988), algorithm AS 241, PPND16; relative error below 1e-15 for p >= 2^-53. Uses additions, products,
/// quotients and square roots only (its logarithm is written out), so its bits do not depend on the C library.
double normal_quantile(double p);

/// The random numbers of one draw for one purpose, in order: Philox with key = seed and counter = {block, draw, chain,
/// purpose}. Each block gives two numbers, words 0 and 1 (low word first), then words 2 and 3.
class RandomStream {
 public:
  RandomStream(const DrawKey& key, Purpose purpose)
      : key_{static_cast<std::uint32_t>(key.seed), static_cast<std::uint32_t>(key.seed >> 32)},
        draw_(key.draw),
        chain_(key.chain),
        purpose_(static_cast<std::uint32_t>(purpose)) {}

  std::uint64_t bits();
  double uniform() { return uniform_from_bits(bits()); }
  double normal() { return normal_quantile(uniform()); }
  /// The same numbers as calling `normal` for each element, faster.
  void fill_normals(std::span<double> values);

 private:
  std::array<std::uint32_t, 2> key_;
  std::uint32_t draw_, chain_, purpose_;
  std::uint32_t block_ = 0;
  bool has_spare_ = false;
  std::uint64_t spare_ = 0;
};

}  // namespace leapgraph::samplers
