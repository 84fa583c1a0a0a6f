/// Covariance matrices: Cholesky factors, triangular systems, the covariances of Gaussian processes.
#include "leapgraph/models/library/covariances.hpp"

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "leapgraph/models/library/maps.hpp"
#include "leapgraph/models/library/shapes.hpp"
#include "leapgraph/symbolic/linear_algebra.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/shaping.hpp"

namespace leapgraph::models::library {

using symbolic::Expr;

namespace {
constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
}  // namespace

Expr where_symmetric(const Expr& matrix, const Expr& value) {
  const Expr symmetric = symbolic::all(symbolic::abs(matrix - symbolic::transpose(matrix)) <= 1e-8);
  return symbolic::where(symmetric, value, undefined);
}

Expr cholesky_factor(const Expr& matrix) {
  const Expr by_upper_triangle = symbolic::triu(matrix) + symbolic::transpose(symbolic::triu(matrix, 1));
  return where_symmetric(matrix, symbolic::cholesky(by_upper_triangle, {.raises = false}));
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
  const Expr columns = right.rank() == 1 ? right : symbolic::transpose(right);
  const Expr solved = symbolic::solve_triangular(factor, columns, {.raises = false});
  return right.rank() == 1 ? solved : symbolic::transpose(solved);
}

namespace {

// ---------------------------------------------------------------- covariances of Gaussian processes

/// Points, and those that they are compared with: (x, ...) or (x, y, ...), `scalars` arguments behind them.
struct Points {
  Expr x, y;
};
Points points(const BuildCall& call, std::size_t scalars) {
  const bool others = call.arguments.size() == scalars + 2;
  const Points result{call[0], call[others ? 1 : 0]};
  if (result.x.rank() == 2 && result.x.shape()[1] != result.y.shape()[1]) {
    throw ArgumentError("sizes differ: " + describe(call, 0) + " and " + describe(call, 1));
  }
  return result;
}

/// What Stan refuses to be anything but positive.
Expr where_positive(const Expr& x) { return symbolic::where(x > 0.0, x, undefined); }

/// Squared distances between the points of two arrays: numbers, or vectors along the last axis.
Expr squared_distances(const Points& p) {
  const Expr squares = symbolic::sqr(symbolic::expand_dims(p.x, 1) - symbolic::expand_dims(p.y, 0));
  return squares.rank() == 3 ? symbolic::sum(squares, {2}) : squares;
}

/// Their root, whose gradient at 0 is 0.
Expr root(const Expr& squares) {
  const Expr apart = squares > 0.0;
  return symbolic::where(apart, symbolic::sqrt(symbolic::where(apart, squares, 1.0)), 0.0);
}

/// The distances over the length scale, or with one scale for each dimension; `power` 2: their squares.
template <int power>
Expr scaled_distances(const BuildCall& call) {
  const std::size_t last = call.arguments.size() - 1;
  Points p = points(call, 2);
  const Expr length = where_positive(call[last]);
  const auto distances = [](const Points& of) {
    const Expr squares = squared_distances(of);
    return power == 2 ? squares : root(squares);
  };
  if (!call.types[last].is_array()) return distances(p) / (power == 2 ? symbolic::sqr(length) : length);
  if (call.length(last) != p.x.shape()[1]) {
    throw ArgumentError("sizes differ: " + describe(call, 0) + " and " + describe(call, last));
  }
  return distances({p.x / length, p.y / length});
}

/// A covariance sigma^2 f(d) of the scaled distance, or of its square.
template <int power, auto f>
Function isotropic(std::string_view name, std::string_view summary) {
  return {.name = name,
          .summary = summary,
          .signature =
              "(array[] real, real, real) => matrix | (array[] vector, real, real) => matrix | "
              "(array[] real, array[] real, real, real) => matrix | "
              "(array[] vector, array[] vector, real, real) => matrix | "
              "(array[] vector, real, array[] real) => matrix | "
              "(array[] vector, array[] vector, real, array[] real) => matrix",
          .build = [](const BuildCall& call) -> Expr {
            const Expr& sigma = call[call.arguments.size() - 2];
            return symbolic::sqr(where_positive(sigma)) * f(scaled_distances<power>(call));
          },
          .domain = "a positive sigma and positive length scales"};
}

}  // namespace

std::span<const Function> covariance_functions() {
  static const std::vector<Function> table = {
      {.name = "cholesky_decompose",
       .summary = "lower triangle L of the symmetric positive definite matrix L * L'",
       .signature = "(matrix) => matrix",
       .build =
           [](const BuildCall& call) {
             require_square(call, 0);
             return cholesky_factor(call[0]);
           },
       .domain = "a symmetric positive definite matrix"},

      isotropic<2, [](const Expr& squared) { return symbolic::exp(-0.5 * squared); }>(
          "gp_exp_quad_cov", "covariances sigma^2 * exp(-d^2 / (2 l^2)) of points with themselves, or with others"),
      isotropic<1, [](const Expr& d) { return symbolic::exp(-d); }>(
          "gp_exponential_cov", "covariances sigma^2 * exp(-d / l) of points with themselves, or with others"),
      isotropic<1,
                [](const Expr& d) {
                  const Expr r = std::numbers::sqrt3 * d;
                  return (1.0 + r) * symbolic::exp(-r);
                }>(
          "gp_matern32_cov",
          "covariances sigma^2 * (1 + r) * exp(-r) with r = sqrt(3) d / l of points with themselves or others"),
      isotropic<1,
                [](const Expr& d) {
                  const Expr r = std::sqrt(5.0) * d;
                  return (1.0 + r + symbolic::sqr(r) / 3.0) * symbolic::exp(-r);
                }>("gp_matern52_cov",
                   "covariances sigma^2 * (1 + r + r^2 / 3) * exp(-r) with r = sqrt(5) d / l of points with themselves "
                   "or others"),
      {.name = "gp_periodic_cov",
       .summary =
           "covariances sigma^2 * exp(-2 sin(pi d / p)^2 / l^2), for (sigma, l, p), of points with themselves or "
           "others",
       .signature = "(array[] real, real, real, real) => matrix | (array[] vector, real, real, real) => matrix | "
                    "(array[] real, array[] real, real, real, real) => matrix | "
                    "(array[] vector, array[] vector, real, real, real) => matrix",
       .build = [](const BuildCall& call) -> Expr {
         const std::size_t last = call.arguments.size() - 1;
         const Expr sigma = where_positive(call[last - 2]), length = where_positive(call[last - 1]),
                    period = where_positive(call[last]);
         const Expr wave = symbolic::sin(std::numbers::pi * root(squared_distances(points(call, 3))) / period);
         return symbolic::sqr(sigma) * symbolic::exp(-2.0 * symbolic::sqr(wave / length));
       },
       .domain = "a positive sigma, length scale and period"},
      {.name = "gp_dot_prod_cov",
       .summary = "covariances sigma^2 + x' * y of points with themselves, or with others",
       .signature = "(array[] real, real) => matrix | (array[] vector, real) => matrix | "
                    "(array[] real, array[] real, real) => matrix | (array[] vector, array[] vector, real) => matrix",
       .build = [](const BuildCall& call) -> Expr {
         const Points p = points(call, 1);
         const Expr& sigma = call[call.arguments.size() - 1];
         const Expr products =
             p.x.rank() == 1 ? symbolic::outer(p.x, p.y) : symbolic::dot(p.x, symbolic::transpose(p.y));
         return symbolic::sqr(symbolic::where(sigma >= 0.0, sigma, undefined)) + products;
       },
       .domain = "a sigma that is not negative"},
  };
  return table;
}

}  // namespace leapgraph::models::library
