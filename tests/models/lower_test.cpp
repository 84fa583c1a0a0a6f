/// Tests of the evaluator: programs that run on data, models that become expressions, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

#include "models/run_program.hpp"

namespace leapgraph::models {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// Runs statements on data; `result`, declared by them, is what they computed.
std::vector<double> computed(const std::string& statements, const std::string& type = "vector[3]",
                             const std::string& data_block = "", const std::string& data = "{}") {
  const Model m = model("data {" + data_block + "}\ntransformed data {\n" + statements +
                            "}\ntransformed parameters {\n  " + type + " copy = result;\n}\n",
                        data);
  return draw(m)["copy"];
}

std::string complaint_about(const std::string& statements) {
  return complaint([&] { model("transformed data {\n" + statements + "\n}\n"); });
}

// ---------------------------------------------------------------- known values

TEST(TransformedData, UnsetVariablesAreNanAndSmallestInteger) {
  const auto values = computed("vector[3] result; int n; result[2] = n;");
  EXPECT_TRUE(std::isnan(values[0]));
  EXPECT_EQ(values[1], -2147483648.0);
}

TEST(TransformedData, AssignsToElementsRowsSlicesAndIndexArrays) {
  EXPECT_THAT(computed(R"(
    matrix[3, 3] result = rep_matrix(0, 3, 3);
    result[1] = [1, 2, 3];
    result[2, 3] = 6;
    result[3][1] = 7;
    result[2 : , 2] = [5, 8]';
    result[{3, 2}, {3, 1}] = [[9, 70], [60, 4]];
  )",
                       "matrix[3, 3]"),
              ElementsAre(1, 2, 3, 4, 5, 60, 70, 8, 9));
}

TEST(TransformedData, ReadsElementsRowsSlicesAndIndexArrays) {
  EXPECT_THAT(computed(R"(
    matrix[2, 3] m = [[1, 2, 3], [4, 5, 6]];
    array[2] int which = {3, 1};
    array[2, 2] int a = {{1, 2}, {3, 4}};
    vector[8] result = [m[2, 3], m[2][1], sum(m[1]), sum(m[ : , 2]), m[1, which][1], m[2, 2 : 3][2], sum(m[2 : 1, 1]), a[2][1]]';
  )",
                       "vector[8]"),
              ElementsAre(6, 4, 6, 7, 3, 6, 0, 3));
}

TEST(TransformedData, LaterAssignmentsToOnePositionWin) {
  EXPECT_THAT(computed("vector[3] result = [0, 0, 0]'; result[{2, 2, 1}] = [5, 6, 7]';"), ElementsAre(7, 6, 0));
}

TEST(TransformedData, CopiesAreIndependent) {
  EXPECT_THAT(computed("vector[3] a = [1, 2, 3]'; vector[3] result = a; a[1] = 9; result[2] = a[1];"),
              ElementsAre(1, 9, 3));
  EXPECT_THAT(computed("vector[3] result = [1, 2, 3]'; result[2 : 3] = result[1 : 2];"), ElementsAre(1, 1, 2));
}

TEST(TransformedData, RunsLoopsAndBranches) {
  EXPECT_THAT(computed(R"(
    vector[3] result = rep_vector(0, 3);
    for (i in 1 : 10) {
      if (i == 3) continue;
      if (i > 6) break;
      result[1] += i;
    }
    for (i in 5 : 4) result[1] = -1;
    int n = 100;
    while (n > 10) n = n %/% 3;
    result[2] = n;
    for (x in {10, 20, 30}) result[3] += x;
    for (row in {[1, 2], [3, 4]}) for (x in row) result[3] += x;
  )"),
              ElementsAre(18, 3, 70));
}

TEST(TransformedData, EvaluatesConditionsLazily) {
  EXPECT_THAT(computed(R"(
    array[2] int a = {1, 2};
    vector[3] result = [0, 0, 0]';
    int i = 3;
    if (i <= 2 && a[i] == 1) result[1] = 1;
    if (i > 2 || a[i] == 1) result[2] = 1;
    result[3] = i > 2 ? 7 : a[i];
  )"),
              ElementsAre(0, 1, 7));
}

