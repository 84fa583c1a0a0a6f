/// Distributions of integers between bounds: log masses, term by term, as Stan's math library keeps and drops them, and
/// distribution functions.
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
constexpr DensityArgument N_argument = integer_argument("N", nonnegative);
constexpr DensityArgument alpha_argument{"alpha", &positive, Guard::test};
constexpr DensityArgument beta_argument{"beta", &positive, Guard::test};
constexpr Support up_to_one{.least = whole_number<0>, .greatest = whole_number<1>};
constexpr Support up_to_N{.least = whole_number<0>, .greatest = argument<1>};

// ---------------------------------------------------------------- beta_binomial

/// The log mass but for the binomial coefficient.
Expr log_beta_binomial(const Expr& n, const Expr& N, const Expr& alpha, const Expr& beta) {
  return log_gamma_ratio(alpha, n) + log_gamma_ratio(beta, N - n) - log_gamma_ratio(alpha + beta, N);
}

/// log P(outcome <= n), which should not be the larger tail.
Expr log_beta_binomial_tail(const Expr& n, const Expr& N, const Expr& alpha, const Expr& beta) {
  const Expr mass = log_binomial_coefficient(N, n) + log_beta_binomial(n, N, alpha, beta);
  return mass + log_sum_in_units_of_last(
                    n, mass, [&](const Expr& k) { return k * (N - k + beta) / ((N - k + 1.0) * (k - 1.0 + alpha)); });
}

/// Logarithms of P(outcome <= n) and of its complement. The smaller of the two is summed; those above n are the
/// failures up to N - n - 1, which have the shapes exchanged.
struct Tails {
  Expr lower, upper;
};
Tails beta_binomial_tails(Arguments a) {
  const Expr &alpha = a[2], &beta = a[3];
  const Expr n = real_number(a[0]), N = real_number(a[1]);
  const Expr inside = symbolic::logical_and(n >= 0.0, n < N);
  const Expr is_lower = symbolic::logical_and(inside, n * (alpha + beta) < N * alpha);
  const Expr is_upper = symbolic::logical_and(inside, symbolic::logical_not(is_lower));
  // Where the other one is needed, there is nothing to sum.
  const Expr lower = log_beta_binomial_tail(symbolic::where(is_lower, n, 0.0), N, alpha, beta);
  const Expr upper = log_beta_binomial_tail(symbolic::where(is_upper, N - n - 1.0, 0.0), N, beta, alpha);
  return {.lower = symbolic::where(is_lower, lower, log_complement(upper)),
          .upper = symbolic::where(is_lower, log_complement(lower), upper)};
}

// ---------------------------------------------------------------- discrete_range

Expr range_size(Arguments a) { return real_number(a[2] - a[1]) + 1.0; }
Expr range_below(Arguments a) { return (real_number(a[0] - a[1]) + 1.0) / range_size(a); }

