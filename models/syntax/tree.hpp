/// The tree of a program as text that shows its shape: what `dump --stage ast` prints.
#pragma once

#include <string>

#include "leapgraph/models/syntax/ast.hpp"

namespace leapgraph::models {

/// One statement a line, each node in parentheses with its kind in front: `(tilde y normal (+ a (* b x)) sigma)`. Two
/// programs have the same tree if and only if this is the same.
std::string print_tree(const UntypedProgram& program);
std::string print_tree(const UntypedExpression& expression);

}  // namespace leapgraph::models
