/// The expression graph: interning, substitution, bodies, types of results, depth, threads, and what errors say.
#include "leapgraph/symbolic/graph.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"

namespace leapgraph::symbolic {
namespace {

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

double evaluate(const Expr& e, const Exprs& inputs = {}, const std::vector<Array>& arguments = {}) {
  return interpret(Graph{inputs, {e}}, arguments)[0].real();
}

// --- Interning ---

TEST(Interning, MergesEqualExpressions) {
  const Expr x = dvector("x"), y = dvector("y");
  EXPECT_EQ(x + y, x + y);
  EXPECT_EQ(exp(x) * 2.0, exp(x) * 2.0);
  EXPECT_NE(x + y, y + x);
  EXPECT_NE(x + y, x - y);
  EXPECT_EQ(sum(x, {0}), sum(x));
}

TEST(Interning, NeverMergesVariables) {
  EXPECT_NE(dscalar("x"), dscalar("x"));
  EXPECT_NE(exp(dscalar("x")), exp(dscalar("x")));
}

TEST(Interning, TellsConstantsApartByBitsAndElementType) {
  EXPECT_EQ(constant(1.0), constant(1.0));
  EXPECT_NE(constant(0.0), constant(-0.0));
  EXPECT_NE(constant(1.0), constant(std::int64_t{1}));
  EXPECT_NE(constant(1.0), constant(1.0, DType::float32));
  EXPECT_EQ(constant(std::nan("")), constant(std::nan("")));
}

TEST(Interning, ComparesDataByItsBuffer) {
  const Array data = Array::vector({1, 2, 3}), same_numbers = Array::vector({1, 2, 3});
  EXPECT_EQ(constant(data), constant(data));
  EXPECT_NE(constant(data), constant(same_numbers));
  EXPECT_NE(constant(data), constant(data.reshaped({3, 1})));
}

/// Effects are to happen as often as they were written.
TEST(Interning, NeverMergesEffects) {
  const Op shout{.name = "shout",
                 .summary = "an effect",
                 .type = [](std::span<const Type> inputs, const Attributes&) { return std::vector{inputs[0]}; },
                 .effect = true};
  const Expr x = dscalar("x");
  EXPECT_NE(make(shout, {x}), make(shout, {x}));
}

/// Nodes that live now, those of the tables of rules, which the first gradient makes, among them.
std::size_t living_nodes() {
  const Expr x = dscalar("x");
  grad(exp(x), x);
  return interned_nodes() - 1;  // but for x
}

TEST(Interning, ForgetsNodesThatNobodyHolds) {
  const std::size_t before = living_nodes();
  {
    const Expr x = dvector("x");
    Expr e = x;
    for (int i = 0; i < 100; ++i) e = sin(e) + 0.5 * e;
    const Expr g = grad(sum(e), x);
    EXPECT_GT(interned_nodes(), before + 400);
  }
  EXPECT_EQ(interned_nodes(), before);
}

TEST(Interning, KeepsThePlaceWhereANodeWasFirstMade) {
  const Expr x = dscalar("x");
  const auto line = std::source_location::current().line() + 1;
  const Expr y = exp(x);
  EXPECT_EQ(exp(x).node().place().line(), line);
  EXPECT_NE(std::string(y.node().place().file_name()).find("graph_test.cpp"), std::string::npos);
}

TEST(Interning, WorksFromSeveralThreadsAtOnce) {
  const std::size_t before = living_nodes();
  {
    const Expr x = dscalar("x");
    std::vector<Expr> results(4);
    std::vector<std::thread> threads;
    for (Expr& result : results)
      threads.emplace_back([&result, x] {
        for (int round = 0; round < 20; ++round) {
          Expr e = x;
          for (int i = 0; i < 200; ++i) e = sin(e) * static_cast<double>(i % 7) + x;
          result = grad(e, x);
        }
      });
    for (std::thread& thread : threads) thread.join();
    for (const Expr& result : results) EXPECT_EQ(result, results[0]);
  }
  EXPECT_EQ(interned_nodes(), before);
}

// --- Walks ---

TEST(Walks, VisitInputsBeforeUsersAndEachNodeOnce) {
  const Expr x = dscalar("x"), y = exp(x), z = y * y + x;
  const Exprs outputs{z, y};
  const auto order = topological_order(outputs);
  std::set<const Node*> seen;
  for (const Node* node : order) {
    for (const Expr& e : node->inputs()) EXPECT_TRUE(seen.contains(&e.node()));
    EXPECT_TRUE(seen.insert(node).second);
  }
  EXPECT_EQ(order.size(), 4U);
}

TEST(Walks, FindFreeInputsInOrderOfUse) {
  const Expr x = dscalar("x"), y = dscalar("y"), unused = dscalar("unused");
  const Exprs outputs{y - x};
  EXPECT_EQ(free_inputs(outputs), (Exprs{y, x}));
}

TEST(Walks, SubstituteExpressionsAnywhere) {
  const Expr x = dscalar("x"), y = dscalar("y");
  const Exprs outputs{exp(x) + sqr(exp(x))};
  EXPECT_EQ(substitute(outputs, {{x, y}})[0], exp(y) + sqr(exp(y)));
  EXPECT_EQ(substitute(outputs, {{exp(x), y}})[0], y + sqr(y));
  EXPECT_EQ(substitute(outputs, {{y, x}})[0], outputs[0]);
  // All at once, not one after another.
  const Exprs swapped{x - y};
  EXPECT_EQ(substitute(swapped, {{x, y}, {y, x}})[0], y - x);
}

TEST(Walks, SubstitutionInfersTypesAnew) {
  const Expr x = dvector("x"), wide = input({DType::float64, {3}}, "wide");
  const Exprs outputs{exp(x) + 1.0};
  EXPECT_EQ(outputs[0].shape(), Shape{unknown});
  EXPECT_EQ(substitute(outputs, {{x, wide}})[0].shape(), Shape{3});
}

/// Half a million nodes would overflow the stack of any recursive walk.
TEST(Walks, AreNotLimitedByDepth) {
  const std::size_t before = living_nodes();
  {
    const Expr x = dscalar("x");
    constexpr int depth = 500'000;
    Expr e = x;
    for (int i = 0; i < depth; ++i) e = neg(e);
    EXPECT_EQ(topological_order(std::span(&e, 1)).size(), depth + 1U);
    EXPECT_EQ(evaluate(e, {x}, {Array::scalar(2.5)}), 2.5);
    const Expr g = grad(e, x);
    EXPECT_EQ(evaluate(g, {x}, {Array::scalar(2.5)}), 1.0);
    const Expr y = dscalar("y");
    const Expr moved = substitute(std::span(&e, 1), {{x, y}})[0];
    EXPECT_EQ(free_inputs(std::span(&moved, 1)), Exprs{y});
  }
  EXPECT_EQ(interned_nodes(), before);
}

/// 2^200 paths, 201 nodes.
TEST(Walks, SeeSharedNodesOnce) {
  const Expr x = dscalar("x");
  Expr e = x;
  for (int i = 0; i < 200; ++i) e = 0.5 * e + 0.5 * e;
  EXPECT_EQ(evaluate(e, {x}, {Array::scalar(3.0)}), 3.0);
  EXPECT_EQ(evaluate(grad(e, x), {x}, {Array::scalar(3.0)}), 1.0);
}

// --- Bodies ---

TEST(Bodies, AreEqualWhateverTheirVariablesAreCalled) {
  const auto body = [](const char* first, const char* second) {
    const Expr a = dscalar(first), b = dvector(second);
    return close(Graph{{a, b}, {a * b, exp(a)}});
  };
  EXPECT_EQ(*body("a", "b"), *body("c", "d"));
}

TEST(Bodies, ApplyToArguments) {
  const Expr a = dscalar("a"), b = dscalar("b"), x = dscalar("x");
  const Body body = close(Graph{{a, b}, {a * b + 1.0}});
  const Exprs arguments{x, exp(x)};
  EXPECT_EQ(symbolic::apply(*body, arguments)[0], x * exp(x) + 1.0);
}

TEST(Bodies, NameTheVariableThatIsNotAnInput) {
  const Expr a = dscalar("a"), stray = dscalar("stray");
  expect_says(error_of([&] { close(Graph{{a}, {a + stray}}); }), {"stray"});
}

TEST(Bodies, MergeAsAttributes) {
  const Expr x = dscalar("x");
  const auto square = [] {
    const Expr a = dscalar("a");
    return close(Graph{{a}, {a * a}});
  };
  EXPECT_EQ(call(square(), {x})[0], call(square(), {x})[0]);
}

// --- Element types ---

TEST(Promotion, IsNumPys) {
  using enum DType;
  const struct {
    DType a, b, result;
  } rows[] = {
      {int8, int16, int16},        {int32, float32, float64}, {int64, float32, float64},   {uint64, int8, float64},
      {float32, float64, float64}, {boolean, int8, int8},     {boolean, boolean, boolean}, {uint8, int8, int16},
      {uint32, int32, int64},      {int16, float32, float32}, {uint16, float32, float32},  {uint8, uint32, uint32},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(promote(row.a, row.b), row.result) << info(row.a).name << " with " << info(row.b).name;
    EXPECT_EQ(promote(row.b, row.a), row.result) << info(row.b).name << " with " << info(row.a).name;
    const Expr a = input({row.a, {}}, "a"), b = input({row.b, {}}, "b");
    EXPECT_EQ((a + b).dtype(), row.result);
  }
}

TEST(Promotion, IsCommutativeAndNeverNarrows) {
  for (const DTypeInfo& a : all_dtypes())
    for (const DTypeInfo& b : all_dtypes()) {
      EXPECT_EQ(promote(a.dtype, b.dtype), promote(b.dtype, a.dtype));
      EXPECT_GE(info(promote(a.dtype, b.dtype)).bytes, std::max(a.bytes, b.bytes));
    }
}

TEST(Promotion, PlainNumbersTakeTheTypeOfTheOthers) {
  const Expr single = input({DType::float32, {}}, "x"), small = input({DType::int8, {}}, "i"),
             truth = input({DType::boolean, {}}, "b");
  EXPECT_EQ((single + 1.0).dtype(), DType::float32);
  EXPECT_EQ((single + 1).dtype(), DType::float32);
  EXPECT_EQ((small + 1).dtype(), DType::int8);
  EXPECT_EQ((small * 0.5).dtype(), DType::float64);
  EXPECT_EQ((truth + 1).dtype(), DType::int64);
}

TEST(Promotion, DivisionIsTrueAndFunctionsAreReal) {
  const Expr i = lscalar("i"), j = lscalar("j");
  EXPECT_EQ((i / j).dtype(), DType::float64);
  EXPECT_EQ(exp(i).dtype(), DType::float64);
  EXPECT_EQ(abs(i).dtype(), DType::int64);
  EXPECT_EQ((i < j).dtype(), DType::boolean);
  EXPECT_EQ(mean(lvector("v")).dtype(), DType::float64);
  const auto at = [&](const Expr& e) {
    return evaluate(e, {i, j}, {Array::scalar(std::int64_t{-7}), Array::scalar(std::int64_t{2})});
  };
  EXPECT_EQ(at(i / j), -3.5);
  EXPECT_EQ(at(floor_div(i, j)), -4);
  EXPECT_EQ(at(i % j), 1);
  EXPECT_EQ(evaluate(round(constant(2.5))), 2);
  EXPECT_EQ(evaluate(round(constant(3.5))), 4);
}

// --- Broadcasting ---

TEST(Broadcasting, IsNumPys) {
  EXPECT_EQ(broadcast({2, 3}, {3}), (Shape{2, 3}));
  EXPECT_EQ(broadcast({2, 1}, {1, 5}), (Shape{2, 5}));
  EXPECT_EQ(broadcast({}, {4}), (Shape{4}));
  EXPECT_EQ(broadcast({0}, {1}), (Shape{0}));
  EXPECT_THROW(broadcast({2}, {3}), GraphError);
}

TEST(Broadcasting, OfUnknownLengthsTakesTheKnownOne) {
  EXPECT_EQ(broadcast({unknown}, {3}), (Shape{3}));
  EXPECT_EQ(broadcast({unknown}, {1}), (Shape{unknown}));
  EXPECT_EQ(broadcast({unknown, 2}, {unknown}), (Shape{unknown, 2}));
}

TEST(Broadcasting, OfUnknownLengthsStretchesWhenCalled) {
  const Expr x = dmatrix("x"), y = dvector("y");
  const Array row = Array::of<double>({1, 3}, {1, 2, 3}), column = Array::vector({10});
  const Array result = interpret(Graph{{x, y}, {x + y}}, std::vector{row, column})[0];
  EXPECT_EQ(result.shape(), (Shape{1, 3}));
  EXPECT_EQ(result.reals(), (std::vector<double>{11, 12, 13}));
  EXPECT_THROW(interpret(Graph{{x, y}, {x + y}}, std::vector{row, Array::vector({1, 2})}), GraphError);
}

// --- Errors ---

TEST(Errors, SayOpTypesReasonAndPlace) {
  const Expr a = input({DType::float64, {2, 3}}, "a"), b = input({DType::float64, {4}}, "b");
  expect_says(error_of([&] { a + b; }), {"add", "float64[2, 3]", "float64[4]", "lengths 3 and 4", "graph_test.cpp"});
  expect_says(error_of([&] { sum(a, {2}); }), {"sum", "axis 2", "rank 2"});
}

TEST(Errors, RefuseArgumentsThatDoNotFit) {
  const Expr x = input({DType::float64, {3}}, "position");
  expect_says(error_of([&] {
                interpret(Graph{{x}, {exp(x)}}, std::vector{Array::vector({1, 2})});
              }),
              {"position", "float64[3]", "float64[2]"});
  expect_says(error_of([&] { interpret(Graph{{x}, {exp(x)}}, std::vector<Array>{}); }), {"1", "0"});
  const Expr y = dscalar("momentum");
  expect_says(error_of([&] { interpret(Graph{{x}, {x + y}}, std::vector{Array::vector({1, 2, 3})}); }), {"momentum"});
}

TEST(Errors, RefuseEmptyExpressions) {
  expect_says(error_of([&] { exp(Expr()); }), {"empty"});
}

TEST(Errors, RefuseSizesThatOverflow) {
  EXPECT_THROW(element_count({std::int64_t{1} << 40, std::int64_t{1} << 40}), GraphError);
  EXPECT_EQ(element_count({0, std::int64_t{1} << 40, std::int64_t{1} << 40}), 0);
}

}  // namespace
}  // namespace leapgraph::symbolic
