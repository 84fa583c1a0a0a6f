/// How the control ops make, retype and differentiate the closed graphs that they carry.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// Nodes that `outputs` depend on without passing through an expression that is known, inputs first.
std::vector<const Node*> order_above(std::span<const Expr> outputs, const std::function<bool(const Expr&)>& is_known);

/// `outputs` with expressions replaced. As `substitute`, but nothing behind a replaced expression is looked at, so that
/// work is in proportion to what lies above them.
Exprs replaced_above(std::span<const Expr> outputs, Substitution replacements);

/// `outputs` as a function of `arguments`, which become parameters; what `outputs` depend on beyond them is not looked
/// at. Throws GraphError naming a variable that is not among them.
Body close_over(std::span<const Expr> outputs, std::span<const Expr> arguments);

/// The largest expressions below `outputs` that do not depend on `placeholders`, in order of first use. What is made of
/// literals only is left out: it stays in the body.
Exprs invariant_parts(std::span<const Expr> outputs, std::span<const Expr> placeholders);

/// Types of the body's outputs for arguments of these types. Throws GraphError, saying which, when an argument does not
/// fit its parameter; arguments may be of more definite shape.
std::vector<Type> output_types(const Graph& body, std::span<const Type> arguments);

/// Variables to apply a body to, one a parameter.
Exprs fresh_arguments(const Graph& body, std::string_view name);

/// Of each output, whether it depends on one of `variables` through floating numbers.
std::vector<bool> moved_by(std::span<const Expr> outputs, std::span<const Expr> variables);

}  // namespace leapgraph::symbolic
