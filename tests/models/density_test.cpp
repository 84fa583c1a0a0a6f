/// Tests of distributions: values and gradients of densities and distribution functions against density_values.json and
/// continuous_values.json (50-digit arithmetic, made by the scripts of these names), what `~` drops, what is rejected.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/istreamwrapper.h>

#include <cmath>
#include <fstream>
#include <set>

#include "leapgraph/models/library/function.hpp"
#include "leapgraph/models/library/library.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "models/run_program.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Array;
using symbolic::Expr;
using symbolic::Exprs;
using testing::HasSubstr;

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A density by the name of its distribution, or a distribution function by its own: "normal_id_glm", "normal_lccdf".
struct Tested {
  const Distribution& distribution;
  Quantity quantity;

  Expr at(const Exprs& arguments) const {
    return quantity == Quantity::log_density ? log_density(distribution, arguments, everything)
                                             : distribution_function(distribution, quantity, arguments);
  }
};
Tested tested_as(const std::string& name) {
  if (const Distribution* distribution = find_distribution(name)) return {*distribution, Quantity::log_density};
  const DensityName found = find_density(name).value();
  return {*found.distribution, found.quantity};
}

void flatten(const rapidjson::Value& value, symbolic::Shape& shape, std::vector<double>& elements,
             std::size_t depth = 0) {
  if (!value.IsArray()) {
    elements.push_back(value.GetDouble());
    return;
  }
  if (shape.size() == depth) shape.push_back(value.Size());
  for (const rapidjson::Value& element : value.GetArray()) flatten(element, shape, elements, depth + 1);
}

Array array_of_numbers(const rapidjson::Value& value, bool integer) {
  symbolic::Shape shape;
  std::vector<double> elements;
  flatten(value, shape, elements);
  const Array reals = Array::of<double>(shape, elements);
  return integer ? reals.cast(symbolic::DType::int64) : reals;
}

rapidjson::Document reference(const std::string& name) {
  std::ifstream file(LEAPGRAPH_SOURCE_DIR "/tests/models/" + name);
  rapidjson::IStreamWrapper stream(file);
  rapidjson::Document document;
  document.ParseStream(stream);
  return document;
}

/// Some twenty roundings, of which those in an exponent count as often as it is large; gradients lose a few digits
/// where terms cancel.
double value_tolerance(double expected) { return 1e-14 * std::max(1.0, std::abs(expected)); }
double slope_tolerance(double expected) { return 1e-13 * std::max(1.0, std::abs(expected)); }
/// Probabilities and their logarithms are compared by their digits however small they are.
double digits_tolerance(double expected) { return 1e-12 * std::abs(expected); }

void compare(const rapidjson::Value& row) {
  const std::string name = row["name"].GetString();
  const Tested tested = tested_as(name);
  const bool is_density = tested.quantity == Quantity::log_density;
  Exprs constants, arguments, inputs;
  std::vector<Array> given;
  std::vector<double> slopes;
  for (std::size_t i = 0; i < tested.distribution.arguments.size(); ++i) {
    const auto index = static_cast<rapidjson::SizeType>(i);
    const bool integer = tested.distribution.arguments[i].integer;
    const Array value = array_of_numbers(row["arguments"][index], integer);
    constants.push_back(symbolic::constant(value));
    arguments.push_back(integer ? constants.back() : symbolic::input(value.type(), "x"));
    if (integer) continue;
    inputs.push_back(arguments.back());
    given.push_back(value);
    for (const rapidjson::Value& slope : row["gradient"][index].GetArray()) slopes.push_back(slope.GetDouble());
  }
  const double expected = row["value"].GetDouble();
  std::string what = name;
  for (const Array& value : given) {
    for (const double x : value.reals()) what += " " + std::to_string(x);
  }
  const double near = is_density ? value_tolerance(expected) : digits_tolerance(expected);
  EXPECT_NEAR(symbolic::interpret({{}, {tested.at(constants)}}, {}).at(0).real(), expected, near) << what;
  if (slopes.empty()) return;
  const Expr value = tested.at(arguments);
  Exprs outputs = {value};
  for (const Expr& g : symbolic::grad(value, inputs, symbolic::Disconnected::zero)) outputs.push_back(g);
  const std::vector<Array> results = symbolic::interpret({inputs, outputs}, given);
  EXPECT_NEAR(results[0].real(), expected, near) << what;
  std::vector<double> found;
  for (std::size_t i = 1; i < results.size(); ++i) {
    for (const double slope : results[i].reals()) found.push_back(slope);
  }
  ASSERT_EQ(found.size(), slopes.size()) << what;
  for (std::size_t i = 0; i < slopes.size(); ++i) {
    EXPECT_NEAR(found[i], slopes[i], is_density ? slope_tolerance(slopes[i]) : digits_tolerance(slopes[i]))
        << what << " slope " << i;
  }
}

