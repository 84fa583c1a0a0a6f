/// Functions of whole matrices: their blocks, products with themselves, quadratic forms, traces.
#include <algorithm>
#include <vector>

#include "leapgraph/models/library/maps.hpp"
#include "leapgraph/models/library/shapes.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Array;
using symbolic::Expr;

/// Argument `i` has as many elements, or rows, as the square matrix that comes first.
void require_fits_square(const BuildCall& call, std::size_t i) {
  require_square(call, 0);
  if (call.length(i) != call.length(0)) {
    throw ArgumentError("sizes differ: " + describe(call, 0) + " and " + describe(call, i));
  }
}

/// A quadratic form B' A B, of a vector a number.
Expr quadratic_form(const BuildCall& call) {
  require_fits_square(call, 1);
  return symbolic::dot(call.types[1].is(Base::matrix) ? symbolic::transpose(call[1]) : call[1],
                       symbolic::dot(call[0], call[1]));
}

/// True at the elements (i, j) of a `rows` by `columns` matrix that `holds` names.
template <class Holds>
Expr mask(std::int64_t rows, std::int64_t columns, const Holds& holds) {
  Array result(symbolic::Type{symbolic::DType::boolean, {rows, columns}});
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) result.set_integer(i * columns + j, holds(i, j) ? 1 : 0);
  }
  return symbolic::constant(result);
}

/// Sums of products down the columns (axis 0) or along the rows (axis 1). A vector is one column, a row vector one row.
Expr summed_products(const BuildCall& call, std::int64_t axis) {
  require_equal_shapes(call);
  const Expr product = call[0] * call[call.arguments.size() - 1];
  if (call.types[0].is(Base::matrix)) return symbolic::sum(product, {axis});
  const bool is_column = call.types[0].is(Base::vector);
  return is_column == (axis == 0) ? symbolic::expand_dims(symbolic::sum(product), 0) : product;
}

