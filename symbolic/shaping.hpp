/// Tensors made and arranged anew: lengths as values of the graph, constant fillings, ranges of numbers, axes moved,
/// parts joined and repeated, borders and diagonals. NumPy's and Theano's names mean what they mean there.
#pragma once

#include <concepts>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "leapgraph/symbolic/indexing.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {

// --- Lengths ---

/// A length: a number, or an integer scalar of the graph. What is computed from the shapes of inputs is known when the
/// function is compiled; what is computed from their values makes an axis of run-time length. -1: see who takes it.
class Length {
 public:
  template <std::integral T>
  requires(!std::same_as<T, bool>) Length(T value, Where place = Where::current())
      : value_(static_cast<std::int64_t>(value)), place_(place) {}
  /// Throws DTypeError unless it is an integer scalar; a literal becomes a number.
  Length(Expr value, Where place = Where::current());

  std::optional<std::int64_t> number() const {
    const auto* n = std::get_if<std::int64_t>(&value_);
    return n == nullptr ? std::nullopt : std::optional(*n);
  }
  Expr expr() const;  ///< as an int64 scalar
  const Where& place() const { return place_; }

 private:
  std::variant<std::int64_t, Expr> value_;
  Where place_;
};

/// Lengths of all axes: a list, a Shape, one length for a vector, or an int64 vector of the graph whose own length is
/// known, such as `shape(x)`.
class Lengths {
 public:
  Lengths(std::initializer_list<Length> lengths, Where place = Where::current()) : lengths_(lengths), place_(place) {}
  Lengths(std::vector<Length> lengths, Where place = Where::current()) : lengths_(std::move(lengths)), place_(place) {}
  Lengths(const Shape& shape, Where place = Where::current()) : lengths_(shape.begin(), shape.end()), place_(place) {}
  template <std::integral T>
  Lengths(T length, Where place = Where::current()) : lengths_{Length(length)}, place_(place) {}
  Lengths(const Expr& lengths, Where place = Where::current());

  std::size_t size() const { return lengths_.size(); }
  const Length& operator[](std::size_t axis) const { return lengths_[axis]; }
  auto begin() const { return lengths_.begin(); }
  auto end() const { return lengths_.end(); }
  /// All numbers, where they are.
  std::optional<Shape> known() const;
  const Where& place() const { return place_; }

 private:
  std::vector<Length> lengths_;
  Where place_;
};

/// The lengths of all axes as an int64 vector; the number of elements.
Expr shape(const Operand& x);
Expr size(const Operand& x);

// --- New tensors. Throws NegativeLength for lengths known to be negative; others fail the call. ---

/// `value`, which may be a tensor, stretched to the given lengths.
Expr alloc(const Operand& value, const Lengths& lengths);
Expr zeros(const Lengths& lengths, DType dtype = DType::float64);
Expr ones(const Lengths& lengths, DType dtype = DType::float64);
Expr empty(const Lengths& lengths, DType dtype = DType::float64);  ///< zeros
Expr full(std::initializer_list<Length> lengths, const Operand& value);
Expr full(const Lengths& lengths, const Operand& value);
Expr zeros_like(const Operand& x, DType dtype);
Expr ones_like(const Operand& x, DType dtype);
Expr full_like(const Operand& x, const Operand& value, std::optional<DType> dtype = std::nullopt);
Expr empty_like(const Operand& x, std::optional<DType> dtype = std::nullopt);

/// Something of the given lengths; what it holds does not matter.
Expr of_lengths(const Lengths& lengths);

/// 1 where column - row = k.
Expr eye(const Length& rows, std::optional<Length> columns = std::nullopt, const Length& k = 0,
         DType dtype = DType::float64);
/// A square one. Of a length that the graph tells: `eye`; identity(x) of an expression is x
/// (elementwise_functions.hpp).
template <std::integral T>
Expr identity(T n, DType dtype = DType::float64, Where place = Where::current()) {
  return eye(Length(n, place), std::nullopt, 0, dtype);
}
Expr identity_like(const Operand& matrix);
/// 1 where column - row <= k.
Expr tri(const Length& rows, std::optional<Length> columns = std::nullopt, const Length& k = 0,
         DType dtype = DType::float64);
/// The last two axes with what is above or below diagonal k made 0.
Expr tril(const Operand& x, const Length& k = 0);
Expr triu(const Operand& x, const Length& k = 0);
/// Rows and columns of the elements that tril and triu keep.
Exprs tril_indices(const Length& rows, const Length& k = 0, std::optional<Length> columns = std::nullopt);
Exprs triu_indices(const Length& rows, const Length& k = 0, std::optional<Length> columns = std::nullopt);

