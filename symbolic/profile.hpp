/// Where the time of a function goes: by op, by line of the user's source, by kernel of the native code.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "leapgraph/symbolic/function.hpp"

namespace leapgraph::symbolic {

struct ProfileRow {
  std::string what;
  double seconds = 0;
  double share = 0;         ///< of the time of all kernels
  std::uint64_t calls = 0;  ///< of a kernel; of an op or place, those of the kernels that it is part of
};

/// Counts since the function was compiled, rows by falling time. A kernel that several ops were fused into shares its
/// time between them by a guess of their arithmetic (an exponential counts as 12 additions), so that the times of ops
/// and places are estimates, those of kernels measured. Time in a loop or branch beside its kernels is its own. Reading
/// the clock costs some 10 ns a kernel, which counts where loops run kernels of a few elements.
struct Profile {
  std::string name;
  std::uint64_t calls = 0;
  double seconds = 0;  ///< in kernels, over all calls
  std::vector<ProfileRow> ops = {}, places = {}, kernels = {};
  /// What compiling took, in seconds: "rewrite", "schedule", "emit", "C compiler", summed over specialisations.
  std::vector<std::pair<std::string, double>> stages = {};
  std::int64_t workspace_bytes = 0;  ///< the largest of a specialisation
  std::size_t specialisations = 0;

  /// Tables of `rows` rows at most.
  std::string text(std::size_t rows = 20) const;
  std::string json() const;
};

/// Of a function that was made with `CompileOptions::profile`; throws GraphError for others. May be asked for while the
/// function runs on other threads. A function that is interpreted has times of compiling only.
Profile profile(const CompiledFunction& function);
/// All specialisations together.
Profile profile(const Function& function);

}  // namespace leapgraph::symbolic
