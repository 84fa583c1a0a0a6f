/// Distributions of covariance and correlation matrices and of their Cholesky factors: log densities, term by term, as
/// Stan's math library keeps and drops them.
#include <cmath>
#include <numbers>
#include <vector>

#include "leapgraph/models/library/covariances.hpp"
#include "leapgraph/models/library/distribution.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/special_functions.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Array;
using symbolic::Expr;
using Arguments = std::span<const Expr>;
using namespace domains;  // NOLINT: the vocabulary of the records below

// The set of arguments 0, 1, ... of which a term is a function.
constexpr ArgumentSet y = 1, a1 = 2, a2 = 4, a3 = 8;

double side(const Expr& matrix) { return static_cast<double>(matrix.shape()[0]); }

/// 0, 1, ...: what row i adds to the exponent of its diagonal element.
Expr row_numbers(const Expr& matrix) {
  return symbolic::cast(symbolic::arange(matrix.shape()[0]), symbolic::DType::float64);
}
Expr log_diagonal(const Expr& factor) { return symbolic::log(symbolic::diagonal(factor)); }

/// With 0 above the diagonal, so that nothing there has a slope.
Expr lower_triangle(const Expr& factor) {
  const Expr numbers = symbolic::arange(factor.shape()[0]);
  return symbolic::where(symbolic::expand_dims(numbers, 1) >= numbers, factor, 0.0);
}

/// -1/2 the trace of (scale scale')^-1 factor factor'.
Expr half_trace(const Expr& scale, const Expr& factor) {
  return -0.5 * symbolic::sum(symbolic::sqr(solve_lower_triangle(scale, symbolic::transpose(factor))));
}

/// The multivariate gamma function of a Wishart distribution, and its power of 2.
Expr log_gamma_of(const Expr& nu, const Expr& matrix) { return -symbolic::multigammaln(0.5 * nu, matrix.shape()[0]); }
Expr log_power_of_two(const Expr& nu, const Expr& matrix) { return (-0.5 * std::numbers::ln2 * side(matrix)) * nu; }
/// The Jacobian from a matrix to its factor: 2 for each row.
Expr of_factor(Arguments a) {
  return side(a[0]) * std::numbers::ln2 + log_power_of_two(a[1], a[0]) + log_gamma_of(a[1], a[0]);
}

const Condition enough_freedom{"nu is more than the number of rows less one",
                               [](Arguments a) { return a[1] > side(a[0]) - 1.0; }};
const Condition outcome_is_covariance{"W is symmetric and positive definite",
                                      [](Arguments a) { return is_positive_definite(a[0]); }};
const Condition scale_is_covariance{"Sigma is symmetric and positive definite",
                                    [](Arguments a) { return is_positive_definite(a[2]); }};
const Condition outcome_is_factor{"L_W is lower triangular with a positive diagonal",
                                  [](Arguments a) { return is_cholesky_factor(a[0]); }};
const Condition scale_is_factor{"L_S is lower triangular with a positive diagonal",
                                [](Arguments a) { return is_cholesky_factor(a[2]); }};

constexpr DensityArgument matrix_argument(std::string_view name) {
  return {name, &number, Guard::formula, false, Form::matrix};
}
constexpr DensityArgument nu_argument{"nu", &number, Guard::formula, false, Form::one};
constexpr DensityArgument eta_argument{"eta", &positive, Guard::test, false, Form::one};

std::vector<Distribution> make_wishart() {
  return {
      {.name = "wishart",
       .summary = "covariance matrix with nu degrees of freedom and scale matrix Sigma",
       .arguments = {matrix_argument("W"), nu_argument, matrix_argument("Sigma")},
       .terms = {{a1, [](Arguments a) { return log_power_of_two(a[1], a[0]) + log_gamma_of(a[1], a[0]); }},
                 {a1 | a2, [](Arguments a) { return -a[1] * half_log_determinant(cholesky_factor(a[2])); }},
                 {y | a2, [](Arguments a) { return half_trace(cholesky_factor(a[2]), cholesky_factor(a[0])); }},
                 {y | a1,
                  [](Arguments a) {
                    return (a[1] - (side(a[0]) + 1.0)) * half_log_determinant(cholesky_factor(a[0]));
                  }}},
       .conditions = {enough_freedom, outcome_is_covariance, scale_is_covariance}},
      {.name = "inv_wishart",
       .summary = "inverse of a wishart matrix with nu degrees of freedom and scale matrix inverse(Sigma)",
       .arguments = {matrix_argument("W"), nu_argument, matrix_argument("Sigma")},
       .terms = {{a1, [](Arguments a) { return log_gamma_of(a[1], a[0]); }},
                 {a1 | a2,
                  [](Arguments a) {
                    return log_power_of_two(a[1], a[0]) + a[1] * half_log_determinant(cholesky_factor(a[2]));
                  }},
                 {y | a2, [](Arguments a) { return half_trace(cholesky_factor(a[0]), cholesky_factor(a[2])); }},
                 {y | a1 | a2,
                  [](Arguments a) {
                    return -(a[1] + (side(a[0]) + 1.0)) * half_log_determinant(cholesky_factor(a[0]));
                  }}},
       .conditions = {enough_freedom, outcome_is_covariance, scale_is_covariance}},
      {.name = "wishart_cholesky",
       .summary = "Cholesky factor of a wishart matrix with nu degrees of freedom and scale matrix L_S * L_S'",
       .arguments = {matrix_argument("L_W"), nu_argument, matrix_argument("L_S")},
       .terms = {{a1, of_factor},
                 {y | a1 | a2,
                  [](Arguments a) {
                    const Expr exponents = a[1] - 1.0 - row_numbers(a[0]);
                    return half_trace(a[2], lower_triangle(a[0])) - a[1] * half_log_determinant(a[2]) +
                           symbolic::sum(exponents * log_diagonal(a[0]));
                  }}},
       .conditions = {enough_freedom, outcome_is_factor, scale_is_factor}},
      {.name = "inv_wishart_cholesky",
       .summary = "Cholesky factor of an inv_wishart matrix with nu degrees of freedom and scale matrix L_S * L_S'",
       .arguments = {matrix_argument("L_W"), nu_argument, matrix_argument("L_S")},
       .terms = {{a1, of_factor},
                 {y | a1 | a2,
                  [](Arguments a) {
                    const Expr exponents = a[1] + 1.0 + row_numbers(a[0]);
                    return half_trace(a[0], lower_triangle(a[2])) + a[1] * half_log_determinant(a[2]) -
                           symbolic::sum(exponents * log_diagonal(a[0]));
                  }}},
       .conditions = {enough_freedom, outcome_is_factor, scale_is_factor}},
  };
}

