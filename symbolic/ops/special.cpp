/// Exponentials, logarithms, trigonometry, and the special functions of statistics, element by element.
///
/// A gradient is written so that it is as accurate as the value, in the tails too: 1 - tanh(x)^2 would lose all digits
/// where 1 / cosh(x)^2 loses none.
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/polygamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>
#include <cmath>
#include <limits>
#include <numbers>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/complex_rules.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/reference.hpp"
#include "leapgraph/symbolic/special_functions.hpp"

namespace leapgraph::symbolic {

namespace {

// --- Reference values, in extended precision where subtraction would show ---

using reference::infinite;
using reference::is_pole;
using reference::Quiet;
using reference::undefined;
using reference::Wide;

double reference_sigmoid(double x) { return static_cast<double>(1 / (1 + std::exp(-static_cast<Wide>(x)))); }

double reference_softplus(double x) {
  const Wide wide = x;
  return static_cast<double>(x > 0 ? wide + std::log1p(std::exp(-wide)) : std::log1p(std::exp(wide)));
}

double reference_log1mexp(double x) {
  const Wide wide = x;
  return static_cast<double>(x > -1 ? std::log(-std::expm1(wide)) : std::log1p(-std::exp(wide)));
}

double reference_logaddexp(double a, double b) {
  if (a == b) return static_cast<double>(static_cast<Wide>(a) + std::numbers::ln2_v<Wide>);
  if (std::isnan(a) || std::isnan(b)) return undefined;
  const Wide high = std::fmax(a, b), low = std::fmin(a, b);
  return static_cast<double>(high + std::log1p(std::exp(low - high)));
}

double reference_logit(double p) {
  if (p < 0 || p > 1) return undefined;
  const Wide wide = p;
  if (p > 0.25 && p < 0.75) return static_cast<double>(2 * std::atanh(2 * wide - 1));
  return static_cast<double>(std::log(wide) - std::log1p(-wide));
}

double reference_lgamma(double x) {
  if (std::isinf(x) || is_pole(x)) return infinite;
  return std::isnan(x) ? x : boost::math::lgamma(x, Quiet());
}

double reference_digamma(double x) {
  if (x == 0) return -std::copysign(infinite, x);
  if (is_pole(x) || std::isnan(x)) return undefined;
  return x == infinite ? x : boost::math::digamma(x, Quiet());
}

double reference_trigamma(double x) {
  if (x == -infinite || std::isnan(x)) return undefined;
  if (is_pole(x)) return infinite;
  if (x < 0) {
    const Wide sine = std::sin(std::numbers::pi_v<Wide> * (static_cast<Wide>(x) - std::nearbyint(x)));
    const Wide cosecant = std::numbers::pi_v<Wide> / sine;
    return static_cast<double>(cosecant * cosecant - boost::math::trigamma(1 - static_cast<Wide>(x), Quiet()));
  }
  return x == infinite ? 0 : boost::math::trigamma(x, Quiet());
}

double reference_tetragamma(double x) {
  if (x == 0) return -std::copysign(infinite, x);
  if (is_pole(x) || std::isnan(x)) return undefined;
  if (x < 0) {
    const Wide distance = static_cast<Wide>(x) - std::nearbyint(x);
    const Wide cosine = std::sin(std::numbers::pi_v<Wide> * (Wide{0.5} - std::abs(distance)));
    const Wide cosecant = std::numbers::pi_v<Wide> / std::sin(std::numbers::pi_v<Wide> * distance);
    return static_cast<double>(boost::math::polygamma(2, 1 - static_cast<Wide>(x), Quiet()) -
                               2 * cosine * cosecant * cosecant * cosecant);
  }
  if (x > 1e100) return -1 / x / x;
  return x < 1e-100 ? -2 / x / x / x : boost::math::polygamma(2, x, Quiet());
}

// --- Pieces of gradients ---

/// sqrt(1 + x^2) without overflow.
Expr hypotenuse(const Expr& x) {
  const Expr size = abs(x);
  const Expr larger = maximum(size, 1.0);
  return larger * sqrt(1.0 + sqr(minimum(size, 1.0) / larger));
}

constexpr Domain unit_interval{-0.9, 0.9};
constexpr Domain positive{0.2, 4.0};
constexpr Domain plane[] = {{0.3, 2.0}, {-2.0, 2.0}};
constexpr Domain log_arguments[] = {{-2.0, 2.0}, {0.2, 4.0}};

}  // namespace

const Op exp_op{
    .name = "exp",
    .summary = "e to the power a",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * a.output}; },
    .evaluate = elementwise_real<[](double x) { return std::exp(x); }>,
    .lowering = Elementwise{.code = "exp{f}({0})"},
    .complex = complex_rule::exp,
};

