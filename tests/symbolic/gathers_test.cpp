/// Gathers: constant indices as views, elementwise work on tables.
#include "leapgraph/symbolic/rewrite/gathers.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"

namespace leapgraph::symbolic {
namespace {

Expr data(Shape shape, const std::vector<std::int64_t>& index) {
  return constant(Array::of<std::int64_t>(shape, index));
}
Expr data(const std::vector<std::int64_t>& index) { return data({static_cast<std::int64_t>(index.size())}, index); }

std::size_t count(const Expr& e, const Op& op) {
  std::size_t found = 0;
  for (const Node* node : topological_order(std::span(&e, 1))) found += &node->op() == &op ? 1 : 0;
  return found;
}

/// The only output of `pass` on a function of `inputs`, checked to have the same value: bits, since the same operations
/// are done on the same numbers.
Expr passed(Graph (*pass)(const Graph&, const PassLog&), const Exprs& inputs, const Expr& e) {
  const Expr result = pass({inputs, {e}}, {}).outputs[0];
  EXPECT_EQ(result.type(), e.type());
  CompileOptions options;
  options.target = CompileOptions::Target::interpreter;
  options.as_written = true;
  std::vector<Array> arguments;
  for (const Expr& x : inputs) {
    Array argument(x.type());
    for (std::int64_t i = 0; i < argument.size(); ++i) argument.set(i, 0.25 + 0.5 * static_cast<double>(i));
    arguments.push_back(argument);
  }
  const auto wanted = compile(Graph{inputs, {e}}, options)(arguments);
  const auto got = compile(Graph{inputs, {result}}, options)(arguments);
  EXPECT_TRUE(same_bits(got[0], wanted[0])) << to_string(got[0]) << " for " << to_string(wanted[0]);
  return result;
}

const Expr x = input({DType::float64, {6}}, "x"), m = input({DType::float64, {6, 3}}, "m");

Expr simplified(const Expr& e) { return passed(simplify_gathers, {x, m}, e); }

TEST(ConstantIndex, ThatCountsUpOrDownIsASlice) {
  EXPECT_EQ(simplified(gather(x, data({0, 1, 2, 3, 4, 5}))), x);
  EXPECT_EQ(simplified(gather(x, data({2, 3, 4}))), slice(x, 0, {2, 5}));
  EXPECT_EQ(simplified(gather(m, data({4, 3, 2}))), slice(m, 0, {4, 1, -1}));
  EXPECT_EQ(simplified(gather(m, data({2, 1, 0}))), slice(m, 0, {2, std::nullopt, -1}));
  EXPECT_EQ(simplified(gather(x, data({5}))), slice(x, 0, {5, 6}));
}

TEST(ConstantIndex, WithAStrideIsAViewOfBlocks) {
  for (const auto& index : {std::vector<std::int64_t>{0, 2, 4}, {1, 3, 5}, {5, 3, 1}, {0, 3}, {2, 5}}) {
    EXPECT_EQ(count(simplified(gather(x, data(index))), gather_op), 0u);
    EXPECT_EQ(count(simplified(gather(m, data(index))), gather_op), 0u);
  }
  // Two blocks of four do not fit into six.
  EXPECT_EQ(count(simplified(gather(x, data({1, 5}))), gather_op), 1u);
  EXPECT_EQ(count(simplified(gather(x, data({4, 0}))), gather_op), 1u);
}

TEST(ConstantIndex, OfOneNumberIsABroadcast) {
  EXPECT_EQ(count(simplified(gather(x, data({3, 3, 3, 3}))), gather_op), 0u);
  EXPECT_EQ(count(simplified(gather(m, data({2, 2}, {1, 1, 1, 1}))), gather_op), 0u);
}

TEST(ConstantIndex, OfHigherRankIsReshapedOrBroadcast) {
  EXPECT_EQ(count(simplified(gather(x, data({2, 3}, {0, 1, 2, 3, 4, 5}))), gather_op), 0u);
  const Expr rows_alike = simplified(gather(x, data({3, 4}, {0, 2, 5, 1, 0, 2, 5, 1, 0, 2, 5, 1})));
  EXPECT_EQ(count(rows_alike, broadcast_to_op), 1u);
  const Expr columns_alike = simplified(gather(m, data({3, 2}, {4, 4, 0, 0, 1, 1})));
  EXPECT_EQ(count(columns_alike, broadcast_to_op), 1u);
}

TEST(ConstantIndex, IntoAGatherIsComposed) {
  const Expr twice = gather(gather(x, data({5, 0, 3, 1})), data({3, 3, 0, 2, 1}));
  EXPECT_EQ(count(simplified(twice), gather_op), 1u);
  // Back to where they were: nothing is left.
  EXPECT_EQ(simplified(gather(gather(x, data({5, 0, 3, 1, 2, 4})), data({1, 3, 4, 2, 5, 0}))), x);
}

TEST(ConstantIndex, ThatIsIrregularStays) {
  const Expr irregular = gather(x, data({0, 1, 3, 2}));
  EXPECT_EQ(simplified(irregular), irregular);
}

TEST(ConstantIndex, OutOfRangeIsLeftForTheErrorThatNamesIt) {
  const Expr any = input({DType::float64, {unknown}}, "any");
  const Expr six =
      rebuild(std::vector<Expr>{gather(any, data({3, 4, 5, 6}))}, [](const Node& node, const Exprs& inputs) {
        return &node.op() == &input_op ? Exprs{x} : rebuild_same(node, inputs);
      })[0];
  EXPECT_EQ(simplify_gathers({{x}, {six}}).outputs[0], six);
  EXPECT_THROW(compile(Graph{{x}, {six}}), GraphError);
}

TEST(ConstantIndex, OfASumByRowIsAViewOrAGather) {
  EXPECT_EQ(simplified(scatter_add(x, data({0, 1, 2, 3, 4, 5}), 6)), x);
  EXPECT_EQ(count(simplified(scatter_add(m, data({1, 2, 3, 4, 5, 6}), 9)), pad_slice_op), 1u);
  EXPECT_EQ(count(simplified(scatter_add(m, data({6, 5, 4, 3, 2, 1}), 9)), pad_slice_op), 1u);
  const Expr permuted = simplified(scatter_add(x, data({3, 0, 5, 1, 4, 2}), 6));
  EXPECT_EQ(count(permuted, gather_op), 1u);
  EXPECT_EQ(count(permuted, scatter_add_op), 0u);
}

const Expr s = input({DType::float64, {3}}, "s"), y = input({DType::float64, {8}}, "y"),
           c = input({DType::float64, {}}, "c");
const Expr rows = data({0, 2, 1, 1, 0, 2, 2, 1});

Expr hoisted(const Expr& e) { return passed(hoist_through_gathers, {s, y, c}, e); }

TEST(WorkOnPickedRows, MovesToTheTable) {
  EXPECT_EQ(hoisted(log(gather(s, rows))), gather(log(s), rows));
  EXPECT_EQ(hoisted(log1p(c * gather(s, rows))), gather(log1p(c * s), rows));
  EXPECT_EQ(hoisted(y - log(gather(s, rows))), y - gather(log(s), rows));
  const Expr t = gather(s, rows);
  EXPECT_EQ(hoisted(log(t) + sqrt(t)), gather(log(s) + sqrt(s), rows));
}

TEST(WorkOnPickedRows, StaysWhereAnotherOperandVaries) {
  const Expr e = log(gather(s, rows) + y);
  EXPECT_EQ(hoisted(e), e);
}

TEST(WorkOnPickedRows, StaysWhereTheTableIsTheLonger) {
  const Expr e = log(gather(y, data({0, 3, 1})));
  EXPECT_EQ(hoisted(e), e);
}

TEST(WorkOnPickedRows, StaysBeforeGradientsWhereARowIsNotPicked) {
  const Expr e = log(gather(s, data({0, 1, 1, 0, 1, 1, 0, 0})));
  EXPECT_EQ(hoisted(e), e);
  EXPECT_NE(passed(hoist_all_through_gathers, {s, y, c}, e), e);
}

TEST(WorkOnPickedRows, LeavesExponentialsToTheRulesUnlessMoreFollows) {
  const Expr e = log(exp(gather(s, rows)) + exp(y));
  EXPECT_EQ(hoisted(e), e);
  EXPECT_EQ(hoisted(log1p(exp(gather(s, rows)))), gather(log1p(exp(s)), rows));
  EXPECT_NE(passed(hoist_all_through_gathers, {s, y, c}, e), e);
}

TEST(WorkOnPickedRows, IsNotDoneTwiceForOneCheapOperation) {
  const Expr picked = gather(s, rows);
  const Expr e = (picked + 1.0) * y + picked * y;
  EXPECT_EQ(hoisted(e), e);
}

TEST(WorkOnPickedRows, HasTheGradientsItHad) {
  const Expr value = sum(y * log(gather(s, rows)) - sqrt(gather(s, rows)));
  const Expr table_value = hoist_through_gathers({{s, y}, {value}}).outputs[0];
  const std::vector<Array> arguments{Array::vector({0.5, 1.5, 2.5}), Array::vector({1, -2, 3, -4, 5, -6, 7, -8})};
  const auto before = compile(Graph{{s, y}, {grad(value, s)}})(arguments)[0].reals();
  const auto after = compile(Graph{{s, y}, {grad(table_value, s)}})(arguments)[0].reals();
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(after[i], before[i], 1e-13) << "sums of few terms";
}

}  // namespace
}  // namespace leapgraph::symbolic
