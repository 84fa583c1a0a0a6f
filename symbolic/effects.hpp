/// What a function does beside computing: assertions that fail a call, and printing, never merged, folded or left out
/// while the result is used; and choices of what is computed.
#pragma once

#include <string>

#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {

/// `x`, where all conditions are true, element by element; else the call fails with AssertionFailed, the message and
/// the number of the first element that is not.
Expr assert_op(const Operand& x, const Operands& conditions, const std::string& message);
/// A call that needs the value fails with that message. In a branch that is not taken nothing fails.
Expr raise_op(const Operand& x, const std::string& message);
/// `x`, which is written as "message __str__ = value" to the standard error stream whenever it is computed.
Expr print_op(const Operand& x, const std::string& message = "");
/// Theano's name of `where`: elementwise, both sides computed. `ifelse` computes one.
Expr switch_(const Operand& condition, const Operand& a, const Operand& b);

/// `if_true` or `if_false`, computing only that one and what it alone needs. Of one shape; promoted to one element
/// type.
Expr ifelse(const Operand& condition, const Operand& if_true, const Operand& if_false);
Exprs ifelse(const Operand& condition, const Exprs& if_true, const Exprs& if_false);

}  // namespace leapgraph::symbolic