const Op expm1_op{
    .name = "expm1",
    .summary = "exp(a) - 1, accurate for small a",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * exp(a.inputs[0])}; },
    .evaluate = elementwise_real<[](double x) { return std::expm1(x); }>,
    .lowering = Elementwise{.code = "expm1{f}({0})"},
    .complex = complex_rule::expm1,
};

const Op exp2_op{
    .name = "exp2",
    .summary = "2 to the power a",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * (std::numbers::ln2 * a.output)}; },
    .evaluate = elementwise_real<[](double x) { return std::exp2(x); }>,
    .lowering = Elementwise{.code = "exp2{f}({0})"},
    .complex = complex_rule::exp2,
};

const Op log_op{
    .name = "log",
    .summary = "natural logarithm",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint / a.inputs[0]}; },
    .evaluate = elementwise_real<[](double x) { return std::log(x); }>,
    .lowering = Elementwise{.code = "log{f}({0})"},
    .domain = positive,
    .complex = complex_rule::log,
};

const Op log2_op{
    .name = "log2",
    .summary = "logarithm to base 2",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * std::numbers::log2e / a.inputs[0]}; },
    .evaluate = elementwise_real<[](double x) { return std::log2(x); }>,
    .lowering = Elementwise{.code = "log2{f}({0})"},
    .domain = positive,
    .complex = complex_rule::log2,
};

const Op log10_op{
    .name = "log10",
    .summary = "logarithm to base 10",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * std::numbers::log10e / a.inputs[0]}; },
    .evaluate = elementwise_real<[](double x) { return std::log10(x); }>,
    .lowering = Elementwise{.code = "log10{f}({0})"},
    .domain = positive,
    .complex = complex_rule::log10,
};

const Op log1p_op{
    .name = "log1p",
    .summary = "log(1 + a), accurate for small a",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint / (1.0 + a.inputs[0])}; },
    .evaluate = elementwise_real<[](double x) { return std::log1p(x); }>,
    .lowering = Elementwise{.code = "log1p{f}({0})"},
    .domain = {-0.8, 4.0},
    .complex = complex_rule::log1p,
};

const Op sin_op{
    .name = "sin",
    .summary = "sine",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * cos(a.inputs[0])}; },
    .evaluate = elementwise_real<[](double x) { return std::sin(x); }>,
    .lowering = Elementwise{.code = "sin{f}({0})"},
    .complex = complex_rule::sin,
};

const Op cos_op{
    .name = "cos",
    .summary = "cosine",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{-a.adjoint * sin(a.inputs[0])}; },
    .evaluate = elementwise_real<[](double x) { return std::cos(x); }>,
    .lowering = Elementwise{.code = "cos{f}({0})"},
    .complex = complex_rule::cos,
};

const Op tan_op{
    .name = "tan",
    .summary = "tangent",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * (1.0 + sqr(a.output))}; },
    .evaluate = elementwise_real<[](double x) { return std::tan(x); }>,
    .lowering = Elementwise{.code = "tan{f}({0})"},
    .domain = {-1.2, 1.2},
    .complex = complex_rule::tan,
};

const Op asin_op{
    .name = "asin",
    .summary = "inverse sine",
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Expr& x = a.inputs[0];
          return Exprs{a.adjoint / sqrt((1.0 - x) * (1.0 + x))};
        },
    .evaluate = elementwise_real<[](double x) { return std::asin(x); }>,
    .lowering = Elementwise{.code = "asin{f}({0})"},
    .domain = unit_interval,
    .complex = complex_rule::asin,
};

const Op acos_op{
    .name = "acos",
    .summary = "inverse cosine",
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Expr& x = a.inputs[0];
          return Exprs{-a.adjoint / sqrt((1.0 - x) * (1.0 + x))};
        },
    .evaluate = elementwise_real<[](double x) { return std::acos(x); }>,
    .lowering = Elementwise{.code = "acos{f}({0})"},
    .domain = unit_interval,
    .complex = complex_rule::acos,
};