/// start, start + step, ... below stop, as many as NumPy makes: ceil((stop - start) / step). Arguments may be integers
/// or reals, numbers or values of the graph; the element type is theirs together, or `dtype`.
Expr arange(const Operand& start, const Operand& stop, const Operand& step = 1,
            std::optional<DType> dtype = std::nullopt);
Expr arange(const Expr& stop, std::optional<DType> dtype = std::nullopt, Where place = Where::current());
template <std::floating_point T>
Expr arange(T stop, Where place = Where::current()) {
  return arange(Operand(0.0, place), Operand(stop, place));
}
/// `count` numbers from start to stop, along a new axis in front where those are tensors.
Expr linspace(const Operand& start, const Operand& stop, const Length& count = 50, bool endpoint = true,
              std::optional<DType> dtype = std::nullopt);
Expr logspace(const Operand& start, const Operand& stop, const Length& count = 50, bool endpoint = true,
              const Operand& base = 10.0, std::optional<DType> dtype = std::nullopt);
Expr geomspace(const Operand& start, const Operand& stop, const Length& count = 50, bool endpoint = true,
               std::optional<DType> dtype = std::nullopt);
/// One tensor an axis: positions along it, stretched over the others (mgrid) or of length 1 there (ogrid). Ranges have
/// both ends.
Exprs mgrid(const std::vector<Range>& ranges);
Exprs ogrid(const std::vector<Range>& ranges);
/// Coordinates of a grid from vectors; indexing "xy" (the first two axes swapped) or "ij".
Exprs meshgrid(const Operands& vectors, std::string_view indexing = "xy", bool sparse = false);

// --- The same elements in another shape ---

/// Lengths may be values of the graph; one may be -1: inferred.
Expr reshape(const Operand& x, std::initializer_list<Length> lengths);
Expr reshape(const Operand& x, const Lengths& lengths);
/// The first ndim - 1 axes stay, the others become one.
Expr flatten(const Operand& x, std::int64_t ndim = 1);
Expr ravel(const Operand& x);
Expr broadcast_to(const Operand& x, std::initializer_list<Length> lengths);
Expr broadcast_to(const Operand& x, const Lengths& lengths);
Exprs broadcast_arrays(const Operands& tensors);

/// An axis by its number, or 'x': a new one of length 1.
class ShuffledAxis {
 public:
  ShuffledAxis(char);  ///< throws ShapeError for another letter than x
  template <std::integral T>
  ShuffledAxis(T axis) : axis_(static_cast<std::int64_t>(axis)) {}
  std::optional<std::int64_t> axis() const { return axis_; }

 private:
  std::optional<std::int64_t> axis_;
};
/// Axes in the given order; those that are left out must have length 1.
Expr dimshuffle(const Operand& x, const std::vector<ShuffledAxis>& pattern);
Expr expand_dims(const Operand& x, const Axes& axes);
Expr squeeze(const Operand& x);  ///< without the axes that are known to have length 1
Expr squeeze(const Operand& x, const Axes& axes);
Expr atleast_1d(const Operand& x);
Expr atleast_2d(const Operand& x);
Expr atleast_3d(const Operand& x);
Expr atleast_nd(const Operand& x, std::int64_t rank, bool left = true);
Expr shape_padleft(const Operand& x, std::int64_t count = 1);
Expr shape_padright(const Operand& x, std::int64_t count = 1);
Expr shape_padaxis(const Operand& x, std::int64_t axis);
Expr swapaxes(const Operand& x, std::int64_t a, std::int64_t b);
Expr moveaxis(const Operand& x, const Axes& from, const Axes& to);
Expr moveaxis(const Operand& x, std::int64_t from, std::int64_t to);
Expr rollaxis(const Operand& x, std::int64_t axis, std::int64_t start = 0);

/// `x`, whose lengths must be those given, where they are not -1: known ones are checked now, others when the function
/// is called. What follows may rely on them.
Expr specify_shape(const Operand& x, const Lengths& lengths);
/// Theano's flags say which axes have length 1; here every axis of length 1 stretches. These check, or do nothing.
Expr addbroadcast(const Operand& x, const Axes& axes);
Expr unbroadcast(const Operand& x, const Axes& axes);
Expr patternbroadcast(const Operand& x, const std::vector<bool>& is_one);

// --- Parts joined, cut and repeated ---

