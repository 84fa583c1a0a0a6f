/// What a function does beside computing: assertions that fail a call, and printing. Never merged, folded or left out
/// while the result is used.
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

}  // namespace leapgraph::symbolic
