/// Assertions, printing, and branches of which one runs; derivatives of what indexing.hpp, shaping.hpp and sorting.hpp
/// build; the errors that indices and lengths become.
#include "leapgraph/symbolic/effects.hpp"

#include "leapgraph/symbolic/complex.hpp"
#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/sorting.hpp"
#include "symbolic/derivative_check.hpp"
#include "symbolic/errors.hpp"

namespace leapgraph::symbolic {
namespace {

CompileOptions native() {
  CompileOptions options;
  options.target = CompileOptions::Target::native;
  options.cache = false;
  return options;
}
CompileOptions interpreted() {
  CompileOptions options;
  options.target = CompileOptions::Target::interpreter;
  return options;
}

/// Both ways of running a function, where there are both.
std::vector<CompileOptions> ways() {
  if (!missing_compiler().empty()) return {interpreted()};
  return {interpreted(), native()};
}

Array whole(std::int64_t n) { return Array::scalar(n); }

TEST(Assert, FailsTheCallWithItsMessageWhereverTheResultIsUsed) {
  const Expr x = dvector("x"), y = dscalar("y");
  const Expr positive = assert_op(x, {x > 0.0, y < 10.0}, "x must be positive");
  for (const CompileOptions& way : ways()) {
    const Function f = function({x, y}, {sum(positive) * 2.0}, way);
    expect_reals(f({Array::vector({1, 2}), Array::scalar(1.0)})[0], {6});
    expect_says(message_of<AssertionFailed>([&] {
                  f({Array::vector({1, -2}), Array::scalar(1.0)});
                }),
                {"x must be positive (element 1)", "effects_test.cpp"});
    const std::string scalar = message_of<AssertionFailed>([&] { f({Array::vector({1, 2}), Array::scalar(11.0)}); });
    expect_says(scalar, {"x must be positive (made at"});
  }
}

TEST(Assert, StaysInGradientsAndIsNotDroppedForAConstantCondition) {
  const Expr x = dscalar("x");
  const Expr checked = assert_op(x, {x > 0.0}, "negative");
  for (const CompileOptions& way : ways()) {
    const Function f = function({x}, {grad(sqr(checked), x)}, way);
    expect_reals(f({Array::scalar(3.0)})[0], {6});
    expect_says(message_of<AssertionFailed>([&] { f({Array::scalar(-3.0)}); }), {"negative"});
    const Function never = function({x}, {raise_op(x, "not implemented here")}, way);
    expect_says(message_of<AssertionFailed>([&] { never({Array::scalar(1.0)}); }), {"not implemented here"});
  }
}

TEST(Assert, LooksAtWhatARunTimeLengthMeans) {
  const Expr x = dvector("x"), n = lscalar("n");
  const Expr part = index(x, {range(None, n)});
  for (const CompileOptions& way : ways()) {
    const Function f = function({x, n}, {sum(assert_op(part, {part > 0.0}, "sign"))}, way);
    expect_reals(f({Array::vector({1, 2, -3}), whole(2)})[0], {3});
    expect_says(message_of<AssertionFailed>([&] { f({Array::vector({1, 2, -3}), whole(3)}); }), {"sign (element 2)"});
  }
}

TEST(Print, WritesTheValueEachTimeItIsComputed) {
  const Expr x = dvector("x"), i = lscalar("i");
  const Expr shown = print_op(x, "x is");
  for (const CompileOptions& way : ways()) {
    const Function f = function({x, i}, {sum(shown), grad(sum(sqr(shown)), x), print_op(i)}, way);
    testing::internal::CaptureStderr();
    expect_reals(f({Array::vector({1, 0.1, -2e30}), whole(-7)})[0], {-2e30});
    f({Array::vector({}), whole(1)});
    const std::string text = testing::internal::GetCapturedStderr();
    for (const char* line : {"x is __str__ = [1.0 0.1 -2e+30]\n", "__str__ = -7\n", "x is __str__ = []\n"}) {
      const auto first = text.find(line);
      EXPECT_NE(first, std::string::npos) << text;
      EXPECT_EQ(text.find(line, first + 1), std::string::npos) << "printed twice:\n" << text;
    }
  }
}

TEST(Print, AndAssertionsActInEveryStepOfALoop) {
  const Expr x = dvector("x");
  const ScanResult loop = scan(
      [](const Exprs& carry, const Exprs& row) {
        const Expr next = carry[0] + assert_op(print_op(row[0], "row"), {row[0] < 5.0}, "too large");
        return ScanBody{{next}, {}};
      },
      {constant(0.0)}, {x});
  for (const CompileOptions& way : ways()) {
    const Function f = function({x}, {loop.carry[0]}, way);
    testing::internal::CaptureStderr();
    expect_reals(f({Array::vector({1, 2, 4})})[0], {7});
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "row __str__ = 1.0\nrow __str__ = 2.0\nrow __str__ = 4.0\n");
    testing::internal::CaptureStderr();
    expect_says(message_of<AssertionFailed>([&] { f({Array::vector({1, 6, 4})}); }), {"too large"});
    EXPECT_EQ(testing::internal::GetCapturedStderr().find("4.0"), std::string::npos);
  }
}

TEST(Print, ShowsMatricesOfEveryElementType) {
  Exprs outputs;
  for (const DTypeInfo& row : all_dtypes())
    outputs.push_back(print_op(cast(constant(matrix({2, 1}, {0, 1})), row.dtype), std::string(row.name)));
  outputs.push_back(print_op(complex(constant(Array::vector({1, -2})), constant(-0.5)), "z"));
  for (const CompileOptions& way : ways()) {
    testing::internal::CaptureStderr();
    function({}, outputs, way)({});
    const std::string text = testing::internal::GetCapturedStderr();
    expect_says(text, {"bool __str__ = [[False] [True]]", "int8 __str__ = [[0] [1]]", "uint64 __str__ = [[0] [1]]",
                       "float16 __str__ = [[0.0] [1.0]]", "float32 __str__ = [[0.0] [1.0]]",
                       "float64 __str__ = [[0.0] [1.0]]", "complex64 __str__ = [[0.0+0.0j] [1.0+0.0j]]",
                       "complex128 __str__ = [[0.0+0.0j] [1.0+0.0j]]", "z __str__ = [1.0-0.5j -2.0-0.5j]"});
  }
}

TEST(IfElse, RunsOneSideOnlyAndNeitherFailsNorPrintsOnTheOther) {
  const Expr x = dvector("x"), c = dscalar("c"), i = lscalar("i");
  // What only one side needs is computed there, wherever it was written.
  const Expr chosen =
      ifelse(c > 0.0, sum(print_op(x, "taken")), at(assert_op(x, {x > 0.0}, "not taken"), 0) * gather(x, i));
  EXPECT_EQ(ifelse(c > 0.0, 1, c).dtype(), DType::float64);
  for (const CompileOptions& way : ways()) {
    const Function f = function({x, c, i}, {chosen, grad(chosen, x)}, way);
    testing::internal::CaptureStderr();
    const Arrays got = f({Array::vector({-1, 2}), Array::scalar(1.0), whole(99)});
    const std::string text = testing::internal::GetCapturedStderr();
    EXPECT_NE(text.find("taken __str__ = [-1.0 2.0]"), std::string::npos) << text;
    expect_reals(got[0], {1});
    expect_reals(got[1], {1, 1});
    testing::internal::CaptureStderr();
    expect_says(message_of<AssertionFailed>([&] {
                  f({Array::vector({-1, 2}), Array::scalar(-1.0), whole(0)});
                }),
                {"not taken"});
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    expect_reals(f({Array::vector({3, 2}), Array::scalar(-1.0), whole(1)})[1], {2, 3});
    EXPECT_NE(message_of<IndexError>([&] { f({Array::vector({3, 2}), Array::scalar(-1.0), whole(2)}); }), "");
  }
}

TEST(Indices, ThatAreOutOfRangeAreIndexErrorsWithPositionAxisAndPlace) {
  const Expr x = input({DType::float64, {3, 4}}, "x"), open = dmatrix("open"), i = lscalar("i"), j = lvector("j");
  expect_says(message_of<IndexError>([&] {
                index(x, {_, 4});
              }),
              {"axis 1: position 4 does not exist along an axis of length 4", "effects_test.cpp"});
  expect_says(message_of<IndexError>([&] { index(x, {-4}); }), {"axis 0: position -4", "length 3"});
  expect_says(message_of<IndexError>([&] {
                index(x, {std::vector<int>{0, 3}, _});
              }),
              {"axis 0: position 3", "length 3"});
  expect_says(message_of<IndexError>([&] { index(x, {0, 0, 0}); }), {"3 axes are indexed", "float64[3, 4]"});
  expect_says(message_of<IndexError>([&] { index(x, {ellipsis, ellipsis}); }), {"only one ellipsis"});
  expect_says(message_of<IndexError>([&] {
                index(x, {std::vector<bool>{true, false}});
              }),
              {"a boolean index has length 2 along axis 0 of length 3"});
  expect_says(message_of<IndexError>([&] { index(x, {range(0, 2, 0)}); }), {"step"});
  expect_says(message_of<DTypeError>([&] { index(x, {x}); }), {"must be integers or booleans, got float64[3, 4]"});
  expect_says(message_of<DTypeError>([&] { set_subtensor(index(cast(x, DType::int64), {0}), 0.5); }), {"do not fit"});
  expect_says(message_of<ShapeError>([&] {
                set_subtensor(index(x, {0}), dvector("v") * constant(Array::vector({1, 2, 3})));
              }),
              {"does not stretch"});
  expect_says(message_of<GraphError>([&] { set_subtensor(x + 1.0, 0.0); }), {"must be a part of a tensor"});
  const Array m(Type{DType::float64, {3, 4}});
  for (const CompileOptions& way : ways()) {
    const Function f = function({open, i, j}, {index(open, {_, i}), index(open, {j, i}), index(open, {-2})}, way);
    const auto call = [&](std::int64_t at_i, std::vector<std::int64_t> at_j, const Array& a) {
      return message_of<IndexError>([&] { f({a, whole(at_i), integers({2}, at_j)}); });
    };
    EXPECT_NO_THROW(f({m, whole(-4), integers({2}, {0, -3})}));
    expect_says(call(4, {0, 1}, m),
                {"axis 1: position 4 does not exist along an axis of length 4", "effects_test.cpp"});
    expect_says(call(-5, {0, 1}, m), {"axis 1: position -5", "length 4"});
    expect_says(call(0, {0, 3}, m), {"axis 0: position 3", "length 3"});
    expect_says(call(0, {0, -4}, m), {"axis 0: position -4", "length 3"});
    expect_says(call(0, {0, 0}, Array(Type{DType::float64, {1, 4}})), {"-2", "length 1"});
    const Function set =
        function({open, j, i}, {set_subtensor(index(open, {j, i}), 1.0), inc_subtensor(index(open, {j}), 1.0)}, way);
    expect_says(message_of<IndexError>([&] { set({m, integers({1}, {7}), whole(0)}); }), {"position 7", "length 3"});
  }
}

TEST(Lengths, ThatAreNegativeOrDoNotFitAreErrorsOfTheirOwn) {
  const Expr n = lscalar("n"), v = dvector("v");
  EXPECT_NE(message_of<NegativeLength>([] { zeros({2, -3}); }), "");
  EXPECT_NE(message_of<NegativeLength>([] { tile(constant(1.0), -1); }), "");
  expect_says(message_of<DTypeError>([&] { zeros({v}); }), {"must be an integer scalar, got float64[?]"});
  expect_says(message_of<ShapeError>([&] { reshape(v, {-1, n, -1}); }), {"only one length may be inferred"});
  expect_says(message_of<ShapeError>([&] {
                split(constant(Array::vector({1, 2, 3})), {1, 1});
              }),
              {"add up to 2", "length 3"});
  for (const CompileOptions& way : ways()) {
    const Function f = function({n, v}, {zeros({n, 2}), specify_shape(v, {3})}, way);
    EXPECT_EQ(f({whole(0), Array::vector({1, 2, 3})})[0].shape(), (Shape{0, 2}));
    EXPECT_EQ(f({whole(5000), Array::vector({1, 2, 3})})[0].shape(), (Shape{5000, 2}));
    expect_says(message_of<NegativeLength>([&] { f({whole(-2), Array::vector({1, 2, 3})}); }), {"got -2"});
    EXPECT_NE(message_of<ShapeError>([&] { f({whole(1), Array::vector({1, 2})}); }), "");
    const Function r = function({n, v}, {reshape(v, {n, -1})}, way);
    EXPECT_EQ(r({whole(2), Array::vector({1, 2, 3, 4})})[0].shape(), (Shape{2, 2}));
    EXPECT_NE(message_of<ShapeError>([&] { r({whole(3), Array::vector({1, 2, 3, 4})}); }), "");
  }
}

TEST(Shaping, HasTheRightDerivatives) {
  const Expr x = dmatrix("x"), v = dvector("v"), n = lscalar("n"), i = lvector("i");
  const Expr m = index(v, {v > 0.4});
  expect_derivatives({x, v, n, i},
                     {index(x, {range(n, None, -1), range(None, None, 2)}), index(x, {i, n}), m * sum(m),
                      index(x, {newaxis, ellipsis, -1}), set_subtensor(index(x, {i}), v),
                      set_subtensor(index(x, {_, n}), sqr(index(x, {_, 0}))),
                      inc_subtensor(index(x, {i, range(0, 2)}), index(v, {range(0, 2)})),
                      set_subtensor(index(x, {x > 0.5}), 2.0), inc_subtensor(index(x, {x > 0.5}), at(v, 0) * at(v, 1))},
                     {some_values({3, 4}), some_values({4}), whole(1), integers({3}, {2, 0, 2})});
  expect_derivatives({x, v, n},
                     {tile(x, {2, n}), repeat(x, n, 1), roll(x, n, 1), pad(x, {{1, 2}}, Border::reflect),
                      pad(v, {{n, 1}}), pad(v, {{2, 2}}, Border::mean), diag(v, 1), diagonal(x, n), trace(x), tril(x),
                      flip(x), stacklists({{at(v, 0)}, {at(v, 1)}}), alloc(v, {n, 4}), linspace(at(v, 0), at(v, 1), 3),
                      reshape(x, {n, -1}), fill_diagonal(x, at(v, 2)),
                      take_along_axis(x, constant(integers({3, 2}, {1, 0, 3, 3, 2, 1})), 1), diff(x), trapezoid(x)},
                     {some_values({3, 4}), some_values({4}), whole(2)});
}

TEST(Shaping, HasTheSameDerivativesInNativeCodeForLengthsThatValuesTell) {
  if (!missing_compiler().empty()) GTEST_SKIP() << missing_compiler();
  const Expr x = dmatrix("x"), v = dvector("v"), n = lscalar("n");
  const Expr m = index(v, {v > 0.4}), part = index(x, {range(None, n), range(n, None, -1)});
  const Expr cost =
      mixed({m * sum(m), sort(m), cumsum(m), part * 2.0, tile(m, 2), pad(m, {{1, 1}}, Border::edge), diag(m),
             outer(m, v), set_subtensor(index(v, {v > 0.4}), exp(m)), inc_subtensor(part, sqr(part)), repeat(m, n),
             softmax(m), reshape(outer(m, v), {-1}), concatenate({m, v}), index(m, {range(None, None, 2)}),
             linspace(at(v, 0), 2.0, n), interp(v, constant(Array::vector({-2, 0, 0.5, 3})), at(x, 0)), topk(m, 2)});
  const Exprs outputs{cost, grad(cost, x), grad(cost, v)};
  const Arrays arguments{some_values({3, 4}), some_values({5}), whole(2)};
  const Arrays want = interpret(Graph{{x, v, n}, outputs}, arguments);
  const auto got = function({x, v, n}, outputs, native())(arguments);
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(got[i].shape(), want[i].shape());
    expect_reals(got[i], want[i].reals());
  }
}

TEST(Sorting, HasTheRightDerivatives) {
  const Expr x = dmatrix("x"), v = dvector("v");
  expect_derivatives({x, v},
                     {sort(x) * 2.0, sort(x, 0), topk(v, 2), sort(v, std::nullopt),
                      interp(v, constant(Array::vector({-2, 0, 0.5, 3})), at(x, 0)),
                      bincount(constant(integers({4}, {1, 0, 1, 3})), v)},
                     {some_values({3, 4}), some_values({4})});
}

TEST(Cumulative, HasTheRightDerivativesAtZeros) {
  const Expr v = dvector("v"), x = dmatrix("x");
  expect_derivatives({v, x}, {cumprod(v), cumprod(x, 1), cummax(x), cumsum(x, 1)},
                     {Array::vector({2, 0, 3, 0, -1}), some_values({2, 3})});
}

}  // namespace
}  // namespace leapgraph::symbolic
