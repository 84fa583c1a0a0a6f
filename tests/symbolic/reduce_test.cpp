/// Reductions: values at the edges (empty, infinite, nan, ties, zeros), accuracy, derivatives, error messages.
#include <limits>
#include <numeric>

#include "symbolic/derivative_check.hpp"

namespace leapgraph::symbolic {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

Expr tensor(Shape shape, const char* name = "x") { return input({DType::float64, std::move(shape)}, name); }
Expr data(Shape shape, const std::vector<double>& values) {
  return constant(Array::of<double>(std::move(shape), values));
}

TEST(Reduce, SumsOverAnyAxes) {
  std::vector<double> values(24);
  std::iota(values.begin(), values.end(), 0);
  const Expr x = data({2, 3, 4}, values);
  const auto element = [](int i, int j, int k) { return 12.0 * i + 4.0 * j + k; };
  std::vector<double> over_outer, over_middle, over_last(6);
  for (int j = 0; j < 3; ++j) over_outer.push_back(0);
  for (int i = 0; i < 2; ++i)
    for (int k = 0; k < 4; ++k) over_middle.push_back(element(i, 0, k) + element(i, 1, k) + element(i, 2, k));
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 4; ++k) {
        over_outer[static_cast<std::size_t>(j)] += element(i, j, k);
        over_last[static_cast<std::size_t>(3 * i + j)] += element(i, j, k);
      }
  expect_reals(value_of(sum(x)), {276});
  expect_reals(value_of(sum(x, {0, -1})), over_outer);
  expect_reals(value_of(sum(x, {1})), over_middle);
  EXPECT_EQ(value_of(sum(x, {1}, true)).shape(), (Shape{2, 1, 4}));
  expect_reals(value_of(sum(x, {-1}, true)), over_last);
  expect_reals(value_of(mean(x)), {11.5});
  EXPECT_EQ(sum(constant(2.0)), constant(2.0));
}

TEST(Reduce, CombinesNothingToTheNeutralElement) {
  const Expr none = data({0, 2}, {});
  expect_reals(value_of(sum(none, {0})), {0, 0});
  expect_reals(value_of(prod(none)), {1});
  EXPECT_EQ(value_of(all(none > 0.0)).integer(), 1);
  EXPECT_EQ(value_of(any(none > 0.0)).integer(), 0);
  expect_reals(value_of(logsumexp(none, {0})), {-inf, -inf});
  expect_says(error_of([&] { max(none); }), {"max", "no elements along axis 0"});
  const Expr x = dvector("x");
  expect_says(error_of([&] { value_of({x}, min(x), {Array::vector({})}); }),
              {"min(x: float64[?]): no elements along axis 0"});
}

TEST(Reduce, WidensNarrowIntegers) {
  const Expr x = constant(Array::of<std::int8_t>({3}, {100, 100, 100}));
  EXPECT_EQ(sum(x).type(), (Type{DType::int64, {}}));
  EXPECT_EQ(value_of(sum(x)).integer(), 300);
  EXPECT_EQ(value_of(prod(x)).integer(), 1000000);
  EXPECT_EQ(value_of(max(x)).dtype(), DType::int8);
  EXPECT_EQ(value_of(sum(constant(Array::of<bool>({3}, {true, false, true})))).integer(), 2);
  EXPECT_EQ(sum(constant(Array::of<std::uint8_t>({1}, {1}))).dtype(), DType::uint64);
  EXPECT_EQ(sum(constant(Array::of<float>({1}, {1}))).dtype(), DType::float32);
  EXPECT_EQ(value_of(mean(x)).real(), 100);
}

TEST(Reduce, PropagatesNan) {
  const Expr x = data({3}, {1, nan, 3});
  expect_reals(value_of(stack({sum(x), prod(x), max(x), min(x), logsumexp(x)})), {nan, nan, nan, nan, nan});
  expect_reals(value_of(max(data({2, 2}, {nan, 1, 2, 3}), {1})), {nan, 3});
}

TEST(Reduce, SumsMoreAccuratelyThanDoubles) {
  // A double would drop both small terms; the reference has eleven more bits.
  EXPECT_NEAR(value_of(sum(data({4}, {1, 1e-16, -1, 1e-16}))).real(), 2e-16, 1e-19);
}

TEST(Reduce, ComputesVarianceAroundTheMean) {
  const Expr x = data({2, 3}, {1, 2, 6, -1, 0, 1});
  expect_reals(value_of(variance(x, {1})), {14.0 / 3, 2.0 / 3});
  expect_reals(value_of(variance(x, {1}, true, 1)), {7, 1});
  expect_reals(value_of(variance(1e9 + x, {1}, false, 1)), {7, 1}, 1e-12);
}

