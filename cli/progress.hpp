/// How far the chains are, for people who wait: lines that are redrawn on a terminal, a few lines in a log.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "leapgraph/samplers/sample.hpp"

namespace leapgraph::cli {

/// What stderr can show.
struct Terminal {
  bool redraws = false;  ///< a terminal whose cursor can be moved
  bool colours = false;
  bool unicode = false;
  int columns = 80;
  int rows = 24;
};

/// Of a file descriptor, with the environment's word on it: TERM=dumb and NO_COLOR (no-color.org) are respected.
Terminal terminal_of(int descriptor);

/// Transitions that each chain is to do.
struct ProgressPlan {
  std::int64_t warmup = 0;
  std::int64_t draws = 0;
  std::int64_t transitions() const { return warmup + draws; }
};

/// A chain at one moment. Seconds count from the start of sampling.
struct ChainState {
  samplers::Phase phase = samplers::Phase::warmup;
  std::int64_t iteration = 0;
  std::int64_t divergences = 0;
  std::int64_t gradients = 0;
  double step_size = 0;
  bool finished = false;
  double started = 0;
  double now = 0;  ///< or when it had finished
};

/// One line about one chain, not longer than the terminal is wide: bar, phase, transitions, divergences, step size,
/// gradients a transition, transitions a second. Columns that do not fit are left out, the last ones first.
std::string chain_line(std::size_t chain, const ChainState& state, const ProgressPlan& plan, const Terminal& terminal,
                       bool stopping);

/// Shows the monitors of a run. Not thread-safe: one thread calls it.
class Progress {
 public:
  Progress(const samplers::SampleMonitor& monitors, ProgressPlan plan, int descriptor);

  /// To be called about ten times a second: redraws the lines of a terminal; a log gets a line at each tenth of the
  /// work, and after 30 seconds without one.
  void update(double seconds);
  /// Says that the chains were asked to stop.
  void stopping();
  /// The last state, once nothing moves any more.
  void finish(double seconds);

 private:
  void read(double seconds);
  void redraw();
  void log(double seconds);
  std::int64_t done() const;     // transitions of all chains
  std::int64_t planned() const;  // likewise

  const samplers::SampleMonitor& monitors_;
  ProgressPlan plan_;
  int descriptor_;
  Terminal terminal_;
  std::vector<ChainState> chains_;
  std::size_t drawn_lines_ = 0;
  std::int64_t next_tenth_ = 1;
  double last_line_ = 0;
  bool stopping_ = false;
};

}  // namespace leapgraph::cli
