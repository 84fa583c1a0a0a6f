/// Where draws go: the sink that chains write to, and what a trace is told about itself before the first draw.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "leapgraph/samplers/draw.hpp"
#include "leapgraph/symbolic/error.hpp"

namespace leapgraph::samplers {

/// The output exists, cannot be made, or the disk has no room for it; an input is missing or is not a trace of ours.
class TraceError : public Error {
 public:
  enum class Kind {
    exists,         ///< the output is there and may not be overwritten
    cannot_create,  ///< the output's folder is missing or not writable, or the layout cannot be written to a file
    io,             ///< no room on the disk, or a call to the operating system or to HDF5 failed
    missing,        ///< read_trace: there is no such file
    malformed,      ///< read_trace: not HDF5, not written by Leapgraph, or inconsistent
  };
  TraceError(Kind kind, const std::string& what) : Error(what), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

/// A named quantity of the posterior: its shape is that of one draw, row-major (an empty shape is a scalar).
struct TraceVariable {
  std::string name;
  std::vector<std::int64_t> shape;
  /// Pointwise log likelihood, which ArviZ compares models by: in a file it is in the group `log_likelihood`.
  bool log_likelihood = false;
};

/// Data that go into `constant_data`; either reals or integers, row-major.
struct TraceConstant {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<double> reals;           ///< used when `integers` is empty
  std::vector<std::int64_t> integers;  ///< used when `reals` is empty
};

/// Everything that is known before the first draw; the file is laid out from it and never changes size.
struct TraceLayout {
  std::int64_t chains = 0;
  std::int64_t draws = 0;         ///< kept draws a chain in phase sampling, after thinning
  std::int64_t warmup_draws = 0;  ///< kept draws a chain in phase warmup; 0: no warm-up groups
  std::vector<TraceVariable> variables;
  std::vector<TraceConstant> constants;
  std::vector<std::pair<std::string, std::string>> attributes;  ///< program text, data hash, seed, command line, ...
};

/// How far each chain came, for a run that ended early.
struct ChainProgress {
  std::int64_t warmup_draws = 0;
  std::int64_t draws = 0;
};

/// Takes draws. Chains call `write` from their own threads, each in the order of its draws; the rest is called by one
/// thread.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  /// `values`: all variables of the layout in their order, each row-major. Throws TraceError of kind io.
  virtual void write(Phase phase, std::int64_t chain, std::int64_t draw, std::span<const double> values,
                     const DrawStatistics& statistics) = 0;
  /// No further write follows. A run that ended early leaves a trace trimmed to the shortest chain, without the chains
  /// that have less than a quarter of the draws of the longest.
  virtual void finish(std::span<const ChainProgress> progress) = 0;
};

/// The draws of one phase, for all chains.
struct TraceDraws {
  std::int64_t planned = 0;  ///< draws a chain that the run was started for
  std::int64_t draws = 0;    ///< draws a chain that are here; the same for all chains
  /// For variable v of the trace, values[v][(chain * draws + draw) * cells + cell], cells row-major.
  std::vector<std::vector<double>> values;
  std::vector<DrawStatistics> statistics;  ///< [chain * draws + draw]
};

/// A trace as a value: what `read_trace` and `MemoryTrace` return.
struct Trace {
  std::int64_t chains = 0;
  std::vector<TraceVariable> variables;
  TraceDraws sampling;
  TraceDraws warmup;  ///< planned = 0 where warm-up draws were not kept
  std::vector<TraceConstant> constants;
  std::vector<std::pair<std::string, std::string>> attributes;  ///< of the root: those of the layout and our own
};

/// A trace that stays in memory.
class MemoryTrace final : public TraceSink {
 public:
  explicit MemoryTrace(TraceLayout layout);
  void write(Phase phase, std::int64_t chain, std::int64_t draw, std::span<const double> values,
             const DrawStatistics& statistics) override;
  void finish(std::span<const ChainProgress> progress) override;
  /// After `finish`: complete, all chains equally long. Before: full length, NaN and n_steps = -1 where no draw is yet.
  const Trace& trace() const { return trace_; }

 private:
  Trace trace_;
  std::int64_t width_;  // values in one draw
};

/// Throws TraceError of kind cannot_create when the layout makes no sense (names, shapes, sizes).
std::unique_ptr<MemoryTrace> memory_trace(TraceLayout layout);

struct Hdf5Options {
  bool overwrite = false;      ///< replace an existing file, once the new one is complete
  double flush_seconds = 1.0;  ///< draws wait at most about this long in memory; 0: every draw goes to the file at once
};

/// A trace in an HDF5 file that xarray and ArviZ open, valid from the moment this returns and at any time after it:
/// laid out whole, filled with NaN, on disk, and only then given its name. Room for all draws is taken here, so that a
/// full disk shows before sampling starts. Throws TraceError (exists, cannot_create, io) and then leaves no file
/// behind.
///
/// `write` copies the draw into the buffer of its chain (no lock, some 100 ns for 20 values). A process that is killed
/// loses what its buffers held, at most `flush_seconds` of sampling and the transition under way; a machine that loses
/// power before `finish` may lose any draw, but not the file. Destroyed without `finish`, it writes its buffers and
/// leaves the file untrimmed.
std::unique_ptr<TraceSink> hdf5_trace(TraceLayout layout, const std::string& path, const Hdf5Options& options = {});

/// What can be said about an output before any work is done: throws TraceError of kind exists when the file is there
/// and may not be overwritten, cannot_create when its folder is missing or not writable or the path is not a regular
/// file's.
void check_output(const std::string& path, bool overwrite);

/// Reads a file that `hdf5_trace` wrote, in whatever state: draws that are not complete are left out, and chains are
/// trimmed as by `TraceSink::finish`. Throws TraceError (missing, malformed, io) naming the file and what is wrong with
/// it.
Trace read_trace(const std::string& path);

}  // namespace leapgraph::samplers