TEST(LogSumExp, NeitherOverflowsNorUnderflows) {
  expect_reals(value_of(logsumexp(data({3}, {0, 1000, 1}))), {1000});
  expect_reals(value_of(logsumexp(data({2}, {-1000, -1000}))), {-1000 + std::log(2.0)});
  expect_reals(value_of(logsumexp(data({2}, {-inf, -inf}))), {-inf});
  expect_reals(value_of(logsumexp(data({2}, {-inf, 3}))), {3});
  expect_reals(value_of(logsumexp(data({2}, {inf, 3}))), {inf});
  expect_reals(value_of(logsumexp(data({2}, {0, 1e-20}))), {std::log(2.0)});
}

TEST(LogSumExp, HasAFiniteGradientWhereEverythingIsMinusInfinite) {
  const Expr x = tensor({2, 2});
  const Expr gradient = grad(sum(logsumexp(x, {1})), x);
  expect_reals(value_of({x}, gradient, {matrix({2, 2}, {-inf, -inf, 0, 0})}), {0, 0, 0.5, 0.5});
  expect_reals(value_of({x}, gradient, {matrix({2, 2}, {-inf, 2, 1000, 0})}), {0, 1, 1, 0});
  const Graph special = specialize(Graph{{x}, {gradient, logsumexp(x, {1})}}, std::vector<Shape>{{2, 2}});
  const Arrays got = interpret(special, Arrays{matrix({2, 2}, {-inf, -inf, 0, 1000})});
  expect_reals(got[0], {0, 0, 0, 1});
  expect_reals(got[1], {-inf, 1000});
}

TEST(Softmax, SumsToOneAndKeepsSmallShares) {
  const std::vector<double> s = value_of(softmax(data({3}, {1000, 0, 998}))).reals();
  expect_reals(Array::vector(s), {1 / (1 + std::exp(-2.0)), 0, std::exp(-2.0) / (1 + std::exp(-2.0))});
}

TEST(Reduce, HasTheRightDerivatives) {
  const Expr x = tensor({3, unknown});
  expect_derivatives({x},
                     {sum(x, {0}), mean(sqr(x), {1}, true), max(x, {1}), min(x), variance(x, {0}), logsumexp(x, {1}),
                      softmax(x, 0), cumsum(sqr(x), 1), sum(x)},
                     {some_values({3, 2})});
}

TEST(Reduce, SharesTheGradientOfAMaximumAmongEquals) {
  const Expr x = dvector("x");
  expect_reals(value_of({x}, grad(max(x), x), {Array::vector({1, 3, 3, 2})}), {0, 0.5, 0.5, 0});
}

TEST(Product, HasTheRightDerivativesWhereFactorsAreZero) {
  const Expr x = tensor({2, 3});
  for (const std::vector<double>& values :
       {std::vector<double>{1, 2, 3, 4, 5, 6}, {0, 2, 3, 4, 0, 6}, {0, 0, 3, 0, 0, 0}}) {
    Array a = Array::of<double>({2, 3}, values);
    expect_derivatives({x}, {prod(x, {1}), prod(x, {0})}, {a}, 1e-6);
  }
  for (const std::vector<double>& values : {std::vector<double>{1, -2, 0.5, 0.7, 1.5, 0.6}, {0, 2, 0.3, 0.4, 0.5, 0.6}})
    expect_derivatives({x}, {prod(x)}, {Array::of<double>({2, 3}, values)});
}

TEST(CumulativeSum, AddsAlongAnAxis) {
  const Expr x = data({2, 3}, {1, 2, 3, 4, 5, 6});
  expect_reals(value_of(cumsum(x, 1)), {1, 3, 6, 4, 9, 15});
  expect_reals(value_of(cumsum(x, 0)), {1, 2, 3, 5, 7, 9});
  expect_reals(value_of(cumsum(x)), {1, 3, 6, 10, 15, 21});
  EXPECT_EQ(value_of(cumsum(cast(x, DType::int32), -1)).type(), (Type{DType::int64, {2, 3}}));
  EXPECT_EQ(value_of(cumsum(data({0}, {}))).size(), 0);
}

TEST(SumLike, UndoesBroadcasting) {
  const Expr a = tensor({2, 3}, "a"), row = tensor({3}, "row"), column = tensor({2, 1}, "column"), s = tensor({}, "s");
  const Array x = matrix({2, 3}, {1, 2, 3, 4, 5, 6});
  expect_reals(value_of({a, row}, sum_like(a, row), {x, some_values({3})}), {5, 7, 9});
  expect_reals(value_of({a, column}, sum_like(a, column), {x, some_values({2, 1})}), {6, 15});
  expect_reals(value_of({a, s}, sum_like(a, s), {x, Array()}), {21});
  EXPECT_EQ(sum_like(a, tensor({2, 3}, "b")), a);
  EXPECT_EQ(sum_like(a, s), sum(a));
  const Expr open = dvector("open"), wide = dvector("wide");
  for (const std::int64_t n : {std::int64_t{1}, std::int64_t{3}})
    expect_derivatives({open, wide}, {open * wide}, {some_values({n}), some_values({3})});
}

}  // namespace
}  // namespace leapgraph::symbolic
