/// What builders share that name elements by number.
#pragma once

#include "leapgraph/symbolic/indexing.hpp"
#include "leapgraph/symbolic/ops/lengths.hpp"

namespace leapgraph::symbolic {

/// `positions` as int64 that count from the front: negative ones have `length` added. Those out of range stay as they
/// are written, for whoever reads them to report.
Expr from_front(const Expr& positions, const Expr& length);
/// The same, each checked to lie along an axis of that length; `note` says in the message which index it is.
Expr checked_positions(const Expr& positions, const Expr& length, const std::string& note, const Where& place);
/// As `outside` says, within an axis of that length.
Expr within(const Expr& positions, const Expr& length, Outside outside, const std::string& note, const Where& place);
/// Rows of `x` (along axis 0) by positions that count from the front, checked when they are read.
Expr checked_rows(const Expr& x, const Expr& rows, const std::string& note, const Where& place);

/// A range along an axis of `length`: its first position, and how many.
struct Progress {
  Expr start, count;
};
Progress progress_of(const Range& range, const Expr& length);

}  // namespace leapgraph::symbolic
