/// Functions written in C++ inside graphs: values, gradients, rejected points, and the C routine for compiled code.
#include <stdexcept>

#include "leapgraph/symbolic/host_function.hpp"
#include "leapgraph/symbolic/vectorize.hpp"
#include "symbolic/derivative_check.hpp"

extern "C" long lg_host_call(const void* const* in, void* const* out, const long* sizes);
extern "C" long lg_host_map(const void* const* in, void* const* out, const long* sizes);

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

// ---------------------------------------------------------------- host_map

/// (x0^2 x1, data0 x0, x1 + data1); refuses a negative x0.
void mapped(const HostMapCall& call) {
  const double x = call.x[0], y = call.x[1], a = call.data[0];
  if (x < 0) throw std::domain_error("x[0] is negative");
  const double value[] = {x * x * y, a * x, y + call.data[1]};
  const double jacobian[] = {2 * x * y, x * x, a, 0, 0, 1};
  std::copy(std::begin(value), std::end(value), call.value.begin());
  std::copy(std::begin(jacobian), std::end(jacobian), call.jacobian.begin());
}

TEST(HostMap, GivesValueAndGradientAndOutlivesItsMaker) {
  const Expr x = dvector("x");
  Expr value;
  {
    const Array function = host_map_function(mapped);
    value = host_map(constant(function), sqr(x), constant(Array::vector({3, 5})), 3)[0];
  }
  const Arrays arguments{Array::vector({2, 3})};
  expect_reals(value_of({x}, value, arguments), {16 * 9, 12, 14});
  const Expr weighed = sum(value * constant(Array::vector({1, 10, 100})));
  expect_reals(value_of({x}, grad(weighed, x), arguments), {(2 * 4 * 9 + 30) * 4, (16 + 100) * 6});
  const Arrays rejected{Array::vector({2, 3})};
  EXPECT_TRUE(std::isnan(
      value_of({x}, host_map(constant(host_map_function(mapped)), -x, constant(Array::vector({3, 5})), 3)[0], rejected)
          .real(1)));
}

TEST(HostMap, IsCalledForEachRowOfABatch) {
  const Expr function = constant(host_map_function(mapped));
  const Expr x = input({DType::float64, {2}}, "x"), data = input({DType::float64, {2}}, "data");
  const Expr xs = input({DType::float64, {3, 2}}, "xs"), all = input({DType::float64, {3, 2}}, "all");
  const Expr value = sum(host_map(function, x, data, 3)[0]);
  const Expr values = vectorize(std::span(&value, 1), Exprs{x, data}, Exprs{xs, all})[0];
  const Arrays arguments{Array::of<double>({3, 2}, {1, 2, 3, 4, 5, 6}), Array::of<double>({3, 2}, {1, 0, 2, 0, 3, 1})};
  expect_reals(value_of({xs, all}, values, arguments), {2 + 1 + 2, 36 + 6 + 4, 150 + 15 + 7});
  expect_reals(value_of({xs, all}, grad(sum(values), xs), arguments), {5, 2, 26, 10, 63, 26});
}

TEST(HostMap, SaysWhyAPointIsRejected) {
  const Expr x = dvector("x");
  const Expr value = host_map(constant(host_map_function(mapped)), x, constant(Array::vector({3, 5})), 3)[0];
  const Array function = *constant_value(value.node().input(0));
  EXPECT_EQ(host_map_failure(value.node(), Arrays{function, Array::vector({-1, 2}), Array::vector({3, 5})}),
            "x[0] is negative");
  EXPECT_EQ(host_map_failure(value.node(), Arrays{function, Array::vector({1, 2}), Array::vector({3, 5})}), "");
}

TEST(HostMap, HasARoutineForCompiledCode) {
  const Array function = host_map_function(mapped);
  const double x[] = {1, 2, -1, 2}, data[] = {3, 4, 3, 4};
  std::vector<double> value(6), jacobian(12);
  const void* in[] = {function.raw(), x, data};
  void* out[] = {value.data(), jacobian.data()};
  const long sizes[] = {2, 2, 2, 3};
  EXPECT_EQ(lg_host_map(in, out, sizes), 0);
  const double nan = std::nan("");
  expect_reals(Array::vector(value), {2, 3, 6, nan, nan, nan});
  expect_reals(Array::vector(jacobian), {4, 1, 3, 0, 0, 1, nan, nan, nan, nan, nan, nan});
}

TEST(HostMap, RefusesWhatItCannotTake) {
  const Expr x = dvector("x"), function = constant(host_map_function(mapped));
  const Expr slope = sum(sqr(grad(sum(host_map(function, x, x, 3)[0]), x)));
  expect_says(error_of([&] { grad(slope, x); }), {"host_map", "cannot be differentiated again"});
  expect_says(error_of([&] { host_map(x, x, x, 3); }), {"the function must be an int64[2]"});
  expect_says(error_of([&] { host_map(function, dmatrix("m"), x, 3); }), {"the same leading axes"});
}

}  // namespace
}  // namespace leapgraph::symbolic
