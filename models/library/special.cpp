/// Special functions: inverses of distribution functions, gamma, beta and Bessel functions, hypergeometric series.
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "leapgraph/models/library/maps.hpp"
#include "leapgraph/models/library/shapes.hpp"
#include "leapgraph/symbolic/elementwise_functions.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/special_functions.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Expr;
using symbolic::Exprs;

constexpr std::string_view three_reals = "(real, real, real) => real";
// An int beside reals: one for all, or one for each.
constexpr std::string_view int_and_reals =
    "(int, R) => R | (arrays int, real) => arrays real | (arrays int, arrays real) => arrays real | "
    "(arrays array[] int, arrays V) => arrays V | (arrays array[,] int, arrays matrix) => arrays matrix";
constexpr std::string_view factorial_arguments =
    "(arrays int, int) => arrays int | (int, arrays int) => arrays int | (arrays int, arrays int) => arrays int | "
    "(R, int) => R | (real, arrays int) => arrays real | (arrays real, arrays int) => arrays real | "
    "(arrays V, arrays array[] int) => arrays V | (arrays matrix, arrays array[,] int) => arrays matrix";

Expr as_real(const Expr& x) { return symbolic::cast(x, symbolic::DType::float64); }

// ---------------------------------------------------------------- Lambert's W

constexpr double branch_point = -0.36787944117144232;  // -1 / e

/// W near -1, at p = sqrt(2 (e x + 1)), p = -sqrt(...) on the lower branch (Corless et al. 1996, 4.22).
Expr lambert_near_branch(const Expr& p) {
  constexpr std::array coefficients = {-221.0 / 8505, 769.0 / 17280, -43.0 / 540, 11.0 / 72, -1.0 / 3, 1.0, -1.0};
  Expr sum = symbolic::constant(coefficients[0]);
  for (std::size_t k = 1; k < coefficients.size(); ++k) sum = sum * p + coefficients[k];
  return sum;
}

/// W as a function of x with the derivative 1 / (x + exp(W)), which needs no way through an iteration.
Expr with_lambert_derivative(const Expr& w, const Expr& x) {
  symbolic::GradientRule rule;
  rule.reverse = [](const Exprs& in, const Exprs& out, const Exprs& adjoints) {
    return Exprs{adjoints[0] / (in[0] + symbolic::exp(out[0]))};
  };
  return symbolic::with_gradient(Exprs{w}, Exprs{x}, rule).at(0);
}

/// sqrt(2 (e x + 1)), 0 where rounding or x makes that negative.
Expr distance_from_branch(const Expr& x) {
  return symbolic::sqrt(symbolic::maximum(2.0 * (std::numbers::e * x + 1.0), 0.0));
}

/// The upper branch: Halley's iteration from Winitzki's approximation, or from the series.
Expr lambert_w0(const Expr& x) {
  const Expr p = distance_from_branch(x), series = lambert_near_branch(p), near = p < 0.01;
  const Expr log = symbolic::log1p(symbolic::maximum(x, -0.5));
  Expr w = symbolic::where(x < -0.25, series, log * (1.0 - symbolic::log1p(log) / (2.0 + log)));
  for (int i = 0; i < 4; ++i) {
    const Expr e = symbolic::exp(w), residual = w * e - x, next = w + 1.0;
    w = symbolic::where(near, series, w - residual / (e * next - 0.5 * (w + 2.0) * residual / next));
  }
  return with_lambert_derivative(symbolic::where(x >= branch_point, w, std::nan("")), x);
}

/// The lower branch, -1 / e <= x < 0: the iteration of Fritsch, Shafer & Crowley (1973) on log(x / w) = w.
Expr lambert_wm1(const Expr& x) {
  const Expr p = distance_from_branch(x), series = lambert_near_branch(-p), near = p < 0.01;
  const Expr log = symbolic::log(-x), log_log = symbolic::log(-log);
  Expr w = symbolic::where(x < -0.25, series, log - log_log + log_log / log);
  for (int i = 0; i < 3; ++i) {
    const Expr z = symbolic::log(x / w) - w, next = 1.0 + w, q = 2.0 * next * (next + 2.0 / 3.0 * z);
    w = symbolic::where(near, series, w * (1.0 + z / next * (q - z) / (q - 2.0 * z)));
  }
  const Expr inside = symbolic::logical_and(x >= branch_point, x < 0.0);
  return with_lambert_derivative(symbolic::where(inside, w, std::nan("")), x);
}

