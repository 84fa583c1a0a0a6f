/// The vocabulary of records of distributions: sets of arguments, terms that several have.
#pragma once

#include <span>

#include "leapgraph/models/library/distribution.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library::terms {

using Arguments = std::span<const symbolic::Expr>;

// The set of arguments 0, 1, ... of which a term is a function.
inline constexpr ArgumentSet nothing = 0, y = 1, a1 = 2, a2 = 4, a3 = 8;

/// An argument itself, as a bound.
template <int number>
symbolic::Expr argument(Arguments a) {
  return a[number];
}

inline symbolic::Expr constant_term(double value) { return symbolic::constant(value); }
/// -log of the scale, which many densities have.
template <int argument>
symbolic::Expr minus_log(Arguments a) {
  return -symbolic::log(a[argument]);
}
template <int argument>
symbolic::Expr plus_log(Arguments a) {
  return symbolic::log(a[argument]);
}
inline symbolic::Expr standardized(const symbolic::Expr& outcome, const symbolic::Expr& location,
                                   const symbolic::Expr& scale) {
  return (outcome - location) / scale;
}

}  // namespace leapgraph::models::library::terms
