/// Buffers: tensors whose rows are written by an index, alone and as the carries of loops, where they are written in
/// place.
#include <chrono>
#include <functional>

#include "leapgraph/symbolic/function.hpp"
#include "symbolic/derivative_check.hpp"

namespace leapgraph::symbolic {
namespace {

Expr vector(const char* name, std::int64_t n) { return input({DType::float64, {n}}, name); }
Expr scalar(const char* name) { return input({DType::float64, {}}, name); }

// --- The ops ---

TEST(SetRows, KeepsTheLastOfRowsNamedTwice) {
  const Expr x = vector("x", 4);
  const Expr y = set_rows(x, constant(integers({3}, {2, 0, 2})), constant(Array::vector({7, 8, 9})));
  expect_reals(value_of({x}, y, {Array::vector({1, 2, 3, 4})}), {8, 2, 9, 4});
}

TEST(AddRows, AddsBothOfRowsNamedTwice) {
  const Expr x = vector("x", 4);
  const Expr y = add_rows(x, constant(integers({3}, {2, 0, 2})), constant(Array::vector({7, 8, 9})));
  expect_reals(value_of({x}, y, {Array::vector({1, 2, 3, 4})}), {9, 2, 19, 4});
}

TEST(SetRows, StretchesValuesAndTakesTheElementTypeOfTheTensor) {
  const Expr x = input({DType::int64, {3, 2}}, "x");
  expect_reals(value_of({x}, set_rows(x, 1, 5), {integers({3, 2}, {1, 2, 3, 4, 5, 6})}), {1, 2, 5, 5, 5, 6});
  EXPECT_EQ(set_rows(vector("v", 3), 0, 1).dtype(), DType::float64);
}

TEST(SetRows, LeavesTheArgumentAlone) {
  const Expr x = vector("x", 2);
  const Array argument = Array::vector({1, 2});
  expect_reals(value_of({x}, set_rows(x, 0, 5.0) + x, {argument}), {6, 4});
  expect_reals(argument, {1, 2});
}

TEST(SetRows, DifferentiatesWhereRowsMeet) {
  const Expr x = vector("x", 4), v = vector("v", 3), rows = lvector("rows");
  for (const Expr& index : {rows, constant(integers({3}, {2, 0, 2}))})
    expect_derivatives({x, v, rows}, {set_rows(sqr(x), index, v * v), add_rows(sqr(x), index, v * v)},
                       {some_values({4}), some_values({3}, 1.2), integers({3}, {2, 0, 2})});
}

TEST(SetRows, SaysWhatIsWrong) {
  const Expr x = vector("x", 3), m = input({DType::float64, {3, 2}}, "m");
  expect_says(error_of([&] { set_rows(x, 3, 0.0); }), {"set_rows: position 3", "length 3"});
  expect_says(error_of([&] { add_rows(x, constant(integers({2}, {0, -1})), 0.0); }), {"add_rows: position -1"});
  expect_says(error_of([&] { set_rows(x, 0.5, 0.0); }), {"the index must be of integers"});
  expect_says(error_of([&] { set_rows(m, 0, constant(Array::vector({1, 2, 3}))); }), {"[3]", "[2]"});
  expect_says(error_of([&] { set_rows(scalar("s"), 0, 0.0); }), {"a scalar has no rows"});
  expect_says(error_of([&] { set_rows(input({DType::int64, {3}}, "i"), 0, scalar("s")); }), {"float64", "int64[3]"});
  expect_says(error_of([&] { add_rows(input({DType::boolean, {3}}, "b"), 0, true); }), {"booleans cannot be added"});
  const Expr row = lscalar("row");
  expect_says(error_of([&] {
                value_of({x, row}, set_rows(x, row, 0.0), {Array::vector({1, 2, 3}), Array::scalar(std::int64_t{3})});
              }),
              {"set_rows(x: float64[3], row: int64, 0: float64): position 3"});
}

TEST(SetRows, ReportsARunTimeRowThatDoesNotExist) {
  const Expr x = vector("x", 3), row = lscalar("row");
  for (const Expr& y : {set_rows(x, row, 0.0), add_rows(x, row, 1.0)}) {
    const Function f = function({x, row}, y);
    EXPECT_EQ(f({Array::vector({1, 2, 3}), Array::scalar(std::int64_t{2})})[0].size(), 3);
    expect_says(error_of([&] { f({Array::vector({1, 2, 3}), Array::scalar(std::int64_t{-1})}); }), {"-1", "3"});
  }
}

// --- Buffers as carries ---

double seconds(const std::function<void()>& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

CompiledFunction native(const Graph& graph) {
  return compile(graph, {.target = CompileOptions::Target::native, .cache = false});
}

/// Interpreter and native code give the same bits.
std::vector<Array> value_both_ways(const Graph& graph, const Arrays& arguments) {
  const std::vector<Array> interpreted = interpret(graph, arguments), compiled = native(graph)(arguments);
  for (std::size_t i = 0; i < interpreted.size(); ++i)
    EXPECT_TRUE(same_bits(interpreted[i], compiled[i]))
        << "output " << i << ": " << to_string(interpreted[i]) << " and " << to_string(compiled[i]);
  return interpreted;
}

/// b[t] = b[t - 1] / 2 + x[t], a buffer that reads the element before.
ScanResult smoothing(const Expr& x) {
  return scan(
      [](const Exprs& carry, const Exprs& e) {
        return ScanBody{{set_rows(carry[0], e[0], 0.5 * gather(carry[0], maximum(e[0] - 1, 0)) + e[1])}, {}};
      },
      {zeros_like(x)}, {arange(x.shape()[0]), x});
}

TEST(BufferCarry, ReadsWhatItWroteBefore) {
  const Expr x = vector("x", 4);
  expect_reals(value_both_ways({{x}, {smoothing(x).carry[0]}}, {Array::vector({8, 4, 2, 1})})[0], {8, 8, 6, 4});
}

TEST(BufferCarry, TakesTimeThatIsLinearInTheNumberOfWrites) {
  // Copies of the buffer would move 160 GB, which takes more than ten seconds on any machine; in place it is a second
  // at most.
  const std::int64_t n = 100000;
  const Expr x = vector("x", n);
  const Graph graph{{x}, {smoothing(x).carry[0]}};
  const Arrays arguments{some_values({n})};
  EXPECT_LT(seconds([&] { interpret(graph, arguments); }), 8);
  const CompiledFunction f = native(graph);
  EXPECT_LT(seconds([&] { f(arguments); }), 1);
  EXPECT_LE(f.workspace_bytes(), 2 * 8 * n);
}

TEST(BufferCarry, KeepsTheOldVersionForThoseWhoReadItAfterwards) {
  const Expr x = vector("x", 5);
  // Reads of the old version, written down after the update and feeding other outputs.
  const ScanResult r = scan(
      [](const Exprs& carry, const Exprs& e) {
        const Expr next = set_rows(carry[0], e[0], carry[1]);
        const Expr old = gather(carry[0], e[0]), neighbour = gather(next, mod(e[0] + 1, 5));
        return ScanBody{{next, old + neighbour}, {old, sum(next), gather(reshape(carry[0], {1, 5}), 0)}};
      },
      {x, 1.0}, {arange(5)});
  const std::vector<Array> got = value_both_ways(
      {{x}, {r.carry[0], r.carry[1], r.outputs[0], r.outputs[1], r.outputs[2]}}, {Array::vector({1, 2, 3, 4, 5})});
  expect_reals(got[0], {1, 3, 5, 7, 9});
  expect_reals(got[1], {6});
  expect_reals(got[2], {1, 2, 3, 4, 5});
  expect_reals(got[3], {15, 16, 18, 21, 25});
  expect_reals(got[4], {1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 3, 3, 4, 5, 1, 3, 5, 4, 5, 1, 3, 5, 7, 5});
}

TEST(BufferCarry, CopiesWhereAReaderOfTheOldVersionNeedsTheNewOne) {
  const Expr x = vector("x", 3);
  const ScanResult r = scan(
      [](const Exprs& carry, const Exprs& e) {
        const Expr next = set_rows(carry[0], e[0], 10.0);
        const Expr where_to = cast(gather(next, 0), DType::int64) / 10.0;  // 1 after the first step
        return ScanBody{{next}, {gather(carry[0], cast(minimum(where_to, 2.0), DType::int64))}};
      },
      {x}, {arange(3)});
  const std::vector<Array> got = value_both_ways({{x}, {r.carry[0], r.outputs[0]}}, {Array::vector({1, 2, 3})});
  expect_reals(got[0], {10, 10, 10});
  expect_reals(got[1], {2, 2, 10});
}

TEST(BufferCarry, WritesAMatrixThroughAReshapedView) {
  const Expr x = input({DType::float64, {3, 4}}, "x");
  const ScanResult r = scan(
      [](const Exprs& carry, const Exprs& e) {
        const Expr flat = reshape(carry[0], {12});
        return ScanBody{{reshape(set_rows(flat, e[0] * 4 + 1, gather(flat, e[0] * 4) * 2.0), {3, 4})}, {}};
      },
      {x}, {arange(3)});
  const Graph graph{{x}, {r.carry[0]}};
  expect_reals(value_both_ways(graph, {matrix({3, 4}, {1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0})})[0],
               {1, 2, 0, 0, 2, 4, 0, 0, 3, 6, 0, 0});
  EXPECT_EQ(native(graph).source().find("memcpy"), std::string::npos);
}

TEST(BufferCarry, IsWrittenInPlaceByNestedLoops) {
  const std::int64_t n = 300;
  const Expr x = vector("x", n);
  const ScanResult outer = scan(
      [&](const Exprs& rows, const Exprs& e) {
        const ScanResult inner = scan(
            [&](const Exprs& carry, const Exprs& k) {
              const Expr place = e[0] * n + k[0];
              return ScanBody{{set_rows(carry[0], place, gather(x, e[0]) * gather(x, k[0]))}, {}};
            },
            {rows[0]}, {arange(n)});
        return ScanBody{{inner.carry[0]}, {}};
      },
      {zeros_like(broadcast_to(sum(x), {n * n}))}, {arange(n)});
  const Graph graph{{x}, {outer.carry[0]}};
  const Arrays arguments{some_values({n})};
  EXPECT_LT(seconds([&] { interpret(graph, arguments); }), 8);  // copies: 500 GB
  // As written: rewriting would see that the rows are written in order.
  const CompiledFunction f =
      compile(graph, {.target = CompileOptions::Target::native, .as_written = true, .cache = false});
  EXPECT_LE(f.workspace_bytes(), 3 * 8 * n);
  std::vector<Array> got;
  EXPECT_LT(seconds([&] { got = f(arguments); }), 1);
  EXPECT_EQ(got[0].real(7 * n + 5), arguments[0].real(7) * arguments[0].real(5));
}

TEST(BufferCarry, IsWrittenInPlaceByBranches) {
  const std::int64_t n = 30000;
  const Expr x = vector("x", n);
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        const Expr before = gather(c[0], maximum(e[0] - 1, 0));
        return ScanBody{
            ifelse(
                e[1] > 0.5, [&] { return Exprs{set_rows(c[0], e[0], before + e[1])}; }, [&] { return Exprs{c[0]}; }),
            {}};
      },
      {zeros_like(x)}, {arange(n), x});
  const Graph graph{{x}, {r.carry[0]}};
  const Arrays arguments{some_values({n})};
  const CompiledFunction f = native(graph);
  EXPECT_LE(f.workspace_bytes(), 2 * 8 * n);
  std::vector<Array> got;
  EXPECT_LT(seconds([&] { got = f(arguments); }), 0.5);  // copies: 14 GB
  std::vector<double> want(static_cast<std::size_t>(n), 0.0);
  for (std::size_t i = 0; i < want.size(); ++i)
    if (const double e = arguments[0].real(static_cast<std::int64_t>(i)); e > 0.5)
      want[i] = want[i == 0 ? 0 : i - 1] + e;
  EXPECT_EQ(got[0].reals(), want);
  EXPECT_EQ(interpret(graph, arguments)[0].reals(), want);
}

TEST(BufferCarry, IsCopiedByTheSideOfABranchThatCannotWriteItInPlace) {
  const Expr x = vector("x", 40);
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        const Exprs next = ifelse(
            gather(c[0], e[0]) > 0.5,
            [&] {
              const Expr written = set_rows(c[0], e[0], 2.0);
              return Exprs{written, gather(c[0], cast(gather(written, 0), DType::int64))};  // reads the old one after
            },
            [&] {
              return Exprs{add_rows(c[0], 39 - e[0], 0.25), sum(c[0])};
            });
        return ScanBody{{next[0]}, {next[1]}};
      },
      {x}, {arange(40)});
  Array start(x.type());
  for (std::int64_t i = 0; i < 40; ++i) start.set(i, static_cast<double>(i % 4) / 4);
  value_both_ways({{x}, {r.carry[0], r.outputs[0]}}, {start});
}

