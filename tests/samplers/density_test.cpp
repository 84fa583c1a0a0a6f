/// Densities from expressions and from C++ functions, compiled and sampled.
#include "leapgraph/samplers/density.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <stdexcept>
#include <thread>

#include "leapgraph/samplers/sample.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "samplers/hand_written.hpp"

namespace leapgraph::samplers {
namespace {

namespace lg = symbolic;
using testing::RecordingTrace;

/// log density -|x - 1|^2 / 2 - x0^4 / 4.
Density written_symbolically(std::int64_t dimension) {
  Density density;
  density.dimension = dimension;
  density.log_density = [](const lg::Expr& x) {
    return -0.5 * lg::sum(lg::sqr(x - 1.0)) - 0.25 * lg::sqr(lg::sqr(lg::at(x, 0)));
  };
  density.variables = {{"x", {dimension}}};
  density.constrain = [](const lg::Expr& x) { return lg::Exprs{x}; };
  return density;
}

double written_by_hand(std::span<const double> x, std::span<double> gradient) {
  double value = -0.25 * x[0] * x[0] * x[0] * x[0];
  for (std::size_t i = 0; i < x.size(); ++i) {
    value -= 0.5 * (x[i] - 1) * (x[i] - 1);
    gradient[i] = 1 - x[i];
  }
  gradient[0] -= x[0] * x[0] * x[0];
  return value;
}

SampleConfig short_run() {
  SampleConfig config;
  config.chains = 4;
  config.threads = 4;
  config.warmup = 50;
  config.draws = 50;
  config.seed = 3;
  return config;
}

TEST(HostDensity, GivesTheDrawsOfTheSameDensityWrittenSymbolically) {
  // A fixed step size, few draws: rounding errors of 1e-16 have no time to grow, nor to change a decision.
  SampleConfig config = short_run();
  config.warmup = 0;
  config.step_size = 0.2;
  for (const bool is_static : {false, true}) {
    if (is_static) config.algorithm = StaticHmcOptions{.steps = 7};
    RecordingTrace host(4), symbolic(4);
    const CompiledDensity a(host_density(3, written_by_hand, true), config.metric);
    const CompiledDensity b(written_symbolically(3), config.metric);
    sample(a.target(), config, host);
    sample(b.target(), config, symbolic);
    for (std::size_t chain = 0; chain < 4; ++chain) {
      ASSERT_EQ(host.draws[chain].size(), 50u);
      for (std::size_t draw = 0; draw < 50; ++draw)
        for (std::size_t i = 0; i < 3; ++i)
          EXPECT_NEAR(host.draws[chain][draw].values[i], symbolic.draws[chain][draw].values[i], 1e-9);
    }
  }
}

TEST(HostDensity, GoesThroughTheSameScan) {
  const CompiledDensity compiled(host_density(3, written_by_hand, true), MetricKind::diagonal);
  if (!compiled.is_native()) GTEST_SKIP() << "no C compiler";
  EXPECT_NE(compiled.source().find("lg_host_call"), std::string::npos);
  std::vector<double> gradient(3), want(3);
  const std::vector<double> x{0.5, -1, 2};
  EXPECT_EQ(compiled.log_density_gradient(x, gradient), written_by_hand(x, want)) << "the very call";
  EXPECT_EQ(gradient, want);
}

TEST(HostDensity, WhoseFunctionThrowsInTheMiddleRejectsAndCounts) {
  std::atomic<int> thrown = 0;
  const LogDensityFunction function = [&thrown](std::span<const double> x, std::span<double> gradient) {
    if (x[0] > 1) {
      ++thrown;
      throw std::domain_error("x[0] is above 1");
    }
    return testing::standard_normal(x, gradient);
  };
  for (const auto target : {lg::CompileOptions::Target::automatic, lg::CompileOptions::Target::interpreter}) {
    thrown = 0;
    SampleConfig config = short_run();
    config.init_radius = 0.5;
    if (target == lg::CompileOptions::Target::interpreter) config.warmup = config.draws = 20;
    RecordingTrace trace(4);
    const CompiledDensity compiled(host_density(2, function, true), config.metric, {.target = target});
    const SampleResult result = sample(compiled.target(), config, trace);
    std::int64_t failures = 0, divergences = 0;
    for (std::size_t chain = 0; chain < 4; ++chain) {
      failures += result.chains[chain].density_failures;
      divergences += result.chains[chain].divergences + result.chains[chain].warmup_divergences;
      for (const RecordingTrace::Draw& draw : trace.draws[chain]) EXPECT_LE(draw.values[0], 1);
    }
    EXPECT_GT(failures, 0);
    EXPECT_EQ(failures, thrown) << "every call that threw is a failed evaluation";
    EXPECT_GT(divergences, 0);
    bool told = false;
    for (const ChainResult& chain : result.chains)
      for (const std::string& message : chain.messages)
        told = told || message.find("x[0] is above 1") != std::string::npos;
    EXPECT_TRUE(told);
  }
}

TEST(HostDensity, ThatThrowsWhateverIsNoStdExceptionRejectsToo) {
  const CompiledDensity compiled(host_density(
                                     1, [](std::span<const double>, std::span<double>) -> double { throw 42; }, true),
                                 MetricKind::unit);
  std::vector<double> gradient(1);
  const std::vector<double> x{1};
  EXPECT_TRUE(std::isnan(compiled.log_density_gradient(x, gradient)));
  EXPECT_TRUE(std::isnan(gradient[0]));
  EXPECT_NE(compiled.density().why(x), "");
}

TEST(HostDensity, ThatIsImpossibleEverywhereSaysWhy) {
  const LogDensityFunction nowhere = [](std::span<const double>, std::span<double>) -> double {
    throw std::domain_error("no place is good");
  };
  const CompiledDensity compiled(host_density(1, nowhere, true), MetricKind::diagonal);
  RecordingTrace trace(4);
  try {
    sample(compiled.target(), short_run(), trace);
    FAIL() << "it should have thrown";
  } catch (const InitializationError& error) {
    EXPECT_NE(std::string(error.what()).find("no place is good"), std::string::npos) << error.what();
  }
}

TEST(HostDensity, RunsOneCallAtATimeWhereItsFunctionIsNotThreadSafe) {
  std::atomic<int> inside = 0, most = 0;
  const LogDensityFunction function = [&](std::span<const double> x, std::span<double> gradient) {
    const int now = ++inside;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    std::this_thread::yield();
    const double value = testing::standard_normal(x, gradient);
    --inside;
    return value;
  };
  SampleConfig config = short_run();
  RecordingTrace alone(4), together(4);
  const CompiledDensity careful(host_density(2, function, false), config.metric);
  EXPECT_FALSE(careful.target().thread_safe);
  sample(careful.target(), config, alone);
  EXPECT_EQ(most, 1);
  const CompiledDensity free(host_density(2, function, true), config.metric);
  sample(free.target(), config, together);
  for (std::size_t chain = 0; chain < 4; ++chain)
    for (std::size_t draw = 0; draw < 50; ++draw)
      EXPECT_EQ(alone.draws[chain][draw].values, together.draws[chain][draw].values);
}

TEST(CompiledDensity, IsSharedByThreadsThatAllGetTheSameBits) {
  for (const auto target : {lg::CompileOptions::Target::automatic, lg::CompileOptions::Target::interpreter}) {
    const CompiledDensity compiled(written_symbolically(40), MetricKind::diagonal, {.target = target});
    const Metric metric = Metric::identity(MetricKind::diagonal, 40);
    const auto trajectory = [&] {
      const auto integrator = compiled.target().integrator(0);
      PointArena points(40, 2);
      for (std::size_t i = 0; i < 40; ++i) {
        points[0].position[i] = std::sin(static_cast<double>(i));
        points[0].momentum[i] = std::cos(static_cast<double>(i));
      }
      integrator->evaluate(points[0]);
      integrator->advance(points[0], points[1], metric, 0.1, 10);
      return std::vector<double>(points[1].position.begin(), points[1].position.end());
    };
    const std::vector<double> want = trajectory();
    std::atomic<int> different = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int round = 0; round < 20; ++round) different += trajectory() == want ? 0 : 1;
      });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(different, 0);
  }
}

