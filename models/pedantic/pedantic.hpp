/// What a program does that modellers regret: warnings about programs that are right in themselves.
#pragma once

#include <vector>

#include "leapgraph/models/source.hpp"
#include "leapgraph/models/types/typed_ast.hpp"

namespace leapgraph::models::pedantic {

/// All warnings, in the order of the text.
std::vector<Diagnostic> warnings(const TypedProgram& program);

}  // namespace leapgraph::models::pedantic
