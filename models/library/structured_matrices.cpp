/// Constraints of matrices: Cholesky factors, correlation and covariance matrices.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <vector>

#include "leapgraph/models/library/function.hpp"
#include "leapgraph/models/library/rows.hpp"
#include "leapgraph/models/library/structured.hpp"
#include "leapgraph/symbolic/linear_algebra.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Array;
using symbolic::Expr;
using symbolic::Shape;

/// Matrices [n, rows, columns] whose element (i, j) is the element number `place(i, j)` of each row of `x`.
template <class Place>
Expr arranged(const Expr& x, std::int64_t row_count, std::int64_t column_count, const Place& place) {
  Array index(symbolic::Type{symbolic::DType::int64, {row_count * column_count}});
  for (std::int64_t i = 0; i < row_count; ++i) {
    for (std::int64_t j = 0; j < column_count; ++j) index.set_integer(i * column_count + j, place(i, j));
  }
  return symbolic::reshape(symbolic::gather(x, symbolic::constant(index), 1), {x.shape()[0], row_count, column_count});
}

Expr times_own_transpose(const Expr& factors) { return symbolic::matmul(factors, transposed(factors)); }

// ---------------------------------------------------------------- Cholesky factors

/// log(1 - tanh(y)^2), without cancellation.
Expr log_one_minus_squared_tanh(const Expr& y) {
  return 2 * std::numbers::ln2 + symbolic::log_sigmoid(2.0 * y) + symbolic::log_sigmoid(-2.0 * y);
}

/// Cholesky factors of correlation matrices from the canonical partial correlations z = tanh(y): row i has
/// x[i, j] = z[i, j] sqrt((1 - z[i, 1]^2) ... (1 - z[i, j - 1]^2)), with 1 for z[i, i]. `place` numbers the coordinates
/// of i > j.
template <class Place>
Expr correlation_factors(const Expr& y, std::int64_t K, const Place& place) {
  const std::int64_t count = K * (K - 1) / 2;  // what is appended to the coordinates stands behind them
  const Expr zeros = constant_column(y, 0);
  const Expr z = arranged(symbolic::concatenate({symbolic::tanh(y), constant_column(y, 1), zeros}, 1), K, K,
                          [&](std::int64_t i, std::int64_t j) {
                            return j < i ? place(i, j) : j == i ? count : count + 1;
                          });
  // One column to the right: the sum up to j is that of the elements before j.
  const Expr logs = arranged(symbolic::concatenate({log_one_minus_squared_tanh(y), zeros}, 1), K, K,
                             [&](std::int64_t i, std::int64_t j) { return j > 0 && j <= i ? place(i, j - 1) : count; });
  return z * symbolic::exp(0.5 * (K <= 2 ? logs : symbolic::cumsum(logs, 2)));
}

/// The logs of 1 - z^2, weighted by `weight(i, j)` and summed.
template <class Place, class Weight>
Expr correlation_log_jacobian(const Expr& y, std::int64_t K, const Place& place, const Weight& weight) {
  Array weights(symbolic::Type{symbolic::DType::float64, {K * (K - 1) / 2}});
  for (std::int64_t i = 1; i < K; ++i) {
    for (std::int64_t j = 0; j < i; ++j) weights.set(place(i, j), weight(i, j));
  }
  return symbolic::sum(log_one_minus_squared_tanh(y) * symbolic::constant(weights));
}

/// The number of element i > j of a K by K matrix among those below the diagonal, counted along rows or columns.
std::int64_t by_rows(std::int64_t i, std::int64_t j) { return i * (i - 1) / 2 + j; }
std::int64_t by_columns(std::int64_t i, std::int64_t j, std::int64_t K) { return j * (2 * K - 1 - j) / 2 + i - j - 1; }

/// The elements of matrices [n, rows, columns] below the diagonal, `place(i, j)` being where element (i, j) goes.
template <class Place>
Expr below_diagonal(const Expr& matrices, std::int64_t K, const Place& place) {
  Array index(symbolic::Type{symbolic::DType::int64, {K * (K - 1) / 2}});
  for (std::int64_t i = 1; i < K; ++i) {
    for (std::int64_t j = 0; j < i; ++j) index.set_integer(place(i, j), i * K + j);
  }
  const Expr flat = symbolic::reshape(matrices, {matrices.shape()[0], K * K});
  return symbolic::gather(flat, symbolic::constant(index), 1);
}

