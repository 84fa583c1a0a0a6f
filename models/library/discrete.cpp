/// Distributions of integer outcomes: their mass functions, term by term, as Stan's math library keeps and drops them.
#include <vector>

#include "leapgraph/models/library/distribution.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Expr;
using Arguments = std::span<const Expr>;
using namespace domains;  // NOLINT: the vocabulary of the records below

// The set of arguments 1, 2, ... of which a term is a function; integers are always data.
constexpr ArgumentSet nothing = 0, a1 = 2, a2 = 4, a3 = 8;
constexpr bool integer = true;

Expr zero(Arguments) { return symbolic::constant(std::int64_t{0}); }
Expr trials(Arguments a) { return a[1]; }

/// count * value, 0 where count is 0 whatever the value. The sum over outcomes is all that matters: where one value
/// meets many counts, their mean stands for them, which is a constant for data.
Expr times(const Expr& count, const Expr& value) {
  const Expr real_count = symbolic::cast(count, symbolic::DType::float64);
  const Expr weight = value.rank() == 0 && count.rank() > 0 ? symbolic::mean(real_count) : real_count;
  return symbolic::where(symbolic::eq(weight, 0.0), 0.0, weight * value);
}

Expr log_factorial(const Expr& n) { return symbolic::lgamma(n + 1.0); }
Expr log_binomial_coefficient(const Expr& N, const Expr& n) {
  return log_factorial(N) - log_factorial(n) - log_factorial(N - n);
}

const Distribution bernoulli{.name = "bernoulli",
                             .summary = "1 with probability theta, else 0",
                             .arguments = {{"n", &binary, Guard::test, integer}, {"theta", &probability, Guard::test}},
                             .terms = {{a1, [](Arguments a) { return times(a[0], symbolic::log(a[1])); }},
                                       {a1, [](Arguments a) { return times(1 - a[0], symbolic::log1p(-a[1])); }}}};

const Distribution bernoulli_logit{
    .name = "bernoulli_logit",
    .summary = "1 with probability inv_logit(theta), else 0",
    .arguments = {{"n", &binary, Guard::test, integer}, {"theta", &number}},
    .terms = {{a1, [](Arguments a) { return log_inv_logit_of_density((2 * a[0] - 1) * a[1]); }}}};

const Distribution binomial{.name = "binomial",
                            .summary = "number of successes in N trials with probability theta",
                            .arguments = {{"n", &nonnegative, Guard::test, integer},
                                          {"N", &nonnegative, Guard::test, integer},
                                          {"theta", &probability, Guard::test}},
                            .terms = {{nothing, [](Arguments a) { return log_binomial_coefficient(a[1], a[0]); }},
                                      {a2, [](Arguments a) { return times(a[0], symbolic::log(a[2])); }},
                                      {a2, [](Arguments a) { return times(a[1] - a[0], symbolic::log1p(-a[2])); }}},
                            .support = {.least = zero, .greatest = trials}};

const Distribution binomial_logit{
    .name = "binomial_logit",
    .summary = "number of successes in N trials with probability inv_logit(alpha)",
    .arguments = {{"n", &nonnegative, Guard::test, integer},
                  {"N", &nonnegative, Guard::test, integer},
                  {"alpha", &finite, Guard::test}},
    .terms = {{nothing, [](Arguments a) { return log_binomial_coefficient(a[1], a[0]); }},
              {a2, [](Arguments a) { return times(a[0], symbolic::log_sigmoid(a[2])); }},
              {a2, [](Arguments a) { return times(a[1] - a[0], symbolic::log_sigmoid(-a[2])); }}},
    .support = {.least = zero, .greatest = trials}};

const Distribution poisson{
    .name = "poisson",
    .summary = "Poisson with rate lambda",
    .arguments = {{"n", &nonnegative, Guard::test, integer}, {"lambda", &nonnegative, Guard::test}},
    .terms = {{a1, [](Arguments a) { return times(a[0], symbolic::log(a[1])); }},
              {a1, [](Arguments a) { return -a[1]; }},
              {nothing, [](Arguments a) { return -log_factorial(a[0]); }}}};

