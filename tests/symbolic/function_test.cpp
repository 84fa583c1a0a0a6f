/// Graphs as callable functions: specialisation on shapes, errors that name the argument, unusual outputs, threads, and
/// functions too long for one piece of C.
#include "leapgraph/symbolic/function.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <numeric>
#include <thread>

#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {
namespace {

Array iota(Shape shape, double first = 0) {
  Array array(Type{DType::float64, std::move(shape)});
  std::iota(array.data<double>().begin(), array.data<double>().end(), first);
  return array;
}

template <class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const GraphError& error) {
    return error.what();
  }
  return "no error";
}

/// Runs with native code, where there is a compiler, and with the interpreter.
class FunctionOf : public testing::TestWithParam<CompileOptions::Target> {
 protected:
  CompileOptions options() const { return {.target = GetParam()}; }
};
INSTANTIATE_TEST_SUITE_P(Targets, FunctionOf,
                         testing::Values(CompileOptions::Target::automatic, CompileOptions::Target::interpreter),
                         [](const auto& test) {
                           return test.param == CompileOptions::Target::automatic ? "native" : "interpreted";
                         });

TEST_P(FunctionOf, VectorsOfAnyLengthIsCompiledOnceForEachLength) {
  const Expr x = dvector("x");
  const Function f = function({x}, sum(sqr(x)), options());
  EXPECT_EQ(f.specialisations(), 0u);
  EXPECT_EQ(f({Array::vector({1, 2, 3})})[0].real(), 14);
  EXPECT_EQ(f({Array::vector({4, 5, 6})})[0].real(), 77);
  EXPECT_EQ(f.specialisations(), 1u);
  EXPECT_EQ(f({Array::vector({2})})[0].real(), 4);
  EXPECT_EQ(f({Array::vector({})})[0].real(), 0);
  EXPECT_EQ(f.specialisations(), 3u);
}

TEST_P(FunctionOf, MatricesChecksThatShapesFitTogetherWhenItIsCalled) {
  const Expr a = dmatrix("a"), b = dmatrix("b");
  const Function f = function({a, b}, matmul(a, b), options());
  EXPECT_EQ(f({iota({2, 3}), iota({3, 2})})[0].reals(), (std::vector<double>{10, 13, 28, 40}));
  const std::string message = message_of([&] { f({iota({2, 3}), iota({2, 3})}); });
  EXPECT_NE(message.find("(a: float64[2, 3], b: float64[2, 3]; made at "), std::string::npos) << message;
  EXPECT_NE(message.find("function_test.cpp"), std::string::npos) << message;
  EXPECT_EQ(f.specialisations(), 1u) << "a failed specialisation is not kept";
}

TEST_P(FunctionOf, TypedVariablesNamesTheArgumentThatDoesNotFit) {
  const Expr x = dvector("weights"), n = lscalar("count");
  const Function f = function({x, n}, x * n, options());
  EXPECT_EQ(message_of([&] {
              f({Array::vector({1}), Array::scalar(2.0)});
            }),
            "function: input 1 'count' must be int64, got float64; cast it, or allow_input_downcast to convert it");
  EXPECT_EQ(message_of([&] {
              f({Array::scalar(1.0), Array::scalar(std::int64_t{2})});
            }),
            "function: input 0 'weights' must be float64[?], got float64");
  EXPECT_EQ(message_of([&] { f({Array::vector({1})}); }), "function: input 1 'count' is not given, and has no default");
  const Expr fixed = input({DType::float64, {3}}, "fixed");
  const CompiledFunction g = compile(Graph{{fixed}, {fixed * 2.0}}, options());
  const Array four = Array::vector({1, 2, 3, 4});
  EXPECT_EQ(message_of([&] { g(std::span(&four, 1)); }), "the argument for 'fixed' must be float64[3], got float64[4]");
}