TEST(Densities, AgreeWithFiftyDigitArithmetic) {
  std::set<std::string> tested;
  for (const char* file : {"density_values.json", "continuous_values.json"}) {
    const rapidjson::Document document = reference(file);
    for (const rapidjson::Value& row : document.GetArray()) {
      compare(row);
      tested.insert(row["name"].GetString());
    }
  }
  ASSERT_GT(tested.size(), 100U);
  for (const Distribution& distribution : all_distributions()) {
    const std::string name(distribution.name);
    const bool of_one_integer = distribution.is_discrete() && distribution.arguments[0].form == Form::each;
    // The mass functions of one integer are compared with Boost's.
    if (!of_one_integer) { EXPECT_TRUE(tested.contains(name)) << name; }
    EXPECT_FALSE(distribution.summary.empty()) << name;
    for (const auto& [quantity, suffix] :
         {std::pair{Quantity::cdf, "_cdf"}, std::pair{Quantity::lcdf, "_lcdf"}, std::pair{Quantity::lccdf, "_lccdf"}}) {
      const bool exists = formula_of(distribution, quantity) != nullptr;
      EXPECT_EQ(exists, tested.contains(name + suffix)) << name << suffix;
    }
  }
}

// ---------------------------------------------------------------- programs: `~` against target +=

constexpr const char* data_block = R"(
  data {
    matrix[3, 2] X;
    vector[3] y;
    array[3] int n;
    vector[3] alpha;
    real d;
  }
)";
constexpr const char* data_text =
    R"({"X": [[0.5, -1.25], [2, 0.25], [-0.75, 1.5]], "y": [1.5, 0.25, -2], "n": [1, 0, 1], "alpha": [1.5, 0.75, 2], "d": 0.25})";

double at_origin(const std::string& statement) {
  const Model m =
      model(std::string(data_block) +
                "parameters { real a; vector[2] b; real<lower=0> s; simplex[3] t; vector[3] v; }\nmodel { " +
                statement + " }",
            data_text);
  return evaluate(m, {0.5, 0.75, -0.5, 0.25, 0.3, -0.2, 0.1, 0.2, 0.4}).log_density;
}

// What is dropped, from the sources of Stan's math library (include_summand).
TEST(Densities, DropTheTermsThatStanDrops) {
  const double without = at_origin("");
  const auto dropped = [&](const std::string& tilde, const std::string& call) {
    return at_origin("target += " + call + ";") - at_origin(tilde + ";");
  };
  const double log_sqrt_two_pi = 0.5 * std::log(2 * M_PI);
  const double log_gammas = std::lgamma(4.25) - std::lgamma(1.5) - std::lgamma(0.75) - std::lgamma(2.0);
  const struct {
    const char *tilde, *call;
    double expected;
  } rows[] = {
      {"y ~ normal_id_glm(X, a, b, s)", "normal_id_glm_lpdf(y | X, a, b, s)", -3 * log_sqrt_two_pi},
      {"y ~ normal_id_glm(X, a, b, 2)", "normal_id_glm_lpdf(y | X, a, b, 2)", -3 * log_sqrt_two_pi - 3 * std::log(2)},
      {"n ~ bernoulli_logit_glm(X, a, b)", "bernoulli_logit_glm_lpmf(n | X, a, b)", 0},
      {"n ~ poisson_log_glm(X, a, b)", "poisson_log_glm_lpmf(n | X, a, b)", 0},
      {"{2, 3, 0} ~ poisson_log_glm(X, a, b)", "poisson_log_glm_lpmf({2, 3, 0} | X, a, b)", -std::log(12)},
      {"n ~ neg_binomial_2_log_glm(X, a, b, 2)", "neg_binomial_2_log_glm_lpmf(n | X, a, b, 2)",
       3 * std::log(4) + 2 * std::log(2)},
      {"t ~ dirichlet(alpha)", "dirichlet_lpdf(t | alpha)", log_gammas},
      {"t ~ dirichlet(exp(v))", "dirichlet_lpdf(t | exp(v))", 0},
      {"2 ~ categorical(t)", "categorical_lpmf(2 | t)", 0},
      {"{2, 3} ~ categorical_logit(v)", "categorical_logit_lpmf({2, 3} | v)", 0},
      {"{2, 0, 3} ~ multinomial(t)", "multinomial_lpmf({2, 0, 3} | t)", std::log(10)},
      {"2 ~ neg_binomial_2_log(a, 3)", "neg_binomial_2_log_lpmf(2 | a, 3)", std::log(6)},
      {"2 ~ neg_binomial(3, s)", "neg_binomial_lpmf(2 | 3, s)", std::log(6)},
      {"2 ~ beta_binomial(4, s, 1)", "beta_binomial_lpmf(2 | 4, s, 1)", std::log(6)},
      {"s + 1 ~ pareto(1, 2)", "pareto_lpdf(s + 1 | 1, 2)", std::log(2)},
  };
  for (const auto& row : rows) {
    EXPECT_NEAR(dropped(row.tilde, row.call), row.expected, 1e-14) << row.tilde;
  }
  EXPECT_EQ(at_origin("y ~ normal_id_glm(X, d, y[1 : 2], 2);"), without);
  EXPECT_EQ(at_origin("2 ~ categorical(alpha / 4.25);"), without);
}

