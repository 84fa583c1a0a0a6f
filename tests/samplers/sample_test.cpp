/// Chains together: the same bits on any number of threads, failures, stops, and posteriors that are known.
#include "leapgraph/samplers/sample.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <mutex>
#include <stdexcept>
#include <string>

#include "samplers/hand_written.hpp"

namespace leapgraph::samplers {
namespace {

using testing::PlainLeapfrog;
using testing::RecordingTrace;
using testing::unconstrained;

SampleTarget target_of(std::int64_t dimension, testing::LogDensity density) {
  return {.dimension = dimension,
          .values = dimension,
          .integrator = [=](std::int64_t) { return std::make_unique<PlainLeapfrog>(dimension, density); },
          .constrain = [](std::int64_t) { return Constrain(unconstrained); }};
}

SampleConfig run_of(std::int64_t chains, std::int64_t warmup, std::int64_t draws) {
  SampleConfig config;
  config.chains = chains;
  config.warmup = warmup;
  config.draws = draws;
  config.seed = 123;
  return config;
}

bool same_bits(const RecordingTrace& a, const RecordingTrace& b) {
  for (std::size_t chain = 0; chain < a.draws.size(); ++chain) {
    if (a.draws[chain].size() != b.draws[chain].size()) return false;
    for (std::size_t i = 0; i < a.draws[chain].size(); ++i) {
      const auto &x = a.draws[chain][i], &y = b.draws[chain][i];
      if (x.values != y.values || x.statistics.lp != y.statistics.lp ||
          x.statistics.acceptance_rate != y.statistics.acceptance_rate ||
          x.statistics.step_size != y.statistics.step_size || x.statistics.energy != y.statistics.energy) {
        return false;
      }
    }
  }
  return true;
}

TEST(Sample, GivesTheSameBitsOnAnyNumberOfThreads) {
  for (const bool nuts : {true, false}) {
    SampleConfig config = run_of(5, 200, 100);
    if (!nuts) config.algorithm = StaticHmcOptions{};
    const SampleTarget target = target_of(2, testing::correlated_normal(0.5));
    RecordingTrace reference(5);
    config.threads = 1;
    sample(target, config, reference);
    EXPECT_EQ(reference.finished, 1);
    EXPECT_NE(reference.draws[0][0].values, reference.draws[1][0].values);  // chains differ
    for (const std::int64_t threads : {2, 4, 8, 0}) {
      RecordingTrace trace(5);
      config.threads = threads;
      sample(target, config, trace);
      EXPECT_TRUE(same_bits(reference, trace)) << threads;
    }
    RecordingTrace other(5);
    config.seed = 124;
    sample(target, config, other);
    EXPECT_FALSE(same_bits(reference, other));
  }
}

TEST(Sample, RunsADensityThatIsNotThreadSafeOneChainAtATime) {
  std::atomic<int> inside = 0;
  std::atomic<bool> overlapped = false;
  SampleTarget target = target_of(2, [&](std::span<const double> x, std::span<double> gradient) {
    if (inside.fetch_add(1) != 0) overlapped = true;
    const double value = testing::standard_normal(x, gradient);
    inside.fetch_sub(1);
    return value;
  });
  target.thread_safe = false;
  SampleConfig config = run_of(4, 100, 200);
  config.threads = 4;
  RecordingTrace trace(4);
  sample(target, config, trace);
  EXPECT_FALSE(overlapped);
  EXPECT_EQ(trace.draws[3].size(), 200u);
}

TEST(Sample, CarriesTheErrorOfAChainOutAfterAllChainsStopped) {
  SampleTarget target = target_of(1, testing::standard_normal);
  target.integrator = [](std::int64_t chain) -> std::unique_ptr<Integrator> {
    if (chain != 1) return std::make_unique<PlainLeapfrog>(1, testing::standard_normal);
    return std::make_unique<PlainLeapfrog>(1, [](auto, auto) -> double { throw std::domain_error("impossible"); });
  };
  SampleConfig config = run_of(3, 100, 1000000000);  // would take hours
  RecordingTrace trace(3);
  try {
    sample(target, config, trace);
    FAIL() << "nothing was thrown";
  } catch (const InitializationError& error) {
    EXPECT_NE(std::string(error.what()).find("chain 2"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("impossible"), std::string::npos);
  }
}

TEST(Sample, FinishesTheTraceWithWhatWasWrittenWhenTheSinkFails) {
  class Full : public RecordingTrace {
   public:
    using RecordingTrace::RecordingTrace;
    void write(Phase phase, std::int64_t chain, std::int64_t draw, std::span<const double> values,
               const DrawStatistics& statistics) override {
      if (draw == 10) throw TraceError(TraceError::Kind::io, "no space left");
      RecordingTrace::write(phase, chain, draw, values, statistics);
    }
  };
  Full trace(1);
  EXPECT_THROW(sample(target_of(1, testing::standard_normal), run_of(1, 50, 100), trace), TraceError);
  ASSERT_EQ(trace.kept.size(), 1u);
  EXPECT_EQ(trace.kept[0].draws, 10);
}

TEST(Sample, StopsWhenAskedAndFinishesTheTrace) {
  std::stop_source stop;
  std::atomic<int> calls = 0;
  const SampleTarget target = target_of(1, [&](std::span<const double> x, std::span<double> gradient) {
    if (++calls == 20000) stop.request_stop();
    return testing::standard_normal(x, gradient);
  });
  SampleConfig config = run_of(2, 50, 1000000000);
  RecordingTrace trace(2);
  SampleMonitor monitor(2);
  const SampleResult result = sample(target, config, trace, &monitor, stop.get_token());
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(trace.finished, 1);
  for (std::size_t chain = 0; chain < 2; ++chain) {
    EXPECT_EQ(trace.kept[chain].draws, static_cast<std::int64_t>(trace.draws[chain].size()));
    EXPECT_EQ(result.chains[chain].kept.draws, trace.kept[chain].draws);
  }
  EXPECT_GT(monitor[0].iteration.load() + monitor[1].iteration.load(), 100);
}

TEST(Sample, RefusesAMonitorOfTheWrongSizeAndABadConfig) {
  const SampleTarget target = target_of(1, testing::standard_normal);
  RecordingTrace trace(2);
  SampleMonitor monitor(1);
  EXPECT_THROW(sample(target, run_of(2, 10, 10), trace, &monitor), ConfigError);
  EXPECT_THROW(sample(target, run_of(0, 10, 10), trace), ConfigError);
  EXPECT_EQ(trace.finished, 0);
}

// z-scores of means and mean squares of all coordinates over all chains, by their effective sample sizes.
double worst_z(const RecordingTrace& trace, const std::vector<double>& variances) {
  double worst = 0;
  for (std::size_t i = 0; i < variances.size(); ++i) {
    for (const bool square : {false, true}) {
      const double exact_mean = square ? variances[i] : 0.0;
      const double variance = square ? 2 * variances[i] * variances[i] : variances[i];
      double sum = 0, draws = 0, effective = 0;
      for (const auto& chain : trace.draws) {
        std::vector<double> series;
        for (const auto& draw : chain) {
          series.push_back(square ? draw.values[i] * draw.values[i] : draw.values[i]);
          sum += series.back() - exact_mean;
        }
        draws += static_cast<double>(chain.size());
        effective += testing::effective_sample_size(series);
      }
      worst = std::max(worst, std::abs(sum / draws) / std::sqrt(variance / effective));
    }
  }
  return worst;
}

TEST(Sample, FindsPosteriorsThatAreKnown) {
  // 3 runs of at most 40 statistics each: |z| < 5.8 has a false-alarm rate of 8e-7, were standard errors exact; those
  // estimated from 4000 draws are so within a few percent.
  constexpr std::size_t n = 20;
  std::vector<double> variances(n);
  for (std::size_t i = 0; i < n; ++i) variances[i] = std::pow(10.0, static_cast<double>(i) / 5.0 - 2.0);
  const SampleTarget target = target_of(n, [=](std::span<const double> x, std::span<double> gradient) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      gradient[i] = -x[i] / variances[i];
      sum += 0.5 * x[i] * gradient[i];
    }
    return sum;
  });
  for (const MetricKind kind : {MetricKind::diagonal, MetricKind::dense}) {
    SampleConfig config = run_of(4, 500, 1000);
    config.metric = kind;
    RecordingTrace trace(4);
    const SampleResult result = sample(target, config, trace);
    EXPECT_LT(worst_z(trace, variances), 5.8);
    for (const ChainResult& chain : result.chains) EXPECT_EQ(chain.divergences, 0);
  }
  SampleConfig config = run_of(4, 500, 1000);
  config.algorithm = StaticHmcOptions{.integration_time = 1.5};
  config.jitter = 0.5;
  RecordingTrace trace(4);
  sample(target, config, trace);
  EXPECT_LT(worst_z(trace, variances), 5.8);
}

}  // namespace
}  // namespace leapgraph::samplers
