/// Which nodes of a stretch of a program write over the memory of an input instead of making a copy of it.
#pragma once

#include <functional>
#include <unordered_map>
#include <unordered_set>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// The nodes of a region in an order in which those that write over memory come after all that read what was there.
struct InPlacePlan {
  std::vector<const Node*> order;
  /// Outputs that take over the memory of an input: of a row update that of its tensor, of a loop's carry that of its
  /// initial value.
  std::unordered_set<Expr, ExprHash> in_place;
  /// Of a node that writes over memory, those that must come before although it does not use them.
  std::unordered_map<const Node*, std::vector<const Node*>> before;

  /// The expression whose memory `e` lies in, as a whole and in row-major order; `e` itself where that is its own.
  Expr memory_of(const Expr& e) const;
};

/// A plan for what lies between the expressions that are `given` and the `outputs`, all of which are needed when all is
/// done. Of the given ones those in `writable` may be written over.
InPlacePlan plan_in_place(std::span<const Expr> outputs, const std::function<bool(const Expr&)>& given,
                          std::span<const Expr> writable);

}  // namespace leapgraph::symbolic
