/// Skewed distributions on the whole line: their densities, term by term, as Stan's math library keeps and drops them,
/// and their distribution functions.
#include <numbers>
#include <vector>

#include "leapgraph/models/library/continuous.hpp"
#include "leapgraph/models/library/cumulative.hpp"
#include "leapgraph/models/library/terms.hpp"
#include "leapgraph/symbolic/special_functions.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Expr;
using namespace domains;  // NOLINT: the vocabulary of the records below
using namespace terms;    // NOLINT

/// log(1 - exp(-exp(-z))). From 40 on the outer exponential is exp(-z) to rounding, and does not vanish.
Expr log_gumbel_above(const Expr& z) {
  constexpr double far = 40;
  return symbolic::where(z > far, -z, log_complement(-symbolic::exp(-symbolic::minimum(z, far))));
}

/// Phi(z) - 2 T(z, alpha), with Owen's T, and the logarithm of this.
Expr skew_normal_cdf(const Expr& z, const Expr& alpha) { return symbolic::ndtr(z) - 2.0 * symbolic::owens_t(z, alpha); }
Expr log_skew_normal_cdf(const Expr& z, const Expr& alpha) {
  const Expr skew = 2.0 * symbolic::owens_t(z, alpha);
  return log_of_smaller(symbolic::ndtr(z) - skew, symbolic::ndtr(-z) + skew);
}

// The asymmetric Laplace distribution: standardised outcome, probability below and above its location.
Expr skew_laplace_decay(const Expr& z, const Expr& tau) {
  return -2.0 * symbolic::where(z < 0.0, (tau - 1.0) * z, tau * z);
}
Expr log_skew_laplace_cdf(const Expr& z, const Expr& below, const Expr& above) {
  const Expr left = symbolic::where(z < 0.0, z, 0.0), right = symbolic::where(z < 0.0, 0.0, z);
  return symbolic::where(z < 0.0, symbolic::log(below) + 2.0 * above * left,
                         symbolic::log1p(-above * symbolic::exp(-2.0 * below * right)));
}

// The sum of a standard normal and an exponential of rate v has the density v S(z), the distribution function
// Phi(z) - S(z), S(z) = exp(v v / 2 - v z) Phi(z - v).

/// log S(z) by erfcx where both factors are extreme.
Expr log_shifted_normal(const Expr& z, const Expr& v) {
  const Expr below = symbolic::minimum(z - v, 0.0);
  const Expr left = -0.5 * symbolic::sqr(z) + symbolic::log(0.5 * symbolic::erfcx(-below / std::numbers::sqrt2));
  return symbolic::where(z < v, left, v * (0.5 * v - z) + symbolic::log_ndtr(z - v));
}

/// For z below 0 log P(Y < z), the difference taken in units of the normal density there; else log P(Y > z).
Expr log_exp_mod_normal_tail(const Expr& z, const Expr& v) {
  const Expr x = symbolic::where(z < 0.0, z, 0.0);
  const Expr ratio = symbolic::erfcx((v - x) / std::numbers::sqrt2) / symbolic::erfcx(-x / std::numbers::sqrt2);
  const Expr left = symbolic::log_ndtr(x) + symbolic::log1p(-ratio);
  return symbolic::where(z < 0.0, left, symbolic::logaddexp(symbolic::log_ndtr(-z), log_shifted_normal(z, v)));
}
Expr exp_mod_normal_cdf(const Expr& z, const Expr& v) {
  const Expr tail = log_exp_mod_normal_tail(z, v);
  return symbolic::where(z < 0.0, symbolic::exp(tail), -symbolic::expm1(tail));
}
Expr log_exp_mod_normal_cdf(const Expr& z, const Expr& v) {
  const Expr tail = log_exp_mod_normal_tail(z, v);
  return symbolic::where(z < 0.0, tail, log_complement(tail));
}
Expr log_exp_mod_normal_above(const Expr& z, const Expr& v) {
  const Expr tail = log_exp_mod_normal_tail(z, v);
  return symbolic::where(z < 0.0, log_complement(tail), tail);
}