// ---------------------------------------------------------------- factorial powers

/// x (x + step) (x + 2 step) ... of `count` integers.
std::int64_t integer_factors(std::int64_t x, std::int64_t count, std::int64_t step) {
  if (count < 0) throw ArgumentError("the number of factors is negative");
  std::int64_t product = 1;
  for (std::int64_t i = 0; i < count && product != 0; ++i) {
    if (__builtin_mul_overflow(product, x + i * step, &product)) {
      throw ArgumentError("the result is beyond 64-bit integers");
    }
  }
  return product;
}

std::int64_t integer_choose(std::int64_t n, std::int64_t k) {
  if (n < 0 || k < 0) throw ArgumentError("an argument is negative");
  k = std::min(k, n - k);
  std::int64_t result = k < 0 ? 0 : 1;
  for (std::int64_t i = 1; i <= k; ++i) {
    if (__builtin_mul_overflow(result, n - k + i, &result)) {
      throw ArgumentError("the result is beyond 64-bit integers");
    }
    result /= i;
  }
  return result;
}

/// A function of two known integers, of containers element by element.
template <auto f>
Expr known_integers(const BuildCall& call) {
  require_equal_shapes(call);
  const std::optional<symbolic::Array> x = symbolic::constant_value(call[0]), y = symbolic::constant_value(call[1]);
  if (!x || !y) throw UnknownInteger("the arguments must be known before sampling");
  symbolic::Array result(symbolic::Type{symbolic::DType::int64, (call[0].rank() > 0 ? *x : *y).shape()});
  for (std::int64_t i = 0; i < result.size(); ++i) {
    result.set_integer(i, f(x->integer(call[0].rank() > 0 ? i : 0), y->integer(call[1].rank() > 0 ? i : 0)));
  }
  return symbolic::constant(result);
}

/// x (x + step) ... of n factors: written out for a known number of them, else a quotient of gamma functions.
template <int step>
Expr factorial_power(const BuildCall& call) {
  constexpr std::int64_t most_factors = 32;
  if (holds_integers(call.result)) {
    return known_integers<[](std::int64_t x, std::int64_t n) { return integer_factors(x, n, step); }>(call);
  }
  require_equal_shapes(call);
  const Expr& x = call[0];
  const std::optional<symbolic::Array> count = symbolic::constant_value(call[1]);
  if (count && call[1].rank() == 0 && count->integer() >= 0 && count->integer() <= most_factors) {
    Expr product = symbolic::ones_like(x);
    for (std::int64_t i = 0; i < count->integer(); ++i) product = product * (x + static_cast<double>(step * i));
    return product;
  }
  const Expr n = symbolic::where(call[1] >= 0, as_real(call[1]), std::nan(""));
  return step > 0 ? symbolic::poch(x, n) : symbolic::poch(x - n + 1.0, n);
}

// ---------------------------------------------------------------- gamma and Bessel functions

/// log of the multivariate gamma function of k dimensions.
Expr log_multigamma(const BuildCall& call) {
  require_equal_shapes(call);
  const std::optional<symbolic::Array> k = symbolic::constant_value(call[0]);
  if (!k) throw UnknownInteger("the number of dimensions must be known before sampling");
  std::int64_t most = 0;
  for (std::int64_t i = 0; i < k->size(); ++i) most = std::max(most, k->integer(i));
  const Expr dimensions = as_real(call[0]);
  Expr sum = dimensions * (dimensions - 1.0) * (0.25 * std::log(std::numbers::pi)) + 0.0 * call[1];
  for (std::int64_t j = 1; j <= most; ++j) {
    const Expr term = symbolic::lgamma(call[1] + 0.5 * static_cast<double>(1 - j));
    sum = sum + symbolic::where(dimensions >= static_cast<double>(j), term, 0.0);
  }
  return sum;
}

