/// Tests of distributions that are not of one number (vectors, matrices, categories, regressions) and of log
/// distribution functions: values and gradients against density_values.json and multivariate_values.json (50-digit
/// arithmetic, made by the scripts of these names), what `~` drops, what is rejected.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/istreamwrapper.h>

#include <cmath>
#include <fstream>
#include <set>

#include "leapgraph/models/library/evaluate.hpp"
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

/// "normal_id_glm" or "normal_lccdf".
const Distribution& record(const std::string& name) {
  if (const Distribution* distribution = find_distribution(name)) return *distribution;
  return *find_density(name).value().distribution;
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

/// Slopes by the elements of a symmetric matrix count in pairs: which of the two a factor reads is its own business.
void pair_slopes(const Array& value, std::span<double> slopes) {
  if (value.shape().size() != 2 || value.shape()[0] != value.shape()[1]) return;
  const std::int64_t size = value.shape()[0];
  const auto at = [&](std::int64_t i, std::int64_t j) { return static_cast<std::size_t>(i * size + j); };
  for (std::int64_t i = 0; i < size; ++i) {
    for (std::int64_t j = 0; j < i; ++j) {
      if (value.real(i * size + j) != value.real(j * size + i)) return;
    }
  }
  for (std::int64_t i = 0; i < size; ++i) {
    for (std::int64_t j = 0; j < i; ++j) {
      slopes[at(i, j)] += slopes[at(j, i)];
      slopes[at(j, i)] = slopes[at(i, j)];
    }
  }
}

/// Which arguments the graph does not know.
enum class Unknown { none, parameters, all_reals };

void compare_with(const rapidjson::Value& row, Unknown unknown) {
  const std::string name = row["name"].GetString();
  const Distribution& distribution = record(name);
  Exprs arguments, inputs;
  std::vector<Array> given;
  std::vector<std::vector<double>> slopes;
  for (std::size_t i = 0; i < distribution.arguments.size(); ++i) {
    const auto index = static_cast<rapidjson::SizeType>(i);
    const bool integer = distribution.arguments[i].integer;
    const Array value = array_of_numbers(row["arguments"][index], integer);
    if (integer || unknown == Unknown::none || (unknown == Unknown::parameters && i == 0)) {
      arguments.push_back(symbolic::constant(value));
      continue;
    }
    arguments.push_back(symbolic::input(value.type(), "x"));
    inputs.push_back(arguments.back());
    given.push_back(value);
    slopes.emplace_back();
    for (const rapidjson::Value& slope : row["gradient"][index].GetArray()) slopes.back().push_back(slope.GetDouble());
    if (slopes.back().empty()) return;  // no derivatives here
    pair_slopes(value, slopes.back());
  }
  const double expected = row["value"].GetDouble();
  const std::string what = name + " " + std::to_string(expected);
  const Expr value = log_density(distribution, arguments, everything);
  Exprs outputs = {value};
  for (const Expr& g : symbolic::grad(value, inputs, symbolic::Disconnected::zero)) outputs.push_back(g);
  const std::vector<Array> results = symbolic::interpret({inputs, outputs}, given);
  // Some twenty roundings; gradients lose a few digits where terms cancel.
  EXPECT_NEAR(results[0].real(), expected, 1e-14 * std::max(1.0, std::abs(expected))) << what;
  for (std::size_t i = 0; i < slopes.size(); ++i) {
    std::vector<double> found = results[i + 1].reals();
    pair_slopes(given[i], found);
    ASSERT_EQ(found.size(), slopes[i].size()) << what;
    for (std::size_t k = 0; k < found.size(); ++k) {
      EXPECT_NEAR(found[k], slopes[i][k], 1e-13 * std::max(1.0, std::abs(slopes[i][k])))
          << what << " slope " << k << " by input " << i;
    }
  }
}

TEST(Densities, AgreeWithFiftyDigitArithmetic) {
  std::set<std::string> tested;
  for (const char* file : {"density_values.json", "multivariate_values.json"}) {
    const rapidjson::Document document = reference(file);
    ASSERT_GT(document.Size(), 50U);
    for (const rapidjson::Value& row : document.GetArray()) {
      for (const Unknown unknown : {Unknown::none, Unknown::parameters, Unknown::all_reals}) compare_with(row, unknown);
      tested.insert(row["name"].GetString());
    }
  }
  for (const auto family : {category_distributions(), multivariate_distributions(), matrix_distributions(),
                            regression_distributions(), state_space_distributions(), cumulative_functions()}) {
    for (const Distribution& distribution : family) {
      EXPECT_TRUE(tested.contains(std::string(distribution.name))) << distribution.name;
      EXPECT_FALSE(distribution.summary.empty()) << distribution.name;
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
    matrix[2, 2] S;
    real d;
  }
)";
constexpr const char* data_text =
    R"({"X": [[0.5, -1.25], [2, 0.25], [-0.75, 1.5]], "y": [1.5, 0.25, -2], "n": [1, 0, 1], "alpha": [1.5, 0.75, 2], "S": [[2, 0.5], [0.5, 1]],
        "d": 0.25})";

