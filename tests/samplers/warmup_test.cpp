/// The windows of warm-up against Stan's schedule, and what Warmup makes of the draws in them.
#include "leapgraph/samplers/warmup.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace leapgraph::samplers {
namespace {

using Windows = std::vector<Window>;

TEST(MetricWindows, AreStansForUsualLengths) {
  EXPECT_EQ(metric_windows(1000, {}), (Windows{{75, 100}, {100, 150}, {150, 250}, {250, 450}, {450, 950}}));
  EXPECT_EQ(metric_windows(2000, {}),
            (Windows{{75, 100}, {100, 150}, {150, 250}, {250, 450}, {450, 850}, {850, 1950}}));
  EXPECT_EQ(metric_windows(500, {}), (Windows{{75, 100}, {100, 150}, {150, 250}, {250, 450}}));
  EXPECT_EQ(metric_windows(300, {}), (Windows{{75, 100}, {100, 150}, {150, 250}}));
  EXPECT_EQ(metric_windows(299, {}), (Windows{{75, 100}, {100, 249}}));
  EXPECT_EQ(metric_windows(200, {}), (Windows{{75, 100}, {100, 150}}));
  EXPECT_EQ(metric_windows(151, {}), (Windows{{75, 100}, {100, 101}}));
  EXPECT_EQ(metric_windows(150, {}), (Windows{{75, 100}}));
}

TEST(MetricWindows, ShrinkInProportionWhenWarmupIsShort) {
  EXPECT_EQ(metric_windows(149, {}), (Windows{{22, 135}}));
  EXPECT_EQ(metric_windows(100, {}), (Windows{{15, 90}}));
  EXPECT_EQ(metric_windows(20, {}), (Windows{{3, 18}}));
  EXPECT_EQ(metric_windows(19, {}), Windows{});
  EXPECT_EQ(metric_windows(0, {}), Windows{});
}

// Stan keeps a counter, the index at which the present window ends, and its size.
Windows counted(std::int64_t warmup, const WindowOptions& options) {
  Windows windows;
  const std::int64_t last = warmup - options.term_buffer - 1;
  std::int64_t size = options.base_window, next = options.init_buffer + size - 1, begin = options.init_buffer;
  for (std::int64_t i = 0; i < warmup; ++i) {
    if (i != next) continue;
    windows.push_back({begin, i + 1});
    begin = i + 1;
    if (next == last) continue;
    size *= 2;
    next = i + size;
    if (next != last && next + 2 * size >= last + 1) next = last;
  }
  return windows;
}

TEST(MetricWindows, EqualTheCountingRuleForEveryLengthAndOption) {
  for (std::int64_t warmup = 150; warmup < 1500; ++warmup) ASSERT_EQ(metric_windows(warmup, {}), counted(warmup, {}));
  const WindowOptions odd{.init_buffer = 10, .term_buffer = 0, .base_window = 7};
  for (std::int64_t warmup = 20; warmup < 500; ++warmup) ASSERT_EQ(metric_windows(warmup, odd), counted(warmup, odd));
}

TEST(Warmup, ReplacesTheMetricAtTheEndsOfWindowsOnly) {
  Warmup warmup({}, MetricKind::diagonal, 1, 1000, 1.0, false);
  std::vector<std::int64_t> updates;
  for (std::int64_t i = 0; i < 1000; ++i) {
    const double position = i < 450 ? 100.0 : (i % 2 ? 3.0 : -3.0);
    if (warmup.learn(std::vector<double>{position}, 0.8)) {
      updates.push_back(i);
      warmup.restart_step_size(0.5);
    }
  }
  EXPECT_EQ(updates, (std::vector<std::int64_t>{99, 149, 249, 449, 949}));
  // The last window saw 500 values +-3: variance 9 * 500 / 499, shrunk.
  EXPECT_NEAR(warmup.metric().inverse()[0], 500.0 / 505 * 9 * 500 / 499 + 1e-3 * 5 / 505, 1e-12);
  // 50 updates at exactly the acceptance aimed for, since the restart: the step size is mu, ten times its start.
  EXPECT_NEAR(warmup.step_size(), 5.0, 1e-12);
  EXPECT_NEAR(warmup.final_step_size(), 5.0, 1e-12);
}

TEST(Warmup, KeepsAUnitMetricAndAFixedStepSize) {
  Warmup warmup({}, MetricKind::unit, 2, 1000, 0.25, true);
  for (std::int64_t i = 0; i < 1000; ++i) {
    ASSERT_FALSE(warmup.learn(std::vector<double>{static_cast<double>(i), 0.0}, 0.1));
  }
  EXPECT_EQ(warmup.step_size(), 0.25);
  EXPECT_EQ(warmup.final_step_size(), 0.25);
  EXPECT_EQ(warmup.metric().kind(), MetricKind::unit);
}

TEST(Warmup, WithoutTransitionsKeepsTheStepSizeItIsGiven) {
  Warmup warmup({}, MetricKind::dense, 2, 0, 1.0, false);
  warmup.restart_step_size(0.125);
  EXPECT_EQ(warmup.final_step_size(), 0.125);
  EXPECT_EQ(warmup.metric().kind(), MetricKind::dense);
}

}  // namespace
}  // namespace leapgraph::samplers
