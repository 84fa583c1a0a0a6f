/// Calls of functions: arguments by position and by name, their conversion, defaults, results, givens, and what is said
/// about wrong ones.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/print.hpp"
#include "leapgraph/symbolic/verification.hpp"
#include "symbolic/errors.hpp"

namespace leapgraph::symbolic {
namespace {

void expect_says(const std::string& message, std::initializer_list<std::string> parts) {
  for (const std::string& part : parts) EXPECT_NE(message.find(part), std::string::npos) << message;
}

/// What does not depend on the target is tested without a compiler run.
constexpr CompileOptions interpreted{.target = CompileOptions::Target::interpreter};

class CallOf : public testing::TestWithParam<CompileOptions::Target> {
 protected:
  CompileOptions options() const { return {.target = GetParam()}; }
};
INSTANTIATE_TEST_SUITE_P(Targets, CallOf,
                         testing::Values(CompileOptions::Target::automatic, CompileOptions::Target::interpreter),
                         [](const auto& test) {
                           return test.param == CompileOptions::Target::automatic ? "native" : "interpreted";
                         });

TEST_P(CallOf, NumbersAndListsReadsAsMathematics) {
  const Expr x = dscalar("x"), y = dscalar("y");
  const Function f = function({x, y}, x + y, options());
  const double five = f(2, 3);
  EXPECT_EQ(five, 5);
  EXPECT_EQ(f(16.3, 12.1), 16.3 + 12.1);
  EXPECT_EQ(f(true, 2.5f), 3.5);
  const Expr a = dmatrix("a"), b = dmatrix("b");
  const Function g = function({a, b}, {a + b, a - b}, options());
  EXPECT_EQ(g({{1, 2}, {3, 4}}, {{10, 20}, {30, 40}})[0].reals(), (std::vector<double>{11, 22, 33, 44}));
  const std::vector<std::vector<double>> rows{{1, 1}, {1, 1}};
  const Results both = g(rows, Array::of<double>({2, 2}, {0, 1, 2, 3}));
  EXPECT_EQ(both.size(), 2u);
  EXPECT_EQ(both[1].reals(), (std::vector<double>{1, 0, -1, -2}));
  EXPECT_EQ(both[1].shape(), (Shape{2, 2}));
  std::ostringstream text;
  text << f(16.3, 12.1) << ' ' << both << ' ' << both[1];
  EXPECT_EQ(text.str(), "28.4 [[1, 2], [3, 4]], [[1, 0], [-1, -2]] [[1, 0], [-1, -2]]");
}

TEST_P(CallOf, DefaultsAndNamesAreFilledInAsInPython) {
  const Expr x = dscalar("x"), y = dscalar("y"), w = dscalar("w");
  const Function g = function({x, In(y, 1), In(w, 2, "w_by_name")}, (x + y) * w, options());
  EXPECT_EQ(g(33), 68);
  EXPECT_EQ(g(33, 2), 70);
  EXPECT_EQ(g(33, 0, 1), 33);
  EXPECT_EQ(g(33, arg("w_by_name") = 1), 34);
  EXPECT_EQ(g(33, arg("w_by_name") = 1, arg("y") = 0), 33);
  EXPECT_EQ(g(arg("w_by_name") = 1, arg("y") = 0, arg("x") = 5), 5);
  EXPECT_EQ(g(33, {}, 1), 34) << "left out by position";
  EXPECT_EQ(g(33), 68) << "what a call gave is gone with it";
  EXPECT_EQ(g.value("w_by_name").real(), 2);
  const Expr m = dmatrix("m");
  EXPECT_EQ(function(x, x * 2.0, options())(4), 8) << "one input without braces";
  const Function total = function({In(m, {{1, 2}, {3, 4}})}, sum(m), options());
  EXPECT_EQ(total(), 10);
  EXPECT_EQ(total(arg("m") = {{1, 2, 3}}), 6);
}

TEST(Call, SaysWhichArgumentIsMissingUnknownOrTooMuch) {
  const Expr a = dscalar("a"), b = dscalar("b");
  const Function f = function({a, b}, a + b, {.compile = interpreted, .name = "sums"});
  expect_says(message_of<MissingInput>([&] { f(1); }), {"function 'sums'", "input 1 'b' is not given"});
  expect_says(message_of<MissingInput>([&] { f(arg("b") = 1); }), {"input 0 'a'"});
  expect_says(message_of<GraphError>([&] { f(1, 2, 3); }), {"takes 2 arguments, got 3"});
  expect_says(message_of<GraphError>([&] { f(1, arg("a") = 3); }), {"input 0 'a' is given twice"});
  expect_says(message_of<GraphError>([&] { f(arg("b") = 3, arg("b") = 4); }), {"input 1 'b' is given twice"});
  expect_says(message_of<GraphError>([&] { f(1, arg("c") = 3); }), {"no input 'c'", "'a', 'b'"});
  expect_says(message_of<GraphError>([&] { f(arg("a") = 3, 1); }), {"argument 1 has no name"});
  expect_says(message_of<GraphError>([&] { f(1, arg("b") = Argument()); }), {"'b' is given without a value"});
  EXPECT_EQ(f(1, 2), 3) << "a failed call leaves nothing behind";
  const Function twins = function({a, In(b, 1, "a")}, a + b, interpreted);
  expect_says(message_of<GraphError>([&] { twins(arg("a") = 3); }), {"several inputs are called 'a'"});
}

TEST(Call, TakesManyArguments) {
  Exprs inputs;
  for (int i = 0; i < 14; ++i) inputs.push_back(dscalar("x" + std::to_string(i)));
  const auto of_first = [&](std::size_t n) {
    Expr total = inputs[0];
    for (std::size_t i = 1; i < n; ++i) total = total * 2.0 + inputs[i];
    return function(Exprs(inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(n)), total, interpreted);
  };
  EXPECT_EQ(of_first(4)(1, 0, 0, 1), 9);
  EXPECT_EQ(of_first(7)(1, 0, 0, 0, 0, 0, 1), 65);
  EXPECT_EQ(of_first(12)(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), 2049);
  std::vector<Argument> many(14, Argument(0));
  many[0] = 1, many[13] = 1.0;
  EXPECT_EQ(of_first(14)(many), 8193);
}

TEST(Arguments, AreConvertedWhereNothingIsLost) {
  const auto taken = [](DType dtype, const Argument& argument, std::optional<bool> downcast = {}) {
    const Expr x = input({dtype, Shape(argument.array().shape().size(), unknown)}, "x");
    return Array(function({x}, x, {.compile = interpreted, .allow_input_downcast = downcast})(argument));
  };
  EXPECT_EQ(taken(DType::float32, 0.5).dtype(), DType::float32);
  EXPECT_EQ(taken(DType::float32, {0.5, 2, 1e30f}).real(0), 0.5);
  EXPECT_EQ(taken(DType::int8, -128).integer(), -128);
  EXPECT_EQ(taken(DType::uint64, std::numeric_limits<std::uint64_t>::max()).integer(), -1);
  EXPECT_EQ(taken(DType::boolean, 1).dtype(), DType::boolean);
  EXPECT_EQ(taken(DType::int64, 3.0).integer(), 3) << "a whole number";
  EXPECT_TRUE(std::isnan(taken(DType::float32, std::nan("")).real()));
  EXPECT_EQ(taken(DType::float32, INFINITY).real(), INFINITY);
  EXPECT_EQ(taken(DType::float64, Array::of<float>({2}, {0.5f, 2})).reals(), (std::vector<double>{0.5, 2}));
  EXPECT_EQ(taken(DType::float64, Array::of<std::int64_t>({1}, {std::int64_t{1} << 60})).real(), std::ldexp(1, 60));
  EXPECT_EQ(taken(DType::int32, Array::of<std::uint8_t>({1}, {255})).integer(), 255);

  expect_says(message_of<DTypeError>([&] { taken(DType::int64, 1.5); }), {"input 0 'x'", "int64", "cannot hold 1.5"});
  expect_says(message_of<DTypeError>([&] { taken(DType::int32, std::int64_t{1} << 40); }), {"1099511627776"});
  expect_says(message_of<DTypeError>([&] { taken(DType::int64, {1, 2, 2.5}); }), {"2.5 (element 2)"});
  expect_says(message_of<DTypeError>([&] { taken(DType::int64, std::nan("")); }), {"nan"});
  expect_says(message_of<DTypeError>([&] { taken(DType::float32, 0.1); }), {"float32", "0.1"});
  expect_says(message_of<DTypeError>([&] { taken(DType::float64, (std::int64_t{1} << 53) + 1); }),
              {"9007199254740993"});
  expect_says(message_of<DTypeError>([&] { taken(DType::int64, 9.3e18); }), {"9.3e+18"});
  expect_says(message_of<DTypeError>([&] { taken(DType::uint8, -1); }), {"-1"});
  expect_says(message_of<DTypeError>([&] { taken(DType::int64, 18446744073709551615ULL); }), {"18446744073709551615"});
  expect_says(message_of<DTypeError>([&] { taken(DType::boolean, 2); }), {"2"});
  expect_says(message_of<DTypeError>([&] {
                taken(DType::float32, Array::vector({1, 2}));
              }),
              {"must be float32, got float64", "allow_input_downcast"});
  expect_says(message_of<DTypeError>([&] { taken(DType::int32, Array::of<std::int64_t>({1}, {1})); }), {"got int64"});
  expect_says(message_of<DTypeError>(
                  [&] { taken(DType::float64, Array::of<std::int64_t>({1}, {(std::int64_t{1} << 53) + 1})); }),
              {"9007199254740993"});

  EXPECT_EQ(taken(DType::int64, 1.5, true).integer(), 1);
  EXPECT_EQ(taken(DType::float32, Array::vector({0.1}), true).real(), static_cast<double>(0.1f));
  EXPECT_EQ(taken(DType::int16, 7, false).integer(), 7);
  EXPECT_EQ(taken(DType::float64, 7, false).real(), 7);
  message_of<DTypeError>([&] { taken(DType::float32, 0.5, false); });
  message_of<DTypeError>([&] { taken(DType::int64, 3.0, false); });
}

TEST(Inputs, KeepTheDefaultThatTheyWereGiven) {
  const Expr v = dvector("v");
  Array start = Array::vector({1, 2});
  const Function f = function({In(v, start)}, sum(v), interpreted);
  start.set(0, 100);
  EXPECT_EQ(f(), 3);
  In wrong(v);
  wrong.value = Array::scalar(1.0);
  expect_says(message_of<ShapeError>([&] { function({wrong}, v); }), {"'v' must be float64[?], got float64"});
  expect_says(message_of<DTypeError>([&] { In(lscalar("n"), 1.5); }), {"the default of 'n'", "1.5"});
}

TEST(Arguments, MayBeComplexWhereTheInputIs) {
  const Expr z = input({DType::complex128, {}}, "z"), v = input({DType::complex64, {unknown}}, "v"), x = dscalar("x");
  const std::complex<double> i(0, 1);
  for (const CompileOptions& options : {CompileOptions{}, interpreted}) {
    const Function square = function({z}, z * z, options), twice = function({v}, v + v, options);
    const std::complex<double> minus_one = square(i);
    EXPECT_EQ(minus_one, -1.0);
    EXPECT_EQ(std::complex<double>(square(3)[0].real()), 9.0);
    EXPECT_EQ(twice({1, 0.5 * i})[0].imaginary(1), 1);
    EXPECT_EQ(twice(std::vector<std::complex<float>>{{1, 2}})[0].imaginary(), 4);
    expect_says(message_of<DTypeError>([&] { std::ignore = double(square(i)); }), {"complex128 is not a real number"});
  }
  expect_says(message_of<DTypeError>([&] { function({x}, x, interpreted)(i); }), {"must be float64, got complex128"});
  expect_says(message_of<DTypeError>([&] { function({v}, v, interpreted)({0.1 * i}); }), {"complex64", "0+0.1i"});
}

TEST(Arguments, OfStrictInputsAreArraysOfTheirType) {
  const Expr x = dvector("x");
  In strict(x), rounded(x);
  strict.strict = true;
  rounded.allow_downcast = true;
  const Function f = function({strict}, x * 2.0, interpreted);
  EXPECT_EQ(f(Array::vector({1, 2}))[0].reals(), (std::vector<double>{2, 4}));
  expect_says(message_of<DTypeError>([&] { f({1.0, 2.0}); }), {"nothing but arrays of float64", "plain numbers"});
  message_of<DTypeError>([&] { f(Array::of<float>({1}, {1})); });
  EXPECT_EQ(function({rounded}, x * 2.0, interpreted)(Array::of<float>({1}, {1}))[0].real(), 2);
}

TEST(Arguments, MustHaveTheShapeOfTheirInput) {
  const Expr m = dmatrix("m"), fixed = input({DType::float64, {unknown, 3}}, "fixed");
  const Function f = function({m}, m, interpreted), g = function({fixed}, fixed, interpreted);
  expect_says(message_of<ShapeError>([&] { f(1.0); }), {"input 0 'm' must be float64[?, ?], got float64"});
  expect_says(message_of<ShapeError>([&] { f({1, 2}); }), {"got int64[2]"});
  expect_says(message_of<ShapeError>([&] { g({{1, 2}}); }), {"'fixed' must be float64[?, 3], got int64[1, 2]"});
  expect_says(message_of<ShapeError>([&] { f({{1, 2}, {3}}); }), {"must have one shape", "[2]", "[1]"});
  EXPECT_EQ(Array(f(Array(Type{DType::float64, {0, 2}}))).shape(), (Shape{0, 2}));
}

TEST_P(CallOf, NamedOutputsAreFoundByName) {
  const Expr x = dvector("x");
  const Function f = function({x}, {{"total", sum(x)}, {"twice", x * 2.0}}, options());
  const Results got = f({1, 2});
  EXPECT_EQ(double(got["total"]), 3);
  EXPECT_EQ(got["twice"].reals(), (std::vector<double>{2, 4}));
  EXPECT_EQ(f({5, 7})["total"], 12) << "of a temporary";
  EXPECT_EQ(got.names(), (std::vector<std::string>{"total", "twice"}));
  expect_says(message_of<IndexError>([&] { got["all"]; }), {"no result 'all'", "'total', 'twice'"});
  expect_says(message_of<IndexError>([&] { got[2]; }), {"no result 2", "has 2"});
  expect_says(message_of<IndexError>([&] { got[-1]; }), {"no result -1"});
  expect_says(message_of<GraphError>([&] { std::ignore = double(got); }), {"2 results"});
  expect_says(message_of<ShapeError>([&] { std::ignore = double(got[1]); }), {"float64[2] is not one number"});
  expect_says(message_of<GraphError>([&] {
                function({x}, {{"a", x}, {"a", sum(x)}}, interpreted);
              }),
              {"two outputs are called 'a'"});
}

TEST_P(CallOf, ScalarsOfAllTypesAreResults) {
  const Expr x = dscalar("x");
  Exprs casts;
  for (const DType dtype : {DType::boolean, DType::int8, DType::uint64, DType::float32})
    casts.push_back(cast(x, dtype));
  const Function few = function({x}, casts, options());
  casts.push_back(x);
  casts.push_back(cast(x, DType::int32));
  const Function many = function({x}, casts, options());
  for (const Function& f : {few, many}) {
    const Results got = f(3.0);
    ASSERT_EQ(got.size(), f.outputs().size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].type(), casts[i].type());
      EXPECT_EQ(double(got[i]), i == 0 ? 1 : 3);
    }
  }
  EXPECT_EQ(function({x}, cast(x, DType::int16), options())(-5), -5);
  EXPECT_EQ(function({}, Outputs(), options())().size(), 0u);
}

