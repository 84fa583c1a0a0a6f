/// The summary of all quantities, and a verdict for each thing that can be wrong.
#include "leapgraph/samplers/summary.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "leapgraph/samplers/random.hpp"
#include "leapgraph/symbolic/error.hpp"

namespace leapgraph::samplers {
namespace {

using Kind = Finding::Kind;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// A run as it should be: independent normals and well-behaved energies.
Trace healthy(std::int64_t chains, std::int64_t draws, std::vector<TraceVariable> variables) {
  Trace trace;
  trace.chains = chains;
  trace.variables = std::move(variables);
  trace.sampling.planned = trace.sampling.draws = draws;
  for (std::size_t v = 0; v < trace.variables.size(); ++v) {
    std::int64_t count = chains * draws;
    for (const std::int64_t extent : trace.variables[v].shape) count *= extent;
    RandomStream random({.seed = 7, .chain = static_cast<std::uint32_t>(v)}, Purpose::momentum);
    std::vector<double>& values = trace.sampling.values.emplace_back(static_cast<std::size_t>(count));
    for (double& x : values) x = random.normal();
  }
  RandomStream random({.seed = 8}, Purpose::momentum);
  for (std::int64_t i = 0; i < chains * draws; ++i) {
    DrawStatistics s{.lp = random.normal(), .acceptance_rate = 0.9, .step_size = 0.7, .tree_depth = 3, .n_steps = 7};
    s.energy = -s.lp + random.normal();
    trace.sampling.statistics.push_back(s);
  }
  return trace;
}

std::vector<Kind> kinds(const Trace& trace) {
  std::vector<Kind> found;
  for (const Finding& finding : verdict(summarize(trace))) found.push_back(finding.kind);
  return found;
}

TEST(Summary, NamesCellsAsStanDoes) {
  EXPECT_EQ(cell_names({"mu", {}}), (std::vector<std::string>{"mu"}));
  EXPECT_EQ(cell_names({"x", {2, 2}}), (std::vector<std::string>{"x[1,1]", "x[1,2]", "x[2,1]", "x[2,2]"}));
  EXPECT_EQ(cell_names({"none", {3, 0}}), std::vector<std::string>{});
}

TEST(Summary, FindsNoProblemInAGoodRun) {
  const Summary s = summarize(healthy(4, 500, {{"mu", {}}, {"theta", {2, 3}}}));
  ASSERT_EQ(s.rows.size(), 7u);
  EXPECT_EQ(s.rows[6].name, "theta[2,3]");
  EXPECT_TRUE(verdict(s).empty());
  EXPECT_EQ(verdict_lines(verdict(s)), std::vector<std::string>{"No problem found."});
  for (const SummaryRow& row : s.rows) {
    EXPECT_NEAR(row.statistics.mean, 0, 5 / std::sqrt(2000.0));  // five standard errors
    EXPECT_NEAR(row.statistics.sd, 1, 5 / std::sqrt(4000.0));
  }
  ASSERT_EQ(s.per_chain.size(), 4u);
  EXPECT_EQ(s.per_chain[2].step_size, 0.7);  // exactly: it never changed
  EXPECT_NEAR(s.per_chain[2].acceptance_rate, 0.9, 1e-12);
  EXPECT_FALSE(s.rhat_max.name.empty());
  EXPECT_LT(s.rhat_max.value, 1.01);
}

TEST(Summary, TakesEachCellFromItsPlace) {
  Trace trace = healthy(2, 10, {{"x", {3}}});
  for (std::size_t i = 0; i < trace.sampling.values[0].size(); ++i) trace.sampling.values[0][i] = 10.0 * double(i % 3);
  const Summary s = summarize(trace);
  for (std::size_t cell = 0; cell < 3; ++cell) {
    EXPECT_EQ(s.rows[cell].statistics.mean, 10.0 * double(cell));
    EXPECT_EQ(s.rows[cell].statistics.sd, 0);
    EXPECT_TRUE(std::isnan(s.rows[cell].statistics.rhat));
  }
}

TEST(Verdict, CountsDivergencesByChain) {
  Trace trace = healthy(4, 500, {{"mu", {}}});
  for (const std::size_t i : {500u, 501u, 1999u}) trace.sampling.statistics[i].diverging = true;
  const Summary s = summarize(trace);
  EXPECT_EQ(s.divergences, 3);
  EXPECT_EQ(s.per_chain[1].divergences, 2);
  const Verdict v = verdict(s);
  ASSERT_EQ(v.size(), 1u);
  EXPECT_EQ(v[0].kind, Kind::divergences);
  EXPECT_EQ(v[0].problem, "3 of 2000 transitions diverged (0.1%; chains 1 to 4: 0, 2, 0, 1)");
  EXPECT_NE(v[0].advice.find("--adapt-delta"), std::string::npos);
}

TEST(Verdict, TellsOfTreesThatWereCutShort) {
  Trace trace = healthy(1, 500, {{"mu", {}}});
  for (std::size_t i = 0; i < 100; ++i) trace.sampling.statistics[i].reached_max_treedepth = true;
  const Verdict v = verdict(summarize(trace));
  ASSERT_EQ(v.size(), 1u);
  EXPECT_EQ(v[0].kind, Kind::max_treedepth);
  EXPECT_EQ(v[0].problem, "100 of 500 transitions reached the largest tree depth (20%)");
  EXPECT_NE(v[0].advice.find("--max-depth"), std::string::npos);
}

TEST(Verdict, TellsOfSlowEnergiesInOneChain) {
  Trace trace = healthy(4, 500, {{"mu", {}}});
  double energy = 0;
  for (std::size_t i = 500; i < 1000; ++i) trace.sampling.statistics[i].energy = energy += 0.1;  // a straight line
  const Verdict v = verdict(summarize(trace));
  ASSERT_EQ(v.size(), 1u);
  EXPECT_EQ(v[0].kind, Kind::low_e_bfmi);
  EXPECT_EQ(v[0].problem, "E-BFMI below 0.3 (0.00 in chain 2)");
}

TEST(Verdict, TellsOfChainsThatDisagreeTheWorstFirst) {
  Trace trace = healthy(4, 500, {{"a", {}}, {"b", {}}, {"c", {}}});
  for (std::size_t i = 0; i < 500; ++i) {
    trace.sampling.values[1][i] += 1;
    trace.sampling.values[2][i] += 5;
  }
  const Summary s = summarize(trace);
  EXPECT_EQ(s.high_rhat, (std::vector<std::string>{"c", "b"}));
  EXPECT_EQ(s.rhat_max.name, "c");
  const Verdict v = verdict(s);
  ASSERT_EQ(v.size(), 2u);
  EXPECT_EQ(v[0].kind, Kind::high_rhat);
  EXPECT_EQ(v[1].kind, Kind::low_ess);
}

TEST(Verdict, SaysHowMuchLongerToRun) {
  Trace trace = healthy(4, 60, {{"mu", {}}});
  const Verdict v = verdict(summarize(trace));
  ASSERT_FALSE(v.empty());
  EXPECT_EQ(v.back().kind, Kind::low_ess);
  EXPECT_NE(v.back().advice.find("--draws 1"), std::string::npos) << v.back().advice;  // 60 * 400 / 240 * 1.2 = 120
}

TEST(Verdict, IsNotAlarmedByConstants) {
  Trace trace = healthy(4, 500, {{"mu", {}}, {"data", {2}}, {"diagonal", {}}, {"missing", {}}});
  std::fill(trace.sampling.values[1].begin(), trace.sampling.values[1].end(), 3.25);
  std::fill(trace.sampling.values[3].begin(), trace.sampling.values[3].end(), nan);
  for (std::size_t i = 0; i < 2000; ++i) trace.sampling.values[2][i] = 1 + (i > 1500 ? 4e-16 : 0);  // rounding only
  const Summary s = summarize(trace);
  EXPECT_EQ(s.rhat_max.name, "mu");
  EXPECT_EQ(s.ess_bulk_min.name, "mu");
  EXPECT_TRUE(verdict(s).empty()) << verdict(s)[0].problem;
}

TEST(Verdict, TellsOfQuantitiesThatAreSometimesNotFinite) {
  Trace trace = healthy(4, 500, {{"mu", {}}, {"ratio", {}}});
  trace.sampling.values[1][17] = nan;
  EXPECT_EQ(kinds(trace), std::vector<Kind>{Kind::not_finite});
}

TEST(Verdict, TellsOfAChainThatNeverMoved) {
  Trace trace = healthy(1, 500, {{"mu", {}}});
  for (DrawStatistics& s : trace.sampling.statistics) s.lp = -3;
  std::fill(trace.sampling.values[0].begin(), trace.sampling.values[0].end(), 0.5);
  EXPECT_EQ(kinds(trace), std::vector<Kind>{Kind::stuck_chain});
}

TEST(Verdict, DescribesRunsThatEndedEarly) {
  Trace trace = healthy(4, 450, {{"mu", {}}});
  trace.sampling.planned = 1000;
  const Verdict v = verdict(summarize(trace));
  ASSERT_EQ(v.size(), 1u);
  EXPECT_EQ(v[0].problem, "the run ended early: 450 of 1000 draws a chain");

  trace = healthy(4, 0, {{"mu", {}}, {"theta", {2}}});
  trace.sampling.planned = 1000;
  const Summary none = summarize(trace);
  EXPECT_EQ(none.rows.size(), 3u);
  EXPECT_TRUE(std::isnan(none.rows[0].statistics.mean));
  EXPECT_EQ(kinds(trace), std::vector<Kind>{Kind::no_draws});

  for (std::int64_t draws = 1; draws < 4; ++draws) {
    EXPECT_EQ(kinds(healthy(4, draws, {{"mu", {}}})), std::vector<Kind>{Kind::too_few_draws});
  }
}

TEST(Summary, OfATraceWithoutQuantitiesOrStatisticsIsEmpty) {
  const Summary s = summarize(DrawsOfChains{.chains = 2, .draws = 5});
  EXPECT_TRUE(s.rows.empty());
  EXPECT_EQ(s.per_chain.size(), 2u);
  EXPECT_TRUE(std::isnan(s.per_chain[0].e_bfmi));
  EXPECT_TRUE(std::isnan(s.rhat_max.value));
  EXPECT_EQ(summarize(Trace{}).rows.size(), 0u);
}

TEST(Summary, RefusesSizesThatDoNotFit) {
  Trace trace = healthy(2, 5, {{"mu", {}}});
  trace.sampling.values[0].pop_back();
  EXPECT_THROW(summarize(trace), Error);
  trace = healthy(2, 5, {{"mu", {}}});
  trace.sampling.statistics.pop_back();
  EXPECT_THROW(summarize(trace), Error);
}

}  // namespace
}  // namespace leapgraph::samplers
