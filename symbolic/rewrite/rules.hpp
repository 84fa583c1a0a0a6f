/// The tables of rules, by purpose.
#pragma once

#include <span>

#include "leapgraph/symbolic/rewrite/pattern.hpp"

namespace leapgraph::symbolic {

/// Overflow, underflow and cancellation that another form of the same function avoids.
std::span<const Rule> stability_rules();
/// Rules about exponentials of arrays and their sums, and about whole products: part of `stability_rules`, as
/// functions.
std::vector<Rule> exponential_family_rules();
/// What may only run when the stability rules are done with exponentials: sinh, cosh, merged exponentials.
std::span<const Rule> closing_rules();
/// Exact simplifications: the same bits, fewer operations, one spelling.
std::span<const Rule> canonical_rules();

/// log(e) for a positive e made of exponentials, their sums and products, in a form that neither overflows nor loses
/// what is small; absent for anything else, and where log(e) is as good.
Expr stable_log(Views& views, const Expr& e);

}  // namespace leapgraph::symbolic