double at_origin(const std::string& statement) {
  const Model m =
      model(std::string(data_block) +
                "parameters { real a; vector[2] b; real<lower=0> s; simplex[3] t; vector[3] v; cov_matrix[2] P; }\n"
                "model { " +
                statement + " }",
            data_text);
  return evaluate(m, {0.5, 0.75, -0.5, 0.25, 0.3, -0.2, 0.1, 0.2, 0.4, 0.1, -0.3, 0.2}).log_density;
}

// What is dropped, from the sources of Stan's math library (include_summand).
TEST(Densities, DropTheTermsThatStanDrops) {
  const double without = at_origin("");
  const auto dropped = [&](const std::string& tilde, const std::string& call) {
    return at_origin("target += " + call + ";") - at_origin(tilde + ";");
  };
  const double log_sqrt_two_pi = 0.5 * std::log(2 * M_PI);
  const double log_two_pi = std::log(2 * M_PI), log_two = std::log(2.0), log_det_S = std::log(1.75);
  const double log_gamma_6 = 0.5 * std::log(M_PI) + std::lgamma(3.0) + std::lgamma(2.5);  // multivariate, at 6 / 2
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
      {"{2, 0, 3} ~ multinomial_logit(v)", "multinomial_logit_lpmf({2, 0, 3} | v)", std::log(10)},
      {"{2, 0, 3} ~ dirichlet_multinomial(exp(v))", "dirichlet_multinomial_lpmf({2, 0, 3} | exp(v))", std::log(10)},
      {"2 ~ ordered_probit(a, alpha[{2, 1}])", "ordered_probit_lpmf(2 | a, alpha[{2, 1}])", 0},
      {"2 ~ ordered_probit(d, alpha[{2, 1}])", "ordered_probit_lpmf(2 | d, alpha[{2, 1}])", 0},
      {"n ~ binomial_logit_glm({2, 3, 1}, X, a, b)", "binomial_logit_glm_lpmf(n | {2, 3, 1}, X, a, b)", log_two},
      {"{1, 2, 2} ~ categorical_logit_glm(X, b, P)", "categorical_logit_glm_lpmf({1, 2, 2} | X, b, P)", 0},
      {"{1, 3, 2} ~ ordered_logistic_glm(X, b, [0, 1]')", "ordered_logistic_glm_lpmf({1, 3, 2} | X, b, [0, 1]')", 0},
      {"b ~ multi_normal_prec(y[1 : 2], S)", "multi_normal_prec_lpdf(b | y[1 : 2], S)", 0.5 * log_det_S - log_two_pi},
      {"b ~ multi_normal_prec(y[1 : 2], P)", "multi_normal_prec_lpdf(b | y[1 : 2], P)", -log_two_pi},
      {"b ~ multi_student_t(2, [0, 0]', S)", "multi_student_t_lpdf(b | 2, [0, 0]', S)",
       -std::log(M_PI) - log_two - 0.5 * log_det_S},
      {"b ~ multi_student_t(s, [0, 0]', P)", "multi_student_t_lpdf(b | s, [0, 0]', P)", -std::log(M_PI)},
      {"b ~ multi_student_t_cholesky(2, [0, 0]', cholesky_decompose(S))",
       "multi_student_t_cholesky_lpdf(b | 2, [0, 0]', cholesky_decompose(S))",
       -std::log(M_PI) - log_two - 0.5 * log_det_S},
      {"[b', b'] ~ multi_gp(S, [2, 3]')", "multi_gp_lpdf([b', b'] | S, [2, 3]')",
       -2 * log_two_pi - log_det_S + std::log(6)},
      {"S ~ multi_gp_cholesky(cholesky_decompose(P), b .* b)",
       "multi_gp_cholesky_lpdf(S | cholesky_decompose(P), b .* b)", -2 * log_two_pi},
      {"P ~ wishart(6, S)", "wishart_lpdf(P | 6, S)", -6 * log_two - log_gamma_6 - 3 * log_det_S},
      {"S ~ wishart(6, P)", "wishart_lpdf(S | 6, P)", -6 * log_two - log_gamma_6 + 1.5 * log_det_S},
      {"P ~ inv_wishart(6, S)", "inv_wishart_lpdf(P | 6, S)", -6 * log_two - log_gamma_6 + 3 * log_det_S},
      {"S ~ inv_wishart(6, P)", "inv_wishart_lpdf(S | 6, P)", -log_gamma_6},
      {"cholesky_decompose(P) ~ wishart_cholesky(6, cholesky_decompose(S))",
       "wishart_cholesky_lpdf(cholesky_decompose(P) | 6, cholesky_decompose(S))", -4 * log_two - log_gamma_6},
      {"cholesky_decompose(P) ~ inv_wishart_cholesky(6, cholesky_decompose(S))",
       "inv_wishart_cholesky_lpdf(cholesky_decompose(P) | 6, cholesky_decompose(S))", -4 * log_two - log_gamma_6},
      {"[[1, tanh(a)], [tanh(a), 1]] ~ lkj_corr(1)", "lkj_corr_lpdf([[1, tanh(a)], [tanh(a), 1]] | 1)", -log_two},
      {"[[1, tanh(a)], [tanh(a), 1]] ~ lkj_corr(s)", "lkj_corr_lpdf([[1, tanh(a)], [tanh(a), 1]] | s)", 0},
      {"P ~ lkj_cov([0, 1]', [2, 3]', 1)", "lkj_cov_lpdf(P | [0, 1]', [2, 3]', 1)", -std::log(6) - log_two},
      {"S ~ gaussian_dlm_obs(S, S, P, S, b, S)", "gaussian_dlm_obs_lpdf(S | S, S, P, S, b, S)", -2 * log_two_pi},
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
  for (const char* statement : {"4 ~ categorical(t);",
                                "0 ~ categorical(t);",
                                "2 ~ categorical(2 * t);",
                                "0 ~ categorical_logit(v);",
                                "4 ~ categorical_logit(v);",
                                "2 ~ ordered_logistic(a, reverse(v));",
                                "5 ~ ordered_logistic(a, v);",
                                "2 * t ~ dirichlet(alpha);",
                                "t ~ dirichlet(-alpha);",
                                "{2, -1, 1} ~ multinomial(t);",
                                "{2, 1, 1} ~ multinomial(t + 0.1);",
                                "{0, 1, 2} ~ bernoulli_logit_glm(X, a, b);",
                                "{0, 1, -2} ~ poisson_log_glm(X, a, b);",
                                "y ~ normal_id_glm(X, a, b, -s);",
                                "4 ~ beta_binomial(3, s, s);",
                                "2 ~ ordered_probit(a, [1, 0]');",
                                "{1, -1} ~ multinomial_logit(b);",
                                "{1, 2} ~ dirichlet_multinomial(b);",
                                "{1, 2, 3} ~ categorical_logit_glm(X, b, P);",
                                "{1, 2, 4} ~ ordered_logistic_glm(X, b, [0, 1]');",
                                "{1, 2, 2} ~ ordered_logistic_glm(X, b, [1, 1]');",
                                "{1, 2, 3} ~ binomial_logit_glm({1, 2, 2}, X, a, b);",
                                "b ~ multi_normal(b, -P);",
                                "b ~ multi_normal(b, [[2, 0.5], [0.25, 1]]);",
                                "b ~ multi_normal(b, [[1, 2], [2, 1]] * s);",
                                "b ~ multi_normal_prec(b, [[1, a], [0.25, 1]]);",
                                "b ~ multi_student_t(-s, b, P);",
                                "b ~ multi_student_t(s, b, -S);",
                                "b ~ multi_student_t_cholesky(s, b, P);",
                                "P ~ multi_gp(S, [1, -s]');",
                                "S ~ multi_gp_cholesky(S, b);",
                                "P ~ wishart(1, S);",
                                "-P ~ wishart(3, S);",
                                "P ~ wishart(3, [[1, s], [0, 1]]);",
                                "P ~ inv_wishart(s - 3, S);",
                                "P ~ inv_wishart(3, -P);",
                                "P ~ wishart_cholesky(3, cholesky_decompose(S));",
                                "cholesky_decompose(P) ~ inv_wishart_cholesky(3, S);",
                                "P ~ lkj_corr(1);",
                                "[[1, s + 1], [s + 1, 1]] ~ lkj_corr(1);",
                                "P ~ lkj_cov([0, 1]', [2, -s]', 1);",
                                "S ~ gaussian_dlm_obs(S, S, S, S, b, -P);",
                                "target += hmm_marginal([v', v'], [[0.5, 0.5], [0.25, 0.5]], [s, 1 - s]');",
                                "s ~ pareto(s + 1, 2);",
                                "target += exponential_lccdf(-s | 1);",
                                "target += normal_lccdf(a | 0, -s);"}) {
    const double value = at_origin(statement);
    EXPECT_TRUE(std::isnan(value) || value == -infinity) << statement << " gives " << value;
  }
}

