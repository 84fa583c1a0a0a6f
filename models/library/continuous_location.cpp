/// Distributions on the whole line: their densities, term by term, as Stan's math library keeps and drops them, and
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

constexpr double log_pi = 1.14472988584940017414342735135;
constexpr double log_sqrt_pi = 0.572364942924700087071713675677;

/// atan2 keeps its digits in the lower tail, where 1/2 + atan(z)/pi cancels.
Expr cauchy_cdf(const Expr& z) { return symbolic::atan2(1.0, -z) / std::numbers::pi; }

Expr log_laplace_cdf(const Expr& z) {
  const Expr above = symbolic::where(z < 0.0, 0.0, z);
  return symbolic::where(z < 0.0, z - std::numbers::ln2, symbolic::log1p(-0.5 * symbolic::exp(-above)));
}

/// The distribution function of Student's t by the incomplete beta function of t^2 / (nu + t^2), or of its complement
/// where that is nearer to 1.
struct StudentT {
  Expr t, nu, square = symbolic::sqr(t);

  /// P(T > |t|), for |t| of 1 or more.
  Expr tail() const { return 0.5 * symbolic::betainc(0.5 * nu, 0.5, nu / (nu + square)); }
  /// P(T < t) for |t| below 1. The slope of its incomplete beta function is infinite at t = 0, where the density takes
  /// its place.
  Expr middle() const {
    constexpr double tiny = 1e-8;
    const Expr is_tiny = symbolic::abs(t) < tiny;
    const Expr other = symbolic::where(is_tiny, 0.5, square);
    const Expr half = 0.5 * symbolic::betainc(0.5, 0.5 * nu, other / (nu + other));
    const Expr density_at_0 = symbolic::exp(symbolic::lgamma(0.5 * nu + 0.5) - symbolic::lgamma(0.5 * nu) -
                                            0.5 * symbolic::log(nu) - log_sqrt_pi);
    return 0.5 + symbolic::where(is_tiny, t * density_at_0, symbolic::where(t < 0.0, -half, half));
  }
};
Expr student_t_cdf(const Expr& t, const Expr& nu) {
  const StudentT at{t, nu};
  const Expr tail = at.tail();
  return symbolic::where(t <= -1.0, tail, symbolic::where(t >= 1.0, 1.0 - tail, at.middle()));
}
Expr log_student_t_cdf(const Expr& t, const Expr& nu) {
  const StudentT at{t, nu};
  const Expr tail = at.tail();
  return symbolic::where(t <= -1.0, symbolic::log(tail),
                         symbolic::where(t >= 1.0, symbolic::log1p(-tail), symbolic::log(at.middle())));
}

const Distribution normal{
    .name = "normal",
    .summary = "normal with mean mu and standard deviation sigma",
    .arguments = {{"y", &number}, {"mu", &finite}, {"sigma", &positive}},
    .terms = {{y | a1 | a2, [](Arguments a) { return -0.5 * symbolic::sqr(standardized(a[0], a[1], a[2])); }},
              {nothing, [](Arguments) { return constant_term(-log_sqrt_two_pi); }},
              {a2, minus_log<2>}},
    .cdf = [](Arguments a) { return symbolic::ndtr(standardized(a[0], a[1], a[2])); },
    .lcdf = [](Arguments a) { return symbolic::log_ndtr(standardized(a[0], a[1], a[2])); },
    .lccdf = [](Arguments a) { return symbolic::log_ndtr(-standardized(a[0], a[1], a[2])); }};

const Distribution std_normal{.name = "std_normal",
                              .summary = "normal with mean 0 and standard deviation 1",
                              .arguments = {{"y", &number}},
                              .terms = {{y, [](Arguments a) { return -0.5 * symbolic::sqr(a[0]); }},
                                        {nothing, [](Arguments) { return constant_term(-log_sqrt_two_pi); }}},
                              .cdf = [](Arguments a) { return symbolic::ndtr(a[0]); },
                              .lcdf = [](Arguments a) { return symbolic::log_ndtr(a[0]); },
                              .lccdf = [](Arguments a) { return symbolic::log_ndtr(-a[0]); }};

const Distribution cauchy{
    .name = "cauchy",
    .summary = "Cauchy with location mu and scale sigma",
    .arguments = {{"y", &number}, {"mu", &finite}, {"sigma", &positive}},
    .terms = {{y | a1 | a2,
               [](Arguments a) { return -symbolic::log1p(symbolic::sqr(standardized(a[0], a[1], a[2]))); }},
              {nothing, [](Arguments) { return constant_term(-log_pi); }},
              {a2, minus_log<2>}},
    .cdf = [](Arguments a) { return cauchy_cdf(standardized(a[0], a[1], a[2])); },
    .lcdf = [](Arguments a) { return symbolic::log(cauchy_cdf(standardized(a[0], a[1], a[2]))); },
    .lccdf = [](Arguments a) { return symbolic::log(cauchy_cdf(-standardized(a[0], a[1], a[2]))); }};

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
              {a3, minus_log<3>}},
    .cdf = [](Arguments a) { return student_t_cdf(standardized(a[0], a[2], a[3]), a[1]); },
    .lcdf = [](Arguments a) { return log_student_t_cdf(standardized(a[0], a[2], a[3]), a[1]); },
    .lccdf = [](Arguments a) { return log_student_t_cdf(-standardized(a[0], a[2], a[3]), a[1]); }};

const Distribution double_exponential{
    .name = "double_exponential",
    .summary = "Laplace with location mu and scale sigma",
    .arguments = {{"y", &finite}, {"mu", &finite}, {"sigma", &positive}},
    .terms = {{nothing, [](Arguments) { return constant_term(-std::numbers::ln2); }},
              {a2, minus_log<2>},
              {y | a1 | a2, [](Arguments a) { return -symbolic::abs(a[0] - a[1]) / a[2]; }}},
    .cdf = [](Arguments a) { return symbolic::exp(log_laplace_cdf(standardized(a[0], a[1], a[2]))); },
    .lcdf = [](Arguments a) { return log_laplace_cdf(standardized(a[0], a[1], a[2])); },
    .lccdf = [](Arguments a) { return log_laplace_cdf(-standardized(a[0], a[1], a[2])); }};

const Distribution logistic{
    .name = "logistic",
    .summary = "logistic with location mu and scale sigma",
    .arguments = {{"y", &finite}, {"mu", &finite}, {"sigma", &positive}},
    .terms = {{y | a1 | a2,
               [](Arguments a) {
                 const Expr z = standardized(a[0], a[1], a[2]);
                 return -z - 2.0 * symbolic::softplus(-z);
               }},
              {a2, minus_log<2>}},
    .cdf = [](Arguments a) { return symbolic::sigmoid(standardized(a[0], a[1], a[2])); },
    .lcdf = [](Arguments a) { return symbolic::log_sigmoid(standardized(a[0], a[1], a[2])); },
    .lccdf = [](Arguments a) { return symbolic::log_sigmoid(-standardized(a[0], a[1], a[2])); }};

}  // namespace

std::span<const Distribution> location_distributions() {
  static const std::vector<Distribution> table = {normal, std_normal, cauchy, student_t, double_exponential, logistic};
  return table;
}

}  // namespace leapgraph::models::library
