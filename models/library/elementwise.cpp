/// Functions that act on every element of a container: exponentials, logarithms, trigonometry, rounding, special
/// functions.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "leapgraph/models/library/maps.hpp"
#include "leapgraph/models/library/shapes.hpp"
#include "leapgraph/symbolic/elementwise_functions.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Expr;

// The names that definitions use, on plain numbers; on expressions the same names are found in symbolic/ops.hpp.
using std::abs, std::acos, std::acosh, std::asin, std::asinh, std::atan, std::atan2, std::atanh, std::cbrt, std::ceil,
    std::cos, std::cosh, std::erf, std::erfc, std::exp, std::exp2, std::expm1, std::floor, std::fmod, std::hypot,
    std::lgamma, std::log, std::log10, std::log1p, std::log2, std::pow, std::sin, std::sinh, std::sqrt, std::tan,
    std::tanh, std::trunc;

double sigmoid(double x) {
  const double e = exp(-abs(x));  // no overflow on either side
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}
double softplus(double x) { return std::fmax(x, 0.0) + log1p(exp(-abs(x))); }
double log_sigmoid(double x) { return -softplus(-x); }
/// Maechler (2012), "Accurately computing log(1 - exp(-|a|))": the side that does not cancel.
double log1mexp(double x) { return x > -std::numbers::ln2 ? log(-expm1(x)) : log1p(-exp(x)); }
double logit(double x) { return log(x / (1 - x)); }
double xlogy(double x, double y) { return x == 0 && !std::isnan(y) ? 0.0 : x * log(y); }
double sqr(double x) { return x * x; }

Expr truncated_integers(const BuildCall& call) {
  const std::optional<symbolic::Array> x = symbolic::constant_value(call[0]);
  if (!x) throw UnknownInteger("the argument must be known before sampling");
  symbolic::Array result(symbolic::Type{symbolic::DType::int64, x->shape()});
  for (std::int64_t i = 0; i < x->size(); ++i) {
    if (!(abs(x->real(i)) < 2147483648.0)) {
      throw ArgumentError("the result for " + std::to_string(x->real(i)) + " is beyond 32-bit integers");
    }
    result.set_integer(i, static_cast<std::int64_t>(x->real(i)));
  }
  return symbolic::constant(result);
}

/// Half away from zero, as Stan rounds; symbolic::round rounds half to even.
Expr round_half_away(const Expr& x) {
  const Expr whole = symbolic::trunc(x);
  return symbolic::where(symbolic::ge(symbolic::abs(x - whole), 0.5), whole + symbolic::sign(x), whole);
}

/// The number that is not nan, if one is.
Expr ignore_nan(const Expr& x, const Expr& y, const Expr& otherwise) {
  return symbolic::where(symbolic::isnan(x), y, symbolic::where(symbolic::isnan(y), x, otherwise));
}

constexpr double inverse_sqrt2 = 0.70710678118654752440;

/// log of the binomial coefficient "n over k", for real arguments.
constexpr auto log_choose = [](auto n, auto k) { return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0); };

template <auto build, auto known>
Function split_map2(std::string_view name, std::string_view summary) {
  return {.name = name,
          .summary = summary,
          .signature = "(R, R) => R | (real, R) => R | (R, real) => R",
          .build = [](const BuildCall& call) -> Expr {
            require_equal_shapes(call);
            return build(call[0], call[1]);
          },
          .known = {.real_map2 = [](double x, double y) -> double { return known(x, y); }}};
}