TEST_P(FunctionOf, VariablesRefusesWhatItIsNotClosedOver) {
  const Expr x = dscalar("x"), y = dscalar("y");
  const std::string message = message_of([&] { function({x}, x + y, options()); });
  EXPECT_NE(message.find("'y' (made at "), std::string::npos) << message;
  EXPECT_NE(message.find("is needed by add (made at "), std::string::npos) << message;
  EXPECT_EQ(message_of([&] { function({x, x}, x + 1.0, options()); }), "function: the input 'x' is given twice");
  EXPECT_EQ(message_of([&] { function({x, x + 1.0}, x, options()); }), "function: an input is not a variable");
  EXPECT_EQ(message_of([&] { function({x}, Exprs{Expr()}, options()); }), "function: an output is an empty expression");
}

TEST_P(FunctionOf, AnUnusedVariableTakesItsArgumentAllTheSame) {
  const Expr x = dscalar("x"), unused = dvector("unused");
  const Function f = function({unused, x}, x + 1.0, options());
  EXPECT_EQ(f({Array::vector({7, 8}), Array::scalar(2.0)})[0].real(), 3);
  EXPECT_NE(message_of([&] { f({Array::scalar(2.0), Array::scalar(2.0)}); }).find("'unused'"), std::string::npos);
}

TEST_P(FunctionOf, VariablesMayPassThemThrough) {
  const Expr x = dvector("x"), y = dvector("y");
  const Function f = function({x, y}, {y, x, x + y, y, transpose(reshape(x, {1, -1}))}, options());
  const std::vector<Array> got = f({Array::vector({1, 2}), Array::vector({3, 4})});
  EXPECT_EQ(got[0].reals(), (std::vector<double>{3, 4}));
  EXPECT_EQ(got[1].reals(), (std::vector<double>{1, 2}));
  EXPECT_EQ(got[2].reals(), (std::vector<double>{4, 6}));
  EXPECT_EQ(got[3].reals(), (std::vector<double>{3, 4}));
  EXPECT_EQ(got[4].shape(), (Shape{2, 1}));
  EXPECT_EQ(got[4].reals(), (std::vector<double>{1, 2}));
}

TEST_P(FunctionOf, OneExpressionGivesItAsOftenAsItIsAskedFor) {
  const Expr x = dvector("x");
  const Expr total = sum(x), moved = x + 1.0;
  const Function f = function({x}, {total, total, moved, moved, sum(moved)}, options());
  const std::vector<Array> got = f({Array::vector({1, 2, 3})});
  EXPECT_EQ(got[0].real(), 6);
  EXPECT_EQ(got[1].real(), 6);
  EXPECT_EQ(got[2].reals(), (std::vector<double>{2, 3, 4}));
  EXPECT_EQ(got[3].reals(), (std::vector<double>{2, 3, 4}));
  EXPECT_EQ(got[4].real(), 9);
}

