/// Distributions of vectors: log densities, term by term, as Stan's math library keeps and drops them.
#include <cmath>
#include <numbers>
#include <optional>
#include <vector>

#include "leapgraph/models/library/covariances.hpp"
#include "leapgraph/models/library/distribution.hpp"
#include "leapgraph/models/library/log_gamma.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/linear_algebra.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Expr;
using Arguments = std::span<const Expr>;
using namespace domains;  // NOLINT: the vocabulary of the records below

// The set of arguments 0, 1, ... of which a term is a function.
constexpr ArgumentSet nothing = 0, y = 1, a1 = 2, a2 = 4, a3 = 8;

/// Over an outcome's vector.
Expr total(const Expr& x) { return symbolic::sum(x, {-1}); }

std::int64_t last_length(const Expr& x) { return x.shape().back(); }

/// Squares of deviations in units of the factor, one each.
Expr squares(const Expr& deviations, const Expr& factor) {
  return total(symbolic::sqr(solve_lower_triangle(factor, deviations)));
}

/// Few rows that stand for all deviations of data from one mean: their squares, whatever the units, add up to the mean
/// of all squares. They are the deviation of the average, and the triangular factor of deviations from that. Nothing
/// where there are no such data.
std::optional<Expr> summarised_deviations(const Expr& outcome, const Expr& mean) {
  if (!symbolic::constant_value(outcome) || outcome.rank() != 2 || mean.rank() != 1) return std::nullopt;
  const std::int64_t count = outcome.shape()[0];
  if (count < 4 * last_length(outcome)) return std::nullopt;
  const Expr average = symbolic::mean(outcome, {0});
  const Expr factor = symbolic::qr(outcome - average).r / std::sqrt(static_cast<double>(count));
  const std::vector<symbolic::Array> known = symbolic::interpret({{}, {average, factor}}, {});
  const Expr off_average = symbolic::expand_dims(symbolic::constant(known[0]) - mean, 0);
  return symbolic::concatenate({off_average, symbolic::constant(known[1])});
}

/// The squares of all deviations, one for each outcome or their mean.
template <class Square>
Expr squared_deviations(const Expr& outcome, const Expr& mean, const Square& square) {
  if (const std::optional<Expr> rows = summarised_deviations(outcome, mean)) return symbolic::sum(square(*rows));
  return square(outcome - mean);
}

Expr normal_exponent(Arguments a, const Expr& factor) {
  return -0.5 * squared_deviations(a[0], a[1], [&](const Expr& rows) { return squares(rows, factor); });
}

/// `count` numbers of -log sqrt(2 pi).
Expr normal_constant(std::int64_t count) { return symbolic::constant(-log_sqrt_two_pi * static_cast<double>(count)); }

/// -(nu + K) / 2 log(1 + squares / nu)
Expr student_t_tail(const Expr& nu, const Expr& squares, std::int64_t K) {
  return -0.5 * (nu + static_cast<double>(K)) * symbolic::log1p(squares / nu);
}
Expr student_t_scale(const Expr& nu, std::int64_t K) {
  const double half = 0.5 * static_cast<double>(K);
  return log_gamma_ratio(0.5 * nu, symbolic::constant(half)) - half * symbolic::log(nu);
}
Expr student_t_constant(std::int64_t K) {
  return symbolic::constant(-0.5 * static_cast<double>(K) * std::log(std::numbers::pi));
}

constexpr DensityArgument y_argument{"y", &number, Guard::formula, false, Form::vectors};
constexpr DensityArgument mu_argument{"mu", &finite, Guard::formula, false, Form::vectors};
constexpr DensityArgument nu_argument{"nu", &positive, Guard::test, false, Form::one};
constexpr DensityArgument factor_argument{"L", &number, Guard::formula, false, Form::matrix};
constexpr DensityArgument covariance_argument{"Sigma", &number, Guard::formula, false, Form::matrix};

// Outcomes of multi_gp are the rows of y; its weights divide their covariances.
constexpr DensityArgument processes{"y", &finite, Guard::formula, false, Form::matrix, "DN"};
constexpr DensityArgument weights{"w", &positive, Guard::test, false, Form::vector, "D"};
Expr weight_scales(const Expr& w, std::int64_t N) {
  return 0.5 * static_cast<double>(N) * symbolic::sum(symbolic::log(w));
}
Expr weighted_squares(Arguments a, const Expr& factor) {
  return -0.5 * symbolic::dot(a[2], total(symbolic::sqr(solve_lower_triangle(factor, a[0]))));
}