TEST(TransformedData, CallsFunctionsAndDensities) {
  const auto values =
      computed("vector[3] result = [normal_lpdf(1 | 0, 2), log_sum_exp([1, 2]'), 7 %/% 2 + 7 % 2 + 2 ^ 3]';");
  EXPECT_NEAR(values[0], -0.5 * 0.25 - std::log(2.0) - 0.5 * std::log(2 * M_PI), 1e-15);
  EXPECT_NEAR(values[1], std::log(std::exp(1.0) + std::exp(2.0)), 1e-15);
  EXPECT_EQ(values[2], 12);
}

TEST(TransformedData, ConvertsIntegersToReals) {
  EXPECT_THAT(computed("array[3] int n = {1, 2, 3}; array[3] real result = n; result[1] /= 2;", "array[3] real"),
              ElementsAre(0.5, 2, 3));
}

TEST(TransformedData, ChecksItsConstraintsAtTheEnd) {
  EXPECT_EQ(complaint_about("  real<lower=0> x = -1;\n  x = 2;"), "no error");
  EXPECT_THAT(complaint_about("  array[2] int<upper=3> n = {3, 4};"),
              StartsWith("model.stan:2:25: error: n[2] must be at most 3, found 4"));
}

TEST(TransformedData, RefusesIndicesOutOfRange) {
  EXPECT_EQ(complaint_about("  matrix[2, 3] m;\n  for (i in 1 : 4) m[1, i] = i;"),
            "model.stan:3:25: error: index out of range in dimension 2 of 'm': expected 1 to 3, found 4\n"
            "   1 | transformed data {\n"
            "   2 |   matrix[2, 3] m;\n"
            "   3 |   for (i in 1 : 4) m[1, i] = i;\n"
            "     |                         ^\n"
            "     = at i = 4\n");
  EXPECT_THAT(complaint_about("vector[2] v; real x = v[0];"), HasSubstr("expected 1 to 2, found 0"));
  EXPECT_THAT(complaint_about("vector[2] v; vector[2] w = v[2 : 3];"), HasSubstr("expected 1 to 2, found 3"));
  EXPECT_THAT(complaint_about("vector[2] v; vector[2] w = v[{1, 5}];"), HasSubstr("expected 1 to 2, found 5"));
  EXPECT_THAT(complaint_about("vector[0] v; real x = v[1];"), HasSubstr("it has no elements"));
}

TEST(TransformedData, RefusesSizesThatDiffer) {
  EXPECT_THAT(complaint_about("vector[2] v = [1, 2, 3]';"),
              HasSubstr("sizes differ: expected vector[2], found vector[3]"));
  EXPECT_THAT(complaint_about("matrix[2, 2] m; m[1] = [1, 2, 3];"),
              HasSubstr("sizes differ: expected row_vector[2], found row_vector[3]"));
  EXPECT_THAT(complaint_about("vector[2] v; vector[3] w; real x = sum(v + w);"), HasSubstr("'+': sizes differ"));
  EXPECT_THAT(complaint_about("array[2] vector[2] a = {[1, 2]', [1, 2, 3]'};"),
              HasSubstr("the elements differ in size"));
}

TEST(TransformedData, RefusesWhatFunctionsRefuse) {
  EXPECT_THAT(complaint_about("int n = 0; int m = 1 %/% n;"),
              HasSubstr("model.stan:2:20: error: '%/%': division by zero"));
  EXPECT_THAT(complaint_about("vector[0] v; real x = mean(v);"), HasSubstr("'mean': "));
}

TEST(TransformedData, Rejects) {
  EXPECT_EQ(complaint_about("  int n = 2;\n  if (n > 1) reject(\"n is \", n, [1.5, 2]);"),
            "model.stan:3:14: error: the program rejects its data: n is 2[1.5,2]\n"
            "   1 | transformed data {\n"
            "   2 |   int n = 2;\n"
            "   3 |   if (n > 1) reject(\"n is \", n, [1.5, 2]);\n"
            "     |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n");
}