TEST_P(CallOf, ResultsBelongsToTheCaller) {
  const Expr x = dvector("x");
  const Function f = function({x}, {x, x, x + 1.0}, options());
  Array argument = Array::vector({1, 2});
  Results first = f(argument);
  std::vector<Array> kept = first;
  first = Results();
  const Results second = f({5, 6});
  argument.data<double>()[0] = 9;
  EXPECT_EQ(kept[0].reals(), (std::vector<double>{1, 2}));
  EXPECT_EQ(kept[2].reals(), (std::vector<double>{2, 3}));
  kept[0].set(0, 100);
  EXPECT_EQ(kept[1].real(), 1) << "outputs do not share memory";
  EXPECT_EQ(second[0].reals(), (std::vector<double>{5, 6}));
  EXPECT_EQ(f(f({1, 2})[2])[2].reals(), (std::vector<double>{3, 4})) << "results are arguments";
  const Function one = function({x}, x + 1.0, options());
  EXPECT_EQ(one(one(one({0})))[0].real(), 3);
}

TEST(Call, WithoutAnyThreadOfItsOwnMayBeMadeFromInsideACall) {
  // A frame that is in use is not taken by a call inside the call.
  const Expr x = dscalar("x");
  const Function inner = function({x}, x * 3.0);
  const Function copy_of_handle = inner;
  EXPECT_EQ(inner(copy_of_handle(inner(1))), 27);
}