template <auto bessel>
Expr of_order(const BuildCall& call) {
  require_equal_shapes(call);
  return bessel(as_real(call[0]), call[1]);
}

/// log I_v(z): the logarithms of the terms (z / 2)^(v + 2 k) / (k! gamma(v + k + 1)) summed, or Hankel's expansion
/// (DLMF 10.40.1) where its first terms are enough.
Expr log_bessel_i(const Expr& v, const Expr& z) {
  const Expr is_large = symbolic::logical_and(z > 100.0, symbolic::sqr(v) < z);
  Expr term = symbolic::constant(1.0), hankel_sum = term;
  for (int k = 1; k <= 16; ++k) {
    const double odd = 2 * k - 1;
    term = term * (odd * odd - 4.0 * symbolic::sqr(v)) / (8.0 * static_cast<double>(k) * z);
    hankel_sum = hankel_sum + term;
  }
  const Expr hankel = z - 0.5 * symbolic::log(2.0 * std::numbers::pi * z) + symbolic::log(hankel_sum);

  const Expr moderate = symbolic::where(symbolic::logical_or(is_large, symbolic::eq(z, 0.0)), 1.0, z);
  const Expr order = symbolic::broadcast_like(v, v + moderate), log_half = symbolic::log(0.5 * moderate);
  const Expr start = order * log_half - symbolic::lgamma(order + 1.0);
  const auto step = [](const Exprs& carry, const Exprs&) {
    const Expr &k = carry[0], &last = carry[1], &sum = carry[2], &of_order = carry[3], &log_z = carry[4];
    const Expr next = last + 2.0 * log_z - symbolic::log(k) - symbolic::log(of_order + k);
    const Expr done = symbolic::logical_and(next < last, next < sum - 40.0);
    return symbolic::ScanBody{.carry = {k + 1.0, next, symbolic::logaddexp(sum, next), of_order, log_z},
                              .outputs = {},
                              .until = symbolic::all(symbolic::logical_or(done, symbolic::isnan(next)))};
  };
  const Expr log_z = symbolic::broadcast_like(log_half, order);
  const Expr series =
      symbolic::scan(step, {symbolic::constant(1.0), start, start, order, log_z}, {}, symbolic::constant(100000))
          .carry[2];
  const Expr at_zero = symbolic::where(symbolic::eq(v, 0.0), 0.0, -std::numeric_limits<double>::infinity());
  const Expr value = symbolic::where(symbolic::eq(z, 0.0), at_zero, symbolic::where(is_large, hankel, series));
  return symbolic::where(symbolic::logical_and(z >= 0.0, v > -1.0), value, std::nan(""));
}

// ---------------------------------------------------------------- hypergeometric series

/// The sum of (a)_k / (b)_k z^k / k!, over all elements of a and b.
Expr hypergeometric(const BuildCall& call) {
  const Expr &a = call[0], &b = call[1], &z = call[2];
  const auto step = [](const Exprs& carry, const Exprs&) {
    const Expr &k = carry[0], &term = carry[1], &sum = carry[2], &above = carry[3], &below = carry[4], &x = carry[5];
    const Expr next = term * symbolic::prod(above + k) / symbolic::prod(below + k) * x / (k + 1.0);
    return symbolic::ScanBody{.carry = {k + 1.0, next, sum + next, above, below, x},
                              .outputs = {},
                              .until = symbolic::logical_not(symbolic::abs(next) > 1e-18 * symbolic::abs(sum))};
  };
  const Expr one = symbolic::constant(1.0);
  const Expr sum =
      symbolic::scan(step, {symbolic::constant(0.0), one, one, a, b, z}, {}, symbolic::constant(100000)).carry[2];
  // A series of as many elements above as below, and one more, has the radius 1; of more above it has none.
  const std::int64_t surplus = call.length(0) - call.length(1);
  if (surplus < 1) return sum;
  return symbolic::where(surplus == 1 ? symbolic::abs(z) < 1.0 : symbolic::eq(z, 0.0), sum, std::nan(""));
}

