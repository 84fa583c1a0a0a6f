/// From the parser's tree to a typed one: names, types, and what the language allows where.
#pragma once

#include <vector>

#include "leapgraph/models/source.hpp"
#include "leapgraph/models/types/typed_ast.hpp"

namespace leapgraph::models {

/// Checks a whole program. Warnings are appended to `warnings`. Throws a ModelError that holds every error, in the
/// order of the text.
TypedProgram typecheck(const UntypedProgram& program, const Source& source, std::vector<Diagnostic>& warnings);

}  // namespace leapgraph::models