TEST_P(FunctionOf, ConstantsGivesThem) {
  const Expr data = constant(Array::vector({1, 2, 3}));
  const Function f = function({},
                              {constant(2.5), data, constant(std::int64_t{7}), constant(true), full({2}, 0.25),
                               sum(data), arange(3), gather(data, constant(Array::of<std::int64_t>({2}, {2, 0})))},
                              options());
  const std::vector<Array> got = f({});
  EXPECT_EQ(got[0].real(), 2.5);
  EXPECT_EQ(got[1].reals(), (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(got[2].integer(), 7);
  EXPECT_EQ(got[3].integer(), 1);
  EXPECT_EQ(got[4].reals(), (std::vector<double>{0.25, 0.25}));
  EXPECT_EQ(got[5].real(), 6);
  EXPECT_EQ(got[6].reals(), (std::vector<double>{0, 1, 2}));
  EXPECT_EQ(got[7].reals(), (std::vector<double>{3, 1}));
}

TEST_P(FunctionOf, ArraysWithoutElementsGivesEmptySums) {
  const Expr x = dmatrix("x");
  const Function f = function({x},
                              {x * 2.0, sum(x), sum(x, {0}), sum(x, {1}), prod(x), matmul(transpose(x), x),
                               concatenate({x, x}, 0), exp(sum(x, {1}))},
                              options());
  std::vector<Array> got = f({Array(Type{DType::float64, {0, 2}})});
  EXPECT_EQ(got[0].shape(), (Shape{0, 2}));
  EXPECT_EQ(got[1].real(), 0);
  EXPECT_EQ(got[2].reals(), (std::vector<double>{0, 0}));
  EXPECT_EQ(got[3].shape(), (Shape{0}));
  EXPECT_EQ(got[4].real(), 1);
  EXPECT_EQ(got[5].reals(), (std::vector<double>{0, 0, 0, 0}));
  EXPECT_EQ(got[6].shape(), (Shape{0, 2}));
  got = f({Array(Type{DType::float64, {2, 0}})});
  EXPECT_EQ(got[3].reals(), (std::vector<double>{0, 0}));
  EXPECT_EQ(got[5].shape(), (Shape{0, 0}));
  EXPECT_EQ(got[7].reals(), (std::vector<double>{1, 1}));
}

TEST_P(FunctionOf, ScalarsHasScalarResults) {
  const Expr x = dscalar("x");
  const Function f = function({x}, {x, exp(x), reshape(x, {1}), grad(x * x, x)}, options());
  const std::vector<Array> got = f({Array::scalar(1.5)});
  EXPECT_EQ(got[0].shape(), Shape{});
  EXPECT_DOUBLE_EQ(got[1].real(), std::exp(1.5));
  EXPECT_EQ(got[2].shape(), Shape{1});
  EXPECT_EQ(got[3].real(), 3);
}

TEST_P(FunctionOf, RowNumbersRefusesOnesThatDoNotExist) {
  const Expr x = dvector("x"), rows = lvector("rows");
  const Function f = function({x, rows}, gather(x, rows), options());
  EXPECT_EQ(f({Array::vector({5, 6}), Array::of<std::int64_t>({3}, {1, 0, 1})})[0].reals(),
            (std::vector<double>{6, 5, 6}));
  for (const std::int64_t wrong : {std::int64_t{2}, std::int64_t{-1}}) {
    const std::string message = message_of([&] {
      f({Array::vector({5, 6}), Array::of<std::int64_t>({3}, {1, wrong, 1})});
    });
    EXPECT_NE(message.find("position " + std::to_string(wrong)), std::string::npos) << message;
  }
}

TEST_P(FunctionOf, AMatrixMayBeCalledByManyThreads) {
  const Expr x = dmatrix("x");
  const Exprs outputs{sum(exp(0.01 * x), {1}), matmul(x, transpose(x))};
  const Function f = function({x}, outputs, options());
  const Graph reference{{x}, outputs};
  std::vector<std::vector<Array>> want;
  for (std::int64_t n = 1; n <= 3; ++n) want.push_back(interpret(reference, std::vector{iota({n, 50})}));
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t t = 0; t < wrong.size(); ++t)
    threads.emplace_back([&, t] {
      for (int round = 0; round < 30; ++round) {
        const auto n = static_cast<std::int64_t>(1 + (t + static_cast<std::size_t>(round)) % 3);
        const std::vector<Array> got = f({iota({n, 50})});
        for (std::int64_t i = 0; i < n; ++i)
          // A sum of 50 positive terms in another order, each within 4 ulps.
          if (std::abs(got[0].real(i) / want[static_cast<std::size_t>(n - 1)][0].real(i) - 1) > 60e-16) ++wrong[t];
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
  EXPECT_EQ(f.specialisations(), 3u);
}

TEST(CompiledFunction, LeavesNoAbstractOpThatRewritingBroughtBack) {
  // Once lowered, the shifted sum of exponentials over stretched rows looks like a logsumexp again.
  const Expr x = input({DType::float64, {5}}, "x");
  const CompiledFunction f = compile(Graph{{x}, {logsumexp(broadcast_to(exp(x), {4, 5}), {1})}});
  const Array zeros = Array::vector({0, 0, 0, 0, 0});
  EXPECT_NEAR(f(std::span(&zeros, 1))[0].real(3), 1 + std::log(5.0), 1e-15);
}

TEST(CompiledFunction, KeepsDataAliveThatTheGraphHas) {
  std::optional<CompiledFunction> f;
  {
    const Expr x = input({DType::float64, {3}}, "x");
    f = compile(Graph{{x}, {x + constant(Array::vector({10, 20, 30}))}});
  }
  const Array x = Array::vector({1, 2, 3});
  EXPECT_EQ((*f)(std::span(&x, 1))[0].reals(), (std::vector<double>{11, 22, 33}));
}

TEST(CompiledFunction, GivesTheSameBitsAtEveryCall) {
  const Expr x = input({DType::float64, {20000}}, "x");
  const CompiledFunction f = compile(Graph{{x}, {sum(sin(x)), sum(sin(reshape(x, {200, 100})), {0})}});
  const Array argument = iota({20000}, 0.25);
  const std::vector<Array> first = f(std::span(&argument, 1));
  for (int i = 0; i < 5; ++i) {
    const std::vector<Array> again = f(std::span(&argument, 1));
    EXPECT_TRUE(same_bits(first[0], again[0]) && same_bits(first[1], again[1]));
  }
}

TEST(CompiledFunction, LongSumsAreAddedInBlocks) {
  // 1e6 times 0.1: a running sum is off by 1e-6, blocks of 4096 by 1e-8 at most.
  const Expr x = input({DType::float64, {1000000}}, "x");
  const CompiledFunction f = compile(Graph{{x}, {sum(x)}});
  if (!f.is_native()) GTEST_SKIP() << "no C compiler";
  Array argument(Type{DType::float64, {1000000}});
  for (double& a : argument.data<double>()) a = 0.1;
  EXPECT_NEAR(f(std::span(&argument, 1))[0].real(), 1e5, 1e-8);
}

/// Scalar statements that depend on each other, as the evaluation of a model without vectors has them.
Graph long_chain(int statements, bool in_loop) {
  const Expr x = input({DType::float64, {8}}, "x");
  const auto chain = [statements](const Exprs& start) {
    Exprs values = start;
    for (int i = 0; i < statements; ++i) {
      const std::size_t n = values.size();
      const Expr &a = values[n - 1], &b = values[(static_cast<std::size_t>(i) * 7919) % n];
      values.push_back(i % 3 == 0 ? a * 0.5 + b : (i % 3 == 1 ? a - 0.25 * b : sqr(a) * 0.125 + 0.1 * b));
    }
    return values.back() + values[values.size() / 2];
  };
  Exprs parts;
  for (std::int64_t i = 0; i < 8; ++i) parts.push_back(tanh(at(x, i)));
  if (!in_loop) return Graph{{x}, {chain(parts)}};
  const ScanResult result = scan(
      [&](const Exprs& carry, const Exprs& element) {
        Exprs start = parts;
        start.push_back(carry[0]);
        start.push_back(element[0]);
        const Expr next = tanh(chain(start));
        return ScanBody{{next}, {next * 2.0}};
      },
      {0.5}, {x});
  return Graph{{x}, {result.carry[0], result.outputs[0]}};
}

/// Processor time of the compilers that have run so far.
double compiler_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec) + 1e-6 * static_cast<double>(usage.ru_utime.tv_usec);
}

class LongFunction : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Places, LongFunction, testing::Bool(),
                         [](const auto& test) { return test.param ? "inLoop" : "straight"; });

TEST_P(LongFunction, IsCutIntoPartsThatCompileQuickly) {
  const Graph graph = long_chain(3000, GetParam());
  CompileOptions options;
  options.cache = false;
  const double before = compiler_seconds();
  const CompiledFunction f = compile(graph, options);
  const double seconds = compiler_seconds() - before;
  if (!f.is_native()) GTEST_SKIP() << "no C compiler";
  EXPECT_NE(f.source().find("_part0"), std::string::npos);
  EXPECT_LT(seconds, 20) << "a few seconds, where one piece takes ten times as long";
  const Array x = Array::vector({0.1, -0.4, 0.3, 1.5, -2, 0.7, 0.2, -0.9});
  const std::vector<Array> got = f(std::span(&x, 1)), want = interpret(graph, std::span(&x, 1));
  for (std::size_t i = 0; i < want.size(); ++i)
    for (std::int64_t k = 0; k < want[i].size(); ++k)
      // Thousands of roundings, damped by the factors below 1.
      EXPECT_NEAR(got[i].real(k), want[i].real(k), 1e-11 * std::max(1.0, std::abs(want[i].real(k))));
}

}  // namespace
}  // namespace leapgraph::symbolic
