/// What reference evaluations of special functions share: how they call Boost.Math, extended precision, and integrals
/// over half-lines.
#pragma once

#include <boost/math/policies/policy.hpp>
#include <cmath>
#include <limits>

namespace leapgraph::symbolic::reference {

using Wide = long double;

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

/// Of the gamma function: 0, -1, -2, ...
inline bool is_pole(double x) { return x <= 0 && x == std::floor(x); }

namespace policies = boost::math::policies;
/// Boost returns infinities and nan instead of throwing, and computes in long double.
using Quiet =
    policies::policy<policies::domain_error<policies::ignore_error>, policies::pole_error<policies::ignore_error>,
                     policies::overflow_error<policies::ignore_error>,
                     policies::evaluation_error<policies::ignore_error>>;

/// The integral of a function that falls off on [0, inf), by the trapezoidal rule after s = exp(u - exp(-u)) (Takahasi
/// & Mori 1974), halved until it stands still.
template <class F>
Wide integral(F f) {
  Wide sum = 0;
  const auto add = [&](Wide u) {
    const Wide inner = std::exp(-u), s = std::exp(u - inner);
    if (s == 0) return;
    const Wide value = f(s) * s * (1 + inner);
    if (std::isfinite(value)) sum += value;
  };
  Wide step = 0.25L, before = 0;
  for (Wide u = -7; u <= 9; u += step) add(u);
  for (int level = 0; level < 8; ++level) {
    for (Wide u = -7 + step / 2; u <= 9; u += step) add(u);
    step /= 2;
    if (level > 1 && std::abs(sum * step - before) <= 1e-18L * std::abs(before)) break;
    before = sum * step;
  }
  return sum * step;
}

}  // namespace leapgraph::symbolic::reference