TEST(CompiledDensity, GivesTheValuesOfADrawInTheirOrder) {
  Density density = written_symbolically(4);
  density.variables = {{"first", {}}, {"matrix", {2, 3}}, {"none", {0}}, {"positive", {2}}, {"count", {}}};
  density.constrain = [](const lg::Expr& x) {
    return lg::Exprs{lg::at(x, 0), lg::outer(lg::slice(x, 0, {0, 2}), lg::slice(x, 0, {1, 4})), lg::slice(x, 0, {2, 2}),
                     lg::exp(lg::slice(x, 0, {2, 4})), lg::cast(lg::at(x, 3), lg::DType::int64)};
  };
  const std::vector<double> x{2, 3, 0, 7.5};
  const std::vector<double> want{2, 6, 0, 15, 9, 0, 22.5, 1, std::exp(7.5), 7};
  for (const auto target : {lg::CompileOptions::Target::automatic, lg::CompileOptions::Target::interpreter}) {
    const CompiledDensity compiled(density, MetricKind::unit, {.target = target});
    ASSERT_EQ(compiled.values(), 10);
    std::vector<double> values(10), again(10);
    compiled.constrain(x, values);
    for (std::size_t i = 0; i < 10; ++i) EXPECT_NEAR(values[i], want[i], 4e-16 * want[i]) << i;
    EXPECT_EQ(compiled.target().values, 10);
    compiled.target().constrain(0)(x, DrawKey{}, again);
    EXPECT_EQ(values, again);
  }
}