/// Canonical partial correlations on the unconstrained scale, atanh(z), of Cholesky factors [n, K, K].
template <class Place>
Expr partial_correlations(const Expr& factors, std::int64_t K, const Place& place) {
  const Expr squares = symbolic::sqr(factors);
  const Expr before = K <= 1 ? 0.0 * squares : symbolic::cumsum(squares, 2) - squares;
  const Expr rest = 1.0 - below_diagonal(before, K, place);
  return symbolic::atanh(below_diagonal(factors, K, place) / symbolic::sqrt(rest));
}

std::optional<Fault> factor_fault(const KnownMatrix& x, const Shape& lengths) {
  for (std::int64_t i = 0; i < lengths[0]; ++i) {
    for (std::int64_t j = i; j < lengths[1]; ++j) {
      if (j == i && !(x(i, j) > 0)) return Fault{i * lengths[1] + j, "must be positive: it is on the diagonal"};
      if (j > i && x(i, j) != 0) return Fault{i * lengths[1] + j, "must be 0: it is above the diagonal"};
    }
  }
  return std::nullopt;
}

/// bool[n]: lower triangular with a positive diagonal.
Expr are_factors(const Expr& values) {
  const std::int64_t row_count = values.shape()[1], column_count = values.shape()[2];
  Array above(symbolic::Type{symbolic::DType::boolean, {row_count, column_count}});
  Array diagonal(above.type());
  for (std::int64_t i = 0; i < row_count; ++i) {
    for (std::int64_t j = i; j < column_count; ++j) (j == i ? diagonal : above).set_integer(i * column_count + j, 1);
  }
  const Expr positive = symbolic::where(symbolic::constant(diagonal), values > 0.0, symbolic::constant(true));
  const Expr triangular =
      symbolic::where(symbolic::constant(above), symbolic::eq(values, 0.0), symbolic::constant(true));
  return symbolic::all(symbolic::logical_and(positive, triangular), {1, 2});
}

const StructuredTransform cholesky_factor_corr{
    .word = TypeWord::CholeskyFactorCorr,
    .summary = "rows of length 1 from canonical partial correlations tanh(y), row after row",
    .coordinates = [](const Shape& lengths) { return lengths[0] * (lengths[0] - 1) / 2; },
    .constrain = [](const Expr& y, const Shape& lengths) -> Constrained {
      const std::int64_t K = lengths[0];
      return {correlation_factors(y, K, by_rows),
              correlation_log_jacobian(y, K, by_rows, [](std::int64_t i, std::int64_t j) {
                return 1 + 0.5 * static_cast<double>(i - 1 - j);
              })};
    },
    .unconstrained = [](const Expr& x, const Shape& lengths) { return partial_correlations(x, lengths[0], by_rows); },
    .fault = [](Numbers x, const Shape& lengths) -> std::optional<Fault> {
      const KnownMatrix matrix{x, lengths[1]};
      if (auto fault = factor_fault(matrix, lengths)) return fault;
      for (std::int64_t i = 0; i < lengths[0]; ++i) {
        double squares = 0;
        for (std::int64_t j = 0; j <= i; ++j) squares += matrix(i, j) * matrix(i, j);
        if (std::abs(squares - 1) > constraint_tolerance) {
          return Fault{i * lengths[1], fmt::format("begins a row whose squares must sum to 1 and sum to {}", squares)};
        }
      }
      return std::nullopt;
    },
    .holds =
        [](const Expr& values) {
          return symbolic::logical_and(are_factors(values),
                                       all_in_row(near(symbolic::sum(symbolic::sqr(values), {2}), 1.0)));
        }};

/// Coordinates of a factor stand row after row: i elements, then the logarithm of the diagonal's; rows below the square
/// part are whole.
std::int64_t factor_place(std::int64_t i, std::int64_t j, std::int64_t column_count) {
  const std::int64_t square = std::min(i, column_count);
  return square * (square + 1) / 2 + (i - square) * column_count + j;
}