Expr join(std::int64_t axis, const Operands& parts);  ///< concatenate
/// Nested lists of tensors stacked along new axes in front.
struct Nested {
  std::variant<Operand, std::vector<Nested>> what;
  template <class T>
  requires std::constructible_from<Operand, T, Where> Nested(T&& leaf, Where place = Where::current())
      : what(Operand(std::forward<T>(leaf), place)) {}
  Nested(std::initializer_list<Nested> list) : what(std::vector<Nested>(list)) {}
  Nested(std::vector<Nested> list) : what(std::move(list)) {}
};
Expr stacklists(const Nested& nested);
Expr hstack(const Operands& parts);
Expr vstack(const Operands& parts);
Expr dstack(const Operands& parts);
Expr column_stack(const Operands& parts);
/// Parts of the given sizes, which must add up to the length.
Exprs split(const Operand& x, const Lengths& sizes, std::int64_t axis = 0);
/// As many parts of equal length; the length must be known and a multiple.
Exprs split_equally(const Operand& x, std::int64_t parts, std::int64_t axis = 0);
/// As many parts whose lengths differ by at most 1, the longer ones first.
Exprs array_split(const Operand& x, std::int64_t parts, std::int64_t axis = 0);
/// The tensor as often along each axis.
Expr tile(const Operand& x, const Lengths& times);
/// Each element so many times, along an axis or of the flattened tensor; `times` may be a vector, one number an
/// element, whose sum is the new length.
Expr repeat(const Operand& x, const Operand& times, std::optional<std::int64_t> axis = std::nullopt);
/// Elements moved on, those at the end to the front.
Expr roll(const Operand& x, const Operand& shift, std::optional<std::int64_t> axis = std::nullopt);
Expr flip(const Operand& x, const Axes& axes = {});  ///< no axes: all
Expr flipud(const Operand& x);
Expr fliplr(const Operand& x);
Expr rot90(const Operand& x, std::int64_t times = 1, const Axes& axes = {0, 1});

/// How a border continues what it surrounds.
enum class Border { constant, edge, reflect, symmetric, wrap, linear_ramp, mean, maximum, minimum };
struct Width {
  Length before, after;
};
/// One width an axis, or one for all. `value` fills a constant border and is where a ramp ends.
Expr pad(const Operand& x, const std::vector<Width>& widths, Border border = Border::constant,
         const Operand& value = 0.0);

// --- Diagonals. Axis b - axis a = offset. ---

/// A vector on a diagonal of a matrix; the diagonal of a matrix.
Expr diag(const Operand& x, const Length& offset);
/// The diagonal of two axes, which becomes the last one.
Expr diagonal(const Operand& x, const Length& offset, std::int64_t axis_a = 0, std::int64_t axis_b = 1);
Expr extract_diag(const Operand& x, const Length& offset = 0, std::int64_t axis_a = 0, std::int64_t axis_b = 1);
/// The last axis on a diagonal of two new axes, which are at those places in the result.
Expr alloc_diag(const Operand& x, const Length& offset = 0, std::int64_t axis_a = 0, std::int64_t axis_b = 1);
Expr trace(const Operand& x, const Length& offset = 0, std::int64_t axis_a = 0, std::int64_t axis_b = 1);
Expr fill_diagonal(const Operand& x, const Operand& value);
Expr fill_diagonal_offset(const Operand& matrix, const Operand& value, const Length& offset);

// --- Differences, sums and lookups along an axis ---

/// Along an axis, or of the flattened tensor, as `cumsum`.
Expr cumprod(const Operand& x, std::optional<std::int64_t> axis = std::nullopt);
Expr cummax(const Operand& x, std::optional<std::int64_t> axis = std::nullopt);
Expr cummin(const Operand& x, std::optional<std::int64_t> axis = std::nullopt);
/// x[i + 1] - x[i], n times.
Expr diff(const Operand& x, std::int64_t n = 1, std::int64_t axis = -1);
Expr ediff1d(const Operand& x);
/// Piecewise linear through the points (xp, fp), xp increasing; constant beyond the ends, or `left` and `right`.
Expr interp(const Operand& x, const Operand& xp, const Operand& fp, std::optional<Operand> left = std::nullopt,
            std::optional<Operand> right = std::nullopt);
/// The integral by trapezoids, over points a distance of `dx` apart, or given as `x`.
Expr trapezoid(const Operand& y, const Operand& dx = 1.0, std::int64_t axis = -1);
Expr trapezoid_over(const Operand& y, const Operand& x, std::int64_t axis = -1);
Expr bartlett(const Length& count);
/// 1 at the position of a new last axis that each element names.
Expr to_one_hot(const Operand& positions, const Length& classes, DType dtype = DType::float64);

}  // namespace leapgraph::symbolic
