/// Covariance matrices: Cholesky factors, triangular systems, the covariances of Gaussian processes. Factors and
/// solutions are loops over columns, so that the graph does not grow with the matrix.
#include "leapgraph/models/library/covariances.hpp"

#include <limits>
#include <string>
#include <vector>

#include "leapgraph/models/library/shapes.hpp"
#include "leapgraph/symbolic/linear_algebra.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {

using symbolic::Expr;
using symbolic::Exprs;

Expr cholesky_factor(const Expr& matrix) {
  const std::int64_t size = matrix.shape()[0];
  const Expr numbers = symbolic::arange(size);
  // Column t is what is left of row t over the root of its diagonal element; its products with itself leave the rest.
  const auto step = [&](const Exprs& carry, const Exprs& element) {
    const Expr& rest = carry[0];
    const Expr& t = element[0];
    const Expr row = symbolic::gather(rest, t);
    const Expr column = symbolic::where(numbers >= t, row / symbolic::sqrt(symbolic::gather(row, t)), 0.0);
    return symbolic::ScanBody{{rest - symbolic::outer(column, column)}, {column}};
  };
  const Expr factor = symbolic::transpose(symbolic::scan(step, {matrix}, {numbers}).outputs[0]);
  const Expr symmetric = symbolic::all(symbolic::abs(matrix - symbolic::transpose(matrix)) <= 1e-8);
  return symbolic::where(symmetric, factor, std::numeric_limits<double>::quiet_NaN());
}

Expr half_log_determinant(const Expr& factor) { return symbolic::sum(symbolic::log(symbolic::diagonal(factor))); }

Expr is_positive_definite(const Expr& matrix) {
  return symbolic::logical_not(symbolic::isnan(half_log_determinant(cholesky_factor(matrix))));
}

Expr is_cholesky_factor(const Expr& factor) {
  const Expr numbers = symbolic::arange(factor.shape()[0]);
  const Expr above = symbolic::expand_dims(numbers, 1) < numbers,
             on = symbolic::eq(symbolic::expand_dims(numbers, 1), numbers);
  return symbolic::where(on, factor > 0.0,
                         symbolic::logical_or(symbolic::logical_not(above), symbolic::eq(factor, 0.0)));
}

Expr solve_lower_triangle(const Expr& factor, const Expr& right) {
  if (right.rank() == 2) {  // many systems: a precompiled routine is quicker than a loop over columns of them all
    return symbolic::transpose(symbolic::solve_triangular(factor, symbolic::transpose(right), {.raises = false}));
  }
  const auto step = [](const Exprs& carry, const Exprs& element) {
    const Expr &rest = carry[0], &column = element[0], &t = element[1];
    const Expr solution = symbolic::gather(rest, t) / symbolic::gather(column, t);
    return symbolic::ScanBody{{rest - solution * column}, {solution}};
  };
  const Expr numbers = symbolic::arange(factor.shape()[0]);
  return symbolic::scan(step, {right}, {symbolic::transpose(factor), numbers}).outputs[0];
}

namespace {

/// Squared distances between the points of two arrays: numbers, or vectors along the last axis.
Expr squared_distances(const Expr& x, const Expr& y) {
  const Expr differences = symbolic::expand_dims(x, 1) - symbolic::expand_dims(y, 0);
  const Expr squares = symbolic::sqr(differences);
  return squares.rank() == 3 ? symbolic::sum(squares, {2}) : squares;
}

/// sigma^2 exp(-|x - y|^2 / (2 l^2)); an array of length scales has one for each dimension.
Expr exponentiated_quadratic(const BuildCall& call) {
  const std::size_t last = call.arguments.size() - 1;
  const bool own_scales = call.types[last].is_array();
  Expr x = call[0], y = last == 3 ? call[1] : call[0];
  if (x.rank() == 2 && x.shape()[1] != y.shape()[1]) {
    throw ArgumentError("sizes differ: " + describe(call, 0) + " and " + describe(call, 1));
  }
  if (own_scales && call.length(last) != x.shape()[1]) {
    throw ArgumentError("sizes differ: " + describe(call, 0) + " and " + describe(call, last));
  }
  if (own_scales) {
    x = x / call[last];
    y = y / call[last];
  }
  const Expr exponent = -0.5 * squared_distances(x, y);
  const Expr scaled = own_scales ? exponent : exponent / symbolic::sqr(call[last]);
  return symbolic::sqr(call[last - 1]) * symbolic::exp(scaled);
}

}  // namespace

std::span<const Function> covariance_functions() {
  static const std::vector<Function> table = {
      {"cholesky_decompose", "lower triangle L of the positive definite matrix L * L'; nan where there is none",
       "(matrix) => matrix",
       [](const BuildCall& call) {
         require_square(call, 0);
         return cholesky_factor(call[0]);
       }},
      {"mdivide_left_tri_low", "x with L * x = b, of the lower triangle of L",
       "(matrix, vector) => vector | (matrix, matrix) => matrix",
       [](const BuildCall& call) {
         require_square(call, 0);
         if (call.length(0) != call.length(1)) {
           throw ArgumentError("sizes differ: " + describe(call, 0) + " and " + describe(call, 1));
         }
         if (call.types[1].is(Base::vector)) return solve_lower_triangle(call[0], call[1]);
         return symbolic::transpose(solve_lower_triangle(call[0], symbolic::transpose(call[1])));
       }},
      {"log_determinant_spd", "log of the determinant of a positive definite matrix", "(matrix) => real",
       [](const BuildCall& call) {
         require_square(call, 0);
         return 2.0 * symbolic::sum(symbolic::log(symbolic::diagonal(cholesky_factor(call[0]))));
       }},
      {"gp_exp_quad_cov",
       "covariances sigma^2 * exp(-squared distance / (2 l^2)) of points with themselves, or with others",
       "(array[] real, real, real) => matrix | (array[] V, real, real) => matrix | "
       "(array[] real, array[] real, real, real) => matrix | (array[] V, array[] V, real, real) => matrix | "
       "(array[] V, real, array[] real) => matrix | (array[] V, array[] V, real, array[] real) => matrix",
       exponentiated_quadratic},
  };
  return table;
}

}  // namespace leapgraph::models::library
