/// The rules that every graph obeys between passes.
#pragma once

#include <string_view>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

enum class Stage {
  built,        ///< as the user wrote it: shapes may be unknown
  specialized,  ///< after `specialize` with known shapes: no abstract op is left but those kept for the rewrite rules
  lowered,      ///< after `rewrite` or `lower_abstract` on top of that: none is left
};

/// Throws InternalError, naming the pass, the node and the place where it was made, unless: inputs are `input` or
/// `parameter` nodes, each once, and the outputs depend on no other variable; every node has as many inputs as its op
/// says, and the types that its op infers from them; bodies are closed over numbered parameters, fit the arguments and
/// obey the same rules.
void verify(const Graph& graph, Stage stage = Stage::built, std::string_view after_pass = "building");

}  // namespace leapgraph::symbolic
