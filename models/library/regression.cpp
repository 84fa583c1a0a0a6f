/// Regressions in one distribution, normal_id_glm and its like: the linear predictor alpha + x beta is computed inside.
/// Term by term, as Stan's math library keeps and drops them.
#include <limits>
#include <vector>

#include "leapgraph/models/library/categories.hpp"
#include "leapgraph/models/library/distribution.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/special_functions.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Expr;
using Arguments = std::span<const Expr>;
using namespace domains;  // NOLINT: the vocabulary of the records below

constexpr bool integer = true;

// The set of arguments 0, 1, ... of which a term is a function.
constexpr ArgumentSet nothing = 0, y = 1, a1 = 2, a2 = 4, a3 = 8, a4 = 16;

/// alpha + x beta of arguments 1, 2 and 3 of most records here.
Expr predictor(Arguments a) { return a[2] + symbolic::dot(a[1], a[3]); }
constexpr ArgumentSet predictors = a1 | a2 | a3;

constexpr DensityArgument x_argument{"x", &finite, Guard::formula, false, Form::rows, "M"};
constexpr DensityArgument alpha_argument{"alpha", &finite};
constexpr DensityArgument beta_argument{"beta", &finite, Guard::formula, false, Form::vector, "M"};

const Distribution normal_id_glm{
    .name = "normal_id_glm",
    .summary = "normal with mean alpha + x * beta and standard deviation sigma",
    .arguments = {{"y", &number}, x_argument, alpha_argument, beta_argument, {"sigma", &positive}},
    .terms = {{y | predictors | a4, [](Arguments a) { return -0.5 * symbolic::sqr((a[0] - predictor(a)) / a[4]); }},
              {nothing, [](Arguments) { return symbolic::constant(-log_sqrt_two_pi); }},
              {a4, [](Arguments a) { return -symbolic::log(a[4]); }}}};

const Distribution bernoulli_logit_glm{
    .name = "bernoulli_logit_glm",
    .summary = "1 with probability inv_logit(alpha + x * beta), else 0",
    .arguments = {{"y", &binary, Guard::test, integer}, x_argument, alpha_argument, beta_argument},
    .terms = {{predictors, [](Arguments a) { return log_inv_logit_of_density((2 * a[0] - 1) * predictor(a)); }}}};

const Distribution poisson_log_glm{
    .name = "poisson_log_glm",
    .summary = "Poisson with rate exp(alpha + x * beta)",
    .arguments = {{"y", &nonnegative, Guard::test, integer}, x_argument, alpha_argument, beta_argument},
    .terms = {{predictors,
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
              {predictors | a4,
               [](Arguments a) { return -(a[0] + a[4]) * symbolic::logaddexp(predictor(a), symbolic::log(a[4])); }},
              {predictors, [](Arguments a) { return a[0] * predictor(a); }}}};

const Distribution binomial_logit_glm{
    .name = "binomial_logit_glm",
    .summary = "number of successes in N trials with probability inv_logit(alpha + x * beta)",
    .arguments = {{"n", &nonnegative, Guard::test, integer},
                  {"N", &nonnegative, Guard::test, integer},
                  x_argument,
                  alpha_argument,
                  beta_argument},
    .terms = {{nothing, [](Arguments a) { return symbolic::log_binomial(a[1], a[0]); }},
              {a2 | a3 | a4,
               [](Arguments a) {
                 const Expr eta = a[3] + symbolic::dot(a[2], a[4]);
                 return a[0] * eta - a[1] * symbolic::softplus(eta);
               }}},
    .conditions = {{"n <= N", [](Arguments a) { return a[0] <= a[1]; }}}};

const Distribution categorical_logit_glm{
    .name = "categorical_logit_glm",
    .summary = "one of the numbers 1, 2, ... with the probabilities softmax(alpha + x * beta)",
    .arguments = {{"y", &counting, Guard::test, integer},
                  x_argument,
                  {"alpha", &finite, Guard::formula, false, Form::vector, "C"},
                  {"beta", &finite, Guard::formula, false, Form::matrix, "MC"}},
    .terms = {{predictors,
               [](Arguments a) {
                 const Expr logits = predictor(a);
                 return picked(logits, a[0]) - symbolic::logsumexp(logits, {-1});
               }}},
    .conditions = {
        {"y is at most the number of elements of alpha", [](Arguments a) { return a[0] <= a[2].shape()[0]; }}}};

const Distribution ordered_logistic_glm{
    .name = "ordered_logistic_glm",
    .summary = "the interval between the cutpoints c, from 1 on, that holds a logistic number of location x * beta",
    .arguments = {{"y", &counting, Guard::test, integer},
                  x_argument,
                  {"beta", &finite, Guard::formula, false, Form::vector, "M"},
                  {"c", &finite, Guard::test, false, Form::vector, "C"}},
    .terms = {{predictors,
               [](Arguments a) {
                 constexpr double infinity = std::numeric_limits<double>::infinity();
                 return log_logistic_interval(symbolic::dot(a[1], a[2]), interval_of(a[3], a[0], infinity));
               }}},
    .conditions = {
        {"y is at most one more than the number of cutpoints", [](Arguments a) { return a[0] <= a[3].shape()[0] + 1; }},
        {"cutpoints increase", [](Arguments a) { return increases(a[3]); }}}};

}  // namespace

std::span<const Distribution> regression_distributions() {
  static const std::vector<Distribution> table = {normal_id_glm,          bernoulli_logit_glm, poisson_log_glm,
                                                  neg_binomial_2_log_glm, binomial_logit_glm,  categorical_logit_glm,
                                                  ordered_logistic_glm};
  return table;
}

}  // namespace leapgraph::models::library
