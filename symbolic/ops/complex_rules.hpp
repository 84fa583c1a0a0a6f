/// What ops do with complex numbers: rules for the `complex` member of their records, each in real numbers.
#pragma once

#include <span>

#include "leapgraph/symbolic/op.hpp"

namespace leapgraph::symbolic {

inline bool has_complex(std::span<const Expr> inputs) {
  for (const Expr& e : inputs)
    if (is_complex(e.dtype())) return true;
  return false;
}

/// What stands for the application of an op to complex inputs. Throws DTypeError where the op takes none.
Expr complex_application(const ComplexApplication& a);
/// Throws DTypeError unless there are nodes of that op with complex inputs.
void require_complex_node(const Op& op);

/// Real and imaginary part. Those of a number that was made of two may be of fewer axes, or shorter ones, than the
/// number: together they have its shape. An imaginary part that is the literal 0 says that the number is real.
struct ComplexParts {
  Expr re, im;
};
ComplexParts parts_of(const Expr& z);

namespace complex_rule {

/// The node itself: `real`, `imag`, `complex`.
Expr real_part(const ComplexApplication& a);
Expr imaginary_part(const ComplexApplication& a);

/// The op applied to all real parts and to all imaginary parts: what moves or adds elements.
Expr each_part(const ComplexApplication& a);
/// The op applied to the real parts: what looks at shapes only.
Expr shape_only(const ComplexApplication& a);
/// Products, elementwise or of matrices.
Expr bilinear(const ComplexApplication& a);

Expr add(const ComplexApplication& a);
Expr sub(const ComplexApplication& a);
Expr div(const ComplexApplication& a);
Expr neg(const ComplexApplication& a);
Expr abs(const ComplexApplication& a);
Expr sign(const ComplexApplication& a);
Expr sqr(const ComplexApplication& a);
Expr inv(const ComplexApplication& a);
Expr pow(const ComplexApplication& a);
Expr sqrt(const ComplexApplication& a);
Expr eq(const ComplexApplication& a);
Expr neq(const ComplexApplication& a);
Expr either_part(const ComplexApplication& a);  ///< true where it is of one of the parts: isnan, isinf
Expr where(const ComplexApplication& a);
Expr cast(const ComplexApplication& a);
Expr prod(const ComplexApplication& a);

Expr exp(const ComplexApplication& a);
Expr expm1(const ComplexApplication& a);
Expr exp2(const ComplexApplication& a);
Expr log(const ComplexApplication& a);
Expr log2(const ComplexApplication& a);
Expr log10(const ComplexApplication& a);
Expr log1p(const ComplexApplication& a);
Expr sin(const ComplexApplication& a);
Expr cos(const ComplexApplication& a);
Expr tan(const ComplexApplication& a);
Expr sinh(const ComplexApplication& a);
Expr cosh(const ComplexApplication& a);
Expr tanh(const ComplexApplication& a);
Expr asin(const ComplexApplication& a);
Expr acos(const ComplexApplication& a);
Expr atan(const ComplexApplication& a);
Expr asinh(const ComplexApplication& a);
Expr acosh(const ComplexApplication& a);
Expr atanh(const ComplexApplication& a);

}  // namespace complex_rule

}  // namespace leapgraph::symbolic
