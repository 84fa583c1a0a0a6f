/// Finding faults: ops made wrong on purpose are named, with place, step and values; right ones are left in peace.
#include "leapgraph/symbolic/verification.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "leapgraph/symbolic/complex.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "symbolic/derivative_check.hpp"

namespace leapgraph::symbolic {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// --- Ops with a fault each ---

const Op wrong_slope{
    .name = "wrong_slope",
    .summary = "a a with half its derivative",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * a.inputs[0]}; },
    .evaluate = elementwise_real<[](double x) { return x * x; }>,
    .lowering = Elementwise{.code = "{0} * {0}"},
};
const Op wrong_forward{
    .name = "wrong_forward",
    .summary = "a a with twice its tangent",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{2.0 * a.adjoint * a.inputs[0]}; },
    .tangent = [](const Node& node, std::span<const Expr> t) { return Exprs{4.0 * t[0] * node.input(0)}; },
    .evaluate = elementwise_real<[](double x) { return x * x; }>,
    .lowering = Elementwise{.code = "{0} * {0}"},
};
const Op wrong_curvature{
    .name = "wrong_curvature",
    .summary = "a a a, whose gradient is a constant to its own gradient",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * 3.0 * sqr(consider_constant(a.inputs[0]))}; },
    .evaluate = elementwise_real<[](double x) { return x * x * x; }>,
    .lowering = Elementwise{.code = "{0} * {0} * {0}"},
};
const Op wrong_code{
    .name = "wrong_code",
    .summary = "a a, but a a a for a > 2 in native code",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{2.0 * a.adjoint * a.inputs[0]}; },
    .evaluate = elementwise_real<[](double x) { return x * x; }>,
    .lowering = Elementwise{.code = "({0} > 2 ? {0} * {0} * {0} : {0} * {0})"},
};

Expr apply_op(const Op& op, const Operand& x) { return make(op, {x.expr()}, {}, x.place()); }

std::string failure_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const AssertionFailed& error) {
    return error.what();
  }
  return "";
}

// --- verify_grad ---

TEST(VerifyGrad, PassesWhatIsRight) {
  verify_grad([](const Exprs& x) { return sin(x[0]) * x[1]; }, {some_values({3}), some_values({2, 3}, 0.8)});
  verify_grad([](const Exprs& x) { return log(x[0]) + 1.0 / x[0]; }, {Array::vector({1e-3, 1, 1e6})}, {.second = true});
  verify_grad([](const Exprs& x) { return maximum(x[0], 0.0) * exp(x[0]); }, {Array::vector({0.011, -0.013, 2})});
  const Expr x = dvector("x"), i = lvector("i");
  verify_grad({x, i}, {gather(softmax(x), i), sum(sqr(x))}, std::vector{some_values({4}), integers({2}, {3, 1})},
              {.second = true});
}

TEST(VerifyGrad, TakesComplexNumbersAsPairs) {
  Array z(Type{DType::complex128, {2}});
  z.set_complex(0, 1, 2);
  z.set_complex(1, -0.5, 0.3);
  verify_grad([](const Exprs& x) { return x[0] * sin(x[0]); }, {z}, {.second = true});
  verify_grad([](const Exprs& x) { return abs(sum(x[0] * x[1])); }, {z, some_values({2})});
  const Expr w = zvector("w"), v = dvector("v");
  const GradReport report = check_grad({v, w}, {v * real(zero_grad(w) * w)}, std::vector{some_values({2}), z});
  EXPECT_FALSE(report.passed);
  EXPECT_EQ(report.input, 1u);
  EXPECT_THAT(report.text, testing::HasSubstr("'w.real'"));
}

TEST(VerifyGrad, PassesSinglePrecisionAndHugeAndTinyNumbers) {
  Array single(Type{DType::float32, {3}});
  for (int k = 0; k < 3; ++k) single.set(k, 0.5 + k);
  verify_grad([](const Exprs& x) { return exp(x[0]) / (1.0 + sum(x[0])); }, {single});
  verify_grad([](const Exprs& x) { return tanh(x[0] * 1e-9) * 3.0; }, {Array::vector({1e8, -2e9})});
}

