/// Numbers that are data rather than part of a formula, hidden from rules as variables.
#pragma once

#include "leapgraph/symbolic/rewrite/firing.hpp"

namespace leapgraph::symbolic {

/// `graph` with new inputs, added to its own, in the place of large and small floating scalars where those stand in
/// expressions without a variable: log(1 + exp(800)) must be seen as log(1 + exp(x)), and nothing in 1 / 1e9 - 1 /
/// (1e9 + 1) be folded, however exactly, before the rules have seen all of it. Bodies are left alone. `hidden` gets
/// what each new input stands for.
Graph with_constants_hidden(const Graph& graph, Substitution& hidden, const PassLog& log = {});
/// The inverse.
Graph with_constants_shown(const Graph& graph, const Substitution& hidden, const PassLog& log = {});

}  // namespace leapgraph::symbolic
