/// Derivatives as graphs: connections, masks, broadcasting, accuracy in the tails, forward against reverse, Hessians.
#include "leapgraph/symbolic/gradient.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/special_functions.hpp"

namespace leapgraph::symbolic {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

void expect_says(const std::string& message, const std::vector<std::string>& texts) {
  for (const std::string& text : texts)
    EXPECT_NE(message.find(text), std::string::npos) << "\"" << message << "\" lacks \"" << text << "\"";
}

std::vector<double> values(const Expr& e, const Exprs& inputs, const std::vector<Array>& arguments) {
  return interpret(Graph{inputs, {e}}, arguments)[0].reals();
}

double slope_at(Expr (*f)(const Operand&), double x) {
  const Expr v = dscalar("x");
  return values(grad(f(v), v), {v}, {Array::scalar(x)})[0];
}

double curvature_at(Expr (*f)(const Operand&), double x) {
  const Expr v = dscalar("x");
  return values(grad(grad(f(v), v), v), {v}, {Array::scalar(x)})[0];
}

// --- What can be differentiated ---

TEST(Gradient, WantsAFloatingScalar) {
  const Expr x = dvector("x");
  expect_says(error_of([&] { grad(exp(x), x); }), {"floating scalar", "float64[?]"});
  expect_says(error_of([&] { grad(constant(std::int64_t{1}), x); }), {"floating scalar", "int64"});
  const Expr i = lscalar("count");
  expect_says(error_of([&] { grad(1.0 * i, i); }), {"count", "int64"});
}

TEST(Gradient, NamesTheVariableThatTheCostDoesNotDependOn) {
  const Expr x = dscalar("x"), y = dscalar("forgotten");
  expect_says(error_of([&] { grad(sqr(x), y); }), {"forgotten"});
  EXPECT_EQ(values(grad(sqr(x), y, Disconnected::zero), {y}, {Array::scalar(1.0)}), std::vector{0.0});
}

TEST(Gradient, OfUnconnectedTensorsIsZerosOfTheirShape) {
  const Expr x = dscalar("x"), y = dmatrix("y");
  const Array zeros =
      interpret(Graph{{y}, {grad(sqr(x), y, Disconnected::zero)}}, std::vector{Array(Type{DType::float64, {2, 3}})})[0];
  EXPECT_EQ(zeros.shape(), (Shape{2, 3}));
  EXPECT_EQ(zeros.reals(), std::vector<double>(6, 0.0));
}

TEST(Gradient, NamesTheOpThatHasNone) {
  const Expr x = dscalar("x");
  expect_says(error_of([&] { grad(jv(x, 2.0), x); }), {"jv", "no gradient"});
}

TEST(Gradient, OfWhatIsConstantAlmostEverywhereIsZero) {
  const Expr x = dscalar("x");
  EXPECT_EQ(values(grad(floor(x) * x, x), {x}, {Array::scalar(2.5)}), std::vector{2.0});
  EXPECT_EQ(values(grad(floor(x), x, Disconnected::zero), {x}, {Array::scalar(2.5)}), std::vector{0.0});
}

TEST(Gradient, OfAnIntermediateExpression) {
  const Expr x = dscalar("x"), y = sqr(x);
  const Exprs wrt{y, x};
  const Exprs g = grad(y * y * x, wrt);
  EXPECT_EQ(values(g[0], {x}, {Array::scalar(2.0)}), std::vector{2 * 4 * 2.0});
  EXPECT_EQ(values(g[1], {x}, {Array::scalar(2.0)}), std::vector{5 * 16.0});
}

TEST(Gradient, HasTheTypeOfItsVariable) {
  const Expr x = input({DType::float32, {3}}, "x"), y = dvector("y");
  const Exprs wrt{x, y};
  const Exprs g = grad(sum(x * y), wrt);
  EXPECT_EQ(g[0].type(), x.type());
  EXPECT_EQ(g[1].dtype(), DType::float64);
}

TEST(Gradient, SumsOverAllPaths) {
  const Expr x = dscalar("x");
  EXPECT_EQ(values(grad(x * x + x * 3.0 + x, x), {x}, {Array::scalar(5.0)}), std::vector{14.0});
}

// --- Broadcasting ---

TEST(Gradient, SumsBackWhatWasBroadcast) {
  const Expr a = input({DType::float64, {3, 1}}, "a"), b = input({DType::float64, {4}}, "b"), c = dscalar("c");
  const Exprs wrt{a, b, c};
  const Exprs g = grad(sum(a * b * c), wrt);
  const std::vector<Array> arguments{Array::of<double>({3, 1}, {1, 2, 3}), Array::vector({1, 10, 100, 1000}),
                                     Array::scalar(2.0)};
  EXPECT_EQ(g[0].shape(), (Shape{3, 1}));
  EXPECT_EQ(values(g[0], wrt, arguments), (std::vector<double>{2222, 2222, 2222}));
  EXPECT_EQ(values(g[1], wrt, arguments), (std::vector<double>{12, 12, 12, 12}));
  EXPECT_EQ(values(g[2], wrt, arguments), (std::vector<double>{6666}));
}

TEST(Gradient, SumsBackWhatTurnsOutToBeBroadcast) {
  const Expr a = dmatrix("a"), b = dmatrix("b");
  const Exprs wrt{a, b};
  const Exprs g = grad(sum(a * b), wrt);
  const Array row = Array::of<double>({1, 2}, {3, 5}), whole = Array::of<double>({2, 2}, {1, 2, 3, 4});
  for (const bool swapped : {false, true}) {
    const std::vector<Array> arguments = swapped ? std::vector{whole, row} : std::vector{row, whole};
    const Array of_row = interpret(Graph{wrt, {g[swapped ? 1 : 0]}}, arguments)[0];
    EXPECT_EQ(of_row.shape(), (Shape{1, 2}));
    EXPECT_EQ(of_row.reals(), (std::vector<double>{4, 6}));
    EXPECT_EQ(values(g[swapped ? 0 : 1], wrt, arguments), (std::vector<double>{3, 5, 3, 5}));
  }
}

// --- Masks: a branch not taken contributes 0, not nan ---

TEST(Gradient, OfABranchNotTakenIsZeroAndNotNan) {
  const Expr x = dvector("x");
  const auto g = [&](const Expr& e) { return values(grad(sum(e), x), {x}, {Array::vector({0.0, 4.0, -1.0})}); };
  EXPECT_EQ(g(where(x > 0.0, log(x), 0.0)), (std::vector<double>{0, 0.25, 0}));
  EXPECT_EQ(g(where(x > 0.0, sqrt(x), x)), (std::vector<double>{1, 0.25, 1}));
  EXPECT_EQ(g(where(x <= 0.0, 0.0, 1.0 / x)), (std::vector<double>{0, -0.0625, 0}));
}

TEST(Gradient, KeepsTheMaskThroughChainsSharedNodesAndNestedChoices) {
  const Expr x = dvector("x");
  const auto g = [&](const Expr& e) { return values(grad(sum(e), x), {x}, {Array::vector({0.0, 1.0})}); };
  EXPECT_EQ(g(where(x > 0.0, sqr(log(x)) + exp(log(x)), 0.0)), (std::vector<double>{0, 1}));
  EXPECT_EQ(g(3.0 * where(x > 0.0, log(sqrt(x) * x), 5.0)), (std::vector<double>{0, 4.5}));
  EXPECT_EQ(g(where(x > 0.0, where(x < 2.0, log(x), 1.0 / x), x)), (std::vector<double>{1, 1}));
  const Expr shared = log(x);
  EXPECT_EQ(g(where(x > 0.0, shared, 0.0) + where(x > 0.5, shared, 1.0)), (std::vector<double>{0, 2}));
}

TEST(Gradient, KeepsTheMaskWhereAScalarIsBroadcast) {
  const Expr c = dscalar("c"), x = dvector("x");
  const auto g = [&](const Expr& e, double at) {
    return values(grad(sum(e), c), {c, x}, {Array::scalar(at), Array::vector({-1.0, 2.0, 3.0})})[0];
  };
  // Some elements are chosen, then none.
  EXPECT_EQ(g(where(x > 0.0, log(c) * x, 0.0), 0.5), 10.0);
  EXPECT_EQ(g(where(x > 9.0, log(c) * x, 0.0), 0.0), 0.0);
  // One condition for a whole reduction.
  EXPECT_EQ(g(where(c > 0.0, sum(log(c * x * x)), 0.0), 0.0), 0.0);
  EXPECT_EQ(g(where(c > 0.0, sum(log(c * x * x)), 0.0), 2.0), 1.5);
}

/// The mask is the condition and not "the adjoint is zero", which would lose curvature where a derivative vanishes.
TEST(Gradient, AddsOnlyTheChosenOfElementsThatAreReadTwice) {
  const Expr chosen = constant(Array::of<bool>({3}, {true, false, true}));
  const Expr x = dvector("x"), rows = constant(Array::of<std::int64_t>({3}, {0, 0, 1}));
  EXPECT_EQ(values(grad(sum(where(chosen, sqr(gather(x, rows)), 0.0)), x), {x}, {Array::vector({1, 10})}),
            (std::vector<double>{2, 20}));
  const Expr s = dscalar("s");
  EXPECT_EQ(values(grad(sum(where(chosen, sqr(broadcast_to(s, {3})), 0.0)), s), {s}, {Array::scalar(1.0)}),
            (std::vector<double>{4}));
}

TEST(Gradient, OfAMaskedGradientIsRightWhereTheFirstVanishes) {
  const Expr x = dvector("x");
  const Expr slope = grad(sum(sqr(where(x > 0.0, log(x), 0.0))), x);
  EXPECT_EQ(values(slope, {x}, {Array::vector({1.0, 0.0})}), (std::vector<double>{0, 0}));
  EXPECT_EQ(values(grad(sum(slope), x), {x}, {Array::vector({1.0, 0.0})}), (std::vector<double>{2, 0}));
}

TEST(Gradient, OfEqualArgumentsOfMaximumIsShared) {
  const Expr x = dscalar("x"), y = dscalar("y");
  const Exprs wrt{x, y};
  const Exprs g = grad(maximum(x, y), wrt);
  for (const Expr& e : g) EXPECT_EQ(values(e, wrt, {Array::scalar(2.0), Array::scalar(2.0)}), std::vector{0.5});
}

// --- No gradient is worse than its value ---

/// Expected values by the same formulas in higher precision; 1e-14 allows for a handful of roundings.
TEST(Gradient, IsAccurateInTheTails) {
  const auto expect = [](double got, double wanted) { EXPECT_NEAR(got, wanted, 1e-14 * std::abs(wanted)); };
  expect(slope_at(sigmoid, 50.0), 1.92874984796391784e-22);
  expect(slope_at(sigmoid, -50.0), 1.92874984796391784e-22);
  expect(slope_at(softplus, -50.0), 1.92874984796391778e-22);
  expect(slope_at(log_sigmoid, 50.0), 1.92874984796391778e-22);
  expect(slope_at(tanh, 25.0), 7.71499939185567139e-22);
  expect(slope_at(erf, 6.0), 2.61730123924926483e-16);
  expect(slope_at(erfc, 26.5), -1.17261418300078396e-305);
  expect(slope_at(asinh, 1e200), 1e-200);
  expect(slope_at(acosh, 1e200), 1e-200);
  expect(slope_at(expm1, -50.0), 1.92874984796391778e-22);
  expect(slope_at(log1mexp, -1e-10), -9999999999.49999964);
  expect(slope_at(log1mexp, -50.0), -1.92874984796391778e-22);
  expect(slope_at(asin, 1.0 - 0x1p-40), 741455.200189633844);
  expect(slope_at(lgamma, 1e-8), -100000000.577215646);
  expect(curvature_at(lgamma, 1e8), 1.00000000500000002e-8);
}

TEST(Gradient, OfLogaddexpWithInfiniteArguments) {
  const Expr x = dscalar("x"), y = dscalar("y");
  const Exprs wrt{x, y};
  const Exprs g = grad(logaddexp(x, y), wrt);
  const auto at = [&](double a, double b) {
    const std::vector<Array> arguments{Array::scalar(a), Array::scalar(b)};
    return std::vector{values(g[0], wrt, arguments)[0], values(g[1], wrt, arguments)[0]};
  };
  EXPECT_EQ(at(0.0, -infinity), (std::vector{1.0, 0.0}));
  EXPECT_EQ(at(-infinity, -infinity), (std::vector{0.5, 0.5}));
  EXPECT_EQ(at(infinity, infinity), (std::vector{0.5, 0.5}));
  EXPECT_EQ(at(infinity, 3.0), (std::vector{1.0, 0.0}));
  EXPECT_EQ(at(2.0, 2.0), (std::vector{0.5, 0.5}));
  EXPECT_NEAR(values(grad(g[0], x), wrt, {Array::scalar(2.0), Array::scalar(2.0)})[0], 0.25, 1e-16);
}

TEST(Gradient, OfXlogyAtZero) {
  const Expr x = dscalar("x"), y = dscalar("y");
  const Exprs wrt{x, y};
  const Exprs g = grad(xlogy(x, y), wrt);
  EXPECT_EQ(values(g[0], wrt, {Array::scalar(0.0), Array::scalar(1.0)}), std::vector{0.0});
  EXPECT_EQ(values(g[1], wrt, {Array::scalar(0.0), Array::scalar(2.0)}), std::vector{0.0});
  EXPECT_EQ(values(g[1], wrt, {Array::scalar(0.0), Array::scalar(0.0)}), std::vector{0.0});
  EXPECT_EQ(values(grad(g[1], x), wrt, {Array::scalar(0.0), Array::scalar(4.0)}), std::vector{0.25});
}

TEST(Gradient, OfAtan2DoesNotOverflow) {
  const Expr y = dscalar("y"), x = dscalar("x");
  const Expr g = grad(atan2(y, x), y);
  EXPECT_NEAR(values(g, {y, x}, {Array::scalar(1e200), Array::scalar(1e200)})[0] * 1e200, 0.5, 1e-15);
  EXPECT_NEAR(values(g, {y, x}, {Array::scalar(1e-200), Array::scalar(1e-200)})[0] * 1e-200, 0.5, 1e-15);
}

// --- Forward mode and second derivatives ---

TEST(Gradient, ForwardAndReverseAgree) {
  const Expr x = dvector("x"), m = dmatrix("m");
  const Expr f = sum(tanh(dot(m, x)) * exp(-0.5 * sqr(x)));
  const Exprs wrt{x, m};
  const Array point = Array::vector({0.3, -0.7}), matrix = Array::of<double>({2, 2}, {0.5, 1.5, -0.25, 2});
  const Array u = Array::vector({0.9, -0.4}), v = Array::of<double>({2, 2}, {0.1, 0.2, -0.3, 0.4});
  const Exprs tangents{constant(u), constant(v)};
  const double forward = values(jvp(std::span(&f, 1), wrt, tangents)[0], wrt, {point, matrix})[0];
  const Exprs g = grad(f, wrt);
  const auto gx = values(g[0], wrt, {point, matrix}), gm = values(g[1], wrt, {point, matrix});
  double reverse = 0;
  for (std::size_t i = 0; i < gx.size(); ++i) reverse += gx[i] * u.reals()[i];
  for (std::size_t i = 0; i < gm.size(); ++i) reverse += gm[i] * v.reals()[i];
  EXPECT_NEAR(forward, reverse, 1e-14);  // a dozen products of order 1 in another order
}

TEST(Gradient, ForwardModeIsAbsentWhereNothingMoves) {
  const Expr x = dscalar("x"), y = dscalar("y");
  const Exprs outputs{sqr(x), sqr(y)}, wrt{x}, tangents{constant(1.0)};
  const Exprs moved = jvp(outputs, wrt, tangents);
  EXPECT_TRUE(moved[0]);
  EXPECT_FALSE(moved[1]);
}

/// f(a, b) = a^2 b + sin(a b): the Hessian by hand.
TEST(Gradient, TwiceGivesTheHessian) {
  const Expr a = dscalar("a"), b = dscalar("b");
  const Exprs wrt{a, b};
  const Expr f = sqr(a) * b + sin(a * b);
  const Exprs g = grad(f, wrt);
  const double x = 0.7, y = -1.3, s = std::sin(x * y), c = std::cos(x * y);
  const double expected[2][2] = {{2 * y - y * y * s, 2 * x + c - x * y * s}, {2 * x + c - x * y * s, -x * x * s}};
  for (std::size_t i = 0; i < 2; ++i) {
    const Exprs row = grad(g[i], wrt);
    for (std::size_t j = 0; j < 2; ++j)
      EXPECT_NEAR(values(row[j], wrt, {Array::scalar(x), Array::scalar(y)})[0], expected[i][j], 1e-15);
  }
}

/// A quadratic form has its matrix as Hessian, row by row and by Hessian-vector products in both orders of modes.
TEST(Gradient, HessianVectorProductsAgree) {
  const Expr x = dvector("x");
  const Array matrix = Array::of<double>({2, 2}, {2, 0.5, 0.5, 3});
  const Expr f = 0.5 * dot(x, dot(constant(matrix), x));
  const Expr g = grad(f, x), direction = constant(Array::vector({1.0, -2.0}));
  const Expr reverse = grad(dot(g, direction), x),
             forward = jvp(std::span(&g, 1), std::span(&x, 1), std::span(&direction, 1))[0];
  const std::vector<double> expected{1.0, -5.5};
  EXPECT_EQ(values(reverse, {x}, {Array::vector({0.3, 0.4})}), expected);
  EXPECT_EQ(values(forward, {x}, {Array::vector({0.3, 0.4})}), expected);
}

}  // namespace
}  // namespace leapgraph::symbolic
