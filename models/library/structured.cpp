/// Constraints of vectors: ordered, of length 1, of sum 0 or 1, and matrices that have such rows or columns.
#include "leapgraph/models/library/structured.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "leapgraph/models/library/function.hpp"
#include "leapgraph/models/library/rows.hpp"
#include "leapgraph/symbolic/interpret.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Array;
using symbolic::Expr;
using symbolic::Shape;

/// Sums of each row's first 1, 2, ... elements.
Expr running_sum(const Expr& x) { return x.shape()[1] <= 1 ? x : symbolic::cumsum(x, 1); }
/// Sums of each row's last n, n - 1, ..., 1 elements.
Expr running_sum_from_right(const Expr& x) {
  constexpr symbolic::Slice backwards{std::nullopt, std::nullopt, -1};
  return x.shape()[1] <= 1 ? x : symbolic::slice(symbolic::cumsum(symbolic::slice(x, 1, backwards), 1), 1, backwards);
}

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

/// The first element, or its logarithm, and the logarithms of the differences between neighbours.
Expr log_steps(const Expr& x, bool log_of_first) {
  const std::int64_t K = x.shape()[1];
  if (K == 0) return x;
  const Expr first = log_of_first ? symbolic::log(columns(x, 0, 1)) : columns(x, 0, 1);
  if (K == 1) return first;
  return symbolic::concatenate({first, symbolic::log(columns(x, 1, K) - columns(x, 0, K - 1))}, 1);
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
    .unconstrained = [](const Expr& x, const Shape&) { return log_steps(x, false); },
    .fault = [](Numbers x, const Shape&) { return order_fault(x); },
    .holds = is_increasing};

const StructuredTransform positive_ordered{
    .word = TypeWord::PositiveOrdered,
    .summary = "x[1] = exp(y[1]), x[k] = x[k - 1] + exp(y[k])",
    .coordinates = [](const Shape& lengths) { return lengths[0]; },
    .constrain =
        [](const Expr& y, const Shape&) {
          return Constrained{running_sum(symbolic::exp(y)), symbolic::sum(y)};
        },
    .unconstrained = [](const Expr& x, const Shape&) { return log_steps(x, true); },
    .fault = [](Numbers x, const Shape&) -> std::optional<Fault> {
      if (!x.empty() && !(x[0] >= 0)) return Fault{0, "must be at least 0"};
      return order_fault(x);
    },
    .holds =
        [](const Expr& values) {
          return symbolic::logical_and(all_in_row(columns(values, 0, 1) >= 0.0), is_increasing(values));
        }};

// ---------------------------------------------------------------- sums of 0 and of 1

/// 1 / sqrt(n (n + 1)) and n for n = 1, 2, ...
struct PivotScales {
  Expr scale, position;
};
PivotScales pivot_scales(std::int64_t count) {
  Array scale(symbolic::Type{symbolic::DType::float64, {count}});
  Array position(scale.type());
  for (std::int64_t i = 0; i < count; ++i) {
    const auto n = static_cast<double>(i + 1);
    scale.set(i, 1 / std::sqrt(n * (n + 1)));
    position.set(i, n);
  }
  return {symbolic::constant(scale), symbolic::constant(position)};
}

/// The isometric log-ratio basis in pivot form (Filzmoser, Hron & Templ 2018): with w[i] = y[i] / sqrt(i (i + 1)),
/// z[i] = w[i] + ... + w[K - 1] - (i - 1) w[i - 1].
Expr with_sum_zero(const Expr& y) {
  const std::int64_t free = y.shape()[1];
  const Expr zero = constant_column(y, 0);
  if (free == 0) return zero;
  const PivotScales pivot = pivot_scales(free);
  const Expr w = y * pivot.scale;
  return symbolic::concatenate({running_sum_from_right(w), zero}, 1) -
         symbolic::concatenate({zero, w * pivot.position}, 1);
}

/// The inverse; the basis is orthonormal: y[n] = (z[1] + ... + z[n] - n z[n + 1]) / sqrt(n (n + 1)).
Expr without_sum_zero(const Expr& z) {
  const std::int64_t free = z.shape()[1] - 1;
  if (free == 0) return columns(z, 0, 0);
  const PivotScales pivot = pivot_scales(free);
  return (running_sum(columns(z, 0, free)) - columns(z, 1, free + 1) * pivot.position) * pivot.scale;
}