TEST(Densities, NameWhatDoesNotFit) {
  const auto complaint_about = [](const std::string& statement) { return complaint([&] { at_origin(statement); }); };
  EXPECT_THAT(complaint_about("y[1 : 2] ~ normal_id_glm(X, a, b, s);"),
              HasSubstr("'normal_id_glm': sizes differ: y has 2 elements, x has 3"));
  EXPECT_THAT(complaint_about("y ~ normal_id_glm(X, a, v, s);"),
              HasSubstr("sizes differ: x has 2 columns, beta has 3 elements"));
  EXPECT_THAT(complaint_about("n ~ categorical_logit_glm(X, v, P);"),
              HasSubstr("sizes differ: alpha has 3 elements, beta has 2 columns"));
  EXPECT_THAT(complaint_about("P ~ gaussian_dlm_obs(S, S, v, S, b, S);"),
              HasSubstr("sizes differ: F has 2 columns, V has 3 elements"));
  EXPECT_THAT(complaint_about("X ~ wishart(3, S);"), HasSubstr("sizes differ: W has 3 rows, W has 2 columns"));
  EXPECT_THAT(complaint_about("target += hmm_marginal(X, S, b);"),
              HasSubstr("'hmm_marginal': sizes differ: matrix[3, 2] and matrix[2, 2]"));
  EXPECT_THAT(complaint_about("y ~ normal_id_glm(v, a, v, s);"),
              HasSubstr("Ill-typed argument 'x' of the distribution 'normal_id_glm': expected matrix or row_vector"));
  EXPECT_THAT(complaint_about("t ~ dirichlet(1);"),
              HasSubstr("expected vector, row_vector or an array of them, found int"));
  EXPECT_THAT(complaint_about("t ~ dirichlet(b);"), HasSubstr("theta has 3 elements, alpha has 2 elements"));
  EXPECT_THAT(complaint_about("target += student_t_lccdf(a | 3, 0, 1);"),
              HasSubstr("its arguments must be known before sampling"));
  EXPECT_THAT(complaint_about("target += normal_lccdf(a, 0, 1);"), HasSubstr("require a vertical bar"));
  EXPECT_THAT(complaint_about("a ~ normal_lccdf(0, 1);"), HasSubstr("unknown distribution 'normal_lccdf'"));
  EXPECT_THAT(complaint_about("target += gamma_lcdf(a | 1, 1);"), HasSubstr("'gamma_lcdf' is not supported yet"));
}