// ---------------------------------------------------------------- what is rejected

TEST(Densities, RejectWhatIsOutsideTheirDomains) {
  for (const char* statement :
       {"4 ~ categorical(t);", "0 ~ categorical(t);", "2 ~ categorical(2 * t);", "0 ~ categorical_logit(v);",
        "4 ~ categorical_logit(v);", "2 ~ ordered_logistic(a, reverse(v));", "5 ~ ordered_logistic(a, v);",
        "2 * t ~ dirichlet(alpha);", "t ~ dirichlet(-alpha);", "{2, -1, 1} ~ multinomial(t);",
        "{2, 1, 1} ~ multinomial(t + 0.1);", "{0, 1, 2} ~ bernoulli_logit_glm(X, a, b);",
        "{0, 1, -2} ~ poisson_log_glm(X, a, b);", "y ~ normal_id_glm(X, a, b, -s);", "4 ~ beta_binomial(3, s, s);",
        "s ~ pareto(s + 1, 2);", "target += exponential_lccdf(-s | 1);", "target += normal_lccdf(a | 0, -s);"}) {
    const double value = at_origin(statement);
    EXPECT_TRUE(std::isnan(value) || value == -infinity) << statement << " gives " << value;
  }
}

TEST(Densities, NameWhatDoesNotFit) {
  const auto complaint_about = [](const std::string& statement) { return complaint([&] { at_origin(statement); }); };
  EXPECT_THAT(complaint_about("y[1 : 2] ~ normal_id_glm(X, a, b, s);"),
              HasSubstr("'normal_id_glm': sizes differ: y has 2 elements, x has 3"));
  EXPECT_THAT(complaint_about("y ~ normal_id_glm(X, a, v, s);"),
              HasSubstr("sizes differ: x has 2 elements in each, beta has 3"));
  EXPECT_THAT(complaint_about("y ~ normal_id_glm(v, a, v, s);"),
              HasSubstr("Ill-typed argument 'x' of the distribution 'normal_id_glm': expected matrix or row_vector"));
  EXPECT_THAT(complaint_about("t ~ dirichlet(1);"),
              HasSubstr("expected vector, row_vector or an array of them, found int"));
  EXPECT_THAT(complaint_about("t ~ dirichlet(b);"), HasSubstr("theta has 3 elements in each, alpha has 2"));
  EXPECT_THAT(complaint_about("target += normal_lccdf(a, 0, 1);"), HasSubstr("require a vertical bar"));
  EXPECT_THAT(complaint_about("a ~ normal_lccdf(0, 1);"), HasSubstr("unknown distribution 'normal_lccdf'"));
}

TEST(Densities, OfNoOutcomesAreZero) {
  const double without = at_origin("");
  EXPECT_EQ(at_origin("y[1 : 0] ~ normal_id_glm(X[1 : 0], a, b, s);"), without);
  EXPECT_EQ(at_origin("n[1 : 0] ~ categorical(t);"), without);
}

TEST(Densities, SayWhichElementIsWrong) {
  const Model m = model("parameters { vector[2] v; } model { {1, 2} ~ categorical_logit(v); v ~ dirichlet([1, 2]'); }");
  EXPECT_THAT(m.why(std::vector<double>{2, -1}), HasSubstr("theta[1] must be between 0 and 1, found 2"));
  EXPECT_THAT(m.why(std::vector<double>{0.5, 0.75}), HasSubstr("theta sums to 1 does not hold"));
}

}  // namespace
}  // namespace leapgraph::models::library
