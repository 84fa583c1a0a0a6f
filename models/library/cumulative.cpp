/// The logarithms of distribution functions (_lcdf) and of their complements (_lccdf), where these have formulas whose
/// derivatives the engine knows; that of Student's t is known for numbers only.
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numbers>
#include <vector>

#include "leapgraph/models/library/distribution.hpp"
#include "leapgraph/models/library/function.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Array;
using symbolic::Expr;
using Arguments = std::span<const Expr>;
using namespace domains;  // NOLINT: the vocabulary of the records below

/// log Phi(z). Far below zero by the continued fraction of the tail, exp(-z^2/2) / sqrt(2 pi) / (x + 1/(x + 2/(x +
/// ...))) with x = -z; erfc is 0 there before its logarithm is large.
Expr log_normal_cdf(const Expr& z) {
  constexpr double far = -10;  // eight levels are exact to 1e-16 from there on
  const Expr tail = -symbolic::minimum(z, far);
  Expr fraction = tail;
  for (double level = 12; level >= 1; --level) fraction = tail + level / fraction;
  const Expr near = symbolic::log(0.5 * symbolic::erfc(-symbolic::maximum(z, far) / std::numbers::sqrt2));
  const Expr away = -0.5 * symbolic::sqr(tail) - 0.5 * std::log(2 * std::numbers::pi) - symbolic::log(fraction);
  return symbolic::where(z < far, away, near);
}

/// log(1 - exp(-x)) where x is positive, -inf elsewhere: the lower tail of what decays exponentially.
Expr log_rise(const Expr& x) { return symbolic::log1mexp(-symbolic::maximum(x, 0.0)); }

Expr log_laplace_cdf(const Expr& z) {
  const Expr above = symbolic::where(z < 0.0, 0.0, z);
  return symbolic::where(z < 0.0, z - std::numbers::ln2, symbolic::log1p(-0.5 * symbolic::exp(-above)));
}

Expr standardized(Arguments a) { return (a[0] - a[1]) / a[2]; }

/// One number for each outcome of functions that have values and no derivatives here.
template <class Function>
Expr of_numbers(Arguments a, const Function& function) {
  Expr shape = symbolic::constant(0.0);
  for (const Expr& argument : a) {
    if (!symbolic::constant_value(argument)) {
      throw ArgumentError(
          "its arguments must be known before sampling: its derivatives are not supported yet by this version");
    }
    shape = shape + 0.0 * argument;
  }
  std::vector<Array> values;
  for (const Expr& argument : a) {
    values.push_back(symbolic::interpret({{}, {symbolic::broadcast_like(argument, shape)}}, {}).at(0));
  }
  Array result(symbolic::Type{symbolic::DType::float64, shape.shape()});
  for (std::int64_t i = 0; i < result.size(); ++i) {
    std::vector<double> numbers;
    for (const Array& value : values) numbers.push_back(value.real(i));
    result.set(i, function(numbers));
  }
  return symbolic::constant(result);
}

/// log P(T > t) for Student's t.
double log_student_t_above(double t, double nu) {
  return std::log(boost::math::cdf(boost::math::complement(boost::math::students_t(nu), t)));
}

const std::vector<DensityArgument> location_scale = {
    {"y", &number}, {"mu", &finite, Guard::test}, {"sigma", &positive, Guard::test}};
const std::vector<DensityArgument> student_t_arguments = {
    {"y", &number}, {"nu", &positive}, {"mu", &finite}, {"sigma", &positive}};

