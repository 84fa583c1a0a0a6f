/// Sparse matrices in compressed rows: values w, their columns v, and where each row begins among them, u.
#include <vector>

#include "leapgraph/models/library/shapes.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Array;
using symbolic::Expr;
using Numbers64 = std::vector<std::int64_t>;

Numbers64 known_integers_of(const BuildCall& call, std::size_t i) {
  const std::optional<Array> value = symbolic::constant_value(call[i]);
  if (!value) throw UnknownInteger("argument " + std::to_string(i + 1) + " must be known before sampling");
  const std::span<const std::int64_t> elements = value->data<std::int64_t>();
  return {elements.begin(), elements.end()};
}

Expr integer_array(const Numbers64& values) {
  return symbolic::constant(Array::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
}

/// Row and column, from 0, of each stored value.
struct Places {
  Numbers64 rows, columns;
};

/// Of the arguments (m, n, w, v, u, ...).
Places places(const BuildCall& call) {
  const std::int64_t row_count = size_argument(call, 0), column_count = size_argument(call, 1);
  const Numbers64 v = known_integers_of(call, 3), u = known_integers_of(call, 4);
  const auto stored = static_cast<std::int64_t>(v.size());
  if (call.length(2) != stored) throw ArgumentError("sizes differ: " + describe(call, 2) + " and " + describe(call, 3));
  if (static_cast<std::int64_t>(u.size()) != row_count + 1 || u.front() != 1 || u.back() != stored + 1) {
    throw ArgumentError("argument 5 must have " + std::to_string(row_count + 1) + " elements, from 1 to " +
                        std::to_string(stored + 1));
  }
  Places result;
  for (std::size_t row = 0; row + 1 < u.size(); ++row) {
    if (u[row + 1] < u[row]) throw ArgumentError("argument 5 decreases at element " + std::to_string(row + 2));
    for (std::int64_t k = u[row]; k < u[row + 1]; ++k) {
      const std::int64_t column = v[static_cast<std::size_t>(k - 1)];
      if (column < 1 || column > column_count) {
        throw ArgumentError("column " + std::to_string(column) + " is not between 1 and " +
                            std::to_string(column_count));
      }
      result.rows.push_back(static_cast<std::int64_t>(row));
      result.columns.push_back(column - 1);
    }
  }
  return result;
}

/// Where a known matrix is not 0; `starts`: where each row begins, counted from 1.
struct Nonzero {
  Numbers64 positions, columns, starts = {1};
};
Nonzero nonzero(const BuildCall& call) {
  const std::optional<Array> matrix = symbolic::constant_value(call[0]);
  if (!matrix) throw UnknownInteger("the matrix must be known before sampling: its zeros are left out");
  Nonzero result;
  const std::int64_t column_count = call.length(0, 1);
  for (std::int64_t i = 0; i < matrix->size(); ++i) {
    if (matrix->real(i) != 0) {
      result.positions.push_back(i);
      result.columns.push_back(i % column_count + 1);
    }
    if ((i + 1) % column_count == 0) result.starts.push_back(static_cast<std::int64_t>(result.columns.size()) + 1);
  }
  return result;
}

/// w, v or u.
Expr extracted(const BuildCall& call, int part) {
  const Nonzero found = nonzero(call);
  if (part == 0) return symbolic::gather(symbolic::reshape(call[0], {-1}), integer_array(found.positions));
  return integer_array(part == 1 ? found.columns : found.starts);
}

}  // namespace

std::span<const Function> sparse_functions() {
  static const std::vector<Function> table = {
      {"csr_matrix_times_vector", "a sparse m by n matrix (m, n, w, v, u) times a vector",
       "(int, int, vector, array[] int, array[] int, vector) => vector",
       [](const BuildCall& call) {
         const Places stored = places(call);
         if (call.length(5) != call.integer(1)) {
           throw ArgumentError("sizes differ: " + std::to_string(call.integer(1)) + " columns and " +
                               describe(call, 5));
         }
         const Expr products = call[2] * symbolic::gather(call[5], integer_array(stored.columns));
         return symbolic::scatter_add(products, integer_array(stored.rows), call.integer(0));
       }},
      {"csr_to_dense_matrix", "a sparse m by n matrix (m, n, w, v, u) with its zeros",
       "(int, int, vector, array[] int, array[] int) => matrix",
       [](const BuildCall& call) {
         const Places stored = places(call);
         const std::int64_t m = call.integer(0), n = call.integer(1);
         Numbers64 positions;
         for (std::size_t k = 0; k < stored.rows.size(); ++k) {
           positions.push_back(stored.rows[k] * n + stored.columns[k]);
         }
         return symbolic::reshape(symbolic::scatter_add(call[2], integer_array(positions), m * n), {m, n});
       }},
      {"csr_extract_w", "the values of a matrix that are not 0, row after row", "(matrix) => vector",
       [](const BuildCall& call) { return extracted(call, 0); }},
      {"csr_extract_v", "the column of each value that is not 0", "(matrix) => array[] int",
       [](const BuildCall& call) { return extracted(call, 1); }},
      {"csr_extract_u", "where each row begins among the values that are not 0, and one more than there are",
       "(matrix) => array[] int", [](const BuildCall& call) { return extracted(call, 2); }},
      {"csr_extract", "csr_extract_w, csr_extract_v and csr_extract_u",
       "(matrix) => tuple(vector, array[] int, array[] int)",
       [](const BuildCall& call) { return extracted(call, call.slot); }},
  };
  return table;
}

}  // namespace leapgraph::models::library
