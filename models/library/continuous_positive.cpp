/// Distributions of positive numbers: their densities, term by term, as Stan's math library keeps and drops them, and
/// their distribution functions.
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

constexpr double half_log_two = 0.5 * std::numbers::ln2;

const Distribution exponential{.name = "exponential",
                               .summary = "exponential with rate beta",
                               .arguments = {{"y", &nonnegative, Guard::test}, {"beta", &positive}},
                               .terms = {{a1, plus_log<1>}, {y | a1, [](Arguments a) { return -a[1] * a[0]; }}},
                               .cdf = [](Arguments a) { return -symbolic::expm1(-a[1] * a[0]); },
                               .lcdf = [](Arguments a) { return log_complement(-a[1] * a[0]); },
                               .lccdf = [](Arguments a) { return -a[1] * a[0]; },
                               .cdf_domain = &nonnegative};

const Distribution gamma{
    .name = "gamma",
    .summary = "gamma with shape alpha and rate beta",
    .arguments = {{"y", &positive, Guard::test}, {"alpha", &positive, Guard::test}, {"beta", &positive, Guard::test}},
    .terms = {{a1, [](Arguments a) { return -symbolic::lgamma(a[1]); }},
              {a1 | a2, [](Arguments a) { return a[1] * symbolic::log(a[2]); }},
              {y | a1, [](Arguments a) { return (a[1] - 1.0) * symbolic::log(a[0]); }},
              {y | a2, [](Arguments a) { return -a[2] * a[0]; }}},
    .cdf = [](Arguments a) { return symbolic::gammainc(a[1], a[2] * a[0]); },
    .lcdf = [](Arguments a) { return log_gamma_p(a[1], a[2] * a[0]); },
    .lccdf = [](Arguments a) { return log_gamma_q(a[1], a[2] * a[0]); },
    .cdf_domain = &nonnegative};

const Distribution inv_gamma{
    .name = "inv_gamma",
    .summary = "inverse gamma with shape alpha and scale beta",
    .arguments = {{"y", &positive, Guard::test}, {"alpha", &positive, Guard::test}, {"beta", &positive, Guard::test}},
    .terms = {{a1, [](Arguments a) { return -symbolic::lgamma(a[1]); }},
              {a1 | a2, [](Arguments a) { return a[1] * symbolic::log(a[2]); }},
              {y | a1, [](Arguments a) { return -(a[1] + 1.0) * symbolic::log(a[0]); }},
              {y | a2, [](Arguments a) { return -a[2] / a[0]; }}},
    .cdf = [](Arguments a) { return symbolic::gammaincc(a[1], a[2] / a[0]); },
    .lcdf = [](Arguments a) { return log_gamma_q(a[1], a[2] / a[0]); },
    .lccdf = [](Arguments a) { return log_gamma_p(a[1], a[2] / a[0]); },
    .cdf_domain = &nonnegative};

const Distribution chi_square{
    .name = "chi_square",
    .summary = "chi-squared with nu degrees of freedom",
    .arguments = {{"y", &nonnegative, Guard::test}, {"nu", &positive, Guard::test}},
    .terms = {{a1, [](Arguments a) { return -half_log_two * a[1] - symbolic::lgamma(0.5 * a[1]); }},
              {y | a1, [](Arguments a) { return symbolic::xlogy(0.5 * a[1] - 1.0, a[0]); }},
              {y, [](Arguments a) { return -0.5 * a[0]; }}},
    .cdf = [](Arguments a) { return symbolic::gammainc(0.5 * a[1], 0.5 * a[0]); },
    .lcdf = [](Arguments a) { return log_gamma_p(0.5 * a[1], 0.5 * a[0]); },
    .lccdf = [](Arguments a) { return log_gamma_q(0.5 * a[1], 0.5 * a[0]); },
    .cdf_domain = &nonnegative};

const Distribution inv_chi_square{
    .name = "inv_chi_square",
    .summary = "inverse chi-squared with nu degrees of freedom",
    .arguments = {{"y", &positive, Guard::test}, {"nu", &positive, Guard::test}},
    .terms = {{a1, [](Arguments a) { return -half_log_two * a[1] - symbolic::lgamma(0.5 * a[1]); }},
              {y | a1, [](Arguments a) { return -(0.5 * a[1] + 1.0) * symbolic::log(a[0]); }},
              {y, [](Arguments a) { return -0.5 / a[0]; }}},
    .cdf = [](Arguments a) { return symbolic::gammaincc(0.5 * a[1], 0.5 / a[0]); },
    .lcdf = [](Arguments a) { return log_gamma_q(0.5 * a[1], 0.5 / a[0]); },
    .lccdf = [](Arguments a) { return log_gamma_p(0.5 * a[1], 0.5 / a[0]); },
    .cdf_domain = &nonnegative};