std::vector<Function> make_elementwise() {
  return {
      // exponentials and logarithms
      real_map<[](auto x) { return exp(x); }>("exp", "e to the power x"),
      real_map<[](auto x) { return exp2(x); }>("exp2", "2 to the power x"),
      real_map<[](auto x) { return expm1(x); }>("expm1", "exp(x) - 1, accurate for small x"),
      real_map<[](auto x) { return log(x); }>("log", "natural logarithm"),
      real_map<[](auto x) { return log2(x); }>("log2", "logarithm to base 2"),
      real_map<[](auto x) { return log10(x); }>("log10", "logarithm to base 10"),
      real_map<[](auto x) { return log1p(x); }>("log1p", "log(1 + x), accurate for small x", "x of at least -1"),
      real_map<[](auto x) { return log1p(-x); }>("log1m", "log(1 - x), accurate for small x", "x of at most 1"),
      real_map<[](auto x) { return softplus(x); }>("log1p_exp", "log(1 + exp(x)) without overflow"),
      real_map<[](auto x) { return log1mexp(x); }>("log1m_exp", "log(1 - exp(x)) for x < 0"),
      real_map<[](auto x) { return sigmoid(x); }>("inv_logit", "1 / (1 + exp(-x))"),
      real_map<[](auto x) { return logit(x); }>("logit", "log(x / (1 - x))"),
      real_map<[](auto x) { return log_sigmoid(x); }>("log_inv_logit", "log(inv_logit(x))"),
      real_map<[](auto x) { return log_sigmoid(-x); }>("log1m_inv_logit", "log(1 - inv_logit(x))"),
      real_map<[](auto x) { return -expm1(-exp(x)); }>("inv_cloglog", "1 - exp(-exp(x))"),

      // powers
      real_map<[](auto x) { return sqrt(x); }>("sqrt", "square root"),
      real_map<[](auto x) { return cbrt(x); }>("cbrt", "cube root"),
      real_map<[](auto x) { return sqr(x); }>("square", "x * x"),
      real_map<[](auto x) { return 1.0 / x; }>("inv", "1 / x"),
      real_map<[](auto x) { return 1.0 / sqrt(x); }>("inv_sqrt", "1 / sqrt(x)"),
      real_map<[](auto x) { return 1.0 / sqr(x); }>("inv_square", "1 / (x * x)"),
      real_map2<[](auto x, auto y) { return pow(x, y); }>("pow", "x to the power y"),

      // trigonometry
      real_map<[](auto x) { return sin(x); }>("sin", "sine"),
      real_map<[](auto x) { return cos(x); }>("cos", "cosine"),
      real_map<[](auto x) { return tan(x); }>("tan", "tangent"),
      real_map<[](auto x) { return asin(x); }>("asin", "inverse sine"),
      real_map<[](auto x) { return acos(x); }>("acos", "inverse cosine"),
      real_map<[](auto x) { return atan(x); }>("atan", "inverse tangent"),
      real_map2<[](auto y, auto x) { return atan2(y, x); }>("atan2", "angle of the point (x, y)"),
      real_map<[](auto x) { return sinh(x); }>("sinh", "hyperbolic sine"),
      real_map<[](auto x) { return cosh(x); }>("cosh", "hyperbolic cosine"),
      real_map<[](auto x) { return tanh(x); }>("tanh", "hyperbolic tangent"),
      real_map<[](auto x) { return asinh(x); }>("asinh", "inverse hyperbolic sine"),
      real_map<[](auto x) { return acosh(x); }>("acosh", "inverse hyperbolic cosine", "x of at least 1"),
      real_map<[](auto x) { return atanh(x); }>("atanh", "inverse hyperbolic tangent", "x between -1 and 1"),

      // signs and rounding
      {.name = "abs",
       .summary = "absolute value",
       .signature = "(I) => I | (R) => R",
       .build = [](const BuildCall& call) { return symbolic::abs(call[0]); },
       .known = {.real_map = [](double x) { return abs(x); },
                 .integer_map = [](std::int64_t x) { return x < 0 ? -x : x; }}},
      real_map<[](auto x) { return floor(x); }>("floor", "greatest integer not above x"),
      real_map<[](auto x) { return ceil(x); }>("ceil", "least integer not below x"),
      real_map<[](auto x) { return trunc(x); }>("trunc", "integer part"),
      {.name = "round",
       .summary = "nearest integer, halves away from zero",
       .signature = "(R) => R",
       .build = [](const BuildCall& call) { return round_half_away(call[0]); },
       .known = {.real_map = [](double x) { return std::round(x); }}},
      {.name = "step",
       .summary = "1 if x >= 0, else 0",
       .signature = "(R) => R",
       .build = [](const BuildCall& call) { return symbolic::where(call[0] >= 0.0, 1.0, 0.0); },
       .known = {.real_map = [](double x) { return x >= 0 ? 1.0 : 0.0; }}},
      {.name = "int_step",
       .summary = "1 if x > 0, else 0",
       .signature = "(int) => int | (real) => int",
       .build = [](const BuildCall& call) { return symbolic::cast(call[0] > 0, symbolic::DType::int64); }},
      {.name = "is_nan",
       .summary = "1 if x is nan, else 0",
       .signature = "(real) => int",
       .build = [](const BuildCall& call) { return symbolic::cast(symbolic::isnan(call[0]), symbolic::DType::int64); }},
      {.name = "is_inf",
       .summary = "1 if x is infinite, else 0",
       .signature = "(real) => int",
       .build = [](const BuildCall& call) { return symbolic::cast(symbolic::isinf(call[0]), symbolic::DType::int64); }},
      {.name = "to_int",
       .summary = "x without its fraction, as an integer",
       .signature = "(arrays int) => arrays int | (arrays real) => arrays int",
       .build = truncated_integers},
      split_map2<[](const Expr& x, const Expr& y) { return ignore_nan(x, y, symbolic::minimum(x, y)); },
                 [](double x, double y) { return std::fmin(x, y); }>("fmin",
                                                                     "the smaller; the other one if one is nan"),
      split_map2<[](const Expr& x, const Expr& y) { return ignore_nan(x, y, symbolic::maximum(x, y)); },
                 [](double x, double y) { return std::fmax(x, y); }>("fmax", "the larger; the other one if one is nan"),
      split_map2<[](const Expr& x, const Expr& y) { return symbolic::maximum(x - y, 0.0); },
                 [](double x, double y) { return std::fdim(x, y); }>("fdim", "x - y where it is positive, else 0"),
      real_map2<[](auto x, auto y) { return fmod(x, y); }>("fmod", "remainder of x / y, with the sign of x"),
      real_map2<[](auto x, auto y) { return hypot(x, y); }>("hypot", "sqrt(x * x + y * y) without overflow"),

      // special functions
      real_map<[](auto x) { return erf(x); }>("erf", "error function"),
      real_map<[](auto x) { return erfc(x); }>("erfc", "1 - erf(x)"),
      real_map<[](auto x) { return 0.5 * erfc(-x * inverse_sqrt2); }>("Phi", "standard normal distribution function"),
      real_map<[](auto x) { return sigmoid(0.07056 * x * x * x + 1.5976 * x); }>("Phi_approx",
                                                                                 "logistic approximation of Phi"),
      real_map<[](auto x) { return lgamma(x); }>("lgamma", "log |gamma(x)|"),
      {.name = "digamma",
       .summary = "derivative of lgamma",
       .signature = "(R) => R",
       .build = [](const BuildCall& call) { return symbolic::digamma(call[0]); }},
      {.name = "trigamma",
       .summary = "derivative of digamma",
       .signature = "(R) => R",
       .build = [](const BuildCall& call) { return symbolic::trigamma(call[0]); }},
      real_map2<log_choose>("lchoose", "log of the binomial coefficient x over y"),
      real_map2<[](auto x, auto y) { return lgamma(x) + lgamma(y) - lgamma(x + y); }>("lbeta",
                                                                                      "log of the beta function"),
      real_map2<[](auto x, auto n) { return lgamma(x + n) - lgamma(x); }>("log_rising_factorial",
                                                                          "log of x (x + 1) ... (x + n - 1)"),
      real_map2<[](auto x, auto n) { return lgamma(x + 1.0) - lgamma(x - n + 1.0); }>(
          "log_falling_factorial", "log of x (x - 1) ... (x - n + 1)"),
      real_map2<[](auto x, auto y) { return log_sigmoid(x) + log_sigmoid(-y) + log1mexp(y - x); }>(
          "log_inv_logit_diff", "log(inv_logit(x) - inv_logit(y)) for x > y"),
      real_map2<[](auto x, auto y) { return xlogy(x, y); }>("lmultiply", "x * log(y), 0 where x is 0"),
      real_map2<[](auto x, auto y) { return x + log1mexp(y - x); }>("log_diff_exp", "log(exp(x) - exp(y)) for x > y"),
      {.name = "log_mix",
       .summary = "log(theta * exp(x) + (1 - theta) * exp(y)); of vectors, log of the sum of theta[k] * exp(x[k]), "
                  "summed over "
                  "an array of x",
       .signature =
           "(real, real, real) => real | (V, W) => real | (V, array[] real) => real | (V, array[] W) => real | "
           "(array[] real, V) => real | (array[] real, array[] real) => real | (array[] real, array[] V) => real",
       .build =
           [](const BuildCall& call) {
             if (call.arguments.size() == 3) {
               return symbolic::logaddexp(symbolic::log(call[0]) + call[1], symbolic::log1p(-call[0]) + call[2]);
             }
             if (call.length(0) != call[1].shape().back()) {
               throw ArgumentError("sizes differ: " + describe(call, 0) + " and " + describe(call, 1));
             }
             return symbolic::sum(symbolic::logsumexp(symbolic::log(call[0]) + call[1], {-1}));
           }},
      {.name = "fma",
       .summary = "x * y + z",
       .signature =
           "(M, M, M) => M | (M, M, real) => M | (M, real, M) => M | (real, M, M) => M | (M, real, real) => M | "
           "(real, M, real) => M | (real, real, M) => M",
       .build =
           [](const BuildCall& call) {
             require_equal_shapes(call);
             return call[0] * call[1] + call[2];
           }},
  };
}

}  // namespace

std::span<const Function> elementwise_functions() {
  static const std::vector<Function> table = make_elementwise();
  return table;
}

}  // namespace leapgraph::models::library
