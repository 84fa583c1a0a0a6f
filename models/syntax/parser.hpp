/// Program text to tree.
#pragma once

#include <vector>

#include "leapgraph/models/source.hpp"
#include "leapgraph/models/syntax/ast.hpp"
#include "leapgraph/models/syntax/lexer.hpp"

namespace leapgraph::models {

/// Parses a whole program; `source` takes in the files that it includes. Warnings are appended to `warnings`. Throws a
/// ModelError that holds every syntax error (the first 100, in the order of the text).
UntypedProgram parse(Source& source, std::vector<Diagnostic>& warnings);

/// A program and the comments in it.
struct CommentedProgram {
  UntypedProgram tree;
  std::vector<Comment> comments;  ///< in the order of the text
};
CommentedProgram parse_with_comments(Source& source, std::vector<Diagnostic>& warnings);

}  // namespace leapgraph::models
