/// Distributions of numbers between bounds, angles among them: their densities, term by term, as Stan's math library
/// keeps and drops them, and their distribution functions.
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "leapgraph/models/library/continuous.hpp"
#include "leapgraph/models/library/cumulative.hpp"
#include "leapgraph/models/library/terms.hpp"
#include "leapgraph/symbolic/elementwise_functions.hpp"
#include "leapgraph/symbolic/special_functions.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Expr;
using namespace domains;  // NOLINT: the vocabulary of the records below
using namespace terms;    // NOLINT

const Domain inner_probability{"between 0 and 1, and neither", [](double x) { return x > 0 && x < 1; },
                               [](const Expr& x) { return symbolic::logical_and(x > 0.0, x < 1.0); }};
const Domain finite_nonnegative{
    "at least 0 and finite", [](double x) { return x >= 0 && std::isfinite(x); },
    [](const Expr& x) { return symbolic::logical_and(x >= 0.0, x < std::numeric_limits<double>::infinity()); }};
const Domain angle{"between -pi and pi", [](double x) { return std::abs(x) <= std::numbers::pi; },
                   [](const Expr& x) { return symbolic::abs(x) <= std::numbers::pi; }};

/// The distribution function of an angle in -pi to pi around 0: its Fourier series; above concentrations of 50 the
/// normal approximation that Stan takes there, and between 49 and 50 a mixture of both.
Expr centered_von_mises_cdf(const Expr& x, const Expr& kappa) {
  constexpr std::int64_t terms = 60;  // the ratio of Bessel functions is below 1e-16 from there on
  constexpr double first = 49, last = 50;
  const Expr order = 1.0 + symbolic::cast(symbolic::arange(terms), symbolic::DType::float64);
  const Expr low = symbolic::expand_dims(symbolic::minimum(kappa, first), -1);
  const Expr wave = symbolic::sin(order * symbolic::expand_dims(x, -1)) / order;
  const Expr weight = symbolic::ive(order, low) / symbolic::i0e(low);
  const Expr series = 0.5 + x / (2 * std::numbers::pi) + symbolic::sum(weight * wave, {-1}) / std::numbers::pi;
  const Expr high = symbolic::maximum(kappa, last);
  const Expr normal = symbolic::ndtr(std::sqrt(2 / std::numbers::pi) / symbolic::i0e(high) * symbolic::sin(0.5 * x));
  const Expr share = symbolic::minimum(symbolic::maximum(kappa - first, 0.0), 1.0);
  return symbolic::where(kappa < first, series,
                         symbolic::where(kappa < last, (1.0 - share) * series + share * normal, normal));
}

/// From -pi to y, of an angle around mu: turns that the shift by mu completes are counted.
Expr von_mises_cdf(const Expr& y, const Expr& mu, const Expr& kappa) {
  const auto from_left = [&kappa](const Expr& x) {
    const Expr turns = symbolic::floor((x + std::numbers::pi) / (2 * std::numbers::pi));
    return turns + centered_von_mises_cdf(x - 2 * std::numbers::pi * turns, kappa);
  };
  return symbolic::minimum(symbolic::maximum(from_left(y - mu) - from_left(-std::numbers::pi - mu), 0.0), 1.0);
}

const Distribution beta{.name = "beta",
                        .summary = "beta with shapes alpha and beta",
                        .arguments = {{"y", &probability, Guard::test},
                                      {"alpha", &positive, Guard::test},
                                      {"beta", &positive, Guard::test}},
                        .terms = {{a1, [](Arguments a) { return -symbolic::lgamma(a[1]); }},
                                  {a2, [](Arguments a) { return -symbolic::lgamma(a[2]); }},
                                  {y | a1, [](Arguments a) { return symbolic::xlogy(a[1] - 1.0, a[0]); }},
                                  {y | a2,
                                   [](Arguments a) {
                                     const Expr power = a[2] - 1.0;
                                     return symbolic::where(symbolic::eq(power, 0.0), 0.0,
                                                            power * symbolic::log1p(-a[0]));
                                   }},
                                  {a1 | a2, [](Arguments a) { return symbolic::lgamma(a[1] + a[2]); }}},
                        .cdf = [](Arguments a) { return symbolic::betainc(a[1], a[2], a[0]); },
                        .lcdf = [](Arguments a) { return log_beta_i(a[1], a[2], a[0], 1.0 - a[0]); },
                        .lccdf = [](Arguments a) { return log_beta_i(a[2], a[1], 1.0 - a[0], a[0]); },
                        .cdf_domain = &probability};