std::vector<Distribution> make_cumulative() {
  const auto record = [](std::string_view name, std::string_view summary, std::vector<DensityArgument> arguments,
                         Expr (*value)(Arguments)) {
    return Distribution{
        .name = name, .summary = summary, .arguments = std::move(arguments), .terms = {{everything, value}}};
  };
  const std::vector<DensityArgument> exponential = {{"y", &nonnegative, Guard::test}, {"beta", &positive, Guard::test}};
  const std::vector<DensityArgument> weibull = {
      {"y", &nonnegative, Guard::test}, {"alpha", &positive, Guard::test}, {"sigma", &positive, Guard::test}};
  const std::vector<DensityArgument> lognormal = {
      {"y", &nonnegative, Guard::test}, {"mu", &finite, Guard::test}, {"sigma", &positive, Guard::test}};
  std::vector<DensityArgument> standard = {{"y", &number}};
  return {
      record("normal_lcdf", "log of the normal distribution function", location_scale,
             [](Arguments a) { return log_normal_cdf(standardized(a)); }),
      record("normal_lccdf", "log of the normal distribution's upper tail", location_scale,
             [](Arguments a) { return log_normal_cdf(-standardized(a)); }),
      record("std_normal_lcdf", "log of the standard normal distribution function", standard,
             [](Arguments a) { return log_normal_cdf(a[0]); }),
      record("std_normal_lccdf", "log of the standard normal distribution's upper tail", standard,
             [](Arguments a) { return log_normal_cdf(-a[0]); }),
      record("lognormal_lcdf", "log of the lognormal distribution function", lognormal,
             [](Arguments a) { return log_normal_cdf((symbolic::log(a[0]) - a[1]) / a[2]); }),
      record("lognormal_lccdf", "log of the lognormal distribution's upper tail", lognormal,
             [](Arguments a) { return log_normal_cdf((a[1] - symbolic::log(a[0])) / a[2]); }),
      record("logistic_lcdf", "log of the logistic distribution function", location_scale,
             [](Arguments a) { return symbolic::log_sigmoid(standardized(a)); }),
      record("logistic_lccdf", "log of the logistic distribution's upper tail", location_scale,
             [](Arguments a) { return symbolic::log_sigmoid(-standardized(a)); }),
      record("cauchy_lcdf", "log of the Cauchy distribution function", location_scale,
             [](Arguments a) {
               // atan2 keeps its digits in the lower tail, where 1/2 + atan(z)/pi cancels.
               return symbolic::log(symbolic::atan2(1.0, -standardized(a)) / std::numbers::pi);
             }),
      record("cauchy_lccdf", "log of the Cauchy distribution's upper tail", location_scale,
             [](Arguments a) { return symbolic::log(symbolic::atan2(1.0, standardized(a)) / std::numbers::pi); }),
      record("double_exponential_lcdf", "log of the Laplace distribution function", location_scale,
             [](Arguments a) { return log_laplace_cdf(standardized(a)); }),
      record("double_exponential_lccdf", "log of the Laplace distribution's upper tail", location_scale,
             [](Arguments a) { return log_laplace_cdf(-standardized(a)); }),
      record("exponential_lcdf", "log of the exponential distribution function", exponential,
             [](Arguments a) { return log_rise(a[0] * a[1]); }),
      record("exponential_lccdf", "log of the exponential distribution's upper tail", exponential,
             [](Arguments a) { return -a[0] * a[1]; }),
      record("weibull_lcdf", "log of the Weibull distribution function", weibull,
             [](Arguments a) { return log_rise(symbolic::pow(a[0] / a[2], a[1])); }),
      record("weibull_lccdf", "log of the Weibull distribution's upper tail", weibull,
             [](Arguments a) { return -symbolic::pow(a[0] / a[2], a[1]); }),
      record("student_t_lcdf", "log of the distribution function of Student's t, of data", student_t_arguments,
             [](Arguments a) {
               return of_numbers(
                   a, [](const std::vector<double>& x) { return log_student_t_above((x[2] - x[0]) / x[3], x[1]); });
             }),
      record("student_t_lccdf", "log of the upper tail of Student's t, of data", student_t_arguments,
             [](Arguments a) {
               return of_numbers(
                   a, [](const std::vector<double>& x) { return log_student_t_above((x[0] - x[2]) / x[3], x[1]); });
             }),
  };
}

}  // namespace

std::span<const Distribution> cumulative_functions() {
  static const std::vector<Distribution> table = make_cumulative();
  return table;
}

}  // namespace leapgraph::models::library