const Distribution poisson_log{.name = "poisson_log",
                               .summary = "Poisson with rate exp(alpha)",
                               .arguments = {{"n", &nonnegative, Guard::test, integer}, {"alpha", &number}},
                               .terms = {{a1, [](Arguments a) { return times(a[0], a[1]); }},
                                         {a1, [](Arguments a) { return -symbolic::exp(a[1]); }},
                                         {nothing, [](Arguments a) { return -log_factorial(a[0]); }}}};

const Distribution neg_binomial_2{
    .name = "neg_binomial_2",
    .summary = "negative binomial with mean mu and precision phi",
    .arguments = {{"n", &nonnegative, Guard::test, integer},
                  {"mu", &positive, Guard::test},
                  {"phi", &positive, Guard::test}},
    .terms = {
        {a2, [](Arguments a) { return symbolic::lgamma(a[0] + a[2]) - symbolic::lgamma(a[2]) - log_factorial(a[0]); }},
        {a1, [](Arguments a) { return times(a[0], symbolic::log(a[1])); }},
        {a1 | a2, [](Arguments a) { return -a[2] * symbolic::log1p(a[1] / a[2]); }},
        {a1 | a2, [](Arguments a) { return -times(a[0], symbolic::log(a[1] + a[2])); }}}};

const Distribution neg_binomial_2_log{
    .name = "neg_binomial_2_log",
    .summary = "negative binomial with mean exp(eta) and precision phi",
    .arguments = {{"n", &nonnegative, Guard::test, integer},
                  {"eta", &finite, Guard::test},
                  {"phi", &positive, Guard::test}},
    .terms = {
        {a2, [](Arguments a) { return symbolic::lgamma(a[0] + a[2]) - symbolic::lgamma(a[2]) - log_factorial(a[0]); }},
        {a1, [](Arguments a) { return times(a[0], a[1]); }},
        {a1 | a2, [](Arguments a) {
           const Expr log_phi = symbolic::log(a[2]);
           return -a[2] * symbolic::softplus(a[1] - log_phi) - a[0] * symbolic::logaddexp(a[1], log_phi);
         }}}};

const Distribution neg_binomial{
    .name = "neg_binomial",
    .summary = "negative binomial with shape alpha and inverse scale beta",
    .arguments = {{"n", &nonnegative, Guard::test, integer},
                  {"alpha", &positive, Guard::test},
                  {"beta", &positive, Guard::test}},
    .terms = {
        {a1, [](Arguments a) { return symbolic::lgamma(a[0] + a[1]) - symbolic::lgamma(a[1]) - log_factorial(a[0]); }},
        {a1 | a2, [](Arguments a) { return -a[1] * symbolic::log1p(1.0 / a[2]) - a[0] * symbolic::log1p(a[2]); }}}};

Expr log_beta(const Expr& a, const Expr& b) {
  return symbolic::lgamma(a) + symbolic::lgamma(b) - symbolic::lgamma(a + b);
}

const Distribution beta_binomial{
    .name = "beta_binomial",
    .summary = "number of successes in N trials with a probability from beta(alpha, beta)",
    .arguments = {{"n", &nonnegative, Guard::test, integer},
                  {"N", &nonnegative, Guard::test, integer},
                  {"alpha", &positive, Guard::test},
                  {"beta", &positive, Guard::test}},
    .terms = {{nothing, [](Arguments a) { return log_binomial_coefficient(a[1], a[0]); }},
              {a2 | a3, [](Arguments a) { return log_beta(a[0] + a[2], a[1] - a[0] + a[3]) - log_beta(a[2], a[3]); }}},
    .support = {.least = zero, .greatest = trials}};

}  // namespace

std::span<const Distribution> discrete_distributions() {
  static const std::vector<Distribution> table = {bernoulli,    bernoulli_logit, binomial,       binomial_logit,
                                                  poisson,      poisson_log,     neg_binomial_2, neg_binomial_2_log,
                                                  neg_binomial, beta_binomial};
  return table;
}

}  // namespace leapgraph::models::library
