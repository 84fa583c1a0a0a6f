/// Distributions of real outcomes: their densities, term by term, as Stan's math library keeps and drops them.
#include <numbers>
#include <vector>

#include "leapgraph/models/library/distribution.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Expr;
using Arguments = std::span<const Expr>;
using namespace domains;  // NOLINT: the vocabulary of the records below

constexpr double log_pi = 1.14472988584940017414342735135;
constexpr double log_sqrt_pi = 0.572364942924700087071713675677;

// The set of arguments 0, 1, ... of which a term is a function.
constexpr ArgumentSet nothing = 0, y = 1, a1 = 2, a2 = 4, a3 = 8;

Expr constant_term(double value) { return symbolic::constant(value); }
Expr standardized(const Expr& outcome, const Expr& location, const Expr& scale) { return (outcome - location) / scale; }

const Distribution normal{
    .name = "normal",
    .summary = "normal with mean mu and standard deviation sigma",
    .arguments = {{"y", &number}, {"mu", &finite}, {"sigma", &positive}},
    .terms = {{y | a1 | a2, [](Arguments a) { return -0.5 * symbolic::sqr(standardized(a[0], a[1], a[2])); }},
              {nothing, [](Arguments) { return constant_term(-log_sqrt_two_pi); }},
              {a2, [](Arguments a) { return -symbolic::log(a[2]); }}}};

const Distribution std_normal{.name = "std_normal",
                              .summary = "normal with mean 0 and standard deviation 1",
                              .arguments = {{"y", &number}},
                              .terms = {{y, [](Arguments a) { return -0.5 * symbolic::sqr(a[0]); }},
                                        {nothing, [](Arguments) { return constant_term(-log_sqrt_two_pi); }}}};

const Distribution cauchy{
    .name = "cauchy",
    .summary = "Cauchy with location mu and scale sigma",
    .arguments = {{"y", &number}, {"mu", &finite}, {"sigma", &positive}},
    .terms = {
        {y | a1 | a2, [](Arguments a) { return -symbolic::log1p(symbolic::sqr(standardized(a[0], a[1], a[2]))); }},
        {nothing, [](Arguments) { return constant_term(-log_pi); }},
        {a2, [](Arguments a) { return -symbolic::log(a[2]); }}}};

const Distribution student_t{
    .name = "student_t",
    .summary = "Student's t with nu degrees of freedom, location mu and scale sigma",
    .arguments = {{"y", &number}, {"nu", &positive, Guard::test}, {"mu", &finite}, {"sigma", &positive}},
    .terms = {{y | a1 | a2 | a3,
               [](Arguments a) {
                 return -(0.5 * a[1] + 0.5) * symbolic::log1p(symbolic::sqr(standardized(a[0], a[2], a[3])) / a[1]);
               }},
              {nothing, [](Arguments) { return constant_term(-log_sqrt_pi); }},
              {a1,
               [](Arguments a) {
                 const Expr half = 0.5 * a[1];
                 return symbolic::lgamma(half + 0.5) - symbolic::lgamma(half) - 0.5 * symbolic::log(a[1]);
               }},
              {a3, [](Arguments a) { return -symbolic::log(a[3]); }}}};

const Distribution double_exponential{
    .name = "double_exponential",
    .summary = "Laplace with location mu and scale sigma",
    .arguments = {{"y", &finite}, {"mu", &finite}, {"sigma", &positive}},
    .terms = {{nothing, [](Arguments) { return constant_term(-std::numbers::ln2); }},
              {a2, [](Arguments a) { return -symbolic::log(a[2]); }},
              {y | a1 | a2, [](Arguments a) { return -symbolic::abs(a[0] - a[1]) / a[2]; }}}};

const Distribution logistic{.name = "logistic",
                            .summary = "logistic with location mu and scale sigma",
                            .arguments = {{"y", &finite}, {"mu", &finite}, {"sigma", &positive}},
                            .terms = {{y | a1 | a2,
                                       [](Arguments a) {
                                         const Expr z = standardized(a[0], a[1], a[2]);
                                         return -z - 2.0 * symbolic::softplus(-z);
                                       }},
                                      {a2, [](Arguments a) { return -symbolic::log(a[2]); }}}};

const Distribution exponential{.name = "exponential",
                               .summary = "exponential with rate beta",
                               .arguments = {{"y", &nonnegative, Guard::test}, {"beta", &positive}},
                               .terms = {{a1, [](Arguments a) { return symbolic::log(a[1]); }},
                                         {y | a1, [](Arguments a) { return -a[1] * a[0]; }}}};

