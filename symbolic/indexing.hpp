/// NumPy's indexing: parts of tensors read, overwritten and added to, for every kind of index; elements by number.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <source_location>
#include <utility>
#include <variant>
#include <vector>

#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {

// --- What stands between the brackets ---

struct WholeAxis {};
struct NewAxis {};
struct Ellipsis {};
inline constexpr WholeAxis _{};                       ///< a[:]
inline constexpr NewAxis newaxis{};                   ///< a[None]
inline constexpr Ellipsis ellipsis{};                 ///< a[...]
inline constexpr std::nullopt_t None = std::nullopt;  ///< an end of a range that is not given

/// An end of a range: a number or an integer scalar of the graph, which may be known at run time only.
class Bound {
 public:
  Bound(std::nullopt_t) {}
  template <std::integral T>
  Bound(T value) : value_(static_cast<std::int64_t>(value)) {}
  Bound(std::optional<std::int64_t> value) {
    if (value) value_ = *value;
  }
  Bound(Expr value) : value_(std::move(value)) {}

  bool is_given() const { return !std::holds_alternative<std::monostate>(value_); }
  std::optional<std::int64_t> number() const {
    const auto* n = std::get_if<std::int64_t>(&value_);
    return n == nullptr ? std::nullopt : std::optional(*n);
  }
  Expr expr() const { return std::holds_alternative<Expr>(value_) ? std::get<Expr>(value_) : Expr(); }

 private:
  std::variant<std::monostate, std::int64_t, Expr> value_;
};

/// start:stop:step with Python's rules. The step is a number, not 0.
struct Range {
  Bound start = None, stop = None;
  std::int64_t step = 1;
};
inline Range range(Bound start, Bound stop, std::int64_t step = 1) { return {std::move(start), std::move(stop), step}; }

/// One item between the brackets. Integers and integer scalars drop their axis; integer tensors pick positions, several
/// of them together; boolean tensors pick where they are true, over as many axes as they have.
class Index {
 public:
  using Item = std::variant<std::int64_t, Expr, Range, NewAxis, Ellipsis>;
  template <std::integral T>
  requires(!std::same_as<T, bool>) Index(T position) : item_(static_cast<std::int64_t>(position)) {}
  Index(bool) = delete;
  Index(Expr index) : item_(std::move(index)) {}
  Index(const Array& index) : item_(constant(index)) {}
  Index(const std::vector<std::int64_t>& positions)
      : Index(Array::of<std::int64_t>({static_cast<std::int64_t>(positions.size())}, positions)) {}
  Index(const std::vector<int>& positions) : Index(std::vector<std::int64_t>(positions.begin(), positions.end())) {}
  Index(const std::vector<bool>& mask);
  Index(WholeAxis) : item_(Range{}) {}
  Index(const Slice& range) : item_(Range{range.start, range.stop, range.step}) {}
  Index(Range range) : item_(std::move(range)) {}
  Index(NewAxis) : item_(newaxis) {}
  Index(Ellipsis) : item_(ellipsis) {}

  const Item& item() const { return item_; }

 private:
  Item item_;
};
using Indices = std::vector<Index>;

/// What stands between the brackets of x[...], one item or several in braces, and where that was written.
class Subscript {
 public:
  template <std::convertible_to<Index> T>
  Subscript(T&& item, std::source_location place = std::source_location::current())
      : items_{Index(std::forward<T>(item))}, place_(place) {}
  Subscript(std::initializer_list<Index> items, std::source_location place = std::source_location::current())
      : items_(items), place_(place) {}

  const Indices& items() const { return items_; }
  const std::source_location& place() const { return place_; }

 private:
  Indices items_;
  std::source_location place_;
};

// --- x[...] ---

/// x[items...], as NumPy has it: `index(x, {_, 1, range(1, None, 2), newaxis, ellipsis, positions, mask})`. Tensors are
/// broadcast together, integers with them; their axes stand where they stood when they were neighbours, else in front.
/// Negative positions count from the end. Throws IndexError for what is known to be out of range, names several
/// ellipses, or more axes than there are; positions of the graph are checked when the function runs.
Expr index(const Operand& x, const Indices& items);

/// `x` with `part`, which `index(x, ...)` has made (or `at`, `slice`, `gather` along axis 0), replaced by `values`,
/// which are broadcast to it. Of positions named twice the last counts. Throws DTypeError where values do not fit the
/// elements, and GraphError when `part` is no part of anything.
Expr set_subtensor(const Operand& part, const Operand& values);
/// The same with `values` added: a position named twice gets both.
Expr inc_subtensor(const Operand& part, const Operand& values);

// --- Elements by number ---

/// What becomes of positions out of range: an error, counted modulo the length, or the nearest one.
enum class Outside { raise, wrap, clip };

/// Elements of the flattened tensor, or along an axis.
Expr take(const Operand& x, const Operand& positions, std::optional<std::int64_t> axis = std::nullopt,
          Outside outside = Outside::raise);
/// out[.., i, ..] = x[.., positions[.., i, ..], ..]: as many axes in both, the others broadcast.
Expr take_along_axis(const Operand& x, const Operand& positions, std::int64_t axis);
/// `x` with those elements replaced, which NumPy does in place.
Expr put_along_axis(const Operand& x, const Operand& positions, const Operand& values, std::int64_t axis);
/// choices[which[i]][i], all broadcast together.
Expr choose(const Operand& which, const Operands& choices, Outside outside = Outside::raise);
/// Where a boolean vector is true: elements of the flattened tensor, or along an axis. It may be shorter than the axis.
Expr compress(const Operand& condition, const Operand& x, std::optional<std::int64_t> axis = std::nullopt);

/// Positions of elements that are not 0: one vector an axis, of run-time length. A scalar counts as one element.
Exprs nonzero(const Operand& x);
Expr flatnonzero(const Operand& x);
Expr nonzero_values(const Operand& x);
Expr argwhere(const Operand& x);  ///< one row an element

/// The positions, one vector an axis, that numbers of elements in row-major order have in a tensor of that shape.
/// Throws IndexError for numbers known to be out of range.
Exprs unravel_index(const Operand& numbers, const Operands& shape);
Expr ravel_multi_index(const Operands& positions, const Operands& shape, Outside outside = Outside::raise);

/// q with q[p[i]] = i.
Expr inverse_permutation(const Operand& permutation);
/// Each row of `x` (along its last axis) in the order of the same row of `order`, or undoing it. Leading axes
/// broadcast.
Expr permute_row_elements(const Operand& x, const Operand& order, bool inverse = false);

}  // namespace leapgraph::symbolic
