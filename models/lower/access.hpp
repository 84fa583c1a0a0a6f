/// What stands before the brackets of x[i, j] or x[i][j], and all indices in one list.
#pragma once

#include <array>
#include <cstddef>
#include <memory_resource>
#include <vector>

#include "leapgraph/models/lower/evaluator.hpp"

namespace leapgraph::models::lower {

/// Made anew for every element that a loop reads or writes, so the list lives on the stack while it is short.
class Evaluator::Access {
  std::array<std::byte, 128> memory_;
  std::pmr::monotonic_buffer_resource resource_{memory_.data(), memory_.size()};

 public:
  explicit Access(const TypedExpression& expression);
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;

  const TypedExpression* root = nullptr;  ///< `x`
  std::pmr::vector<const Index<Typed>*> indices{&resource_};

  /// The integer between the brackets; null for `:`, `2:3` or an array of positions.
  static const TypedExpression* single(const Index<Typed>& index);

 private:
  void collect(const TypedExpression& expression, bool outermost);
};

}  // namespace leapgraph::models::lower
