/// Tests of Model: data against declarations, names and scales of the parameters, and what it says about bad points.
#include "leapgraph/models/model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "models/run_program.hpp"

namespace leapgraph::models {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// Positions go through exp and log and back: some units in the last place.
constexpr double round_trip = 1e-14;

std::string complaint_about(const std::string& program, const std::string& data = "{}") {
  return complaint([&] { model(program, data); });
}

// ---------------------------------------------------------------- data

constexpr const char* regression = R"(data {
  int<lower=0> N;
  vector[N] x;
  array[N] real<lower=0, upper=10> y;
  array[2, N] int<lower=N> counts;
}
parameters {
  real slope;
}
model {
  y ~ normal(slope * x, 1);
}
)";

TEST(ModelData, IsReadInTheShapesOfItsDeclarations) {
  const Model m =
      model(regression, R"({"N": 2, "x": [1, 2.5], "y": [0, 10], "counts": [[2, 3], [4, 5]], "extra": {}})");
  const std::vector<samplers::TraceConstant>& constants = m.constants();
  ASSERT_EQ(constants.size(), 4U);
  EXPECT_EQ(constants[0].name, "N");
  EXPECT_THAT(constants[0].integers, ElementsAre(2));
  EXPECT_THAT(constants[1].reals, ElementsAre(1, 2.5));
  EXPECT_EQ(constants[3].shape, (std::vector<std::int64_t>{2, 2}));
  EXPECT_THAT(constants[3].integers, ElementsAre(2, 3, 4, 5));
}

TEST(ModelData, MissingIsNamedWithItsDeclaration) {
  EXPECT_EQ(complaint_about(regression, R"({"N": 1, "x": [1]})"),
            "data.json: error: variable 'y' is missing\n"
            "  declared as array[N] real<lower=0, upper=10> y, at model.stan:4:36");
}

TEST(ModelData, MistypedIsShownInTheFile) {
  const std::string message = complaint_about(regression, R"({"N": 1.5, "x": [1]})");
  EXPECT_THAT(message, StartsWith("data.json:1:7: error: N must be an integer"));
  EXPECT_THAT(message, HasSubstr("declared as int<lower=0> N, at model.stan:2:16"));
}

TEST(ModelData, MisshapenIsShownWithBothShapes) {
  const std::string message = complaint_about(regression, R"({"N": 3, "x": [1, 2]})");
  EXPECT_THAT(message, HasSubstr("variable 'x' has the wrong shape"));
  EXPECT_THAT(message, HasSubstr("declared as vector[N] x, at model.stan:3:13"));
}

TEST(ModelData, OutOfBoundsIsShownWithElementAndBound) {
  std::string message = complaint_about(regression, R"({"N": -1})");
  EXPECT_THAT(message, StartsWith("data.json:1:7: error: N must be at least 0, found -1"));
  message = complaint_about(regression, R"({"N": 2, "x": [1, 2], "y": [3, 11]})");
  EXPECT_THAT(message, StartsWith("data.json:1:32: error: y[2] must be between 0 and 10, found 11"));
  EXPECT_THAT(message, HasSubstr("at model.stan:4:36"));
  message = complaint_about(regression, R"({"N": 2, "x": [1, 2], "y": [3, "NaN"]})");
  EXPECT_THAT(message, HasSubstr("y[2] must be between 0 and 10, found \"NaN\""));
  message = complaint_about(regression, R"({"N": 2, "x": [1, 2], "y": [3, 4], "counts": [[2, 3], [1, 2]]})");
  EXPECT_THAT(message, HasSubstr("counts[2, 1] must be at least 2, found 1"));
}

TEST(ModelData, BoundsMayBeContainersWhichArraysRepeat) {
  const std::string program = R"(data {
  vector[2] low;
  vector<lower=low>[2] x;
  array[2] vector<lower=low>[2] y;
}
)";
  EXPECT_EQ(complaint_about(program, R"({"low": [0, 5], "x": [0, 5], "y": [[1, 6], [0, 5]]})"), "no error");
  EXPECT_THAT(complaint_about(program, R"({"low": [0, 5], "x": [3, 4], "y": [[1, 6], [0, 5]]})"),
              HasSubstr("x[2] must be at least 5, found 4"));
  EXPECT_THAT(complaint_about(program, R"({"low": [0, 5], "x": [3, 6], "y": [[1, 6], [0, 4]]})"),
              HasSubstr("y[2, 2] must be at least 5, found 4"));
}