const Op atan_op{
    .name = "atan",
    .summary = "inverse tangent",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint / (1.0 + sqr(a.inputs[0]))}; },
    .evaluate = elementwise_real<[](double x) { return std::atan(x); }>,
    .lowering = Elementwise{.code = "atan{f}({0})"},
    .complex = complex_rule::atan,
};

const Op atan2_op{
    .name = "atan2",
    .summary = "angle of the point (b, a) in the plane",
    .arity = 2,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          // Divided by the larger coordinate first, so that no square overflows.
          const Expr size = maximum(abs(a.inputs[0]), abs(a.inputs[1]));
          const Expr y = a.inputs[0] / size, x = a.inputs[1] / size;
          const Expr scale = a.adjoint / (size * (sqr(x) + sqr(y)));
          return Exprs{scale * x, -scale * y};
        },
    .evaluate = elementwise_real<[](double y, double x) { return std::atan2(y, x); }>,
    .lowering = Elementwise{.code = "atan2{f}({0}, {1})"},
    .domains = plane,
};

const Op sinh_op{
    .name = "sinh",
    .summary = "hyperbolic sine",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * cosh(a.inputs[0])}; },
    .evaluate = elementwise_real<[](double x) { return std::sinh(x); }>,
    .lowering = Elementwise{.code = "sinh{f}({0})"},
    .complex = complex_rule::sinh,
};

const Op cosh_op{
    .name = "cosh",
    .summary = "hyperbolic cosine",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * sinh(a.inputs[0])}; },
    .evaluate = elementwise_real<[](double x) { return std::cosh(x); }>,
    .lowering = Elementwise{.code = "cosh{f}({0})"},
    .complex = complex_rule::cosh,
};

const Op tanh_op{
    .name = "tanh",
    .summary = "hyperbolic tangent",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * sqr(inv(cosh(a.inputs[0])))}; },
    .evaluate = elementwise_real<[](double x) { return std::tanh(x); }>,
    .lowering = Elementwise{.code = "tanh{f}({0})"},
    .complex = complex_rule::tanh,
};

const Op asinh_op{
    .name = "asinh",
    .summary = "inverse hyperbolic sine",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint / hypotenuse(a.inputs[0])}; },
    .evaluate = elementwise_real<[](double x) { return std::asinh(x); }>,
    .lowering = Elementwise{.code = "asinh{f}({0})"},
    .complex = complex_rule::asinh,
};

const Op acosh_op{
    .name = "acosh",
    .summary = "inverse hyperbolic cosine, of numbers from 1",
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Expr& x = a.inputs[0];
          return Exprs{a.adjoint / (sqrt(x - 1.0) * sqrt(x + 1.0))};
        },
    .evaluate = elementwise_real<[](double x) { return std::acosh(x); }>,
    .lowering = Elementwise{.code = "acosh{f}({0})"},
    .domain = {1.2, 4.0},
    .complex = complex_rule::acosh,
};

const Op atanh_op{
    .name = "atanh",
    .summary = "inverse hyperbolic tangent",
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Expr& x = a.inputs[0];
          return Exprs{a.adjoint / ((1.0 - x) * (1.0 + x))};
        },
    .evaluate = elementwise_real<[](double x) { return std::atanh(x); }>,
    .lowering = Elementwise{.code = "atanh{f}({0})"},
    .domain = unit_interval,
    .complex = complex_rule::atanh,
};

const Op erf_op{
    .name = "erf",
    .summary = "error function",
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          return Exprs{a.adjoint * (2.0 * std::numbers::inv_sqrtpi * gaussian(a.inputs[0]))};
        },
    .evaluate = elementwise_real<[](double x) { return std::erf(x); }>,
    .lowering = Elementwise{.code = "erf{f}({0})"},
};

const Op erfc_op{
    .name = "erfc",
    .summary = "1 - erf(a), accurate for large a",
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          return Exprs{a.adjoint * (-2.0 * std::numbers::inv_sqrtpi * gaussian(a.inputs[0]))};
        },
    .evaluate = elementwise_real<[](double x) { return std::erfc(x); }>,
    .lowering = Elementwise{.code = "erfc{f}({0})"},
};

