/// A log density as the samplers know it: a graph of the position, what a draw looks like, and how both are compiled.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "leapgraph/samplers/metric.hpp"
#include "leapgraph/samplers/random.hpp"
#include "leapgraph/samplers/sample.hpp"
#include "leapgraph/samplers/trace.hpp"
#include "leapgraph/symbolic/compile.hpp"
#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::samplers {

/// An unnormalised log density on R^dimension.
struct Density {
  std::int64_t dimension = 0;
  /// The log density (float64 scalar) of a position (float64[dimension]); differentiated by symbolic::grad.
  std::function<symbolic::Expr(const symbolic::Expr& position)> log_density;

  /// What each draw writes to the trace: names and shapes, and their values (float64 tensors of those shapes) from the
  /// position.
  std::vector<TraceVariable> variables;
  std::function<symbolic::Exprs(const symbolic::Expr& position)> constrain;

  /// Random numbers in the values of a draw: a variable of symbolic::counter_stream_type that the graphs of `constrain`
  /// and `drawable` may use, each draw with its own seed, chain and number. May be absent.
  symbolic::Expr stream = {};
  /// bool: false where the values of a draw cannot be had, and `complete` says why. May be absent.
  std::function<symbolic::Expr(const symbolic::Expr& position)> drawable = {};
  /// Goes over the values of a draw in C++: computes those of the last `variables` that `constrain` gives none for,
  /// from the values before them. Called for each draw, or where there is `drawable`, for those that are not. May throw
  /// DrawError, which ends the run. Called on several threads at once.
  std::function<void(const DrawKey& key, std::span<double> values)> complete = {};

  /// Inputs of the graphs beside the position, with the values they are called with.
  std::vector<std::pair<symbolic::Expr, symbolic::Array>> arguments = {};
  /// May be evaluated on several threads at once.
  bool thread_safe = true;
  /// Says why the log density is not finite at a position; may be absent.
  std::function<std::string(std::span<const double> position)> why = {};
};

/// A log density written in C++: returns its value and fills the gradient. An exception rejects the point.
using LogDensityFunction = std::function<double(std::span<const double> position, std::span<double> gradient)>;

/// A density from a C++ function with its own gradient. It runs through the same leapfrog scan as every other; draws
/// hold one variable, `name`, a vector of the position's length. `thread_safe`: the function may run on several threads
/// at once.
Density host_density(std::int64_t dimension, LogDensityFunction function, bool thread_safe, std::string name = "x");

/// Log density, gradient, leapfrog and the values of a draw, compiled together as one translation unit.
class CompiledDensity {
 public:
  /// Throws Error when the density's variables and values do not fit each other, GraphError for what cannot be
  /// compiled.
  CompiledDensity(Density density, MetricKind metric, const symbolic::CompileOptions& options = {});

  const Density& density() const;
  /// Log density and gradient at `position`; `gradient` has `dimension` elements. A failed run-time check gives nan.
  double log_density_gradient(std::span<const double> position, std::span<double> gradient) const;
  /// Doubles of one draw in the trace.
  std::int64_t values() const;
  /// All variables of a draw, in their order, each row-major.
  /// Throws DrawError.
  void constrain(std::span<const double> position, std::span<double> values, const DrawKey& key = {}) const;
  /// What `sample` takes; it shares the compiled code, and may outlive this object.
  SampleTarget target() const;
  bool is_native() const;
  const std::string& source() const;  ///< the emitted C

  struct State;

 private:
  std::shared_ptr<const State> state_;
};

}  // namespace leapgraph::samplers