const StructuredTransform sum_to_zero_vector{
    .word = TypeWord::SumToZeroVector,
    .summary = "the coordinates in an orthonormal basis of the vectors of sum 0",
    .coordinates = [](const Shape& lengths) { return at_least_one(lengths, "a sum_to_zero_vector") - 1; },
    .constrain =
        [](const Expr& y, const Shape&) {
          return Constrained{with_sum_zero(y), {}};
        },
    .unconstrained = [](const Expr& x, const Shape&) { return without_sum_zero(x); },
    .fault = [](Numbers x, const Shape&) -> std::optional<Fault> {
      if (std::abs(sum_of(x)) <= constraint_tolerance) return std::nullopt;
      return Fault{0, fmt::format("begins a vector that must sum to 0 and sums to {}", sum_of(x))};
    },
    .holds = [](const Expr& values) { return near(symbolic::sum(values, {1}), 0.0); }};

// Of matrices the basis begins one element later, as in Stan's sources: each column and each row of basis vectors has
// its first element last.
Expr first_to_last(const Expr& x) {
  const std::int64_t K = x.shape()[1];
  return K < 2 ? x : symbolic::concatenate({columns(x, 1, K), columns(x, 0, 1)}, 1);
}
Expr last_to_first(const Expr& x) {
  const std::int64_t K = x.shape()[1];
  return K < 2 ? x : symbolic::concatenate({columns(x, K - 1, K), columns(x, 0, K - 1)}, 1);
}

/// `f` of each row of the matrices [n, rows, columns], which makes rows of `columns` elements of them.
template <class F>
Expr by_rows_of(const Expr& matrices, std::int64_t column_count, const F& f) {
  const Shape& shape = matrices.shape();
  return symbolic::reshape(f(symbolic::reshape(matrices, {shape[0] * shape[1], shape[2]})),
                           {shape[0], shape[1], column_count});
}

const StructuredTransform sum_to_zero_matrix{
    .word = TypeWord::SumToZeroMatrix,
    .summary =
        "the coordinates, column after column, in an orthonormal basis of the matrices of rows and columns of sum 0",
    .coordinates =
        [](const Shape& lengths) {
          return (at_least_one(lengths, "a column of a sum_to_zero_matrix") - 1) *
                 (at_least_one({lengths[1]}, "a row of a sum_to_zero_matrix") - 1);
        },
    .constrain =
        [](const Expr& y, const Shape& lengths) {
          const auto spread = [](const Expr& rows) { return first_to_last(with_sum_zero(rows)); };
          const Expr transposes = symbolic::reshape(y, {y.shape()[0], lengths[1] - 1, lengths[0] - 1});
          const Expr by_column = transposed(by_rows_of(transposes, lengths[0], spread));
          return Constrained{by_rows_of(by_column, lengths[1], spread), {}};
        },
    .unconstrained =
        [](const Expr& x, const Shape& lengths) {
          const auto gather = [](const Expr& rows) { return without_sum_zero(last_to_first(rows)); };
          const Expr by_row = transposed(by_rows_of(x, lengths[1] - 1, gather));
          return symbolic::reshape(by_rows_of(by_row, lengths[0] - 1, gather),
                                   {x.shape()[0], (lengths[0] - 1) * (lengths[1] - 1)});
        },
    .fault = [](Numbers x, const Shape& lengths) -> std::optional<Fault> {
      const KnownMatrix matrix{x, lengths[1]};
      for (std::int64_t i = 0; i < lengths[0]; ++i) {
        double sum = 0;
        for (std::int64_t j = 0; j < lengths[1]; ++j) sum += matrix(i, j);
        if (std::abs(sum) > constraint_tolerance)
          return Fault{i * lengths[1], fmt::format("begins a row that must sum to 0 and sums to {}", sum)};
      }
      for (std::int64_t j = 0; j < lengths[1]; ++j) {
        double sum = 0;
        for (std::int64_t i = 0; i < lengths[0]; ++i) sum += matrix(i, j);
        if (std::abs(sum) > constraint_tolerance)
          return Fault{j, fmt::format("begins a column that must sum to 0 and sums to {}", sum)};
      }
      return std::nullopt;
    },
    .holds =
        [](const Expr& values) {
          return symbolic::logical_and(all_in_row(near(symbolic::sum(values, {1}), 0.0)),
                                       all_in_row(near(symbolic::sum(values, {2}), 0.0)));
        }};

