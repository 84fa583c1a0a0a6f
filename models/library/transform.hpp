/// A constraint on a parameter as one record: the change of variables from the whole real line, its Jacobian and its
/// inverse.
///
/// Stan reference manual, "Transforms of constrained variables". All transforms here act element by element; bounds are
/// scalars or containers of the variable's shape.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "leapgraph/symbolic/array.hpp"
#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::models::library {

/// The expressions between `<` and `>`; absent ones are empty.
template <class Value>
struct TransformBounds {
  Value lower = {}, upper = {}, offset = {}, multiplier = {};
};

struct Constrained {
  symbolic::Expr value;         ///< on the constrained scale, in the shape of the unconstrained one
  symbolic::Expr log_jacobian;  ///< log |d value / d unconstrained|, one number; absent where it is 0
};

struct Transform {
  std::string_view name;
  std::string_view summary;
  Constrained (*constrain)(const symbolic::Expr& unconstrained, const TransformBounds<symbolic::Expr>& bounds);
  /// The inverse, for one number and as an expression. An absent multiplier is given as 1, an absent offset as 0.
  double (*unconstrain)(double value, const TransformBounds<double>& bounds);
  symbolic::Expr (*unconstrained)(symbolic::Expr value, const TransformBounds<symbolic::Expr>& bounds);
  /// The number fits the bounds, as declared variables are checked.
  bool (*holds)(double value, const TransformBounds<double>& bounds);
};

std::span<const Transform> all_transforms();

/// The transform for the bounds that are written (`true`), before their values are known.
const Transform& transform_for(bool lower, bool upper, bool offset, bool multiplier);

}  // namespace leapgraph::models::library
