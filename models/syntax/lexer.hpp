/// Program text to tokens.
#pragma once

#include <cstdint>
#include <vector>

#include "leapgraph/models/source.hpp"
#include "leapgraph/models/syntax/token.hpp"

namespace leapgraph::models {

/// No more errors than this are reported for the syntax of a program.
inline constexpr std::size_t max_errors = 100;

/// No program has more tokens than this.
inline constexpr std::size_t max_tokens = 5'000'000;

/// What stands in a program beside its tokens: a comment, or an `#include`.
struct Comment {
  enum class Kind : std::uint8_t { Line, Block, Include };
  Kind kind = Kind::Line;
  Range range;
};

struct Tokens {
  std::vector<Token> tokens;      ///< the last is an End
  std::vector<Comment> comments;  ///< in the order of the text
  bool complete = true;  ///< false when the end of the text was not reached: an open comment, too much of something
};

/// Splits the program into tokens, the files that it includes in place of their `#include`s, which `source` takes in.
/// Blanks disappear, comments stand apart. What is no token of the language is reported in `diagnostics` and becomes an
/// Invalid token where something has to stand in its place.
Tokens tokenize(Source& source, std::vector<Diagnostic>& diagnostics);

}  // namespace leapgraph::models
