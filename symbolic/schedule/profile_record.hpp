/// What a compiled function keeps for its profile.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "leapgraph/symbolic/schedule/counters.hpp"

namespace leapgraph::symbolic {

/// Times of the stages of a compilation, one after the other.
class StageTimes {
 public:
  /// Ends a stage.
  void mark(std::string name) {
    const auto now = std::chrono::steady_clock::now();
    stages_.emplace_back(std::move(name), std::chrono::duration<double>(now - last_).count());
    last_ = now;
  }
  const std::vector<std::pair<std::string, double>>& stages() const { return stages_; }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  std::vector<std::pair<std::string, double>> stages_;
};

struct ProfileRecord {
  std::vector<Counter> counters;
  std::size_t entry = 0;  ///< function of the module that this is the profile of
  std::vector<std::pair<std::string, double>> stages;
  /// Of the loaded code, which `object` holds: calls and ticks by counter, and its clock. Absent without native code.
  std::shared_ptr<const void> object;
  const std::uint64_t* values = nullptr;
  std::uint64_t (*ticks)() = nullptr;
  /// When both clocks were read first.
  std::uint64_t first_ticks = 0;
  std::chrono::steady_clock::time_point first_time = {};
};

}  // namespace leapgraph::symbolic
