/// Copies of typed expressions, for passes that write programs anew.
#pragma once

#include "leapgraph/models/types/typed_ast.hpp"

namespace leapgraph::models {

TypedExpression clone(const TypedExpression& expression);

}  // namespace leapgraph::models