TEST_P(CallOf, NumbersOnlyFailsAndGrowsAsOthersDo) {
  // Such calls go a shorter way from the second on.
  const Expr n = lscalar("n"), x = dscalar("x");
  const ScanResult r = scan(
      [&](const Exprs& carry, const Exprs&) {
        return ScanBody{{carry[0] + x}, {carry[0] * 2.0}};
      },
      {0.0}, {}, n);
  const Function f = function({n, x}, {r.carry[0], sum(sqr(r.outputs[0]))}, options());
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(f(4, 1)[0], 4);
    EXPECT_EQ(f(4, 1)[1], 4 * (0 + 1 + 4 + 9));
    expect_says(message_of<NegativeLength>([&] { f(-1 - round, 1); }), {"got -", "calls_test.cpp"});
    message_of<DTypeError>([&] { f(1.5, 1); });
    EXPECT_EQ(f(3000 * (round + 1), 1)[0], 3000 * (round + 1)) << "more steps than there was room for";
  }
}

TEST(Givens, ReplaceVariablesAndExpressionsBeforeAnythingElse) {
  const Expr x = dscalar("x"), y = dscalar("y"), z = dscalar("z");
  const Expr square = x * x;
  const auto value = [&](const Expr& e, const Givens& givens, const Exprs& inputs, std::vector<Argument> arguments) {
    return double(function(inputs, e, {.compile = interpreted, .givens = givens})(arguments));
  };
  EXPECT_EQ(value(x * 2.0, {{x, y + 1.0}}, {y}, {3}), 8);
  EXPECT_EQ(value(x * 2.0, {{x, 21}}, {}, {}), 42) << "a plain number has the type of the variable";
  EXPECT_EQ(value(square + y, {{square, y * 10.0}}, {y}, {3}), 33) << "any expression";
  EXPECT_EQ(value(square + x, {{square, y}}, {x, y}, {2, 100}), 102) << "what is in it stays elsewhere";
  EXPECT_EQ(value(x + y, {{x, y * 2.0}, {y, z + 1.0}}, {z}, {1}), 6) << "givens in givens, in either order";
  EXPECT_EQ(value(x + y, {{y, z + 1.0}, {x, y * 2.0}}, {z}, {1}), 6);
  EXPECT_EQ(value(exp(log(x)), {{log(x), y}}, {y}, {0}), 1);
  EXPECT_EQ(value(x + 1.0, {{x, y}, {x, y}}, {y}, {1}), 2) << "the same thing said twice";
  EXPECT_EQ(value(x + 1.0, {{z, y}}, {x}, {1}), 2) << "what does not occur";
}

