/// Library functions on known values: plain arrays, no graph where a record says how to do without.
#pragma once

#include <span>

#include "leapgraph/models/library/function.hpp"
#include "leapgraph/models/types/signature.hpp"
#include "leapgraph/symbolic/array.hpp"

namespace leapgraph::models::library {

/// The function's value. `resolution` is what its signature resolved to; int arguments are promoted as it says.
/// Throws ArgumentError for values that the function cannot take.
symbolic::Array evaluate(const Function& function, const Resolution& resolution,
                         std::span<const symbolic::Array> arguments);

/// The function as an expression, its arguments promoted as `resolution` says. Shapes of the arguments must be known.
symbolic::Expr build(const Function& function, const Resolution& resolution, std::span<const symbolic::Expr> arguments);

/// What a call of a function whose record has a `log_jacobian` adds to the target.
symbolic::Expr log_jacobian(const Function& function, const Resolution& resolution,
                            std::span<const symbolic::Expr> arguments);

}  // namespace leapgraph::models::library
