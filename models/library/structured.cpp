/// Ordered vectors, simplexes, vectors of length 1 or of sum 0, correlation and covariance matrices and their Cholesky
/// factors.
#include "leapgraph/models/library/structured.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "leapgraph/models/library/function.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Array;
using symbolic::Expr;
using symbolic::Shape;
using Numbers = std::span<const double>;

constexpr double tolerance = 1e-8;  // Stan's CONSTRAINT_TOLERANCE

// ---------------------------------------------------------------- pieces; rows are values, columns their coordinates

Expr columns(const Expr& x, std::int64_t begin, std::int64_t end) { return symbolic::slice(x, 1, {begin, end}); }
Expr constant_column(const Expr& like, double value) { return symbolic::full({like.shape()[0], 1}, value); }

/// Sums of each row's first 1, 2, ... elements.
Expr running_sum(const Expr& x) { return x.shape()[1] <= 1 ? x : symbolic::cumsum(x, 1); }
/// Sums of each row's last n, n - 1, ..., 1 elements.
Expr running_sum_from_right(const Expr& x) {
  constexpr symbolic::Slice backwards{std::nullopt, std::nullopt, -1};
  return x.shape()[1] <= 1 ? x : symbolic::slice(symbolic::cumsum(symbolic::slice(x, 1, backwards), 1), 1, backwards);
}

/// Matrices [n, rows, columns] whose element (i, j) is the element number `place(i, j)` of each row of `x`.
template <class Place>
Expr arranged(const Expr& x, std::int64_t row_count, std::int64_t column_count, const Place& place) {
  Array index(symbolic::Type{symbolic::DType::int64, {row_count * column_count}});
  for (std::int64_t i = 0; i < row_count; ++i) {
    for (std::int64_t j = 0; j < column_count; ++j) index.set_integer(i * column_count + j, place(i, j));
  }
  return symbolic::reshape(symbolic::gather(x, symbolic::constant(index), 1), {x.shape()[0], row_count, column_count});
}

Expr transposed(const Expr& matrices) { return symbolic::transpose(matrices, {0, 2, 1}); }
Expr times_own_transpose(const Expr& factors) { return symbolic::matmul(factors, transposed(factors)); }
Expr all_in_row(const Expr& test) { return symbolic::all(test, {1}); }
Expr near(const Expr& x, const Expr& y) { return symbolic::abs(x - y) <= tolerance; }
Expr near(const Expr& x, double y) { return symbolic::abs(x - y) <= tolerance; }

/// Element (i, j) of a known matrix.
struct Matrix {
  Numbers elements;
  std::int64_t column_count;
  double operator()(std::int64_t i, std::int64_t j) const {
    return elements[static_cast<std::size_t>(i * column_count + j)];
  }
};

double sum(Numbers x) { return std::accumulate(x.begin(), x.end(), 0.0); }

/// The vector cannot be empty.
std::int64_t at_least_one(const Shape& lengths, std::string_view word) {
  if (lengths[0] < 1) throw ArgumentError(fmt::format("{} has at least one element", word));
  return lengths[0];
}

// ---------------------------------------------------------------- ordered vectors

/// The element that is not above the one before it.
std::optional<Fault> order_fault(Numbers x) {
  for (std::size_t k = 1; k < x.size(); ++k) {
    if (!(x[k] > x[k - 1])) {
      return Fault{static_cast<std::int64_t>(k), fmt::format("must be above the element before it, {}", x[k - 1])};
    }
  }
  return std::nullopt;
}

Expr is_increasing(const Expr& values) {
  const std::int64_t K = values.shape()[1];
  if (K < 2) return symbolic::full({values.shape()[0]}, symbolic::constant(true));
  return all_in_row(columns(values, 1, K) > columns(values, 0, K - 1));
}

/// The logarithms of the differences between neighbours, after the first element.
std::vector<double> log_steps(Numbers x) {
  std::vector<double> y(x.begin(), x.end());
  for (std::size_t k = 1; k < x.size(); ++k) y[k] = std::log(x[k] - x[k - 1]);
  return y;
}

