/// Functions that make, measure, take apart and join containers.
#include <algorithm>
#include <numeric>
#include <vector>

#include "leapgraph/models/library/maps.hpp"
#include "leapgraph/models/library/shapes.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Expr;
using symbolic::Shape;

constexpr std::string_view any_size = "(T) => int";
constexpr std::string_view matrix_size = "(vector) => int | (row_vector) => int | (matrix) => int";

Expr integer(std::int64_t value) { return symbolic::constant(value); }

/// Scalars repeated: the sizes are the arguments after the first.
Expr repeat(const BuildCall& call) {
  Shape shape;
  for (std::size_t i = 1; i < call.arguments.size(); ++i) shape.push_back(size_argument(call, i));
  const Shape& element = call[0].shape();
  shape.insert(shape.end(), element.begin(), element.end());
  return symbolic::broadcast_to(call[0], shape);
}

/// All elements in a row: matrices column after column, arrays row after row.
Expr flatten(const BuildCall& call) {
  const Expr& x = call[0];
  return symbolic::reshape(call.types[0].is(Base::matrix) ? symbolic::transpose(x) : x, {-1});
}

/// Elements in a row to a matrix, column after column; a fourth argument of 0: row after row.
Expr to_matrix(const BuildCall& call) {
  const std::size_t count = call.arguments.size();
  if (count == 1) {
    if (call.types[0].is(Base::vector)) return symbolic::expand_dims(call[0], 1);
    if (call.types[0].is(Base::row_vector)) return symbolic::expand_dims(call[0], 0);
    return call[0];
  }
  const std::int64_t rows = size_argument(call, 1);
  const std::int64_t columns = size_argument(call, 2);
  if (rows * columns != symbolic::element_count(call[0].shape())) {
    throw ArgumentError(describe(call, 0) + " does not fill a matrix[" + std::to_string(rows) + ", " +
                        std::to_string(columns) + "]");
  }
  const Expr elements = flatten(call);
  if (count == 4 && call.integer(3) == 0) return symbolic::reshape(elements, {rows, columns});
  return symbolic::transpose(symbolic::reshape(elements, {columns, rows}));
}

/// Joins two arguments along an axis of the result; an argument of one dimension less is one row or column.
Expr append(const BuildCall& call, std::int64_t axis) {
  const auto result_rank = static_cast<std::int64_t>(rank(call.result));
  Expr parts[2] = {call[0], call[1]};
  for (Expr& joined : parts) {
    if (joined.rank() < result_rank) joined = symbolic::expand_dims(joined, axis);
  }
  for (std::int64_t other = 0; other < result_rank; ++other) {
    const auto i = static_cast<std::size_t>(other);
    if (other != axis && parts[0].shape()[i] != parts[1].shape()[i]) {
      throw ArgumentError("sizes differ: " + describe(call, 0) + " and " + describe(call, 1));
    }
  }
  return symbolic::concatenate({parts[0], parts[1]}, axis);
}

/// Rows (axis 0) or columns (axis 1) of the matrix times the elements of the vector.
Expr scale(const BuildCall& call, std::size_t vector, std::size_t matrix, std::int64_t axis) {
  if (call.length(vector) != call.length(matrix, axis)) {
    throw ArgumentError("sizes differ: " + describe(call, 0) + " and " + describe(call, 1));
  }
  return call[matrix] * (axis == 0 ? symbolic::expand_dims(call[vector], 1) : call[vector]);
}

