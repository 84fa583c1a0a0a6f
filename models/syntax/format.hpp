/// A program as text again, in one canonical layout.
#pragma once

#include <string>

#include "leapgraph/models/source.hpp"
#include "leapgraph/models/syntax/ast.hpp"
#include "leapgraph/models/syntax/parser.hpp"

namespace leapgraph::models {

/// The program with two blanks a level, one statement a line and no more parentheses than it needs; lines of more than
/// 80 columns are broken. Comments are not kept. Parsing the result gives the same tree.
std::string format(const UntypedProgram& program);
/// The same with what a tree does not hold: comments, single empty lines between statements, `#include`s in place of
/// what they include, numbers as they are written, parentheses around operations. Throws ModelError when an `#include`
/// stands in the middle of a statement.
std::string format(const CommentedProgram& program, const Source& source);
std::string format(const UntypedStatement& statement);
std::string format(const UntypedExpression& expression);
std::string format(const SizedType<Untyped>& type);
std::string format(const UnsizedType& type);

}  // namespace leapgraph::models