TEST(VerifyGrad, NamesInputElementAndOp) {
  const auto f = [](const Exprs& x) { return sum(exp(x[0])) + sum(apply_op(wrong_slope, x[1] * 2.0)); };
  const std::string message = failure_of([&] { verify_grad(f, {some_values({3}), Array::vector({0, 0, 1.5})}); });
  expect_says(message, {"reverse mode", "'x1'[2]", "wrong_slope", "verification_test.cpp"});
  const Expr x = dvector("x");
  const GradReport report = check_grad({x}, {apply_op(wrong_slope, x)}, std::vector{Array::vector({0, 3})});
  EXPECT_FALSE(report.passed);
  EXPECT_EQ(report.input, 0u);
  EXPECT_EQ(report.element, 1);
  EXPECT_NEAR(report.analytic / report.numeric, 0.5, 1e-6);
  EXPECT_NEAR(report.relative_error, 0.5, 1e-6);
  EXPECT_EQ(report.op, "wrong_slope");
}

TEST(VerifyGrad, LooksAtForwardModeAndAtSecondDerivatives) {
  const auto through = [](const Op& op) { return [&op](const Exprs& x) { return sin(apply_op(op, x[0])); }; };
  expect_says(failure_of([&] { verify_grad(through(wrong_forward), {some_values({2})}); }),
              {"forward mode", "reverse mode gives", "wrong_forward"});
  verify_grad(through(wrong_forward), {some_values({2})}, {.forward = false});
  verify_grad(through(wrong_curvature), {some_values({2})}, {.forward = false});
  expect_says(failure_of([&] { verify_grad(through(wrong_curvature), {some_values({2})}, {.second = true}); }),
              {"second derivative", "wrong_curvature"});
}

TEST(VerifyGrad, SeesAKinkAndRefusesWhatItCannotCheck) {
  EXPECT_NE(
      failure_of([] { verify_grad([](const Exprs& x) { return maximum(x[0], 0.0) * 3.0; }, {Array::vector({1e-9})}); }),
      "");
  const Expr x = dvector("x"), i = lvector("i");
  EXPECT_THROW(check_grad({i}, {1.0 * i}, std::vector{integers({1}, {1})}), NotDifferentiable);
  EXPECT_THROW(check_grad({x}, {log(x)}, std::vector{Array::vector({0})}), GraphError);
}

// --- Modes compared ---

/// A right model of loops, branches and calls has no differences, rewritten or not.
TEST(CompareModes, AgreeOnWhatIsRight) {
  const Expr x = dvector("x"), m = dmatrix("m");
  const Expr looped = scan(
                          [&](const Exprs& c, const Exprs& e) {
                            const Expr next = tanh(dot(m, c[0]) + e[0]);
                            return ScanBody{{next}, {sum(next)}};
                          },
                          {x}, {m})
                          .outputs[0];
  const Expr cost = ifelse(
                        sum(x) > 0.0, [&] { return Exprs{sum(looped)}; }, [&] { return Exprs{sum(sqr(looped))}; })[0] +
                    logsumexp(x) + sum(softplus(100.0 * x));
  const Exprs g = grad(cost, {x, m});
  const Arrays at{some_values({3}), some_values({3, 3}, 0.1)};
  const auto difference = compare_modes(Graph{{x, m}, {cost, g[0], g[1]}}, at);
  EXPECT_FALSE(difference) << to_string(*difference);
  const auto of_function = compare_modes(function({x, m}, Exprs{cost, g[0]}), at);
  EXPECT_FALSE(of_function) << to_string(*of_function);
}

TEST(CompareModes, CountImprovementsByRewritingAsRight) {
  const Expr x = dvector("x");
  EXPECT_FALSE(compare_modes(Graph{{x}, {log(1.0 + exp(x))}}, std::vector{Array::vector({1, 800})}));
}