TEST(Givens, ThatContradictEachOtherOrGoInACircleAreRefused) {
  const Expr x = dscalar("x"), y = dscalar("y"), n = lscalar("n"), v = dvector("v");
  const auto refusal = [&](const Givens& givens) {
    return message_of<UpdateError>([&] { function({}, x + y, {.compile = interpreted, .givens = givens}); });
  };
  expect_says(refusal({{x, 1.0}, {x, 2.0}}), {"two different givens for 'x'"});
  expect_says(refusal({{x, y + 1.0}, {y, x + 1.0}}), {"go in a circle", "'x'"});
  expect_says(refusal({{x, x + 1.0}}), {"go in a circle"});
  expect_says(refusal({{x, n}}), {"the given for 'x'", "must be float64, got int64"});
  expect_says(refusal({{x, v}}), {"must be float64, got float64[?]"});
  expect_says(refusal({{n, 1.5}}), {"int64", "1.5"});
  expect_says(refusal({{Expr(), 1.5}}), {"empty"});
  expect_says(refusal({{x, Expr()}}), {"empty"});
}

TEST(Givens, MakeChainsOfAnyDepth) {
  const Expr x = dscalar("x"), y = dscalar("y");
  Expr deep = x;
  for (int i = 0; i < 100000; ++i) deep = deep + 1.0;
  const Function f = function(
      {y}, deep,
      {.compile = {.target = CompileOptions::Target::interpreter, .as_written = true}, .givens = {{x, y * 2.0}}});
  EXPECT_EQ(f(1), 100002);
}

