/// One call of a function: from arguments to results and new values of shared variables.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "leapgraph/symbolic/arguments.hpp"
#include "leapgraph/symbolic/calls/definition.hpp"
#include "leapgraph/symbolic/calls/frame.hpp"

namespace leapgraph::symbolic {

struct Function::State {
  /// An input as a call sees it.
  struct Input {
    DType dtype;
    Shape shape;
    bool is_scalar;
    bool strict;
    Downcast downcast;
    std::string name;
    std::optional<Array> value;            ///< the default
    std::shared_ptr<SharedStorage> state;  ///< in the place of a default, where there is an update
  };

  /// `known`: the code, where it is made already. `states_of`: whose inputs have the states that those here have.
  State(Definition definition, const FunctionOptions& options, std::shared_ptr<Specialisations> known = nullptr,
        const State* states_of = nullptr);

  Definition definition;
  FunctionOptions options;
  std::shared_ptr<Specialisations> code;
  std::vector<Input> inputs;
  std::shared_ptr<const std::vector<std::string>> output_names;
  std::vector<SharedStorage*> shared;   ///< that are read, in order of the graph's inputs
  std::vector<std::size_t> reads;       ///< those of them that are not updated
  std::vector<SharedStorage*> updated;  ///< in order of the graph's outputs
  std::vector<SharedStorage*> turns;    ///< the same, in order of address
  mutable Frames frames;
};

/// Throws as `Function::operator()` does; nothing has changed then.
Results call(const Function::State& state, const Argument* const* arguments, std::size_t count);
/// What such a call would run.
CompiledFunction code_for(const Function::State& state, const Argument* const* arguments, std::size_t count);

}  // namespace leapgraph::symbolic
