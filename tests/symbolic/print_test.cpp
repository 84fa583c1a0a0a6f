/// Graphs as text, compared as a whole.
#include "leapgraph/symbolic/print.hpp"

#include <limits>

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/rewrite/specialize.hpp"
#include "symbolic/derivative_check.hpp"

namespace leapgraph::symbolic {
namespace {

TEST(PrettyPrint, WritesFormulasAsPyTensorDoes) {
  const Expr x = dscalar("x"), y = dscalar("y"), v = dvector("v"), m = dmatrix("X");
  EXPECT_EQ(pp(x + y), "(x + y)");
  EXPECT_EQ(pp(pow(x, 2)), "(x ** 2)");
  EXPECT_EQ(pp(abs(x)), "|x|");
  EXPECT_EQ(pp(1 / (1 + exp(-m))), "(1 / (1 + exp((-X))))");
  EXPECT_EQ(pp(dot(m, v)), "(X \\dot v)");
  EXPECT_EQ(pp(dot(m, transpose(m))), "(X \\dot X.T)");
  EXPECT_EQ(pp(sum(m, {0})), "sum(X, axis=(0,))");
  EXPECT_EQ(pp(sum(m)), "sum(X, axis=None)");
  EXPECT_EQ(pp(x >= y), "ge(x, y)");
  EXPECT_EQ(pp(x > y), "gt(x, y)");
  EXPECT_EQ(pp(y <= x), "le(y, x)");
  EXPECT_EQ(pp(eq(x, y)), "eq(x, y)");
  EXPECT_EQ(pp(where(x > 0.0, x, 0)), "where(gt(x, 0), x, 0)");
  EXPECT_EQ(pp(outer(v, v)).substr(0, 14), "contract(v, v,");
  EXPECT_EQ(pp(gather(v, constant(integers({2}, {1, 0})))), "v[data[1, 0]]");
  EXPECT_EQ(pp(cast(x, DType::int64)), "cast(x, dtype=int64)");
}

TEST(PrettyPrint, WritesIndicesOfOneTensorInOnePairOfBrackets) {
  const Expr v = dvector("v"), m = dmatrix("X"), t = input({DType::float64, {4, 5, 6}}, "t");
  EXPECT_EQ(pp(at(slice(m, 0, {1, std::nullopt}), 2, 1)), "X[1:, 2]");
  EXPECT_EQ(pp(slice(m, 1, {std::nullopt, std::nullopt, -1})), "X[:, ::-1]");
  EXPECT_EQ(pp(slice(slice(v, 0, {1, std::nullopt}), 0, {std::nullopt, -1})), "v[1:][:-1]");
  EXPECT_EQ(pp(at(at(t, 1), 2)), "t[1, 2]");
  EXPECT_EQ(pp(at(slice(at(t, 1), 1, {2, 4}), 3, 0)), "t[1, 3, 2:4]");
  EXPECT_EQ(pp(exp(at(v + 1.0, 0))), "exp((v + 1)[0])");
}

TEST(PrettyPrint, WritesNumbersAsTheShortestTextThatReadsBack) {
  EXPECT_EQ(pp(constant(0.1)), "0.1");
  EXPECT_EQ(pp(constant(0.1 + 0.2)), "0.30000000000000004");
  EXPECT_EQ(pp(constant(1e300)), "1e+300");
  EXPECT_EQ(pp(constant(-0.0)), "-0");
  EXPECT_EQ(pp(constant(std::numeric_limits<double>::infinity())), "inf");
  EXPECT_EQ(pp(constant(0.1, DType::float32)), "0.1");
  EXPECT_EQ(pp(constant(std::int64_t{9007199254740993})), "9007199254740993");
  EXPECT_EQ(pp(constant(true)), "true");
  EXPECT_EQ(pp(input({DType::float64, {3, unknown}}, "")), "<float64[3, ?]>");
}

TEST(PrettyPrint, ShowsTheStepOfALoopAndBothSidesOfABranch) {
  const Expr a = dvector("A"), x = dscalar("x"), k = lscalar("k");
  const ScanResult power = scan(
      [&](const Exprs& c, const Exprs& s) {
        return ScanBody{{c[0] * x + s[0]}, {sqr(c[0])}};
      },
      {1.0}, {a}, k);
  EXPECT_EQ(pp(power.carry[0]), "scan(c0 <- ((c0 * x) + s0), y0 = sqr(c0), c0=1, s0=A, n_steps=k).c0");
  EXPECT_EQ(pp(power.outputs[0]), "scan(c0 <- ((c0 * x) + s0), y0 = sqr(c0), c0=1, s0=A, n_steps=k).y0");
  const Expr nested = scan(
                          [&](const Exprs& c, const Exprs&) {
                            return ScanBody{{scan(
                                                 [&](const Exprs& d, const Exprs&) {
                                                   return ScanBody{{d[0] * c[0]}, {}};
                                                 },
                                                 {x}, {}, 2)
                                                 .carry[0]},
                                            {}};
                          },
                          {1.0}, {}, 3)
                          .carry[0];
  EXPECT_EQ(pp(nested), "scan(c0 <- scan(c0' <- (c0' * c0), c0'=x, n_steps=2), c0=1, n_steps=3)");
  EXPECT_EQ(pp(ifelse(
                x > 0.0, [&] { return Exprs{log(x)}; }, [&] { return Exprs{-x}; })[0]),
            "ifelse(gt(x, 0), log(x), (-x))");
  const Expr p = dscalar("p");
  EXPECT_EQ(pp(call(close({{p}, {p * p + 1.0}}), {exp(x)})[0]), "((exp(x) * exp(x)) + 1)");
}

TEST(PrettyPrint, WritesNamesForWhatTheUserNamed) {
  const Expr x = dscalar("x"), energy = exp(x) * x;
  EXPECT_EQ(pp(sqr(energy) + x, {.names = {{energy, "energy"}}}), "(sqr(energy) + x)");
}

TEST(PrettyPrint, EndsWhereSharedPartsWouldFillMemory) {
  Expr x = dscalar("x");
  for (int i = 0; i < 200; ++i) x = x + x;
  const std::string text = pp(x, 100);
  EXPECT_LT(text.size(), 120u + 200u);
  EXPECT_EQ(text.substr(text.size() - 3), "...");
  const std::string cut = pp(x, {.longest_repeated = 50});
  EXPECT_LT(cut.size(), 10'000u) << "what is long and shared is written once";
  EXPECT_NE(cut.find("add(...)"), std::string::npos);
}

TEST(DebugPrint, DrawsATreeAsPyTensorDoes) {
  const Expr x = dvector("x"), y = dscalar("y");
  EXPECT_EQ(debugprint(x + y),
            "add [id A]\n"
            " ├─ x [id B]\n"
            " └─ y [id C]\n");
  EXPECT_EQ(debugprint(sum(exp(x) * y) + y * y),
            "add [id A]\n"
            " ├─ sum{axes=[0]} [id B]\n"
            " │  └─ mul [id C]\n"
            " │     ├─ exp [id D]\n"
            " │     │  └─ x [id E]\n"
            " │     └─ y [id F]\n"
            " └─ mul [id G]\n"
            "    ├─ y [id F]\n"
            "    └─ y [id F]\n");
  const Expr e = exp(x);
  EXPECT_EQ(debugprint(e * sqr(e)),
            "mul [id A]\n"
            " ├─ exp [id B]\n"
            " │  └─ x [id C]\n"
            " └─ sqr [id D]\n"
            "    └─ exp [id B]\n"
            "       └─ ···\n");
}

TEST(DebugPrint, ShowsWhatIsAskedFor) {
  const Expr x = dvector("x");
  const Expr e = exp(x) + 1.0;
  EXPECT_EQ(debugprint(e, {.depth = 2, .types = true, .order = true}),
            "add [id A] <float64[?]> 1\n"
            " ├─ exp [id B] <float64[?]> 0\n"
            " └─ 1 [id C] <float64>\n");
  EXPECT_EQ(debugprint(e, {.depth = 1}), "add [id A]\n");
  EXPECT_EQ(debugprint(e, {.ids = TreeOptions::Ids::none, .stop_at_names = true, .names = {{exp(x), "weights"}}}),
            "add\n"
            " ├─ exp 'weights'\n"
            " └─ 1\n");
  EXPECT_NE(debugprint(e, {.places = true}).find("print_test.cpp:"), std::string::npos);
  EXPECT_EQ(debugprint(e, {.ids = TreeOptions::Ids::numbers, .lines = 1}), "add [id 0]\n...\n");
  const CompiledFunction f = compile(specialize({{x}, {log(exp(x))}}, std::vector<Shape>{{3}}),
                                     {.target = CompileOptions::Target::interpreter});
  EXPECT_EQ(debugprint(f), "x [id A]\n");
}

TEST(DebugPrint, NamesManyNodesByMoreLetters) {
  const Expr x = dscalar("x");
  Expr e = x;
  for (int i = 0; i < 30; ++i) e = sin(e);
  EXPECT_NE(debugprint(e).find("x [id AE]"), std::string::npos) << debugprint(e);
}

TEST(DebugPrint, ListsInnerGraphsAfterTheTree) {
  const Expr x = dscalar("x");
  const Expr power = scan(
                         [&](const Exprs& c, const Exprs&) {
                           return ScanBody{{c[0] * x}, {}};
                         },
                         {1.0}, {}, 3)
                         .carry[0];
  EXPECT_EQ(debugprint(power),
            "scan{carries=1, sequences=0, length=3} [id A]\n"
            " ├─ 3 [id B]\n"
            " ├─ 1 [id C]\n"
            " └─ x [id D]\n"
            "\n"
            "Inner graphs:\n"
            "\n"
            "scan{carries=1, sequences=0, length=3} [id A]\n"
            " ← mul [id E] (carry 0)\n"
            "    ├─ *0-<float64> [id F] -> [id C] (carry 0)\n"
            "    └─ *1-<float64> [id G] -> [id D] (constant 0)\n");
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
