/// The gamma and beta functions, polygamma functions of any order, and Hurwitz's zeta function.
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/polygamma.hpp>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/reference.hpp"
#include "leapgraph/symbolic/special_functions.hpp"

namespace leapgraph::symbolic {

namespace {

using reference::infinite;
using reference::is_pole;
using reference::Quiet;
using reference::undefined;
using reference::Wide;

double reference_gamma(double x) {
  if (std::isnan(x) || x == -infinite) return undefined;
  if (x == 0) return std::copysign(infinite, x);
  if (is_pole(x)) return undefined;
  if (x > 200) return infinite;
  if (x < -200) return 0;
  return static_cast<double>(boost::math::tgamma(static_cast<Wide>(x), Quiet()));
}

double reference_betaln(double a, double b) {
  const Wide x = std::fmin(a, b), y = std::fmax(a, b);
  if (!(x > 0)) return undefined;
  // B(x, y) = gamma(x) gamma(y) / gamma(x + y), the quotient by Boost.
  return static_cast<double>(boost::math::lgamma(x, Quiet()) +
                             std::log(boost::math::tgamma_delta_ratio(y, x, Quiet())));
}

double reference_beta(double a, double b) {
  if (a > 0 && b > 0)
    return static_cast<double>(boost::math::beta(static_cast<Wide>(a), static_cast<Wide>(b), Quiet()));
  const auto gamma = [](Wide x) { return boost::math::tgamma(x, Quiet()); };
  return static_cast<double>(gamma(a) * gamma(b) / gamma(static_cast<Wide>(a) + b));
}

double reference_poch(double a, double n) {
  return static_cast<double>(1 / boost::math::tgamma_delta_ratio(static_cast<Wide>(a), static_cast<Wide>(n), Quiet()));
}

/// The integral of exp(-x t) (1 - exp(-h t)) / (1 - exp(-t)) over t from 0 on (DLMF 5.9.12).
double reference_digamma_rise(double x, double h) {
  const Wide wide = x, scale = 1 / std::fmin(wide, wide + h);
  if (!(scale > 0) || std::isinf(h))
    return static_cast<double>(boost::math::digamma(wide + h, Quiet()) - boost::math::digamma(wide, Quiet()));
  return static_cast<double>(scale * reference::integral([=](Wide s) {
                               const Wide t = s * scale;
                               return std::exp(-wide * t) * std::expm1(-h * t) / std::expm1(-t);
                             }));
}

/// Hurwitz's sum, the tail by Euler and Maclaurin's formula.
double reference_zeta(double s, double q) {
  if (!(s > 1 && q > 0)) return s == 1 ? infinite : undefined;
  Wide sum = 0, at = q;
  for (int k = 0; k < 3000; ++k, at += 1) sum += std::pow(at, -static_cast<Wide>(s));
  const Wide last = std::pow(at, -static_cast<Wide>(s));
  return static_cast<double>(sum + last * (at / (s - 1) + 0.5L + s / at / 12));
}

double reference_polygamma(double order, double x) {
  if (!(order >= 0) || order != std::floor(order) || order > 1000 || std::isnan(x)) return undefined;
  return static_cast<double>(boost::math::polygamma(static_cast<int>(order), static_cast<Wide>(x), Quiet()));
}

constexpr Domain gamma_domain{0.3, 4.0};

}  // namespace

const Op gamma_op{
    .name = "gamma",
    .summary = "the gamma function; nan at whole numbers below 0",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * (a.output * digamma(a.inputs[0]))}; },
    .evaluate = elementwise_real<[](double x) { return reference_gamma(x); }>,
    .lowering = Elementwise{.code = "lg_gamma({0})"},
    .domain = gamma_domain,
};

const Op betaln_op{
    .name = "betaln",
    .summary = "log |B(a, b)|",
    .arity = 2,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Expr &x = a.inputs[0], &y = a.inputs[1];
          return Exprs{-a.adjoint * digamma_rise(x, y), -a.adjoint * digamma_rise(y, x)};
        },
    .evaluate = elementwise_real<[](double x, double y) { return reference_betaln(x, y); }>,
    .lowering = Elementwise{.code = "lg_betaln({0}, {1})"},
    .domain = gamma_domain,
    .examples = [] { return elementwise_examples(betaln_op); },
};

