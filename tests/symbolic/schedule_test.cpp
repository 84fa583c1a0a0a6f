/// Loop programs: sums by constant indices in segments, carries written in place, and that native code of them computes
/// what the interpreter does.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {
namespace {

std::string kernels_of(const Graph& graph) { return dump_stage(std::span(&graph, 1), "kernels"); }
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::vector<double> drawn(std::int64_t n, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> normal;
  std::vector<double> values(static_cast<std::size_t>(n));
  for (double& x : values) x = normal(engine);
  return values;
}

std::vector<std::int64_t> drawn_rows(std::int64_t n, std::int64_t rows, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::uniform_int_distribution<std::int64_t> row(0, rows - 1);
  std::vector<std::int64_t> index(static_cast<std::size_t>(n));
  for (std::int64_t& i : index) i = row(engine);
  return index;
}

Expr data(const std::vector<std::int64_t>& index) {
  return constant(Array::of<std::int64_t>({static_cast<std::int64_t>(index.size())}, index));
}

/// Native code against the interpreter, which does not know kernels. Sums are grouped differently: 1e-12 of the size of
/// what is summed, at most some thousand terms around 1.
void expect_agreement(const Graph& graph) {
  std::vector<Array> arguments;
  for (const Expr& e : graph.inputs) {
    const auto values = drawn(element_count(e.shape()), 11 + arguments.size());
    arguments.push_back(Array::of<double>(e.shape(), values));
  }
  CompileOptions reference;
  reference.target = CompileOptions::Target::interpreter;
  reference.as_written = true;
  const auto wanted = compile(graph, reference)(arguments);
  const auto got = compile(graph)(arguments);
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    const auto a = got[i].reals(), b = wanted[i].reals();
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t k = 0; k < a.size(); ++k)
      EXPECT_NEAR(a[k], b[k], 1e-10 * std::max(1.0, std::abs(b[k]))) << "output " << i << ", element " << k;
  }
}

/// A sum of squares around gathered centres, and its gradient with respect to them and to the data's weight.
Graph grouped(const std::vector<std::int64_t>& index, std::int64_t rows) {
  const auto n = static_cast<std::int64_t>(index.size());
  const Expr centre = input({DType::float64, {rows}}, "centre"), weight = input({DType::float64, {}}, "weight");
  const Expr y = constant(Array::vector(drawn(n, 3)));
  const Expr value = sum(weight * sqr(y - gather(centre, data(index))));
  return Graph{{centre, weight}, {value, grad(value, centre), grad(value, weight)}};
}

TEST(SumsByConstantIndex, RunInSegmentsWhateverTheOrderOfTheIndex) {
  std::vector<std::int64_t> sorted = drawn_rows(2000, 40, 1);
  std::sort(sorted.begin(), sorted.end());
  for (const auto& index : {drawn_rows(2000, 40, 1), sorted}) {
    const Graph graph = grouped(index, 40);
    const std::string kernels = kernels_of(graph);
    EXPECT_TRUE(contains(kernels, "in segments")) << kernels;
    EXPECT_FALSE(contains(kernels, "fill")) << "rows are written, not added to:\n" << kernels;
    expect_agreement(graph);
  }
}

TEST(SumsByConstantIndex, AreStridedWhereAllSegmentsAreEquallyLong) {
  std::vector<std::int64_t> index;
  for (std::int64_t i = 0; i < 1000; ++i) index.push_back(i / 50);
  const Graph graph = grouped(index, 20);
  const std::string kernels = kernels_of(graph);
  EXPECT_TRUE(contains(kernels, "nest [20, 50]")) << kernels;
  EXPECT_FALSE(contains(kernels, "in segments")) << kernels;
  expect_agreement(graph);
}

TEST(SumsByConstantIndex, GiveZeroWhereNothingIsNamed) {
  std::vector<std::int64_t> index = drawn_rows(500, 10, 2);
  for (std::int64_t& row : index) row = 2 * row + 1;
  expect_agreement(grouped(index, 21));
}

TEST(SumsByConstantIndex, OfShortSegmentsKeepTheirArithmeticInOneLoop) {
  const Graph graph = grouped(drawn_rows(1000, 150, 4), 150);
  const std::string kernels = kernels_of(graph);
  EXPECT_TRUE(contains(kernels, "in segments")) << kernels;
  EXPECT_TRUE(contains(kernels, "nest [1000] (")) << kernels;
  expect_agreement(graph);
}