TEST(TransformedData, Prints) {
  testing::internal::CaptureStderr();
  complaint_about(R"(print("x = ", 1.5, {1, 2}, [[1, 2], [3, 4]]);)");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "x = 1.5[1,2][[1,2],[3,4]]\n");
}

TEST(TransformedData, RunsAMillionSimpleIterationsInAboutASecond) {
  const auto start = std::chrono::steady_clock::now();
  const auto values = computed(R"(
    vector[3] result = rep_vector(0, 3);
    vector[1000] x = rep_vector(1, 1000);
    for (i in 1 : 1000) {
      for (j in 1 : 1000) {
        x[j] = 0.5 * x[j] + i;
        result[1] += x[j];
      }
    }
  )");
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_GT(values[0], 0);
  EXPECT_LT(seconds, 10) << "about 0.5 s in a release build on an idle machine; 10 leaves room for debug builds";
}

// ---------------------------------------------------------------- symbolic values

/// The gradient against central differences; 1e-7 is what these leave of 16 digits in a density of order 1.
void expect_gradient(const Model& m, std::vector<double> q) {
  const Evaluated at = evaluate(m, q);
  constexpr double step = 1e-5;
  for (std::size_t i = 0; i < q.size(); ++i) {
    const double middle = q[i];
    q[i] = middle + step;
    const double above = evaluate(m, q).log_density;
    q[i] = middle - step;
    const double below = evaluate(m, q).log_density;
    q[i] = middle;
    EXPECT_NEAR(at.gradient[i], (above - below) / (2 * step), 1e-7 * std::max(1.0, std::abs(at.gradient[i])));
  }
}

TEST(SymbolicEvaluation, AssignsToPartsOfContainers) {
  const Model m = model(R"(parameters {
  vector[2] a;
  real b;
}
transformed parameters {
  matrix[2, 3] x = rep_matrix(0, 2, 3);
  vector[3] y;
  array[2] vector[2] z;
  x[1, 2] = b;
  x[ : , 1] = a;
  x[2, 2 : 3] = 2 * a';
  y[{3, 1}] = a;
  y[2] = 1;
  z[1] = a;
  z[2] = a[{2, 1}];
  z[2][2] *= b;
}
model {
  target += sum(x) + dot_self(y) * z[2, 2];
}
)");
  auto values = draw(m, {1, 2, 3});
  EXPECT_THAT(values["x"], ElementsAre(1, 3, 0, 2, 2, 4));
  EXPECT_THAT(values["y"], ElementsAre(2, 1, 1));
  EXPECT_THAT(values["z"], ElementsAre(1, 2, 2, 3));
  EXPECT_EQ(evaluate(m, {1, 2, 3}).log_density, 12 + 6 * 3);
  expect_gradient(m, {1, 2, 3});
}

TEST(SymbolicEvaluation, ReadsPartsOfContainers) {
  const Model m = model(R"(parameters {
  matrix[2, 3] M;
  array[2] row_vector[2] r;
}
transformed parameters {
  real element = M[2, 3];
  row_vector[3] row_ = M[1];
  vector[2] column = M[ : , 2];
  matrix[2, 2] part = M[{2, 1}, 2 : ];
  real chained = r[2][1];
  vector[2] flipped = r[1]';
}
)");
  auto values = draw(m, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  EXPECT_THAT(values["element"], ElementsAre(6));
  EXPECT_THAT(values["row_"], ElementsAre(1, 3, 5));
  EXPECT_THAT(values["column"], ElementsAre(3, 4));
  EXPECT_THAT(values["part"], ElementsAre(4, 6, 3, 5));
  EXPECT_THAT(values["chained"], ElementsAre(9));
  EXPECT_THAT(values["flipped"], ElementsAre(7, 8));
}

