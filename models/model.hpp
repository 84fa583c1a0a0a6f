/// From program text and data to a density: what the command line and other callers use.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "leapgraph/models/data.hpp"
#include "leapgraph/models/source.hpp"
#include "leapgraph/samplers/density.hpp"

namespace leapgraph::models {

/// The program in its canonical layout, comments and includes kept. It is parsed only, so that a program with errors of
/// another kind can be formatted. Throws FileError, ModelError.
std::string formatted(Source source);

/// A program that was parsed and checked; copies share it.
class CheckedProgram {
 public:
  /// Throws FileError when the file cannot be read, ModelError with every error of the program.
  static CheckedProgram read(const std::filesystem::path& path, std::vector<std::filesystem::path> include_paths = {});
  static CheckedProgram from_source(Source source);

  const Source& source() const;
  /// What the checker found worth saying although the program is usable.
  const std::vector<Diagnostic>& warnings() const;
  /// What modellers regret, although it is right: more warnings, for those who ask.
  std::vector<Diagnostic> pedantic_warnings() const;
  std::string ast_text() const;  ///< canonical program text of the typed tree, for dumps

  struct State;
  const State& state() const { return *state_; }

 private:
  explicit CheckedProgram(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

/// A program with its data: transformed data are computed, sizes and constraints checked, the log density is a graph.
class Model {
 public:
  /// Throws DataError for data that do not fit their declarations, ModelError for errors of the program that show with
  /// these data (a failed constraint of transformed data, an index out of range, sizes that do not fit).
  /// `seed`: of the random numbers of transformed data.
  Model(CheckedProgram program, const DataSet& data, std::uint64_t seed = 0);

  /// On the unconstrained scale, Jacobian included, `~` constants dropped as in Stan. Its variables are parameters and
  /// transformed parameters by their Stan names.
  const samplers::Density& density() const;
  std::int64_t dimension() const;
  /// Names of the unconstrained coordinates: "mu", "theta[2]"; declaration order, containers column-major, arrays
  /// outermost slowest.
  const std::vector<std::string>& coordinate_names() const;
  /// Data block variables, for `constant_data`.
  const std::vector<samplers::TraceConstant>& constants() const;
  /// A position from constrained values (an --init file); coordinates of variables that are not there are nan. Throws
  /// DataError for values that violate their constraint.
  std::vector<double> unconstrain(const DataSet& values) const;
  /// What binding the data found worth saying: loops that are unrolled and why, elements read before they are assigned.
  const std::vector<Diagnostic>& warnings() const;
  /// The first statement, with its place in the program, whose contribution to the log density is not finite there; or
  /// empty.
  std::string why(std::span<const double> position) const;

  struct State;

 private:
  std::shared_ptr<const State> state_;
};

}  // namespace leapgraph::models
