/// The incomplete gamma and beta functions: values, densities, derivatives by parameters, inverses.
///
/// Derivatives by parameters are ops of their own: integrals of the density times what it is multiplied by when its
/// parameter moves. Inverses differentiate as implicit functions do.
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>

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

// --- Reference: Boost, and integrals by another rule than runtime/ has, in another variable ---

bool is_gamma_argument(double a, double x) {
  return a >= 0 && x >= 0 && !(a == 0 && x == 0) && !(std::isinf(a) && std::isinf(x));
}

double reference_gammainc(double a, double x) {
  if (!is_gamma_argument(a, x)) return undefined;
  if (x == 0 || std::isinf(a)) return 0;
  if (a == 0 || std::isinf(x)) return 1;
  return static_cast<double>(boost::math::gamma_p(static_cast<Wide>(a), static_cast<Wide>(x), Quiet()));
}

double reference_gammaincc(double a, double x) {
  if (!is_gamma_argument(a, x)) return undefined;
  if (x == 0 || std::isinf(a)) return 1;
  if (a == 0 || std::isinf(x)) return 0;
  return static_cast<double>(boost::math::gamma_q(static_cast<Wide>(a), static_cast<Wide>(x), Quiet()));
}

double reference_gamma_density(double a, double x) {
  if (!is_gamma_argument(a, x)) return undefined;
  if (x == 0) return a < 1 ? infinite : a == 1 ? 1 : 0;
  return static_cast<double>(boost::math::gamma_p_derivative(static_cast<Wide>(a), static_cast<Wide>(x), Quiet()));
}

/// The integral of weight(log(t)) times the density, over t = x exp(-s), or t = x exp(s), what is shorter.
template <class F>
double gamma_integral(double a, double x, F weight) {
  if (!is_gamma_argument(a, x)) return undefined;
  if (x == 0 || a == 0 || std::isinf(a) || std::isinf(x)) return 0;
  const bool below = x < a;
  const Wide log_x = std::log(static_cast<Wide>(x)), constant = boost::math::lgamma(static_cast<Wide>(a), Quiet());
  const Wide scale = 1 / std::fmax(std::fabs(static_cast<Wide>(x) - a), std::fmax(std::sqrt(a), below ? a / 4 : 1.0L));
  const Wide whole = reference::integral([&](Wide s) {
    const Wide log_t = below ? log_x - s * scale : log_x + s * scale;
    return weight(log_t) * std::exp(a * log_t - std::exp(log_t) - constant);
  });
  return static_cast<double>((below ? whole : -whole) * scale);
}

double reference_gammainc_da(double a, double x) {
  const Wide mean = boost::math::digamma(static_cast<Wide>(a), Quiet());
  return gamma_integral(a, x, [=](Wide log_t) { return log_t - mean; });
}

double reference_gammainc_daa(double a, double x) {
  const Wide mean = boost::math::digamma(static_cast<Wide>(a), Quiet());
  const Wide variance = boost::math::trigamma(static_cast<Wide>(a), Quiet());
  return gamma_integral(a, x, [=](Wide log_t) { return (log_t - mean) * (log_t - mean) - variance; });
}

double reference_gammaincinv(double a, double p) {
  if (!(a > 0 && p >= 0 && p <= 1)) return undefined;
  return static_cast<double>(boost::math::gamma_p_inv(static_cast<Wide>(a), static_cast<Wide>(p), Quiet()));
}

double reference_gammainccinv(double a, double q) {
  if (!(a > 0 && q >= 0 && q <= 1)) return undefined;
  return static_cast<double>(boost::math::gamma_q_inv(static_cast<Wide>(a), static_cast<Wide>(q), Quiet()));
}

bool is_beta_argument(double a, double b, double x) {
  return a > 0 && b > 0 && std::isfinite(a) && std::isfinite(b) && x >= 0 && x <= 1;
}

double reference_betainc(double a, double b, double x) {
  if (!is_beta_argument(a, b, x)) return undefined;
  return static_cast<double>(
      boost::math::ibeta(static_cast<Wide>(a), static_cast<Wide>(b), static_cast<Wide>(x), Quiet()));
}

