/// Random numbers of programs: every distribution that can be drawn from by a million draws against its own density, in
/// a chi-square test that fails once in a million runs; seeds, places and streams.
#include "leapgraph/samplers/random.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <map>
#include <numeric>

#include "leapgraph/models/library/library.hpp"
#include "leapgraph/samplers/density.hpp"
#include "leapgraph/symbolic/counter_random.hpp"
#include "leapgraph/symbolic/function.hpp"
#include "run_program.hpp"

namespace leapgraph::models {
namespace {

using symbolic::Array;
using symbolic::Expr;
using symbolic::Exprs;

constexpr std::int64_t million = 1000000;
constexpr double false_alarms = 1e-6;

using Parameters = std::vector<Array>;
Parameters reals(const std::vector<double>& values) {
  Parameters parameters;
  for (const double value : values) parameters.push_back(Array::scalar(value));
  return parameters;
}
Array whole(std::int64_t n) { return Array::scalar(n); }
Array list(const std::vector<double>& values) { return Array::vector(values); }

struct Drawn {
  std::string distribution;
  Parameters parameters;
};
void PrintTo(const Drawn& drawn, std::ostream* out) { *out << drawn.distribution; }

/// Parameters on both sides of where the algorithms change.
std::vector<Drawn> numbers() {
  return {
      {"normal", reals({1, 2})},
      {"std_normal", {}},
      {"cauchy", reals({-1, 0.5})},
      {"student_t", reals({3.5, 1, 2})},
      {"student_t", reals({0.7, 0, 1})},
      {"double_exponential", reals({1, 2})},
      {"skew_double_exponential", reals({1, 2, 0.3})},
      {"logistic", reals({-2, 0.7})},
      {"loglogistic", reals({1.5, 4})},
      {"exponential", reals({2.5})},
      {"exp_mod_normal", reals({1, 0.5, 2})},
      {"gamma", reals({3.2, 1.5})},
      {"gamma", reals({0.3, 2})},
      {"inv_gamma", reals({2.5, 1.5})},
      {"chi_square", reals({4})},
      {"inv_chi_square", reals({5})},
      {"scaled_inv_chi_square", reals({6, 1.5})},
      {"weibull", reals({1.7, 2})},
      {"frechet", reals({3, 2})},
      {"gumbel", reals({1, 2})},
      {"rayleigh", reals({2})},
      {"lognormal", reals({0.2, 0.6})},
      {"beta", reals({2, 3.5})},
      {"beta", reals({0.6, 0.4})},
      {"beta_proportion", reals({0.3, 8})},
      {"uniform", reals({-1, 4})},
      {"pareto", reals({1.5, 3})},
      {"pareto_type_2", reals({0.5, 2, 3})},
      {"skew_normal", reals({1, 2, -3})},
      {"von_mises", reals({1, 2.5})},
      {"von_mises", reals({0.5, 60})},
      {"bernoulli", reals({0.3})},
      {"bernoulli_logit", reals({-0.8})},
      {"binomial", {whole(8), Array::scalar(0.3)}},
      {"binomial", {whole(300), Array::scalar(0.7)}},
      {"beta_binomial", {whole(20), Array::scalar(2.0), Array::scalar(3.0)}},
      {"poisson", reals({3.3})},
      {"poisson", reals({55})},
      {"poisson_log", reals({2.5})},
      {"neg_binomial", reals({2.5, 0.5})},
      {"neg_binomial_2", reals({6, 1.5})},
      {"neg_binomial_2_log", reals({1.5, 3})},
      {"beta_neg_binomial", reals({4, 6, 3})},
      {"yule_simon", reals({4})},
      {"hypergeometric", {whole(30), whole(25), whole(40)}},
      {"discrete_range", {whole(-2), whole(7)}},
      {"categorical", {list({0.1, 0.25, 0.05, 0.6})}},
      {"categorical_logit", {list({0.1, -1, 2})}},
      {"ordered_logistic", {Array::scalar(0.4), list({-1, 0.5, 1.2})}},
      {"ordered_probit", {Array::scalar(-0.3), list({-1, 0.5, 1.2})}},
  };
}

std::vector<double> drawn(const Drawn& what, std::int64_t count, std::uint64_t seed) {
  const library::DrawnDistribution distribution = library::find_drawn_distribution(what.distribution + "_rng");
  const Expr stream = symbolic::input(symbolic::counter_stream_type, "stream");
  library::Draws draws(stream, symbolic::constant(std::int64_t{0}));
  Exprs parameters;
  for (const Array& parameter : what.parameters) parameters.push_back(symbolic::constant(parameter));
  const Expr numbers = distribution.drawing->draw(draws, parameters, {count});
  return symbolic::function({stream}, numbers)({symbolic::counter_stream(seed, 0, 0)})[0].reals();
}

/// The density of each outcome.
std::vector<double> densities(const Drawn& what, const std::vector<double>& outcomes) {
  const library::Distribution& distribution = *library::find_distribution(what.distribution);
  const Array values = distribution.is_discrete()
                           ? Array::of<std::int64_t>({static_cast<std::int64_t>(outcomes.size())},
                                                     std::vector<std::int64_t>(outcomes.begin(), outcomes.end()))
                           : Array::vector(outcomes);
  Exprs arguments = {symbolic::input(values.type(), "y")};
  for (const Array& parameter : what.parameters) arguments.push_back(symbolic::constant(parameter));
  Expr sum = symbolic::full({values.size()}, 0.0);
  for (const library::Term& term : distribution.terms) {
    // A term of one value for many counts may stand for their mean: counts are taken one by one.
    if (!distribution.is_discrete()) sum = sum + term.value(arguments);
  }
  if (!distribution.is_discrete())
    return symbolic::interpret({{arguments[0]}, {symbolic::exp(sum)}}, std::span(&values, 1))[0].reals();
  std::vector<double> result;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    Exprs one = arguments;
    one[0] = symbolic::constant(static_cast<std::int64_t>(outcomes[i]));
    const Expr value = library::log_density(distribution, one, library::everything);
    result.push_back(std::exp(symbolic::interpret({{}, {value}}, {})[0].real()));
  }
  return result;
}

/// The upper tail of a chi-square statistic that may be exceeded.
double limit(std::size_t cells) {
  return boost::math::quantile(
      boost::math::complement(boost::math::chi_squared(static_cast<double>(cells - 1)), false_alarms));
}

class Drawing : public testing::TestWithParam<Drawn> {};

TEST_P(Drawing, HasItsDensity) {
  const library::DrawnDistribution distribution = library::find_drawn_distribution(GetParam().distribution + "_rng");
  ASSERT_TRUE(distribution);
  std::vector<double> numbers = drawn(GetParam(), million, 20261123);
  std::map<double, double> expected;  // the upper end of a cell, its probability
  double rest = 1;
  if (distribution.distribution->is_discrete()) {
    std::vector<double> values;
    for (const double number : numbers) {
      ASSERT_GE(number, -2);
      expected.emplace(number, 0.0);
    }
    for (const auto& [value, probability] : expected) values.push_back(value);
    const std::vector<double> probabilities = densities(GetParam(), values);
    expected.clear();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (probabilities[i] * million < 20) continue;
      expected[values[i]] = probabilities[i];
      rest -= probabilities[i];
    }
  } else {
    // Cells between the quantiles of other draws; their probabilities by Gauss's rule of 3 points in 100 parts.
    std::vector<double> ends = drawn(GetParam(), 20000, 7);
    std::ranges::sort(ends);
    constexpr int parts = 100;
    constexpr std::size_t step = 400;
    for (std::size_t i = step; i + 1 < ends.size(); i += step) {
      if (i == step) continue;
      const double low = ends[i - step], width = (ends[i] - low) / parts, spread = std::sqrt(0.6);
      std::vector<double> points;
      for (int k = 0; k < parts; ++k)
        for (const double z : {-spread, 0.0, spread}) points.push_back(low + width * (k + 0.5 + 0.5 * z));
      const std::vector<double> heights = densities(GetParam(), points);
      double probability = 0;
      for (std::size_t k = 0; k < heights.size(); k += 3)
        probability += width * (5 * heights[k] + 8 * heights[k + 1] + 5 * heights[k + 2]) / 18;
      expected[ends[i]] = probability;
      rest -= probability;
    }
    expected[ends[step]] = 0;  // with everything below it part of the rest
  }
  std::map<double, double> observed;
  double others = 0;
  for (const double number : numbers) {
    const auto cell = expected.lower_bound(number);
    const bool inside = cell != expected.end() && cell->second > 0 &&
                        (!distribution.distribution->is_discrete() || cell->first == number);
    (inside ? observed[cell->first] : others) += 1;
  }
  double statistic = 0;
  std::size_t cells = 0;
  const auto add = [&](double seen, double probability) {
    if (probability * million < 1) return;
    statistic += (seen - probability * million) * (seen - probability * million) / (probability * million);
    ++cells;
  };
  for (const auto& [end, probability] : expected)
    if (probability > 0) add(observed[end], probability);
  if (rest * million >= 20) {
    add(others, rest);
  } else {
    EXPECT_LT(others, 100);
  }
  ASSERT_GE(cells, 2U);
  EXPECT_LT(statistic, limit(cells)) << cells << " cells";
}

