/// The error function scaled, the normal distribution far out, their inverses, and Owen's T.
#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/owens_t.hpp>
#include <numbers>

#include "leapgraph/symbolic/complex.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/reference.hpp"
#include "leapgraph/symbolic/special_functions.hpp"

namespace leapgraph::symbolic {

namespace {

using reference::infinite;
using reference::Quiet;
using reference::undefined;
using reference::Wide;

constexpr Wide root_2 = std::numbers::sqrt2_v<Wide>;
constexpr Wide inverse_root_pi = std::numbers::inv_sqrtpi_v<Wide>;

/// Far out by the continued fraction (DLMF 7.9.1).
Wide wide_erfcx(Wide x) {
  if (x < 8) return std::exp(x * x) * std::erfc(x);
  Wide fraction = x;
  for (int k = 80; k > 0; --k) fraction = x + static_cast<Wide>(k) / 2 / fraction;
  return inverse_root_pi / fraction;
}

double reference_erfcx(double x) { return std::isnan(x) ? x : static_cast<double>(wide_erfcx(x)); }

/// exp(x^2) times the integral of erfc from x on is 2 / sqrt(pi) times that of s exp(-s^2 - 2 x s).
double reference_ierfcx(double x) {
  if (std::isnan(x)) return x;
  if (x < 0) return static_cast<double>(inverse_root_pi - x * wide_erfcx(x));
  if (x > 1e150) return 0;
  const Wide wide = x;
  const Wide scale = x > 1 ? 1 / wide : Wide{1};
  const Wide whole =
      reference::integral([&](Wide s) { return s * std::exp(-(s * scale) * (s * scale) - 2 * wide * scale * s); });
  return static_cast<double>(2 * inverse_root_pi * whole * scale * scale);
}

double reference_ndtr(double x) { return static_cast<double>(std::erfc(-x / root_2) / 2); }

Wide wide_log_ndtr(Wide x) {
  if (x > 0) return std::log1p(-std::erfc(x / root_2) / 2);
  return std::log(wide_erfcx(-x / root_2) / 2) - x * x / 2;
}

double reference_log_ndtr(double x) {
  return std::isnan(x) ? x : x == -infinite ? x : static_cast<double>(wide_log_ndtr(x));
}

double reference_ndtri(double p) {
  if (!(p >= 0 && p <= 1)) return undefined;
  if (p == 0 || p == 1) return p == 0 ? -infinite : infinite;
  const Wide wide = p;
  return static_cast<double>(p < 0.5 ? -root_2 * boost::math::erfc_inv(2 * wide, Quiet())
                                     : root_2 * boost::math::erfc_inv(2 * (1 - wide), Quiet()));
}

double reference_erfinv(double y) {
  if (!(y >= -1 && y <= 1)) return undefined;
  if (std::abs(y) == 1) return y * infinite;
  return static_cast<double>(boost::math::erf_inv(static_cast<Wide>(y), Quiet()));
}

double reference_erfcinv(double z) {
  if (!(z >= 0 && z <= 2)) return undefined;
  if (z == 0 || z == 2) return z == 0 ? infinite : -infinite;
  return static_cast<double>(boost::math::erfc_inv(static_cast<Wide>(z), Quiet()));
}

/// Bisection of log_ndtr where exp(y) is not in range.
double reference_ndtri_exp(double y) {
  if (!(y <= 0)) return undefined;
  if (y == 0 || y == -infinite) return y == 0 ? infinite : -infinite;
  const Wide wide = y;
  if (y > -0.6) return static_cast<double>(root_2 * boost::math::erfc_inv(-2 * std::expm1(wide), Quiet()));
  if (y > -5000) return static_cast<double>(-root_2 * boost::math::erfc_inv(2 * std::exp(wide), Quiet()));
  Wide low = -std::sqrt(-2 * wide), high = low / 2;  // log_ndtr(x) < -x^2 / 2
  for (int i = 0; i < 80; ++i) {
    const Wide middle = (low + high) / 2;
    (wide_log_ndtr(middle) < wide ? low : high) = middle;
  }
  return static_cast<double>(low);
}

double reference_owens_t(double h, double a) {
  if (std::isnan(h) || std::isnan(a)) return undefined;
  return std::isinf(h) ? 0.0 : boost::math::owens_t(h, std::clamp(a, -1e100, 1e100), Quiet());
}

/// sqrt(2 / pi) / erfcx(-x / sqrt(2)): the density over the distribution function, exact in both tails.
Expr hazard_below(const Expr& x) { return std::sqrt(2 * std::numbers::inv_pi) / erfcx(x * (-1 / std::numbers::sqrt2)); }

Expr density(const Expr& x) {
  return gaussian(x * (1 / std::numbers::sqrt2)) * (std::numbers::inv_sqrtpi / std::numbers::sqrt2);
}

constexpr Domain probability{0.05, 0.95};
constexpr Domain inside{-0.9, 0.9};
constexpr Domain both_sides{0.1, 1.9};
constexpr Domain log_probability{-5.0, -0.1};

}  // namespace

const Op erfcx_op{
    .name = "erfcx",
    .summary = "exp(a a) erfc(a)",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * (-2.0 * make(ierfcx_op, {a.inputs[0]}))}; },
    .evaluate = elementwise_real<[](double x) { return reference_erfcx(x); }>,
    .lowering = Elementwise{.code = "lg_erfcx({0})"},
};

