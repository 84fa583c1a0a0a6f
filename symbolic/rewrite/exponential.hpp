/// What the rules about exponentials share: stable logarithms, shifted sums, and looking through stretching.
#pragma once

#include <vector>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/rewrite/engine.hpp"

namespace leapgraph::symbolic {

/// Matching looks at no more partners, terms or factors than this at one place.
inline constexpr std::size_t most_terms = 64;
/// Sums longer than this are left alone.
inline constexpr std::size_t longest_sum = 4096;

/// A logarithm, and whether the expression itself may overflow or underflow where it does not.
struct Log {
  Expr value;  ///< absent: there is no better form than log(e)
  bool explosive = false;
};
/// Structural and memoised; `depth` bounds the recursion.
Log log_of(Views& views, const Expr& e, int depth);
/// log(e) for a positive e made of exponentials, their sums and products, in a form that neither overflows nor loses
/// what is small; absent for anything else, and where log(e) is as good.
Expr stable_log(Views& views, const Expr& e);
/// log(softmax(x)), sharing the exponentials of the concrete form of `softmax`.
Expr log_softmax(const Expr& x, const Axes& axes);

/// A sum whose terms are all multiples of exponentials, as exp(shift) * sum: neither overflows.
struct ShiftedSum {
  Expr shift;  ///< absent: it is not such a sum, or is shifted already
  Expr sum;
};
ShiftedSum shifted(Views& views, const Expr& e);
/// e is a shift that `shifted` made: an infinite maximum replaced by 0.
bool is_shift(const Expr& e);
/// v is u minus its largest element already: what `logsumexp` and `softmax` become.
bool is_shifted(const Expr& v, const Axes& axes);

/// The base of a factor without the axes and stretching that only make its shape fit.
Expr peeled(const Expr& e);
/// `made` with the axes and the stretching that `whole` has around `inner`.
Expr rewrapped(const Expr& whole, const Expr& inner, Expr made);
/// Whether a term of the sum `e`, or the product `e`, has a power of exp(core).
bool has_exponential(Views& views, const Expr& e, const Expr& core);

/// c and x of c x^2, however it is spelled.
std::optional<Scaled> as_square(Views& views, const Expr& e);

inline bool is_addition(const Expr& e) { return &e.op() == &add_op || &e.op() == &sub_op; }
/// a + b with absent meaning 0.
Expr plus(const Expr& a, const Expr& b);

}  // namespace leapgraph::symbolic
