/// Progress: what one line says, and that it fits.
#include "leapgraph/cli/progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

namespace leapgraph::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr ProgressPlan plan{.warmup = 1000, .draws = 1000};

ChainState half_way() {
  return {.phase = samplers::Phase::sampling,
          .iteration = 1000,
          .divergences = 3,
          .gradients = 7500,
          .step_size = 0.4123456,
          .finished = false,
          .started = 1.0,
          .now = 1.5};
}

std::string line(int columns, const ChainState& state = half_way()) {
  return chain_line(1, state, plan, {.redraws = true, .columns = columns}, false);
}

TEST(ProgressLine, SaysEverythingWhereThereIsRoom) {
  EXPECT_EQ(line(140),
            "chain 2  ===============...............  sampling  1000/2000  3 divergences  step 0.412      7.5 "
            "gradients/draw    2,000 draws/s");
}

TEST(ProgressLine, FitsEveryWidth) {
  for (int columns = 1; columns < 160; ++columns)
    EXPECT_LT(line(columns).size(), static_cast<std::size_t>(columns) + (columns == 1));
}

TEST(ProgressLine, KeepsBarAndPhaseLongest) {
  EXPECT_THAT(line(40), HasSubstr("sampling"));
  EXPECT_THAT(line(40), Not(HasSubstr("draws/s")));
  EXPECT_THAT(line(20), HasSubstr("===="));
}

TEST(ProgressLine, SaysHowAChainEnded) {
  ChainState state = half_way();
  EXPECT_THAT(chain_line(0, state, plan, {.columns = 120}, true), HasSubstr("stopping"));
  state.finished = true;
  EXPECT_THAT(line(120, state), HasSubstr("stopped"));
  state.iteration = 2000;
  EXPECT_THAT(line(120, state), HasSubstr("done"));
}

TEST(ProgressLog, HasOneLineATenthOfTheWork) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  samplers::SampleMonitor monitors(2);
  Progress progress(monitors, plan, ends[1]);
  for (int i = 1; i <= 2000; i += 13) {
    for (samplers::ChainMonitor& monitor : monitors) monitor.iteration = i;
    progress.update(0.001 * i);
  }
  for (samplers::ChainMonitor& monitor : monitors) monitor.iteration = 2000;
  progress.finish(2.0);
  close(ends[1]);
  std::string text(10000, '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(read(ends[0], text.data(), text.size()), 0)));
  close(ends[0]);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 10) << text;
  EXPECT_THAT(text, HasSubstr("100 %: 4000 of 4000 transitions, 2 of 2 chains done, 0 divergences, 2.0 s\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace leapgraph::cli