double reference_beta_density(double a, double b, double x) {
  if (!is_beta_argument(a, b, x)) return undefined;
  if (x == 0) return a < 1 ? infinite : a == 1 ? b : 0;
  if (x == 1) return b < 1 ? infinite : b == 1 ? a : 0;
  return static_cast<double>(
      boost::math::ibeta_derivative(static_cast<Wide>(a), static_cast<Wide>(b), static_cast<Wide>(x), Quiet()));
}

/// The integral of (log(t) - its mean) times the density from 0 to x, or of log(1 - t): over the logit, from its end to
/// the tail that is nearer.
double beta_integral(double a, double b, double x, bool by_a) {
  if (!is_beta_argument(a, b, x)) return undefined;
  if (x == 0 || x == 1) return 0;
  const bool below = x * (a + b) < a;
  const Wide wide_a = a, wide_b = b, logit = std::log(static_cast<Wide>(x)) - std::log1p(-static_cast<Wide>(x));
  const Wide constant = boost::math::lgamma(wide_a, Quiet()) + boost::math::lgamma(wide_b, Quiet()) -
                        boost::math::lgamma(wide_a + wide_b, Quiet());
  const Wide mean =
      boost::math::digamma(by_a ? wide_a : wide_b, Quiet()) - boost::math::digamma(wide_a + wide_b, Quiet());
  const Wide scale = 1 / std::fmax(below ? wide_a / 2 : wide_b / 2, std::sqrt(wide_a * wide_b / (wide_a + wide_b)));
  const Wide whole = reference::integral([&](Wide s) {
    const Wide z = below ? logit - s * scale : logit + s * scale;
    const Wide log_t = -std::log1p(std::exp(-z)), log_rest = -std::log1p(std::exp(z));
    return ((by_a ? log_t : log_rest) - mean) * std::exp(wide_a * log_t + wide_b * log_rest - constant);
  });
  return static_cast<double>((below ? whole : -whole) * scale);
}

double reference_betaincinv(double a, double b, double p) {
  if (!is_beta_argument(a, b, p)) return undefined;
  return static_cast<double>(
      boost::math::ibeta_inv(static_cast<Wide>(a), static_cast<Wide>(b), static_cast<Wide>(p), Quiet()));
}

// --- Pieces of gradients ---

/// What the logarithm of the gamma density changes by with a.
Expr gamma_score(const Expr& a, const Expr& x) { return log(x) - digamma(a); }
/// The same for the beta density: by a, and, with everything the other way round, by b.
Expr beta_score(const Expr& a, const Expr& b, const Expr& log_x) { return log_x + digamma_rise(a, b); }

constexpr Domain gamma_arguments[] = {{0.5, 4.0}, {0.3, 5.0}};
constexpr Domain gamma_probabilities[] = {{0.8, 4.0}, {0.1, 0.9}};
constexpr Domain beta_arguments[] = {{0.6, 4.0}, {0.6, 4.0}, {0.1, 0.9}};

}  // namespace

const Op gammainc_op{
    .name = "gammainc",
    .summary = "regularised lower incomplete gamma function P(a, b)",
    .arity = 2,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Expr &shape = a.inputs[0], &x = a.inputs[1];
          return Exprs{a.adjoint * make(gammainc_da_op, {shape, x}), a.adjoint * gamma_density(shape, x)};
        },
    .evaluate = elementwise_real<[](double a, double x) { return reference_gammainc(a, x); }>,
    .lowering = Elementwise{.code = "lg_gammainc({0}, {1})"},
    .domains = gamma_arguments,
    .examples = [] { return elementwise_examples(gammainc_op); },
};

const Op gammaincc_op{
    .name = "gammaincc",
    .summary = "regularised upper incomplete gamma function Q(a, b) = 1 - P(a, b)",
    .arity = 2,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Expr &shape = a.inputs[0], &x = a.inputs[1];
          return Exprs{-a.adjoint * make(gammainc_da_op, {shape, x}), -a.adjoint * gamma_density(shape, x)};
        },
    .evaluate = elementwise_real<[](double a, double x) { return reference_gammaincc(a, x); }>,
    .lowering = Elementwise{.code = "lg_gammaincc({0}, {1})"},
    .domains = gamma_arguments,
    .examples = [] { return elementwise_examples(gammaincc_op); },
};