const Op beta_op{
    .name = "beta",
    .summary = "B(a, b) = gamma(a) gamma(b) / gamma(a + b)",
    .arity = 2,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Expr &x = a.inputs[0], &y = a.inputs[1], moved = -a.adjoint * a.output;
          return Exprs{moved * digamma_rise(x, y), moved * digamma_rise(y, x)};
        },
    .evaluate = elementwise_real<[](double x, double y) { return reference_beta(x, y); }>,
    .lowering = Elementwise{.code = "lg_beta({0}, {1})"},
    .domain = gamma_domain,
    .examples = [] { return elementwise_examples(beta_op); },
};

const Op poch_op{
    .name = "poch",
    .summary = "gamma(a + b) / gamma(a): the product a (a + 1) ... (a + b - 1) for a whole b",
    .arity = 2,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Expr &x = a.inputs[0], &n = a.inputs[1], moved = a.adjoint * a.output;
          return Exprs{moved * digamma_rise(x, n), moved * digamma(x + n)};
        },
    .evaluate = elementwise_real<[](double x, double n) { return reference_poch(x, n); }>,
    .lowering = Elementwise{.code = "lg_poch({0}, {1})"},
    .domain = gamma_domain,
    .examples = [] { return elementwise_examples(poch_op); },
};

const Op digamma_rise_op{
    .name = "digamma_rise",
    .summary = "digamma(a + b) - digamma(a), accurate for small b",
    .arity = 2,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Expr& x = a.inputs[0];
          const Expr there = trigamma(x + a.inputs[1]);
          return Exprs{a.adjoint * (there - trigamma(x)), a.adjoint * there};
        },
    .evaluate = elementwise_real<[](double x, double h) { return reference_digamma_rise(x, h); }>,
    .lowering = Elementwise{.code = "lg_digamma_rise({0}, {1})"},
    .domain = gamma_domain,
    .examples = [] { return elementwise_examples(digamma_rise_op); },
};

const Op zeta_op{
    .name = "zeta",
    .summary = "Hurwitz's zeta function: sum of (b + k)^-a over k = 0, 1, ...; has no gradient in a",
    .arity = 2,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          refuse_derivative(a, 0, "its exponent");
          const Expr &s = a.inputs[0], &q = a.inputs[1];
          return Exprs{Expr(), a.adjoint * (-s * zeta(s + 1.0, q))};
        },
    .evaluate = elementwise_real<[](double s, double q) { return reference_zeta(s, q); }>,
    .lowering = Elementwise{.code = "lg_zeta({0}, {1})"},
    .domain = gamma_domain,
    .examples =
        [] {
          const Expr q = input({DType::float64, {5}}, "q");
          return Exprs{make(zeta_op, {constant(2.5), q}),
                       make(zeta_op, {constant(Array::vector({1.5, 2, 3, 4, 8})), q})};
        },
};

const Op polygamma_op{
    .name = "polygamma",
    .summary = "derivative of order a, a whole number, of digamma at b; has no gradient in a",
    .arity = 2,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          refuse_derivative(a, 0, "its order");
          return Exprs{Expr(), a.adjoint * polygamma(a.inputs[0] + 1.0, a.inputs[1])};
        },
    .evaluate = elementwise_real<[](double order, double x) { return reference_polygamma(order, x); }>,
    .lowering = Elementwise{.code = "lg_polygamma({0}, {1})"},
    .domain = gamma_domain,
    .examples =
        [] {
          const Expr x = input({DType::float64, {5}}, "x");
          return Exprs{make(polygamma_op, {constant(3.0), x}),
                       make(polygamma_op, {constant(Array::vector({0, 1, 2, 3, 7})), x})};
        },
};

Expr gamma(const Operand& a) { return apply_floating(gamma_op, {a}); }
Expr betaln(const Operand& a, const Operand& b) { return apply_floating(betaln_op, {a, b}); }
Expr beta(const Operand& a, const Operand& b) { return apply_floating(beta_op, {a, b}); }
Expr poch(const Operand& a, const Operand& n) { return apply_floating(poch_op, {a, n}); }
Expr digamma_rise(const Operand& x, const Operand& h) { return apply_floating(digamma_rise_op, {x, h}); }
Expr zeta(const Operand& s, const Operand& q) { return apply_floating(zeta_op, {s, q}); }

Expr polygamma(const Operand& order, const Operand& x) {
  const std::optional<double> known = literal_value(order);
  if (known == 0.0) return digamma(x);
  if (known == 1.0) return trigamma(x);
  if (known == 2.0) return tetragamma(x);
  return apply_floating(polygamma_op, {order, x});
}

}  // namespace leapgraph::symbolic