TEST(SumsByConstantIndex, OfVeryShortSegmentsStayInOrder) {
  const Graph graph = grouped(drawn_rows(1000, 400, 4), 400);
  const std::string kernels = kernels_of(graph);
  EXPECT_FALSE(contains(kernels, "in segments")) << kernels;
  EXPECT_TRUE(contains(kernels, "(sums by row)")) << "additions that do not vectorise, in a nest of their own:\n"
                                                  << kernels;
  expect_agreement(graph);
}

TEST(SumsByConstantIndex, OfTwoIndicesAreNestsOfTheirOwn) {
  const std::int64_t n = 3000;
  const Expr a = input({DType::float64, {30}}, "a"), b = input({DType::float64, {70}}, "b");
  const Expr y = constant(Array::vector(drawn(n, 3)));
  const Expr value = sum(sqr(y - gather(a, data(drawn_rows(n, 30, 5))) * gather(b, data(drawn_rows(n, 70, 6)))));
  expect_agreement(Graph{{a, b}, {value, grad(value, a), grad(value, b)}});
}

TEST(SumsByConstantIndex, IntoTablesOfDifferentLengths) {
  const Expr x = input({DType::float64, {300}}, "x"), index = data(drawn_rows(300, 6, 12));
  expect_agreement(Graph{{x}, {scatter_add(exp(x), index, 6), scatter_add(exp(x), index, 9)}});
}

TEST(SumsByConstantIndex, LeaveTheOrderOfWhatIsStored) {
  const std::int64_t n = 600;
  const Expr centre = input({DType::float64, {25}}, "centre");
  const Expr y = constant(Array::vector(drawn(n, 3)));
  const Expr residual = y - gather(centre, data(drawn_rows(n, 25, 7)));
  expect_agreement(Graph{{centre}, {residual, grad(sum(exp(residual)), centre)}});
}

TEST(SumsByConstantIndex, ReadArraysThatAreNoDataByPosition) {
  const std::int64_t n = 640;
  const Expr x = input({DType::float64, {n}}, "x");
  expect_agreement(Graph{{x}, {scatter_add(x, data(drawn_rows(n, 16, 8)), 16)}});
}

TEST(SumsByConstantIndex, OfWideRowsAddRowByRow) {
  const Expr x = input({DType::float64, {100, 8}}, "x");
  const Graph graph{{x}, {scatter_add(x, data(drawn_rows(100, 7, 9)), 7)}};
  EXPECT_TRUE(contains(dump_stage(std::span(&graph, 1), "c"), "omp simd"));
  expect_agreement(graph);
}

TEST(SumsByConstantIndex, RunInsideLoops) {
  const std::int64_t n = 400;
  const Expr start = input({DType::float64, {20}}, "start");
  const Expr y = constant(Array::vector(drawn(n, 3))), index = data(drawn_rows(n, 20, 10));
  const ScanResult loop = scan(
      [&](const Exprs& carry, const Exprs&) {
        const Expr pull = scatter_add(tanh(y - gather(carry[0], index)), index, 20);
        return ScanBody{{carry[0] + 0.01 * pull}, {sum(pull)}};
      },
      {start}, {}, 5);
  const Graph graph{{start}, {loop.carry[0], loop.outputs[0]}};
  EXPECT_TRUE(contains(kernels_of(graph), "in segments"));
  expect_agreement(graph);
}

Graph loop_of(const std::function<Exprs(const Exprs& carry)>& step, std::size_t carries, std::int64_t width) {
  Exprs inputs;
  Operands initial;
  for (std::size_t c = 0; c < carries; ++c) {
    inputs.push_back(input({DType::float64, {width}}, "x"));
    initial.emplace_back(inputs.back());
  }
  const ScanResult loop = scan(
      [&](const Exprs& carry, const Exprs&) {
        return ScanBody{step(carry), {}};
      },
      initial, {}, 7);
  return Graph{inputs, loop.carry};
}

TEST(Carries, AreWrittenInPlaceWhereNothingReadsTheOldValue) {
  const Graph graph = loop_of([](const Exprs& c) { return Exprs{tanh(0.5 * c[0] + 1.0)}; }, 1, 10);
  EXPECT_FALSE(contains(kernels_of(graph), "carry")) << kernels_of(graph);
  expect_agreement(graph);
}