INSTANTIATE_TEST_SUITE_P(Numbers, Drawing, testing::ValuesIn(numbers()),
                         [](const auto& test) { return test.param.distribution + std::to_string(test.index); });

TEST(Drawing, OfEveryDistributionIsTested) {
  const std::set<std::string> vectors = {
      "multi_normal", "multi_normal_cholesky", "multi_student_t", "multi_student_t_cholesky", "dirichlet",
      "wishart",      "wishart_cholesky",      "inv_wishart",     "inv_wishart_cholesky",     "bernoulli_logit_glm"};
  std::set<std::string> tested = vectors;
  for (const Drawn& drawn : numbers()) tested.insert(drawn.distribution);
  for (const library::Drawing& drawing : library::drawings()) {
    EXPECT_TRUE(tested.contains(std::string(drawing.distribution))) << drawing.distribution;
    EXPECT_NE(library::find_distribution(drawing.distribution), nullptr) << drawing.distribution;
  }
}

/// Means over many draws of a program without parameters.
std::map<std::string, std::vector<double>> means(const std::string& quantities, std::int64_t draws,
                                                 std::map<std::string, std::vector<double>>* deviations = nullptr) {
  const Model m = model("generated quantities { " + quantities + " }");
  const samplers::CompiledDensity density(m.density(), samplers::MetricKind::unit);
  std::vector<double> values(static_cast<std::size_t>(density.values())), sum(values.size()), squares(values.size());
  for (std::int64_t i = 0; i < draws; ++i) {
    density.constrain({}, values, {.seed = 5, .chain = 1, .draw = static_cast<std::uint32_t>(i)});
    for (std::size_t k = 0; k < values.size(); ++k) {
      sum[k] += values[k];
      squares[k] += values[k] * values[k];
    }
  }
  std::map<std::string, std::vector<double>> result;
  std::size_t next = 0;
  const auto n = static_cast<double>(draws);
  for (const samplers::TraceVariable& variable : m.density().variables)
    for (std::int64_t i = 0; i < symbolic::element_count(variable.shape); ++i, ++next) {
      const double mean = sum[next] / n;
      result[variable.name].push_back(mean);
      if (deviations != nullptr)
        (*deviations)[variable.name].push_back(std::sqrt(std::max(0.0, squares[next] / n - mean * mean) / n));
    }
  return result;
}