std::vector<Function> make_containers() {
  using namespace symbolic;
  constexpr bool sizes_only = true;
  return {
      // sizes
      {"rows",
       "number of rows",
       matrix_size,
       [](const BuildCall& c) { return integer(c.types[0].is(Base::row_vector) ? 1 : c.length(0)); },
       {},
       {},
       sizes_only},
      {"cols",
       "number of columns",
       matrix_size,
       [](const BuildCall& c) {
         if (c.types[0].is(Base::vector)) return integer(1);
         return integer(c.types[0].is(Base::row_vector) ? c.length(0) : c.length(0, 1));
       },
       {},
       {},
       sizes_only},
      {"size",
       "length of an array or vector, number of elements of a matrix",
       any_size,
       [](const BuildCall& c) {
         if (rank(c.types[0]) == 0) return integer(1);
         return integer(c.types[0].is(Base::matrix) ? element_count(c[0].shape()) : c.length(0));
       },
       {},
       {},
       sizes_only},
      {"num_elements",
       "number of numbers in the whole container",
       any_size,
       [](const BuildCall& c) { return integer(element_count(c[0].shape())); },
       {},
       {},
       sizes_only},
      {"dims",
       "all lengths, outermost first",
       "(T) => array[] int",
       [](const BuildCall& c) {
         const Shape& shape = c[0].shape();
         return constant(Array::of<std::int64_t>({static_cast<std::int64_t>(shape.size())}, shape));
       },
       {},
       {},
       sizes_only},

      // making
      {"rep_vector", "vector of n times x", "(real, int) => vector", repeat},
      {"rep_row_vector", "row vector of n times x", "(real, int) => row_vector", repeat},
      {"rep_matrix", "matrix of m by n times x, or of n times a column or m times a row",
       "(real, int, int) => matrix | (vector, int) => matrix | (row_vector, int) => matrix",
       [](const BuildCall& c) {
         if (!c.types[0].is(Base::vector)) return repeat(c);
         return broadcast_to(expand_dims(c[0], 1), {c.length(0), size_argument(c, 1)});
       }},
      {"rep_array", "array of n (by m by k) times x",
       "(T, int) => array[] T | (T, int, int) => array[,] T | (T, int, int, int) => array[,,] T", repeat},
      {"diag_matrix", "matrix with the vector on its diagonal", "(vector) => matrix",
       [](const BuildCall& c) { return diag(c[0]); }},

      // conversion
      {"to_vector", "all elements as a vector, those of a matrix column after column",
       "(vector) => vector | (row_vector) => vector | (matrix) => vector | (array[] real) => vector", flatten},
      {"to_row_vector", "all elements as a row vector, those of a matrix column after column",
       "(row_vector) => row_vector | (vector) => row_vector | (matrix) => row_vector | (array[] real) => row_vector",
       flatten},
      {"to_matrix", "the elements as a matrix, column after column; with a last argument of 0 row after row",
       "(matrix) => matrix | (vector) => matrix | (row_vector) => matrix | (array[,] real) => matrix | "
       "(array[] row_vector) => matrix | (matrix, int, int) => matrix | (V, int, int) => matrix | "
       "(array[] real, int, int) => matrix | (matrix, int, int, int) => matrix | (V, int, int, int) => matrix | "
       "(array[] real, int, int, int) => matrix",
       to_matrix},
      {"to_array_1d", "all elements as an array: of a matrix column after column, of an array row after row",
       "(V) => array[] real | (matrix) => array[] real | (array[] real) => array[] real | (array[,] real) => array[] "
       "real | "
       "(array[,,] real) => array[] real | (array[] int) => array[] int | (array[,] int) => array[] int | "
       "(array[,,] int) => array[] int",
       flatten},
      {"to_array_2d", "a matrix as an array of arrays", "(matrix) => array[,] real",
       [](const BuildCall& c) { return c[0]; }},

      // parts
      {"head", "the first n elements", "(V, int) => V | (array[] T, int) => array[] T",
       [](const BuildCall& c) { return stretch(c[0], 0, integer(1), size_argument(c, 1)); }},
      {"tail", "the last n elements", "(V, int) => V | (array[] T, int) => array[] T",
       [](const BuildCall& c) {
         const std::int64_t count = size_argument(c, 1);
         return stretch(c[0], 0, integer(c.length(0) - count + 1), count);
       }},
      {"segment", "n elements from position i on", "(V, int, int) => V | (array[] T, int, int) => array[] T",
       [](const BuildCall& c) { return stretch(c[0], 0, c[1], size_argument(c, 2)); }},
      {"reverse", "the elements in reverse order", "(V) => V | (array[] T) => array[] T",
       [](const BuildCall& c) {
         std::vector<std::int64_t> order(static_cast<std::size_t>(c.length(0)));
         std::iota(order.rbegin(), order.rend(), std::int64_t{0});
         return gather(c[0], constant(Array::of<std::int64_t>({c.length(0)}, order)));
       }},
      {"row", "row n of a matrix", "(matrix, int) => row_vector",
       [](const BuildCall& c) { return squeeze(stretch(c[0], 0, c[1], 1), 0); }},
      {"col", "column n of a matrix", "(matrix, int) => vector",
       [](const BuildCall& c) { return squeeze(stretch(c[0], 1, c[1], 1), 1); }},
      {"diagonal", "diagonal of a matrix", "(matrix) => vector",
       [](const BuildCall& c) { return symbolic::diagonal(c[0]); }},

      // joining
      {"append_row", "one above the other",
       "(real, vector) => vector | (vector, real) => vector | (vector, vector) => vector | (matrix, matrix) => matrix "
       "| "
       "(matrix, row_vector) => matrix | (row_vector, matrix) => matrix | (row_vector, row_vector) => matrix",
       [](const BuildCall& c) { return append(c, 0); }},
      {"append_col", "one beside the other",
       "(real, row_vector) => row_vector | (row_vector, real) => row_vector | (row_vector, row_vector) => row_vector | "
       "(matrix, matrix) => matrix | (matrix, vector) => matrix | (vector, matrix) => matrix | (vector, vector) => "
       "matrix",
       [](const BuildCall& c) { return append(c, c.result.is(Base::row_vector) ? 0 : 1); }},
      {"append_array", "one array after the other", "(array[] T, array[] T) => array[] T",
       [](const BuildCall& c) { return append(c, 0); }},

      // arithmetic on whole containers
      {"cumulative_sum", "sums of the first 1, 2, ..., n elements",
       "(array[] int) => array[] int | (array[] real) => array[] real | (V) => V",
       [](const BuildCall& c) { return cumsum(c[0]); }},
      {"diag_pre_multiply", "the rows of a matrix times the elements of a vector", "(V, matrix) => matrix",
       [](const BuildCall& c) { return scale(c, 0, 1, 0); }},
      {"diag_post_multiply", "the columns of a matrix times the elements of a vector", "(matrix, V) => matrix",
       [](const BuildCall& c) { return scale(c, 1, 0, 1); }},
      {"crossprod", "transposed matrix times the matrix", "(matrix) => matrix",
       [](const BuildCall& c) { return dot(symbolic::transpose(c[0]), c[0]); }},
      {"tcrossprod", "matrix times its transpose", "(matrix) => matrix",
       [](const BuildCall& c) { return dot(c[0], symbolic::transpose(c[0])); }},
  };
}

}  // namespace

std::span<const Function> container_functions() {
  static const std::vector<Function> table = make_containers();
  return table;
}

}  // namespace leapgraph::models::library