const Op gamma_density_op{
    .name = "gamma_density",
    .summary = "b^(a - 1) exp(-b) / gamma(a), the derivative of gammainc by b",
    .arity = 2,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Expr &shape = a.inputs[0], &x = a.inputs[1], moved = a.adjoint * a.output;
          return Exprs{moved * gamma_score(shape, x), moved * ((shape - 1.0) / x - 1.0)};
        },
    .evaluate = elementwise_real<[](double a, double x) { return reference_gamma_density(a, x); }>,
    .lowering = Elementwise{.code = "lg_gamma_density({0}, {1})"},
    .domains = gamma_arguments,
    .examples = [] { return elementwise_examples(gamma_density_op); },
};

const Op gammainc_da_op{
    .name = "gammainc_da",
    .summary = "derivative of gammainc by a",
    .arity = 2,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Expr &shape = a.inputs[0], &x = a.inputs[1];
          return Exprs{a.adjoint * make(gammainc_daa_op, {shape, x}),
                       a.adjoint * (gamma_density(shape, x) * gamma_score(shape, x))};
        },
    .evaluate = elementwise_real<[](double a, double x) { return reference_gammainc_da(a, x); }>,
    .lowering = Elementwise{.code = "lg_gammainc_da({0}, {1})"},
    .domains = gamma_arguments,
    .examples = [] { return elementwise_examples(gammainc_da_op); },
};

const Op gammainc_daa_op{
    .name = "gammainc_daa",
    .summary = "second derivative of gammainc by a; has no gradient in a itself",
    .arity = 2,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          refuse_derivative(a, 0, "its first argument");
          const Expr &shape = a.inputs[0], &x = a.inputs[1];
          return Exprs{Expr(), a.adjoint * (gamma_density(shape, x) * (sqr(gamma_score(shape, x)) - trigamma(shape)))};
        },
    .evaluate = elementwise_real<[](double a, double x) { return reference_gammainc_daa(a, x); }>,
    .lowering = Elementwise{.code = "lg_gammainc_daa({0}, {1})"},
    .domain = {0.3, 5.0},
    .examples =
        [] {
          const Expr x = input({DType::float64, {5}}, "x");
          return Exprs{make(gammainc_daa_op, {constant(Array::vector({0.7, 1.2, 2.5, 3, 8})), x})};
        },
};

const Op gammaincinv_op{
    .name = "gammaincinv",
    .summary = "inverse of gammainc: where P(a, .) is b",
    .arity = 2,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Expr& shape = a.inputs[0];
          const Expr by_p = a.adjoint / gamma_density(shape, a.output);
          return Exprs{-by_p * make(gammainc_da_op, {shape, a.output}), by_p};
        },
    .evaluate = elementwise_real<[](double a, double p) { return reference_gammaincinv(a, p); }>,
    .lowering = Elementwise{.code = "lg_gammaincinv({0}, {1})"},
    .domains = gamma_probabilities,
    .examples = [] { return elementwise_examples(gammaincinv_op); },
};

const Op gammainccinv_op{
    .name = "gammainccinv",
    .summary = "inverse of gammaincc: where Q(a, .) is b",
    .arity = 2,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Expr& shape = a.inputs[0];
          const Expr by_q = a.adjoint / gamma_density(shape, a.output);
          return Exprs{-by_q * make(gammainc_da_op, {shape, a.output}), -by_q};
        },
    .evaluate = elementwise_real<[](double a, double q) { return reference_gammainccinv(a, q); }>,
    .lowering = Elementwise{.code = "lg_gammainccinv({0}, {1})"},
    .domains = gamma_probabilities,
    .examples = [] { return elementwise_examples(gammainccinv_op); },
};

const Op betainc_op{
    .name = "betainc",
    .summary = "regularised incomplete beta function I_x(a, b), x last",
    .arity = 3,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          return Exprs{a.adjoint * make(betainc_da_op, a.inputs), a.adjoint * make(betainc_db_op, a.inputs),
                       a.adjoint * make(beta_density_op, a.inputs)};
        },
    .evaluate = elementwise_real<[](double a, double b, double x) { return reference_betainc(a, b, x); }>,
    .lowering = Elementwise{.code = "lg_betainc({0}, {1}, {2})"},
    .domains = beta_arguments,
    .examples = [] { return elementwise_examples(betainc_op); },
};