TEST(SymbolicEvaluation, TakesKnownBranchesAndKnownLoops) {
  const Model m = model(R"(data {
  int N;
  array[N] int y;
}
parameters {
  real a;
}
model {
  vector[N] x;
  real total = 0;
  for (n in 1 : N) {
    x[n] = y[n] ^ 2;
    total += x[n];
  }
  if (total > 10) {
    x ~ normal(a, 1);
  } else {
    x ~ normal(2 * a, 1);
  }
  target += N > 2 ? a : total;
}
)",
                        R"({"N": 3, "y": [1, 2, 3]})");
  EXPECT_NEAR(evaluate(m, {0.5}).log_density, -0.5 * (0.25 + 3.5 * 3.5 + 8.5 * 8.5) + 0.5, 1e-13);
  expect_gradient(m, {0.5});
}

TEST(SymbolicEvaluation, SumsKnownContributionsOfLoops) {
  const Model m = model(R"(parameters {
  real a;
}
model {
  for (n in 1 : 3) target += n;
  for (n in 1 : 3) n ~ poisson(2.5);
  a ~ normal(0, 1);
  target += target();
}
)");
  EXPECT_EQ(evaluate(m, {2}).log_density, 2 * (6 - 2.0));
}

TEST(SymbolicEvaluation, KeepsAndDropsTermsAsWritten) {
  const auto at = [](const std::string& statement) {
    return evaluate(model("parameters {\n  real a;\n  real<lower=0> s;\n}\nmodel {\n" + statement + "\n}\n"), {1, 0})
        .log_density;
  };
  const double root = 0.5 * std::log(2 * M_PI);
  EXPECT_EQ(at("a ~ normal(0, 2);"), -0.125);
  EXPECT_NEAR(at("target += normal_lpdf(a | 0, 2);"), -0.125 - std::log(2.0) - root, 1e-15);
  EXPECT_EQ(at("target += normal_lupdf(a | 0, 2);"), -0.125);
  EXPECT_EQ(at("3 ~ normal(a, 2 * s);"), -0.5 - std::log(2.0));
  EXPECT_EQ(at("3 ~ normal(1, 2);"), 0);
}

TEST(SymbolicEvaluation, IncrementsTargetByContainers) {
  const Model m = model("parameters {\n  matrix[2, 2] a;\n}\nmodel {\n  target += a;\n  target += {1, 2};\n}\n");
  EXPECT_EQ(evaluate(m, {1, 2, 3, 4}).log_density, 13);
}

TEST(SymbolicEvaluation, MeasuresContainersOfParameters) {
  const Model m = model(R"(parameters {
  matrix[2, 3] a;
}
transformed parameters {
  real total = 0;
  {
    vector[cols(a)] b = to_vector(a[1]);
    for (n in 1 : size(b)) total += n;
  }
}
)");
  EXPECT_EQ(draw(m, {1, 2, 3, 4, 5, 6})["total"][0], 6);
}

TEST(SymbolicEvaluation, ComputesGeneratedQuantities) {
  const Model m = model(R"(parameters {
  vector[2] a;
}
generated quantities {
  real<lower=0> b = a[1] * a[2];
  int<lower=0> n = 3;
}
)");
  EXPECT_EQ(draw(m, {2, 3})["b"][0], 6);
  EXPECT_EQ(draw(m, {2, 3})["n"][0], 3);
  const symbolic::Expr q = symbolic::input({symbolic::DType::float64, {2}}, "q");
  const symbolic::Graph drawable{{q}, {m.density().drawable(q)}};
  for (const double second : {3.0, -3.0}) {
    const symbolic::Array at[] = {symbolic::Array::vector({2, second})};
    EXPECT_EQ(symbolic::interpret(drawable, at)[0].real() != 0, second > 0) << "b has a constraint";
  }
}

