/// Bounds, offset and multiplier.
#include "leapgraph/models/library/transform.hpp"

#include <array>
#include <cmath>
#include <limits>

#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Expr;
using symbolic::where;
using Bounds = TransformBounds<Expr>;
using NumberBounds = TransformBounds<double>;

constexpr double infinity = std::numeric_limits<double>::infinity();

/// What is known of a bound's elements: all infinite, none, or nothing.
enum class Infinite { all, none, perhaps };

Infinite infinite(const Expr& bound) {
  const std::optional<symbolic::Array> value = symbolic::constant_value(bound);
  if (!value) return Infinite::perhaps;
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < value->size(); ++i) count += std::isinf(value->real(i)) ? 1 : 0;
  if (count == 0) return Infinite::none;
  return count == value->size() ? Infinite::all : Infinite::perhaps;
}

/// `bounded` where the bound is finite, `free` where it is infinite.
Expr where_finite(const Expr& bound, const Expr& bounded, const Expr& free) {
  switch (infinite(bound)) {
    case Infinite::none:
      return bounded;
    case Infinite::all:
      return free;
    case Infinite::perhaps:
      return where(symbolic::isinf(bound), free, bounded);
  }
  throw InternalError("unknown Infinite");
}

/// The sum over the elements of `shaped` of a term that may be the same for all of them.
Expr total(const Expr& term, const Expr& shaped) {
  return symbolic::sum(term.rank() < shaped.rank() ? symbolic::broadcast_like(term, shaped) : term);
}

// Value and log-Jacobian, element by element, of the one-sided transforms: the two-sided one degrades to them.
struct Element {
  Expr value, log_slope;
};
Element above(const Expr& y, const Expr& a) {
  return {where_finite(a, a + symbolic::exp(y), y), where_finite(a, y, 0.0 * y)};
}
Element below(const Expr& y, const Expr& b) {
  return {where_finite(b, b - symbolic::exp(y), y), where_finite(b, y, 0.0 * y)};
}

/// a + (b - a) s with s = 1 / (1 + exp(-y)); the slope is (b - a) s (1 - s).
Element between(const Expr& y, const Expr& a, const Expr& b) {
  const Expr width = b - a;
  const Element both{a + width * symbolic::sigmoid(y),
                     symbolic::log(width) + symbolic::log_sigmoid(y) + symbolic::log_sigmoid(-y)};
  const Element upper_only = below(y, b);
  const Element lower_only = above(y, a);
  return {where_finite(a, where_finite(b, both.value, lower_only.value), upper_only.value),
          where_finite(a, where_finite(b, both.log_slope, lower_only.log_slope), upper_only.log_slope)};
}

// The inverses, of numbers and of expressions.

double where_finite(double bound, double bounded, double free) { return std::isinf(bound) ? free : bounded; }

template <class Number>
Number from_above(Number x, const TransformBounds<Number>& b) {
  using std::log, symbolic::log;
  return where_finite(b.lower, log(x - b.lower), x);
}
template <class Number>
Number from_below(Number x, const TransformBounds<Number>& b) {
  using std::log, symbolic::log;
  return where_finite(b.upper, log(b.upper - x), x);
}
template <class Number>
Number from_between(Number x, const TransformBounds<Number>& b) {
  using std::log, symbolic::log;
  const Number both = log((x - b.lower) / (b.upper - x));
  return where_finite(b.lower, where_finite(b.upper, both, from_above(x, b)), from_below(x, b));
}
template <class Number>
Number from_scaled(Number x, const TransformBounds<Number>& b) {
  return (x - b.offset) / b.multiplier;
}

Constrained constrained(const Element& element, const Expr& y) { return {element.value, total(element.log_slope, y)}; }

const std::array<Transform, 5> transforms = {{
    {.name = "identity",
     .summary = "no constraint",
     .constrain =
         [](const Expr& y, const Bounds&) {
           return Constrained{y, {}};
         },
     .unconstrain = [](double x, const NumberBounds&) { return x; },
     .unconstrained = [](Expr x, const Bounds&) { return x; },
     .holds = [](double, const NumberBounds&) { return true; }},
    {.name = "lower",
     .summary = "lower + exp(y)",
     .constrain = [](const Expr& y, const Bounds& bounds) { return constrained(above(y, bounds.lower), y); },
     .unconstrain = from_above<double>,
     .unconstrained = from_above<Expr>,
     .holds = [](double x, const NumberBounds& b) { return x >= b.lower; }},
    {.name = "upper",
     .summary = "upper - exp(y)",
     .constrain = [](const Expr& y, const Bounds& bounds) { return constrained(below(y, bounds.upper), y); },
     .unconstrain = from_below<double>,
     .unconstrained = from_below<Expr>,
     .holds = [](double x, const NumberBounds& b) { return x <= b.upper; }},
    {.name = "lower and upper",
     .summary = "lower + (upper - lower) / (1 + exp(-y)); an infinite bound is as no bound",
     .constrain = [](const Expr& y,
                     const Bounds& bounds) { return constrained(between(y, bounds.lower, bounds.upper), y); },
     .unconstrain = from_between<double>,
     .unconstrained = from_between<Expr>,
     .holds = [](double x, const NumberBounds& b) { return x >= b.lower && x <= b.upper; }},
    {.name = "offset and multiplier",
     .summary = "offset + multiplier * y",
     .constrain =
         [](const Expr& y, const Bounds& bounds) {
           Constrained result{y, {}};
           if (bounds.multiplier) {
             result.value = bounds.multiplier * y;
             result.log_jacobian = total(symbolic::log(bounds.multiplier), y);
           }
           if (bounds.offset) result.value = bounds.offset + result.value;
           return result;
         },
     .unconstrain = from_scaled<double>,
     .unconstrained = from_scaled<Expr>,
     .holds = [](double, const NumberBounds&) { return true; }},
}};

}  // namespace

std::span<const Transform> all_transforms() { return transforms; }

const Transform& transform_for(bool lower, bool upper, bool offset, bool multiplier) {
  if (offset || multiplier) return transforms[4];
  return transforms[(lower ? 1U : 0U) + (upper ? 2U : 0U)];
}

}  // namespace leapgraph::models::library