const StructuredTransform ordered{
    .word = TypeWord::Ordered,
    .summary = "x[1] = y[1], x[k] = x[k - 1] + exp(y[k])",
    .coordinates = [](const Shape& lengths) { return lengths[0]; },
    .constrain = [](const Expr& y, const Shape& lengths) -> Constrained {
      if (lengths[0] < 2) return {y, {}};
      const Expr log_step = columns(y, 1, lengths[0]);
      return {running_sum(symbolic::concatenate({columns(y, 0, 1), symbolic::exp(log_step)}, 1)),
              symbolic::sum(log_step)};
    },
    .unconstrain = [](Numbers x, const Shape&) { return log_steps(x); },
    .fault = [](Numbers x, const Shape&) { return order_fault(x); },
    .holds = is_increasing};

const StructuredTransform positive_ordered{.word = TypeWord::PositiveOrdered,
                                           .summary = "x[1] = exp(y[1]), x[k] = x[k - 1] + exp(y[k])",
                                           .coordinates = [](const Shape& lengths) { return lengths[0]; },
                                           .constrain =
                                               [](const Expr& y, const Shape&) {
                                                 return Constrained{running_sum(symbolic::exp(y)), symbolic::sum(y)};
                                               },
                                           .unconstrain =
                                               [](Numbers x, const Shape&) {
                                                 std::vector<double> y = log_steps(x);
                                                 if (!y.empty()) y[0] = std::log(x[0]);
                                                 return y;
                                               },
                                           .fault = [](Numbers x, const Shape&) -> std::optional<Fault> {
                                             if (!x.empty() && !(x[0] >= 0)) return Fault{0, "must be at least 0"};
                                             return order_fault(x);
                                           },
                                           .holds =
                                               [](const Expr& values) {
                                                 return symbolic::logical_and(all_in_row(columns(values, 0, 1) >= 0.0),
                                                                              is_increasing(values));
                                               }};

// ---------------------------------------------------------------- sums of 0 and of 1

/// The isometric log-ratio basis in pivot form (Filzmoser, Hron & Templ 2018): with w[i] = y[i] / sqrt(i (i + 1)),
/// z[i] = w[i] + ... + w[K - 1] - (i - 1) w[i - 1].
Expr with_sum_zero(const Expr& y) {
  const std::int64_t free = y.shape()[1];
  Array scale(symbolic::Type{symbolic::DType::float64, {free}});
  Array position(scale.type());
  for (std::int64_t i = 0; i < free; ++i) {
    const auto n = static_cast<double>(i + 1);
    scale.set(i, 1 / std::sqrt(n * (n + 1)));
    position.set(i, n);
  }
  const Expr zero = constant_column(y, 0);
  if (free == 0) return zero;
  const Expr w = y * symbolic::constant(scale);
  return symbolic::concatenate({running_sum_from_right(w), zero}, 1) -
         symbolic::concatenate({zero, w * symbolic::constant(position)}, 1);
}

/// The inverse: z[n + 1] = w[n + 1] + ... + w[K - 1] - n w[n] solved for w[n], from the last one on.
std::vector<double> without_sum_zero(const std::vector<double>& z) {
  std::vector<double> y(z.size() - 1);
  double later = 0;
  for (std::size_t i = y.size(); i-- > 0;) {
    const auto n = static_cast<double>(i + 1);
    const double w = (later - z[i + 1]) / n;
    later += w;
    y[i] = w * std::sqrt(n * (n + 1));
  }
  return y;
}

const StructuredTransform sum_to_zero_vector{
    .word = TypeWord::SumToZeroVector,
    .summary = "the coordinates in an orthonormal basis of the vectors of sum 0",
    .coordinates = [](const Shape& lengths) { return at_least_one(lengths, "a sum_to_zero_vector") - 1; },
    .constrain =
        [](const Expr& y, const Shape&) {
          return Constrained{with_sum_zero(y), {}};
        },
    .unconstrain =
        [](Numbers x, const Shape&) {
          return without_sum_zero({x.begin(), x.end()});
        },
    .fault = [](Numbers x, const Shape&) -> std::optional<Fault> {
      if (std::abs(sum(x)) <= tolerance) return std::nullopt;
      return Fault{0, fmt::format("begins a vector that must sum to 0 and sums to {}", sum(x))};
    },
    .holds = [](const Expr& values) { return near(symbolic::sum(values, {1}), 0.0); }};

