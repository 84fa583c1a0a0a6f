/// Graphs as text, compared as a whole.
#include "leapgraph/symbolic/print.hpp"

#include "symbolic/derivative_check.hpp"

namespace leapgraph::symbolic {
namespace {

TEST(PrettyPrint, WritesFormulas) {
  const Expr x = dscalar("x"), y = dscalar("y"), v = dvector("v"), m = dmatrix("M");
  EXPECT_EQ(pp(x + y), "(x + y)");
  EXPECT_EQ(pp(pow(x, 2)), "(x ** 2.0)");
  EXPECT_EQ(pp(abs(x)), "|x|");
  EXPECT_EQ(pp(1 / (1 + exp(-x))), "(1.0 / (1.0 + exp((-x))))");
  EXPECT_EQ(pp(dot(m, v)), "(M \\dot v)");
  EXPECT_EQ(pp(dot(m, transpose(m))), "(M \\dot M.T)");
  EXPECT_EQ(pp(at(slice(m, 0, {1, std::nullopt}), 2, 1)), "M[1:][:, 2]");
  EXPECT_EQ(pp(slice(m, 1, {std::nullopt, std::nullopt, -1})), "M[:, ::-1]");
  EXPECT_EQ(pp(sum(m, {0})), "sum(M, axis=(0,))");
  EXPECT_EQ(pp(x >= y), "(y <= x)");
  EXPECT_EQ(pp(where(x > 0.0, x, 0)), "where((0.0 < x), x, 0.0)");
  EXPECT_EQ(pp(outer(v, v)).substr(0, 14), "contract(v, v,");
  EXPECT_EQ(pp(gather(v, constant(integers({2}, {1, 0})))), "v[data[1, 0]]");
  EXPECT_EQ(pp(cast(x, DType::int64)), "cast(x, dtype=int64)");
}

TEST(PrettyPrint, EndsWhereSharedPartsWouldFillMemory) {
  Expr x = dscalar("x");
  for (int i = 0; i < 200; ++i) x = x + x;
  const std::string text = pp(x, 100);
  EXPECT_LT(text.size(), 120u + 200u);
  EXPECT_EQ(text.substr(text.size() - 3), "...");
}

TEST(DebugPrint, DrawsATree) {
  const Expr x = dvector("x"), y = dscalar("y");
  EXPECT_EQ(debugprint(sum(exp(x) * y) + y * y),
            "add [id A] float64\n"
            " ├─ sum {axes=[0]} [id B] float64\n"
            " │   └─ mul [id C] float64[?]\n"
            " │       ├─ exp [id D] float64[?]\n"
            " │       │   └─ x [id E] float64[?]\n"
            " │       └─ y [id F] float64\n"
            " └─ mul [id G] float64\n"
            "     ├─ y [id F] float64\n"
            "     └─ y [id F] float64\n");
  const Expr e = exp(x);
  EXPECT_EQ(debugprint(e * sqr(e)),
            "mul [id A] float64[?]\n"
            " ├─ exp [id B] float64[?]\n"
            " │   └─ x [id C] float64[?]\n"
            " └─ sqr [id D] float64[?]\n"
            "     └─ exp [id B] float64[?] (above)\n");
}

TEST(DebugPrint, ListsBodiesAfterTheTree) {
  const Expr x = dscalar("x");
  const Expr power = scan(
                         [&](const Exprs& c, const Exprs&) {
                           return ScanBody{{c[0] * x}, {}};
                         },
                         {1.0}, {}, 3)
                         .carry[0];
  EXPECT_EQ(debugprint(power),
            "scan {carries=1, sequences=0, length=3} [id A] float64 body=@0\n"
            " ├─ 3 [id B] int64\n"
            " ├─ 1.0 [id C] float64\n"
            " └─ x [id D] float64\n"
            "\n"
            "body @0(float64, float64)\n"
            "mul [id E] float64\n"
            " ├─ parameter 0 [id F] float64\n"
            " └─ parameter 1 [id G] float64\n");
}

TEST(Describe, NumbersNodesInOrder) {
  const Expr x = input({DType::float64, {8}}, "x"), unused = lscalar("n");
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        return ScanBody{{c[0] + e[0]}, {sqr(c[0])}};
      },
      {0.0}, {2.0 * x});
  EXPECT_EQ(describe({{x, unused}, {r.carry[0], max(r.outputs[0])}}),
            "%0 = input x : float64[8]\n"
            "%1 = input n : int64\n"
            "%2 = mul(2.0, %0) : float64[8]\n"
            "%3 = scan(8, 0.0, %2) {carries=1, sequences=1, length=8} body=@0 : (float64, float64[8])\n"
            "%4 = max(%3.1) {axes=[0]} : float64\n"
            "return %3.0, %4\n"
            "@0:\n"
            "  %0 = parameter 0 : float64\n"
            "  %1 = parameter 1 : float64\n"
            "  %2 = add(%0, %1) : float64\n"
            "  %3 = sqr(%0) : float64\n"
            "  return %2, %3\n");
}

TEST(Describe, ShowsDataAndAttributes) {
  const Expr x = constant(Array::vector({1.5, 2}));
  EXPECT_EQ(describe({{}, {transpose(expand_dims(x, 0))}}),
            "%0 = data [1.5, 2] : float64[2]\n"
            "%1 = expand_dims(%0) {axes=[0]} : float64[1, 2]\n"
            "%2 = transpose(%1) {permutation=[1, 0]} : float64[2, 1]\n"
            "return %2\n");
}

TEST(Graphviz, DrawsNodesEdgesAndBodies) {
  const Expr x = dscalar("a \"quoted\" name");
  const Expr e = scan([&](const Exprs& c, const Exprs&) { return ScanBody{{c[0] * x}, {}}; }, {x}, {}, 3).carry[0];
  const std::string dot = to_dot({{x}, {e}});
  for (const char* part : {"digraph", "a \\\"quoted\\\" name", "n0 -> n2 [label=\"1\"]", "n2 -> out0",
                           "subgraph cluster_0", "b0_n2 -> b0_out0"})
    EXPECT_NE(dot.find(part), std::string::npos) << part << " in\n" << dot;
}

TEST(Printing, IsNotLimitedByDepth) {
  const Expr x = dscalar("x");
  Expr e = x;
  for (int i = 0; i < 10'000; ++i) e = sqr(e) + x;
  EXPECT_GT(describe({{x}, {e}}).size(), 100'000u);
  EXPECT_GT(debugprint(e).size(), 100'000u);
  EXPECT_GT(to_dot({{x}, {e}}).size(), 100'000u);
  EXPECT_GT(pp(e, 10'000'000).size(), 20'000u);
}

}  // namespace
}  // namespace leapgraph::symbolic