TEST(Densities, OfNoOutcomesAreZero) {
  const double without = at_origin("");
  EXPECT_EQ(at_origin("y[1 : 0] ~ normal_id_glm(X[1 : 0], a, b, s);"), without);
  EXPECT_EQ(at_origin("n[1 : 0] ~ categorical(t);"), without);
  EXPECT_EQ(at_origin("n[1 : 0] ~ categorical_logit_glm(X[1 : 0], b, P);"), without);
  EXPECT_EQ(at_origin("y[1 : 0] ~ multi_normal(v[1 : 0], S[1 : 0, 1 : 0]);"), without);
  EXPECT_EQ(at_origin("n ~ poisson_log_glm(X[, 1 : 0], a, b[1 : 0]);"), at_origin("n ~ poisson_log(a);"));
}

// ---------------------------------------------------------------- hidden Markov models

/// The joint log densities of all paths of states with what was seen.
Expr of_all_paths(const Expr& log_omega, const Expr& transitions, const Expr& start) {
  const std::int64_t states = start.shape()[0], times = log_omega.shape()[1];
  Expr paths = symbolic::log(start) + symbolic::at(log_omega, 0, 1);  // the last state in the last axis
  for (std::int64_t t = 1; t < times; ++t) {
    paths = symbolic::expand_dims(paths, paths.rank()) + symbolic::log(transitions) + symbolic::at(log_omega, t, 1);
  }
  return symbolic::reshape(paths, {-1, states});
}

