/// Order: sorting, searching in sorted vectors, counting, distinct elements. nan is larger than everything, as in
/// NumPy.
#pragma once

#include <optional>
#include <string_view>

#include "leapgraph/symbolic/shaping.hpp"

namespace leapgraph::symbolic {

/// Elements in increasing order along an axis, or of the flattened tensor for no axis. Equal ones keep their order,
/// whatever `kind` says.
Expr sort(const Operand& x, std::optional<std::int64_t> axis = -1, std::string_view kind = "stable");
/// Positions that sort.
Expr argsort(const Operand& x, std::optional<std::int64_t> axis = -1, std::string_view kind = "stable");
/// The k largest elements along an axis, the largest first; the |k| smallest for k < 0, the smallest first. Throws
/// ShapeError for k = 0 and for more elements than there are, as far as that is known; others fail the call.
Expr topk(const Operand& x, std::int64_t k, std::int64_t axis = -1);
Expr argtopk(const Operand& x, std::int64_t k, std::int64_t axis = -1);
Exprs topk_and_argtopk(const Operand& x, std::int64_t k, std::int64_t axis = -1);
/// With element `kth` where sorting puts it, none larger before and none smaller behind; in fact sorted.
Expr partition(const Operand& x, std::int64_t kth, std::optional<std::int64_t> axis = -1);
Expr argpartition(const Operand& x, std::int64_t kth, std::optional<std::int64_t> axis = -1);

/// Where `values` belong in an increasing vector: before those equal to them, or behind with `right`. `sorter`, where
/// it is given, are the positions that sort the vector.
Expr searchsorted(const Operand& sorted, const Operand& values, bool right = false,
                  std::optional<Operand> sorter = std::nullopt);
Expr searchsorted(const Operand& sorted, const Operand& values, std::string_view side,
                  std::optional<Operand> sorter = std::nullopt);
/// The number of the bin that each value is in, among increasing or decreasing edges given as data; increasing else.
Expr digitize(const Operand& values, const Operand& edges, bool right = false);
/// How often each number from 0 on is there, or the sum of its weights; at least `minlength` of them.
Expr bincount(const Operand& numbers, std::optional<Operand> weights = std::nullopt, const Length& minlength = 0);
/// How many values lie in each bin between neighbouring edges, the last one closed on both sides.
Expr histogram(const Operand& values, const Operand& edges);

/// The distinct elements of the flattened tensor, in increasing order.
struct Unique {
  Expr values;
  Expr indices;  ///< where each is first
  Expr inverse;  ///< of each element, in the shape of the tensor, the number of its value
  Expr counts;
};
Unique unique_with(const Operand& x);
Expr unique(const Operand& x);

}  // namespace leapgraph::symbolic