const Op gaussian_op{
    .name = "gaussian",
    .summary = "exp(-a a), without the rounding error of the square",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * (-2.0 * a.inputs[0] * a.output)}; },
    .evaluate = elementwise_real<[](double x) {
      const Wide wide = std::fmin(std::abs(x), 1e6);
      return std::isnan(x) ? x : static_cast<double>(std::exp(-wide * wide));
    }>,
    .lowering = Elementwise{.code = "lg_gaussian({0})"},
};

const Op cbrt_op{
    .name = "cbrt",
    .summary = "cube root",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint / (3.0 * sqr(a.output))}; },
    .evaluate = elementwise_real<[](double x) { return std::cbrt(x); }>,
    .lowering = Elementwise{.code = "cbrt{f}({0})"},
    .domain = positive,
};

const Op sigmoid_op{
    .name = "sigmoid",
    .summary = "1 / (1 + exp(-a))",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * (a.output * sigmoid(-a.inputs[0]))}; },
    .evaluate = elementwise_real<[](double x) { return reference_sigmoid(x); }>,
    .lowering = Elementwise{.code = "lg_sigmoid({0})"},
};

const Op softplus_op{
    .name = "softplus",
    .summary = "log(1 + exp(a))",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * sigmoid(a.inputs[0])}; },
    .evaluate = elementwise_real<[](double x) { return reference_softplus(x); }>,
    .lowering = Elementwise{.code = "lg_softplus({0})"},
};

const Op log_sigmoid_op{
    .name = "log_sigmoid",
    .summary = "log(sigmoid(a)) = -softplus(-a)",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * sigmoid(-a.inputs[0])}; },
    .evaluate = elementwise_real<[](double x) { return -reference_softplus(-x); }>,
    .lowering = Elementwise{.code = "lg_log_sigmoid({0})"},
};

const Op log1mexp_op{
    .name = "log1mexp",
    .summary = "log(1 - exp(a)) for a below 0",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{-a.adjoint / expm1(-a.inputs[0])}; },
    .evaluate = elementwise_real<[](double x) { return reference_log1mexp(x); }>,
    .lowering = Elementwise{.code = "lg_log1mexp({0})"},
    .domain = {-3.0, -0.1},
};

const Op logaddexp_op{
    .name = "logaddexp",
    .summary = "log(exp(a) + exp(b))",
    .arity = 2,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Expr &x = a.inputs[0], &y = a.inputs[1];
          // Equal infinities have no difference; they share the adjoint as other equal arguments do.
          const Expr same_infinity = logical_and(eq(x, y), isinf(x));
          const Expr gap = where(same_infinity, 0.0, x) - where(same_infinity, 0.0, y);
          return Exprs{a.adjoint * sigmoid(gap), a.adjoint * sigmoid(-gap)};
        },
    .evaluate = elementwise_real<[](double x, double y) { return reference_logaddexp(x, y); }>,
    .lowering = Elementwise{.code = "lg_logaddexp({0}, {1})"},
};

const Op logit_op{
    .name = "logit",
    .summary = "log(a / (1 - a))",
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Expr& p = a.inputs[0];
          return Exprs{a.adjoint / (p * (1.0 - p))};
        },
    .evaluate = elementwise_real<[](double p) { return reference_logit(p); }>,
    .lowering = Elementwise{.code = "lg_logit({0})"},
    .domain = {0.1, 0.9},
};

const Op lgamma_op{
    .name = "lgamma",
    .summary = "log |gamma(a)|",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * digamma(a.inputs[0])}; },
    .evaluate = elementwise_real<[](double x) { return reference_lgamma(x); }>,
    .lowering = Elementwise{.code = "lg_lgamma({0})"},
    .domain = positive,
};

const Op digamma_op{
    .name = "digamma",
    .summary = "derivative of lgamma",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * trigamma(a.inputs[0])}; },
    .evaluate = elementwise_real<[](double x) { return reference_digamma(x); }>,
    .lowering = Elementwise{.code = "lg_digamma({0})"},
    .domain = positive,
};

const Op trigamma_op{
    .name = "trigamma",
    .summary = "derivative of digamma",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * tetragamma(a.inputs[0])}; },
    .evaluate = elementwise_real<[](double x) { return reference_trigamma(x); }>,
    .lowering = Elementwise{.code = "lg_trigamma({0})"},
    .domain = positive,
};

