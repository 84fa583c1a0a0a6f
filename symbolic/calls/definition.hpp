/// What a function computes, once replacements are made, updates are complete and every variable has its source.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "leapgraph/symbolic/function.hpp"

namespace leapgraph::symbolic {

struct Definition {
  std::vector<In> inputs;
  std::vector<Output> outputs;
  std::vector<std::pair<SharedVariable, Expr>> updates;
  /// Of inputs with an update of their own: number of the input, new value.
  std::vector<std::pair<std::size_t, Expr>> state_updates;
  std::vector<SharedVariable> shared;  ///< read by outputs or updates
};

/// Throws what `function` throws.
Definition define(const Inputs& inputs, const Outputs& outputs, const FunctionOptions& options);

/// The graph of it: inputs, then shared variables that are read; outputs, then updates, then updates of states.
Graph graph_of(const Definition& definition);

}  // namespace leapgraph::symbolic
