/// Bessel functions of real order. The first argument is the order, in which none has a gradient.
#include <boost/math/special_functions/bessel.hpp>

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

bool is_whole(double x) { return x == std::floor(x); }

double reference_jv(double nu, double x) {
  if (std::isnan(nu) || std::isnan(x) || (x < 0 && !is_whole(nu))) return undefined;
  return static_cast<double>(boost::math::cyl_bessel_j(static_cast<Wide>(nu), static_cast<Wide>(x), Quiet()));
}

double reference_yv(double nu, double x) {
  if (std::isnan(nu) || !(x >= 0)) return undefined;
  if (x == 0) return -infinite;
  return static_cast<double>(boost::math::cyl_neumann(static_cast<Wide>(nu), static_cast<Wide>(x), Quiet()));
}

Wide wide_iv(double nu, double x) {
  if (std::isnan(nu) || std::isnan(x) || (x < 0 && !is_whole(nu))) return undefined;
  const Wide value = boost::math::cyl_bessel_i(static_cast<Wide>(nu), std::abs(static_cast<Wide>(x)), Quiet());
  return x < 0 && std::fmod(nu, 2) != 0 ? -value : value;
}

Wide wide_kv(double nu, double x) {
  if (std::isnan(nu) || !(x >= 0)) return undefined;
  if (x == 0) return infinite;
  return boost::math::cyl_bessel_k(static_cast<Wide>(nu), static_cast<Wide>(x), Quiet());
}

/// Half the function of the order below, and `sign` times half that of the order above.
Exprs between_orders(const Application& a, double sign, const Expr& extra = {}) {
  refuse_derivative(a, 0, "its order");
  const Expr &nu = a.inputs[0], &x = a.inputs[1];
  const Op& op = a.node.op();
  const Expr slope = 0.5 * (make(op, {nu - 1.0, x}) + sign * make(op, {nu + 1.0, x}));
  return {Expr(), a.adjoint * (extra ? slope + extra : slope)};
}

/// Functions of orders that are data, since there is no gradient by them.
Exprs orders(const Op& op) {
  const Expr x = input({DType::float64, {5}}, "x");
  return {make(op, {constant(0.0), x}), make(op, {constant(1.0), x}),
          make(op, {constant(Array::vector({-1.5, 0.3, 2, 4.75, -3})), x})};
}

constexpr Domain bessel_domain{0.3, 6.0};

}  // namespace

const Op jv_op{
    .name = "jv",
    .summary = "Bessel function of the first kind, J, of order a",
    .arity = 2,
    .type = floating_type,
    .gradient = [](const Application& a) { return between_orders(a, -1); },
    .evaluate = elementwise_real<[](double nu, double x) { return reference_jv(nu, x); }>,
    .lowering = Elementwise{.code = "lg_jv({0}, {1})"},
    .domain = bessel_domain,
    .examples = [] { return orders(jv_op); },
};

const Op yv_op{
    .name = "yv",
    .summary = "Bessel function of the second kind, Y, of order a",
    .arity = 2,
    .type = floating_type,
    .gradient = [](const Application& a) { return between_orders(a, -1); },
    .evaluate = elementwise_real<[](double nu, double x) { return reference_yv(nu, x); }>,
    .lowering = Elementwise{.code = "lg_yv({0}, {1})"},
    .domain = {0.9, 6.0},
    .examples = [] { return orders(yv_op); },
};

const Op iv_op{
    .name = "iv",
    .summary = "modified Bessel function of the first kind, I, of order a",
    .arity = 2,
    .type = floating_type,
    .gradient = [](const Application& a) { return between_orders(a, 1); },
    .evaluate = elementwise_real<[](double nu, double x) { return static_cast<double>(wide_iv(nu, x)); }>,
    .lowering = Elementwise{.code = "lg_iv({0}, {1})"},
    .domain = {0.9, 4.0},
    .examples = [] { return orders(iv_op); },
};

const Op ive_op{
    .name = "ive",
    .summary = "exp(-|b|) times the modified Bessel function of the first kind",
    .arity = 2,
    .type = floating_type,
    .gradient = [](const Application& a) { return between_orders(a, 1, -sign(a.inputs[1]) * a.output); },
    .evaluate = elementwise_real<[](double nu, double x) {
      return static_cast<double>(wide_iv(nu, x) * std::exp(-std::abs(static_cast<Wide>(x))));
    }>,
    .lowering = Elementwise{.code = "lg_ive({0}, {1})"},
    .domain = {0.9, 4.0},
    .examples = [] { return orders(ive_op); },
};

const Op kv_op{
    .name = "kv",
    .summary = "modified Bessel function of the second kind, K, of order a",
    .arity = 2,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Exprs towards = between_orders(a, 1);
          return Exprs{Expr(), -towards[1]};
        },
    .evaluate = elementwise_real<[](double nu, double x) { return static_cast<double>(wide_kv(nu, x)); }>,
    .lowering = Elementwise{.code = "lg_kv({0}, {1})"},
    .domain = {0.9, 4.0},
    .examples = [] { return orders(kv_op); },
};

const Op kve_op{
    .name = "kve",
    .summary = "exp(b) times the modified Bessel function of the second kind",
    .arity = 2,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Exprs towards = between_orders(a, 1, -a.output);
          return Exprs{Expr(), -towards[1]};
        },
    .evaluate = elementwise_real<[](double nu, double x) {
      return static_cast<double>(wide_kv(nu, x) * std::exp(static_cast<Wide>(x)));
    }>,
    .lowering = Elementwise{.code = "lg_kve({0}, {1})"},
    .domain = {0.9, 4.0},
    .examples = [] { return orders(kve_op); },
};

Expr jv(const Operand& nu, const Operand& x) { return apply_floating(jv_op, {nu, x}); }
Expr yv(const Operand& nu, const Operand& x) { return apply_floating(yv_op, {nu, x}); }
Expr iv(const Operand& nu, const Operand& x) { return apply_floating(iv_op, {nu, x}); }
Expr ive(const Operand& nu, const Operand& x) { return apply_floating(ive_op, {nu, x}); }
Expr kv(const Operand& nu, const Operand& x) { return apply_floating(kv_op, {nu, x}); }
Expr kve(const Operand& nu, const Operand& x) { return apply_floating(kve_op, {nu, x}); }

}  // namespace leapgraph::symbolic
