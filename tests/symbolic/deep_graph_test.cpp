/// Graphs of extreme forms: half a million nodes in a chain, more paths than atoms, bodies in bodies in bodies.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/print.hpp"
#include "leapgraph/symbolic/rewrite/passes.hpp"
#include "leapgraph/symbolic/verification.hpp"

namespace leapgraph::symbolic {
namespace {

Expr chain(const Expr& x, int length) {
  Expr e = x;
  for (int i = 0; i < length; ++i) e = i % 3 == 0 ? sin(e) : i % 3 == 1 ? e + x : e * 0.5;
  return e;
}

/// Measured here: built in 1 s, differentiated in 3, evaluated in 2, destroyed in 1; rewriting takes some 0.1 ms a
/// node.
TEST(DeepGraphs, OfHalfAMillionNodesAreDifferentiatedEvaluatedPrintedAndDestroyed) {
  const Expr y = dscalar("y");
  grad(exp(y), y);  // makes the tables of rules
  const std::size_t before = interned_nodes();
  {
    const Expr x = dscalar("x"), e = chain(x, 500000), g = grad(e, x);
    const std::vector<Array> got = interpret(Graph{{x}, {e, g}}, std::vector{Array::scalar(0.3)});
    double value = 0.3, slope = 1;
    for (int i = 0; i < 500000; ++i) {
      slope = i % 3 == 0 ? slope * std::cos(value) : i % 3 == 1 ? slope + 1 : slope * 0.5;
      value = i % 3 == 0 ? std::sin(value) : i % 3 == 1 ? value + 0.3 : value * 0.5;
    }
    EXPECT_NEAR(got[0].real(), value, 1e-12);
    EXPECT_NEAR(got[1].real(), slope, 1e-12);
    EXPECT_TRUE(pp(g, 1000).ends_with("..."));
  }
  EXPECT_EQ(interned_nodes(), before);
}

TEST(DeepGraphs, AreRewrittenMovedForwardsAndSearched) {
  const Expr x = dscalar("x"), e = chain(x, 5000), g = grad(e, x), f = jvp(e, x, constant(1.0));
  const Graph rewritten = rewrite(Graph{{x}, {e, g, f}});
  const std::vector<Array> got = interpret(rewritten, std::vector{Array::scalar(0.3)});
  EXPECT_NEAR(got[1].real(), got[2].real(), 1e-12);
  EXPECT_FALSE(first_bad_value(Graph{{x}, {e}}, std::vector{Array::scalar(0.3)}));
}

TEST(DeepGraphs, WithMorePathsThanAnyoneCanWalk) {
  const Expr x = dscalar("x");
  Expr e = x;
  for (int i = 0; i < 200; ++i) e = e + sin(e) * 0.0 + e;
  const Expr g = grad(e, x), f = jvp(e, x, constant(1.0));
  const std::vector<Array> at{Array::scalar(1.0)};
  const double wanted = std::pow(2.0, 200);
  EXPECT_EQ(interpret(Graph{{x}, {g}}, at)[0].real(), wanted);
  EXPECT_EQ(interpret(Graph{{x}, {f}}, at)[0].real(), wanted);
  EXPECT_LE(pp(e, 1000).size(), 1010u);
  EXPECT_FALSE(debugprint(e).empty());
  const Expr moved = substitute(std::span(&e, 1), {{x, x * 2.0}})[0];
  EXPECT_EQ(interpret(Graph{{x}, {moved}}, at)[0].real(), 2 * wanted);
  EXPECT_EQ(static_cast<double>(function({x}, g)(1.0)), wanted);
  EXPECT_FALSE(first_bad_value(Graph{{x}, {e}}, at));
}

TEST(DeepGraphs, OfBranchesInBranches) {
  const Expr x = dscalar("x");
  const std::function<Expr(Expr, int)> nested = [&](const Expr& y, int depth) -> Expr {
    if (depth == 0) return sin(y);
    return ifelse(
        y > -1.0, [&] { return Exprs{nested(y * 0.99, depth - 1)}; }, [&] { return Exprs{y}; })[0];
  };
  const Expr e = nested(x, 50), g = grad(e, x);
  const double scale = std::pow(0.99, 50);
  EXPECT_NEAR(interpret(Graph{{x}, {g}}, std::vector{Array::scalar(0.5)})[0].real(), scale * std::cos(0.5 * scale),
              1e-14);
}

TEST(DeepGraphs, OfLoopsInLoops) {
  const Expr x = dscalar("x");
  const std::function<Expr(Expr, int)> nested = [&](const Expr& y, int depth) -> Expr {
    if (depth == 0) return 0.9 * y;
    return scan(
               [&](const Exprs& c, const Exprs&) {
                 return ScanBody{{nested(c[0], depth - 1)}, {}};
               },
               {y}, {}, 1)
        .carry[0];
  };
  const Expr e = nested(x, 50);
  EXPECT_NEAR(interpret(Graph{{x}, {e}}, std::vector{Array::scalar(0.5)})[0].real(), 0.45, 1e-16);
  const Expr g = grad(nested(x, 8), x);
  EXPECT_NEAR(interpret(Graph{{x}, {g}}, std::vector{Array::scalar(0.5)})[0].real(), 0.9, 1e-15);
}

}  // namespace
}  // namespace leapgraph::symbolic