TEST(HiddenMarkov, SumsOverAllPathsOfStates) {
  const std::vector<Array> given = {Array::of<double>({2, 4}, {-0.5, 1.25, -700, -2, 0.25, -1, -701.5, -30}),
                                    Array::of<double>({2, 2}, {0.25, 0.75, 0.5, 0.5}), Array::vector({0.375, 0.625})};
  const std::vector<StanType> types = {stan_types::matrix, stan_types::matrix, stan_types::vector};
  Exprs inputs;
  for (const Array& value : given) inputs.push_back(symbolic::input(value.type(), "x"));
  const auto built = [&](const char* name) {
    const Function& function = *find_functions(name).at(0);
    return build(function, *resolve(function.signature, types), inputs);
  };
  const Expr paths = of_all_paths(inputs[0], inputs[1], inputs[2]);
  const Expr all = symbolic::logsumexp(paths), marginal = built("hmm_marginal");
  Exprs outputs = {marginal, all};
  for (const Expr& value : {marginal, all}) {
    for (const Expr& g : symbolic::grad(value, inputs)) outputs.push_back(g);
  }
  outputs.push_back(symbolic::at(built("hmm_hidden_state_prob"), 3, 1));
  outputs.push_back(symbolic::exp(symbolic::logsumexp(paths, {0}) - all));
  const std::vector<Array> results = symbolic::interpret({inputs, outputs}, given);
  const auto expect_equal = [&](std::size_t a, std::size_t b) {
    for (std::int64_t i = 0; i < results[a].size(); ++i) {
      EXPECT_NEAR(results[a].real(i), results[b].real(i), 1e-13 * std::max(1.0, std::abs(results[b].real(i)))) << a;
    }
  };
  expect_equal(0, 1);
  for (std::size_t i = 0; i < 3; ++i) expect_equal(2 + i, 5 + i);
  expect_equal(8, 9);
}

TEST(HiddenMarkov, GivesProbabilitiesAtEveryTime) {
  const Array log_omega = Array::of<double>({2, 3}, {-0.5, 1.25, -2, 0.25, -1, -0.75});
  const Array transitions = Array::of<double>({2, 2}, {0.25, 0.75, 0.5, 0.5}), start = Array::vector({0.375, 0.625});
  const Function& function = *find_functions("hmm_hidden_state_prob").at(0);
  const std::vector<StanType> types = {stan_types::matrix, stan_types::matrix, stan_types::vector};
  const Array found =
      evaluate(function, *resolve(function.signature, types), std::vector{log_omega, transitions, start});
  const Expr paths =
      of_all_paths(symbolic::constant(log_omega), symbolic::constant(transitions), symbolic::constant(start));
  const std::vector<double> joint =
      symbolic::interpret({{}, {symbolic::exp(paths - symbolic::logsumexp(paths))}}, {}).at(0).reals();
  ASSERT_EQ(found.shape(), (symbolic::Shape{2, 3}));
  for (std::size_t t = 0; t < 3; ++t) {
    double first = 0;  // state 1 at time t: paths are numbers in base 2, the first time the highest digit
    for (std::size_t path = 0; path < 8; ++path) first += (path >> (2 - t)) % 2 == 0 ? joint[path] : 0;
    EXPECT_NEAR(found.real(static_cast<std::int64_t>(t)), first, 1e-15);
    EXPECT_NEAR(found.real(static_cast<std::int64_t>(t) + 3), 1 - first, 1e-15);
  }
}

TEST(Densities, SayWhichElementIsWrong) {
  const Model m = model("parameters { vector[2] v; } model { {1, 2} ~ categorical_logit(v); v ~ dirichlet([1, 2]'); }");
  EXPECT_THAT(m.why(std::vector<double>{2, -1}), HasSubstr("theta[1] must be between 0 and 1, found 2"));
  EXPECT_THAT(m.why(std::vector<double>{0.5, 0.75}), HasSubstr("theta sums to 1 does not hold"));
}

}  // namespace
}  // namespace leapgraph::models::library