/// The simplex of each row, and the log-Jacobian of all: x = softmax(z) with z of sum 0, so that the logarithms of x
/// sum to -K logsumexp(z).
Constrained simplexes(const Expr& y) {
  const auto K = static_cast<double>(y.shape()[1] + 1);
  const auto count = static_cast<double>(y.shape()[0]);
  const Expr z = with_sum_zero(y);
  const Expr log_total = symbolic::logsumexp(z, {1}, true);
  return {symbolic::exp(z - log_total), 0.5 * count * std::log(K) - K * symbolic::sum(log_total)};
}

std::vector<double> without_simplex(Numbers x) {
  std::vector<double> z;
  for (const double element : x) z.push_back(std::log(element));
  const double center = sum(z) / static_cast<double>(z.size());
  for (double& element : z) element -= center;
  return without_sum_zero(z);
}

std::optional<Fault> simplex_fault(Numbers x) {
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (!(x[k] >= 0)) return Fault{static_cast<std::int64_t>(k), "must be at least 0"};
  }
  if (std::abs(sum(x) - 1) <= tolerance) return std::nullopt;
  return Fault{0, fmt::format("begins a vector that must sum to 1 and sums to {}", sum(x))};
}

const StructuredTransform simplex{
    .word = TypeWord::Simplex,
    .summary = "softmax of a vector of sum 0 in an orthonormal basis",
    .coordinates = [](const Shape& lengths) { return at_least_one(lengths, "a simplex") - 1; },
    .constrain = [](const Expr& y, const Shape&) { return simplexes(y); },
    .unconstrain = [](Numbers x, const Shape&) { return without_simplex(x); },
    .fault = [](Numbers x, const Shape&) { return simplex_fault(x); },
    .holds =
        [](const Expr& values) {
          return symbolic::logical_and(all_in_row(values >= 0.0), near(symbolic::sum(values, {1}), 1.0));
        }};

// ---------------------------------------------------------------- stochastic matrices: a simplex a row or a column

Expr stochastic(const Expr& values, std::int64_t axis) {
  const Expr in_simplex =
      symbolic::logical_and(symbolic::all(values >= 0.0, {axis}), near(symbolic::sum(values, {axis}), 1.0));
  return all_in_row(in_simplex);
}

const StructuredTransform column_stochastic_matrix{
    .word = TypeWord::ColumnStochasticMatrix,
    .summary = "every column a simplex",
    .coordinates = [](const Shape& lengths) { return (at_least_one(lengths, "a simplex") - 1) * lengths[1]; },
    .constrain =
        [](const Expr& y, const Shape& lengths) {
          // Coordinates stand column after column.
          const Constrained rows = simplexes(symbolic::reshape(y, {y.shape()[0] * lengths[1], lengths[0] - 1}));
          return Constrained{transposed(symbolic::reshape(rows.value, {y.shape()[0], lengths[1], lengths[0]})),
                             rows.log_jacobian};
        },
    .unconstrain =
        [](Numbers x, const Shape& lengths) {
          const Matrix matrix{x, lengths[1]};
          std::vector<double> coordinates;
          for (std::int64_t j = 0; j < lengths[1]; ++j) {
            std::vector<double> column;
            for (std::int64_t i = 0; i < lengths[0]; ++i) column.push_back(matrix(i, j));
            const std::vector<double> y = without_simplex(column);
            coordinates.insert(coordinates.end(), y.begin(), y.end());
          }
          return coordinates;
        },
    .fault = [](Numbers x, const Shape& lengths) -> std::optional<Fault> {
      const Matrix matrix{x, lengths[1]};
      for (std::int64_t j = 0; j < lengths[1]; ++j) {
        std::vector<double> column;
        for (std::int64_t i = 0; i < lengths[0]; ++i) column.push_back(matrix(i, j));
        if (auto fault = simplex_fault(column)) return Fault{fault->element * lengths[1] + j, fault->message};
      }
      return std::nullopt;
    },
    .holds = [](const Expr& values) { return stochastic(values, 1); }};