const Distribution gamma{
    .name = "gamma",
    .summary = "gamma with shape alpha and rate beta",
    .arguments = {{"y", &positive, Guard::test}, {"alpha", &positive, Guard::test}, {"beta", &positive, Guard::test}},
    .terms = {{a1, [](Arguments a) { return -symbolic::lgamma(a[1]); }},
              {a1 | a2, [](Arguments a) { return a[1] * symbolic::log(a[2]); }},
              {y | a1, [](Arguments a) { return (a[1] - 1.0) * symbolic::log(a[0]); }},
              {y | a2, [](Arguments a) { return -a[2] * a[0]; }}}};

const Distribution inv_gamma{
    .name = "inv_gamma",
    .summary = "inverse gamma with shape alpha and scale beta",
    .arguments = {{"y", &positive, Guard::test}, {"alpha", &positive, Guard::test}, {"beta", &positive, Guard::test}},
    .terms = {{a1, [](Arguments a) { return -symbolic::lgamma(a[1]); }},
              {a1 | a2, [](Arguments a) { return a[1] * symbolic::log(a[2]); }},
              {y | a1, [](Arguments a) { return -(a[1] + 1.0) * symbolic::log(a[0]); }},
              {y | a2, [](Arguments a) { return -a[2] / a[0]; }}}};

const Distribution weibull{.name = "weibull",
                           .summary = "Weibull with shape alpha and scale sigma",
                           .arguments = {{"y", &nonnegative, Guard::test},
                                         {"alpha", &positive, Guard::test},
                                         {"sigma", &positive, Guard::test}},
                           .terms = {{y | a1 | a2, [](Arguments a) { return -symbolic::pow(a[0] / a[2], a[1]); }},
                                     {a1, [](Arguments a) { return symbolic::log(a[1]); }},
                                     {y | a1, [](Arguments a) { return symbolic::xlogy(a[1] - 1.0, a[0]); }},
                                     {a1 | a2, [](Arguments a) { return -a[1] * symbolic::log(a[2]); }}}};

const Distribution lognormal{
    .name = "lognormal",
    .summary = "exp of a normal with mean mu and standard deviation sigma",
    .arguments = {{"y", &positive, Guard::test}, {"mu", &finite}, {"sigma", &positive}},
    // Stan keeps the constant whatever `~` asks for.
    .terms = {
        {y | a1 | a2, [](Arguments) { return constant_term(-log_sqrt_two_pi); }},
        {y | a1 | a2, [](Arguments a) { return -0.5 * symbolic::sqr(standardized(symbolic::log(a[0]), a[1], a[2])); }},
        {a2, [](Arguments a) { return -symbolic::log(a[2]); }},
        {y, [](Arguments a) { return -symbolic::log(a[0]); }}}};

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
                                  {a1 | a2, [](Arguments a) { return symbolic::lgamma(a[1] + a[2]); }}}};

const Distribution uniform{
    .name = "uniform",
    .summary = "uniform between alpha and beta",
    .arguments = {{"y", &number, Guard::test}, {"alpha", &finite, Guard::test}, {"beta", &finite, Guard::test}},
    .terms = {{a1 | a2, [](Arguments a) { return -symbolic::log(a[2] - a[1]); }}},
    .conditions = {
        {"alpha < beta", [](Arguments a) { return a[1] < a[2]; }},
        {"alpha <= y <= beta", [](Arguments a) { return symbolic::logical_and(a[0] >= a[1], a[0] <= a[2]); }}}};

const Distribution pareto{
    .name = "pareto",
    .summary = "Pareto with the least value y_min and shape alpha",
    .arguments = {{"y", &number, Guard::test}, {"y_min", &positive, Guard::test}, {"alpha", &positive, Guard::test}},
    .terms = {{a2, [](Arguments a) { return symbolic::log(a[2]); }},
              {y | a2, [](Arguments a) { return -(a[2] + 1.0) * symbolic::log(a[0]); }},
              {a1 | a2, [](Arguments a) { return a[2] * symbolic::log(a[1]); }}},
    .conditions = {{"y >= y_min", [](Arguments a) { return a[0] >= a[1]; }}}};

}  // namespace

std::span<const Distribution> continuous_distributions() {
  static const std::vector<Distribution> table = {normal,    std_normal,  cauchy,  student_t, double_exponential,
                                                  logistic,  exponential, gamma,   inv_gamma, weibull,
                                                  lognormal, beta,        uniform, pareto};
  return table;
}

}  // namespace leapgraph::models::library