TEST(Carries, OfALeapfrogAreWrittenInPlace) {
  const Graph graph = loop_of(
      [](const Exprs& c) {
        const Expr momentum = c[1] - 0.1 * c[0];
        return Exprs{c[0] + 0.1 * momentum, momentum};
      },
      2, 12);
  EXPECT_FALSE(contains(kernels_of(graph), "carry")) << kernels_of(graph);
  expect_agreement(graph);
}

TEST(Carries, ThatAreReadElsewhereAreCopied) {
  const Graph reversed = loop_of(
      [](const Exprs& c) {
        return Exprs{0.9 * slice(c[0], 0, {std::nullopt, std::nullopt, -1}) + 0.1};
      },
      1, 9);
  EXPECT_TRUE(contains(kernels_of(reversed), "carry"));
  expect_agreement(reversed);
  const Graph centred = loop_of([](const Exprs& c) { return Exprs{c[0] - sum(c[0]) / 9.0}; }, 1, 9);
  expect_agreement(centred);
  const Graph swapped = loop_of([](const Exprs& c) { return Exprs{c[1], 0.5 * c[0] + 0.1 * sum(c[1])}; }, 2, 9);
  expect_agreement(swapped);
}

TEST(Carries, SwapWithoutLosingEither) {
  expect_agreement(loop_of([](const Exprs& c) { return Exprs{c[1], c[2], c[0]}; }, 3, 5));
  expect_agreement(loop_of([](const Exprs& c) { return Exprs{c[1], c[0]}; }, 2, 40));
}

TEST(ShortNests, InLoopsAreStraightCodeWithTheirCallsInVectors) {
  const Expr A = input({DType::float64, {3, 3}}, "A"), start = input({DType::float64, {3}}, "start");
  const ScanResult loop = scan(
      [&](const Exprs& carry, const Exprs&) {
        return ScanBody{{logsumexp(expand_dims(carry[0], 1) + A, {0}) - 1.0}, {}};
      },
      {start}, {}, 6);
  const Graph graph{{A, start}, {loop.carry[0]}};
  const std::string source = dump_stage(std::span(&graph, 1), "c");
  EXPECT_TRUE(contains(source, "for (int k = 0; k < 9; ++k)")) << "nine exponentials in one loop:\n" << source;
  expect_agreement(graph);
}

TEST(ShortNests, ReduceAsLongOnesDo) {
  const Expr m = input({DType::float64, {4, 3}}, "m"), start = input({DType::float64, {4}}, "start");
  const ScanResult loop = scan(
      [&](const Exprs& carry, const Exprs&) {
        const Expr scaled = m * expand_dims(carry[0], 1);
        const Expr mixed = dot(scaled, max(scaled, {0})) + prod(sigmoid(scaled), {1}) + min(scaled, {1});
        const Expr positive =
            cast(all(scaled > -1e6, {1}), DType::float64) + cast(any(scaled > 0.0, {1}), DType::float64);
        return ScanBody{{0.1 * mixed + 0.1 * positive}, {sum(scaled)}};
      },
      {start}, {}, 4);
  expect_agreement(Graph{{m, start}, {loop.carry[0], loop.outputs[0]}});
}

TEST(ShortNests, InsideLongLoopsAreStraightCodeToo) {
  const Expr x = input({DType::float64, {50, 3, 2}}, "x"), y = input({DType::float64, {3, 2}}, "y");
  const Graph graph{{x, y}, {logsumexp(x + y, {1}), sum(x * y, {0}), sum(exp(x) * y), max(x, {2}), sum(x, {1, 2})}};
  EXPECT_TRUE(contains(dump_stage(std::span(&graph, 1), "c"), "for (int k = 0; k < 6; ++k)"));
  expect_agreement(graph);
  const Expr index = data(drawn_rows(50, 4, 13)), table = input({DType::float64, {4, 3}}, "table");
  expect_agreement(Graph{{table}, {sum(tanh(gather(table, index)), {1}), sum(gather(table, index))}});
  const Expr n = cast(arange(50), DType::float64);
  expect_agreement(Graph{{y}, {dot(reshape(n, {25, 2}), transpose(y)), expand_dims(n, 1) * at(y, 0, 1)}});
}

TEST(LongSums, OfRowsAreAddedInBlocks) {
  const Expr x = input({DType::float64, {3000, 7}}, "x"), y = input({DType::float64, {7}}, "y");
  const Graph graph{{x, y}, {sum(x * y)}};
  EXPECT_TRUE(contains(dump_stage(std::span(&graph, 1), "c"), "o0 += 585"));
  expect_agreement(graph);
}

}  // namespace
}  // namespace leapgraph::symbolic
