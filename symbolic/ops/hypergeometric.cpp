/// Gauss's hypergeometric function of real arguments and its derivatives by its parameters.
#include <boost/math/special_functions/digamma.hpp>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/reference.hpp"
#include "leapgraph/symbolic/special_functions.hpp"

namespace leapgraph::symbolic {

namespace {

using reference::Wide;

/// The series at 0, its terms weighed with what they change by: 1, or logarithmic derivatives of gamma functions. For
/// positive parameters, and points that the series or Pfaff's transformation of it reaches.
template <class F>
Wide series(Wide a, Wide b, Wide c, Wide z, F weight) {
  Wide term = 1, sum = weight(0);
  for (int n = 0; n < 200000; ++n) {
    term *= (a + n) * (b + n) / ((c + n) * (n + 1)) * z;
    const Wide change = term * weight(n + 1);
    sum += change;
    if (n > 20 && std::abs(change) < 1e-22L * std::abs(sum)) break;
  }
  return sum;
}

double reference_hyp2f1(double a, double b, double c, double z) {
  const auto one = [](int) { return Wide{1}; };
  if (z > 1 || std::isnan(z)) return reference::undefined;
  const Wide wide = z;
  if (z < -0.5)
    return static_cast<double>(std::pow(1 - wide, -static_cast<Wide>(a)) * series(a, c - b, c, wide / (wide - 1), one));
  return static_cast<double>(series(a, b, c, wide, one));
}

/// (x)_n grows by digamma(x + n) - digamma(x) with x.
double reference_slope(double a, double b, double c, double z, double moved, double sign) {
  const Wide start = boost::math::digamma(static_cast<Wide>(moved));
  return static_cast<double>(
      sign * series(a, b, c, z, [=](int n) { return boost::math::digamma(static_cast<Wide>(moved) + n) - start; }));
}

/// Derivative by z of what `op` is of F: F' = a b / c F(a + 1, b + 1; c + 1; z), differentiated by a parameter too.
Expr slope_in_z(const Application& a, const Op& op, const Expr& factor) {
  const Expr &p = a.inputs[0], &q = a.inputs[1], &r = a.inputs[2], &z = a.inputs[3];
  const Exprs next{p + 1.0, q + 1.0, r + 1.0, z};
  return p * q / r * make(op, next) + factor * make(hyp2f1_op, next);
}

Exprs only_in_z(const Application& a, const Op& op, const Expr& factor) {
  for (std::size_t k = 0; k < 3; ++k) refuse_derivative(a, k, "its parameters");
  return {Expr(), Expr(), Expr(), a.adjoint * slope_in_z(a, op, factor)};
}

Exprs parameters_and_point(const Op& op) {
  return {make(op, {constant(Array::vector({0.7, 1.2, 2.5, 3, 0.5})), constant(Array::vector({0.6, 3, 2, 1, 4})),
                    constant(Array::vector({1.5, 2, 3.25, 0.8, 2})), input({DType::float64, {5}}, "z")})};
}

constexpr Domain arguments[] = {{0.4, 3.0}, {0.4, 3.0}, {0.6, 4.0}, {-0.45, 0.6}};

}  // namespace

const Op hyp2f1_op{
    .name = "hyp2f1",
    .summary = "Gauss's hypergeometric function of parameters a, b, c and the point z up to 1",
    .arity = 4,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Expr &p = a.inputs[0], &q = a.inputs[1], &r = a.inputs[2], &z = a.inputs[3];
          return Exprs{a.adjoint * make(hyp2f1_da_op, a.inputs), a.adjoint * make(hyp2f1_da_op, {q, p, r, z}),
                       a.adjoint * make(hyp2f1_dc_op, a.inputs),
                       a.adjoint * (p * q / r * make(hyp2f1_op, {p + 1.0, q + 1.0, r + 1.0, z}))};
        },
    .evaluate = elementwise_real<[](double a, double b, double c, double z) { return reference_hyp2f1(a, b, c, z); }>,
    .lowering = Elementwise{.code = "lg_hyp2f1({0}, {1}, {2}, {3})"},
    .domains = arguments,
    .examples = [] { return elementwise_examples(hyp2f1_op); },
};

const Op hyp2f1_da_op{
    .name = "hyp2f1_da",
    .summary = "derivative of hyp2f1 by a; has no gradient in the parameters itself",
    .arity = 4,
    .type = floating_type,
    .gradient = [](const Application& a) { return only_in_z(a, hyp2f1_da_op, a.inputs[1] / a.inputs[2]); },
    .evaluate =
        elementwise_real<[](double a, double b, double c, double z) { return reference_slope(a, b, c, z, a, 1); }>,
    .lowering = Elementwise{.code = "lg_hyp2f1_da({0}, {1}, {2}, {3})"},
    .domain = {-0.45, 0.6},
    .examples = [] { return parameters_and_point(hyp2f1_da_op); },
};

const Op hyp2f1_dc_op{
    .name = "hyp2f1_dc",
    .summary = "derivative of hyp2f1 by c; has no gradient in the parameters itself",
    .arity = 4,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          return only_in_z(a, hyp2f1_dc_op, -(a.inputs[0] * a.inputs[1]) / sqr(a.inputs[2]));
        },
    .evaluate =
        elementwise_real<[](double a, double b, double c, double z) { return reference_slope(a, b, c, z, c, -1); }>,
    .lowering = Elementwise{.code = "lg_hyp2f1_dc({0}, {1}, {2}, {3})"},
    .domain = {-0.45, 0.6},
    .examples = [] { return parameters_and_point(hyp2f1_dc_op); },
};

Expr hyp2f1(const Operand& a, const Operand& b, const Operand& c, const Operand& z) {
  return apply_floating(hyp2f1_op, {a, b, c, z});
}

}  // namespace leapgraph::symbolic
