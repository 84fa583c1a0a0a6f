/// Complex numbers put together and taken apart; the ops that know how they are stored.
#include "leapgraph/symbolic/complex.hpp"

#include <fmt/format.h>

#include <cmath>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/complex_rules.hpp"
#include "leapgraph/symbolic/ops/family.hpp"

namespace leapgraph::symbolic {

namespace {

std::vector<Type> complex_type(std::span<const Type> inputs, const Attributes& attributes) {
  const Type part = floating_type(inputs, attributes)[0];
  if (part.dtype != DType::float32 && part.dtype != DType::float64)
    throw DTypeError("the parts must be float32 or float64");
  return {Type{complex_of(part.dtype), part.shape}};
}

std::vector<Type> part_type(std::span<const Type> inputs, const Attributes&) {
  if (!is_complex(inputs[0].dtype)) throw DTypeError("takes a complex number");
  return {Type{part_of(inputs[0].dtype), inputs[0].shape}};
}

Expr zero_of(const Expr& like) { return constant(0.0, like.dtype()); }

void require_real(std::string_view builder, const Operand& a) {
  if (is_complex(a.expr().dtype()))
    throw DTypeError(fmt::format("{}: takes real numbers, got {} (made at {}:{})", builder, to_string(a.expr().type()),
                                 a.place().file_name(), a.place().line()));
}

constexpr Domain modulus_domains[] = {{-2.0, 2.0}, {0.5, 2.0}};

Expr six_numbers(const char* name) { return input({DType::float64, {6}}, name); }

}  // namespace

const Op complex_op{
    .name = "complex",
    .summary = "a + i b",
    .arity = 2,
    .type = complex_type,
    .gradient =
        [](const Application& a) {
          return Exprs{real(a.adjoint), -imag(a.adjoint)};
        },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          const auto part = [&](std::size_t i) { return tangents[i] ? tangents[i] : zero_of(node.input(i)); };
          // In the shape of the number, also where only one part of fewer axes moves.
          return Exprs{complex(broadcast_like(part(0), real(outputs_of(node)[0])), part(1))};
        },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      Array output(Type{node.types()[0].dtype, broadcast_shape(inputs)});
      const BroadcastWalk walk(output.shape(), inputs);
      for (std::int64_t i = 0; i < walk.size(); ++i)
        output.set_complex(i, inputs[0].real(walk.input_position(0, i)), inputs[1].real(walk.input_position(1, i)));
      return {output};
    },
    .lowering = Elementwise{.code = "{0} + {1}i"},  // never emitted: see rewrite/complex_pairs
    .examples =
        [] {
          const Expr z = complex(six_numbers("x"), six_numbers("y"));
          return Exprs{z, complex(six_numbers("x"), input({DType::float64, {}}, "y"))};
        },
};

const Op real_op{
    .name = "real",
    .summary = "the real part of a complex number",
    .type = part_type,
    .gradient = [](const Application& a) { return Exprs{complex(a.adjoint, zero_of(a.adjoint))}; },
    .tangent = [](const Node&, std::span<const Expr> tangents) { return Exprs{real(tangents[0])}; },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      Array output(Type{node.types()[0].dtype, inputs[0].shape()});
      for (std::int64_t i = 0; i < output.size(); ++i) output.set(i, inputs[0].real(i));
      return {output};
    },
    .lowering = Elementwise{.code = "__real__ {0}"},
    .examples =
        [] {
          return Exprs{make(real_op, {input({DType::complex128, {6}}, "z")})};
        },
    .complex = complex_rule::real_part,
};

const Op imag_op{
    .name = "imag",
    .summary = "the imaginary part of a complex number",
    .type = part_type,
    .gradient = [](const Application& a) { return Exprs{complex(zero_of(a.adjoint), -a.adjoint)}; },
    .tangent = [](const Node&, std::span<const Expr> tangents) { return Exprs{imag(tangents[0])}; },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      Array output(Type{node.types()[0].dtype, inputs[0].shape()});
      for (std::int64_t i = 0; i < output.size(); ++i) output.set(i, inputs[0].imaginary(i));
      return {output};
    },
    .lowering = Elementwise{.code = "__imag__ {0}"},
    .examples =
        [] {
          return Exprs{make(imag_op, {input({DType::complex64, {6}}, "z")})};
        },
    .complex = complex_rule::imaginary_part,
};

const Op modulus_op{
    .name = "modulus",
    .summary = "sqrt(a a + b b), without overflow or underflow of the squares",
    .arity = 2,
    .type = floating_type,
    // At 0 the slope along every direction is 1: of these subgradients, the smallest.
    .gradient =
        [](const Application& a) {
          const Expr at_zero = eq(a.output, 0.0);
          const Expr scaled = a.adjoint / where(at_zero, 1.0, a.output);
          return Exprs{scaled * a.inputs[0], scaled * a.inputs[1]};
        },
    .evaluate = elementwise_real<[](double x, double y) { return std::hypot(x, y); }>,
    .lowering = Elementwise{.code = "hypot{f}({0}, {1})"},
    .domains = modulus_domains,
};

Expr complex(const Operand& re, const Operand& im) {
  require_real("complex", re);
  require_real("complex", im);
  const Operand operands[] = {re, im};
  Exprs parts = promoted_floating(operands);
  if (parts[0].dtype() == DType::float16)
    for (Expr& part : parts) part = cast(part, DType::float32);
  const auto taken_from = [](const Expr& part, const Op& op) {
    return &part.op() == &op ? part.node().input(0) : Expr();
  };
  const Expr whole = taken_from(parts[0], real_op);
  if (whole && whole == taken_from(parts[1], imag_op)) return whole;
  return make(complex_op, std::move(parts), {}, re.place());
}

Expr real(const Operand& z) { return is_complex(z.expr().dtype()) ? make(real_op, {z}, {}, z.place()) : z.expr(); }

Expr imag(const Operand& z) { return is_complex(z.expr().dtype()) ? make(imag_op, {z}, {}, z.place()) : zeros_like(z); }

Expr angle(const Operand& z) {
  if (!is_complex(z.expr().dtype())) return atan2(zeros_like(promoted_floating(std::span(&z, 1))[0]), z);
  const ComplexParts parts = parts_of(z);
  return atan2(Operand(parts.im, z.place()), parts.re);
}

Expr conj(const Operand& z) {
  if (!is_complex(z.expr().dtype())) return z;
  const ComplexParts parts = parts_of(z);
  return complex(Operand(parts.re, z.place()), -parts.im);
}

Expr complex_from_polar(const Operand& radius, const Operand& angle) {
  require_real("complex_from_polar", radius);
  require_real("complex_from_polar", angle);
  const Operand operands[] = {radius, angle};
  const Exprs polar = promoted_floating(operands);
  return complex(Operand(polar[0] * cos(polar[1]), radius.place()), polar[0] * sin(polar[1]));
}

Expr modulus(const Operand& x, const Operand& y) {
  require_real("modulus", x);
  require_real("modulus", y);
  return apply_floating(modulus_op, {x, y});
}

}  // namespace leapgraph::symbolic
