/// The summary as text and as JSON: digits, alignment, edges, and names that want to break out.
#include "leapgraph/cli/table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace leapgraph::cli {
namespace {

using samplers::ChainSummary;
using samplers::Summary;
using testing::HasSubstr;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

Summary two_chains() {
  Summary s;
  s.chains = 2;
  s.draws = 500;
  s.rows = {
      {"mu", {4.1712, 0.2055, 3.2731, -1.24, 4.156, 9.387, 240.8, 622.05, 1.00481}},
      {"tau", {16384.4, 26.3, 1213.2, 12345.6, 15812, 21004, 1127.97, 814.3, 1.02845}},
      {"small", {-0.00004, 0.003, 0.1, -0.2, 0.00001, 0.2, 1000, 1000, 0.9991}},
      {"data", {2.5, nan, 0, 2.5, 2.5, 2.5, nan, nan, nan}},
  };
  s.per_chain.resize(2, ChainSummary{.e_bfmi = 0.75, .acceptance_rate = 0.875, .step_size = 0.5});
  s.rhat_max = {1.02845, "tau"};
  s.ess_bulk_min = {240.8, "mu"};
  s.ess_tail_min = {622.05, "mu"};
  s.high_rhat = {"tau"};
  return s;
}

TEST(SummaryTable, ShowsTheDigitsThatTheMonteCarloErrorLeaves) {
  EXPECT_EQ(summary_table(two_chains()),
            "        mean    mcse     sd      q5    q50    q95  ess_bulk  ess_tail   rhat\n"
            "mu       4.2    0.21    3.3    -1.2    4.2    9.4       240       622   1.00\n"
            "tau    16380      26   1210   12350  15810  21000      1127       814  1.028\n"
            "small  0.000  0.0030  0.100  -0.200  0.000  0.200      1000      1000   1.00\n"
            "data     2.5     NaN      0     2.5    2.5    2.5       NaN       NaN    NaN\n"
            "\n"
            "R-hat above 1.01 for 1 quantity, up to 1.028 (tau). The chains do not agree yet: run longer (--warmup, "
            "--draws); "
            "if it stays, look for several modes or parameters that the data do not identify.\n");
}

TEST(SummaryTable, SaysSoWhenAllIsWell) {
  Summary s = two_chains();
  s.high_rhat.clear();
  EXPECT_THAT(summary_table(s), testing::EndsWith("\n\nNo problem found.\n"));
}

TEST(SummaryTable, LeavesOutRowsWhenAsked) {
  const std::string text = summary_table(two_chains(), 1);
  EXPECT_THAT(text, HasSubstr("\nmu "));
  EXPECT_THAT(text, Not(HasSubstr("\ntau ")));
  EXPECT_THAT(text, HasSubstr("... and 3 more\n"));
}

TEST(SummaryTable, OfNothingIsTheVerdictAlone) {
  EXPECT_EQ(summary_table(Summary{}),
            "There are no draws after warm-up. Run again, or let the run go on for longer.\n");
}

TEST(SummaryTable, WritesVeryLargeAndVerySmallNumbersShort) {
  Summary s = two_chains();
  s.rows = {{"large", {1.234567e12, 2e9, 1e11, -inf, 1.2e12, inf, 100, 100, 1}},
            {"tiny", {1.234567e-12, 2e-15, 1e-13, 1e-12, 1.2e-12, 2e-12, 100, 100, 1}}};
  const std::string text = summary_table(s);
  EXPECT_THAT(text, HasSubstr("large  1.235e+12  2.0e+09"));
  EXPECT_THAT(text, HasSubstr("-Infinity"));
  EXPECT_THAT(text, HasSubstr("1.235e-12  2.0e-15"));
}

TEST(SummaryTable, KeepsNamesFromSteeringTheTerminal) {
  Summary s = two_chains();
  s.rows[0].name = "\x1b[31mmu\n";
  s.rows[1].name = "\xCE\xBC";  // one Greek letter, one column wide
  EXPECT_THAT(summary_table(s), HasSubstr("\n?[31mmu?"));
  EXPECT_THAT(summary_table(s), HasSubstr("\n\xCE\xBC         16380"));
}

TEST(SummaryJson, HasTheKeysThatScriptsReadInFullPrecision) {
  Summary s = two_chains();
  s.rows.resize(1);
  s.rows[0].statistics.mean = 0.1;
  s.rows[0].statistics.rhat = inf;
  s.rows[0].statistics.q5 = -inf;
  s.rows[0].statistics.ess_tail = nan;
  s.high_rhat.clear();
  s.divergences = 0;
  s.per_chain[1].e_bfmi = nan;
  EXPECT_EQ(summary_json(s),
            R"({"diagnostics":{"chains":2,"draws":500,"divergences":0,"reached_max_treedepth":0,"e_bfmi":[0.75,"NaN"],)"
            R"("rhat_max":1.0284500000000001,"ess_bulk_min":240.80000000000001,"ess_tail_min":622.04999999999995,)"
            R"("step_size":[0.5,0.5],"acceptance_rate":[0.875,0.875],"verdict":["No problem found."]},)"
            R"("variables":{"mu":{"mean":0.10000000000000001,"mcse_mean":0.20549999999999999,"sd":3.2730999999999999,)"
            R"("q5":"-Infinity","q50":4.1559999999999997,"q95":9.3870000000000005,"ess_bulk":240.80000000000001,)"
            R"("ess_tail":"NaN","rhat":"Infinity"}}})"
            "\n");
}

TEST(SummaryJson, EscapesNamesOfAnyKind) {
  Summary s = two_chains();
  s.rows.resize(4);
  s.rows[0].name = "a\"b\\c\n\x01";
  s.rows[1].name = "\xCE\xBC[1]";         // valid UTF-8 stays
  s.rows[2].name = "\xFFx\xED\xA0\x80y";  // not UTF-8; a surrogate
  s.rows[3].name = "cut\xE2\x82";
  const std::string json = summary_json(s);
  EXPECT_THAT(json, HasSubstr(R"("a\"b\\c\n\u0001":{)"));
  EXPECT_THAT(json, HasSubstr("\"\xCE\xBC[1]\":{"));
  EXPECT_THAT(json, HasSubstr("\"\xEF\xBF\xBDx\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDy\":{"));
  EXPECT_THAT(json, HasSubstr("\"cut\xEF\xBF\xBD\xEF\xBF\xBD\":{"));
}

TEST(SummaryJson, OfNoDrawsIsStillComplete) {
  const std::string json = summary_json(Summary{});
  EXPECT_THAT(json, HasSubstr(R"("rhat_max":"NaN")"));
  EXPECT_THAT(json, HasSubstr(R"("e_bfmi":[])"));
  EXPECT_THAT(json, HasSubstr(R"("variables":{}})"));
}

}  // namespace
}  // namespace leapgraph::cli
