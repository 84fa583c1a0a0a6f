/// Distributions of counts without an upper bound: log masses, term by term, as Stan's math library keeps and drops
/// them, and distribution functions.
#include <vector>

#include "leapgraph/models/library/cumulative.hpp"
#include "leapgraph/models/library/discrete.hpp"
#include "leapgraph/models/library/log_gamma.hpp"
#include "leapgraph/models/library/terms.hpp"
#include "leapgraph/symbolic/special_functions.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Expr;
using namespace domains;  // NOLINT: the vocabulary of the records below
using namespace terms;    // NOLINT

constexpr DensityArgument n_argument = integer_argument("n", nonnegative);
constexpr Support from_zero{.least = whole_number<0>};

/// A negative binomial distribution function by its shape and the odds against another failure: probabilities of the
/// beta distribution of shapes `shape` and n + 1.
struct NegativeBinomial {
  Expr shape, n, success, failure;
  Expr cdf() const { return symbolic::betainc(shape, n + 1.0, success); }
  Expr lcdf() const { return log_beta_i(shape, n + 1.0, success, failure); }
  Expr lccdf() const { return log_beta_i(n + 1.0, shape, failure, success); }
};
NegativeBinomial by_scale(Arguments a) {
  return {.shape = a[1], .n = real_number(a[0]), .success = a[2] / (1.0 + a[2]), .failure = 1.0 / (1.0 + a[2])};
}
NegativeBinomial by_mean(Arguments a) {
  return {.shape = a[2], .n = real_number(a[0]), .success = a[2] / (a[1] + a[2]), .failure = a[1] / (a[1] + a[2])};
}

/// The log mass but for the factorial of n.
Expr log_beta_neg_binomial(const Expr& n, const Expr& r, const Expr& alpha, const Expr& beta) {
  return log_gamma_ratio(r, n) + log_gamma_ratio(beta, n) + log_gamma_ratio(alpha, beta) -
         log_gamma_ratio(r + alpha, n + beta);
}

/// log P(outcome <= n) of beta_neg_binomial.
Expr log_beta_neg_binomial_sum(Arguments a) {
  const Expr &r = a[1], &alpha = a[2], &beta = a[3];
  const Expr n = symbolic::maximum(real_number(a[0]), 0.0);
  const Expr mass = log_beta_neg_binomial(n, r, alpha, beta) - log_factorial(n);
  const Expr sum = log_sum_in_units_of_last(
      n, mass, [&](const Expr& k) { return k * (k - 1.0 + r + alpha + beta) / ((k - 1.0 + r) * (k - 1.0 + beta)); });
  return symbolic::minimum(mass + sum, 0.0);
}

/// log P(outcome > n) of yule_simon.
Expr log_yule_simon_above(Arguments a) {
  const Expr n = real_number(a[0]);
  return log_factorial(n) - log_gamma_ratio(a[1] + 1.0, n);
}