const Distribution gumbel{
    .name = "gumbel",
    .summary = "Gumbel, of greatest values, with location mu and scale beta",
    .arguments = {{"y", &number}, {"mu", &finite}, {"beta", &positive}},
    .terms = {{y | a1 | a2,
               [](Arguments a) {
                 const Expr z = standardized(a[0], a[1], a[2]);
                 return -z - symbolic::exp(-z);
               }},
              {a2, minus_log<2>}},
    .cdf = [](Arguments a) { return symbolic::exp(-symbolic::exp(-standardized(a[0], a[1], a[2]))); },
    .lcdf = [](Arguments a) { return -symbolic::exp(-standardized(a[0], a[1], a[2])); },
    .lccdf = [](Arguments a) { return log_gumbel_above(standardized(a[0], a[1], a[2])); }};

const Distribution skew_normal{
    .name = "skew_normal",
    .summary = "skew normal with location xi, scale omega and shape alpha",
    .arguments = {{"y", &number}, {"xi", &finite}, {"omega", &positive}, {"alpha", &finite, Guard::test}},
    .terms = {{y | a1 | a2 | a3,
               [](Arguments a) {
                 return std::numbers::ln2 + symbolic::log_ndtr(a[3] * standardized(a[0], a[1], a[2]));
               }},
              {nothing, [](Arguments) { return constant_term(-log_sqrt_two_pi); }},
              {a2, minus_log<2>},
              {y | a1 | a2, [](Arguments a) { return -0.5 * symbolic::sqr(standardized(a[0], a[1], a[2])); }}},
    .cdf = [](Arguments a) { return skew_normal_cdf(standardized(a[0], a[1], a[2]), a[3]); },
    .lcdf = [](Arguments a) { return log_skew_normal_cdf(standardized(a[0], a[1], a[2]), a[3]); },
    .lccdf = [](Arguments a) { return log_skew_normal_cdf(-standardized(a[0], a[1], a[2]), -a[3]); }};

const Distribution skew_double_exponential{
    .name = "skew_double_exponential",
    .summary = "asymmetric Laplace with location mu, scale sigma and the probability tau below mu",
    .arguments = {{"y", &number}, {"mu", &finite}, {"sigma", &positive}, {"tau", &probability, Guard::test}},
    .terms = {{nothing, [](Arguments) { return constant_term(std::numbers::ln2); }},
              {a2, minus_log<2>},
              {a3, [](Arguments a) { return symbolic::log(a[3]) + symbolic::log1p(-a[3]); }},
              {y | a1 | a2 | a3, [](Arguments a) { return skew_laplace_decay(standardized(a[0], a[1], a[2]), a[3]); }}},
    .cdf =
        [](Arguments a) {
          return symbolic::exp(log_skew_laplace_cdf(standardized(a[0], a[1], a[2]), a[3], 1.0 - a[3]));
        },
    .lcdf = [](Arguments a) { return log_skew_laplace_cdf(standardized(a[0], a[1], a[2]), a[3], 1.0 - a[3]); },
    .lccdf = [](Arguments a) { return log_skew_laplace_cdf(-standardized(a[0], a[1], a[2]), 1.0 - a[3], a[3]); }};

const Distribution exp_mod_normal{
    .name = "exp_mod_normal",
    .summary = "sum of a normal with mean mu and standard deviation sigma and an exponential with rate lambda",
    .arguments = {{"y", &number}, {"mu", &finite}, {"sigma", &positive, Guard::test}, {"lambda", &positive}},
    // Stan's terms are -log 2 and log(2 exp(...)).
    .terms = {{nothing, [](Arguments) { return constant_term(-std::numbers::ln2); }},
              {a3, plus_log<3>},
              {y | a1 | a2 | a3,
               [](Arguments a) {
                 return std::numbers::ln2 + log_shifted_normal(standardized(a[0], a[1], a[2]), a[2] * a[3]);
               }}},
    .cdf = [](Arguments a) { return exp_mod_normal_cdf(standardized(a[0], a[1], a[2]), a[2] * a[3]); },
    .lcdf = [](Arguments a) { return log_exp_mod_normal_cdf(standardized(a[0], a[1], a[2]), a[2] * a[3]); },
    .lccdf = [](Arguments a) { return log_exp_mod_normal_above(standardized(a[0], a[1], a[2]), a[2] * a[3]); }};

}  // namespace

std::span<const Distribution> skewed_distributions() {
  static const std::vector<Distribution> table = {gumbel, skew_normal, skew_double_exponential, exp_mod_normal};
  return table;
}

}  // namespace leapgraph::models::library