const StructuredTransform row_stochastic_matrix{
    .word = TypeWord::RowStochasticMatrix,
    .summary = "every row a simplex",
    .coordinates = [](const Shape& lengths) { return (at_least_one({lengths[1]}, "a simplex") - 1) * lengths[0]; },
    .constrain =
        [](const Expr& y, const Shape& lengths) {
          // Coordinates stand column after column.
          const Expr by_row = transposed(symbolic::reshape(y, {y.shape()[0], lengths[1] - 1, lengths[0]}));
          const Constrained rows = simplexes(symbolic::reshape(by_row, {y.shape()[0] * lengths[0], lengths[1] - 1}));
          return Constrained{symbolic::reshape(rows.value, {y.shape()[0], lengths[0], lengths[1]}), rows.log_jacobian};
        },
    .unconstrain =
        [](Numbers x, const Shape& lengths) {
          const auto free = static_cast<std::size_t>(lengths[1] - 1);
          const auto rows = static_cast<std::size_t>(lengths[0]);
          std::vector<double> coordinates(free * rows);
          for (std::size_t i = 0; i < rows; ++i) {
            const std::vector<double> y = without_simplex(x.subspan(i * (free + 1), free + 1));
            for (std::size_t j = 0; j < free; ++j) coordinates[j * rows + i] = y[j];
          }
          return coordinates;
        },
    .fault = [](Numbers x, const Shape& lengths) -> std::optional<Fault> {
      const auto row_length = static_cast<std::size_t>(lengths[1]);
      for (std::size_t begin = 0; begin < x.size(); begin += row_length) {
        if (auto fault = simplex_fault(x.subspan(begin, row_length))) {
          return Fault{static_cast<std::int64_t>(begin) + fault->element, fault->message};
        }
      }
      return std::nullopt;
    },
    .holds = [](const Expr& values) { return stochastic(values, 2); }};

// ---------------------------------------------------------------- length 1

const StructuredTransform unit_vector{
    .word = TypeWord::UnitVector,
    .summary = "y divided by its length, which is kept near 1 by a normal density of y",
    .coordinates = [](const Shape& lengths) { return at_least_one(lengths, "a unit_vector"); },
    .constrain =
        [](const Expr& y, const Shape&) {
          const Expr squares = symbolic::sum(symbolic::sqr(y), {1}, true);
          return Constrained{y / symbolic::sqrt(squares), -0.5 * symbolic::sum(squares)};
        },
    .unconstrain = [](Numbers x, const Shape&) { return std::vector<double>(x.begin(), x.end()); },
    .fault = [](Numbers x, const Shape&) -> std::optional<Fault> {
      const double squares = std::inner_product(x.begin(), x.end(), x.begin(), 0.0);
      if (std::abs(squares - 1) <= tolerance) return std::nullopt;
      return Fault{0, fmt::format("begins a vector whose squares must sum to 1 and sum to {}", squares)};
    },
    .holds = [](const Expr& values) { return near(symbolic::sum(symbolic::sqr(values), {1}), 1.0); }};

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

/// Canonical partial correlations on the unconstrained scale, atanh(z), of a Cholesky factor.
template <class Place>
std::vector<double> partial_correlations(const Matrix& factor, std::int64_t K, const Place& place) {
  std::vector<double> y(static_cast<std::size_t>(K * (K - 1) / 2));
  for (std::int64_t i = 1; i < K; ++i) {
    double rest = 1;  // of the squares of row i
    for (std::int64_t j = 0; j < i; ++j) {
      y[static_cast<std::size_t>(place(i, j))] = std::atanh(factor(i, j) / std::sqrt(rest));
      rest -= factor(i, j) * factor(i, j);
    }
  }
  return y;
}