TEST(SymbolicEvaluation, DoesNotGrowWithTheData) {
  const auto nodes = [](int n) {
    std::string x, g;
    for (int i = 0; i < n; ++i) {
      x += (i > 0 ? "," : "") + std::to_string(0.1 * i);
      g += (i > 0 ? "," : "") + std::to_string(1 + i % 3);
    }
    const Model m =
        model(R"(data {
  int N;
  vector[N] x;
  array[N] int y;
  array[N] int g;
}
transformed data {
  vector[N] z;
  for (n in 1 : N) z[n] = x[n] * y[n];
}
parameters {
  vector[3] a;
  real<lower=0> s;
}
model {
  x ~ normal(a[g] + a[1] * z, s);
  y ~ poisson_log(a[g]);
  y ~ normal(a[2], s);
}
)",
              "{\"N\": " + std::to_string(n) + ", \"x\": [" + x + "], \"y\": [" + g + "], \"g\": [" + g + "]}");
    const symbolic::Expr q = symbolic::input({symbolic::DType::float64, {m.dimension()}}, "q");
    const symbolic::Expr outputs[] = {m.density().log_density(q)};
    return symbolic::topological_order(outputs).size();
  };
  EXPECT_EQ(nodes(10), nodes(1000));
}

TEST(SymbolicEvaluation, UsesOneCopyOfData) {
  const Model m = model(R"(data {
  int N;
  array[N] int y;
}
parameters {
  real a;
  real b;
}
model {
  y ~ normal(a, 1);
  y ~ normal(b, 1);
}
)",
                        R"({"N": 3, "y": [1, 2, 3]})");
  const symbolic::Expr q = symbolic::input({symbolic::DType::float64, {m.dimension()}}, "q");
  const symbolic::Expr outputs[] = {m.density().log_density(q)};
  int arrays = 0;
  for (const symbolic::Node* node : symbolic::topological_order(outputs)) {
    const symbolic::Expr e = symbolic::outputs_of(*node)[0];
    if (symbolic::is_constant(e) && e.rank() > 0) ++arrays;
  }
  EXPECT_EQ(arrays, 1);
}

// ---------------------------------------------------------------- refused

std::string refused(const std::string& statements) {
  return complaint([&] { model("parameters {\n  vector[3] a;\n}\nmodel {\n" + statements + "\n}\n"); });
}

TEST(SymbolicEvaluation, LetsParametersDecide) {
  const auto at = [](const std::string& statements, double first) {
    const Model m = model("parameters {\n  vector[3] a;\n}\nmodel {\n" + statements + "\n}\n");
    return evaluate(m, {first, 1, 1}).log_density;
  };
  EXPECT_EQ(at("if (a[1] > 0) reject(\"no\");", 1), -INFINITY);
  EXPECT_EQ(at("if (a[1] > 0) reject(\"no\");", -1), 0);
  EXPECT_EQ(at("while (a[1] > 0) target += 1;", 1), -INFINITY) << "a loop without an end";
  EXPECT_EQ(at("while (a[1] > 0) target += 1;", -1), 0);
  const std::string pick =
      "vector[3] b = rep_vector(0, 3); int i = a[1] > 0 ? 1 : 2; b[i] = 1; target += b[1] * 2 + b[2] * 3;";
  EXPECT_EQ(at(pick, 1), 2);
  EXPECT_EQ(at(pick, -1), 3);
  EXPECT_EQ(at("print(a); target += 1;", 1), 1) << "which prints with the draws";
}

TEST(SymbolicEvaluation, RefusesSizesOfParameters) {
  EXPECT_THAT(refused("  int i = a[1] > 0 ? 1 : 2;\n  vector[i] b;"),
              HasSubstr("a size that depends on parameters is not supported yet by this version"));
}

TEST(SymbolicEvaluation, RefusesIndicesOutOfRange) {
  EXPECT_THAT(refused("  a[4] ~ normal(0, 1);"), HasSubstr("dimension 1 of 'a': expected 1 to 3, found 4"));
}

TEST(SymbolicEvaluation, RefusesSizesThatDiffer) {
  EXPECT_THAT(refused("  [1, 2]' ~ normal(a, 1);"), StartsWith("model.stan:5:3: error: 'normal': sizes differ"));
  EXPECT_THAT(refused("  vector[2] b = a;"), HasSubstr("sizes differ: expected vector[2], found vector[3]"));
}

}  // namespace
}  // namespace leapgraph::models
