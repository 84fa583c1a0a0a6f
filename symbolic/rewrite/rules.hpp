/// The tables of rules, by purpose.
#pragma once

#include <span>

#include "leapgraph/symbolic/rewrite/pattern.hpp"

namespace leapgraph::symbolic {

/// Overflow, underflow and cancellation that another form of the same function avoids.
std::span<const Rule> stability_rules();
/// The ones that are functions, part of `stability_rules`: about logarithms, and about whole products.
std::vector<Rule> logarithm_rules();
std::vector<Rule> product_rules();
/// ... about erf and erfc, and about sums of squares.
std::vector<Rule> error_function_rules();
std::vector<Rule> square_rules();
/// What may only run when the stability rules are done with exponentials: sinh, cosh, merged exponentials.
std::span<const Rule> closing_rules();
/// x / (1 + x^2): last, for it hides sums of fractions.
Rule ratio_to_square_rule();
/// Roots that the closing rules look for as they are.
std::span<const Rule> root_rules();
/// Scalar factors of the terms of sums: last, for they move products away from where other rules look.
std::span<const Rule> factor_rules();
/// Exact simplifications: the same bits, fewer operations, one spelling.
std::span<const Rule> canonical_rules();

}  // namespace leapgraph::symbolic
