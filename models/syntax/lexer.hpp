/// Program text to tokens.
#pragma once

#include <vector>

#include "leapgraph/models/source.hpp"
#include "leapgraph/models/syntax/token.hpp"

namespace leapgraph::models {

/// No more errors than this are reported for the syntax of a program.
inline constexpr std::size_t max_errors = 100;

/// No program has more tokens than this.
inline constexpr std::size_t max_tokens = 5'000'000;

struct Tokens {
  std::vector<Token> tokens;  ///< the last is an End
  bool complete = true;  ///< false when the end of the text was not reached: an open comment, too much of something
};

/// Splits the program into tokens, the files that it includes in place of their `#include`s, which `source` takes in.
/// Comments and blanks disappear. What is no token of the language is reported in `diagnostics` and becomes an Invalid
/// token where something has to stand in its place.
Tokens tokenize(Source& source, std::vector<Diagnostic>& diagnostics);

}  // namespace leapgraph::models
