/// Loops as Theano has them: `scan` with taps into past and future, `map`, `reduce`, `foldl`, `foldr`, `until`. All
/// build the one core loop of ops.hpp.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/shared.hpp"

namespace leapgraph::symbolic {

/// A condition that ends the loop after the step that makes it true.
struct Until {
  Expr condition;
};
/// Returned by `fn` beside its outputs. The step that makes the condition true counts.
Until until(const Expr& condition);

/// New values of shared variables.
using ScanUpdates = std::vector<std::pair<SharedVariable, Expr>>;

/// What `fn` returns: one output, or several, and perhaps when to stop, and what becomes of shared variables from step
/// to step.
struct ScanStep {
  Exprs outputs;
  std::optional<Until> stop;
  ScanUpdates updates;

  ScanStep(Expr output, std::optional<Until> until = std::nullopt) : outputs{std::move(output)}, stop(until) {}
  ScanStep(Exprs several, std::optional<Until> until = std::nullopt) : outputs(std::move(several)), stop(until) {}
  ScanStep(Exprs several, ScanUpdates shared, std::optional<Until> until = std::nullopt)
      : outputs(std::move(several)), stop(until), updates(std::move(shared)) {}
};

namespace detail {

template <class Member>
struct CallOperator;
template <class F, class R, class... A>
struct CallOperator<R (F::*)(A...) const> {
  using Arguments = std::tuple<A...>;
};
template <class F, class R, class... A>
struct CallOperator<R (F::*)(A...)> {
  using Arguments = std::tuple<A...>;
};

template <class F>
concept TakesAll = std::is_invocable_v<F, const Exprs&>;

}  // namespace detail

/// The function of one step. Anything that takes its arguments one by one (`[](Expr prior, Expr a) { ... }`) or all at
/// once (`[](const Exprs& arguments) { ... }`) and returns an Expr, Exprs or ScanStep.
class ScanFunction {
 public:
  ScanFunction() = default;

  template <detail::TakesAll F>
  ScanFunction(F f) : call_([f = std::move(f)](const Exprs& arguments) -> ScanStep { return f(arguments); }) {}

  template <class F>
  requires(!detail::TakesAll<F> && requires { &F::operator(); }) ScanFunction(F f) {
    using Arguments = typename detail::CallOperator<decltype(&F::operator())>::Arguments;
    constexpr std::size_t count = std::tuple_size_v<Arguments>;
    arity_ = static_cast<int>(count);
    call_ = [f = std::move(f)](const Exprs& arguments) -> ScanStep {
      return [&]<std::size_t... I>(std::index_sequence<I...>)->ScanStep { return f(arguments[I]...); }
      (std::make_index_sequence<count>());
    };
  }

  explicit operator bool() const { return call_ != nullptr; }
  /// How many arguments it takes one by one; -1: all at once.
  int arity() const { return arity_; }
  ScanStep operator()(const Exprs& arguments) const { return call_(arguments); }

 private:
  std::function<ScanStep(const Exprs&)> call_;
  int arity_ = -1;
};

/// A sequence or an initial value, with the steps that are read: as a sequence, tap k is the element k steps later
/// (default 0); as an initial value, tap -k is the output k steps earlier (default -1).
class Tapped {
 public:
  template <class T>
  requires std::convertible_to<T, Operand> &&
      (!std::same_as<std::remove_cvref_t<T>, Tapped>)Tapped(T&& value, std::vector<std::int64_t> taps = {})
      : value_(std::forward<T>(value)), taps_(std::move(taps)) {}

  const Operand& value() const { return value_; }
  const std::vector<std::int64_t>& taps() const { return taps_; }  ///< as given; empty: the default

 private:
  Operand value_;
  std::vector<std::int64_t> taps_;
};
/// `value` read at the given taps: `taps(x, {-1, 0, 1})`.
Tapped taps(const Operand& value, std::vector<std::int64_t> steps);

/// An output of `fn` that no step reads again.
inline constexpr std::nullopt_t no_recurrence = std::nullopt;

/// What Theano's `scan` takes.
struct ScanOptions {
  /// One step. Its arguments: the elements of the sequences in order, each at its taps in the order given; then the
  /// outputs that recur, each at its taps; then `non_sequences`. It returns one output an entry of `outputs_info`.
  ScanFunction fn = {};
  /// Tensors to run over along axis 0. The shortest decides how many steps there are.
  std::vector<Tapped> sequences = {};
  /// One an output: `no_recurrence`, or its value before the first step. An output with several taps starts from a
  /// tensor with as many rows as its furthest tap, the oldest first. Empty: nothing recurs, `fn` tells how many.
  std::vector<std::optional<Tapped>> outputs_info = {};
  /// Handed to every step as they are. What else `fn` uses of the enclosing graph is found by itself.
  Operands non_sequences = {};
  /// An integer scalar; with sequences, the most steps to do. Negative is an error, when built or when run.
  std::optional<Operand> n_steps = std::nullopt;
  /// Gradients flow through that many last steps only; -1: through all.
  std::int64_t truncate_gradient = -1;
  bool go_backwards = false;  ///< sequences from their last element to their first
  bool strict = false;        ///< variables that `fn` uses and that were not given are an error that names them
  std::string name = {};      ///< for error messages
};

struct ScanOutputs {
  Exprs outputs;  ///< stacked along a new axis 0, one row a step
  Exprs last;     ///< of each output: its last row; where it recurs and no step was done, its initial value
  Expr steps;     ///< how many steps were done
  /// Shared variables after the last step: those that `fn` says updates of, and those with default updates that it
  /// reads, such as random streams, which it sees anew at every step. For the `updates` of the function that runs the
  /// loop.
  ScanUpdates updates = {};

  const Expr& operator[](std::size_t i) const { return outputs[i]; }
};

/// Theano's scan. Throws GraphError naming the scan and the output or sequence that does not fit: an output that recurs
/// keeps the element type and the shape of its initial value.
ScanOutputs scan(const ScanOptions& options, Where place = Where::current());

/// fn of every element of the sequences.
struct MapOptions {
  ScanFunction fn = {};
  std::vector<Tapped> sequences = {};
  Operands non_sequences = {};
  std::int64_t truncate_gradient = -1;
  bool go_backwards = false;
  std::string name = {};
};
ScanOutputs map(const MapOptions& options, Where place = Where::current());

/// The sequences combined into one value an output, from the initial values `outputs_info`: fn(elements..., so far...,
/// non_sequences...).
struct ReduceOptions {
  ScanFunction fn = {};
  std::vector<Tapped> sequences = {};
  std::vector<Tapped> outputs_info = {};
  Operands non_sequences = {};
  bool go_backwards = false;
  std::string name = {};
};
/// The values after the last step.
Exprs reduce(const ReduceOptions& options, Where place = Where::current());
/// From the first element to the last.
Exprs foldl(ReduceOptions options, Where place = Where::current());
/// From the last element to the first.
Exprs foldr(ReduceOptions options, Where place = Where::current());

/// A scan whose gradient keeps the state of every `save_every`th step only and computes the steps between anew. Gives
/// the values after the last step. Sequences are of one length and have no taps, and every output recurs at tap -1.
struct CheckpointOptions {
  ScanFunction fn = {};
  std::vector<Tapped> sequences = {};
  std::vector<Tapped> outputs_info = {};
  Operands non_sequences = {};
  std::optional<std::int64_t> n_steps = std::nullopt;
  std::int64_t save_every = 10;
  std::string name = {};
};
Exprs scan_checkpoints(const CheckpointOptions& options, Where place = Where::current());

}  // namespace leapgraph::symbolic