std::vector<Distribution> make_bounded() {
  return {
      {.name = "bernoulli",
       .summary = "1 with probability theta, else 0",
       .arguments = {integer_argument("n", binary), {"theta", &probability, Guard::test}},
       .terms = {{a1, [](Arguments a) { return times(a[0], symbolic::log(a[1])); }},
                 {a1, [](Arguments a) { return times(1 - a[0], symbolic::log1p(-a[1])); }}},
       .support = up_to_one,
       .cdf = [](Arguments a) { return 1.0 - a[1]; },
       .lcdf = [](Arguments a) { return symbolic::log1p(-a[1]); },
       .lccdf = [](Arguments a) { return symbolic::log(a[1]); }},
      {.name = "bernoulli_logit",
       .summary = "1 with probability inv_logit(theta), else 0",
       .arguments = {integer_argument("n", binary), {"theta", &number}},
       .terms = {{a1, [](Arguments a) { return log_inv_logit_of_density((2 * a[0] - 1) * a[1]); }}}},
      {.name = "binomial",
       .summary = "number of successes in N trials with probability theta",
       .arguments = {n_argument, N_argument, {"theta", &probability, Guard::test}},
       .terms = {{nothing, [](Arguments a) { return log_binomial_coefficient(a[1], a[0]); }},
                 {a2, [](Arguments a) { return times(a[0], symbolic::log(a[2])); }},
                 {a2, [](Arguments a) { return times(a[1] - a[0], symbolic::log1p(-a[2])); }}},
       .support = up_to_N,
       .cdf = [](Arguments a) { return symbolic::betainc(a[1] - a[0], a[0] + 1, 1.0 - a[2]); },
       .lcdf =
           [](Arguments a) { return log_beta_i(real_number(a[1] - a[0]), real_number(a[0] + 1), 1.0 - a[2], a[2]); },
       .lccdf =
           [](Arguments a) { return log_beta_i(real_number(a[0] + 1), real_number(a[1] - a[0]), a[2], 1.0 - a[2]); }},
      {.name = "binomial_logit",
       .summary = "number of successes in N trials with probability inv_logit(alpha)",
       .arguments = {n_argument, N_argument, {"alpha", &finite, Guard::test}},
       .terms = {{nothing, [](Arguments a) { return log_binomial_coefficient(a[1], a[0]); }},
                 {a2, [](Arguments a) { return times(a[0], symbolic::log_sigmoid(a[2])); }},
                 {a2, [](Arguments a) { return times(a[1] - a[0], symbolic::log_sigmoid(-a[2])); }}},
       .support = up_to_N},
      {.name = "beta_binomial",
       .summary = "number of successes in N trials with a probability from beta(alpha, beta)",
       .arguments = {n_argument, N_argument, alpha_argument, beta_argument},
       .terms = {{nothing, [](Arguments a) { return log_binomial_coefficient(a[1], a[0]); }},
                 {a2 | a3,
                  [](Arguments a) { return log_beta_binomial(real_number(a[0]), real_number(a[1]), a[2], a[3]); }}},
       .support = up_to_N,
       .cdf = [](Arguments a) { return symbolic::exp(beta_binomial_tails(a).lower); },
       .lcdf = [](Arguments a) { return beta_binomial_tails(a).lower; },
       .lccdf = [](Arguments a) { return beta_binomial_tails(a).upper; }},
      {.name = "hypergeometric",
       .summary = "number of the first kind among N drawn from a of the first and b of the second",
       .arguments = {n_argument, N_argument, integer_argument("a", nonnegative), integer_argument("b", nonnegative)},
       .terms = {{nothing,
                  [](Arguments a) {
                    return log_binomial_coefficient(a[2], a[0]) + log_binomial_coefficient(a[3], a[1] - a[0]) -
                           log_binomial_coefficient(a[2] + a[3], a[1]);
                  }}},
       .conditions = {{"N <= a + b", [](Arguments a) { return a[1] <= a[2] + a[3]; }}},
       .support = {.least = [](Arguments a) { return symbolic::maximum(a[1] - a[3], 0); },
                   .greatest = [](Arguments a) { return symbolic::minimum(a[1], a[2]); }}},
      {.name = "discrete_range",
       .summary = "one of the integers from lower to upper",
       .arguments = {integer_argument("y", number), integer_argument("lower", number),
                     integer_argument("upper", number)},
       .terms = {{nothing, [](Arguments a) { return -symbolic::log(range_size(a)); }}},
       .conditions = {{"lower <= upper", [](Arguments a) { return a[1] <= a[2]; }}},
       .support = {.least = argument<1>, .greatest = argument<2>},
       .cdf = range_below,
       .lcdf = [](Arguments a) { return symbolic::log(range_below(a)); },
       .lccdf = [](Arguments a) { return symbolic::log(real_number(a[2] - a[0]) / range_size(a)); }},
  };
}

}  // namespace

std::span<const Distribution> bounded_count_distributions() {
  static const std::vector<Distribution> table = make_bounded();
  return table;
}

}  // namespace leapgraph::models::library
