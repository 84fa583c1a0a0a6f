/// The word that was probably meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace leapgraph::cli {

/// The nearest of `words` by edit distance (insertions, deletions, substitutions, swaps of neighbours), or empty where
/// none is near: at most a third of the letters, and at most 3, may differ.
std::string nearest(std::string_view word, std::span<const std::string> words);

}  // namespace leapgraph::cli
