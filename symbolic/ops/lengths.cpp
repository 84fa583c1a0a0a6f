/// Axes whose length is a value of the graph, known when shapes are or at run time only.
#include "leapgraph/symbolic/ops/lengths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "leapgraph/symbolic/checks.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"

namespace leapgraph::symbolic {

namespace {

/// A computation of a length that is longer is no arithmetic on shapes.
constexpr std::size_t most_nodes = 2000;

/// Whether `e` follows from constants without effects; looks no further than needed to deny it.
bool follows_from_constants(const Expr& e) {
  std::unordered_set<const Node*> seen;
  std::vector<const Node*> stack{&e.node()};
  while (!stack.empty()) {
    const Node* node = stack.back();
    stack.pop_back();
    if (!seen.insert(node).second) continue;
    if (is_input(Expr(node->shared_from_this(), 0)) || node->op().effect || node->op().evaluate == nullptr ||
        seen.size() > most_nodes)
      return false;
    for (const Expr& input : node->inputs()) stack.push_back(&input.node());
  }
  return true;
}

std::int64_t largest(const Array& values) {
  std::int64_t result = values.integer(0);
  for (std::int64_t i = 1; i < values.size(); ++i) result = std::max(result, values.integer(i));
  return result;
}

std::optional<std::int64_t> bound(const Expr& e, int depth) {
  if (depth == 0) return std::nullopt;
  if (const auto value = constant_value(e))
    return value->size() == 0 || is_floating(e.dtype()) ? std::nullopt : std::optional(largest(*value));
  if (e.dtype() == DType::boolean) return 1;
  const Node& node = e.node();
  const auto of = [&](std::size_t i) { return bound(node.input(i), depth - 1); };
  if (&e.op() == &minimum_op) {
    const auto a = of(0), b = of(1);
    return a && b ? std::min(*a, *b) : a ? a : b;
  }
  if (&e.op() == &maximum_op || &e.op() == &add_op) {
    const auto a = of(0), b = of(1);
    if (!a || !b) return std::nullopt;
    std::int64_t result = std::max(*a, *b);
    if (&e.op() == &add_op && __builtin_add_overflow(*a, *b, &result)) return std::nullopt;
    return result;
  }
  if (&e.op() == &where_op) {
    const auto a = of(1), b = of(2);
    return a && b ? std::optional(std::max(*a, *b)) : std::nullopt;
  }
  if (&e.op() == &floor_div_op) {
    const auto a = of(0);
    const auto by = literal_value(node.input(1));
    return a && by && *by >= 1 ? std::optional(std::max<std::int64_t>(*a, 0)) : std::nullopt;
  }
  if (&e.op() == &sub_op) {
    const auto a = of(0);
    const auto by = literal_value(node.input(1));
    return a && by && *by >= 0 ? a : std::nullopt;
  }
  if (&e.op() == &sum_op && is_known(node.input(0).shape())) {
    const auto each = of(0);
    std::int64_t result = 0;
    if (!each || *each < 0 || __builtin_mul_overflow(*each, element_count(node.input(0).shape()), &result))
      return std::nullopt;
    return result;
  }
  if (&e.op() == &gather_op || &e.op() == &at_op || &e.op() == &max_op || lowering_as<View>(e.op()) != nullptr)
    return of(0);
  if (&e.op() == &cast_op && e.dtype() == DType::int64 && !is_floating(node.input(0).dtype()) &&
      node.input(0).dtype() != DType::uint64)
    return of(0);
  return std::nullopt;
}

Expr number(const char* name) { return input({DType::int64, {}}, name); }
Expr real(Shape shape, const char* name) { return input({DType::float64, std::move(shape)}, name); }

}  // namespace

std::optional<std::int64_t> known_integer(const Expr& e) {
  if (is_floating(e.dtype()) || e.rank() != 0) return std::nullopt;
  if (const auto value = constant_value(e)) return value->integer();
  if (!follows_from_constants(e)) return std::nullopt;
  try {
    return interpret(Graph{{}, {e}}, {})[0].integer();
  } catch (const GraphError&) {
    return std::nullopt;  // an error of the call is reported by the call
  }
}

std::optional<std::int64_t> upper_bound(const Expr& e) { return bound(e, 12); }

const Op iota_op{
    .name = "iota",
    .summary = "0, 1, ..., n - 1 for an n of the graph",
    .type = [](std::span<const Type> inputs, const Attributes&) -> std::vector<Type> {
      if (inputs[0] != Type{DType::int64, {}}) throw DTypeError("a length must be an integer scalar");
      return {Type{DType::int64, {unknown}}};
    },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      const std::int64_t n = inputs[0].integer();
      if (n < 0) raise({Check::negative_length, n, 0}, node.place());
      Array result(Type{DType::int64, {n}});
      for (std::int64_t i = 0; i < n; ++i) result.set_integer(i, i);
      return {result};
    },
    .lowering = Abstract{},
    .concrete =
        [](const Node& node) {
          const auto n = known_integer(node.input(0));
          if (!n) return Exprs{Expr()};
          if (*n < 0) raise({Check::negative_length, *n, 0}, node.place());
          return Exprs{arange(*n)};
        },
    .examples =
        [] {
          const Expr i = number("i"), x = real({4}, "x"), v = real({}, "v");
          // Lengths from values, of 0 too; with room that the spelling gives, and without.
          return Exprs{iota(i), iota(minimum(i, std::int64_t{2})) * v, iota(length(x, 0)) * x,
                       gather(x, iota(i)), broadcast_like(v, iota(number("j")))};
        },
};

Expr iota(const Operand& n) {
  const Expr& e = n;
  if (e.rank() != 0 || is_floating(e.dtype()))
    throw DTypeError(fmt::format("a length must be an integer scalar, got {} (made at {}:{})", to_string(e.type()),
                                 n.place().file_name(), n.place().line()));
  if (const auto value = constant_value(e)) {
    if (value->integer() < 0) raise({Check::negative_length, value->integer(), 0}, n.place());
    return arange(value->integer());
  }
  return make(iota_op, {cast(e, DType::int64)}, {}, n.place());
}

Expr iota_along(const Operand& n, std::int64_t axis, std::int64_t rank) {
  Axes others;
  for (std::int64_t k = 0; k < rank; ++k)
    if (k != axis) others.push_back(k);
  return expand_axes(iota(n), others);
}

}  // namespace leapgraph::symbolic