TEST(BufferCarry, MayBeSwappedWithAnother) {
  const Expr x = vector("x", 3), y = vector("y", 3);
  const ScanResult r = scan(
      [](const Exprs& carry, const Exprs& e) {
        return ScanBody{{add_rows(carry[1], e[0], 1.0), set_rows(carry[0], e[0], gather(carry[1], e[0]))}, {}};
      },
      {x, y}, {arange(3)});
  const std::vector<Array> got =
      value_both_ways({{x, y}, {r.carry[0], r.carry[1]}}, {Array::vector({1, 2, 3}), Array::vector({10, 20, 30})});
  expect_reals(got[0], {11, 2, 31});
  expect_reals(got[1], {10, 3, 30});
}

TEST(BufferCarry, UpdatedTwiceAStepKeepsTheOrder) {
  const Expr x = vector("x", 4);
  const ScanResult r = scan(
      [](const Exprs& carry, const Exprs& e) {
        const Expr once = set_rows(carry[0], e[0], 5.0), between = gather(once, e[0]);
        return ScanBody{{add_rows(once, mod(e[0] + 1, 4), between + gather(carry[0], e[0]))}, {}};
      },
      {x}, {arange(4)});
  double b[] = {1, 2, 3, 4};
  for (int t = 0; t < 4; ++t) {
    const double old = b[t];
    b[t] = 5;
    b[(t + 1) % 4] += 5 + old;
  }
  expect_reals(value_both_ways({{x}, {r.carry[0]}}, {Array::vector({1, 2, 3, 4})})[0], {b[0], b[1], b[2], b[3]});
}

}  // namespace
}  // namespace leapgraph::symbolic