/// Lewandowski, Kurowicka & Joe (2009), theorem 5: the log of the volume of K by K correlation matrices under eta.
Expr log_lkj_constant(const Expr& eta, std::int64_t K) {
  const auto last = static_cast<double>(K - 1);
  Expr result = last * symbolic::lgamma(eta + 0.5 * last);
  for (double k = 1; k <= last; ++k) {
    result = result - symbolic::lgamma(eta + 0.5 * (last - k)) - 0.5 * k * std::log(std::numbers::pi);
  }
  return result;
}

/// log det^(eta - 1) of a correlation matrix.
Expr lkj_power(const Expr& correlation, const Expr& eta) {
  return 2.0 * (eta - 1.0) * half_log_determinant(cholesky_factor(correlation));
}

/// Of a covariance matrix.
Expr standard_deviations(const Expr& covariance) { return symbolic::sqrt(symbolic::diagonal(covariance)); }
Expr correlation_of(const Expr& covariance) {
  const Expr inverse = 1.0 / standard_deviations(covariance);
  return symbolic::expand_dims(inverse, 1) * covariance * inverse;
}

std::vector<Distribution> make_lkj() {
  return {
      {.name = "lkj_corr_cholesky",
       .summary = "Cholesky factor of a correlation matrix of density det^(eta - 1)",
       .arguments = {matrix_argument("L"), eta_argument},
       .terms = {{a1, [](Arguments a) { return log_lkj_constant(a[1], a[0].shape()[0]); }},
                 {y | a1,
                  [](Arguments a) {
                    // The exponent of element k of the diagonal, from 2 on, is K - k + 2 (eta - 1).
                    const std::int64_t K = a[0].shape()[0];
                    std::vector<double> exponents;
                    for (std::int64_t k = 2; k <= K; ++k) exponents.push_back(static_cast<double>(K - k));
                    const Expr log_rest = symbolic::slice(log_diagonal(a[0]), 0, {1, K});
                    return symbolic::sum((symbolic::constant(Array::vector(exponents)) + 2.0 * (a[1] - 1.0)) *
                                         log_rest);
                  }}}},
      {.name = "lkj_corr",
       .summary = "correlation matrix of density det^(eta - 1)",
       .arguments = {matrix_argument("y"), eta_argument},
       .terms = {{a1, [](Arguments a) { return log_lkj_constant(a[1], a[0].shape()[0]); }},
                 {y | a1, [](Arguments a) { return lkj_power(a[0], a[1]); }}},
       .conditions = {{"the diagonal of y is 1",
                       [](Arguments a) { return symbolic::abs(symbolic::diagonal(a[0]) - 1.0) <= 1e-8; }},
                      {"y is symmetric and positive definite",
                       [](Arguments a) { return is_positive_definite(a[0]); }}}},
      {.name = "lkj_cov",
       .summary = "covariance matrix of lkj_corr(eta) correlations and lognormal(mu, sigma) standard deviations",
       .arguments = {matrix_argument("y"),
                     {"mu", &finite, Guard::formula, false, Form::vector},
                     {"sigma", &positive, Guard::test, false, Form::vector},
                     eta_argument},
       .terms = {{y | a1 | a2,
                  [](Arguments a) {
                    const Expr deviation = (symbolic::log(standard_deviations(a[0])) - a[1]) / a[2];
                    return symbolic::sum(-0.5 * symbolic::sqr(deviation)) - log_sqrt_two_pi * side(a[0]);
                  }},
                 {a2, [](Arguments a) { return -symbolic::sum(symbolic::log(a[2])); }},
                 {y, [](Arguments a) { return -symbolic::sum(symbolic::log(standard_deviations(a[0]))); }},
                 {a3, [](Arguments a) { return log_lkj_constant(a[3], a[0].shape()[0]); }},
                 {y | a3, [](Arguments a) { return lkj_power(correlation_of(a[0]), a[3]); }}},
       .conditions = {{"y is symmetric and positive definite",
                       [](Arguments a) { return is_positive_definite(a[0]); }}}},
  };
}

}  // namespace

std::span<const Distribution> matrix_distributions() {
  static const std::vector<Distribution> table = [] {
    std::vector<Distribution> all = make_wishart();
    for (Distribution& distribution : make_lkj()) all.push_back(std::move(distribution));
    return all;
  }();
  return table;
}

}  // namespace leapgraph::models::library
