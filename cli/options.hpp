/// What the command line asks for, as values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "leapgraph/samplers/config.hpp"
#include "leapgraph/symbolic/error.hpp"

namespace leapgraph::cli {

/// A command line that cannot be followed. The message names the option or the word, and what would be right.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// A program and its data, as files.
struct ModelFiles {
  std::string model;
  std::string data;  ///< empty: run without data
  std::vector<std::string> include_paths;
};

struct SampleCommand {
  ModelFiles files;
  std::string output;                 ///< the trace; from the model's file name where none was given
  samplers::SampleConfig config;      ///< its seed is not set yet
  std::optional<std::uint64_t> seed;  ///< none: to be drawn
  std::string init_file;              ///< constrained values to start from; empty: none
  bool force = false;
  bool quiet = false;
  bool json = false;
  bool cache = true;
  std::string command_line;  ///< as it could be typed again
};

struct LogDensityCommand {
  ModelFiles files;
  std::string points;       ///< file with a list of points on the unconstrained scale
  std::int64_t repeat = 0;  ///< timings to take; 0: none
  bool cache = true;
};

struct CheckCommand {
  ModelFiles files;
  bool format = false;    ///< print the program in its canonical layout instead
  bool pedantic = false;  ///< warn of what modellers regret
};

struct FunctionsCommand {
  std::string name;  ///< empty: all of them
};

struct SummaryCommand {
  std::string trace;
  bool json = false;
};

struct DumpCommand {
  enum class Stage { ast, graph, gradient, rewritten, kernels, c, page };
  ModelFiles files;
  Stage stage = Stage::ast;
};

/// Help or the version: text for stdout.
struct PrintText {
  std::string text;
};

using Command = std::variant<SampleCommand, LogDensityCommand, CheckCommand, FunctionsCommand, SummaryCommand,
                             DumpCommand, PrintText>;

/// `arguments` without the program's name. Without the name of a command they are those of `sample`. Throws UsageError.
Command parse(std::span<const std::string> arguments);

}  // namespace leapgraph::cli
