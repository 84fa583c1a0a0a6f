/// Diagnostics against published numbers, against R's `posterior` on generated draws, and on their edges.
#include "leapgraph/samplers/diagnostics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "leapgraph/symbolic/error.hpp"

namespace leapgraph::samplers {
namespace {

const std::string data_folder = LEAPGRAPH_SOURCE_DIR "/tests/samplers/diagnostics/";
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Draws {
  std::int64_t chains = 0, draws = 0;
  std::vector<double> values;
  operator ChainDraws() const { return {values, chains, draws}; }  // NOLINT: a view of itself
  double& at(std::int64_t chain, std::int64_t draw) { return values[static_cast<std::size_t>(chain * draws + draw)]; }
};

// The generator of posterior_golden.R, operation for operation.
std::vector<double> uniforms(std::int64_t seed, std::int64_t n) {
  std::vector<double> u;
  std::int64_t state = seed;
  for (std::int64_t i = 0; i < n; ++i) {
    state = 16807 * state % 2147483647;
    u.push_back(static_cast<double>(state) / 2147483647.0);
  }
  return u;
}

Draws autoregression(std::int64_t seed, std::int64_t draws, std::int64_t chains, double rho) {
  const std::vector<double> u = uniforms(seed, 12 * draws * chains);
  Draws x{chains, draws, {}};
  for (std::size_t i = 0; i < u.size(); i += 12) {
    double z = u[i];
    for (std::size_t k = 1; k < 12; ++k) z += u[i + k];
    x.values.push_back(z - 6);
  }
  for (std::int64_t c = 0; c < chains; ++c) {
    for (std::int64_t d = 1; d < draws; ++d) x.at(c, d) = rho * x.at(c, d - 1) + x.at(c, d);
  }
  return x;
}

// autoregression with rho = 0.5, changed in one way or another
template <class Change>
auto changed(Change change) {
  return [change](std::int64_t seed, std::int64_t n, std::int64_t m) {
    Draws x = autoregression(seed, n, m, 0.5);
    change(x);
    return x;
  };
}

auto correlated(double rho) {
  return [rho](std::int64_t seed, std::int64_t n, std::int64_t m) { return autoregression(seed, n, m, rho); };
}

auto elementwise(double (*f)(double)) {
  return changed([f](Draws& x) { std::transform(x.values.begin(), x.values.end(), x.values.begin(), f); });
}

void for_last_chain(Draws& x, const std::function<double(double)>& f) {
  for (std::int64_t d = 0; d < x.draws; ++d) x.at(x.chains - 1, d) = f(x.at(x.chains - 1, d));
}

using Generator = std::function<Draws(std::int64_t seed, std::int64_t draws, std::int64_t chains)>;

const std::map<std::string, Generator>& kinds() {
  static const std::map<std::string, Generator> table{
      {"independent", correlated(0)},
      {"ar50", correlated(0.5)},
      {"ar95", correlated(0.95)},
      {"antithetic", correlated(-0.75)},
      {"constant", elementwise([](double) { return 0.1; })},
      {"constant_chains", changed([](Draws& x) {
         for (std::int64_t c = 0; c < x.chains; ++c) {
           for (std::int64_t d = 0; d < x.draws; ++d) x.at(c, d) = 0.1 * static_cast<double>(c + 1);
         }
       })},
      {"stuck_chain", changed([](Draws& x) {
         const double first = x.at(x.chains - 1, 0);
         for_last_chain(x, [first](double) { return first; });
       })},
      {"shifted_chain", changed([](Draws& x) { for_last_chain(x, [](double v) { return v + 2; }); })},
      {"wide_chain", changed([](Draws& x) { for_last_chain(x, [](double v) { return v * 4; }); })},
      {"trend",
       [](std::int64_t seed, std::int64_t n, std::int64_t m) {
         Draws x = autoregression(seed, n, m, 0);
         for (std::int64_t c = 0; c < m; ++c) {
           for (std::int64_t d = 0; d < n; ++d) x.at(c, d) += static_cast<double>(d + 1) / static_cast<double>(n);
         }
         return x;
       }},
      {"ties", elementwise([](double v) { return std::floor(2 * v); })},
      {"binary", elementwise([](double v) { return v > 0.7 ? 1.0 : 0.0; })},
      {"heavy",
       [](std::int64_t seed, std::int64_t n, std::int64_t m) {
         Draws x = autoregression(seed, n, m, 0);
         const std::vector<double> u = uniforms(seed + 1, n * m);
         for (std::size_t i = 0; i < u.size(); ++i) x.values[i] = x.values[i] * x.values[i] * x.values[i] / u[i];
         return x;
       }},
      {"offset", elementwise([](double v) { return v + 1e6; })},
      {"tiny", elementwise([](double v) { return v * 1e-20; })},
      {"nan", changed([](Draws& x) { x.at(0, (x.draws + 1) / 2 - 1) = nan; })},
      {"infinite", changed([](Draws& x) { x.at(0, x.draws - 1) = std::numeric_limits<double>::infinity(); })},
  };
  return table;
}

const std::map<std::string, double (*)(const ChainDraws&)>& quantities() {
  static const std::map<std::string, double (*)(const ChainDraws&)> table{
      {"split_rhat", split_rhat},
      {"rhat", rhat},
      {"ess_bulk", ess_bulk},
      {"ess_tail", ess_tail},
      {"ess_mean", ess_mean},
      {"ess_sd", ess_sd},
      {"ess_median", [](const ChainDraws& x) { return ess_quantile(x, 0.5); }},
      {"ess_q100", [](const ChainDraws& x) { return ess_quantile(x, 1); }},
      {"mcse_mean", mcse_mean},
      {"mcse_q5", [](const ChainDraws& x) { return mcse_quantile(x, 0.05); }},
      {"mcse_median", [](const ChainDraws& x) { return mcse_quantile(x, 0.5); }},
      {"mcse_sd", mcse_sd},
      {"mean", [](const ChainDraws& x) { return QuantityAnalysis()(x).mean; }},
      {"sd", [](const ChainDraws& x) { return QuantityAnalysis()(x).sd; }},
      {"q5", [](const ChainDraws& x) { return quantile(x.values, 0.05); }},
      {"q95", [](const ChainDraws& x) { return quantile(x.values, 0.95); }},
  };
  return table;
}

// Relative, so that it holds for quantities of any unit; NaN and infinities must be the same. The R-hat of chains that
// are all stuck is infinite; R's variance of a constant is rounding error, and its R-hat some 1e15.
bool agree(double value, double expected, double tolerance) {
  if (expected > 1e14) return value > 1e14;
  if (!std::isfinite(expected)) return std::isnan(expected) ? std::isnan(value) : value == expected;
  return std::abs(value - expected) <= tolerance * std::abs(expected);
}

double number(const std::string& text) { return text == "NaN" ? nan : std::stod(text); }

TEST(Diagnostics, AgreeWithPosteriorOnGeneratedDraws) {
  std::ifstream file(data_folder + "posterior_golden.txt");
  ASSERT_TRUE(file) << data_folder;
  std::string line, name;
  std::getline(file, line);
  std::istringstream header(line);
  std::vector<std::string> columns;
  for (int skipped = 0; header >> name; ++skipped) {
    if (skipped >= 4) columns.push_back(name);
  }
  ASSERT_EQ(columns.size(), quantities().size());

  QuantityAnalysis analysis;  // one for all, as in a summary, to see that nothing is left over from the quantity before
  int cases = 0;
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string kind, text;
    std::int64_t chains = 0, draws = 0, seed = 0;
    fields >> kind >> chains >> draws >> seed;
    SCOPED_TRACE(kind + ": " + std::to_string(chains) + " chains of " + std::to_string(draws) + " draws");
    const Draws x = kinds().at(kind)(seed, draws, chains);
    std::map<std::string, double> expected;
    for (const std::string& column : columns) {
      ASSERT_TRUE(fields >> text);
      expected[column] = number(text);
      const double value = quantities().at(column)(x);
      EXPECT_TRUE(agree(value, expected[column], 1e-9)) << column << " is " << value << ", posterior says " << text;
    }
    const QuantityStatistics all = analysis(x);
    const std::map<std::string, double> together{{"mean", all.mean},
                                                 {"mcse_mean", all.mcse_mean},
                                                 {"sd", all.sd},
                                                 {"q5", all.q5},
                                                 {"q95", all.q95},
                                                 {"rhat", all.rhat},
                                                 {"ess_bulk", all.ess_bulk},
                                                 {"ess_tail", all.ess_tail}};
    for (const auto& [column, value] : together) {
      EXPECT_TRUE(agree(value, expected[column], 1e-9)) << column << " of all is " << value;
    }
    ++cases;
  }
  EXPECT_GE(cases, 200);
}

struct CenteredEight {
  Draws mu{4, 500, {}}, tau{4, 500, {}}, energy{4, 500, {}};
};

CenteredEight centered_eight() {
  std::ifstream file(data_folder + "centered_eight.txt");
  CenteredEight data;
  std::string line;
  std::getline(file, line);
  double mu = 0, tau = 0, energy = 0;
  while (file >> mu >> tau >> energy) {
    data.mu.values.push_back(mu);
    data.tau.values.push_back(tau);
    data.energy.values.push_back(energy);
  }
  return data;
}

TEST(Diagnostics, GiveThePublishedNumbersOfCenteredEight) {
  const CenteredEight data = centered_eight();
  ASSERT_EQ(data.mu.values.size(), 2000u);
  struct Golden {
    std::string quantity;
    double mu, tau;
  };
  const std::vector<Golden> goldens{
      {"rhat", 1.025314129, 1.02844818},        {"ess_bulk", 240.7999522, 127.9735148},
      {"ess_tail", 622.0517792, 214.2960235},   {"ess_mean", 253.6444303, 185.1876375},
      {"ess_median", 382.0615905, 181.1601452}, {"mcse_mean", .2055175058, .2168870703},
      {"mcse_q5", .2784573526, .1192689544},    {"mcse_median", .2368108413, .2812031348},
  };
  for (const Golden& g : goldens) {  // printed with ten digits
    EXPECT_TRUE(agree(quantities().at(g.quantity)(data.mu), g.mu, 1e-9)) << g.quantity << " of mu";
    EXPECT_TRUE(agree(quantities().at(g.quantity)(data.tau), g.tau, 1e-9)) << g.quantity << " of tau";
  }
  EXPECT_NEAR(mcse_sd(data.mu), .088119, 5e-7);
  EXPECT_NEAR(mcse_sd(data.tau), .140071, 5e-7);
}

TEST(EBfmi, IsComputedForEachChain) {
  const CenteredEight data = centered_eight();
  const std::array<double, 4> golden{.287, .378, .346, .324};
  for (std::size_t chain = 0; chain < 4; ++chain) {
    EXPECT_NEAR(e_bfmi(std::span(data.energy.values).subspan(500 * chain, 500)), golden[chain], 5e-4);
  }
}

TEST(EBfmi, IsNanWhereNoEnergyChanges) {
  EXPECT_TRUE(std::isnan(e_bfmi({})));
  EXPECT_TRUE(std::isnan(e_bfmi(std::vector<double>{1.0})));
  EXPECT_TRUE(std::isnan(e_bfmi(std::vector<double>{2.0, 2.0, 2.0})));
  EXPECT_DOUBLE_EQ(e_bfmi(std::vector<double>{0.0, 1.0}), 2.0);
}

TEST(Quantile, InterpolatesBetweenOrderStatistics) {
  const std::vector<double> x{4, 1, 3, 2};
  EXPECT_EQ(quantile(x, 0), 1);
  EXPECT_EQ(quantile(x, 0.5), 2.5);
  EXPECT_EQ(quantile(x, 1), 4);
  EXPECT_DOUBLE_EQ(quantile(x, 0.1), 1.3);
  EXPECT_TRUE(std::isnan(quantile({}, 0.5)));
  EXPECT_TRUE(std::isnan(quantile(std::vector<double>{1, nan}, 0.5)));
}

TEST(Diagnostics, OfNoDrawsAreNan) {
  for (const std::int64_t chains : {0, 1, 4}) {
    const Draws none{chains, 0, {}};
    for (const auto& [name, f] : quantities()) EXPECT_TRUE(std::isnan(f(none))) << name;
    EXPECT_TRUE(std::isnan(QuantityAnalysis()(none).rhat));
    EXPECT_TRUE(std::isnan(QuantityAnalysis()(none).sd));
  }
}

TEST(Diagnostics, RefuseSizesThatDoNotFit) {
  const std::vector<double> x(7);
  EXPECT_THROW(rhat({x, 2, 4}), Error);
  EXPECT_THROW(rhat({x, -1, -7}), Error);
  EXPECT_THROW(ess_quantile({x, 1, 7}, 1.5), Error);
  EXPECT_THROW(mcse_quantile({x, 1, 7}, nan), Error);
  EXPECT_THROW(quantile(x, -0.1), Error);
}

TEST(Diagnostics, DoNotDependOnUnitsOrOrderOfChains) {
  Draws x = autoregression(42, 300, 3, 0.3);
  const double reference_rhat = rhat(x), reference_ess = ess_bulk(x);
  std::rotate(x.values.begin(), x.values.begin() + 300, x.values.end());
  for (double& v : x.values) v = -8 * v;        // an exact product, so that ranks stay
  EXPECT_NEAR(rhat(x), reference_rhat, 1e-12);  // sums in another order
  EXPECT_NEAR(ess_bulk(x), reference_ess, 1e-9 * reference_ess);
}

}  // namespace
}  // namespace leapgraph::samplers