TEST(Inputs, ThatAreMissingAreNamedWithTheirPlacesAndUsers) {
  const Expr x = dscalar("x"), y = dscalar("forgotten");
  const std::string message = message_of<MissingInput>([&] { function({x}, exp(x) * y); });
  expect_says(message, {"'forgotten' (made at ", "calls_test.cpp", "is needed by mul (made at "});
  expect_says(message_of<MissingInput>([&] { function({x}, {x, y}, interpreted); }), {"is an output itself"});
  expect_says(message_of<MissingInput>([&] { function({x}, {x, dscalar("") + 1.0}); }), {"a float64 variable"});
}

TEST(Inputs, ThatAreNotUsedAreRefusedUnlessTheyMayBe) {
  const Expr x = dscalar("x"), y = dscalar("y");
  expect_says(message_of<UnusedInput>([&] {
                function({x, y}, x + 1.0);
              }),
              {"input 1, 'y' (made at ", "calls_test.cpp"});
  message_of<UnusedInput>([&] { function({x}, {}); });
  const Function f = function({x, y}, x + 1.0, {.compile = interpreted, .on_unused_input = OnUnusedInput::ignore});
  EXPECT_EQ(f(1, 2), 2);
  std::vector<std::string> warnings;
  function({x, y}, x + 1.0, {.compile = interpreted, .on_unused_input = OnUnusedInput::warn, .warn = [&](auto& text) {
                               warnings.push_back(text);
                             }});
  ASSERT_EQ(warnings.size(), 1u);
  expect_says(warnings[0], {"input 1, 'y'"});
}

