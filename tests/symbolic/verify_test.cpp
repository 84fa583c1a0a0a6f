/// `verify` accepts what builders make and names what is wrong with anything else; `specialize` leaves no unknown
/// length.
#include <gtest/gtest.h>

#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/rewrite/passes.hpp"

namespace leapgraph::symbolic {
namespace {

std::string complaint(const Graph& graph, Stage stage = Stage::built) {
  try {
    verify(graph, stage, "a pass");
  } catch (const InternalError& error) {
    return error.what();
  }
  return "";
}

TEST(Verify, AcceptsWhatTheBuildersMake) {
  const Expr x = dvector("x"), m = dmatrix("m");
  const Expr cost = sum(dot(m, x)) + logsumexp(x);
  EXPECT_EQ(complaint({{x, m}, {cost, grad(cost, x), grad(cost, m)}}), "");
}

TEST(Verify, NamesAVariableThatIsNotAnInput) {
  const Expr x = dscalar("x"), y = dscalar("y");
  const std::string text = complaint({{x}, {x + y}});
  EXPECT_NE(text.find("after a pass"), std::string::npos) << text;
  EXPECT_NE(text.find("not among the inputs"), std::string::npos) << text;
  EXPECT_NE(text.find("verify_test.cpp"), std::string::npos) << text;
}

TEST(Verify, RefusesInputsThatAreNoVariablesOrComeTwice) {
  const Expr x = dscalar("x");
  EXPECT_NE(complaint({{x, x}, {x}}).find("twice"), std::string::npos);
  EXPECT_NE(complaint({{x + 1.0}, {x + 1.0}}).find("not a variable"), std::string::npos);
  EXPECT_NE(complaint({{x}, {Expr()}}).find("absent"), std::string::npos);
}

TEST(Verify, RefusesAbstractOpsOnceShapesAreKnown) {
  const Expr x = dvector("x");
  const Graph open{{x}, {grad(sum(sqr(x)), x), logsumexp(x)}};
  EXPECT_EQ(complaint(open), "");
  const Graph known = specialize(open, std::vector<Shape>{{3}});
  EXPECT_EQ(complaint(known, Stage::specialized), "");
  EXPECT_NE(complaint(known, Stage::lowered).find("abstract"), std::string::npos);
  EXPECT_EQ(complaint(lower_abstract(known), Stage::lowered), "");
  EXPECT_EQ(complaint(rewrite(known), Stage::lowered), "");
}

TEST(Specialize, KnowsEveryLengthAndKeepsEveryValue) {
  const Expr x = dvector("x"), m = dmatrix("m"), n = lscalar("n");
  const ScanResult loop = scan(
      [&](const Exprs& carry, const Exprs&) {
        return ScanBody{{sin(dot(m, carry[0]))}, {sum(sqr(carry[0]))}};
      },
      {x}, {}, Operand(std::int64_t{4}));
  const Expr cost = sum(loop.outputs[0]) + sum(loop.carry[0]) + mean(softmax(x) * x) + sum(m + x);
  const Expr wrt[] = {x, m};
  const Exprs g = grad(cost, wrt);
  const Graph open{{x, m}, {cost, g[0], g[1]}};
  const Graph known = specialize(open, std::vector<Shape>{{2}, {2, 2}});
  verify(known, Stage::specialized, "specialize");
  for (const Node* node : topological_order(known.outputs))
    for (const Type& type : node->types()) EXPECT_TRUE(is_known(type.shape)) << node->op().name;
  const Array arguments[] = {Array::vector({0.5, -1.0}), Array::of<double>({2, 2}, {0.1, 0.7, -0.4, 0.9})};
  RewriteOptions options;
  options.observer = [](std::string_view pass, const Graph& graph) { verify(graph, Stage::built, pass); };
  const auto a = interpret(open, arguments), b = interpret(known, arguments),
             c = interpret(rewrite(known, options), arguments);
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::int64_t k = 0; k < a[i].size(); ++k) {
      EXPECT_NEAR(a[i].real(k), b[i].real(k), 1e-14);
      EXPECT_NEAR(a[i].real(k), c[i].real(k), 1e-14);
    }
}

TEST(Specialize, RefusesShapesThatContradictTheTypes) {
  const Expr x = input({DType::float64, {3}}, "x"), y = dvector("y");
  EXPECT_THROW(specialize({{x}, {x}}, std::vector<Shape>{{4}}), GraphError);
  EXPECT_THROW(specialize({{x, y}, {x + y}}, std::vector<Shape>{{3}, {4}}), GraphError);
  EXPECT_THROW(specialize({{x}, {x}}, std::vector<Shape>{}), GraphError);
}

}  // namespace
}  // namespace leapgraph::symbolic
