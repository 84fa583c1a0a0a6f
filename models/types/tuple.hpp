/// How the checker does away with tuples: a variable of them becomes variables of their parts.
///
/// `tuple(int, vector[3]) t` is declared as `t.1` and `t.2`, an array of tuples as arrays of the parts, and what is
/// done with a tuple is done with each of its *leaves*, the parts that are no tuples themselves. A typed tree so holds
/// tuples only while it is made: later stages see ordinary variables, assignments and arguments, in loops as elsewhere.
#pragma once

#include <vector>

#include "leapgraph/models/types/typed_ast.hpp"

namespace leapgraph::models {

/// The types of the leaves, in order; the arrays around a tuple are around each of them. A type that is no tuple is its
/// own leaf.
std::vector<StanType> leaf_types(const StanType& type);

TypedExpression clone(const TypedExpression& expression);

/// Slot `k`, from 0, of an expression of tuples; of an array of tuples the array of that slot.
TypedExpression slot_of(TypedExpression tuple, std::size_t k, const std::vector<Symbol>& symbols);

/// The leaves of an expression, in order; itself where it is no tuple.
std::vector<TypedExpression> leaves_of(TypedExpression expression, const std::vector<Symbol>& symbols);

}  // namespace leapgraph::models