TEST(MovedFrom, HandlesStayWhatTheyWereAndExpressionsAreRefused) {
  const Expr x = dscalar("x");
  Function f = function({x}, 2 * x, interpreted), g = std::move(f);
  EXPECT_EQ(f(1), g(1));
  SharedVariable s = shared(1.0, "s"), t = std::move(s);
  s.set_value(3);
  EXPECT_EQ(t.get_value(), 3);
  Expr e = x + 1;
  const Expr kept = std::move(e);
  Array array = Array::scalar(1.0);
  const Array taken = std::move(array);
  const std::function<void()> uses[] = {[&] { pp(e); },
                                        [&] { e.type(); },
                                        [&] { e.op(); },
                                        [&] { sum(e); },
                                        [&] {
                                          stack({e, kept});
                                        },
                                        [&] { grad(e, x); },
                                        [&] { jacobian(e, x); },
                                        [&] { function({x}, e); },
                                        [&] { check_grad({x}, {e}, std::vector{taken}); },
                                        [&] {
                                          ifelse(
                                              kept > 0, [&] { return Exprs{e}; }, [&] { return Exprs{kept}; });
                                        },
                                        [&] { g(array); },
                                        [&] { array.real(); }};
  for (const auto& use : uses) message_of<GraphError>(use);
}

TEST(Eval, GivesTheValueOfAnExpression) {
  const Expr x = dscalar("x"), y = dscalar("y"), v = dvector("v");
  EXPECT_EQ(eval(x + y, {{x, 2.0}, {y, 3.0}}), 5);
  EXPECT_EQ(eval(x + y, {{y, 3}, {x, 20}}), 23) << "in any order";
  EXPECT_EQ(eval(sum(v), {{v, {1, 2, 3}}}), 6);
  EXPECT_EQ(eval(sum(v), {{v, {1, 2, 3, 4}}}), 10);
  EXPECT_EQ(eval(constant(2.0) * 3.0), 6);
  const std::vector<std::pair<Expr, Argument>> values{{x, 4}, {y, 5}};
  EXPECT_EQ(eval(x + y, values), 9);
  expect_says(message_of<MissingInput>([&] { eval(x + y, {{x, 2.0}}); }), {"'y'"});
  expect_says(message_of<UnusedInput>([&] { eval(x + 1.0, {{x, 2.0}, {y, 1}}); }), {"'y'"});
  for (int i = 0; i < 150; ++i) {
    const Expr own = dscalar("own");
    ASSERT_EQ(eval(own + 1.0, {{own, i}}), i + 1) << "more than are kept";
  }
}

TEST(OutputSubset, ComputesWhatIsAskedFor) {
  const Expr x = dscalar("x");
  const Function f = function({x}, {{"a", x + 1.0}, {"b", x * 2.0}, {"c", x * 3.0}}, interpreted);
  const Results part = f.output_subset({2, 0})(10);
  ASSERT_EQ(part.size(), 2u);
  EXPECT_EQ(part[0], 30);
  EXPECT_EQ(part["a"], 11);
  expect_says(message_of<IndexError>([&] { f.output_subset({3}); }), {"no output 3", "has 3"});
}

}  // namespace
}  // namespace leapgraph::symbolic
