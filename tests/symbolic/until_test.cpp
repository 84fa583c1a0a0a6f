/// Loops that end by themselves: how far they run, what they return, their derivatives; lengths that only the run
/// tells, in native code as in the interpreter.
#include "leapgraph/symbolic/function.hpp"
#include "symbolic/derivative_check.hpp"

namespace leapgraph::symbolic {
namespace {

Expr vector(const char* name, std::int64_t n = unknown) { return input({DType::float64, {n}}, name); }
Expr scalar(const char* name) { return input({DType::float64, {}}, name); }
Array whole(std::int64_t n) { return Array::scalar(n); }

/// Interpreter and compiled function, which must agree to rounding; several outputs in one function.
Arrays both(const Exprs& inputs, const Exprs& outputs, const Arrays& arguments, std::int64_t capacity = 1024) {
  const Arrays interpreted = interpret(Graph{inputs, outputs}, arguments);
  CompileOptions options;
  options.capacity = capacity;
  const Arrays native = function(inputs, outputs, options)(arguments);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(native[i].type(), interpreted[i].type());
    expect_reals(native[i], interpreted[i].reals());
  }
  return native;
}

/// x, factor x, factor^2 x, ... until it passes `limit`.
ScanResult growing(const Expr& x, const Expr& factor, const Expr& limit, std::optional<Operand> steps = std::nullopt) {
  return scan(
      [&](const Exprs& carry, const Exprs&) {
        const Expr next = carry[0] * factor;
        return ScanBody{{next}, {next, sqr(carry[0])}, next > limit};
      },
      {x}, {}, std::move(steps));
}

TEST(Until, CountsTheStepThatSaysStop) {
  const Expr x = scalar("x"), factor = scalar("factor"), limit = scalar("limit");
  const ScanResult r = growing(x, factor, limit, 1024);
  const Arrays values = both({x, factor, limit}, {r.outputs[0], r.outputs[1], r.carry[0], r.steps},
                             {Array::scalar(1.0), Array::scalar(2.0), Array::scalar(45.0)});
  expect_reals(values[0], {2, 4, 8, 16, 32, 64});
  expect_reals(values[1], {1, 4, 16, 64, 256, 1024});
  expect_reals(values[2], {64});
  EXPECT_EQ(values[3].integer(), 6);
  EXPECT_EQ(r.outputs[0].shape(), (Shape{unknown}));
}

TEST(Until, StopsAtTheNumberOfStepsOrTheEndOfASequence) {
  const Expr x = scalar("x"), s = vector("s", 4), n = lscalar("n");
  const auto loop = [&](std::optional<Operand> steps) {
    return scan(
        [&](const Exprs& carry, const Exprs& e) {
          const Expr next = carry[0] + e[0];
          return ScanBody{{next}, {next}, next > 100.0};
        },
        {x}, {s}, std::move(steps));
  };
  const Array numbers = Array::vector({1, 2, 98, 7});
  const ScanResult all = loop(std::nullopt), some = loop(n);
  expect_reals(both({x, s}, {all.outputs[0]}, {Array::scalar(0.0), numbers})[0], {1, 3, 101});
  expect_reals(both({x, s}, {all.outputs[0]}, {Array::scalar(-9.0), numbers})[0], {-8, -6, 92, 99});
  expect_reals(both({x, s, n}, {some.outputs[0]}, {Array::scalar(0.0), numbers, whole(2)})[0], {1, 3});
  const Arrays none =
      both({x, s, n}, {some.outputs[0], some.carry[0], some.steps}, {Array::scalar(0.5), numbers, whole(0)});
  EXPECT_EQ(none[0].shape(), (Shape{0}));
  expect_reals(none[1], {0.5});
  EXPECT_EQ(none[2].integer(), 0);
}

TEST(Until, DifferentiatesOverTheStepsThatWereDone) {
  const Expr x = scalar("x"), factor = scalar("factor"), z = vector("z", 30);
  const ScanResult r = scan(
      [&](const Exprs& carry, const Exprs& e) {
        const Expr next = carry[0] * factor + 0.1 * e[0];
        return ScanBody{{next, carry[1] + sqr(next)}, {next * e[0]}, next > 7.0};
      },
      {x, 0.0}, {z});
  const Exprs inputs{x, factor, z};
  const Arrays arguments{Array::scalar(0.4), Array::scalar(1.37), some_values({30})};
  expect_derivatives(inputs, {r.carry[0], r.carry[1], r.outputs[0]}, arguments, 1e-6);
  const Exprs slopes = grad(r.carry[1] + sum(r.outputs[0]), inputs);
  both(inputs, slopes, arguments);
}

TEST(Until, DifferentiatesNestedLoopsThatEndByThemselves) {
  const Expr x = scalar("x"), k = scalar("k");
  const ScanResult outer = scan(
      [&](const Exprs& carry, const Exprs&) {
        const ScanResult inner = growing(carry[0], k, constant(3.0), 50);
        return ScanBody{{0.2 * inner.carry[0] + 0.3 * carry[0]}, {inner.carry[0] + 0.1 * sum(inner.outputs[0])}};
      },
      {x}, {}, 4);
  const Exprs inputs{x, k};
  const Arrays arguments{Array::scalar(0.4), Array::scalar(1.41)};
  expect_derivatives(inputs, {outer.carry[0], outer.outputs[0]}, arguments, 1e-6);
  const Exprs slopes = grad(outer.carry[0] + sum(outer.outputs[0]), inputs);
  both(inputs, {outer.outputs[0], slopes[0], slopes[1]}, arguments);
}

TEST(Until, GrowsWithoutANumberOfSteps) {
  const Expr x = scalar("x"), factor = scalar("factor"), limit = scalar("limit");
  const ScanResult r = growing(x, factor, limit);
  const Exprs slopes = grad(r.carry[0] / 1e6, Exprs{x, factor});
  // 1386 steps: more than the first guess of 16 rows, and than its enlargements.
  const Arrays values = both({x, factor, limit}, {r.steps, sum(r.outputs[0]), slopes[0], slopes[1]},
                             {Array::scalar(1.0), Array::scalar(1.01), Array::scalar(1e6)}, 16);
  EXPECT_EQ(values[0].integer(), 1389);
  EXPECT_NEAR(values[2].real() * 1e6, std::pow(1.01, 1389), 1e-3);
}

TEST(Until, RefusesConditionsOfAnotherType) {
  const Expr x = scalar("x"), v = vector("v", 2);
  const auto loop = [&x](const Expr& condition) {
    return error_of([&] {
      scan([&](const Exprs& c, const Exprs&) { return ScanBody{c, {}, condition}; }, {x}, {}, 3);
    });
  };
  expect_says(loop(x), {"condition must be a boolean scalar, got float64", "until_test.cpp"});
  expect_says(loop(v > 0.0), {"condition must be a boolean scalar, got bool[2]"});
}

TEST(While, RunsAsLongAsItsConditionHolds) {
  // Newton's square root.
  const Expr a = scalar("a");
  const auto root = [&a](std::optional<Operand> cap) {
    return while_loop([&](const Exprs& c) { return abs(sqr(c[0]) - a) > 1e-12 * a; },
                      [&](const Exprs& c) { return Exprs{0.5 * (c[0] + a / c[0])}; }, {a}, std::move(cap));
  };
  const Exprs value{root(40).carry[0], root(40).steps, grad(root(40).carry[0], a)};
  const Arrays two = both({a}, value, {Array::scalar(2.0)});
  expect_reals(two[0], {std::sqrt(2.0)}, 1e-12);
  expect_reals(two[2], {0.5 / std::sqrt(2.0)}, 1e-6);
  const Arrays one = both({a}, {root(std::nullopt).carry[0], root(std::nullopt).steps}, {Array::scalar(1.0)});
  EXPECT_EQ(one[1].integer(), 0);  // the condition fails at once
}

TEST(While, IsAnErrorPastItsCap) {
  const Expr x = scalar("x"), n = lscalar("n");
  const ScanResult r =
      while_loop([](const Exprs& c) { return c[0] > 0.0; }, [](const Exprs& c) { return Exprs{c[0] - 1.0}; }, {x}, n);
  for (const auto target : {CompileOptions::Target::interpreter, CompileOptions::Target::automatic}) {
    const Function f = function({x, n}, {r.carry[0], r.steps}, {.target = target});
    EXPECT_EQ(f({Array::scalar(3.0), whole(3)})[1].integer(), 3);
    expect_says(error_of([&] {
                  f({Array::scalar(3.5), whole(3)});
                }),
                {"the loop did not stop within its 3 steps", "until_test.cpp"});
  }
  expect_says(
      error_of([&] { while_loop([](const Exprs& c) { return c[0]; }, [](const Exprs& c) { return c; }, {x}, 4); }),
      {"while_loop: the condition must be a boolean scalar, got float64"});
}

TEST(RunTimeLength, GivesStackedOutputsOfSoManyRows) {
  const Expr base = vector("base", 3), n = lscalar("n");
  const ScanResult powers = scan(
      [&](const Exprs& carry, const Exprs&) {
        const Expr next = carry[0] * base;
        return ScanBody{{next}, {next}};
      },
      {ones_like(base)}, {}, n);
  const Expr rows = powers.outputs[0];
  const Exprs outputs{rows,
                      sum(rows),
                      sum(rows, {0}),
                      max(rows, {0}),
                      exp(rows) - 1.0,
                      transpose(rows),
                      slice(rows, 0, {std::nullopt, std::nullopt, -1}),
                      slice(rows, 0, {1, std::nullopt}),
                      slice(rows, 0, {std::nullopt, -1}),
                      slice(rows, 0, {-2, std::nullopt}),
                      dot(rows, base),
                      dot(transpose(rows), rows),
                      concatenate({rows, rows, constant(Array::of<double>({1, 3}, {7, 8, 9}))}),
                      reshape(rows, {-1}),
                      cumsum(rows),
                      logsumexp(rows),
                      length(rows, 0) * 2,
                      stack({rows, 2.0 * rows})};
  for (const std::int64_t steps : {0, 1, 2, 5}) {
    SCOPED_TRACE(steps);
    if (steps > 0) both({base, n}, outputs, {Array::vector({2, 3, 0.5}), whole(steps)}, 4);
    const Exprs some{rows, sum(rows), sum(rows, {0}), slice(rows, 0, {1, std::nullopt})};
    both({base, n}, some, {Array::vector({2, 3, 0.5}), whole(steps)}, 4);
  }
  both({base, n}, {at(rows, -1), at(rows, 1)}, {Array::vector({2, 3, 0.5}), whole(2)});
}

TEST(RunTimeLength, DifferentiatesThroughThem) {
  const Expr base = vector("base", 3), n = lscalar("n"), s = vector("s", 6);
  const ScanResult r = scan(
      [&](const Exprs& carry, const Exprs& e) {
        const Expr next = carry[0] * base + e[0];
        return ScanBody{{next}, {tanh(next)}};
      },
      {ones_like(base)}, {s}, n);
  const Expr rows = r.outputs[0];
  const Expr cost = sum(sqr(rows)) + sum(slice(rows, 0, {1, std::nullopt}) * slice(rows, 0, {std::nullopt, -1})) +
                    sum(at(rows, -1)) + logsumexp(rows);
  const Exprs slopes = grad(cost, Exprs{base, s});
  for (const std::int64_t steps : {1, 4, 6})
    both({base, s, n}, {slopes[0], slopes[1]}, {Array::vector({0.4, 0.9, -0.5}), some_values({6}), whole(steps)}, 2);
}

TEST(RunTimeLength, IsCompiledForMoreRoomWhenItIsNeeded) {
  const Expr x = scalar("x"), n = lscalar("n");
  const ScanResult r = scan(
      [&](const Exprs& carry, const Exprs&) {
        const Expr next = carry[0] + x;
        return ScanBody{{next}, {next}};
      },
      {0.0}, {}, n);
  CompileOptions options;
  options.capacity = 4;
  const Graph graph{{x, n}, {r.outputs[0]}};
  const CompiledFunction f = compile(graph, options);
  EXPECT_EQ(f.outputs()[0].shape, (Shape{4}));
  EXPECT_EQ(f.extents(), (std::vector<std::vector<int>>{{0}}));
  if (!f.is_native()) GTEST_SKIP() << missing_compiler();
  // The raw call reports what it lacks.
  double step = 1;
  std::int64_t steps = 3, extent = -1;
  std::vector<double> out(4);
  std::vector<std::byte> work(static_cast<std::size_t>(f.workspace_bytes()) + 64);
  const void* in[] = {&step, &steps};
  void* results[] = {out.data()};
  RuntimeError error;
  const Runtime runtime{&error, &extent};
  EXPECT_EQ(f.call(in, results, work.data(), &runtime), 0);
  EXPECT_EQ(extent, 3);
  EXPECT_EQ(out[2], 3);
  steps = 100;
  EXPECT_NE(f.call(in, results, work.data(), &runtime), 0);
  expect_says(f.failure(error), {"100 steps are needed, the function was compiled for 4", "until_test.cpp"});
  EXPECT_EQ(f.larger(error).outputs()[0].shape, (Shape{128}));
  // The checked call sees to it.
  const Arrays arguments{Array::scalar(1.0), whole(100)};
  EXPECT_EQ(f(arguments)[0].shape(), (Shape{100}));
  EXPECT_EQ(f(arguments)[0].real(99), 100);
}

TEST(RunTimeLength, FailsAsTheInterpreterDoes) {
  const Expr x = scalar("x"), n = lscalar("n"), s = vector("s", 3), i = lscalar("i"), other = lscalar("other");
  const auto step = [&](const Exprs& carry, const Exprs& e) {
    const Expr next = carry[0] + (e.empty() ? x : e[0]);
    return ScanBody{{next}, {next}};
  };
  const ScanResult bare = scan(step, {0.0}, {}, n), along = scan(step, {0.0}, {s}, n);
  const ScanResult second = scan(step, {1.0}, {}, other);
  const ScanResult picking = scan(
      [&](const Exprs& carry, const Exprs&) {
        return ScanBody{{carry[0] + gather(s, cast(carry[0], DType::int64))}, {}};
      },
      {x}, {}, n);
  struct Case {
    const char* what;
    Expr output;
    std::int64_t n;
    std::string says;
  };
  const Case cases[] = {
      {"negative", bare.outputs[0], -3, "the number of steps must not be negative, got -3"},
      {"negative, no rows", bare.carry[0], -1, "the number of steps must not be negative, got -1"},
      {"short", along.outputs[0], 4, "a sequence has 3 elements, 4 steps were asked for"},
      {"short, no rows", along.carry[0], 9, "a sequence has 3 elements, 9 steps were asked for"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    for (const auto target : {CompileOptions::Target::interpreter, CompileOptions::Target::automatic}) {
      const Function f = function({x, s, n}, {c.output + 0.0 * x + 0.0 * sum(s)}, {.target = target});
      expect_says(error_of([&] { f({Array::scalar(1.0), some_values({3}), whole(c.n)}); }), {c.says, "until_test.cpp"});
    }
  }
  const Function outside = function({x, s, n}, picking.carry[0]);
  expect_says(error_of([&] {
                outside({Array::scalar(2.0), Array::vector({1, 1, 5}), whole(2)});
              }),
              {"position 7 is out of range: there are 3 rows", "until_test.cpp"});
  const Function meeting = function({x, n, other}, {bare.outputs[0] * second.outputs[0]});
  expect_reals(meeting({Array::scalar(1.0), whole(2), whole(2)})[0], {2, 6});
  EXPECT_NE(error_of([&] { meeting({Array::scalar(1.0), whole(2), whole(3)}); }), "");
}

}  // namespace
}  // namespace leapgraph::symbolic