const Op beta_density_op{
    .name = "beta_density",
    .summary = "x^(a - 1) (1 - x)^(b - 1) / B(a, b), the derivative of betainc by x",
    .arity = 3,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Expr &p = a.inputs[0], &q = a.inputs[1], &x = a.inputs[2], moved = a.adjoint * a.output;
          return Exprs{moved * beta_score(p, q, log(x)), moved * beta_score(q, p, log1p(-x)),
                       moved * ((p - 1.0) / x - (q - 1.0) / (1.0 - x))};
        },
    .evaluate = elementwise_real<[](double a, double b, double x) { return reference_beta_density(a, b, x); }>,
    .lowering = Elementwise{.code = "lg_beta_density({0}, {1}, {2})"},
    .domains = beta_arguments,
    .examples = [] { return elementwise_examples(beta_density_op); },
};

namespace {

Exprs beta_parameters_and_point(const Op& op) {
  return {make(op, {constant(Array::vector({0.7, 1.2, 2.5, 3, 8})), constant(Array::vector({0.6, 3, 2, 1, 4})),
                    input({DType::float64, {5}}, "x")})};
}

Exprs slope_in_x(const Application& a, const Expr& score) {
  refuse_derivative(a, 0, "its first argument");
  refuse_derivative(a, 1, "its second argument");
  return {Expr(), Expr(), a.adjoint * (make(beta_density_op, a.inputs) * score)};
}

}  // namespace

const Op betainc_da_op{
    .name = "betainc_da",
    .summary = "derivative of betainc by a; has no gradient in a and b itself",
    .arity = 3,
    .type = floating_type,
    .gradient =
        [](const Application& a) { return slope_in_x(a, beta_score(a.inputs[0], a.inputs[1], log(a.inputs[2]))); },
    .evaluate = elementwise_real<[](double a, double b, double x) { return beta_integral(a, b, x, true); }>,
    .lowering = Elementwise{.code = "lg_betainc_da({0}, {1}, {2})"},
    .domain = {0.1, 0.9},
    .examples = [] { return beta_parameters_and_point(betainc_da_op); },
};

const Op betainc_db_op{
    .name = "betainc_db",
    .summary = "derivative of betainc by b; has no gradient in a and b itself",
    .arity = 3,
    .type = floating_type,
    .gradient =
        [](const Application& a) { return slope_in_x(a, beta_score(a.inputs[1], a.inputs[0], log1p(-a.inputs[2]))); },
    .evaluate = elementwise_real<[](double a, double b, double x) { return beta_integral(a, b, x, false); }>,
    .lowering = Elementwise{.code = "lg_betainc_db({0}, {1}, {2})"},
    .domain = {0.1, 0.9},
    .examples = [] { return beta_parameters_and_point(betainc_db_op); },
};

const Op betaincinv_op{
    .name = "betaincinv",
    .summary = "inverse of betainc: where I_x(a, b) is p, p last",
    .arity = 3,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Exprs there{a.inputs[0], a.inputs[1], a.output};
          const Expr by_p = a.adjoint / make(beta_density_op, there);
          return Exprs{-by_p * make(betainc_da_op, there), -by_p * make(betainc_db_op, there), by_p};
        },
    .evaluate = elementwise_real<[](double a, double b, double p) { return reference_betaincinv(a, b, p); }>,
    .lowering = Elementwise{.code = "lg_betaincinv({0}, {1}, {2})"},
    .domains = beta_arguments,
    .examples = [] { return elementwise_examples(betaincinv_op); },
};

Expr gammainc(const Operand& a, const Operand& x) { return apply_floating(gammainc_op, {a, x}); }
Expr gammaincc(const Operand& a, const Operand& x) { return apply_floating(gammaincc_op, {a, x}); }
Expr gamma_density(const Operand& a, const Operand& x) { return apply_floating(gamma_density_op, {a, x}); }
Expr gammaincinv(const Operand& a, const Operand& p) { return apply_floating(gammaincinv_op, {a, p}); }
Expr gammainccinv(const Operand& a, const Operand& q) { return apply_floating(gammainccinv_op, {a, q}); }
Expr betainc(const Operand& a, const Operand& b, const Operand& x) { return apply_floating(betainc_op, {a, b, x}); }
Expr beta_density(const Operand& a, const Operand& b, const Operand& x) {
  return apply_floating(beta_density_op, {a, b, x});
}
Expr betaincinv(const Operand& a, const Operand& b, const Operand& p) {
  return apply_floating(betaincinv_op, {a, b, p});
}

}  // namespace leapgraph::symbolic
