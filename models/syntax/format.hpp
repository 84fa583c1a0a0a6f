/// A program as text again, in one canonical layout.
#pragma once

#include <string>

#include "leapgraph/models/syntax/ast.hpp"

namespace leapgraph::models {

/// The program with two blanks a level, one statement a line and no more parentheses than it needs. Comments are not
/// kept. Parsing the result gives the same tree.
std::string format(const UntypedProgram& program);
std::string format(const UntypedStatement& statement);
std::string format(const UntypedExpression& expression);
std::string format(const SizedType<Untyped>& type);
std::string format(const UnsizedType& type);

}  // namespace leapgraph::models
