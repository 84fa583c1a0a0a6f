/// The Gaussian dynamic linear model: a Kalman filter as a loop over time.
#include <vector>

#include "leapgraph/models/library/covariances.hpp"
#include "leapgraph/models/library/distribution.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Expr;
using symbolic::Exprs;
using Arguments = std::span<const Expr>;
using namespace domains;  // NOLINT: the vocabulary of the records below

// The set of arguments 0, 1, ... of which a term is a function.
constexpr ArgumentSet nothing = 0, y = 1, F = 2, G = 4, V = 8, W = 16, m0 = 32, C0 = 64;

/// West & Harrison (1997), theorem 4.1, without the constants: y[t] is normal with mean F' a and covariance Q given
/// what came before it. Q enters by its Cholesky factor.
Expr log_density_of_observations(Arguments a) {
  const Expr &design = a[1], &transition = a[2], &state_noise = a[4];
  const Expr noise = a[3].rank() == 1 ? symbolic::diag(a[3]) : a[3];
  const auto step = [&](const Exprs& carry, const Exprs& element) {
    const Expr &mean = carry[0], &covariance = carry[1], &observed = element[0];
    const Expr predicted = symbolic::dot(transition, mean);
    const Expr spread =
        symbolic::dot(symbolic::dot(transition, covariance), symbolic::transpose(transition)) + state_noise;
    const Expr seen = symbolic::dot(spread, design);
    const Expr factor = cholesky_factor(symbolic::dot(symbolic::transpose(design), seen) + noise);
    const Expr error = solve_lower_triangle(factor, observed - symbolic::dot(predicted, design));
    const Expr gain = solve_lower_triangle(factor, seen);
    const Expr next_mean = predicted + symbolic::dot(gain, error);
    const Expr next_covariance = spread - symbolic::dot(gain, symbolic::transpose(gain));
    const Expr term = -half_log_determinant(factor) - 0.5 * symbolic::sum(symbolic::sqr(error));
    return symbolic::ScanBody{{next_mean, next_covariance}, {term}};
  };
  return symbolic::sum(symbolic::scan(step, {a[5], a[6]}, {symbolic::transpose(a[0])}).outputs[0]);
}

constexpr DensityArgument matrix_argument(std::string_view name, std::string_view axes) {
  return {name, &finite, Guard::formula, false, Form::matrix, axes};
}

const Distribution gaussian_dlm_obs{
    .name = "gaussian_dlm_obs",
    .summary =
        "columns of y normal with mean F' * s and covariance V (a matrix, or its diagonal), of states s that "
        "start as normal(m0, C0) and go on as normal(G * s, W)",
    .arguments = {matrix_argument("y", "RT"),
                  matrix_argument("F", "NR"),
                  matrix_argument("G", "NN"),
                  {"V", &finite, Guard::formula, false, Form::diagonal, "RR"},
                  matrix_argument("W", "NN"),
                  {"m0", &finite, Guard::formula, false, Form::vector, "N"},
                  matrix_argument("C0", "NN")},
    .terms = {{nothing,
               [](Arguments a) {
                 return symbolic::constant(-log_sqrt_two_pi *
                                           static_cast<double>(symbolic::element_count(a[0].shape())));
               }},
              {y | F | G | V | W | m0 | C0, log_density_of_observations}},
    .conditions = {{"C0 is symmetric and positive definite", [](Arguments a) { return is_positive_definite(a[6]); }}}};

}  // namespace

std::span<const Distribution> state_space_distributions() {
  static const std::vector<Distribution> table = {gaussian_dlm_obs};
  return table;
}

}  // namespace leapgraph::models::library
