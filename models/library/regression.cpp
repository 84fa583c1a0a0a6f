/// Regressions in one distribution, normal_id_glm and its like: the linear predictor alpha + x beta is computed inside.
/// Term by term, as Stan's math library keeps and drops them.
#include <vector>

#include "leapgraph/models/library/distribution.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Expr;
using Arguments = std::span<const Expr>;
using namespace domains;  // NOLINT: the vocabulary of the records below

constexpr bool integer = true;

// The set of arguments 0, 1, ... of which a term is a function.
constexpr ArgumentSet nothing = 0, y = 1, x = 2, alpha = 4, beta = 8, a4 = 16;

/// Arguments 1, 2 and 3 of every record here.
Expr predictor(Arguments a) { return a[2] + symbolic::dot(a[1], a[3]); }

constexpr DensityArgument x_argument{"x", &finite, Guard::formula, false, Form::rows};
constexpr DensityArgument alpha_argument{"alpha", &finite};
constexpr DensityArgument beta_argument{"beta", &finite, Guard::formula, false, Form::vector};

const Distribution normal_id_glm{
    .name = "normal_id_glm",
    .summary = "normal with mean alpha + x * beta and standard deviation sigma",
    .arguments = {{"y", &number}, x_argument, alpha_argument, beta_argument, {"sigma", &positive}},
    .terms = {
        {y | x | alpha | beta | a4, [](Arguments a) { return -0.5 * symbolic::sqr((a[0] - predictor(a)) / a[4]); }},
        {nothing, [](Arguments) { return symbolic::constant(-log_sqrt_two_pi); }},
        {a4, [](Arguments a) { return -symbolic::log(a[4]); }}}};

const Distribution bernoulli_logit_glm{
    .name = "bernoulli_logit_glm",
    .summary = "1 with probability inv_logit(alpha + x * beta), else 0",
    .arguments = {{"y", &binary, Guard::test, integer}, x_argument, alpha_argument, beta_argument},
    .terms = {{x | alpha | beta, [](Arguments a) { return log_inv_logit_of_density((2 * a[0] - 1) * predictor(a)); }}}};

const Distribution poisson_log_glm{
    .name = "poisson_log_glm",
    .summary = "Poisson with rate exp(alpha + x * beta)",
    .arguments = {{"y", &nonnegative, Guard::test, integer}, x_argument, alpha_argument, beta_argument},
    .terms = {{x | alpha | beta,
               [](Arguments a) {
                 const Expr log_rate = predictor(a);
                 return a[0] * log_rate - symbolic::exp(log_rate);
               }},
              {nothing, [](Arguments a) { return -symbolic::lgamma(a[0] + 1.0); }}}};

const Distribution neg_binomial_2_log_glm{
    .name = "neg_binomial_2_log_glm",
    .summary = "negative binomial with mean exp(alpha + x * beta) and precision phi",
    .arguments = {{"y", &nonnegative, Guard::test, integer},
                  x_argument,
                  alpha_argument,
                  beta_argument,
                  {"phi", &positive, Guard::test}},
    .terms = {{nothing, [](Arguments a) { return -symbolic::lgamma(a[0] + 1.0); }},
              {a4,
               [](Arguments a) {
                 return symbolic::xlogy(a[4], a[4]) - symbolic::lgamma(a[4]) + symbolic::lgamma(a[0] + a[4]);
               }},
              {x | alpha | beta | a4,
               [](Arguments a) { return -(a[0] + a[4]) * symbolic::logaddexp(predictor(a), symbolic::log(a[4])); }},
              {x | alpha | beta, [](Arguments a) { return a[0] * predictor(a); }}}};

}  // namespace

std::span<const Distribution> regression_distributions() {
  static const std::vector<Distribution> table = {normal_id_glm, bernoulli_logit_glm, poisson_log_glm,
                                                  neg_binomial_2_log_glm};
  return table;
}

}  // namespace leapgraph::models::library
