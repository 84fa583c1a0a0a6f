/// Gathers made smaller: by views where the index allows, and by work on the table in the place of work on what was
/// picked from it.
#pragma once

#include "leapgraph/symbolic/rewrite/firing.hpp"

namespace leapgraph::symbolic {

/// Gathers and sums by row whose constant index is a range, one number, a permutation, the same along some axis, or
/// picks from another gather, as slices, broadcasts and single gathers.
Graph simplify_gathers(const Graph& graph, const PassLog& log = {});

/// f(x[i]) as f(x)[i] where x has fewer elements than i picks: elementwise work whose other operands are scalars or
/// gathers by the same index. For values that are differentiated afterwards: the index is constant and picks every row,
/// for the derivative of f at a row that nobody picks would become part of the gradient, and exponentials stay where
/// rules of stability look for them, unless more work follows them to the table.
Graph hoist_through_gathers(const Graph& graph, const PassLog& log = {});
/// The same for graphs that are differentiated already: by any index.
Graph hoist_but_exponentials(const Graph& graph, const PassLog& log = {});
/// And for graphs that are simplified too: exponentials as well.
Graph hoist_all_through_gathers(const Graph& graph, const PassLog& log = {});

}  // namespace leapgraph::symbolic