struct Moments {
  std::string name;
  std::string quantities;
  std::vector<double> expected;  ///< the mean of x
};
void PrintTo(const Moments& moments, std::ostream* out) { *out << moments.name; }

class DrawingOfMany : public testing::TestWithParam<Moments> {};

/// Each mean within 5.5 of its standard errors: some 60 of them, 4e-8 each.
TEST_P(DrawingOfMany, HasTheMeansOfTheory) {
  std::map<std::string, std::vector<double>> errors;
  const auto found = means(GetParam().quantities, 40000, &errors);
  ASSERT_EQ(found.at("x").size(), GetParam().expected.size());
  for (std::size_t i = 0; i < GetParam().expected.size(); ++i)
    EXPECT_LE(std::abs(found.at("x")[i] - GetParam().expected[i]), 5.5 * errors.at("x")[i] + 1e-12)
        << i << ": " << found.at("x")[i];
}

INSTANTIATE_TEST_SUITE_P(
    Vectors, DrawingOfMany,
    testing::Values(
        Moments{"MultiNormal",
                "vector[2] y = multi_normal_rng([1, 2]', [[2, 0.6], [0.6, 1]]);"
                "vector[5] x = [y[1], y[2], square(y[1] - 1), (y[1] - 1) * (y[2] - 2), square(y[2] - 2)]';",
                {1, 2, 2, 0.6, 1}},
        Moments{"MultiNormalCholeskyOfArrays",
                "array[2] vector[2] y = multi_normal_cholesky_rng({[1, 2]', [3, 4]'}, [[2, 0], [0.5, 1]]);"
                "vector[5] x = [y[1, 1], y[1, 2], y[2, 1], y[2, 2], (y[2, 1] - 3) * (y[2, 2] - 4)]';",
                {1, 2, 3, 4, 1}},
        Moments{"MultiStudentT",
                "vector[2] y = multi_student_t_rng(7, [1, 2]', [[2, 0.6], [0.6, 1]]);"
                "vector[3] x = [y[1], square(y[1] - 1), (y[1] - 1) * (y[2] - 2)]';",
                {1, 2 * 7 / 5.0, 0.6 * 7 / 5.0}},
        Moments{
            "Dirichlet",
            "vector[3] y = dirichlet_rng([1, 2, 0.5]'); vector[5] x = [y[1], y[2], y[3], square(y[1]), y[1] * y[2]]';",
            {1 / 3.5, 2 / 3.5, 0.5 / 3.5, 2 / (3.5 * 4.5), 2 / (3.5 * 4.5)}},
        Moments{"Multinomial",
                "array[3] int y = multinomial_rng([0.2, 0.3, 0.5]', 10);"
                "vector[5] x = [y[1], y[2], y[3], sum(y), square(y[1] - 2.0)]';",
                {2, 3, 5, 10, 1.6}},
        Moments{"DirichletMultinomial",
                "array[2] int y = dirichlet_multinomial_rng([2, 3]', 10); vector[2] x = [y[1], square(y[1] - 4.0)]';",
                {4, 10 * 0.4 * 0.6 * 15 / 6.0}},
        Moments{"Wishart",
                "matrix[2, 2] y = wishart_rng(5, [[2, 0.6], [0.6, 1]]);"
                "vector[4] x = [y[1, 1], y[1, 2], y[2, 1], y[2, 2]]';",
                {10, 3, 3, 5}},
        Moments{"WishartCholesky",
                "matrix[2, 2] l = wishart_cholesky_rng(5, cholesky_decompose([[2, 0.6], [0.6, 1]]));"
                "matrix[2, 2] y = l * l'; vector[4] x = [y[1, 1], y[1, 2], l[1, 2], y[2, 2]]';",
                {10, 3, 0, 5}},
        Moments{"InverseWishart",
                "matrix[2, 2] y = inv_wishart_rng(9, [[2, 0.6], [0.6, 1]]);"
                "vector[3] x = [y[1, 1], y[1, 2], y[2, 2]]';",
                {2 / 6.0, 0.1, 1 / 6.0}},
        Moments{"InverseWishartCholesky",
                "matrix[2, 2] l = inv_wishart_cholesky_rng(9, cholesky_decompose([[2, 0.6], [0.6, 1]]));"
                "matrix[2, 2] y = l * l'; vector[4] x = [y[1, 1], y[1, 2], y[2, 2], l[1, 2]]';",
                {2 / 6.0, 0.1, 1 / 6.0, 0}},
        // A marginal correlation is a beta number on (-1, 1) with both shapes eta - 1 + K / 2.
        Moments{"LkjCorr",
                "matrix[3, 3] y = lkj_corr_rng(3, 2); vector[5] x = [y[1, 1], y[2, 1], y[3, 2], square(y[2, 1]), "
                "square(y[3, 2])]';",
                {1, 0, 0, 1 / 6.0, 1 / 6.0}},
        Moments{"LkjCorrCholesky",
                "matrix[3, 3] l = lkj_corr_cholesky_rng(3, 0.5); matrix[3, 3] y = l * l';"
                "vector[4] x = [l[1, 2], y[3, 3], square(y[3, 1]), square(y[3, 2])]';",
                {0, 1, 1 / 3.0, 1 / 3.0}},
        Moments{"BernoulliLogitGlm",
                "array[2] int x = bernoulli_logit_glm_rng([[1, 2], [0, -1]], [0.5, 0]', [0.3, -0.4]');",
                {1 / (1 + std::exp(0.0)), 1 / (1 + std::exp(-0.4))}},
        // Two observations: the states' joint probabilities are proportional to rho[i] w[i, 1] G[i, j] w[j, 2].
        Moments{"HiddenStates",
                "matrix[2, 2] w = [[0.5, 0.2], [0.1, 0.6]]; array[2] int z = hmm_latent_rng(log(w), [[0.7, 0.3], [0.4, "
                "0.6]], "
                "[0.25, 0.75]'); vector[3] x = [z[1] == 1, z[2] == 1, z[1] == 1 && z[2] == 1]';",
                {(0.0175 + 0.0225) / 0.073, (0.0175 + 0.006) / 0.073, 0.0175 / 0.073}},
        Moments{"ByElement",
                "array[3] real x = normal_rng([1, 2, 3], {0.1, 0.2, 0.3}); array[2] int k = poisson_rng([1.5, 30]);",
                {1, 2, 3}}),
    [](const auto& test) { return test.param.name; });

