/// The words that begin a type in a program, and what may follow each: one record a word.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace leapgraph::models {

/// The types that have a word of their own; `array[...] T` and `tuple(...)` are built from these.
enum class TypeWord : std::uint8_t {
  Int,
  Real,
  Complex,
  Vector,
  RowVector,
  Matrix,
  ComplexVector,
  ComplexRowVector,
  ComplexMatrix,
  Ordered,
  PositiveOrdered,
  Simplex,
  UnitVector,
  SumToZeroVector,
  SumToZeroMatrix,
  CovMatrix,
  CorrMatrix,
  CholeskyFactorCov,
  CholeskyFactorCorr,
  ColumnStochasticMatrix,
  RowStochasticMatrix,
};

/// What a declaration `word<...>[...]` may hold between `<` and `>`.
enum class AllowedBounds : std::uint8_t {
  None,         ///< nothing
  Range,        ///< lower, upper
  RangeOrScale  ///< lower, upper, or offset, multiplier
};

struct TypeWordInfo {
  TypeWord word;
  std::string_view text;  ///< as it is written
  int min_sizes;          ///< how many sizes stand between `[` and `]`
  int max_sizes;          ///< more than min_sizes only for cholesky_factor_cov[M(, N)]
  AllowedBounds bounds;
  TypeWord plain;  ///< the type of its values: Simplex holds Vector; itself for a type without a constraint of its own
};

/// Every word, in the order of the enumeration.
std::span<const TypeWordInfo> type_words();
const TypeWordInfo& info(TypeWord word);
inline std::string_view text(TypeWord word) { return info(word).text; }

}  // namespace leapgraph::models