const Distribution scaled_inv_chi_square{
    .name = "scaled_inv_chi_square",
    .summary = "scaled inverse chi-squared with nu degrees of freedom and scale sigma",
    .arguments = {{"y", &positive, Guard::test}, {"nu", &positive, Guard::test}, {"sigma", &positive, Guard::test}},
    .terms = {{a1, [](Arguments a) { return 0.5 * a[1] * symbolic::log(0.5 * a[1]) - symbolic::lgamma(0.5 * a[1]); }},
              {a1 | a2, [](Arguments a) { return a[1] * symbolic::log(a[2]); }},
              {y | a1, [](Arguments a) { return -(0.5 * a[1] + 1.0) * symbolic::log(a[0]); }},
              {y | a1 | a2, [](Arguments a) { return -0.5 * a[1] * symbolic::sqr(a[2]) / a[0]; }}},
    .cdf = [](Arguments a) { return symbolic::gammaincc(0.5 * a[1], 0.5 * a[1] * symbolic::sqr(a[2]) / a[0]); },
    .lcdf = [](Arguments a) { return log_gamma_q(0.5 * a[1], 0.5 * a[1] * symbolic::sqr(a[2]) / a[0]); },
    .lccdf = [](Arguments a) { return log_gamma_p(0.5 * a[1], 0.5 * a[1] * symbolic::sqr(a[2]) / a[0]); },
    .cdf_domain = &nonnegative};

const Distribution weibull{.name = "weibull",
                           .summary = "Weibull with shape alpha and scale sigma",
                           .arguments = {{"y", &nonnegative, Guard::test},
                                         {"alpha", &positive, Guard::test},
                                         {"sigma", &positive, Guard::test}},
                           .terms = {{y | a1 | a2, [](Arguments a) { return -symbolic::pow(a[0] / a[2], a[1]); }},
                                     {a1, plus_log<1>},
                                     {y | a1, [](Arguments a) { return symbolic::xlogy(a[1] - 1.0, a[0]); }},
                                     {a1 | a2, [](Arguments a) { return -a[1] * symbolic::log(a[2]); }}},
                           .cdf = [](Arguments a) { return -symbolic::expm1(-symbolic::pow(a[0] / a[2], a[1])); },
                           .lcdf = [](Arguments a) { return log_complement(-symbolic::pow(a[0] / a[2], a[1])); },
                           .lccdf = [](Arguments a) { return -symbolic::pow(a[0] / a[2], a[1]); },
                           .cdf_domain = &nonnegative};

const Distribution frechet{
    .name = "frechet",
    .summary = "Frechet, of greatest values, with shape alpha and scale sigma",
    .arguments = {{"y", &positive, Guard::test}, {"alpha", &positive, Guard::test}, {"sigma", &positive, Guard::test}},
    .terms = {{y | a1 | a2, [](Arguments a) { return -symbolic::pow(a[2] / a[0], a[1]); }},
              {a1, plus_log<1>},
              {y | a1, [](Arguments a) { return -(a[1] + 1.0) * symbolic::log(a[0]); }},
              {a1 | a2, [](Arguments a) { return a[1] * symbolic::log(a[2]); }}},
    .cdf = [](Arguments a) { return symbolic::exp(-symbolic::pow(a[2] / a[0], a[1])); },
    .lcdf = [](Arguments a) { return -symbolic::pow(a[2] / a[0], a[1]); },
    .lccdf = [](Arguments a) { return log_complement(-symbolic::pow(a[2] / a[0], a[1])); },
    .cdf_domain = &positive};

const Distribution rayleigh{.name = "rayleigh",
                            .summary = "Rayleigh with scale sigma",
                            .arguments = {{"y", &positive, Guard::test}, {"sigma", &positive, Guard::test}},
                            .terms = {{y | a1, [](Arguments a) { return -0.5 * symbolic::sqr(a[0] / a[1]); }},
                                      {a1, [](Arguments a) { return -2.0 * symbolic::log(a[1]); }},
                                      {y, plus_log<0>}},
                            .cdf = [](Arguments a) { return -symbolic::expm1(-0.5 * symbolic::sqr(a[0] / a[1])); },
                            .lcdf = [](Arguments a) { return log_complement(-0.5 * symbolic::sqr(a[0] / a[1])); },
                            .lccdf = [](Arguments a) { return -0.5 * symbolic::sqr(a[0] / a[1]); },
                            .cdf_domain = &nonnegative};