TEST(CounterStream, IsTheSamplersPhilox) {
  const samplers::DrawKey key{.seed = 0x123456789abcdef0, .chain = 3, .draw = 77};
  const Expr stream = symbolic::input(symbolic::counter_stream_type, "stream");
  const Expr first = symbolic::uniform_at(stream, symbolic::constant(Array::vector({0, 1, 5})));
  const std::vector<double> found =
      symbolic::function({stream}, first)({symbolic::counter_stream(key.seed, key.chain, key.draw)})[0].reals();
  samplers::RandomStream expected(key, samplers::Purpose::generated_quantities);
  std::vector<double> blocks;
  for (int block = 0; block < 6; ++block) {
    blocks.push_back(expected.uniform());
    expected.uniform();
  }
  EXPECT_THAT(found, testing::ElementsAre(blocks[0], blocks[1], blocks[5]));
}

const std::string loops = R"(
  data { int N; } parameters { real a; }
  model { a ~ normal(0, 1); }
  generated quantities {
    vector[N] y; array[N] int k; real s = 0; array[2] vector[2] z;
    for (n in 1:N) { y[n] = normal_rng(a, n); k[n] = poisson_rng(exp(a)); }
    for (i in 1:2) z[i] = multi_normal_rng(rep_vector(i, 2), diag_matrix(rep_vector(1, 2)));
    for (n in 1:N) if (y[n] > 0) s += exponential_rng(1);
    ANYTHING
  })";

