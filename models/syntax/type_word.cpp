#include "leapgraph/models/syntax/type_word.hpp"

#include <array>

namespace leapgraph::models {
namespace {

using enum TypeWord;
using Allow = AllowedBounds;

constexpr std::array table = {
    TypeWordInfo{Int, "int", 0, 0, Allow::Range, Int},
    TypeWordInfo{Real, "real", 0, 0, Allow::RangeOrScale, Real},
    TypeWordInfo{Complex, "complex", 0, 0, Allow::RangeOrScale, Complex},
    TypeWordInfo{Vector, "vector", 1, 1, Allow::RangeOrScale, Vector},
    TypeWordInfo{RowVector, "row_vector", 1, 1, Allow::RangeOrScale, RowVector},
    TypeWordInfo{Matrix, "matrix", 2, 2, Allow::RangeOrScale, Matrix},
    TypeWordInfo{ComplexVector, "complex_vector", 1, 1, Allow::RangeOrScale, ComplexVector},
    TypeWordInfo{ComplexRowVector, "complex_row_vector", 1, 1, Allow::RangeOrScale, ComplexRowVector},
    TypeWordInfo{ComplexMatrix, "complex_matrix", 2, 2, Allow::RangeOrScale, ComplexMatrix},
    TypeWordInfo{Ordered, "ordered", 1, 1, Allow::None, Vector},
    TypeWordInfo{PositiveOrdered, "positive_ordered", 1, 1, Allow::None, Vector},
    TypeWordInfo{Simplex, "simplex", 1, 1, Allow::None, Vector},
    TypeWordInfo{UnitVector, "unit_vector", 1, 1, Allow::None, Vector},
    TypeWordInfo{SumToZeroVector, "sum_to_zero_vector", 1, 1, Allow::None, Vector},
    TypeWordInfo{SumToZeroMatrix, "sum_to_zero_matrix", 2, 2, Allow::None, Matrix},
    TypeWordInfo{CovMatrix, "cov_matrix", 1, 1, Allow::None, Matrix},
    TypeWordInfo{CorrMatrix, "corr_matrix", 1, 1, Allow::None, Matrix},
    TypeWordInfo{CholeskyFactorCov, "cholesky_factor_cov", 1, 2, Allow::None, Matrix},
    TypeWordInfo{CholeskyFactorCorr, "cholesky_factor_corr", 1, 1, Allow::None, Matrix},
    TypeWordInfo{ColumnStochasticMatrix, "column_stochastic_matrix", 2, 2, Allow::None, Matrix},
    TypeWordInfo{RowStochasticMatrix, "row_stochastic_matrix", 2, 2, Allow::None, Matrix},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (static_cast<std::size_t>(table[i].word) != i) return false;
  }
  return true;
}
static_assert(in_order());

}  // namespace

std::span<const TypeWordInfo> type_words() { return table; }

const TypeWordInfo& info(TypeWord word) { return table[static_cast<std::size_t>(word)]; }

}  // namespace leapgraph::models