const Distribution lognormal{
    .name = "lognormal",
    .summary = "exp of a normal with mean mu and standard deviation sigma",
    .arguments = {{"y", &positive, Guard::test}, {"mu", &finite}, {"sigma", &positive}},
    // Stan keeps the constant whatever `~` asks for.
    .terms = {{y | a1 | a2, [](Arguments) { return constant_term(-log_sqrt_two_pi); }},
              {y | a1 | a2,
               [](Arguments a) { return -0.5 * symbolic::sqr(standardized(symbolic::log(a[0]), a[1], a[2])); }},
              {a2, minus_log<2>},
              {y, minus_log<0>}},
    .cdf = [](Arguments a) { return symbolic::ndtr(standardized(symbolic::log(a[0]), a[1], a[2])); },
    .lcdf = [](Arguments a) { return symbolic::log_ndtr(standardized(symbolic::log(a[0]), a[1], a[2])); },
    .lccdf = [](Arguments a) { return symbolic::log_ndtr(-standardized(symbolic::log(a[0]), a[1], a[2])); },
    .cdf_domain = &nonnegative};

const Distribution loglogistic{
    .name = "loglogistic",
    .summary = "log-logistic with scale alpha and shape beta",
    .arguments = {{"y", &positive, Guard::test}, {"alpha", &positive, Guard::test}, {"beta", &positive, Guard::test}},
    .terms = {{y | a1 | a2,
               [](Arguments a) {
                 return (a[2] - 1.0) * symbolic::log(a[0]) -
                        2.0 * symbolic::softplus(a[2] * symbolic::log(a[0] / a[1]));
               }},
              {a1 | a2, [](Arguments a) { return symbolic::log(a[2]) - a[2] * symbolic::log(a[1]); }}},
    .cdf = [](Arguments a) { return symbolic::sigmoid(a[2] * symbolic::log(a[0] / a[1])); },
    .cdf_domain = &nonnegative};

const Distribution pareto{
    .name = "pareto",
    .summary = "Pareto with the least value y_min and shape alpha",
    .arguments = {{"y", &number, Guard::test}, {"y_min", &positive, Guard::test}, {"alpha", &positive, Guard::test}},
    .terms = {{a2, plus_log<2>},
              {y | a2, [](Arguments a) { return -(a[2] + 1.0) * symbolic::log(a[0]); }},
              {a1 | a2, [](Arguments a) { return a[2] * symbolic::log(a[1]); }}},
    .support = {.least = argument<1>},
    .cdf = [](Arguments a) { return -symbolic::expm1(a[2] * (symbolic::log(a[1]) - symbolic::log(a[0]))); },
    .lcdf = [](Arguments a) { return log_complement(a[2] * (symbolic::log(a[1]) - symbolic::log(a[0]))); },
    .lccdf = [](Arguments a) { return a[2] * (symbolic::log(a[1]) - symbolic::log(a[0])); },
    .cdf_domain = &nonnegative};

const Distribution pareto_type_2{
    .name = "pareto_type_2",
    .summary = "Pareto of the second type (Lomax) with least value mu, scale lambda and shape alpha",
    .arguments = {{"y", &number, Guard::test},
                  {"mu", &finite, Guard::test},
                  {"lambda", &positive, Guard::test},
                  {"alpha", &positive, Guard::test}},
    .terms = {{a3, plus_log<3>},
              {a2, minus_log<2>},
              {y | a1 | a2 | a3,
               [](Arguments a) { return -(a[3] + 1.0) * symbolic::log1p(standardized(a[0], a[1], a[2])); }}},
    .conditions = {{"y >= mu", [](Arguments a) { return a[0] >= a[1]; }}},
    .cdf = [](Arguments a) { return -symbolic::expm1(-a[3] * symbolic::log1p(standardized(a[0], a[1], a[2]))); },
    .lcdf = [](Arguments a) { return log_complement(-a[3] * symbolic::log1p(standardized(a[0], a[1], a[2]))); },
    .lccdf = [](Arguments a) { return -a[3] * symbolic::log1p(standardized(a[0], a[1], a[2])); }};

}  // namespace

std::span<const Distribution> positive_distributions() {
  static const std::vector<Distribution> table = {
      exponential, gamma,    inv_gamma, chi_square,  inv_chi_square, scaled_inv_chi_square, weibull,
      frechet,     rayleigh, lognormal, loglogistic, pareto,         pareto_type_2};
  return table;
}

}  // namespace leapgraph::models::library