TEST(CompiledDensity, MayHaveNothingToWrite) {
  Density density = written_symbolically(2);
  density.variables = {};
  density.constrain = [](const lg::Expr&) { return lg::Exprs{}; };
  const CompiledDensity compiled(density, MetricKind::unit);
  EXPECT_EQ(compiled.values(), 0);
  compiled.constrain(std::vector<double>{1, 2}, {});
}

TEST(CompiledDensity, TakesFurtherArguments) {
  const lg::Expr center = lg::input({lg::DType::float64, {2}}, "center");
  Density density = written_symbolically(2);
  density.log_density = [center](const lg::Expr& x) { return -0.5 * lg::sum(lg::sqr(x - center)); };
  density.arguments = {{center, lg::Array::vector({3, 4})}};
  const CompiledDensity compiled(density, MetricKind::dense);
  std::vector<double> gradient(2);
  EXPECT_EQ(compiled.log_density_gradient(std::vector<double>{0, 0}, gradient), -12.5);
  EXPECT_EQ(gradient, (std::vector<double>{3, 4}));
}

TEST(CompiledDensity, ItsTargetOutlivesIt) {
  SampleTarget target;
  {
    const CompiledDensity compiled(written_symbolically(2), MetricKind::diagonal);
    target = compiled.target();
  }
  RecordingTrace trace(4);
  sample(target, short_run(), trace);
  EXPECT_EQ(trace.draws[3].size(), 50u);
}

std::string refusal(const Density& density) {
  try {
    CompiledDensity(density, MetricKind::unit);
  } catch (const InternalError& error) {
    return std::string("our own fault: ") + error.what();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(CompiledDensity, RefusesWhatDoesNotFitItsDeclaration) {
  Density density = written_symbolically(3);
  density.variables = {{"x", {2}}};
  EXPECT_EQ(refusal(density), "density: the variable 'x' is declared [2], but its value is float64[3]");
  density.variables = {{"x", {3}}, {"y", {}}};
  EXPECT_EQ(refusal(density), "density: 2 variables are declared, but `constrain` gives 1 values");
  density = written_symbolically(3);
  density.log_density = [](const lg::Expr& x) { return lg::sqr(x); };
  EXPECT_EQ(refusal(density), "density: the log density must be float64, got float64[3]");
  density.log_density = [](const lg::Expr& x) { return lg::cast(lg::sum(x), lg::DType::int64); };
  EXPECT_EQ(refusal(density), "density: the log density must be float64, got int64");
  density.log_density = [](const lg::Expr& x) { return lg::sum(x) * lg::dscalar("forgotten"); };
  EXPECT_NE(refusal(density).find("'forgotten'"), std::string::npos) << refusal(density);
}

TEST(CompiledDensity, RunsOnlyWithTheMetricItWasCompiledFor) {
  SampleConfig config = short_run();
  config.metric = MetricKind::dense;
  RecordingTrace trace(4);
  const CompiledDensity compiled(written_symbolically(2), MetricKind::diagonal);
  try {
    sample(compiled.target(), config, trace);
    FAIL() << "it should have thrown";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("metric"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace leapgraph::samplers