struct Factors {
  Expr value;          ///< [n, rows, columns]
  Expr log_diagonals;  ///< [n, columns]
};
Factors factors(const Expr& y, const Shape& lengths) {
  const std::int64_t row_count = lengths[0], column_count = lengths[1];
  Array places(symbolic::Type{symbolic::DType::int64, {column_count}});
  for (std::int64_t j = 0; j < column_count; ++j) places.set_integer(j, factor_place(j, j, column_count));
  const Expr log_diagonals = symbolic::gather(y, symbolic::constant(places), 1);
  const std::int64_t diagonal = y.shape()[1], zero = diagonal + column_count;
  const Expr source = symbolic::concatenate({y, symbolic::exp(log_diagonals), constant_column(y, 0)}, 1);
  return {arranged(source, row_count, column_count,
                   [&](std::int64_t i, std::int64_t j) {
                     if (j > i) return zero;
                     return j == i ? diagonal + j : factor_place(i, j, column_count);
                   }),
          log_diagonals};
}

Expr factor_coordinates(const Expr& factors, const Shape& lengths) {
  std::vector<std::int64_t> places, diagonal;
  for (std::int64_t i = 0; i < lengths[0]; ++i) {
    for (std::int64_t j = 0; j <= std::min(i, lengths[1] - 1); ++j) {
      places.push_back(i * lengths[1] + j);
      diagonal.push_back(j == i ? 1 : 0);
    }
  }
  const auto integers = [](const std::vector<std::int64_t>& values) {
    return symbolic::constant(Array::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
  };
  const Expr flat = symbolic::reshape(factors, {factors.shape()[0], lengths[0] * lengths[1]});
  const Expr elements = symbolic::gather(flat, integers(places), 1);
  return symbolic::where(symbolic::eq(integers(diagonal), 1), symbolic::log(elements), elements);
}

const StructuredTransform cholesky_factor_cov{
    .word = TypeWord::CholeskyFactorCov,
    .summary = "a lower triangle row after row, the diagonal as exp(y)",
    .coordinates =
        [](const Shape& lengths) {
          if (lengths[0] < lengths[1])
            throw ArgumentError("a cholesky_factor_cov has at least as many rows as columns");
          return lengths[1] * (lengths[1] + 1) / 2 + (lengths[0] - lengths[1]) * lengths[1];
        },
    .constrain = [](const Expr& y, const Shape& lengths) -> Constrained {
      const Factors result = factors(y, lengths);
      return {result.value, symbolic::sum(result.log_diagonals)};
    },
    .unconstrained = [](const Expr& x, const Shape& lengths) { return factor_coordinates(x, lengths); },
    .fault =
        [](Numbers x, const Shape& lengths) {
          return factor_fault({x, lengths[1]}, lengths);
        },
    .holds = are_factors};

// ---------------------------------------------------------------- correlation and covariance matrices

/// The Cholesky factor of a known matrix; nothing where it is not positive definite.
std::optional<std::vector<double>> cholesky(const KnownMatrix& x, std::int64_t K) {
  std::vector<double> factor(x.elements.size());
  const KnownMatrix lower{factor, K};
  for (std::int64_t j = 0; j < K; ++j) {
    for (std::int64_t i = j; i < K; ++i) {
      double rest = x(i, j);
      for (std::int64_t k = 0; k < j; ++k) rest -= lower(i, k) * lower(j, k);
      if (i == j && !(rest > 0)) return std::nullopt;
      factor[static_cast<std::size_t>(i * K + j)] = i == j ? std::sqrt(rest) : rest / lower(j, j);
    }
  }
  return factor;
}

std::optional<Fault> covariance_fault(const KnownMatrix& x, std::int64_t K) {
  for (std::int64_t i = 0; i < K; ++i) {
    for (std::int64_t j = 0; j < i; ++j) {
      if (std::abs(x(i, j) - x(j, i)) <= constraint_tolerance) continue;
      return Fault{i * K + j, fmt::format("must be the same as the element across the diagonal, {}", x(j, i))};
    }
  }
  if (!cholesky(x, K)) return Fault{0, "begins a matrix that must be positive definite and is not"};
  return std::nullopt;
}

/// bool[n]: symmetric and positive definite.
Expr are_covariances(const Expr& values) {
  const Expr symmetric = symbolic::all(near(values, transposed(values)), {1, 2});
  const Expr factors = symbolic::cholesky(values, {.raises = false});
  return symbolic::logical_and(symmetric, symbolic::logical_not(symbolic::any(symbolic::isnan(factors), {1, 2})));
}

const StructuredTransform cov_matrix{
    .word = TypeWord::CovMatrix,
    .summary = "a Cholesky factor, row after row with exp(y) on the diagonal, times its transpose",
    .coordinates = [](const Shape& lengths) { return lengths[0] * (lengths[0] + 1) / 2; },
    .constrain = [](const Expr& y, const Shape& lengths) -> Constrained {
      const std::int64_t K = lengths[0];
      const Factors lower = factors(y, lengths);
      Array weights(symbolic::Type{symbolic::DType::float64, {K}});
      for (std::int64_t k = 0; k < K; ++k) weights.set(k, static_cast<double>(K - k + 1));
      const double count = static_cast<double>(y.shape()[0] * K);
      return {times_own_transpose(lower.value),
              count * std::numbers::ln2 + symbolic::sum(lower.log_diagonals * symbolic::constant(weights))};
    },
    .unconstrained =
        [](const Expr& x, const Shape& lengths) {
          return factor_coordinates(symbolic::cholesky(x, {.raises = false}), lengths);
        },
    .fault =
        [](Numbers x, const Shape& lengths) {
          return covariance_fault({x, lengths[0]}, lengths[0]);
        },
    .holds = are_covariances};

const StructuredTransform corr_matrix{
    .word = TypeWord::CorrMatrix,
    .summary =
        "a Cholesky factor from canonical partial correlations tanh(y), column after column, times its transpose",
    .coordinates = [](const Shape& lengths) { return lengths[0] * (lengths[0] - 1) / 2; },
    .constrain = [](const Expr& y, const Shape& lengths) -> Constrained {
      const std::int64_t K = lengths[0];
      const auto place = [K](std::int64_t i, std::int64_t j) { return by_columns(i, j, K); };
      // Lewandowski, Kurowicka & Joe (2009), equation 11, and the slope of tanh.
      return {times_own_transpose(correlation_factors(y, K, place)),
              correlation_log_jacobian(
                  y, K, place, [K](std::int64_t, std::int64_t j) { return 1 + 0.5 * static_cast<double>(K - 2 - j); })};
    },
    .unconstrained =
        [](const Expr& x, const Shape& lengths) {
          const std::int64_t K = lengths[0];
          return partial_correlations(symbolic::cholesky(x, {.raises = false}), K,
                                      [K](std::int64_t i, std::int64_t j) { return by_columns(i, j, K); });
        },
    .fault = [](Numbers x, const Shape& lengths) -> std::optional<Fault> {
      const KnownMatrix matrix{x, lengths[0]};
      for (std::int64_t i = 0; i < lengths[0]; ++i) {
        if (std::abs(matrix(i, i) - 1) > constraint_tolerance)
          return Fault{i * (lengths[0] + 1), "must be 1: it is on the diagonal"};
      }
      return covariance_fault(matrix, lengths[0]);
    },
    .holds =
        [](const Expr& values) {
          const std::int64_t K = values.shape()[1];
          const Expr diagonals = arranged(symbolic::reshape(values, {values.shape()[0], K * K}), K, 1,
                                          [K](std::int64_t i, std::int64_t) { return i * (K + 1); });
          return symbolic::logical_and(are_covariances(values), symbolic::all(near(diagonals, 1.0), {1, 2}));
        }};

}  // namespace

std::span<const StructuredTransform> matrix_transforms() {
  static const std::vector<StructuredTransform> table = {cholesky_factor_corr, cholesky_factor_cov, cov_matrix,
                                                         corr_matrix};
  return table;
}

}  // namespace leapgraph::models::library