std::vector<Distribution> make_multivariate() {
  return {
      {.name = "dirichlet",
       .summary = "Dirichlet with counts alpha",
       .arguments = {{"theta", &probability, Guard::test, false, Form::vectors},
                     {"alpha", &positive, Guard::test, false, Form::vectors}},
       .terms = {{a1, [](Arguments a) { return symbolic::lgamma(total(a[1])) - total(symbolic::lgamma(a[1])); }},
                 {y | a1, [](Arguments a) { return total((a[1] - 1.0) * symbolic::log(a[0])); }}},
       .conditions = {{"theta sums to 1",
                       [](Arguments a) { return symbolic::abs(total(a[0]) - 1.0) <= 1e-8; }}}},  // as Stan checks it

      {.name = "multi_normal_cholesky",
       .summary = "normal vector with mean mu and covariance matrix L * L'",
       .arguments = {y_argument, mu_argument, factor_argument},
       .terms = {{nothing, [](Arguments a) { return normal_constant(last_length(a[2])); }},
                 {a2, [](Arguments a) { return -half_log_determinant(a[2]); }},
                 {y | a1 | a2, [](Arguments a) { return normal_exponent(a, a[2]); }}}},
      {.name = "multi_normal",
       .summary = "normal vector with mean mu and covariance matrix Sigma",
       .arguments = {y_argument, mu_argument, covariance_argument},
       .terms = {{nothing, [](Arguments a) { return normal_constant(last_length(a[2])); }},
                 {a2, [](Arguments a) { return -half_log_determinant(cholesky_factor(a[2])); }},
                 {y | a1 | a2, [](Arguments a) { return normal_exponent(a, cholesky_factor(a[2])); }}},
       .conditions = {{"Sigma is symmetric and positive definite",
                       [](Arguments a) { return is_positive_definite(a[2]); }}}},
      {.name = "multi_normal_prec",
       .summary = "normal vector with mean mu and covariance matrix inverse(Omega)",
       .arguments = {y_argument, mu_argument, {"Omega", &number, Guard::formula, false, Form::matrix}},
       .terms = {{nothing, [](Arguments a) { return normal_constant(last_length(a[2])); }},
                 {a2, [](Arguments a) { return half_log_determinant(cholesky_factor(a[2])); }},
                 {y | a1 | a2,
                  [](Arguments a) {
                    return -0.5 * squared_deviations(a[0], a[1], [&](const Expr& rows) {
                      return total(symbolic::dot(rows, a[2]) * rows);
                    });
                  }}},
       .conditions = {{"Omega is symmetric and positive definite",
                       [](Arguments a) { return is_positive_definite(a[2]); }}}},

      {.name = "multi_student_t_cholesky",
       .summary = "vector of Student's t with nu degrees of freedom, location mu and scale matrix L * L'",
       .arguments = {y_argument, nu_argument, mu_argument, factor_argument},
       .terms = {{nothing, [](Arguments a) { return student_t_constant(last_length(a[3])); }},
                 {a1, [](Arguments a) { return student_t_scale(a[1], last_length(a[3])); }},
                 {a3, [](Arguments a) { return -half_log_determinant(a[3]); }},
                 {y | a1 | a2 | a3,
                  [](Arguments a) { return student_t_tail(a[1], squares(a[0] - a[2], a[3]), last_length(a[3])); }}},
       .conditions = {{"L is lower triangular with a positive diagonal",
                       [](Arguments a) { return is_cholesky_factor(a[3]); }}}},
      {.name = "multi_student_t",
       .summary = "vector of Student's t with nu degrees of freedom, location mu and scale matrix Sigma",
       .arguments = {y_argument, nu_argument, mu_argument, covariance_argument},
       .terms = {{nothing, [](Arguments a) { return student_t_constant(last_length(a[3])); }},
                 {a1, [](Arguments a) { return student_t_scale(a[1], last_length(a[3])); }},
                 {a3, [](Arguments a) { return -half_log_determinant(cholesky_factor(a[3])); }},
                 {y | a1 | a2 | a3,
                  [](Arguments a) {
                    return student_t_tail(a[1], squares(a[0] - a[2], cholesky_factor(a[3])), last_length(a[3]));
                  }}},
       .conditions = {{"Sigma is symmetric and positive definite",
                       [](Arguments a) { return is_positive_definite(a[3]); }}}},

      {.name = "multi_gp_cholesky",
       .summary = "rows of y normal with mean 0 and covariance matrices L * L' / w[i]",
       .arguments = {processes, {"L", &number, Guard::formula, false, Form::matrix, "NN"}, weights},
       .terms = {{nothing, [](Arguments a) { return normal_constant(symbolic::element_count(a[0].shape())); }},
                 {a1, [](Arguments a) { return -static_cast<double>(a[0].shape()[0]) * half_log_determinant(a[1]); }},
                 {a2, [](Arguments a) { return weight_scales(a[2], a[0].shape()[1]); }},
                 {y | a1 | a2, [](Arguments a) { return weighted_squares(a, a[1]); }}},
       .conditions = {{"L is lower triangular with a positive diagonal",
                       [](Arguments a) { return is_cholesky_factor(a[1]); }}}},
      {.name = "multi_gp",
       .summary = "rows of y normal with mean 0 and covariance matrices Sigma / w[i]",
       .arguments = {processes, {"Sigma", &finite, Guard::formula, false, Form::matrix, "NN"}, weights},
       .terms = {{nothing, [](Arguments a) { return normal_constant(symbolic::element_count(a[0].shape())); }},
                 {a1,
                  [](Arguments a) {
                    return -static_cast<double>(a[0].shape()[0]) * half_log_determinant(cholesky_factor(a[1]));
                  }},
                 {a2, [](Arguments a) { return weight_scales(a[2], a[0].shape()[1]); }},
                 {y | a1 | a2, [](Arguments a) { return weighted_squares(a, cholesky_factor(a[1])); }}},
       .conditions = {{"Sigma is symmetric and positive definite",
                       [](Arguments a) { return is_positive_definite(a[1]); }}}},
  };
}

}  // namespace

std::span<const Distribution> multivariate_distributions() {
  static const std::vector<Distribution> table = make_multivariate();
  return table;
}

}  // namespace leapgraph::models::library