TEST(ModelData, BoundsThatLeaveNoRoomAreRefusedAtTheParameter) {
  const std::string program = R"(data {
  vector[2] low;
}
parameters {
  vector<lower=low, upper=1>[2] x;
}
)";
  EXPECT_EQ(complaint_about(program, R"({"low": [0, 0.5]})"), "no error");
  EXPECT_THAT(complaint_about(program, R"({"low": [0, 1]})"),
              StartsWith("model.stan:5:33: error: the bounds of 'x[2]' leave no room: expected a lower bound below the "
                         "upper one, found lower=1, upper=1"));
}

TEST(ModelData, NegativeSizesAreRefusedAtTheirPlace) {
  EXPECT_EQ(complaint_about("data {\n  int N;\n  vector[N - 1] x;\n}\n", R"({"N": 0, "x": []})"),
            "model.stan:3:10: error: negative size of 'x': expected 0 or more, found -1\n"
            "   1 | data {\n"
            "   2 |   int N;\n"
            "   3 |   vector[N - 1] x;\n"
            "     |          ^^^^^\n");
}

TEST(ModelData, EmptyContainersAreAllowed) {
  const Model m = model(regression, R"({"N": 0, "x": [], "y": [], "counts": []})");
  EXPECT_EQ(m.dimension(), 1);
  EXPECT_EQ(evaluate(m, {2.0}).log_density, 0);
}

// ---------------------------------------------------------------- parameters

constexpr const char* all_shapes = R"(parameters {
  real mu;
  real<lower=1> above;
  vector<upper=2>[2] below;
  matrix[2, 3] M;
  array[2] matrix<lower=0, upper=1>[1, 2] A;
  real<offset=3, multiplier=2> z;
}
)";

TEST(ModelParameters, AreNamedByCoordinateColumnMajor) {
  EXPECT_THAT(model(all_shapes).coordinate_names(),
              ElementsAre("mu", "above", "below[1]", "below[2]", "M[1,1]", "M[2,1]", "M[1,2]", "M[2,2]", "M[1,3]",
                          "M[2,3]", "A[1,1,1]", "A[1,1,2]", "A[2,1,1]", "A[2,1,2]", "z"));
}

TEST(ModelParameters, AreDrawnOnTheirOwnScaleRowMajor) {
  const Model m = model(all_shapes);
  std::vector<double> q;
  for (int i = 0; i < m.dimension(); ++i) q.push_back(i);
  auto values = draw(m, q);
  EXPECT_THAT(values["mu"], ElementsAre(0));
  EXPECT_NEAR(values["above"][0], 1 + std::exp(1.0), round_trip);
  EXPECT_NEAR(values["below"][1], 2 - std::exp(3.0), 1e-13);
  EXPECT_THAT(values["M"], ElementsAre(4, 6, 8, 5, 7, 9));
  EXPECT_NEAR(values["A"][3], 1 / (1 + std::exp(-13.0)), round_trip);
  EXPECT_NEAR(values["z"][0], 3 + 2 * 14, round_trip);
  EXPECT_EQ(m.density().variables[4].shape, (std::vector<std::int64_t>{2, 1, 2}));
}

TEST(ModelParameters, AddTheirJacobians) {
  const Model m = model(all_shapes);
  std::vector<double> q(static_cast<std::size_t>(m.dimension()), 0.25);
  const double s = 1 / (1 + std::exp(-0.25));
  const double expected = 0.25 + 2 * 0.25 + 4 * std::log(s * (1 - s)) + std::log(2.0);
  EXPECT_NEAR(evaluate(m, q).log_density, expected, round_trip);
}

TEST(ModelParameters, ComeBackFromConstrainedValues) {
  const Model m = model(all_shapes);
  const std::vector<double> q = m.unconstrain(DataSet::from_text("init.json", R"({
    "mu": -1, "above": 1.5, "below": [1, -3], "M": [[1, 2, 3], [4, 5, 6]], "A": [[[0.5, 0.25]], [[0.1, 0.9]]], "z": 4})"));
  EXPECT_THAT(std::vector<double>(q.begin() + 4, q.begin() + 10), ElementsAre(1, 4, 2, 5, 3, 6));
  auto values = draw(m, q);
  EXPECT_NEAR(values["above"][0], 1.5, round_trip);
  EXPECT_NEAR(values["below"][1], -3, round_trip);
  EXPECT_NEAR(values["A"][2], 0.1, round_trip);
  EXPECT_NEAR(values["A"][3], 0.9, round_trip);
  EXPECT_NEAR(values["z"][0], 4, round_trip);
}