const Op ierfcx_op{
    .name = "ierfcx",
    .summary =
        "exp(a a) times the integral of erfc from a on: minus half the derivative of erfcx, without cancellation",
    .type = floating_type,
    .gradient =
        [](const Application& a) { return Exprs{a.adjoint * (2.0 * a.inputs[0] * a.output - erfcx(a.inputs[0]))}; },
    .evaluate = elementwise_real<[](double x) { return reference_ierfcx(x); }>,
    .lowering = Elementwise{.code = "lg_ierfcx({0})"},
};

const Op ndtr_op{
    .name = "ndtr",
    .summary = "distribution function of the standard normal distribution",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * density(a.inputs[0])}; },
    .evaluate = elementwise_real<[](double x) { return reference_ndtr(x); }>,
    .lowering = Elementwise{.code = "lg_ndtr({0})"},
};

const Op log_ndtr_op{
    .name = "log_ndtr",
    .summary = "logarithm of the distribution function of the standard normal distribution",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * hazard_below(a.inputs[0])}; },
    .evaluate = elementwise_real<[](double x) { return reference_log_ndtr(x); }>,
    .lowering = Elementwise{.code = "lg_log_ndtr({0})"},
};

const Op ndtri_op{
    .name = "ndtri",
    .summary = "quantile of the standard normal distribution",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint / density(a.output)}; },
    .evaluate = elementwise_real<[](double p) { return reference_ndtri(p); }>,
    .lowering = Elementwise{.code = "lg_ndtri({0})"},
    .domain = probability,
};

const Op ndtri_exp_op{
    .name = "ndtri_exp",
    .summary = "quantile of the standard normal distribution of a probability whose logarithm is a",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint / hazard_below(a.output)}; },
    .evaluate = elementwise_real<[](double y) { return reference_ndtri_exp(y); }>,
    .lowering = Elementwise{.code = "lg_ndtri_exp({0})"},
    .domain = log_probability,
};

const Op erfinv_op{
    .name = "erfinv",
    .summary = "inverse of erf",
    .type = floating_type,
    .gradient =
        [](const Application& a) { return Exprs{a.adjoint * (0.5 / std::numbers::inv_sqrtpi) / gaussian(a.output)}; },
    .evaluate = elementwise_real<[](double y) { return reference_erfinv(y); }>,
    .lowering = Elementwise{.code = "lg_erfinv({0})"},
    .domain = inside,
};

const Op erfcinv_op{
    .name = "erfcinv",
    .summary = "inverse of erfc",
    .type = floating_type,
    .gradient =
        [](const Application& a) { return Exprs{a.adjoint * (-0.5 / std::numbers::inv_sqrtpi) / gaussian(a.output)}; },
    .evaluate = elementwise_real<[](double z) { return reference_erfcinv(z); }>,
    .lowering = Elementwise{.code = "lg_erfcinv({0})"},
    .domain = both_sides,
};

const Op owens_t_op{
    .name = "owens_t",
    .summary = "Owen's T function: probability that a normal is beyond a and another one between 0 and b times it",
    .arity = 2,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Expr &h = a.inputs[0], &slope = a.inputs[1];
          const Expr by_h = -0.5 * density(h) * erf(h * slope * (1 / std::numbers::sqrt2));
          const Expr by_a = gaussian(modulus(h, h * slope) * (1 / std::numbers::sqrt2)) * (0.5 * std::numbers::inv_pi) /
                            (1.0 + sqr(slope));
          return Exprs{a.adjoint * by_h, a.adjoint * by_a};
        },
    .evaluate = elementwise_real<[](double h, double a) { return reference_owens_t(h, a); }>,
    .lowering = Elementwise{.code = "lg_owens_t({0}, {1})"},
    .examples = [] { return elementwise_examples(owens_t_op); },
};

Expr erfcx(const Operand& a) { return apply_floating(erfcx_op, {a}); }
Expr ndtr(const Operand& a) { return apply_floating(ndtr_op, {a}); }
Expr log_ndtr(const Operand& a) { return apply_floating(log_ndtr_op, {a}); }
Expr ndtri(const Operand& p) { return apply_floating(ndtri_op, {p}); }
Expr ndtri_exp(const Operand& y) { return apply_floating(ndtri_exp_op, {y}); }
Expr erfinv(const Operand& y) { return apply_floating(erfinv_op, {y}); }
Expr erfcinv(const Operand& z) { return apply_floating(erfcinv_op, {z}); }
Expr owens_t(const Operand& h, const Operand& a) { return apply_floating(owens_t_op, {h, a}); }

}  // namespace leapgraph::symbolic