std::vector<Distribution> make_unbounded() {
  return {
      {.name = "poisson",
       .summary = "Poisson with rate lambda",
       .arguments = {n_argument, {"lambda", &nonnegative, Guard::test}},
       .terms = {{a1, [](Arguments a) { return times(a[0], symbolic::log(a[1])); }},
                 {a1, [](Arguments a) { return -a[1]; }},
                 {nothing, [](Arguments a) { return -log_factorial(a[0]); }}},
       .support = from_zero,
       .cdf = [](Arguments a) { return symbolic::gammaincc(a[0] + 1, a[1]); },
       .lcdf = [](Arguments a) { return log_gamma_q(real_number(a[0] + 1), a[1]); },
       .lccdf = [](Arguments a) { return log_gamma_p(real_number(a[0] + 1), a[1]); }},
      {.name = "poisson_log",
       .summary = "Poisson with rate exp(alpha)",
       .arguments = {n_argument, {"alpha", &number}},
       .terms = {{a1, [](Arguments a) { return times(a[0], a[1]); }},
                 {a1, [](Arguments a) { return -symbolic::exp(a[1]); }},
                 {nothing, [](Arguments a) { return -log_factorial(a[0]); }}}},
      {.name = "neg_binomial",
       .summary = "negative binomial with shape alpha and inverse scale beta",
       .arguments = {n_argument, {"alpha", &positive, Guard::test}, {"beta", &positive, Guard::test}},
       .terms = {{a1, [](Arguments a) { return of_counts(a[0], a[1], log_rising_over_factorial); }},
                 {a1 | a2,
                  [](Arguments a) {
                    return -a[1] * symbolic::log1p(1.0 / a[2]) - times(a[0], symbolic::log1p(a[2]));
                  }}},
       .support = from_zero,
       .cdf = [](Arguments a) { return by_scale(a).cdf(); },
       .lcdf = [](Arguments a) { return by_scale(a).lcdf(); },
       .lccdf = [](Arguments a) { return by_scale(a).lccdf(); }},
      {.name = "neg_binomial_2",
       .summary = "negative binomial with mean mu and precision phi",
       .arguments = {n_argument, {"mu", &positive, Guard::test}, {"phi", &positive, Guard::test}},
       .terms = {{a2, [](Arguments a) { return of_counts(a[0], a[2], log_rising_over_factorial); }},
                 {a1, [](Arguments a) { return times(a[0], symbolic::log(a[1])); }},
                 {a1 | a2, [](Arguments a) { return -a[2] * symbolic::log1p(a[1] / a[2]); }},
                 {a1 | a2, [](Arguments a) { return -times(a[0], symbolic::log(a[1] + a[2])); }}},
       .support = from_zero,
       .cdf = [](Arguments a) { return by_mean(a).cdf(); },
       .lcdf = [](Arguments a) { return by_mean(a).lcdf(); },
       .lccdf = [](Arguments a) { return by_mean(a).lccdf(); }},
      {.name = "neg_binomial_2_log",
       .summary = "negative binomial with mean exp(eta) and precision phi",
       .arguments = {n_argument, {"eta", &finite, Guard::test}, {"phi", &positive, Guard::test}},
       .terms = {{a2, [](Arguments a) { return of_counts(a[0], a[2], log_rising_over_factorial); }},
                 {a1, [](Arguments a) { return times(a[0], a[1]); }},
                 {a1 | a2,
                  [](Arguments a) {
                    const Expr log_phi = symbolic::log(a[2]);
                    return -(a[0] + a[2]) * symbolic::softplus(a[1] - log_phi) - times(a[0], log_phi);
                  }}}},
      {.name = "beta_neg_binomial",
       .summary = "number of failures before r successes, with a probability of success from beta(alpha, beta)",
       .arguments = {n_argument,
                     {"r", &positive, Guard::test},
                     {"alpha", &positive, Guard::test},
                     {"beta", &positive, Guard::test}},
       .terms = {{nothing, [](Arguments a) { return -log_factorial(a[0]); }},
                 {a1 | a2 | a3,
                  [](Arguments a) { return log_beta_neg_binomial(real_number(a[0]), a[1], a[2], a[3]); }}},
       .support = from_zero,
       .cdf = [](Arguments a) { return symbolic::exp(log_beta_neg_binomial_sum(a)); },
       .lcdf = log_beta_neg_binomial_sum,
       .lccdf = [](Arguments a) { return log_complement(log_beta_neg_binomial_sum(a)); }},
      {.name = "yule_simon",
       .summary = "Yule-Simon with shape alpha",
       .arguments = {integer_argument("n", counting), {"alpha", &positive, Guard::test}},
       .terms = {{nothing, [](Arguments a) { return symbolic::lgamma(a[0]); }},
                 {a1,
                  [](Arguments a) { return symbolic::log(a[1]) - log_gamma_ratio(a[1] + 1.0, real_number(a[0])); }}},
       .support = {.least = whole_number<1>},
       .cdf = [](Arguments a) { return -symbolic::expm1(log_yule_simon_above(a)); },
       .lcdf = [](Arguments a) { return log_complement(log_yule_simon_above(a)); },
       .lccdf = log_yule_simon_above},
  };
}

}  // namespace

std::span<const Distribution> unbounded_count_distributions() {
  static const std::vector<Distribution> table = make_unbounded();
  return table;
}

}  // namespace leapgraph::models::library
