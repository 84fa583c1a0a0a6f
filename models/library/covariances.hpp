/// Cholesky factors and triangular systems as expressions.
#pragma once

#include "leapgraph/models/library/function.hpp"

namespace leapgraph::models::library {

/// `value` where the square matrix is symmetric, within 1e-8, else nan.
symbolic::Expr where_symmetric(const symbolic::Expr& matrix, const symbolic::Expr& value);

/// L with L L' = `matrix` [K, K]; nan where it is not symmetric, within 1e-8, or not positive definite.
/// Otherwise the upper triangle is read.
symbolic::Expr cholesky_factor(const symbolic::Expr& matrix);

/// Whether it has such a factor.
symbolic::Expr is_positive_definite(const symbolic::Expr& matrix);

/// Whether `factor` is lower triangular with a positive diagonal.
symbolic::Expr is_cholesky_factor(const symbolic::Expr& factor);

/// Half the log determinant of L L'.
symbolic::Expr half_log_determinant(const symbolic::Expr& factor);

/// x with L x = `right`, [K], or for each of its rows, [N, K]. Of `factor` the lower triangle is read.
symbolic::Expr solve_lower_triangle(const symbolic::Expr& factor, const symbolic::Expr& right);

}  // namespace leapgraph::models::library
