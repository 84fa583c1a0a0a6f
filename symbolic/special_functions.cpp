/// Special functions that are made of others.
#include "leapgraph/symbolic/special_functions.hpp"

#include <cmath>
#include <numbers>

#include "leapgraph/symbolic/ops/reducing.hpp"
#include "leapgraph/symbolic/places.hpp"

namespace leapgraph::symbolic {

Expr gammaln(const Operand& a) { return lgamma(a); }
Expr psi(const Operand& a) { return digamma(a); }
Expr tri_gamma(const Operand& a) { return trigamma(a); }

Expr gammasgn(const Operand& a) {
  const BuiltAt here(a.place());
  const Expr x = floating(a), whole = symbolic::floor(x), half = 0.5 * whole;
  const Expr odd = neq(half, symbolic::floor(half));
  const Expr below = where(eq(x, whole), std::nan(""), where(odd, -1.0, 1.0));
  return where(x > 0.0, 1.0, where(eq(x, 0.0), 1.0, where(isnan(x), x, below)));
}

Expr multigammaln(const Operand& a, std::int64_t dimensions) {
  const BuiltAt here(a.place());
  if (dimensions < 1)
    throw GraphError("multigammaln: the number of dimensions must be positive, got " + std::to_string(dimensions));
  const Expr x = floating(a);
  const auto d = static_cast<double>(dimensions);
  Expr result = lgamma(x) + 0.25 * d * (d - 1) * std::log(std::numbers::pi);
  for (std::int64_t j = 1; j < dimensions; ++j) result = result + lgamma(x - 0.5 * static_cast<double>(j));
  return result;
}

Expr factorial(const Operand& n) {
  const BuiltAt here(n.place());
  const Expr x = floating(n);
  return where(lt(x, 0.0), 0.0, gamma(x + 1.0));
}

Expr binomial(const Operand& n, const Operand& k) {
  const BuiltAt here(n.place());
  const Expr x = floating(n), y = floating(k);
  return 1.0 / ((x + 1.0) * beta(x - y + 1.0, y + 1.0));
}

Expr log_binomial(const Operand& n, const Operand& k) {
  const BuiltAt here(n.place());
  const Expr x = floating(n), y = floating(k);
  return -log1p(x) - betaln(x - y + 1.0, y + 1.0);
}

Expr gammal(const Operand& a, const Operand& x) {
  const BuiltAt here(a.place());
  return gamma(a) * gammainc(a, x);
}
Expr gammau(const Operand& a, const Operand& x) {
  const BuiltAt here(a.place());
  return gamma(a) * gammaincc(a, x);
}
Expr chi2sf(const Operand& x, const Operand& k) {
  const BuiltAt here(x.place());
  return gammaincc(0.5 * floating(k), 0.5 * floating(x));
}

Expr j0(const Operand& x) { return jv(Operand(0.0, x.place()), x); }
Expr j1(const Operand& x) { return jv(Operand(1.0, x.place()), x); }
Expr y0(const Operand& x) { return yv(Operand(0.0, x.place()), x); }
Expr y1(const Operand& x) { return yv(Operand(1.0, x.place()), x); }
Expr i0(const Operand& x) { return iv(Operand(0.0, x.place()), x); }
Expr i1(const Operand& x) { return iv(Operand(1.0, x.place()), x); }
Expr i0e(const Operand& x) { return ive(Operand(0.0, x.place()), x); }
Expr i1e(const Operand& x) { return ive(Operand(1.0, x.place()), x); }
Expr k0(const Operand& x) { return kv(Operand(0.0, x.place()), x); }
Expr k1(const Operand& x) { return kv(Operand(1.0, x.place()), x); }
Expr k0e(const Operand& x) { return kve(Operand(0.0, x.place()), x); }
Expr k1e(const Operand& x) { return kve(Operand(1.0, x.place()), x); }
Expr kn(const Operand& n, const Operand& x) { return kv(n, x); }

}  // namespace leapgraph::symbolic
