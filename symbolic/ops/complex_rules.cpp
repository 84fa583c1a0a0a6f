/// The rules of complex numbers: arithmetic, elementary functions on their principal branches, and what goes part by
/// part.
#include "leapgraph/symbolic/ops/complex_rules.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "leapgraph/symbolic/complex.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"

namespace leapgraph::symbolic {

namespace {

using Z = ComplexParts;

/// The literal 0, and not -0: what numbers that were real have as their imaginary part.
bool is_zero(const Expr& e) {
  const std::optional<double> value = literal_value(e);
  return value && *value == 0 && !std::signbit(*value);
}
bool is_real(const Z& z) { return is_zero(z.im); }

Expr number(double value, const Expr& like) { return constant(value, like.dtype()); }
Expr zero(const Expr& like) { return number(0.0, like); }
Expr joined(const Z& z) { return complex(z.re, z.im); }

Expr plus(const Expr& a, const Expr& b) { return is_zero(a) ? b : is_zero(b) ? a : a + b; }
Expr minus(const Expr& a, const Expr& b) { return is_zero(b) ? a : is_zero(a) ? -b : a - b; }
/// A part that is not there stays away, whatever it is multiplied by.
Expr times(const Expr& a, const Expr& b) { return is_zero(a) ? a : is_zero(b) ? b : a * b; }

/// `part` in the shape of the number that it is a part of.
Expr stretched(const Expr& part, const Expr& other) {
  if (other.rank() == 0) return part;
  const bool of_one_number = (&part.op() == &real_op || &part.op() == &imag_op) &&
                             (&other.op() == &real_op || &other.op() == &imag_op) &&
                             part.node().input(0) == other.node().input(0);
  if (of_one_number) return part;
  if (is_known(part.shape()) && is_known(other.shape())) {
    const Shape shape = broadcast(part.shape(), other.shape());
    return shape == part.shape() ? part : broadcast_to(part, shape);
  }
  return broadcast_like(part, part + other);
}

/// Parts that have the shape of the number each.
Z whole_parts(const Expr& z) {
  const Z parts = parts_of(z);
  return {stretched(parts.re, parts.im), stretched(parts.im, parts.re)};
}

Expr one_input(const ComplexApplication& a) { return a.inputs[0]; }
Z first(const ComplexApplication& a) { return parts_of(one_input(a)); }
Z second(const ComplexApplication& a) { return parts_of(a.inputs[1]); }

// --- Arithmetic ---

Z sum_of(const Z& a, const Z& b) { return {plus(a.re, b.re), plus(a.im, b.im)}; }

Z product(const Z& a, const Z& b) {
  return {minus(times(a.re, b.re), times(a.im, b.im)), plus(times(a.re, b.im), times(a.im, b.re))};
}

Z square(const Z& z) {
  if (is_real(z)) return {sqr(z.re), z.im};
  return {(z.re - z.im) * (z.re + z.im), 2.0 * (z.re * z.im)};
}

/// Smith's method (1962): divides by the larger part first, so that no square overflows.
Z quotient(const Z& a, const Z& b) {
  if (is_real(b)) return {a.re / b.re, is_real(a) ? a.im : a.im / b.re};
  const Expr by_real = ge(abs(b.re), abs(b.im));
  const Expr large = where(by_real, b.re, b.im), small = where(by_real, b.im, b.re);
  const Expr ratio = small / large, scale = large + small * ratio;
  if (is_real(a)) {
    const Expr re = where(by_real, a.re, a.re * ratio), im = where(by_real, -a.re * ratio, -a.re);
    return {re / scale, im / scale};
  }
  const Expr re = where(by_real, a.re + a.im * ratio, a.re * ratio + a.im);
  const Expr im = where(by_real, a.im - a.re * ratio, a.im * ratio - a.re);
  return {re / scale, im / scale};
}

Expr modulus_of(const Z& z) {
  if (is_real(z)) return abs(z.re);
  return is_zero(z.re) ? abs(z.im) : modulus(z.re, z.im);
}

/// Whether the sign bit is set. -0 is found by the sign of 1 / -0.
Expr has_minus(const Expr& x) { return where(eq(x, 0.0), lt(inv(x), 0.0), lt(x, 0.0)); }

/// Absolute value and sign as choices: their derivatives at 0 are those of the branch, which even and odd functions
/// need for their second derivatives.
Expr flipped(const Expr& when, const Expr& x) { return where(when, -x, x); }

// --- Elementary functions ---

/// Kahan (1987), "Branch cuts for complex elementary functions": the larger part by a sum of equal signs, the other by
/// a quotient.
Z root(const Z& z) {
  const Expr left = lt(z.re, 0.0);
  const Expr large = sqrt(0.5 * flipped(left, z.re) + 0.5 * modulus_of(z));
  const Expr at_zero = eq(large, 0.0);
  const Expr ratio = where(at_zero, z.im, z.im / (2.0 * where(at_zero, 1.0, large)));
  const Expr small = where(isinf(z.im), z.im, ratio);
  const Expr below = has_minus(z.im);
  return {where(left, flipped(below, small), large), where(left, flipped(below, large), small)};
}

Z exponential(const Z& z) {
  const Expr radius = exp(z.re);
  if (is_real(z)) return {radius, z.im};
  // Infinity on the real axis stays there.
  const Expr on_axis = logical_and(isinf(radius), eq(z.im, 0.0));
  return {radius * cos(z.im), where(on_axis, z.im, radius * sin(z.im))};
}

/// log |z|, near |z| = 1 from |z|^2 - 1.
Expr log_modulus(const Z& z) {
  const Expr swapped = gt(abs(z.im), abs(z.re));
  const Expr x = where(swapped, z.im, z.re), y = where(swapped, z.re, z.im);
  const Expr size = modulus_of(z);
  const Expr near_one = logical_and(gt(size, 0.5), lt(size, 2.0));
  const Expr excess = (x - 1.0) * (x + 1.0) + sqr(y);
  return where(near_one, 0.5 * log1p(where(near_one, excess, 0.0)), log(size));
}

Z logarithm(const Z& z) { return {log_modulus(z), atan2(z.im, z.re)}; }

Z divided(const Z& z, double by) { return {z.re / by, z.im / by}; }

Z sine(const Z& z) {
  if (is_real(z)) return {sin(z.re), z.im};
  return {sin(z.re) * cosh(z.im), cos(z.re) * sinh(z.im)};
}

Z cosine(const Z& z) {
  if (is_real(z)) return {cos(z.re), z.im};
  return {cos(z.re) * cosh(z.im), -(sin(z.re) * sinh(z.im))};
}

/// i z and -i z.
Z turned_left(const Z& z) { return {-z.im, z.re}; }
Z turned_right(const Z& z) { return {z.im, -z.re}; }

/// (sin x cos x + i sinh y cosh y) / (cos^2 x + sinh^2 y), over cosh^2 y, which does not overflow.
Z tangent_of(const Z& z) {
  if (is_real(z)) return {tan(z.re), z.im};
  const Expr decay = exp(2.0 * flipped(ge(z.im, 0.0), z.im));  // exp(-2 |y|)
  const Expr sech2 = 4.0 * decay / sqr(1.0 + decay);
  const Expr t = tanh(z.im), c = cos(z.re);
  const Expr scale = sqr(c) * sech2 + sqr(t);
  return {sin(z.re) * c * sech2 / scale, t / scale};
}

// Kahan's formulas: sqrt(1 - z) and sqrt(1 + z) carry the sign of the zero that tells the sides of a cut apart.

Z inverse_sine(const Z& z) {
  const Z a = root({1.0 - z.re, -z.im}), b = root({1.0 + z.re, z.im});
  return {atan2(z.re, a.re * b.re - a.im * b.im), asinh(a.re * b.im - a.im * b.re)};
}

Z inverse_cosine(const Z& z) {
  const Z a = root({1.0 - z.re, -z.im}), b = root({1.0 + z.re, z.im});
  return {2.0 * atan2(a.re, b.re), asinh(b.re * a.im - b.im * a.re)};
}

Z inverse_cosh(const Z& z) {
  const Z a = root({z.re - 1.0, z.im}), b = root({z.re + 1.0, z.im});
  return {asinh(a.re * b.re + a.im * b.im), 2.0 * atan2(a.im, b.re)};
}

Z inverse_tanh(const Z& z) {
  const Expr left = lt(z.re, 0.0);
  const Expr x = flipped(left, z.re);
  const Expr re = 0.25 * log1p(4.0 * x / (sqr(1.0 - x) + sqr(z.im)));
  return {flipped(left, re), 0.5 * atan2(2.0 * z.im, (1.0 - z.re) * (1.0 + z.re) - sqr(z.im))};
}

/// z^n by repeated squaring: exact for Gaussian integers.
Z integer_power(Z z, std::int64_t n) {
  const bool inverse = n < 0;
  Z result{number(1.0, z.re), zero(z.re)};
  bool any = false;
  for (std::uint64_t rest = static_cast<std::uint64_t>(inverse ? -n : n); rest > 0; rest /= 2) {
    if (rest % 2 == 1) result = any ? product(result, z) : z;
    any = any || rest % 2 == 1;
    if (rest > 1) z = square(z);
  }
  if (!any) result.re = ones_like(plus(z.re, z.im));
  return inverse ? quotient({number(1.0, z.re), zero(z.re)}, result) : result;
}

}  // namespace

ComplexParts parts_of(const Expr& z) {
  if (!is_complex(z.dtype())) return {z, zero(z)};
  if (&z.op() == &complex_op) return {z.node().input(0), z.node().input(1)};
  return {Expr(make_node(real_op, {z}), 0), Expr(make_node(imag_op, {z}), 0)};
}

Expr complex_application(const ComplexApplication& a) {
  if (a.op.complex != nullptr) return a.op.complex(a);
  if (lowering_as<View>(a.op) != nullptr || lowering_as<Gather>(a.op) != nullptr ||
      lowering_as<Scatter>(a.op) != nullptr)
    return complex_rule::each_part(a);
  if (lowering_as<Contraction>(a.op) != nullptr) return complex_rule::bilinear(a);
  const auto* reduction = lowering_as<Reduction>(a.op);
  if (reduction != nullptr && reduction->combine == Combine::sum) return complex_rule::each_part(a);
  return Expr(make_node(a.op, a.inputs, a.attributes), 0);
}

void require_complex_node(const Op& op) {
  const bool carries = lowering_as<Loop>(op) != nullptr || lowering_as<Call>(op) != nullptr ||
                       lowering_as<Branch>(op) != nullptr || &op == &scan_gradient_op;
  if (!carries && &op != &real_op && &op != &imag_op) throw DTypeError("takes real numbers only");
}

namespace complex_rule {

Expr real_part(const ComplexApplication& a) { return whole_parts(a.inputs[0]).re; }
Expr imaginary_part(const ComplexApplication& a) { return whole_parts(a.inputs[0]).im; }

Expr each_part(const ComplexApplication& a) {
  Exprs re, im;
  bool all_real = true;
  for (const Expr& e : a.inputs) {
    if (!is_complex(e.dtype())) {
      re.push_back(e);
      im.push_back(e);
      continue;
    }
    all_real = all_real && is_real(parts_of(e));
    const Z parts = whole_parts(e);
    re.push_back(parts.re);
    im.push_back(parts.im);
  }
  const Expr result = make(a.op, re, a.attributes);
  return complex(result, all_real ? zero(result) : make(a.op, im, a.attributes));
}

Expr shape_only(const ComplexApplication& a) {
  Exprs re;
  for (const Expr& e : a.inputs) re.push_back(is_complex(e.dtype()) ? whole_parts(e).re : e);
  return make(a.op, re, a.attributes);
}

Expr bilinear(const ComplexApplication& a) {
  const bool elementwise = lowering_as<Elementwise>(a.op) != nullptr;
  const auto parts = [elementwise](const Expr& e) {
    const Z z = parts_of(e);
    if (elementwise || !is_complex(e.dtype())) return z;
    // A part that is not there need not be stretched.
    return Z{is_zero(z.re) ? z.re : stretched(z.re, z.im), is_zero(z.im) ? z.im : stretched(z.im, z.re)};
  };
  const auto multiplied = [&a](const Expr& x, const Expr& y) {
    if (is_zero(x)) return x;
    return is_zero(y) ? y : make(a.op, {x, y}, a.attributes);
  };
  const Z x = parts(a.inputs[0]), y = parts(a.inputs[1]);
  const Z result{minus(multiplied(x.re, y.re), multiplied(x.im, y.im)),
                 plus(multiplied(x.re, y.im), multiplied(x.im, y.re))};
  // Where nothing is left to give the result its shape, zeros do.
  if (!elementwise && result.re.rank() == 0 && result.im.rank() == 0) {
    const Expr zeros = make(a.op, {whole_parts(a.inputs[0]).re, whole_parts(a.inputs[1]).re}, a.attributes);
    return complex(zeros, result.im);
  }
  return joined(result);
}

Expr add(const ComplexApplication& a) { return joined(sum_of(first(a), second(a))); }

Expr sub(const ComplexApplication& a) {
  const Z x = first(a), y = second(a);
  return complex(minus(x.re, y.re), minus(x.im, y.im));
}

Expr div(const ComplexApplication& a) { return joined(quotient(first(a), second(a))); }

Expr neg(const ComplexApplication& a) {
  const Z z = first(a);
  return complex(-z.re, -z.im);
}

Expr abs(const ComplexApplication& a) { return modulus_of(first(a)); }

Expr sign(const ComplexApplication& a) {
  const Z z = first(a);
  const Expr size = modulus_of(z);
  const Expr scale = where(eq(size, 0.0), 1.0, size);
  return complex(z.re / scale, is_real(z) ? z.im : z.im / scale);
}

Expr sqr(const ComplexApplication& a) { return joined(square(first(a))); }

Expr inv(const ComplexApplication& a) {
  const Z z = first(a);
  return joined(quotient({number(1.0, z.re), zero(z.re)}, z));
}

Expr pow(const ComplexApplication& a) {
  const Z z = first(a), w = second(a);
  const std::optional<double> exponent = literal_value(w.re);
  if (is_real(w) && exponent && std::abs(*exponent) <= 64 && *exponent == std::trunc(*exponent))
    return joined(integer_power(z, static_cast<std::int64_t>(*exponent)));
  // 0^0 is 1, 0^w is 0 where the real part of w is positive, and undefined elsewhere.
  const Expr undefined = number(std::numeric_limits<double>::quiet_NaN(), z.re);
  const Expr at_zero = eq(modulus_of(z), 0.0);
  const Z base{where(at_zero, 1.0, z.re), z.im};
  const Z result = exponential(product(w, logarithm(base)));
  const Expr is_one = logical_and(eq(w.re, 0.0), eq(w.im, 0.0));
  const Expr is_null = logical_or(is_one, gt(w.re, 0.0));
  return complex(where(at_zero, where(is_one, 1.0, where(is_null, zero(z.re), undefined)), result.re),
                 where(at_zero, where(is_null, zero(z.re), undefined), result.im));
}

Expr sqrt(const ComplexApplication& a) { return joined(root(first(a))); }

Expr eq(const ComplexApplication& a) {
  const Z x = first(a), y = second(a);
  return logical_and(eq(x.re, y.re), eq(x.im, y.im));
}

Expr neq(const ComplexApplication& a) {
  const Z x = first(a), y = second(a);
  return logical_or(neq(x.re, y.re), neq(x.im, y.im));
}

Expr either_part(const ComplexApplication& a) {
  const Z z = first(a);
  return logical_or(make(a.op, {z.re}, a.attributes), make(a.op, {z.im}, a.attributes));
}

Expr where(const ComplexApplication& a) {
  const Z x = second(a), y = parts_of(a.inputs[2]);
  const Expr re = where(a.inputs[0], x.re, y.re);
  return complex(re, is_real(x) && is_real(y) ? x.im : where(a.inputs[0], x.im, y.im));
}

Expr cast(const ComplexApplication& a) {
  const Z z = first(a);
  const DType wanted = a.attributes.get<DType>("dtype");
  if (wanted == DType::boolean) return logical_or(neq(z.re, 0.0), neq(z.im, 0.0));
  if (!is_complex(wanted))
    throw DTypeError(fmt::format("cast: {} would lose its imaginary part as {}; take real(z), imag(z) or abs(z)",
                                 to_string(a.inputs[0].type()), info(wanted).name));
  return complex(cast(z.re, part_of(wanted)), cast(z.im, part_of(wanted)));
}

/// Factors are multiplied one after another along each axis.
Expr prod(const ComplexApplication& a) {
  Expr rest = a.inputs[0];
  const Axes& axes = a.attributes.get<Axes>("axes");
  for (std::size_t i = axes.size(); i-- > 0;) {
    const Expr rows = transpose(rest, axis_to_front(axes[i], rest.rank()));
    const Expr row_like = real(sum(rows, {0}));
    const Expr ones = complex(ones_like(row_like), zeros_like(row_like));
    rest = scan(
               [](const Exprs& carry, const Exprs& row) {
                 return ScanBody{{carry[0] * row[0]}, {}};
               },
               {ones}, {rows})
               .carry[0];
  }
  return rest;
}

Expr exp(const ComplexApplication& a) { return joined(exponential(first(a))); }

/// exp(x) cos y - 1 = expm1(x) cos y - 2 sin^2(y / 2).
Expr expm1(const ComplexApplication& a) {
  const Z z = first(a);
  if (is_real(z)) return complex(expm1(z.re), z.im);
  return complex(expm1(z.re) * cos(z.im) - 2.0 * sqr(sin(0.5 * z.im)), exponential(z).im);
}

Expr exp2(const ComplexApplication& a) {
  const Z z = first(a);
  return joined(exponential({z.re * std::numbers::ln2, is_real(z) ? z.im : z.im * std::numbers::ln2}));
}

Expr log(const ComplexApplication& a) { return joined(logarithm(first(a))); }
Expr log2(const ComplexApplication& a) { return joined(divided(logarithm(first(a)), std::numbers::ln2)); }
Expr log10(const ComplexApplication& a) { return joined(divided(logarithm(first(a)), std::numbers::ln10)); }

/// |1 + z|^2 - 1 = x (2 + x) + y^2 where that is small.
Expr log1p(const ComplexApplication& a) {
  const Z z = first(a);
  const Expr excess = z.re * (2.0 + z.re) + sqr(z.im);
  const Expr is_small = lt(abs(excess), 0.5);
  const Z shifted{1.0 + z.re, z.im};
  return complex(where(is_small, 0.5 * log1p(where(is_small, excess, 0.0)), log_modulus(shifted)),
                 atan2(z.im, shifted.re));
}

Expr sin(const ComplexApplication& a) { return joined(sine(first(a))); }
Expr cos(const ComplexApplication& a) { return joined(cosine(first(a))); }
Expr tan(const ComplexApplication& a) { return joined(tangent_of(first(a))); }

Expr sinh(const ComplexApplication& a) {
  const Z z = first(a);
  if (is_real(z)) return complex(sinh(z.re), z.im);
  return complex(sinh(z.re) * cos(z.im), cosh(z.re) * sin(z.im));
}

Expr cosh(const ComplexApplication& a) {
  const Z z = first(a);
  if (is_real(z)) return complex(cosh(z.re), z.im);
  return complex(cosh(z.re) * cos(z.im), sinh(z.re) * sin(z.im));
}

Expr tanh(const ComplexApplication& a) {
  const Z z = first(a);
  if (is_real(z)) return complex(tanh(z.re), z.im);
  return joined(turned_right(tangent_of(turned_left(z))));
}

Expr asin(const ComplexApplication& a) { return joined(inverse_sine(first(a))); }
Expr acos(const ComplexApplication& a) { return joined(inverse_cosine(first(a))); }
Expr atan(const ComplexApplication& a) { return joined(turned_right(inverse_tanh(turned_left(first(a))))); }
Expr asinh(const ComplexApplication& a) { return joined(turned_left(inverse_sine(turned_right(first(a))))); }
Expr acosh(const ComplexApplication& a) { return joined(inverse_cosh(first(a))); }
Expr atanh(const ComplexApplication& a) { return joined(inverse_tanh(first(a))); }

}  // namespace complex_rule

}  // namespace leapgraph::symbolic