std::vector<Function> make_matrices() {
  return {
      // parts
      {"block", "m by n elements of a matrix from element (i, j) on", "(matrix, int, int, int, int) => matrix",
       [](const BuildCall& c) {
         return stretch(stretch(c[0], 0, c[1], size_argument(c, 3)), 1, c[2], size_argument(c, 4));
       }},
      {"sub_col", "n elements of column j of a matrix, from row i on", "(matrix, int, int, int) => vector",
       [](const BuildCall& c) {
         return symbolic::squeeze(stretch(stretch(c[0], 0, c[1], size_argument(c, 3)), 1, c[2], 1), 1);
       }},
      {"sub_row", "n elements of row i of a matrix, from column j on", "(matrix, int, int, int) => row_vector",
       [](const BuildCall& c) {
         return symbolic::squeeze(stretch(stretch(c[0], 0, c[1], 1), 1, c[2], size_argument(c, 3)), 0);
       }},

      // products
      {"columns_dot_product", "the dot product of each column of two matrices",
       "(matrix, matrix) => row_vector | (vector, vector) => row_vector | (row_vector, row_vector) => row_vector",
       [](const BuildCall& c) { return summed_products(c, 0); }},
      {"rows_dot_product", "the dot product of each row of two matrices",
       "(matrix, matrix) => vector | (vector, vector) => vector | (row_vector, row_vector) => vector",
       [](const BuildCall& c) { return summed_products(c, 1); }},
      {"columns_dot_self", "the sum of squares of each column",
       "(matrix) => row_vector | (vector) => row_vector | (row_vector) => row_vector",
       [](const BuildCall& c) { return summed_products(c, 0); }},
      {"rows_dot_self", "the sum of squares of each row",
       "(matrix) => vector | (vector) => vector | (row_vector) => vector",
       [](const BuildCall& c) { return summed_products(c, 1); }},
      {"multiply_lower_tri_self_transpose", "the lower triangle of a matrix times its transpose", "(matrix) => matrix",
       [](const BuildCall& c) {
         const Expr lower = mask(c.length(0), c.length(0, 1), [](std::int64_t i, std::int64_t j) { return j <= i; });
         const Expr triangle = symbolic::where(lower, c[0], 0.0);
         return symbolic::dot(triangle, symbolic::transpose(triangle));
       }},

      // quadratic forms
      {"quad_form", "B' * A * B", "(matrix, matrix) => matrix | (matrix, vector) => real", quadratic_form},
      {"quad_form_sym", "B' * A * B of a symmetric A", "(matrix, matrix) => matrix | (matrix, vector) => real",
       quadratic_form},
      {"quad_form_diag", "the element (i, j) of a matrix times elements i and j of a vector", "(matrix, V) => matrix",
       [](const BuildCall& c) {
         require_fits_square(c, 1);
         return c[0] * symbolic::expand_dims(c[1], 1) * c[1];
       }},
      {"trace_quad_form", "trace of B' * A * B", "(matrix, matrix) => real | (matrix, vector) => real",
       [](const BuildCall& c) {
         require_fits_square(c, 1);
         return symbolic::sum(c[1] * symbolic::dot(c[0], c[1]));
       }},
      {"trace_gen_quad_form", "trace of D * B' * A * B", "(matrix, matrix, matrix) => real",
       [](const BuildCall& c) {
         require_square(c, 0);
         require_square(c, 1);
         if (c.length(1) != c.length(2) || c.length(0) != c.length(2, 1)) {
           throw ArgumentError("sizes differ: " + describe(c, 0) + ", " + describe(c, 1) + " and " + describe(c, 2));
         }
         return symbolic::sum(symbolic::dot(c[2], symbolic::transpose(c[0])) * symbolic::dot(c[1], c[2]));
       }},
      {"trace_dot", "trace of A * B", "(matrix, matrix) => real",
       [](const BuildCall& c) {
         if (c.length(0) != c.length(1, 1) || c.length(0, 1) != c.length(1)) {
           throw ArgumentError("sizes differ: " + describe(c, 0) + " times " + describe(c, 1));
         }
         return symbolic::sum(c[0] * symbolic::transpose(c[1]));
       }},

      // diagonals and triangles
      {"trace", "sum of the diagonal", "(matrix) => real",
       [](const BuildCall& c) {
         require_square(c, 0);
         return symbolic::sum(symbolic::diagonal(c[0]));
       }},
      {"add_diag", "the matrix with a number, or the elements of a vector, added to its diagonal",
       "(matrix, real) => matrix | (matrix, V) => matrix",
       [](const BuildCall& c) {
         const std::int64_t length = std::min(c.length(0, 0), c.length(0, 1));
         if (!c.types[1].is_scalar() && c.length(1) != length) {
           throw ArgumentError("sizes differ: " + describe(c, 0) + " and " + describe(c, 1));
         }
         const Expr on_diagonal =
             mask(c.length(0, 0), c.length(0, 1), [](std::int64_t i, std::int64_t j) { return i == j; });
         Expr added = c[1];
         if (!c.types[1].is_scalar() && c.length(0, 1) > length) {
           added = symbolic::concatenate({added, symbolic::full({c.length(0, 1) - length}, 0.0)});
         }
         return symbolic::where(on_diagonal, c[0] + added, c[0]);
       }},
      {"symmetrize_from_lower_tri", "the symmetric matrix with this lower triangle", "(matrix) => matrix",
       [](const BuildCall& c) {
         require_square(c, 0);
         const Expr lower = mask(c.length(0), c.length(0), [](std::int64_t i, std::int64_t j) { return j <= i; });
         return symbolic::where(lower, c[0], symbolic::transpose(c[0]));
       }},
  };
}

}  // namespace

std::span<const Function> matrix_functions() {
  static const std::vector<Function> table = make_matrices();
  return table;
}

}  // namespace leapgraph::models::library
