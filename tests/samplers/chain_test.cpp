/// One chain: starts, phases, thinning, failures in the middle, stops, and what it reports.
#include "leapgraph/samplers/chain.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>

#include "samplers/hand_written.hpp"

namespace leapgraph::samplers {
namespace {

using testing::PlainLeapfrog;
using testing::RecordingTrace;
using testing::standard_normal;
using testing::unconstrained;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

SampleConfig short_run() {
  SampleConfig config;
  config.chains = 1;
  config.warmup = 100;
  config.draws = 50;
  config.seed = 9;
  return config;
}

struct Outcome {
  ChainResult result;
  RecordingTrace trace{1};
  ChainMonitor monitor;
};

void run(Outcome& outcome, const SampleConfig& config, Integrator& integrator,
         const Constrain& constrain = unconstrained, std::stop_token stop = {}) {
  validate(config, integrator.dimension());
  run_chain(config, 0, integrator, constrain, integrator.dimension(), outcome.trace, outcome.monitor, std::move(stop),
            outcome.result);
}

template <class Exception = InitializationError>
std::string message(const SampleConfig& config, Integrator& integrator) {
  try {
    Outcome outcome;
    run(outcome, config, integrator);
  } catch (const Exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(ChainStart, SaysHowManyStartsWereTriedAndWhatTheLastGave) {
  PlainLeapfrog nowhere(2, [](auto, auto) { return -std::numeric_limits<double>::infinity(); });
  EXPECT_EQ(message(short_run(), nowhere),
            "chain 1: no usable start: tried 100 starts drawn uniformly from (-2, 2); last: the log density is -inf");

  PlainLeapfrog throwing(2, [](auto, auto) -> double { throw std::domain_error("sigma is 0"); });
  EXPECT_NE(message(short_run(), throwing).find("last: sigma is 0"), std::string::npos);

  PlainLeapfrog steep(2, [](std::span<const double>, std::span<double> gradient) {
    gradient[0] = 0;
    gradient[1] = nan;
    return 1.0;
  });
  EXPECT_NE(message(short_run(), steep).find("the log density is 1, but element 2 of its gradient is nan"),
            std::string::npos);

  SampleConfig config = short_run();
  config.init_points = {{1.0, 2.0}};
  EXPECT_EQ(message(config, nowhere), "chain 1: no usable start: tried the start given; last: the log density is -inf");
  config.init_points.clear();
  config.init_radius = 0;
  EXPECT_NE(message(config, nowhere).find("tried the start at 0"), std::string::npos);
}

TEST(ChainStart, AddsTheReasonThatTheIntegratorKnows) {
  class Explaining : public PlainLeapfrog {
   public:
    using PlainLeapfrog::PlainLeapfrog;
    std::string why() const override { return "y ~ normal(mu, sigma) on line 7"; }
  };
  Explaining integrator(1, [](auto, auto) { return nan; });
  EXPECT_NE(message(short_run(), integrator).find("the log density is nan: y ~ normal(mu, sigma) on line 7"),
            std::string::npos);
}

TEST(ChainStart, DrawsWithinTheRadiusAndFillsInWhatIsNotGiven) {
  std::vector<double> first;
  PlainLeapfrog integrator(3, [&](std::span<const double> x, std::span<double> gradient) {
    if (first.empty()) first.assign(x.begin(), x.end());
    return standard_normal(x, gradient);
  });
  SampleConfig config = short_run();
  config.init_radius = 0.25;
  config.init_points = {{1.5, nan, -3.0}};
  Outcome outcome;
  run(outcome, config, integrator);
  EXPECT_EQ(first[0], 1.5);
  EXPECT_LT(std::abs(first[1]), 0.25);
  EXPECT_EQ(first[2], -3.0);
}

TEST(ChainStart, PassesOverStartsWhoseEnergyIsLostInRounding) {
  std::vector<double> starts;  // until one is taken, at whose place the next evaluation begins
  const auto cliff = [&](double height) {
    return [&starts, height](std::span<const double> x, std::span<double> gradient) {
      if (starts.size() < 100) starts.push_back(x[0]);
      if (x[0] < 1.0) return standard_normal(x, gradient);
      gradient[0] = -height;
      return -height * x[0];
    };
  };
  bool passed_over = false;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    SampleConfig config = short_run();
    config.seed = seed;
    config.warmup = 0;
    config.draws = 1;
    config.step_size = 1e-9;  // no search: the first start that is not passed over is followed at once
    starts.clear();
    PlainLeapfrog integrator(1, cliff(1e60));
    Outcome outcome;
    run(outcome, config, integrator);
    std::size_t taken = 0;
    while (taken + 2 < starts.size() && starts[taken] >= 1.0) ++taken;
    passed_over = passed_over || taken > 0;
    EXPECT_LT(std::abs(starts[taken + 1] - starts[taken]), 1e-6) << "seed " << seed;
  }
  EXPECT_TRUE(passed_over);

  // Where there is no other, one of them is used.
  starts.clear();
  PlainLeapfrog everywhere(1, [](std::span<const double> x, std::span<double> gradient) {
    gradient[0] = -1e60;
    return -1e60 * (x[0] + 3.0);
  });
  SampleConfig config = short_run();
  config.warmup = 0;
  config.draws = 1;
  config.step_size = 1e-9;
  Outcome outcome;
  EXPECT_NO_THROW(run(outcome, config, everywhere));
}

TEST(ChainStart, TriesAgainWhereTheDensityIsNotFinite) {
  int bad = 0;
  PlainLeapfrog integrator(1, [&](std::span<const double> x, std::span<double> gradient) {
    return bad++ < 30 ? nan : standard_normal(x, gradient);
  });
  Outcome outcome;
  run(outcome, short_run(), integrator);
  EXPECT_EQ(outcome.result.kept.draws, 50);
  EXPECT_EQ(outcome.result.density_failures, 0);  // starts that were not usable are no failures of sampling
}

TEST(Chain, WritesEveryDrawWithItsStatistics) {
  PlainLeapfrog integrator(2, standard_normal);
  SampleConfig config = short_run();
  config.save_warmup = true;
  Outcome outcome;
  run(outcome, config, integrator);
  const auto& draws = outcome.trace.draws[0];
  ASSERT_EQ(draws.size(), 50u);
  ASSERT_EQ(outcome.trace.warmup[0].size(), 100u);
  EXPECT_TRUE(outcome.trace.in_order);
  for (const auto& draw : draws) {
    EXPECT_NEAR(draw.statistics.lp, -0.5 * (std::pow(draw.values[0], 2) + std::pow(draw.values[1], 2)), 1e-12);
    EXPECT_EQ(draw.statistics.step_size, outcome.result.step_size);  // frozen
  }
  EXPECT_NE(outcome.trace.warmup[0].front().statistics.step_size, outcome.trace.warmup[0].back().statistics.step_size);
  EXPECT_EQ(outcome.result.iterations, 150);
  EXPECT_EQ(outcome.result.metric, MetricKind::diagonal);
  EXPECT_EQ(outcome.result.inverse_metric.size(), 2u);
  EXPECT_FALSE(outcome.result.interrupted);
  EXPECT_TRUE(outcome.result.messages.empty());
  EXPECT_EQ(outcome.monitor.iteration.load(), 150);
  EXPECT_EQ(outcome.monitor.gradients.load(), outcome.result.gradients);
  EXPECT_EQ(outcome.monitor.phase.load(), Phase::sampling);
  EXPECT_TRUE(outcome.monitor.finished.load());
}

TEST(Chain, ThinningKeepsEveryThinthTransitionOfTheSameRun) {
  PlainLeapfrog integrator(2, standard_normal);
  SampleConfig config = short_run();
  config.save_warmup = true;
  Outcome all, thinned;
  run(all, config, integrator);
  config.thin = 3;
  run(thinned, config, integrator);
  ASSERT_EQ(thinned.trace.draws[0].size(), 17u);
  ASSERT_EQ(thinned.trace.warmup[0].size(), 34u);
  EXPECT_EQ(config.kept_draws(), 17);
  EXPECT_EQ(config.kept_warmup(), 34);
  for (std::size_t i = 0; i < 17; ++i) EXPECT_EQ(thinned.trace.draws[0][i].values, all.trace.draws[0][3 * i].values);
}

TEST(Chain, CountsAThrowInTheMiddleOfSamplingAndGoesOn) {
  int calls = 0;
  PlainLeapfrog integrator(1, [&](std::span<const double> x, std::span<double> gradient) {
    if (++calls % 100 == 0) throw std::runtime_error("call " + std::to_string(calls));
    return standard_normal(x, gradient);
  });
  SampleConfig config = short_run();
  config.draws = 500;
  Outcome outcome;
  run(outcome, config, integrator);
  const ChainResult& result = outcome.result;
  EXPECT_EQ(result.kept.draws, 500);
  EXPECT_GT(result.density_failures, 5);
  EXPECT_GT(result.divergences, 0);
  EXPECT_LE(result.divergences, result.density_failures);
  ASSERT_EQ(result.messages.size(), 1u);
  EXPECT_NE(result.messages[0].find("first: call 100"), std::string::npos);
}

TEST(Chain, LetsInternalErrorsThrough) {
  int calls = 0;
  PlainLeapfrog integrator(1, [&](std::span<const double> x, std::span<double> gradient) {
    if (++calls == 50) throw InternalError("broken");
    return standard_normal(x, gradient);
  });
  EXPECT_EQ(message<InternalError>(short_run(), integrator), "internal error: broken");
}

TEST(Chain, MakesDrawsNanWhoseValuesCannotBeComputed) {
  PlainLeapfrog integrator(1, standard_normal);
  Outcome outcome;
  run(outcome, short_run(), integrator, [](std::span<const double>, const DrawKey& key, std::span<double> values) {
    values[0] = key.draw;
    if (key.draw % 10 == 0) throw std::domain_error("reject: no");
  });
  EXPECT_EQ(outcome.result.constrain_failures, 5);
  EXPECT_TRUE(std::isnan(outcome.trace.draws[0][0].values[0]));
  EXPECT_EQ(outcome.trace.draws[0][1].values[0], 101.0);  // draws are numbered from the start of warm-up
  ASSERT_EQ(outcome.result.messages.size(), 1u);
  EXPECT_NE(outcome.result.messages[0].find("first: reject: no"), std::string::npos);
}

TEST(Chain, StopsWithinATransitionAndSaysSo) {
  std::stop_source stop;
  int calls = 0;
  PlainLeapfrog integrator(1, [&](std::span<const double> x, std::span<double> gradient) {
    if (++calls == 600) stop.request_stop();
    return standard_normal(x, gradient);
  });
  SampleConfig config = short_run();
  config.draws = 1000000;
  Outcome outcome;
  run(outcome, config, integrator, unconstrained, stop.get_token());
  EXPECT_TRUE(outcome.result.interrupted);
  EXPECT_EQ(calls, 600);
  EXPECT_GT(outcome.result.kept.draws, 0);
  EXPECT_EQ(outcome.result.kept.draws, static_cast<std::int64_t>(outcome.trace.draws[0].size()));
}

TEST(Chain, KeepsAStepSizeThatIsGivenAndJittersAroundIt) {
  PlainLeapfrog integrator(1, standard_normal);
  SampleConfig config = short_run();
  config.algorithm = StaticHmcOptions{.steps = 5};
  config.step_size = 0.25;
  config.jitter = 0.4;
  Outcome outcome;
  run(outcome, config, integrator);
  EXPECT_EQ(outcome.result.step_size, 0.25);
  double least = 1, most = 0;
  for (const auto& draw : outcome.trace.draws[0]) {
    least = std::min(least, draw.statistics.step_size);
    most = std::max(most, draw.statistics.step_size);
    EXPECT_EQ(draw.statistics.n_steps, 5);
  }
  EXPECT_GT(least, 0.15);
  EXPECT_LT(least, 0.17);
  EXPECT_LT(most, 0.35);
  EXPECT_GT(most, 0.33);
}

TEST(Chain, WithoutWarmupSamplesWithTheStepSizeSearched) {
  PlainLeapfrog integrator(3, standard_normal);
  SampleConfig config = short_run();
  config.warmup = 0;
  Outcome outcome;
  run(outcome, config, integrator);
  EXPECT_EQ(outcome.result.kept.draws, 50);
  EXPECT_EQ(std::exp2(std::round(std::log2(outcome.result.step_size))), outcome.result.step_size);
}

TEST(Chain, AdaptsToScalesWithEveryMetric) {
  // Standard deviations 100 and 0.01.
  const auto scaled = [](std::span<const double> x, std::span<double> gradient) {
    gradient[0] = -x[0] / 1e4;
    gradient[1] = -x[1] / 1e-4;
    return 0.5 * (x[0] * gradient[0] + x[1] * gradient[1]);
  };
  for (const MetricKind kind : {MetricKind::diagonal, MetricKind::dense}) {
    PlainLeapfrog integrator(2, scaled);
    SampleConfig config = short_run();
    config.metric = kind;
    config.warmup = 1000;
    Outcome outcome;
    run(outcome, config, integrator);
    const auto& inverse = outcome.result.inverse_metric;
    // Variances of some hundred draws are right within a factor of two.
    EXPECT_NEAR(std::log(inverse.front() / 1e4), 0.0, std::log(2.0));
    EXPECT_NEAR(std::log(inverse.back() / 1.1e-4), 0.0, std::log(2.0));
    EXPECT_GT(outcome.result.step_size, 0.3);
    EXPECT_EQ(outcome.result.divergences, 0);
  }
}

TEST(Chain, CountsTransitionsThatReachTheMaximalDepth) {
  PlainLeapfrog integrator(1, standard_normal);
  SampleConfig config = short_run();
  config.algorithm = NutsOptions{.max_depth = 2};
  config.step_size = 0.01;
  Outcome outcome;
  run(outcome, config, integrator);
  EXPECT_EQ(outcome.result.max_treedepth_hits, 50);
  EXPECT_EQ(outcome.trace.draws[0][0].statistics.n_steps, 3);
}

TEST(SampleConfig, NamesTheFieldItsConstraintAndItsValue) {
  const auto said = [](auto change) -> std::string {
    SampleConfig config;
    change(config);
    try {
      validate(config, 2);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(said([](auto&) {}), "");
  EXPECT_EQ(said([](auto& c) { c.chains = 0; }), "chains must be at least 1, got 0");
  EXPECT_EQ(said([](auto& c) { c.warmup = -1; }), "warmup must be at least 0, got -1");
  EXPECT_EQ(said([](auto& c) { c.draws = -5; }), "draws must be at least 0, got -5");
  EXPECT_EQ(said([](auto& c) { c.thin = 0; }), "thin must be at least 1, got 0");
  EXPECT_EQ(said([](auto& c) { c.threads = -1; }), "threads must be at least 0, got -1");
  EXPECT_EQ(said([](auto& c) { c.algorithm = NutsOptions{.max_depth = 0}; }), "max_depth must be from 1 to 30, got 0");
  EXPECT_EQ(said([](auto& c) { c.algorithm = StaticHmcOptions{.steps = -1}; }), "steps must be at least 0, got -1");
  EXPECT_EQ(said([](auto& c) { c.step_size = -0.5; }),
            "step_size must be finite and at least 0 (0: adapted), got -0.5");
  EXPECT_EQ(said([](auto& c) { c.jitter = 2; }), "jitter must be from 0 to 1, got 2");
  EXPECT_EQ(said([](auto& c) { c.adapt.step_size.delta = 1; }), "adapt.delta must be above 0 and below 1, got 1");
  EXPECT_EQ(said([](auto& c) { c.adapt.windows.base_window = 0; }), "adapt.base_window must be at least 1, got 0");
  EXPECT_EQ(said([](auto& c) { c.init_radius = nan; }), "init_radius must be finite and at least 0, got nan");
  EXPECT_EQ(said([](auto& c) {
              c.init_points = {{1.0, 2.0}, {1.0, 2.0}};
            }),
            "init_points must be none, one, or one for each of 4 chains, got 2");
  EXPECT_EQ(said([](auto& c) { c.init_points = {{1.0}}; }),
            "init_points[0] must be of the density's dimension, 2, got 1");
}

}  // namespace
}  // namespace leapgraph::samplers
