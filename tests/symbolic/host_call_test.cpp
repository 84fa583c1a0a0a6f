/// Functions written in C++ inside graphs: values, gradients, rejected points, and the C routine for compiled code.
#include <stdexcept>

#include "leapgraph/symbolic/host_function.hpp"
#include "symbolic/derivative_check.hpp"

extern "C" long lg_host_call(const void* const* in, void* const* out, const long* sizes);

namespace leapgraph::symbolic {
namespace {

/// x0^2 x1 + ...: sum of x_i^2 x_{i+1}; refuses negative first elements.
double chained(std::span<const double> x, std::span<double> gradient) {
  if (x[0] < 0) throw std::domain_error("x[0] is negative");
  double value = 0;
  for (double& g : gradient) g = 0;
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    value += x[i] * x[i] * x[i + 1];
    gradient[i] += 2 * x[i] * x[i + 1];
    gradient[i + 1] += x[i] * x[i];
  }
  return value;
}

const Type pair_type{DType::int64, {2}};

TEST(HostCall, GivesValueAndGradient) {
  const WrappedFunction f(chained);
  const Expr function = input(pair_type, "f"), x = dvector("x");
  const Exprs inputs{function, x};
  const Expr value = host_call(function, 2.0 * x)[0];
  const Arrays arguments{f.argument(), Array::vector({1, 2, 3})};
  expect_reals(value_of(inputs, value, arguments), {8 * (2 + 12)});
  expect_reals(value_of(inputs, grad(value, x), arguments), {8 * 4.0, 8 * (1 + 12.0), 8 * 4.0});
  EXPECT_EQ(host_call(function, x)[0], host_call(function, x)[0]);
  EXPECT_EQ(f.failures(), 0);
}

TEST(HostCall, TurnsAnExceptionIntoARejectedPoint) {
  WrappedFunction first(chained);
  const WrappedFunction f = std::move(first);
  const Expr function = input(pair_type, "f"), x = dvector("x");
  const Exprs outputs = host_call(function, x);
  const Arrays got = interpret(Graph{{function, x}, outputs}, Arrays{f.argument(), Array::vector({-1, 2})});
  EXPECT_TRUE(std::isnan(got[0].real()));
  EXPECT_TRUE(std::isnan(got[1].real(0)) && std::isnan(got[1].real(1)));
  EXPECT_EQ(f.failures(), 1);
  EXPECT_EQ(f.last_failure(), "x[0] is negative");
}

TEST(HostCall, RefusesASecondDerivativeByName) {
  const Expr function = input(pair_type, "f"), x = dvector("x");
  const Expr slope = sum(sqr(grad(host_call(function, x)[0], x)));
  expect_says(error_of([&] { grad(slope, x); }), {"host_call", "cannot be differentiated again"});
  expect_says(error_of([&] { host_call(x, x); }), {"the function must be an int64[2]"});
  expect_says(error_of([&] { host_call(function, constant(1.0)); }), {"the point must be a float64 vector"});
}

TEST(HostCall, HasARoutineForCompiledCode) {
  const WrappedFunction f(chained);
  const Array function = f.argument();
  const auto run = [&](std::vector<double> x) {
    double value = 0;
    std::vector<double> gradient(x.size());
    const void* in[] = {function.raw(), x.data()};
    void* out[] = {&value, gradient.data()};
    const long sizes[] = {static_cast<long>(x.size())};
    EXPECT_EQ(lg_host_call(in, out, sizes), 0);
    gradient.push_back(value);
    return Array::vector(gradient);
  };
  expect_reals(run({1, 2, 3}), {4, 13, 4, 14});
  const double nan = std::nan("");
  expect_reals(run({-1, 2}), {nan, nan, nan});
}

}  // namespace
}  // namespace leapgraph::symbolic
