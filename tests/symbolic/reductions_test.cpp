/// Reductions with options, positions, medians and norms: values at the edges, ties, types, derivatives, refusals.
#include "leapgraph/symbolic/reductions.hpp"

#include <limits>

#include "leapgraph/symbolic/function.hpp"
#include "symbolic/derivative_check.hpp"

namespace leapgraph::symbolic {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

Expr data(Shape shape, const std::vector<double>& values) {
  return constant(Array::of<double>(std::move(shape), values));
}
Expr variable(Shape shape, DType dtype = DType::float64) { return input({dtype, std::move(shape)}, "x"); }

TEST(Reductions, TakeTheirAxesInAnySpelling) {
  const Expr x = data({2, 3}, {1, 2, 3, 4, 5, 6});
  expect_reals(value_of(sum(x, 0)), {5, 7, 9});
  expect_reals(value_of(sum(x, {0})), {5, 7, 9});
  expect_reals(value_of(sum(x, -1)), {6, 15});
  expect_reals(value_of(sum(x, {-1, 0})), {21});
  expect_reals(value_of(sum(x, {})), {21});
  expect_reals(value_of(sum(x, {.axes = {1}})), {6, 15});
  EXPECT_EQ(value_of(sum(x, {.axes = {1}, .keepdims = true})).shape(), (Shape{2, 1}));
  EXPECT_EQ(value_of(max(x, 1, true)).shape(), (Shape{2, 1}));
  expect_reals(value_of(var(x, {1}, false, 1)), {1, 1});
  expect_reals(value_of(stddev(x, {0})), {1.5, 1.5, 1.5});
  expect_reals(value_of(ptp(x, {0})), {3, 3, 3});
  EXPECT_THROW(sum(x, 2), GraphError);
  EXPECT_THROW(sum(x, {0, 0}), GraphError);
}

TEST(Reductions, SumInTheTypesTheyAreTold) {
  const Expr narrow = constant(Array::of<std::int8_t>({3}, {100, 100, 100}));
  EXPECT_EQ(sum(narrow).dtype(), DType::int64);
  EXPECT_EQ(sum(constant(Array::of<std::uint8_t>({2}, {200, 200}))).dtype(), DType::uint64);
  EXPECT_EQ(sum(constant(Array::of<bool>({2}, {true, true}))).dtype(), DType::int64);
  EXPECT_EQ(mean(narrow).dtype(), DType::float64);
  EXPECT_EQ(value_of(sum(narrow, {.dtype = DType::int8})).integer(), 44);  // 300 modulo 256
  EXPECT_EQ(value_of(sum(narrow, {.dtype = DType::float32})).real(), 300);
  EXPECT_EQ(value_of(sum(narrow, {.dtype = DType::int64, .acc_dtype = DType::int8})).integer(), 44);
  const Expr single = constant(Array::of<float>({3}, {16777216.0F, 1.0F, 1.0F}));
  EXPECT_EQ(value_of(sum(single, {.acc_dtype = DType::float64})).real(), 16777218.0);
  EXPECT_EQ(sum(single).dtype(), DType::float32);
  EXPECT_EQ(mean(single, {.dtype = DType::float64}).dtype(), DType::float64);
  EXPECT_EQ(variance(single, {.dtype = DType::float32, .acc_dtype = DType::float64}).dtype(), DType::float32);
  EXPECT_THROW(sum(single, {.dtype = DType::int64}), DTypeError);
  EXPECT_THROW(mean(narrow, {.dtype = DType::int64}), DTypeError);
}

TEST(Reductions, FindTheFirstExtremumAndTakeANanForOne) {
  const Expr x = data({2, 4}, {1, 7, 7, 2, -inf, nan, 3, nan});
  EXPECT_EQ(value_of(argmax(x, 1)).reals(), (std::vector<double>{1, 1}));
  EXPECT_EQ(value_of(argmin(x, -1)).reals(), (std::vector<double>{0, 1}));
  EXPECT_EQ(value_of(argmax(x)).integer(), 5);
  EXPECT_EQ(value_of(argmax(x, {0}, true)).shape(), (Shape{1, 4}));
  EXPECT_EQ(value_of(argmax(data({3}, {-inf, -inf, -inf}))).integer(), 0);
  EXPECT_EQ(value_of(argmax(constant(true))).integer(), 0);
  EXPECT_EQ(value_of(argmax(constant(Array::of<bool>({3}, {false, true, true})))).integer(), 1);
  EXPECT_EQ(value_of(argmax(constant(Array::of<std::uint64_t>({3}, {1, ~std::uint64_t{0}, 5})))).integer(), 1);
  const Expr cube = constant(some_values({2, 3, 4}));
  const auto [largest, at_largest] = max_and_argmax(cube, {0, 2});
  const Array numbers = value_of(at_largest);
  for (std::int64_t j = 0; j < 3; ++j) {
    const std::int64_t number = numbers.integer(j), i = number / 4, k = number % 4;
    EXPECT_EQ(value_of(cube).real((i * 3 + j) * 4 + k), value_of(largest).real(j));
  }
  EXPECT_THROW(argmax(data({0}, {})), ShapeError);
  EXPECT_THROW(max(data({2, 0}, {}), {1}), ShapeError);
  EXPECT_THROW(median(data({0}, {})), ShapeError);
  const Expr v = dvector("v");
  EXPECT_THROW(value_of({v}, argmin(v), {Array::vector({})}), ShapeError);
}

TEST(Reductions, TakeMedians) {
  EXPECT_EQ(value_of(median(data({5}, {3, 1, 2, 5, 4}))).real(), 3);
  EXPECT_EQ(value_of(median(data({4}, {4, 1, 3, 2}))).real(), 2.5);
  EXPECT_EQ(value_of(median(data({4}, {2, 2, 2, 2}))).real(), 2);
  EXPECT_EQ(value_of(median(data({3}, {inf, 1, -inf}))).real(), 1);
  EXPECT_TRUE(std::isnan(value_of(median(data({3}, {1, nan, 2}))).real()));
  EXPECT_EQ(value_of(median(constant(integers({2}, {1, 2})))).real(), 1.5);
  const Expr cube = data({2, 2, 2}, {8, 1, 2, 7, 3, 6, 4, 5});
  expect_reals(value_of(median(cube, {0, 2})), {4.5, 4.5});
  expect_reals(value_of(median(cube, {1})), {5, 4, 3.5, 5.5});
  EXPECT_EQ(value_of(median(cube, {0, 1}, true)).shape(), (Shape{1, 1, 2}));
  const Expr x = variable({unknown, unknown, unknown});
  const Array values = value_of(cube);
  expect_reals(value_of({x}, median(x, {0, 2}), {values}), {4.5, 4.5});
  expect_reals(value_of({x}, median(x), {values}), {4.5});
  expect_derivatives({x}, {median(x, {0, 2})}, {some_values({2, 3, 2})});
  const Expr ties = dvector("t");
  expect_reals(value_of({ties}, grad(median(ties), std::span(&ties, 1))[0], {Array::vector({2, 2, 2, 2})}),
               {0, 0.5, 0.5, 0});
}

TEST(Reductions, ShareTheGradientOfAnExtremumAmongEquals) {
  const Expr x = dvector("x");
  const Array tied = Array::vector({3, 1, 3});
  expect_reals(value_of({x}, grad(max(x), std::span(&x, 1))[0], {tied}), {0.5, 0, 0.5});
  expect_reals(value_of({x}, grad(prod(x), std::span(&x, 1))[0], {Array::vector({2, 0, 5})}), {0, 10, 0});
  expect_reals(value_of({x}, grad(prod(x), std::span(&x, 1))[0], {Array::vector({0, 0, 5})}), {0, 0, 0});
  expect_reals(value_of({x}, prod_without_zeros(x), {Array::vector({2, 0, 5})}), {10});
  EXPECT_EQ(value_of(count_nonzero(data({4}, {0, nan, -0.0, 2}))).integer(), 2);
}

TEST(Reductions, TakeNorms) {
  const Expr x = data({3}, {3e200, -4e200, 0});
  EXPECT_NEAR(value_of(norm(x)).real() / 5e200, 1, 1e-15);
  EXPECT_NEAR(value_of(norm(data({2}, {3e-310, 4e-310}))).real() / 5e-310, 1, 1e-12);  // denormals have few digits
  EXPECT_EQ(value_of(norm(x, inf)).real(), 4e200);
  EXPECT_EQ(value_of(norm(x, -inf)).real(), 0);
  EXPECT_EQ(value_of(norm(x, 1)).real(), 7e200);
  EXPECT_EQ(value_of(norm(x, 0)).real(), 2);
  EXPECT_NEAR(value_of(norm(data({2}, {1, -2}), 3)).real(), std::cbrt(9.0), 1e-15);
  EXPECT_EQ(value_of(norm(data({2}, {1, -inf}))).real(), inf);
  const Expr v = dvector("v");
  expect_reals(value_of({v}, grad(norm(v), std::span(&v, 1))[0], {Array::vector({0, 0})}), {0, 0});
  expect_derivatives({v}, {norm(v), norm(v, 3)}, {some_values({4})});
  expect_reals(value_of(average(data({2, 2}, {1, 2, 3, 4}), data({2}, {3, 1}), {0})), {1.5, 2.5});
  expect_reals(value_of(average(data({2, 2}, {1, 2, 3, 4}), data({2, 2}, {1, 0, 0, 1}))), {2.5});
}

TEST(Reductions, NormaliseExponentials) {
  expect_reals(value_of(log_softmax(data({2}, {1000, 0}))), {0, -1000});
  expect_reals(value_of(log_softmax(data({2}, {-inf, 0}))), {-inf, 0});
  expect_reals(value_of(log_softmax(data({2}, {-inf, -inf}))), {-inf, -inf});
  expect_reals(value_of(softmax(data({2, 2}, {800, 800, 800, 800}), {0, 1})), {0.25, 0.25, 0.25, 0.25});
  EXPECT_THROW(softmax(data({2}, {0, 0}), Axes{}), ShapeError);
  const Expr x = dmatrix("x");
  expect_derivatives({x}, {log_softmax(x), log_softmax(x, {0, 1}), softmax(x, {0, 1})}, {some_values({2, 3})});
}

}  // namespace
}  // namespace leapgraph::symbolic
