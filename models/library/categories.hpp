/// Outcomes that are the numbers of categories, from 1, and what they pick.
#pragma once

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::models::library {

/// The element number `category` of a vector, or of each outcome's row. What is not a category picks some element.
symbolic::Expr picked(const symbolic::Expr& x, const symbolic::Expr& category);

/// The ends of the interval of each category on a line that increasing cutpoints divide; infinite below the first
/// cutpoint and above the last.
struct Interval {
  symbolic::Expr below, above;
};
Interval interval_of(const symbolic::Expr& cutpoints, const symbolic::Expr& category, double infinite);

/// The log probability that a logistic number of location `eta` is in an interval.
symbolic::Expr log_logistic_interval(const symbolic::Expr& eta, const Interval& interval);

/// True where each element is larger than the one before.
symbolic::Expr increases(const symbolic::Expr& vectors);

}  // namespace leapgraph::models::library