std::optional<Fault> factor_fault(const Matrix& x, const Shape& lengths) {
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
    .unconstrain =
        [](Numbers x, const Shape& lengths) {
          return partial_correlations({x, lengths[1]}, lengths[0], by_rows);
        },
    .fault = [](Numbers x, const Shape& lengths) -> std::optional<Fault> {
      const Matrix matrix{x, lengths[1]};
      if (auto fault = factor_fault(matrix, lengths)) return fault;
      for (std::int64_t i = 0; i < lengths[0]; ++i) {
        double squares = 0;
        for (std::int64_t j = 0; j <= i; ++j) squares += matrix(i, j) * matrix(i, j);
        if (std::abs(squares - 1) > tolerance) {
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

std::vector<double> factor_coordinates(const Matrix& factor, const Shape& lengths) {
  std::vector<double> y;
  for (std::int64_t i = 0; i < lengths[0]; ++i) {
    for (std::int64_t j = 0; j <= std::min(i, lengths[1] - 1); ++j) {
      y.push_back(j == i ? std::log(factor(i, j)) : factor(i, j));
    }
  }
  return y;
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
    .unconstrain =
        [](Numbers x, const Shape& lengths) {
          return factor_coordinates({x, lengths[1]}, lengths);
        },
    .fault =
        [](Numbers x, const Shape& lengths) {
          return factor_fault({x, lengths[1]}, lengths);
        },
    .holds = are_factors};

// ---------------------------------------------------------------- correlation and covariance matrices

/// The Cholesky factor of a known matrix; nothing where it is not positive definite.
std::optional<std::vector<double>> cholesky(const Matrix& x, std::int64_t K) {
  std::vector<double> factor(x.elements.size());
  const Matrix lower{factor, K};
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

std::optional<Fault> covariance_fault(const Matrix& x, std::int64_t K) {
  for (std::int64_t i = 0; i < K; ++i) {
    for (std::int64_t j = 0; j < i; ++j) {
      if (std::abs(x(i, j) - x(j, i)) <= tolerance) continue;
      return Fault{i * K + j, fmt::format("must be the same as the element across the diagonal, {}", x(j, i))};
    }
  }
  if (!cholesky(x, K)) return Fault{0, "begins a matrix that must be positive definite and is not"};
  return std::nullopt;
}

/// bool[n]: symmetric and positive definite, by eliminating one row and column after the other.
Expr are_covariances(const Expr& values) {
  const std::int64_t K = values.shape()[1];
  Expr result = symbolic::all(near(values, transposed(values)), {1, 2});
  Expr rest = values;
  for (std::int64_t size = K; size > 0; --size) {
    const Expr pivot = symbolic::slice(symbolic::slice(rest, 1, {0, 1}), 2, {0, 1});
    result = symbolic::logical_and(result, symbolic::all(pivot > 0.0, {1, 2}));
    if (size == 1) break;
    const Expr below = symbolic::slice(rest, 1, {1, size});
    const Expr column = symbolic::slice(below, 2, {0, 1});
    rest = symbolic::slice(below, 2, {1, size}) - column * transposed(column) / pivot;
  }
  return result;
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
    .unconstrain =
        [](Numbers x, const Shape& lengths) {
          const std::vector<double> lower = cholesky({x, lengths[0]}, lengths[0]).value();
          return factor_coordinates({lower, lengths[0]}, lengths);
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
    .unconstrain =
        [](Numbers x, const Shape& lengths) {
          const std::int64_t K = lengths[0];
          const std::vector<double> lower = cholesky({x, K}, K).value();
          return partial_correlations({lower, K}, K,
                                      [K](std::int64_t i, std::int64_t j) { return by_columns(i, j, K); });
        },
    .fault = [](Numbers x, const Shape& lengths) -> std::optional<Fault> {
      const Matrix matrix{x, lengths[0]};
      for (std::int64_t i = 0; i < lengths[0]; ++i) {
        if (std::abs(matrix(i, i) - 1) > tolerance)
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

std::span<const StructuredTransform> all_structured_transforms() {
  static const std::vector<StructuredTransform> table = {ordered,
                                                         positive_ordered,
                                                         simplex,
                                                         unit_vector,
                                                         sum_to_zero_vector,
                                                         column_stochastic_matrix,
                                                         corr_matrix,
                                                         cholesky_factor_corr,
                                                         cov_matrix,
                                                         cholesky_factor_cov,
                                                         row_stochastic_matrix};
  return table;
}

const StructuredTransform* structured_transform(TypeWord word) {
  for (const StructuredTransform& transform : all_structured_transforms()) {
    if (transform.word == word) return &transform;
  }
  return nullptr;
}

}  // namespace leapgraph::models::library
