/// Double exponential and Gauss-Kronrod quadrature by Boost.Math.
#include "leapgraph/models/solvers/quadrature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/quadrature/exp_sinh.hpp>
#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <boost/math/quadrature/sinh_sinh.hpp>
#include <boost/math/quadrature/tanh_sinh.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <vector>

namespace leapgraph::models::solvers {

namespace {

namespace quadrature = boost::math::quadrature;
using Integrand = std::function<double(double x, double xc)>;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// An estimate, how wrong it may be, and the integral of the absolute value.
struct Estimate {
  double value = 0, error = 0, norm = 0;
};

void require_convergence(const Estimate& estimate, const library::Tolerances& tolerances) {
  const double limit = std::max(tolerances.relative * estimate.norm, tolerances.absolute);
  if (estimate.error > limit)
    throw std::domain_error(
        fmt::format("the error estimate {} of an integral exceeds {}, the given tolerance", estimate.error, limit));
}

double gauss_kronrod(const Integrand& f, double low, double high, const library::Tolerances& tolerances) {
  Estimate estimate;
  estimate.value = quadrature::gauss_kronrod<double, 21>::integrate(
      [&](double x) { return f(x, nan); }, low, high, static_cast<unsigned>(tolerances.most_steps), tolerances.relative,
      &estimate.error, &estimate.norm);
  require_convergence(estimate, tolerances);
  return estimate.value;
}

/// An interval that contains 0 is split there, since the nodes of an integrator gather at its ends.
double double_exponential(const Integrand& f, double low, double high, const library::Tolerances& tolerances) {
  const auto depth = static_cast<std::size_t>(tolerances.most_steps);
  const auto without_distance = [&](double x) { return f(x, nan); };
  std::size_t levels = 0;
  const auto checked = [&](const auto& integrate_part) {
    Estimate estimate;
    estimate.value = integrate_part(estimate);
    require_convergence(estimate, tolerances);
    return estimate.value;
  };
  const auto half_line = [&](double from, double to) {
    return checked([&](Estimate& e) {
      quadrature::exp_sinh<double> integrator(depth);
      return integrator.integrate(without_distance, from, to, tolerances.relative, &e.error, &e.norm, &levels);
    });
  };
  const auto finite = [&](double from, double to, const auto& integrand) {
    return checked([&](Estimate& e) {
      quadrature::tanh_sinh<double> integrator(depth);
      return integrator.integrate(integrand, from, to, tolerances.relative, &e.error, &e.norm, &levels);
    });
  };
  if (std::isinf(low) && std::isinf(high)) {
    return checked([&](Estimate& e) {
      quadrature::sinh_sinh<double> integrator(depth);
      return integrator.integrate(without_distance, tolerances.relative, &e.error, &e.norm, &levels);
    });
  }
  if (std::isinf(low)) {
    if (high <= 0) return half_line(low, high);
    return half_line(low, 0) + finite(0, high, without_distance);
  }
  if (std::isinf(high)) {
    if (low >= 0) return half_line(low, high);
    return finite(low, 0, without_distance) + half_line(0, high);
  }
  if (low < 0 && high > 0) return finite(low, 0, f) + finite(0, high, f);
  return finite(low, high, f);
}

double integrate_function(const Integral& integral, const Integrand& f) {
  return integral.method == library::QuadratureMethod::gauss_kronrod
             ? gauss_kronrod(f, integral.low, integral.high, integral.tolerances)
             : double_exponential(f, integral.low, integral.high, integral.tolerances);
}

}  // namespace

double integrate(const Integral& integral, std::span<double> by_parameters) {
  std::fill(by_parameters.begin(), by_parameters.end(), 0.0);
  if (!(integral.low <= integral.high))
    throw std::domain_error(
        fmt::format("the lower limit {} must be at most the upper limit {}", integral.low, integral.high));
  if (integral.low == integral.high) {
    if (std::isinf(integral.low)) throw std::domain_error("both limits are the same infinity");
    return 0;
  }
  const double value = integrate_function(integral, [&](double x, double xc) {
    const double point[] = {x, xc};
    double f = 0;
    integral.f.value(point, nullptr, &f);
    return f;
  });
  std::vector<double> slopes(by_parameters.size());
  for (std::size_t k = 0; k < by_parameters.size(); ++k) {
    by_parameters[k] = integrate_function(integral, [&](double x, double xc) {
      const double point[] = {x, xc};
      double f = 0;
      integral.f.value_and_jacobians(point, nullptr, &f, nullptr, slopes.data());
      if (!std::isnan(slopes[k])) return slopes[k];
      // Far out, where f has vanished, its derivative may be 0 times infinity.
      if (f == 0) return 0.0;
      throw std::domain_error(fmt::format("the derivative of the integrand by parameter {} is nan at {}", k + 1, x));
    });
  }
  return value;
}

double integrand_at(const Integral& integral, double limit) {
  if (std::isinf(limit)) return 0;
  const double point[] = {limit, 0.0};
  double f = 0;
  integral.f.value(point, nullptr, &f);
  return f;
}

}  // namespace leapgraph::models::solvers
