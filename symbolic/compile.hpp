/// Graphs of known shapes as native code, and the raw call of it.
#pragma once

#include <memory>
#include <string>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

struct ProfileRecord;

/// How a graph becomes code.
struct CompileOptions {
  enum class Target { automatic, native, interpreter };
  Target target = Target::automatic;  ///< automatic: native code where a C compiler is found, else the interpreter
  bool rewrite = true;      ///< apply the rewrite passes; false: only those that make results right, not code faster
  bool as_written = false;  ///< none at all: what is computed is the formula as it is spelled, overflow and all
  bool cache = true;        ///< keep and use compiled objects in the user's cache folder
  /// Room for axes whose length is known at run time only (stacked outputs of loops that end by themselves, or whose
  /// number of steps is an argument), fewer of rows above 1 KiB. Functions that turn out to need more are compiled anew
  /// for more.
  std::int64_t capacity = 1024;
  /// Count calls and time of the kernels, for `profile` (profile.hpp). Costs nothing when off; such code is not cached.
  bool profile = false;
};

/// What emitted code reports when a run-time check fails; mirrors `struct lg_error` of the emitted prelude.
struct RuntimeError {
  std::int64_t check = 0;  ///< one of `Check` (checks.hpp)
  std::int64_t limit = 0;  ///< what the value had to fit
  std::int64_t value = 0;
  std::int64_t place = -1;  ///< number of the place in the user's source; see `CompiledFunction::failure`
};
struct Runtime {
  RuntimeError* error = nullptr;
  /// Where the call leaves the lengths of axes of run-time length: `CompiledFunction::extent_count` of them. May be
  /// absent where that is 0.
  std::int64_t* extents = nullptr;
};

/// A graph compiled for known shapes. Immutable: any number of threads may call it, each with its own workspace.
class CompiledFunction {
 public:
  /// Types of the arguments and results of a call.
  const std::vector<Type>& inputs() const;
  const std::vector<Type>& outputs() const;
  /// For each output, for each axis the number of its extent in `Runtime::extents`, or -1 where its length is exact. An
  /// axis with an extent has room for as many positions as `outputs` says, of which the first ones are used.
  const std::vector<std::vector<int>>& extents() const;
  std::size_t extent_count() const;
  /// Bytes of the workspace that `call` needs, 64-byte aligned.
  std::int64_t workspace_bytes() const;
  /// Arrays as the graph's constants have them, which follow the inputs in `in`.
  const std::vector<Array>& data() const;

  /// The raw call: `in` has pointers to the inputs and then to `data()`, all row-major; `out` to the outputs, which
  /// must not overlap anything else. Non-zero: a run-time check failed; with Check::capacity, `larger` works.
  int call(const void* const* in, void* const* out, void* workspace, const Runtime* runtime = nullptr) const;

  /// What a failed call has reported, in words.
  std::string failure(const RuntimeError& error) const;
  /// Throws the error of the check that a failed call has reported.
  [[noreturn]] void raise_failure(const RuntimeError& error) const;
  /// The same function with room for what a call with Check::capacity lacked; made once and kept.
  CompiledFunction larger(const RuntimeError& error) const;

  /// Checks the arguments and calls. Throws GraphError for arguments that do not fit and for failed run-time checks.
  std::vector<Array> operator()(std::span<const Array> arguments) const;

  bool is_native() const;
  /// The emitted C of the whole translation unit; empty without native code.
  const std::string& source() const;
  const Graph& graph() const;  ///< as it was compiled: after rewriting
  /// What `profile` reads; absent without CompileOptions::profile.
  std::shared_ptr<const ProfileRecord> profile_record() const;

  struct State;
  explicit CompiledFunction(std::shared_ptr<const State> state) : state_(std::move(state)) {}

 private:
  std::shared_ptr<const State> state_;
};

/// Compiles a graph whose input shapes are known.
CompiledFunction compile(const Graph& graph, const CompileOptions& options = {});
/// Several graphs as one translation unit; bodies that they call are shared.
std::vector<CompiledFunction> compile(std::span<const Graph> graphs, const CompileOptions& options = {});
/// The stages that `compile` goes through, as text: "graph", "rewritten", "kernels", "c".
std::string dump_stage(std::span<const Graph> graphs, std::string_view stage, const CompileOptions& options = {});

/// One line about why functions are interpreted here ("no C compiler was found: ..."), or empty.
std::string missing_compiler();

}  // namespace leapgraph::symbolic
