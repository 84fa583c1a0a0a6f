/// The face of differentiation: options of grad, errors, Jacobians, Hessians, rules of one's own, shapes that only the
/// call tells.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/print.hpp"
#include "leapgraph/symbolic/special_functions.hpp"
#include "leapgraph/symbolic/variables.hpp"
#include "leapgraph/symbolic/vectorize.hpp"
#include "symbolic/derivative_check.hpp"

namespace leapgraph::symbolic {
namespace {

Array run(const Exprs& inputs, const Expr& e, const Arrays& arguments) { return value_of(inputs, e, arguments); }

template <class E, class F>
std::string thrown(F&& f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another type of error: " << error.what();
    return "";
  }
  ADD_FAILURE() << "no error";
  return "";
}

// --- Options ---

TEST(GradOptions, WhatIsHeldConstantGetsAGradientAndHandsNoneOn) {
  const Expr x = dscalar("x"), y = sqr(x);
  const Exprs wrt{x, y};
  const Exprs g = grad(y * x + y, wrt, {.consider_constant = {y}});
  EXPECT_EQ(run({x}, g[0], {Array::scalar(3.0)}).real(), 9.0);
  EXPECT_EQ(run({x}, g[1], {Array::scalar(3.0)}).real(), 4.0);
  const Exprs plain = grad(y * x + y, wrt);
  EXPECT_EQ(run({x}, plain[0], {Array::scalar(3.0)}).real(), 33.0);
}

TEST(GradOptions, AKnownGradientTakesThePlaceOfTheComputedOne) {
  const Expr x = dvector("x"), y = sqr(x), cost = sum(exp(y));
  const Expr given = dvector("g");
  const Expr g = grad(cost, x, {.known_grads = {{y, given}}});
  const Arrays at{Array::vector({1, 2}), Array::vector({10, 100})};
  expect_reals(run({x, given}, g, at), {20, 400});
  // Without a cost, and with two known gradients on the way.
  const Expr z = x + 1.0;
  expect_reals(run({x, given}, grad(Expr(), x, {.known_grads = {{y, given}, {z, given}}}), at), {30, 500});
  expect_says(thrown<ShapeError>([&] {
                grad(Expr(), x, {.known_grads = {{sum(y), given}}});
              }),
              {"float64[?]", "float64"});
}

TEST(GradOptions, SayWhatToDoAboutWhatIsNotConnected) {
  const Expr x = dscalar("x"), y = dvector("y");
  EXPECT_FALSE(grad(sqr(x), y, {.disconnected = Disconnected::absent}));
  EXPECT_EQ(run({y}, grad(sqr(x), y, {.disconnected = Disconnected::zero}), {Array::vector({1, 2})}).reals(),
            (std::vector<double>{0, 0}));
  expect_says(thrown<DisconnectedInput>([&] { grad(sqr(x), y); }), {"'y'", "derivatives_test.cpp", "does not depend"});
  const Expr held = sqr(x);
  expect_says(thrown<DisconnectedInput>([&] { grad(held * 2.0, x, {.consider_constant = {held}}); }),
              {"'x'", "held constant"});
}

TEST(Grad, OfAListInBracesAndOfTheSameVariableTwice) {
  const Expr x = dscalar("x"), y = dscalar("y");
  const Exprs g = grad(x * y, {x, y, x});
  ASSERT_EQ(g.size(), 3u);
  EXPECT_EQ(g[0], g[2]);
  EXPECT_EQ(run({x, y}, g[1], {Array::scalar(3.0), Array::scalar(5.0)}).real(), 3.0);
}

TEST(Grad, IsZeroThroughWhatIsConstantAlmostEverywhere) {
  const Expr x = dvector("x");
  const Arrays at{Array::vector({0.5, -1.5})};
  for (const Expr& e :
       {floor(x), round(x), sign(x), cast(x > 0.0, DType::float64), cast(cast(x, DType::int32), DType::float64)})
    EXPECT_EQ(run({x}, grad(sum(e), x), at).reals(), (std::vector<double>{0, 0}));
}

// --- Errors ---

/// A function without a derivative by its argument.
Expr of_order(const Expr& x) { return jv(x, 2.0); }

TEST(GradErrors, NameTheOpThePlaceAndTheWay) {
  const Expr x = dscalar("x");
  expect_says(thrown<NotDifferentiable>([&] { grad(sqr(of_order(exp(x))), x); }),
              {"'jv'", "no gradient with respect to its order", "derivatives_test.cpp", "sqr <- jv <- exp <- 'x'"});
  expect_says(thrown<NotDifferentiable>([&] { jvp(sqr(of_order(exp(x))), x, 1.0 * x); }), {"jvp", "'jv'"});
}

/// A derivative needs its variable, as Theano's do, also where its value does not depend on it.
TEST(Grad, DependsOnItsVariable) {
  const auto [x, y] = dscalars("x", "y");
  const Expr v = dvector("v"), m = dmatrix("m");
  EXPECT_EQ(function({x}, grad(3 * x, x))(5), 3);
  EXPECT_EQ(function({x, y}, grad(x * y, x))(5, 7), 7);
  EXPECT_EQ(function({x}, grad(grad(sqr(x), x), x))(5), 2);
  EXPECT_EQ(function({x}, grad(grad(3 * x, x), x))(5), 0) << "no disconnected input";
  EXPECT_EQ(function({x}, hessian(sqr(x), x))(5), 2);
  EXPECT_EQ(Array(function({v}, hessian(sum(3 * v), v))({1, 2})).reals(), (std::vector<double>{0, 0, 0, 0}));
  EXPECT_EQ(Array(function({m, v}, jacobian(dot(m, v), v))({{1, 2}, {3, 4}}, {1, 1})).reals(),
            (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(function({x, y}, jvp(3 * x, x, y))(5, 2), 6);
  EXPECT_EQ(pp(grad(x * y, x)), "(1 * y)");
}

TEST(GradErrors, AreOfTheTypeOfTheFault) {
  const Expr x = dvector("x"), i = lscalar("i");
  expect_says(thrown<ShapeError>([&] { grad(x, x); }), {"float64[?]", "jacobian", "sum"});
  expect_says(thrown<NotDifferentiable>([&] { grad(sum(cast(x, DType::int64)), x); }), {"int64", "floating scalar"});
  expect_says(thrown<NotDifferentiable>([&] { grad(1.0 * i, i); }), {"'i'", "int64", "cast"});
  expect_says(thrown<NotDifferentiable>([&] { jacobian(cast(x, DType::int64), x); }), {"int64", "jacobian"});
  expect_says(thrown<GraphError>([&] { grad(Expr(), x); }), {"nothing"});
  const Expr z = zvector("z");
  expect_says(thrown<NotDifferentiable>([&] { jacobian(z * z, z); }), {"jacobian", "complex128", "real"});
  expect_says(thrown<NotDifferentiable>([&] { hessian(sum(sqr(abs(z))), z); }), {"hessian", "complex128"});
  expect_says(thrown<GraphError>([&] { grad(sum(x), Expr()); }), {"empty"});
  const Expr m = dmatrix("m");
  expect_says(thrown<ShapeError>([&] { vjp(x, x, m); }), {"adjoint", "float64[?, ?]", "float64[?]"});
  const Expr three = input({DType::float64, {3}}, "three"), four = input({DType::float64, {4}}, "four");
  expect_says(thrown<ShapeError>([&] { jvp(sqr(three), three, four); }), {"tangent", "float64[4]", "float64[3]"});
}

TEST(GradErrors, OfAWayThatIsLongAreCut) {
  const Expr x = dscalar("x");
  Expr e = of_order(x);
  for (int i = 0; i < 100; ++i) e = sin(e);
  const std::string message = thrown<NotDifferentiable>([&] { grad(e, x); });
  expect_says(message, {"more)"});
  EXPECT_LT(message.size(), 400u);
}

// --- vjp and jvp ---

TEST(Jvp, IsTheTransposeOfVjpForIntermediateVariables) {
  const Expr x = dscalar("x"), y = sqr(x), f = y * x;
  const Exprs wrt{x, y}, tangents{constant(1.0), constant(10.0)};
  const Arrays at{Array::scalar(3.0)};
  const Exprs g = grad(f, wrt);
  EXPECT_EQ(run({x}, jvp(std::span(&f, 1), wrt, tangents)[0], at).real(),
            run({x}, g[0], at).real() + 10 * run({x}, g[1], at).real());
}

TEST(Jvp, AddsTheTangentsOfAVariableGivenTwice) {
  const Expr x = dscalar("x"), f = sqr(x);
  const Exprs wrt{x, x}, tangents{constant(1.0), constant(10.0)};
  EXPECT_EQ(run({x}, jvp(std::span(&f, 1), wrt, tangents)[0], {Array::scalar(3.0)}).real(), 66.0);
}

TEST(Vjp, OfNothingConnectedIsZerosOfTheType) {
  const Expr x = dvector("x"), y = dmatrix("y");
  const Arrays at{Array::vector({1, 2}), matrix({1, 2}, {3, 4})};
  EXPECT_EQ(run({x, y}, vjp(sqr(x), y, x), at).shape(), (Shape{1, 2}));
  EXPECT_EQ(run({x, y}, jvp(sqr(x), y, y), at).reals(), (std::vector<double>{0, 0}));
}

TEST(SubgraphGrad, GoesFromKnownGradientsToAnEnd) {
  // Two layers, one after the other, give what grad gives at once.
  const Expr x = dvector("x"), w1 = dscalar("w1"), w2 = dscalar("w2");
  const Expr h = tanh(w1 * x), cost = sum(sqr(w2 * h));
  const Exprs first{w2}, middle{h}, second{w1}, none;
  const SubgraphGrad outer = subgraph_grad(first, middle, {}, cost);
  const SubgraphGrad inner = subgraph_grad(second, none, {{h, outer.end[0]}});
  const Exprs whole = grad(cost, {w1, w2});
  const Exprs inputs{x, w1, w2};
  const Arrays at{Array::vector({0.5, -1}), Array::scalar(0.7), Array::scalar(-1.3)};
  EXPECT_EQ(run(inputs, outer.wrt[0], at).real(), run(inputs, whole[1], at).real());
  EXPECT_EQ(run(inputs, inner.wrt[0], at).real(), run(inputs, whole[0], at).real());
}

// --- Jacobians and Hessians ---

/// Rows of the Jacobian one by one.
std::vector<double> by_elements(const Exprs& inputs, const Expr& f, const Expr& x, const Arrays& at) {
  std::vector<double> all;
  const Expr flat = reshape(f, {-1});
  const std::int64_t n = run(inputs, flat, at).size();
  for (std::int64_t i = 0; i < n; ++i)
    for (double g : run(inputs, grad(symbolic::at(flat, i), x, Disconnected::zero), at).reals()) all.push_back(g);
  return all;
}

TEST(Jacobian, HasTheShapeOfBothAndIsTheSameInBothModesForAllRanks) {
  for (const bool known : {true, false}) {
    const auto variable = [known](Shape shape, const char* name) {
      return input({DType::float64, known ? shape : Shape(shape.size(), unknown)}, name);
    };
    const Expr s = variable({}, "s"), v = variable({3}, "v"), m = variable({2, 3}, "m");
    const Exprs inputs{s, v, m};
    const Arrays at{Array::scalar(0.7), some_values({3}), some_values({2, 3}, 0.9)};
    const Exprs outputs{sum(m * v) * s,        sin(v) * s,        m * v + s,        dot(m, sqr(v)),
                        exp(s) * ones_like(m), logsumexp(m, {1}), reshape(m, {-1}), cumsum(v) * sum(m)};
    for (std::size_t i = 0; i < outputs.size(); ++i)
      for (const Expr& x : inputs) {
        SCOPED_TRACE("output " + std::to_string(i) + " by " + name_of(x));
        const std::vector<double> wanted = by_elements(inputs, outputs[i], x, at);
        for (const Mode mode : {Mode::automatic, Mode::reverse, Mode::forward}) {
          const Array got = run(inputs, jacobian(outputs[i], x, mode, Disconnected::zero), at);
          Shape shape = run(inputs, outputs[i], at).shape();
          const Shape inner = run(inputs, x, at).shape();
          shape.insert(shape.end(), inner.begin(), inner.end());
          EXPECT_EQ(got.shape(), shape);
          expect_reals(got, wanted, 1e-14);
        }
      }
  }
}

TEST(Jacobian, IsOneBatchAndNoLoop) {
  const Expr x = dvector("x");
  const Expr j = jacobian(sqr(x), x);
  for (const Node* node : topological_order(std::span(&j, 1))) EXPECT_NE(node->op().name, "scan");
}

/// y = x + y / 2, whose adjoint is found by an iteration that stops when it has converged: after different numbers of
/// steps for different rows.
TEST(Jacobian, IsALoopWhereAnOpDoesNotWorkOnBatches) {
  const Expr x = dvector("x");
  const auto reverse = [](const Exprs&, const Exprs&, const Exprs& adjoints) {
    return Exprs{while_loop([&](const Exprs& c) { return max(abs(adjoints[0] + 0.5 * c[0] - c[0])) > 1e-12; },
                            [&](const Exprs& c) { return Exprs{adjoints[0] + 0.5 * c[0]}; }, {adjoints[0]})
                     .carry[0]};
  };
  const Expr y = with_gradient(Exprs{2.0 * x}, Exprs{x}, {.reverse = reverse, .forward = {}})[0];
  const Expr rows = jacobian(constant(Array::of<double>({3, 2}, {1, 2, 3, 4, 5, 6})) * y, x, Mode::reverse);
  for (const CompileOptions::Target target : {CompileOptions::Target::native, CompileOptions::Target::interpreter}) {
    const Array got = function({x}, rows, CompileOptions{.target = target})({1.0, 1.0});
    EXPECT_EQ(got.shape(), (Shape{3, 2, 2}));
    expect_reals(got, {2, 0, 0, 4, 6, 0, 0, 8, 10, 0, 0, 12}, 1e-11);
  }
}

TEST(Jacobian, ThroughALoopACallAndABranch) {
  const Expr x = input({DType::float64, {3}}, "x"), a = dscalar("a");
  const Expr looped = scan(
                          [&](const Exprs& c, const Exprs&) {
                            return ScanBody{{sin(a * c[0])}, {sqr(c[0])}};
                          },
                          {x}, {}, 4)
                          .outputs[0];
  const Expr p = dmatrix("p");
  const Expr called = call(close({{p}, {exp(p) / sum(exp(p))}}), {looped})[0];
  const Expr f = ifelse(
      a > 0.0, [&] { return Exprs{called}; }, [&] { return Exprs{2.0 * called}; })[0];
  const Arrays at{some_values({3}), Array::scalar(0.8)};
  for (const Mode mode : {Mode::reverse, Mode::forward}) {
    const Array got = run({x, a}, jacobian(f, x, mode), at);
    EXPECT_EQ(got.shape(), (Shape{4, 3, 3}));
    expect_reals(got, by_elements({x, a}, f, x, at), 1e-14);
  }
}

TEST(Jacobian, KeepsInfiniteSlopesToThemselves) {
  const Expr x = dvector("x");
  expect_reals(run({x}, jacobian(sqrt(x), x), {Array::vector({0, 4})}), {INFINITY, 0, 0, 0.25});
}

TEST(Jacobian, OfWhatIsNotConnectedIsAnErrorOrZeros) {
  const Expr x = dvector("x"), y = dvector("y");
  thrown<DisconnectedInput>([&] { jacobian(sqr(x), y); });
  EXPECT_FALSE(jacobian(sqr(x), y, Mode::automatic, Disconnected::absent));
  EXPECT_EQ(run({x, y}, jacobian(sqr(x), y, Mode::automatic, Disconnected::zero),
                {Array::vector({1, 2, 3}), Array::vector({1, 2})})
                .shape(),
            (Shape{3, 2}));
}

TEST(Hessian, OfSeveralVariablesIsAllBlocks) {
  for (const bool known : {true, false}) {
    const Expr x = input({DType::float64, {known ? 2 : unknown}}, "x"),
               m = input({DType::float64, {known ? 2 : unknown, known ? 3 : unknown}}, "m"), s = dscalar("s");
    const Expr cost = sum(sqr(dot(x, m)) * s) + exp(s) + sum(x);
    const Exprs wrt{x, m, s};
    const Arrays at{Array::vector({1, -2}), some_values({2, 3}), Array::scalar(0.3)};
    const std::vector<Exprs> h = hessian(cost, wrt);
    const Exprs g = grad(cost, wrt);
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = 0; j < 3; ++j)
        expect_reals(run(wrt, h[i][j], at), by_elements(wrt, g[i], wrt[j], at), 1e-13);
    EXPECT_EQ(run(wrt, h[0][1], at).shape(), (Shape{2, 2, 3}));
    EXPECT_EQ(hessian(cost, x), h[0][0]);
  }
}

TEST(Hessian, OfALinearCostIsZeros) {
  const Expr x = dvector("x");
  const Array h = run({x}, hessian(3.0 * sum(x), x), {Array::vector({1, 2})});
  EXPECT_EQ(h.shape(), (Shape{2, 2}));
  EXPECT_EQ(h.reals(), std::vector<double>(4, 0.0));
}

TEST(Hessian, TimesAVectorWithoutTheHessian) {
  const Expr x = dvector("x"), v = dvector("v"), cost = sum(exp(x) * sum(sqr(x)));
  const Arrays at{some_values({4}), some_values({4}, 1.1)};
  const Expr product = hessian_vector_product(cost, x, v);
  const Array h = run({x}, hessian(cost, x), {at[0]}), got = run({x, v}, product, at);
  for (std::int64_t i = 0; i < 4; ++i) {
    double wanted = 0;
    for (std::int64_t j = 0; j < 4; ++j) wanted += h.real(4 * i + j) * at[1].real(j);
    EXPECT_NEAR(got.real(i), wanted, 1e-12 * std::abs(wanted));
  }
}

TEST(Hessian, CompiledIsTheSame) {
  const Expr x = dvector("x");
  const Expr cost = sum(softplus(dot(constant(some_values({5, 3})), x))) + 0.5 * sum(sqr(x));
  const Expr h = hessian(cost, x), j = jacobian(softplus(dot(constant(some_values({5, 3})), x)), x);
  const Arrays at{some_values({3}, 0.1)};
  const std::vector<Array> got = function({x}, Exprs{h, j})(at);
  expect_reals(got[0], run({x}, h, at).reals(), 1e-14);
  expect_reals(got[1], run({x}, j, at).reals(), 1e-14);
}

// --- Rules of one's own ---

TEST(WithGradient, FollowsTheRuleAndKeepsTheValue) {
  const Expr x = dvector("x"), y = dscalar("y"), f = sqr(x) * y;
  const Exprs inputs{x, y};
  const Expr own = with_gradient(std::span(&f, 1), inputs,
                                 {[](const Exprs& in, const Exprs& out, const Exprs& adjoint) {
                                    return Exprs{100.0 * adjoint[0] * in[0], sum(adjoint[0] * out[0])};
                                  },
                                  {}})[0];
  const Arrays at{Array::vector({1, 2}), Array::scalar(3.0)};
  expect_reals(run(inputs, own, at), {3, 12});
  const Exprs g = grad(sum(sin(own)), inputs);
  expect_reals(run(inputs, g[0], at), {100 * std::cos(3.0), 200 * std::cos(12.0)});
  expect_reals(run(inputs, g[1], at), {3 * std::cos(3.0) + 12 * std::cos(12.0)});
  // Forward mode is the transpose of the rule.
  expect_reals(run(inputs, jvp(sum(own), x, x), at), {100.0 * (1 + 4)});
  // The rule is differentiated for second derivatives: d/dx of 100 x, where the output is a function of x again.
  expect_reals(run(inputs, grad(sum(grad(sum(own), x)), x), at), {100, 100});
  const std::vector<Array> compiled = function(inputs, Exprs{own, g[0], g[1]})(at);
  expect_reals(compiled[0], {3, 12});
  expect_reals(compiled[1], {100 * std::cos(3.0), 200 * std::cos(12.0)});
}

TEST(WithGradient, OfAFixedPointByTheImplicitFunctionTheorem) {
  // s = sqrt(a) by Newton's loop; ds/da = 1 / (2 s), with no loop in the gradient.
  const Expr a = dscalar("a");
  const Expr root = scan(
                        [&](const Exprs& s, const Exprs&) {
                          return ScanBody{{0.5 * (s[0] + a / s[0])}, {}};
                        },
                        {1.0}, {}, 20)
                        .carry[0];
  const Expr own = with_gradient(
      std::span(&root, 1), std::span(&a, 1),
      {[](const Exprs&, const Exprs& s, const Exprs& adjoint) { return Exprs{adjoint[0] / (2.0 * s[0])}; }, {}})[0];
  const Expr g = grad(own, a), h = grad(g, a);
  for (const Node* node : topological_order(std::span(&g, 1))) EXPECT_NE(node->op().name, "scan_gradient");
  EXPECT_NEAR(run({a}, g, {Array::scalar(9.0)}).real(), 1.0 / 6, 1e-15);
  EXPECT_NEAR(run({a}, h, {Array::scalar(9.0)}).real(), -1.0 / 108, 1e-16);
}

TEST(WithGradient, RefusesWhatIsNotAFunctionOfTheInputs) {
  const Expr x = dvector("x"), y = dscalar("other"), f = x * y;
  const auto nothing = [](const Exprs&, const Exprs&, const Exprs& adjoint) { return adjoint; };
  expect_says(thrown<GraphError>([&] {
                with_gradient(std::span(&f, 1), std::span(&x, 1), {nothing, {}});
              }),
              {"'other'"});
  expect_says(thrown<GraphError>([&] {
                with_gradient(std::span(&x, 1), std::span(&x, 1),
                              {[&](const Exprs&, const Exprs&, const Exprs&) { return Exprs{y * x}; }, {}});
              }),
              {"'other'"});
  expect_says(thrown<ShapeError>([&] {
                with_gradient(std::span(&x, 1), std::span(&x, 1),
                              {[&](const Exprs&, const Exprs&, const Exprs& d) { return Exprs{sum(d[0])}; }, {}});
              }),
              {"adjoint of input 0", "float64[?]", "got float64"});
  expect_says(thrown<GraphError>([&] { with_gradient(std::span(&x, 1), std::span(&x, 1), {}); }), {"neither"});
}

TEST(GradientTricks, ChangeTheGradientAndNotTheValue) {
  const Expr x = dvector("x");
  const Arrays at{Array::vector({-3, 0.5})};
  const auto g = [&](const Expr& e) { return run({x}, grad(sum(sqr(e)), x), at).reals(); };
  EXPECT_EQ(g(grad_clip(x, -2, 0.5)), (std::vector<double>{-2, 0.5}));
  EXPECT_EQ(g(grad_scale(x, 10)), (std::vector<double>{-60, 10}));
  EXPECT_EQ(g(zero_grad(x)), (std::vector<double>{0, 0}));
  EXPECT_EQ(g(consider_constant(x)), (std::vector<double>{0, 0}));
  EXPECT_EQ(g(x * disconnected_grad(x)), (std::vector<double>{2 * -27, 2 * 0.125}));
  for (const Expr& e : {grad_clip(x, -2, 2), grad_scale(x, 10), zero_grad(x), disconnected_grad(x), undefined_grad(x)})
    EXPECT_EQ(run({x}, e, at).reals(), (std::vector<double>{-3, 0.5}));
  const Expr one = ones_like(x);
  EXPECT_EQ(run({x}, jvp(grad_scale(x, 10), x, one), at).reals(), (std::vector<double>{10, 10}));
  EXPECT_EQ(run({x}, jvp(zero_grad(x), x, one), at).reals(), (std::vector<double>{0, 0}));
}

TEST(GradientTricks, SayWhereThereIsNoGradient) {
  const Expr x = dscalar("x");
  thrown<DisconnectedInput>([&] { grad(sqr(disconnected_grad(x)), x); });
  expect_says(thrown<NotDifferentiable>([&] { grad(sqr(undefined_grad(x, "of a coin flip")), x); }),
              {"of a coin flip", "derivatives_test.cpp"});
  thrown<NotDifferentiable>([&] { jvp(undefined_grad(x), x, x); });
}

// --- Forward rules ---

/// Whatever has a gradient has a forward rule, which works at its examples; and forward over reverse is reverse over
/// reverse.
TEST(ForwardMode, IsThereForEveryOpWithAGradient) {
  for (const Op* op : all_ops()) {
    if (op->gradient == nullptr || op->examples == nullptr) continue;
    SCOPED_TRACE(std::string(op->name));
    for (const Expr& e : op->examples()) {
      Exprs wrt;
      for (const Expr& x : free_inputs(std::span(&e, 1)))
        if (is_floating(x.dtype())) wrt.push_back(x);
      if (wrt.empty() || !is_floating(e.dtype())) continue;
      Exprs tangents;
      for (const Expr& x : wrt) tangents.push_back(ones_like(x));
      Exprs g;
      try {
        g = grad(sum(e), wrt, Disconnected::zero);
      } catch (const NotDifferentiable&) {
        continue;
      }
      EXPECT_NO_THROW(jvp(std::span(&e, 1), wrt, tangents));
      Expr along = constant(0.0, e.dtype());
      for (const Expr& part : g) along = along + sum(part);
      Exprs second;
      try {
        second = grad(along, wrt, Disconnected::zero);
      } catch (const NotDifferentiable&) {
        continue;
      }
      const Exprs forward = jvp(g, wrt, tangents);
      const Exprs inputs = free_inputs(std::span(&e, 1));
      Arrays at;
      const Domain domain = op->domains.empty() ? op->domain : op->domains[0];
      for (const Expr& x : inputs) {
        Array array(x.type());
        for (std::int64_t i = 0; i < array.size(); ++i) {
          const double t = 0.5 + 0.4 * std::sin(2.3 * static_cast<double>(i) + static_cast<double>(at.size()));
          if (is_floating(x.dtype()))
            array.set(i, domain.low + t * (domain.high - domain.low));
          else
            array.set_integer(i, i % 2);
        }
        at.push_back(array);
      }
      for (std::size_t k = 0; k < wrt.size(); ++k) {
        const Array wanted = run(inputs, second[k], at);
        // The same derivatives by another route: some hundred roundings of terms of the same size.
        if (forward[k])
          expect_reals(run(inputs, forward[k], at), wanted.reals(), e.dtype() == DType::float64 ? 1e-10 : 1e-3);
        else
          for (double v : wanted.reals()) EXPECT_NEAR(v, 0.0, 1e-12);
      }
    }
  }
}

// --- Broadcasting that only the call tells ---

/// Every shape of two operands of which any axis turns out to be 1 or n: one function for all of them.
TEST(Broadcasting, IsUndoneForLengthsThatTheCallTells) {
  const Expr a = dmatrix("a"), b = dmatrix("b"), v = dvector("v");
  const Exprs wrt{a, b, v};
  const Exprs outputs{a + b,
                      a - b,
                      a * b,
                      a / b,
                      pow(a, b),
                      maximum(a, b),
                      minimum(a, b),
                      atan2(a, b),
                      logaddexp(a, b),
                      xlogy(a, b),
                      mod(a, b),
                      where(a > b, a, b),
                      where(v > 1.0, a, b * v),
                      a * v + b,
                      sum(a * b, {0}, true) * a,
                      mean(a, {1}, true) * b,
                      logsumexp(a + b, {1}, true) - b,
                      max(a * b, {0}, true) + a,
                      a * sum(v) + v};
  std::vector<Expr> costs;
  for (const Expr& e : outputs) costs.push_back(sum(e * (0.5 * e + 0.7)));
  std::vector<Function> functions;
  for (const Expr& cost : costs) {
    Exprs all = grad(cost, wrt, Disconnected::zero);
    all.push_back(cost);
    CompileOptions interpreted;
    interpreted.target = CompileOptions::Target::interpreter;
    functions.push_back(function(wrt, all, interpreted));
  }
  const Shape shapes[] = {{1, 1}, {1, 3}, {2, 1}, {2, 3}};
  for (const Shape& first : shapes)
    for (const Shape& second : shapes)
      for (const std::int64_t length : {1, 3}) {
        Arrays at{some_values(first, 1.9), some_values(second, 2.3), some_values({length}, 1.4)};
        for (std::size_t i = 0; i < costs.size(); ++i) {
          SCOPED_TRACE("output " + std::to_string(i) + " for " + to_string(first) + ", " + to_string(second) + ", " +
                       to_string(Shape{length}));
          const std::vector<Array> got = functions[i](at);
          const auto wanted = differences(wrt, costs[i], at);
          for (std::size_t k = 0; k < 3; ++k) {
            EXPECT_EQ(got[k].shape(), at[k].shape());
            expect_reals(got[k], wanted[k], 1e-6);
          }
        }
      }
}

TEST(Broadcasting, OfBatchesOfMatricesAndUpdatesIsUndone) {
  const Expr a = input({DType::float64, {unknown, unknown, unknown}}, "a"),
             b = input({DType::float64, {unknown, unknown, unknown}}, "b"), row = dmatrix("row");
  const Exprs wrt{a, b, row};
  const Exprs outputs{matmul(a, b), dot(a, at(b, 0)), set_rows(transpose(a * 1.0, {1, 0, 2}), 0, row),
                      add_rows(a, constant(Array::of<std::int64_t>({2}, {0, 0})), row), tensordot(a, row, {2}, {1})};
  const std::int64_t n = 2;
  for (const std::int64_t first : {std::int64_t{1}, n})
    for (const std::int64_t second : {std::int64_t{1}, n}) {
      const Arrays at{some_values({first, 2, 3}), some_values({second, 3, 2}, 0.8), some_values({1, 3}, 0.2)};
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        SCOPED_TRACE("output " + std::to_string(i) + ", batches " + std::to_string(first) + " and " +
                     std::to_string(second));
        const Expr cost = sum(outputs[i] * (0.5 * outputs[i] + 0.7));
        const auto wanted = differences(wrt, cost, at);
        const Exprs g = grad(cost, wrt, Disconnected::zero);
        for (std::size_t k = 0; k < 3; ++k) {
          const Array got = run(wrt, g[k], at);
          EXPECT_EQ(got.shape(), at[k].shape());
          expect_reals(got, wanted[k], 1e-6);
        }
      }
    }
}

TEST(Broadcasting, IsUndoneByOneCompiledFunctionForDifferentShapes) {
  const Expr a = dmatrix("a"), b = dmatrix("b");
  const Exprs g = grad(sum(sqr(a * b + 1.0)), {a, b});
  const Function f = function({a, b}, g);
  for (const Shape& first : {Shape{1, 3}, Shape{2, 1}, Shape{2, 3}}) {
    const Arrays at{some_values(first), some_values({2, 3}, 1.1)};
    const std::vector<Array> got = f(at), wanted = interpret(Graph{{a, b}, g}, at);
    for (std::size_t k = 0; k < 2; ++k) {
      EXPECT_EQ(got[k].shape(), at[k].shape());
      expect_reals(got[k], wanted[k].reals(), 1e-14);
    }
  }
}

}  // namespace
}  // namespace leapgraph::symbolic