TEST(ModelParameters, ThatAreMissingFromAnInitFileAreNan) {
  const Model m = model("parameters {\n  real a;\n  vector[2] b;\n}\n");
  const std::vector<double> q = m.unconstrain(DataSet::from_text("init.json", R"({"b": [1, 2]})"));
  EXPECT_TRUE(std::isnan(q[0]));
  EXPECT_EQ(q[2], 2);
  EXPECT_THAT(
      complaint([&] { model(all_shapes).unconstrain(DataSet::from_text("init.json", R"({"below": [1, 3]})")); }),
      HasSubstr("below[2] must be at most 2, found 3"));
}

TEST(ModelParameters, MayBoundEachOther) {
  const Model m = model("parameters {\n  real a;\n  real<lower=a> b;\n}\n");
  const std::vector<double> q = m.unconstrain(DataSet::from_text("init.json", R"({"a": 1.5, "b": 3.5})"));
  EXPECT_NEAR(q[1], std::log(2.0), round_trip);
  EXPECT_NEAR(draw(m, {1.5, std::log(2.0)})["b"][0], 3.5, round_trip);
  const Evaluated at = evaluate(m, {1.5, 0.5});
  EXPECT_NEAR(at.log_density, 0.5, round_trip);
  EXPECT_THAT(at.gradient, ElementsAre(0, 1));
}

// ---------------------------------------------------------------- bad points

TEST(ModelWhy, NamesTheStatementAndTheArgument) {
  const Model m = model(R"(parameters {
  real mu;
  real sigma;
}
model {
  mu ~ normal(0, 1);
  target += 2 + normal_lpdf(mu |
                            0, sigma);
}
)");
  EXPECT_EQ(m.why(std::vector<double>{1, 1}), "");
  EXPECT_EQ(m.why(std::vector<double>{1, -1}),
            "model.stan:7:3: `target += 2 + normal_lpdf(mu | 0, sigma)` is nan: sigma must be positive and finite, "
            "found -1");
}

TEST(ModelWhy, NamesConditionsOfSeveralArguments) {
  const Model m = model("parameters {\n  real a;\n}\nmodel {\n  a ~ uniform(0, 1);\n}\n");
  EXPECT_EQ(m.why(std::vector<double>{2}), "model.stan:5:3: `a ~ uniform(0, 1)` is -inf: y must be at most 1, found 2");
}

TEST(ModelWhy, NamesConstraintsOfTransformedParameters) {
  const Model m = model(R"(parameters {
  vector[2] a;
}
transformed parameters {
  vector<lower=0>[2] b = 2 * a;
}
)");
  EXPECT_EQ(evaluate(m, {1, 0}).log_density, 0);
  EXPECT_EQ(evaluate(m, {1, -1}).log_density, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(m.why(std::vector<double>{1, -1}), "model.stan:5:22: the constraint of `b` is -inf");
}

TEST(ModelWhy, NamesRejectsAndJacobians) {
  const Model rejecting = model(R"(data {
  int N;
}
parameters {
  real<lower=0> a;
}
model {
  if (N > 2) reject("N is ", N, ", too many");
  a ~ normal(0, 1);
}
)",
                                R"({"N": 3})");
  EXPECT_EQ(rejecting.why(std::vector<double>{0}),
            "model.stan:8:14: `reject(\"N is \", N, \", too many\")` is -inf: N is 3, too many");
  EXPECT_EQ(rejecting.why(std::vector<double>{-std::numeric_limits<double>::infinity()}),
            "model.stan:5:17: the log-Jacobian of `a` is -inf");
}

// ---------------------------------------------------------------- programs

TEST(CheckedProgram, TellsEveryErrorOfAProgram) {
  const std::string message = complaint([] {
    CheckedProgram::from_source(Source::from_text("model.stan", "model {\n  x ~ normal(0, 1);\n  1 ~ nrmal(0);\n}\n"));
  });
  EXPECT_THAT(message, HasSubstr("model.stan:2:3: error:"));
  EXPECT_THAT(message, HasSubstr("model.stan:3:7: error:"));
}

TEST(CheckedProgram, PrintsItsTreeAsAProgram) {
  const auto program =
      CheckedProgram::from_source(Source::from_text("m.stan", "parameters{real x;}model{x~normal(0,1);}"));
  EXPECT_EQ(program.ast_text(), "parameters {\n  real x;\n}\nmodel {\n  x ~ normal(0, 1);\n}\n");
  EXPECT_TRUE(program.warnings().empty());
}

TEST(CheckedProgram, OutlivesTheModelsMadeOfIt) {
  samplers::Density density;
  { density = model("parameters {\n  real x;\n}\nmodel {\n  x ~ normal(0, 1);\n}\n").density(); }
  EXPECT_EQ(density.why(std::vector<double>{std::nan("")}),
            "model.stan:5:3: `x ~ normal(0, 1)` is nan: y must be a number, found nan");
}

}  // namespace
}  // namespace leapgraph::models
