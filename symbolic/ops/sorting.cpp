/// Order along an axis: the ops that sort positions and search, and what is built from them.
#include "leapgraph/symbolic/sorting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/lengths.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/ops/whole_numbers.hpp"
#include "leapgraph/symbolic/places.hpp"

namespace leapgraph::symbolic {

namespace {

/// Numbers in an order: nan is larger than all others.
bool less(const Array& a, std::int64_t i, const Array& b, std::int64_t j) {
  if (!is_floating(a.dtype())) return a.integer(i) < b.integer(j);
  const double x = a.real(i), y = b.real(j);
  return std::isnan(y) ? !std::isnan(x) : x < y;
}

void require_keys(const Type& type) {
  if (type.dtype != DType::float64 && type.dtype != DType::int64)
    throw DTypeError(fmt::format("keys must be float64 or int64, got {}", to_string(type)));
}

/// `x` as keys of the same order that the ops know.
Expr keys(const Expr& x) {
  if (is_floating(x.dtype())) return cast(x, DType::float64);
  if (x.dtype() != DType::uint64) return cast(x, DType::int64);
  const Expr half = cast(constant(std::numeric_limits<std::int64_t>::min()), DType::uint64);
  return cast(x + half, DType::int64);
}

/// Both as keys of one type.
std::pair<Expr, Expr> common_keys(const Operand& a, const Operand& b) {
  const Operand both[] = {a, b};
  const Exprs promoted_both = promoted(both);
  return {keys(promoted_both[0]), keys(promoted_both[1])};
}

std::int64_t is_whole(const Node& node) { return node.input(0).dtype() == DType::int64 ? 1 : 0; }

/// Where the nan-aware `a < b`, broadcast.
Expr below(const Expr& a, const Expr& b) {
  return is_floating(a.dtype()) ? logical_or(a < b, logical_and(isnan(b), logical_not(isnan(a)))) : a < b;
}

}  // namespace

const Op argsort_op{
    .name = "argsort",
    .summary = "positions that sort the last axis, stably",
    .type = [](std::span<const Type> inputs, const Attributes&) -> std::vector<Type> {
      require_keys(inputs[0]);
      if (inputs[0].rank() == 0) throw ShapeError("a scalar has no axis to sort");
      return {Type{DType::int64, inputs[0].shape}};
    },
    .gradient = [](const Application&) { return Exprs{Expr()}; },
    .tangent = [](const Node&, std::span<const Expr>) { return Exprs{Expr()}; },
    .evaluate = [](const Node&, std::span<const Array> inputs) -> std::vector<Array> {
      const Array& x = inputs[0];
      Array result(Type{DType::int64, x.shape()});
      const std::int64_t n = x.shape().back();
      std::vector<std::int64_t> order(static_cast<std::size_t>(n));
      for (std::int64_t start = 0; start < x.size(); start += n) {
        std::iota(order.begin(), order.end(), start);
        std::stable_sort(order.begin(), order.end(), [&x](std::int64_t i, std::int64_t j) { return less(x, i, x, j); });
        for (std::int64_t i = 0; i < n; ++i) result.set_integer(start + i, order[static_cast<std::size_t>(i)] - start);
      }
      return {result};
    },
    .lowering =
        Routine{"lg_argsort",
                [](const Node& node) -> std::vector<std::int64_t> {
                  const Shape& shape = node.input(0).shape();
                  return {shape.back() == 0 ? 0 : element_count(shape) / shape.back(), shape.back(), is_whole(node)};
                }},
    .examples =
        [] {
          const Expr x = example({5}), m = example({3, 4});
          return Exprs{argsort(x), sort(x),     sort(m, 0),         sort(m),
                       topk(m, 2), topk(x, -3), sort(example({0})), sort(m, std::nullopt)};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> {
      return {{make(argsort_op, {b.inputs[0].value}, {}, b.node.place())}};
    },
};

const Op searchsorted_op{
    .name = "searchsorted",
    .summary = "where b belongs in the increasing vector a",
    .arity = 2,
    .type = [](std::span<const Type> inputs, const Attributes&) -> std::vector<Type> {
      require_keys(inputs[0]);
      if (inputs[0].dtype != inputs[1].dtype) throw DTypeError("keys and values must have one element type");
      if (inputs[0].rank() != 1) throw ShapeError("what is searched must be a vector");
      return {Type{DType::int64, inputs[1].shape}};
    },
    .gradient =
        [](const Application&) {
          return Exprs{Expr(), Expr()};
        },
    .tangent = [](const Node&, std::span<const Expr>) { return Exprs{Expr()}; },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      const Array &sorted = inputs[0], &values = inputs[1];
      const bool right = node.get<bool>("right");
      Array result(Type{DType::int64, values.shape()});
      for (std::int64_t i = 0; i < values.size(); ++i) {
        std::int64_t place = 0;
        while (place < sorted.size() && (right ? !less(values, i, sorted, place) : less(sorted, place, values, i)))
          ++place;
        result.set_integer(i, place);
      }
      return {result};
    },
    .lowering = Routine{"lg_searchsorted",
                        [](const Node& node) -> std::vector<std::int64_t> {
                          return {node.input(0).shape()[0], element_count(node.input(1).shape()), is_whole(node),
                                  node.get<bool>("right") ? 1 : 0};
                        }},
    .examples =
        [] {
          const Expr sorted = constant(Array::vector({-1.5, -0.5, -0.5, 0.25, 1.0}));
          const Expr x = example({2, 3}), xp = constant(Array::vector({-3.0, -1.0, 0.5, 4.0}));
          return Exprs{searchsorted(sorted, x), searchsorted(sorted, x, true), interp(x, xp, example({4}, "f"))};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> {
      const Expr &sorted = b.inputs[0].value, &values = b.inputs[1].value;
      if (!b.inputs[0].varies) return {{make(searchsorted_op, {sorted, values}, b.node.attributes(), b.node.place())}};
      // How many keys come before each value, all compared with all.
      const std::int64_t rank = b.node.input(1).rank();
      const Expr value = expand_dims(with_batch_axes(b.inputs[1], b.axes), -1);
      const Expr key = with_item_rank(sorted, rank + 1, b.axes);
      const Expr before = b.node.get<bool>("right") ? logical_not(below(value, key)) : below(key, value);
      return {{sum(cast(before, DType::int64), {-1})}};
    },
};

// --- Sorted ---

namespace {

/// The tensor, or all of it as a vector for no axis; and the number of the axis.
std::pair<Expr, std::int64_t> along(const Operand& x, std::optional<std::int64_t> axis, std::string_view op) {
  if (!axis) return {ravel(x), 0};
  return {x.expr(), normalize_axis(*axis, x.expr().rank(), op)};
}

}  // namespace

Expr argsort(const Operand& x, std::optional<std::int64_t> axis, std::string_view) {
  const MadeAt here(x.place());
  const auto [e, normal] = along(x, axis, "argsort");
  const std::int64_t last = e.rank() - 1;
  return swapaxes(make(argsort_op, {keys(swapaxes(e, normal, last))}, {}, x.place()), normal, last);
}

Expr sort(const Operand& x, std::optional<std::int64_t> axis, std::string_view kind) {
  const MadeAt here(x.place());
  const auto [e, normal] = along(x, axis, "sort");
  const Expr order = argsort(e, normal, kind);
  return e.rank() == 1 ? gather(e, order) : take_along_axis(e, order, normal);
}

Exprs topk_and_argtopk(const Operand& x, std::int64_t k, std::int64_t axis) {
  const MadeAt here(x.place());
  const Expr& e = x;
  const std::int64_t normal = normalize_axis(axis, e.rank(), "topk"), count = k < 0 ? -k : k;
  const std::int64_t known = e.shape()[static_cast<std::size_t>(normal)];
  if (k == 0 || (known != unknown && count > known))
    throw ShapeError(
        fmt::format("topk: k must be from 1 to the length of the axis or negative so, got {} for {} "
                    "(made at {}:{})",
                    k, to_string(e.type()), x.place().file_name(), x.place().line()));
  const Expr order = argsort(x, normal);
  const Expr part = k > 0 ? slice(order, normal, {-1, -count - 1, -1}) : slice(order, normal, {0, count});
  std::vector<Length> lengths(static_cast<std::size_t>(e.rank()), Length(unknown));
  lengths[static_cast<std::size_t>(normal)] = count;
  const Expr places = specify_shape(part, lengths);
  return {e.rank() == 1 ? gather(e, places) : take_along_axis(x, places, normal), places};
}

Expr topk(const Operand& x, std::int64_t k, std::int64_t axis) { return topk_and_argtopk(x, k, axis)[0]; }
Expr argtopk(const Operand& x, std::int64_t k, std::int64_t axis) { return topk_and_argtopk(x, k, axis)[1]; }

namespace {

void require_position(const Operand& x, std::int64_t kth, std::optional<std::int64_t> axis) {
  const auto [e, normal] = along(x, axis, "partition");
  const std::int64_t n = e.shape()[static_cast<std::size_t>(normal)];
  if (n != unknown && (kth >= n || kth < -n))
    throw IndexError(fmt::format("partition: position {} does not exist along an axis of length {}", kth, n));
}

}  // namespace

Expr partition(const Operand& x, std::int64_t kth, std::optional<std::int64_t> axis) {
  const BuiltAt here(x.place());
  require_position(x, kth, axis);
  return sort(x, axis);
}
Expr argpartition(const Operand& x, std::int64_t kth, std::optional<std::int64_t> axis) {
  const BuiltAt here(x.place());
  require_position(x, kth, axis);
  return argsort(x, axis);
}

// --- Searched ---

Expr searchsorted(const Operand& sorted, const Operand& values, bool right, std::optional<Operand> sorter) {
  const MadeAt here(sorted.place());
  const Expr vector = sorter ? index(sorted, {sorter->expr()}) : sorted.expr();
  const auto [a, v] = common_keys(sorted.is_weak() ? sorted : Operand(vector, sorted.place()), values);
  return make(searchsorted_op, {a, v}, {{"right", right}}, sorted.place());
}

Expr searchsorted(const Operand& sorted, const Operand& values, std::string_view side, std::optional<Operand> sorter) {
  const BuiltAt here(sorted.place());
  if (side != "left" && side != "right")
    throw GraphError(fmt::format("searchsorted: the side must be left or right, got {}", side));
  return searchsorted(sorted, values, side == "right", std::move(sorter));
}

Expr digitize(const Operand& values, const Operand& edges, bool right) {
  const BuiltAt here(values.place());
  const auto known = constant_value(edges);
  const bool falls = known && known->size() > 1 && known->real(0) > known->real(known->size() - 1);
  if (!falls) return searchsorted(edges, values, !right);
  return length(edges, 0) - searchsorted(flip(edges), values, !right);
}

// --- Counted ---

Expr bincount(const Operand& numbers, std::optional<Operand> weights, const Length& minlength) {
  const MadeAt here(numbers.place());
  const Expr& x = numbers;
  if (!is_integer(x.dtype()) || x.rank() != 1)
    throw DTypeError(fmt::format("bincount: takes a vector of integers, got {} (made at {}:{})", to_string(x.type()),
                                 numbers.place().file_name(), numbers.place().line()));
  const Expr whole = cast(x, DType::int64);
  const Expr none_yet = constant(Array::of<std::int64_t>({1}, {-1}));
  Expr count = maximum(max(concatenate({whole, none_yet})) + one, minlength.expr());
  if (const auto known = known_integer(count)) count = constant(*known);
  const Expr values = weights ? weights->expr() : ones_like(whole);
  return make(scatter_like_op, {values, whole, iota(Operand(count, numbers.place()))}, {}, numbers.place());
}

Expr histogram(const Operand& values, const Operand& edges) {
  const MadeAt here(values.place());
  const Expr v = ravel(values);
  const Expr first = at(edges, 0), last = at(edges, -1), bins = slice(edges, 0, {1, std::nullopt});
  const Expr inside = logical_and(v >= first, v <= last);
  const Expr bin = clip(searchsorted(edges, v, true) - one, zero, length(bins, 0) - one);
  return make(scatter_like_op, {cast(inside, DType::int64), bin, bins}, {}, values.place());
}

// --- Distinct ---

Unique unique_with(const Operand& x) {
  const MadeAt here(x.place());
  const Expr flat = ravel(x), order = argsort(flat), sorted = gather(flat, order);
  const Expr n = length(flat, 0), i = iota(n);
  const Expr before = gather(sorted, maximum(i - one, zero));
  Expr differs = neq(sorted, before);
  if (is_floating(flat.dtype())) differs = logical_and(differs, logical_not(logical_and(isnan(sorted), isnan(before))));
  const Expr is_first = logical_or(eq(i, zero), differs);
  const Expr starts = flatnonzero(is_first);
  const Expr number = cumsum(cast(is_first, DType::int64)) - one;
  Unique result;
  result.values = gather(sorted, starts);
  result.indices = gather(order, starts);
  result.inverse = reshape_like(set_rows(zeros_like(order), order, number), x);
  result.counts = make(scatter_like_op, {ones_like(number), number, starts}, {}, x.place());
  return result;
}

Expr unique(const Operand& x) { return unique_with(x).values; }

}  // namespace leapgraph::symbolic
