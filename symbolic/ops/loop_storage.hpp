/// What the backward step of a loop takes from the forward one: values are stored or computed again, whichever is
/// cheaper in all.
#pragma once

#include <functional>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// Values that may be stored, step by step, and values that need not be.
struct StorageChoice {
  /// What storing an expression costs, in nanoseconds; nothing: it may not be stored.
  std::function<std::optional<double>(const Expr&)> storing;
  /// Expressions that cost nothing, such as elements of sequences.
  std::function<bool(const Expr&)> at_hand;
  /// A new carry is at hand once the old one is stored: it was the old one of the step that the reverse loop did
  /// before.
  std::unordered_map<Expr, Expr, ExprHash> follows;
};

struct Stored {
  Exprs stored;
  std::unordered_set<Expr, ExprHash> followed;  ///< keys of `follows` that are taken from there
};

/// The cheapest way to have `needed` in the backward step. This is a minimum cut: to have a value means to store it or
/// to have all that it is computed from.
Stored choose_stored(std::span<const Expr> needed, const StorageChoice& choice);

/// A rough time of computing the outputs of a node, in nanoseconds.
double computing_cost(const Node& node);
/// A rough time of writing and reading back a value of this type.
double storing_cost(const Type& type);
/// Bytes of a value; lengths that are not known count as 100.
double bytes_of(const Type& type);

}  // namespace leapgraph::symbolic
