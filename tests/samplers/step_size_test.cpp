/// Dual averaging against numbers worked out by hand, and the search for a first step size.
#include "leapgraph/samplers/step_size.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "leapgraph/symbolic/error.hpp"
#include "samplers/hand_written.hpp"

namespace leapgraph::samplers {
namespace {

TEST(DualAveraging, FollowsASequenceWorkedOutByHand) {
  DualAveraging averaging({}, 1.0);
  EXPECT_EQ(averaging.current(), 1.0);
  EXPECT_EQ(averaging.averaged(), 1.0);
  averaging.update(0.9);  // s = -0.1 / 11, x = log 10 + 20 / 110
  EXPECT_NEAR(std::log(averaging.current()), 2.302585092994046 + 0.1818181818181818, 1e-14);
  EXPECT_NEAR(std::log(averaging.averaged()), 2.4844032748122276, 1e-14);
  averaging.update(0.2);  // s = (11 / 12) (-0.1 / 11) + 0.6 / 12 = 1 / 24, x = log 10 - 20 sqrt(2) / 24
  EXPECT_NEAR(std::log(averaging.current()), 1.1240737910164665, 1e-14);
  // x-bar = (1 - 2^-0.75) 2.48440327... + 2^-0.75 1.12407379...
  EXPECT_NEAR(std::log(averaging.averaged()), 1.6755465243732786, 1e-14);
  averaging.update(1.7);  // counts as 1: s = (12 / 13) / 24 - 0.2 / 13 = 0.3 / 13
  EXPECT_NEAR(std::log(averaging.current()), 2.302585092994046 - 0.3 / 13 * std::sqrt(3.0) / 0.05, 1e-14);
}

TEST(DualAveraging, ShrinksStepWhenAcceptanceIsLow) {
  DualAveraging low({}, 0.1), high({}, 0.1);
  for (int i = 0; i < 50; ++i) {
    low.update(0.1);
    high.update(0.99);
  }
  EXPECT_LT(low.averaged(), 0.1);
  EXPECT_GT(high.averaged(), 0.1);
}

TEST(DualAveraging, RestartForgets) {
  DualAveraging used({}, 0.1), fresh({}, 0.5);
  for (int i = 0; i < 5; ++i) used.update(0.3);
  used.restart(0.5);
  used.update(0.7);
  fresh.update(0.7);
  EXPECT_EQ(used.current(), fresh.current());
  EXPECT_EQ(used.averaged(), fresh.averaged());
}

TEST(DualAveraging, ReachesTheAcceptanceAimedFor) {
  // Acceptance exp(-step) is 0.6 at step 0.5108.
  DualAveraging averaging({.delta = 0.6}, 3.0);
  for (int i = 0; i < 2000; ++i) averaging.update(std::exp(-averaging.current()));
  EXPECT_NEAR(averaging.averaged(), -std::log(0.6), 0.01);
}

class Search {
 public:
  explicit Search(testing::LogDensity density, std::int64_t dimension)
      : integrator_(dimension, std::move(density)), metric_(Metric::unit(dimension)), points_(dimension, 2) {}

  double from(double step_size, std::uint64_t seed = 1) {
    for (double& x : points_[0].position) x = 0.5;
    integrator_.evaluate(points_[0]);
    gradients = 0;
    return search_step_size({integrator_, metric_, step_size, step_size, DrawKey{.seed = seed}, failures, {}},
                            points_[0], points_[1], gradients);
  }

  std::int64_t gradients = 0;
  DensityFailures failures;

 private:
  testing::PlainLeapfrog integrator_;
  Metric metric_;
  PointArena points_;
};

TEST(StepSizeSearch, CrossesFromBothSidesToTheSameOrderOfMagnitude) {
  Search search(testing::standard_normal, 20);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const double up = search.from(0x1p-10, seed), down = search.from(0x1p+10, seed);
    EXPECT_GT(up, 0.2);
    EXPECT_LT(up, 2.0);  // leapfrog is unstable beyond 2
    EXPECT_GT(down, 0.2);
    EXPECT_LT(down, 2.0);
    EXPECT_EQ(std::exp2(std::round(std::log2(up))), up);
  }
  EXPECT_GT(search.gradients, 5);
}

TEST(StepSizeSearch, RefusesAnImproperPosterior) {
  const auto flat = [](std::span<const double>, std::span<double> gradient) {
    std::fill(gradient.begin(), gradient.end(), 0.0);
    return 0.0;
  };
  Search search(flat, 2);
  EXPECT_THROW(search.from(1.0), Error);
}

TEST(StepSizeSearch, RefusesAPosteriorThatIsFiniteNowhereElse) {
  int calls = 0;
  const auto spike = [&calls](std::span<const double>, std::span<double> gradient) {
    std::fill(gradient.begin(), gradient.end(), 0.0);
    return calls++ == 0 ? 0.0 : std::numeric_limits<double>::quiet_NaN();
  };
  Search search(spike, 2);
  EXPECT_THROW(search.from(1.0), Error);
  EXPECT_GT(search.failures.count, 1000);
  EXPECT_EQ(search.failures.first, "the log density is nan");
}

TEST(StepSizeSearch, LeavesAnExtremeStepSizeAlone) {
  Search search(testing::standard_normal, 2);
  EXPECT_EQ(search.from(1e8), 1e8);
  EXPECT_EQ(search.gradients, 0);
}

}  // namespace
}  // namespace leapgraph::samplers