const Distribution beta_proportion{
    .name = "beta_proportion",
    .summary = "beta with mean mu and precision kappa",
    .arguments = {{"theta", &probability, Guard::test},
                  {"mu", &inner_probability, Guard::test},
                  {"kappa", &positive, Guard::test}},
    .terms = {{a2, [](Arguments a) { return symbolic::lgamma(a[2]); }},
              {a1 | a2,
               [](Arguments a) { return -symbolic::lgamma(a[1] * a[2]) - symbolic::lgamma(a[2] - a[1] * a[2]); }},
              {y | a1 | a2,
               [](Arguments a) {
                 return symbolic::xlogy(a[1] * a[2] - 1.0, a[0]) + symbolic::xlog1py(a[2] - a[1] * a[2] - 1.0, -a[0]);
               }}},
    .lcdf = [](Arguments a) { return log_beta_i(a[1] * a[2], a[2] - a[1] * a[2], a[0], 1.0 - a[0]); },
    .lccdf = [](Arguments a) { return log_beta_i(a[2] - a[1] * a[2], a[1] * a[2], 1.0 - a[0], a[0]); },
    .cdf_domain = &probability};

const Distribution uniform{
    .name = "uniform",
    .summary = "uniform between alpha and beta",
    .arguments = {{"y", &number, Guard::test}, {"alpha", &finite, Guard::test}, {"beta", &finite, Guard::test}},
    .terms = {{a1 | a2, [](Arguments a) { return -symbolic::log(a[2] - a[1]); }}},
    .conditions = {{"alpha < beta", [](Arguments a) { return a[1] < a[2]; }}},
    .support = {.least = argument<1>, .greatest = argument<2>},
    .cdf = [](Arguments a) { return (a[0] - a[1]) / (a[2] - a[1]); },
    .lcdf = [](Arguments a) { return symbolic::log(a[0] - a[1]) - symbolic::log(a[2] - a[1]); },
    .lccdf = [](Arguments a) { return symbolic::log(a[2] - a[0]) - symbolic::log(a[2] - a[1]); }};

const Distribution von_mises{
    .name = "von_mises",
    .summary = "von Mises, of angles, with location mu and concentration kappa",
    .arguments = {{"y", &finite}, {"mu", &finite}, {"kappa", &finite_nonnegative, Guard::test}},
    .terms = {{y | a1 | a2, [](Arguments a) { return a[2] * symbolic::cos(a[1] - a[0]); }},
              {nothing, [](Arguments) { return constant_term(-2.0 * log_sqrt_two_pi); }},
              {a2, [](Arguments a) { return -a[2] - symbolic::log(symbolic::i0e(a[2])); }}},
    .cdf = [](Arguments a) { return von_mises_cdf(a[0], a[1], a[2]); },
    .lcdf = [](Arguments a) { return symbolic::log(von_mises_cdf(a[0], a[1], a[2])); },
    .lccdf = [](Arguments a) { return symbolic::log1p(-von_mises_cdf(a[0], a[1], a[2])); },
    .cdf_domain = &angle};

}  // namespace

std::span<const Distribution> bounded_distributions() {
  static const std::vector<Distribution> table = {beta, beta_proportion, uniform, von_mises};
  return table;
}

}  // namespace leapgraph::models::library