TEST(CompareModes, NameTheFirstNodeThatDiffers) {
  if (!missing_compiler().empty()) GTEST_SKIP() << missing_compiler();
  const Expr x = dvector("x");
  const Expr bad = apply_op(wrong_code, x + 1.0), cost = sum(exp(-bad)) + sum(x);
  const auto difference = compare_modes(Graph{{x}, {cost}}, std::vector{Array::vector({0, 0.5, 2})});
  ASSERT_TRUE(difference);
  EXPECT_EQ(difference->stage, "native code");
  EXPECT_EQ(difference->where.op, "wrong_code");
  EXPECT_EQ(difference->index, (std::vector<std::int64_t>{2}));
  EXPECT_EQ(difference->expected.real(2), 9.0);
  EXPECT_EQ(difference->got.real(2), 27.0);
  EXPECT_EQ(difference->inputs[0].real(2), 3.0);
  expect_says(to_string(*difference),
              {"wrong_code at [2] is 27 in the place of 9", "verification_test.cpp", "[1, 1.5, 3]"});
}

TEST(CompareModes, GoIntoLoopsAndBranchesAndNameTheStep) {
  if (!missing_compiler().empty()) GTEST_SKIP() << missing_compiler();
  const Expr x = dscalar("x");
  const Expr looped =
      scan(
          [&](const Exprs& c, const Exprs&) {
            const Expr grown = ifelse(
                c[0] > 1.0, [&] { return Exprs{apply_op(wrong_code, c[0])}; }, [&] { return Exprs{c[0] * 1.0}; })[0];
            return ScanBody{{sqrt(grown) + 0.5}, {}};
          },
          {x}, {}, 10)
          .carry[0];
  const auto difference = compare_modes(Graph{{x}, {looped}}, std::vector{Array::scalar(0.0)});
  ASSERT_TRUE(difference);
  EXPECT_EQ(difference->where.op, "wrong_code");
  ASSERT_EQ(difference->where.within.size(), 2u) << to_string(*difference);
  // 0, 0.5, 1.2, 1.7, 2.2: the fifth step is the first to get more than 2.
  expect_says(difference->where.within[0], {"scan", "verification_test.cpp", "step 4"});
  expect_says(difference->where.within[1], {"ifelse"});
}

TEST(CompareModes, NameTheNodeThatAPassMadeWrong) {
  const Expr x = dvector("x");
  const Expr e = exp(sin(x) * 2.0) + 1.0;
  CompareOptions options;
  options.rewriting = [](const Graph& graph) {
    return Graph{graph.inputs, rebuild(graph.outputs, [](const Node& node, const Exprs& inputs) {
                   return node.op().name == "sin" ? Exprs{cos(inputs[0])} : rebuild_same(node, inputs);
                 })};
  };
  const auto difference = compare_modes(Graph{{x}, {e}}, std::vector{Array::vector({0.3})}, options);
  ASSERT_TRUE(difference);
  EXPECT_EQ(difference->stage, "rewriting");
  EXPECT_EQ(difference->where.op, "sin");
}

// --- Bad values ---

std::string first_text(const Exprs& inputs, const Expr& e, const Arrays& at, const BadValueOptions& options = {}) {
  const auto bad = first_bad_value(Graph{inputs, {e}}, at, options);
  return bad ? to_string(*bad) : "";
}

TEST(BadValues, NameTheOpThePlaceTheElementAndTheInputs) {
  const Expr x = dvector("x");
  const Arrays at{Array::vector({1, 2, -1})};
  const auto bad = first_bad_value(Graph{{x}, {sum(exp(log(x) * 2.0))}}, at);
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->where.op, "log");
  EXPECT_EQ(bad->index, (std::vector<std::int64_t>{2}));
  EXPECT_EQ(bad->inputs[0].reals(), at[0].reals());
  expect_says(to_string(*bad), {"log made", "nan at [2]", "verification_test.cpp", "[1, 2, -1]"});
  EXPECT_EQ(first_text({x}, sum(exp(x)), at), "");
}