constexpr std::string_view hypergeometric_arguments =
    "(V, W, real) => real | (V, array[] real, real) => real | (array[] real, V, real) => real | "
    "(array[] real, array[] real, real) => real";

/// A function of one real that has no definition on plain numbers.
template <auto build>
Function special(std::string_view name, std::string_view summary, std::string_view domain = {}) {
  return {.name = name,
          .summary = summary,
          .signature = "(R) => R",
          .build = [](const BuildCall& call) -> Expr { return build(call[0]); },
          .domain = domain};
}

template <auto build>
Function special2(std::string_view name, std::string_view summary, std::string_view domain = {}) {
  return {.name = name,
          .summary = summary,
          .signature = "(R, R) => R | (real, R) => R | (R, real) => R",
          .build = [](const BuildCall& call) -> Expr {
            require_equal_shapes(call);
            return build(call[0], call[1]);
          },
          .domain = domain};
}

std::vector<Function> make_special() {
  return {
      // inverses
      special<[](const Expr& p) { return symbolic::ndtri(p); }>("inv_Phi", "inverse of Phi", "p between 0 and 1"),
      special<[](const Expr& x) { return symbolic::erfcinv(x); }>("inv_erfc", "inverse of erfc", "x between 0 and 2"),
      special<lambert_w0>("lambert_w0", "w of at least -1 with w * exp(w) = x", "x of at least -1/e"),
      special<lambert_wm1>("lambert_wm1", "w of at most -1 with w * exp(w) = x", "x from -1/e to 0"),

      // gamma and beta functions
      {.name = "tgamma",
       .summary = "gamma function",
       .signature = "(R) => R",
       .build = [](const BuildCall& call) { return symbolic::gamma(call[0]); },
       .known = {.real_map = [](double x) { return std::tgamma(x); }},
       .domain = "x that is neither 0 nor a negative whole number"},
      special2<[](const Expr& a, const Expr& b) { return symbolic::beta(a, b); }>("beta", "beta function"),
      {.name = "lmgamma",
       .summary = "log of the multivariate gamma function of k dimensions",
       .signature = int_and_reals,
       .build = log_multigamma},
      special2<[](const Expr& a, const Expr& x) { return symbolic::gammainc(a, x); }>(
          "gamma_p", "lower incomplete gamma function, divided by gamma(a)", "positive a and x not negative"),
      special2<[](const Expr& a, const Expr& x) { return symbolic::gammaincc(a, x); }>(
          "gamma_q", "upper incomplete gamma function, divided by gamma(a)", "positive a and x not negative"),
      {.name = "inc_beta",
       .summary = "incomplete beta function of a and b at x, divided by beta(a, b)",
       .signature = three_reals,
       .build = [](const BuildCall& call) { return symbolic::betainc(call[0], call[1], call[2]); },
       .domain = "positive a and b and x between 0 and 1"},
      {.name = "inv_inc_beta",
       .summary = "x with inc_beta(a, b, x) = p",
       .signature = three_reals,
       .build = [](const BuildCall& call) { return symbolic::betaincinv(call[0], call[1], call[2]); },
       .domain = "positive a and b and p between 0 and 1"},
      {.name = "choose",
       .summary = "binomial coefficient, how many subsets of k has a set of n",
       .signature =
           "(arrays int, int) => arrays int | (int, arrays int) => arrays int | (arrays int, arrays int) => arrays int",
       .build = known_integers<integer_choose>,
       .known = {.integer_map2 = integer_choose}},
      {.name = "rising_factorial",
       .summary = "x (x + 1) ... (x + n - 1)",
       .signature = factorial_arguments,
       .build = factorial_power<1>,
       .known = {.integer_map2 = [](std::int64_t x, std::int64_t n) { return integer_factors(x, n, 1); }},
       .domain = "n that is not negative"},
      {.name = "falling_factorial",
       .summary = "x (x - 1) ... (x - n + 1)",
       .signature = factorial_arguments,
       .build = factorial_power<-1>,
       .known = {.integer_map2 = [](std::int64_t x, std::int64_t n) { return integer_factors(x, n, -1); }},
       .domain = "n that is not negative"},
      special2<[](const Expr& h, const Expr& a) { return symbolic::owens_t(h, a); }>(
          "owens_t", "Owen's T: probability that a standard normal exceeds h and another is between 0 and a times it"),

      // Bessel functions
      {.name = "bessel_first_kind",
       .summary = "Bessel function J of order v",
       .signature = int_and_reals,
       .build = of_order<symbolic::jv>},
      {.name = "bessel_second_kind",
       .summary = "Bessel function Y of order v",
       .signature = int_and_reals,
       .build = of_order<symbolic::yv>,
       .domain = "positive x"},
      {.name = "modified_bessel_first_kind",
       .summary = "modified Bessel function I of order v",
       .signature = int_and_reals,
       .build = of_order<symbolic::iv>},
      {.name = "modified_bessel_second_kind",
       .summary = "modified Bessel function K of order v",
       .signature = int_and_reals,
       .build = of_order<symbolic::kv>,
       .domain = "positive x"},
      special2<log_bessel_i>("log_modified_bessel_first_kind", "log of the modified Bessel function I of order v",
                             "v above -1 and x not negative"),

      // hypergeometric functions
      {.name = "hypergeometric_1F0",
       .summary = "(1 - z)^-a",
       .signature = "(real, real) => real",
       .build =
           [](const BuildCall& call) {
             return symbolic::where(symbolic::abs(call[1]) < 1.0, symbolic::pow(1.0 - call[1], -call[0]), std::nan(""));
           },
       .domain = "z between -1 and 1"},
      {.name = "hypergeometric_2F1",
       .summary = "hypergeometric function of (a1, a2; b; z)",
       .signature = "(real, real, real, real) => real",
       .build = [](const BuildCall& call) { return symbolic::hyp2f1(call[0], call[1], call[2], call[3]); },
       .domain = "z of at most 1, and a series that converges"},
      {.name = "hypergeometric_3F2",
       .summary = "hypergeometric function of three elements of a, two of b, and z",
       .signature = hypergeometric_arguments,
       .build =
           [](const BuildCall& call) {
             if (call.length(0) != 3 || call.length(1) != 2) {
               throw ArgumentError("three and two elements are needed, found " + describe(call, 0) + " and " +
                                   describe(call, 1));
             }
             return hypergeometric(call);
           },
       .domain = "z between -1 and 1"},
      {.name = "hypergeometric_pFq",
       .summary = "hypergeometric function of the elements of a and b, and z",
       .signature = hypergeometric_arguments,
       .build = hypergeometric,
       .domain = "a series that converges"},

      // others of an int and reals
      {.name = "ldexp",
       .summary = "x times 2 to the power n",
       .signature =
           "(R, int) => R | (real, arrays int) => arrays real | (arrays real, arrays int) => arrays real | "
           "(arrays V, arrays array[] int) => arrays V | (arrays matrix, arrays array[,] int) => arrays matrix",
       .build =
           [](const BuildCall& call) {
             require_equal_shapes(call);
             return call[0] * symbolic::exp2(as_real(call[1]));
           }},
      {.name = "binary_log_loss",
       .summary = "-log(p) for an outcome of 1, -log(1 - p) for one of 0",
       .signature = int_and_reals,
       .build =
           [](const BuildCall& call) {
             require_equal_shapes(call);
             const Expr is_one = symbolic::eq(call[0], 1), is_zero = symbolic::eq(call[0], 0);
             const Expr loss = symbolic::where(is_one, -symbolic::log(call[1]), -symbolic::log1p(-call[1]));
             return symbolic::where(symbolic::logical_or(is_one, is_zero), loss, std::nan(""));
           },
       .domain = "outcomes 0 or 1 and p between 0 and 1"},
  };
}

}  // namespace

std::span<const Function> special_functions() {
  static const std::vector<Function> table = make_special();
  return table;
}

}  // namespace leapgraph::models::library