std::map<std::string, std::vector<double>> values_of(const std::string& text, const samplers::DrawKey& key) {
  std::string program = loops;
  program.replace(program.find("ANYTHING"), 8, text);
  const Model m = model(program, R"({"N": 7})");
  const samplers::CompiledDensity density(m.density(), samplers::MetricKind::unit);
  std::vector<double> values(static_cast<std::size_t>(density.values()));
  const std::vector<double> position = {0.4};
  density.constrain(position, values, key);
  std::map<std::string, std::vector<double>> result;
  std::size_t next = 0;
  for (const samplers::TraceVariable& variable : m.density().variables)
    for (std::int64_t i = 0; i < symbolic::element_count(variable.shape); ++i)
      result[variable.name].push_back(values[next++]);
  return result;
}

TEST(GeneratedQuantities, AreTheSameCompiledAndDrawByDraw) {
  const samplers::DrawKey key{.seed = 11, .chain = 2, .draw = 9};
  auto compiled = values_of("", key);
  auto one_by_one =
      values_of("int steps = 0; { real left = 3; while (left > 0) { left -= exponential_rng(2); steps += 1; } }", key);
  EXPECT_GE(one_by_one.at("steps")[0], 1);
  for (const std::string name : {"a", "y", "k", "z"})
    for (std::size_t i = 0; i < compiled.at(name).size(); ++i)
      EXPECT_NEAR(compiled.at(name)[i], one_by_one.at(name)[i], 1e-13 * std::abs(compiled.at(name)[i]) + 1e-14) << name;
  // Another draw, chain or seed has other numbers.
  for (const samplers::DrawKey other : {samplers::DrawKey{11, 2, 10}, {11, 3, 9}, {12, 2, 9}})
    EXPECT_NE(values_of("", other).at("y"), compiled.at("y"));
  EXPECT_EQ(values_of("", key), compiled);
}