TEST(BadValues, AreThoseThatReachAnOutputUnlessAllAreAskedFor) {
  const Expr x = dvector("x");
  const Arrays at{Array::vector({0, 4})};
  const Expr masked = where(x > 0.0, log(x), 0.0);
  EXPECT_EQ(first_text({x}, sum(masked), at), "");
  expect_says(first_text({x}, sum(masked), at, {.all = true}), {"log made -inf at [0]"});
  // Another is bad, and the masked one is not what is named.
  expect_says(first_text({x}, masked + sqrt(x - 1.0), at), {"sqrt made"});
  // Element by element: the logarithm's bad element is not the one that is chosen.
  expect_says(first_text({x}, where(x > 0.0, log(x), 1.0 / x), at), {"div made inf at [0]"});
}

TEST(BadValues, LetInfinitiesBeThatAreMeant) {
  const Expr x = dvector("x");
  const Arrays at{Array::vector({0, 4})};
  EXPECT_EQ(first_text({x}, logsumexp(where(x > 0.0, x, -infinity)), at), "");
  EXPECT_EQ(first_text({x}, where(x > 9.0, x, -infinity), at), "");
  // But not a nan made of them, nor one that is given.
  expect_says(first_text({x}, where(x > 9.0, x, -infinity) - where(x > 9.0, x, -infinity), at), {"sub made"});
  expect_says(first_text({x}, exp(x), {Array::vector({1, std::nan("")})}), {"the value of 'x' is nan at [1]"});
}

TEST(BadValues, AreSwitchedOnOneByOne) {
  const Expr x = dscalar("x");
  const Arrays at{Array::scalar(800.0)};
  expect_says(first_text({x}, exp(x), at), {"exp made inf"});
  EXPECT_EQ(first_text({x}, exp(x), at, {.infinity = false}), "");
  expect_says(first_text({x}, exp(x) - exp(x), at, {.infinity = false}), {"sub made"});
  expect_says(first_text({x}, exp(x) * 2.0, at, {.nan = false}), {"exp made inf"});
  expect_says(first_text({x}, exp(0.1 * x), at, {.big = 1e10}), {"exp made"});
  EXPECT_EQ(first_text({x}, exp(0.1 * x), at), "");
}

TEST(BadValues, InLoopsCallsAndBranchesAreNamedWithTheStep) {
  const Expr x = dscalar("x"), p = dscalar("p");
  const Body body = close({{p}, {log(p) * 2.0}});
  const Expr looped =
      scan(
          [&](const Exprs& c, const Exprs&) {
            const Expr next = c[0] - 1.0;
            return ScanBody{{next},
                            {ifelse(
                                next > -5.0, [&] { return call(body, {next}); }, [&] { return Exprs{next}; })[0]}};
          },
          {x}, {}, 5)
          .outputs[0];
  const auto bad = first_bad_value(Graph{{x}, {sum(looped)}}, std::vector{Array::scalar(3.0)});
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->where.op, "log");
  ASSERT_EQ(bad->where.within.size(), 3u) << to_string(*bad);
  expect_says(bad->where.within[0], {"scan", "step 2"});
  expect_says(to_string(*bad), {"log made -inf", "in call", "in ifelse", "in scan", "step 2"});
}

TEST(BadValues, OfAGradientAreFoundToo) {
  const Expr x = dvector("x");
  const Expr g = grad(sum(sqrt(x)), x);
  expect_says(first_text({x}, g, {Array::vector({4, 0})}), {"div made inf at [1]"});
}

TEST(BadValues, OfAFunctionWithSharedVariables) {
  const SharedVariable w = shared(Array::vector({1, -1}), "w");
  const Expr x = dvector("x");
  const Function f = function({x}, sum(log(w * x)));
  expect_says(failure_of([&] { checked_call(f, std::vector{Array::vector({1, 1})}); }), {"log made"});
  w.variable();
  const Results fine = checked_call(f, std::vector{Array::vector({1, -1})}, {.compare = CompareOptions{}});
  EXPECT_EQ(static_cast<double>(fine), 0.0);
}

}  // namespace
}  // namespace leapgraph::symbolic
