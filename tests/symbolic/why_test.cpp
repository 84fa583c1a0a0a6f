/// What rewriting did, told for expressions of the user and for nodes of the rewritten graph.
#include "leapgraph/symbolic/why.hpp"

#include <gtest/gtest.h>

#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/print.hpp"

namespace leapgraph::symbolic {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Why, NamesTheRuleThatRewroteAnExpression) {
  const Expr x = dscalar("x");
  const int line = __LINE__ + 1;
  const Expr written = log(1.0 + exp(x));
  const Explanation told({{x}, {written * 3.0}});
  EXPECT_EQ(pp(told.image(written)), "softplus(x)");
  const std::string text = told.of(written);
  EXPECT_TRUE(has(text, "why_test.cpp:" + std::to_string(line))) << text;
  EXPECT_TRUE(has(text, "stability, '")) << text;
  EXPECT_TRUE(has(text, "log((1 + exp(x))) -> softplus(x)")) << text;
  EXPECT_TRUE(has(text, "is softplus(x) in the rewritten graph")) << text;
}

TEST(Why, LeadsFromANodeOfTheRewrittenGraphBackToTheUser) {
  const Expr x = dvector("x");
  const Expr written = sum(log(1.0 + exp(x)));
  const Graph graph{{x}, {written, grad(written, x)}};
  const Explanation told(graph, std::vector<Shape>{{4}});
  for (const Node* node : topological_order(told.rewritten().outputs)) {
    if (node->inputs().empty()) continue;
    const Expr e = outputs_of(*node)[0];
    const Exprs from = told.origins(e);
    ASSERT_FALSE(from.empty()) << pp(e) << "\n" << told.of(e);
    EXPECT_TRUE(has(told.of(e), "why_test.cpp")) << told.of(e);
  }
}

TEST(Why, TellsWhatIsUnchangedFoldedAndDropped) {
  const Expr x = dscalar("x"), y = dscalar("y");
  const Expr same = sin(x) * y, folded = constant(2.0) * 3.0, inner = exp(y), dropped = log(inner);
  const Explanation told({{x, y}, {same, folded + x, dropped}});
  EXPECT_TRUE(has(told.of(same), "is unchanged")) << told.of(same);
  EXPECT_TRUE(has(told.of(folded), "is the constant 6")) << told.of(folded);
  EXPECT_TRUE(has(told.of(dropped), "-> y")) << told.of(dropped);
  EXPECT_TRUE(has(told.of(inner), "is not in the rewritten graph: log(exp(y)) became y")) << told.of(inner);
  EXPECT_TRUE(has(told.of(cos(x)), "in neither")) << told.of(cos(x));
}

TEST(Why, LooksIntoTheBodiesOfLoops) {
  const Expr x = dscalar("x");
  Expr written;
  const Expr last = scan(
                        [&](const Exprs& c, const Exprs&) {
                          written = log(1.0 + exp(c[0]));
                          return ScanBody{{written * x}, {}};
                        },
                        {x}, {}, 30)
                        .carry[0];
  const Explanation told({{x}, {last}});
  const Expr inside = last.node().get<Body>("body")->outputs[0];
  EXPECT_TRUE(has(pp(told.image(inside)), "softplus")) << pp(told.image(inside));
  EXPECT_TRUE(told.is_needed(told.image(inside))) << told.of(inside);
  EXPECT_TRUE(has(why({{x}, {last}}, std::size_t{0}), "scan(c0 <- (log((1 + exp(c0))) * x)")) << told.of(last);
  EXPECT_THROW(why({{x}, {last}}, std::size_t{1}), IndexError);
}

}  // namespace
}  // namespace leapgraph::symbolic