TEST(GeneratedQuantities, StopWithAReasonWhereADrawIsAnError) {
  const std::string head = "parameters { real a; } model { a ~ normal(0, 1); } generated quantities { ";
  const auto reason = [&](const std::string& text) {
    return complaint([&] {
      const Model m = model(head + text + " }");
      const samplers::CompiledDensity density(m.density(), samplers::MetricKind::unit);
      std::vector<double> values(static_cast<std::size_t>(density.values()));
      const std::vector<double> position = {-0.5};
      density.constrain(position, values);
    });
  };
  EXPECT_THAT(reason("real x = normal_rng(0, a);"),
              testing::HasSubstr("sigma must be positive and finite, found -0.5"));
  EXPECT_THAT(reason("real<lower=0> x = a;"), testing::HasSubstr("x must be at least 0, found -0.5"));
  EXPECT_THAT(reason("for (n in 1:3) { real x = poisson_rng(a + n - 1); }"), testing::HasSubstr("lambda must be"));
  EXPECT_THAT(reason("if (a < 0) reject(\"a is \", a);"), testing::HasSubstr("a is -0.5"));
  EXPECT_THAT(reason("real x = normal_rng(0, -1);"), testing::HasSubstr("sigma must be positive and finite, found -1"));
  EXPECT_EQ(reason("real x = normal_rng(a, 1);"), "no error");
}

TEST(TransformedData, DrawsFromTheSeed) {
  const auto program = CheckedProgram::from_source(Source::from_text(
      "model.stan",
      "transformed data { vector[3] y; for (i in 1:3) y[i] = normal_rng(i, 0.1); } parameters { real a; }"
      "model { a ~ normal(y, 1); } generated quantities { vector[3] z = y; }"));
  const auto drawn_with = [&](std::uint64_t seed) {
    const Model m(program, DataSet(), seed);
    return draw(m, {0.0}).at("z");
  };
  EXPECT_EQ(drawn_with(1), drawn_with(1));
  EXPECT_NE(drawn_with(1), drawn_with(2));
  EXPECT_NEAR(drawn_with(1)[2], 3, 0.6);
}

}  // namespace
}  // namespace leapgraph::models
