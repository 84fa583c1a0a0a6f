/// Many values of a function at once: expressions rebuilt with batch axes in front.
#pragma once

#include <cstdint>
#include <span>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// An op on the way does not work on batches (a scan of a varying number of steps, a function written in C++); the
/// message names it and the place where it was made.
class NotVectorizable : public GraphError {
 public:
  using GraphError::GraphError;
};

/// `outputs`, functions of `inputs`, for many values of the inputs at once. batches[i] has the type of inputs[i] with
/// `axes` axes in front, each of the common length or of length 1 (the same for all along it). Outputs that depend on
/// no input are returned as they are (their rank tells); others with `axes` axes in front, of the common length or of
/// length 1 where nothing that they depend on varies along that axis: nothing is computed more often than it differs.
/// `ifelse` on a condition that varies computes both sides. Throws NotVectorizable.
Exprs vectorize(std::span<const Expr> outputs, std::span<const Expr> inputs, std::span<const Expr> batches,
                std::int64_t axes = 1);

}  // namespace leapgraph::symbolic