/// The simplex of each row, and the log-Jacobian of all: x = softmax(z) with z of sum 0, so that the logarithms of x
/// sum to -K logsumexp(z).
Constrained simplexes(const Expr& y) {
  const auto K = static_cast<double>(y.shape()[1] + 1);
  const auto count = static_cast<double>(y.shape()[0]);
  const Expr z = with_sum_zero(y);
  const Expr log_total = symbolic::logsumexp(z, {1}, true);
  return {symbolic::exp(z - log_total), 0.5 * count * std::log(K) - K * symbolic::sum(log_total)};
}

Expr without_simplex(const Expr& x) {
  const Expr z = symbolic::log(x);
  return without_sum_zero(z - symbolic::mean(z, {1}, true));
}

std::optional<Fault> simplex_fault(Numbers x) {
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (!(x[k] >= 0)) return Fault{static_cast<std::int64_t>(k), "must be at least 0"};
  }
  if (std::abs(sum_of(x) - 1) <= constraint_tolerance) return std::nullopt;
  return Fault{0, fmt::format("begins a vector that must sum to 1 and sums to {}", sum_of(x))};
}

const StructuredTransform simplex{
    .word = TypeWord::Simplex,
    .summary = "softmax of a vector of sum 0 in an orthonormal basis",
    .coordinates = [](const Shape& lengths) { return at_least_one(lengths, "a simplex") - 1; },
    .constrain = [](const Expr& y, const Shape&) { return simplexes(y); },
    .unconstrained = [](const Expr& x, const Shape&) { return without_simplex(x); },
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
    .unconstrained =
        [](const Expr& x, const Shape& lengths) {
          const std::int64_t count = x.shape()[0];
          const Expr rows = without_simplex(symbolic::reshape(transposed(x), {count * lengths[1], lengths[0]}));
          return symbolic::reshape(rows, {count, lengths[1] * (lengths[0] - 1)});
        },
    .fault = [](Numbers x, const Shape& lengths) -> std::optional<Fault> {
      const KnownMatrix matrix{x, lengths[1]};
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
    .unconstrained =
        [](const Expr& x, const Shape& lengths) {
          const std::int64_t count = x.shape()[0], free = lengths[1] - 1;
          const Expr rows = without_simplex(symbolic::reshape(x, {count * lengths[0], lengths[1]}));
          return symbolic::reshape(transposed(symbolic::reshape(rows, {count, lengths[0], free})),
                                   {count, free * lengths[0]});
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
    .unconstrained = [](const Expr& x, const Shape&) { return x; },
    .fault = [](Numbers x, const Shape&) -> std::optional<Fault> {
      const double squares = std::inner_product(x.begin(), x.end(), x.begin(), 0.0);
      if (std::abs(squares - 1) <= constraint_tolerance) return std::nullopt;
      return Fault{0, fmt::format("begins a vector whose squares must sum to 1 and sum to {}", squares)};
    },
    .holds = [](const Expr& values) { return near(symbolic::sum(symbolic::sqr(values), {1}), 1.0); }};

}  // namespace

std::span<const StructuredTransform> vector_transforms() {
  static const std::vector<StructuredTransform> table = {ordered,
                                                         positive_ordered,
                                                         simplex,
                                                         sum_to_zero_vector,
                                                         sum_to_zero_matrix,
                                                         unit_vector,
                                                         column_stochastic_matrix,
                                                         row_stochastic_matrix};
  return table;
}

std::vector<double> StructuredTransform::unconstrain(Numbers value, const Shape& lengths) const {
  Shape shape = lengths;
  shape.insert(shape.begin(), 1);
  const Expr one = symbolic::constant(Array::of<double>(shape, {value.begin(), value.end()}));
  return symbolic::interpret({{}, {unconstrained(one, lengths)}}, {}).at(0).reals();
}

std::span<const StructuredTransform> all_structured_transforms() {
  static const std::vector<StructuredTransform> table = [] {
    std::vector<StructuredTransform> all;
    for (const auto family : {vector_transforms(), matrix_transforms()}) {
      all.insert(all.end(), family.begin(), family.end());
    }
    return all;
  }();
  return table;
}

const StructuredTransform* structured_transform(TypeWord word) {
  for (const StructuredTransform& transform : all_structured_transforms()) {
    if (transform.word == word) return &transform;
  }
  return nullptr;
}

}  // namespace leapgraph::models::library
