/// What reductions share: type rules, folding for the reference, and the pieces that rules and builders are made of.
#pragma once

#include <type_traits>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"

namespace leapgraph::symbolic {

inline const Axes& axes_of(const Node& node) { return node.get<Axes>("axes"); }

// --- Types. Attribute "axes": sorted, normalised. ---

/// The input without its reduced axes.
std::vector<Type> reduced_type(std::span<const Type> inputs, const Attributes& attributes);
/// The same, refusing to reduce no elements.
std::vector<Type> extremum_type(std::span<const Type> inputs, const Attributes& attributes);
/// As `reduced_type`, of floating numbers.
std::vector<Type> reduced_floating_type(std::span<const Type> inputs, const Attributes& attributes);
/// As `reduced_floating_type`, keeping the shape.
std::vector<Type> along_axes_type(std::span<const Type> inputs, const Attributes& attributes);

// --- Reference ---

/// For every element of a tensor, the place in the reduced tensor that it is combined into.
std::vector<std::size_t> places_after(const Shape& shape, const Axes& axes);
/// Throws ShapeError where there is nothing along a reduced axis.
void require_elements(const Node& node, const Array& x);

/// Elements folded in order, one total a place; reals in extended precision.
template <class T, class F>
std::vector<T> folded(const Array& x, const Axes& axes, T start, F combine) {
  std::vector<T> totals(static_cast<std::size_t>(element_count(without_axes(x.shape(), axes))), start);
  const std::vector<std::size_t> places = places_after(x.shape(), axes);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto position = static_cast<std::int64_t>(i);
    T& total = totals[places[i]];
    if constexpr (std::is_integral_v<T>)
      total = combine(total, static_cast<T>(x.integer(position)));
    else
      total = combine(total, static_cast<T>(x.real(position)));
  }
  return totals;
}

template <class T>
Array array_of(Type type, const std::vector<T>& values) {
  Array result(std::move(type));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if constexpr (std::is_integral_v<T>)
      result.set_integer(static_cast<std::int64_t>(i), static_cast<std::int64_t>(values[i]));
    else
      result.set(static_cast<std::int64_t>(i), static_cast<double>(values[i]));
  }
  return result;
}

/// Largest element and sum of exp(x - largest) a place, in extended precision; the shift is 0 where it is infinite.
struct ShiftedSum {
  std::vector<long double> shift, sum;
};
ShiftedSum shifted_sum(const Array& x, const Axes& axes);

// --- Pieces of rules ---

/// A reduced tensor with the reduced axes back, of length 1.
inline Expr restored(const Application& a, const Expr& e) { return expand_axes(e, axes_of(a.node)); }
/// Shift that keeps exponentials in range: the largest element, 0 where that is infinite.
Expr safe_shift(const Expr& x, const Axes& axes);
/// Whether an axis that the node reduces has no elements.
bool reduces_nothing(const Node& node);

/// A reduction over examples of ranks 0 to 3.
Exprs reduction_examples(Expr (*reduction)(const Operand&, const Axes&, bool));
Exprs reduction_examples_with_empty(Expr (*reduction)(const Operand&, const Axes&, bool));

// --- Pieces of builders ---

/// Sums and products of narrow integers are taken in 64 bits, as NumPy does.
Expr widened(const Operand& a);
/// Integers and booleans as float64.
Expr floating(const Operand& a);
/// `op` over normalised axes of `x`; `x` itself where it has none.
Expr reduce(const Op& op, const Expr& x, const Axes& axes, bool keepdims, Where place);
/// How many elements a reduction combines, as a number of the given type.
Expr combined_count(const Expr& x, const Axes& axes, DType dtype);

}  // namespace leapgraph::symbolic