const Op tetragamma_op{
    .name = "tetragamma",
    .summary = "derivative of trigamma",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * polygamma(3.0, a.inputs[0])}; },
    .evaluate = elementwise_real<[](double x) { return reference_tetragamma(x); }>,
    .lowering = Elementwise{.code = "lg_tetragamma({0})"},
    .domain = positive,
};

const Op xlogy_op{
    .name = "xlogy",
    .summary = "a log(b), 0 at a = 0 for every b that is a number",
    .arity = 2,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Expr &x = a.inputs[0], &y = a.inputs[1];
          const Expr divisor = where(logical_and(eq(x, 0.0), eq(y, 0.0)), 1.0, y);
          return Exprs{a.adjoint * log(y), a.adjoint * (x / divisor)};
        },
    .evaluate = elementwise_real<[](double x, double y) { return x == 0 && y == y ? 0.0 : x * std::log(y); }>,
    .lowering = Elementwise{.code = "lg_xlogy({0}, {1})"},
    .domains = log_arguments,
};

Expr exp(const Operand& a) { return apply_floating(exp_op, {a}); }
Expr expm1(const Operand& a) { return apply_floating(expm1_op, {a}); }
Expr exp2(const Operand& a) { return apply_floating(exp2_op, {a}); }
Expr log(const Operand& a) { return apply_floating(log_op, {a}); }
Expr log2(const Operand& a) { return apply_floating(log2_op, {a}); }
Expr log10(const Operand& a) { return apply_floating(log10_op, {a}); }
Expr log1p(const Operand& a) { return apply_floating(log1p_op, {a}); }
Expr sin(const Operand& a) { return apply_floating(sin_op, {a}); }
Expr cos(const Operand& a) { return apply_floating(cos_op, {a}); }
Expr tan(const Operand& a) { return apply_floating(tan_op, {a}); }
Expr asin(const Operand& a) { return apply_floating(asin_op, {a}); }
Expr acos(const Operand& a) { return apply_floating(acos_op, {a}); }
Expr atan(const Operand& a) { return apply_floating(atan_op, {a}); }
Expr atan2(const Operand& y, const Operand& x) { return apply_floating(atan2_op, {y, x}); }
Expr sinh(const Operand& a) { return apply_floating(sinh_op, {a}); }
Expr cosh(const Operand& a) { return apply_floating(cosh_op, {a}); }
Expr tanh(const Operand& a) { return apply_floating(tanh_op, {a}); }
Expr asinh(const Operand& a) { return apply_floating(asinh_op, {a}); }
Expr acosh(const Operand& a) { return apply_floating(acosh_op, {a}); }
Expr atanh(const Operand& a) { return apply_floating(atanh_op, {a}); }
Expr erf(const Operand& a) { return apply_floating(erf_op, {a}); }
Expr erfc(const Operand& a) { return apply_floating(erfc_op, {a}); }
Expr gaussian(const Operand& a) { return apply_floating(gaussian_op, {a}); }
Expr cbrt(const Operand& a) { return apply_floating(cbrt_op, {a}); }
Expr sigmoid(const Operand& a) { return apply_floating(sigmoid_op, {a}); }
Expr softplus(const Operand& a) { return apply_floating(softplus_op, {a}); }
Expr log_sigmoid(const Operand& a) { return apply_floating(log_sigmoid_op, {a}); }
Expr log1mexp(const Operand& a) { return apply_floating(log1mexp_op, {a}); }
Expr logaddexp(const Operand& a, const Operand& b) { return apply_floating(logaddexp_op, {a, b}); }
Expr logit(const Operand& a) { return apply_floating(logit_op, {a}); }
Expr lgamma(const Operand& a) { return apply_floating(lgamma_op, {a}); }
Expr digamma(const Operand& a) { return apply_floating(digamma_op, {a}); }
Expr trigamma(const Operand& a) { return apply_floating(trigamma_op, {a}); }
Expr tetragamma(const Operand& a) { return apply_floating(tetragamma_op, {a}); }
Expr xlogy(const Operand& x, const Operand& y) { return apply_floating(xlogy_op, {x, y}); }

}  // namespace leapgraph::symbolic
