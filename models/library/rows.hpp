/// What constraints of whole values share: tensors whose rows are values, and known matrices.
#pragma once

#include <cstdint>
#include <numeric>
#include <span>

#include "leapgraph/symbolic/graph.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {

using Numbers = std::span<const double>;

inline constexpr double constraint_tolerance = 1e-8;  // Stan's CONSTRAINT_TOLERANCE

// Rows are values, columns their coordinates.
inline symbolic::Expr columns(const symbolic::Expr& x, std::int64_t begin, std::int64_t end) {
  return symbolic::slice(x, 1, {begin, end});
}
inline symbolic::Expr constant_column(const symbolic::Expr& like, double value) {
  return symbolic::full({like.shape()[0], 1}, value);
}
inline symbolic::Expr all_in_row(const symbolic::Expr& test) { return symbolic::all(test, {1}); }
inline symbolic::Expr transposed(const symbolic::Expr& matrices) { return symbolic::transpose(matrices, {0, 2, 1}); }
inline symbolic::Expr near(const symbolic::Expr& x, const symbolic::Operand& y) {
  return symbolic::abs(x - y) <= constraint_tolerance;
}

/// Element (i, j) of a known matrix.
struct KnownMatrix {
  Numbers elements;
  std::int64_t column_count;
  double operator()(std::int64_t i, std::int64_t j) const {
    return elements[static_cast<std::size_t>(i * column_count + j)];
  }
};

inline double sum_of(Numbers x) { return std::accumulate(x.begin(), x.end(), 0.0); }

}  // namespace leapgraph::models::library
