/// Simplifies the axes of a nest and decides where its accumulators live.
#include "leapgraph/symbolic/emit/nest.hpp"

#include <algorithm>

namespace leapgraph::symbolic {

namespace {

template <class F>
void for_each_access(Nest& nest, F&& f) {
  for (Statement& statement : nest.statements)
    if (auto* load = std::get_if<Load>(&statement.what)) f(load->from);
  for (Store& store : nest.stores) f(store.to);
  for (Accumulation& accumulation : nest.accumulations) f(accumulation.to);
}

void for_each_index(Nest& nest, auto&& f) {
  for (Statement& statement : nest.statements)
    if (auto* compute = std::get_if<Compute>(&statement.what))
      if (compute->index_axis >= 0) f(compute->index_axis);
}

void drop_axis(Nest& nest, std::size_t axis) {
  nest.extents.erase(nest.extents.begin() + static_cast<std::ptrdiff_t>(axis));
  for_each_access(nest, [axis](Access& a) { a.strides.erase(a.strides.begin() + static_cast<std::ptrdiff_t>(axis)); });
  for_each_index(nest, [axis](int& index) {
    if (index == static_cast<int>(axis))
      index = -1;  // an axis of length 1: the index is 0
    else if (index > static_cast<int>(axis))
      --index;
  });
}

/// Axes `axis` and `axis + 1` can be one loop when every access walks through both as through one.
bool can_merge(Nest& nest, std::size_t axis) {
  bool possible = true;
  const std::int64_t inner = nest.extents[axis + 1];
  for_each_access(nest, [&](Access& a) { possible = possible && a.strides[axis] == a.strides[axis + 1] * inner; });
  for_each_index(nest, [&](int& index) {
    possible = possible && index != static_cast<int>(axis) && index != static_cast<int>(axis) + 1;
  });
  return possible;
}

}  // namespace

NestPlan plan_nest(const Nest& original) {
  NestPlan plan{original, {}, {}};
  Nest& nest = plan.nest;
  const bool is_plain = nest.segments < 0;
  for (std::size_t axis = nest.extents.size(); axis-- > 0;)
    if (is_plain && nest.extents[axis] == 1 && (axis > 0 || nest.limit < 0)) drop_axis(nest, axis);
  for (std::size_t axis = nest.extents.size(); axis-- > 1;)
    if (is_plain && (axis > 1 || nest.limit < 0) && can_merge(nest, axis - 1)) {
      nest.extents[axis] *= nest.extents[axis - 1];
      drop_axis(nest, axis - 1);
    }
  for (const Accumulation& a : nest.accumulations) {
    std::size_t depth = 0;
    for (std::size_t axis = 0; axis < nest.extents.size(); ++axis)
      if (a.to.strides[axis] != 0) depth = axis + 1;
    const bool reduced_inside_only =
        std::all_of(a.to.strides.begin(), a.to.strides.begin() + static_cast<std::ptrdiff_t>(depth),
                    [](std::int64_t s) { return s != 0; });
    plan.in_memory.push_back(a.scattered || !reduced_inside_only);
    plan.depth.push_back(depth);
  }
  return plan;
}

}  // namespace leapgraph::symbolic
