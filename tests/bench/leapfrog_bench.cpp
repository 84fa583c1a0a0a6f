/// What one leapfrog step of eight schools costs: in the compiled scan alone, driven step by step, and inside NUTS, all
/// told.
///
///     leapfrog_bench [--source] [MODEL.stan DATA.json]
///
/// --source prints the emitted C before the figures. Each figure is the median of 15 repetitions after a warm-up one,
/// with the smallest and the largest beside it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <vector>

#include "leapgraph/models.hpp"
#include "leapgraph/samplers.hpp"

using namespace leapgraph;

namespace {

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Prints nanoseconds an item; `work` does its job once and returns how many items that was.
void report(const char* what, const std::function<std::int64_t()>& work) {
  work();
  std::vector<double> times;
  for (int repetition = 0; repetition < 15; ++repetition) {
    std::int64_t items = 0;
    const double seconds = seconds_of([&] { items = work(); });
    times.push_back(1e9 * seconds / static_cast<double>(items));
  }
  std::sort(times.begin(), times.end());
  std::printf("%-52s %8.1f ns   (%.1f to %.1f)\n", what, times[times.size() / 2], times.front(), times.back());
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  const bool print_source = !words.empty() && words.front() == "--source";
  if (print_source) words.erase(words.begin());
  const std::string root = LEAPGRAPH_SOURCE_DIR;
  const std::string program = words.size() > 0 ? words[0] : root + "/examples/eight_schools.stan";
  const std::string data = words.size() > 1 ? words[1] : root + "/data/eight_schools.json";

  const models::Model model(models::CheckedProgram::read(program), models::DataSet::read(data));
  const samplers::CompiledDensity density(model.density(), samplers::MetricKind::diagonal);
  if (print_source) std::printf("%s\n", density.source().c_str());
  std::printf("%s, %lld unconstrained parameters, %s code\n", program.c_str(),
              static_cast<long long>(model.dimension()), density.is_native() ? "native" : "interpreted");

  const samplers::SampleTarget target = density.target();
  const auto integrator = target.integrator(0);
  samplers::PointArena arena(model.dimension(), 2);
  const samplers::Metric metric = samplers::Metric::identity(samplers::MetricKind::diagonal, model.dimension());
  const auto start = [&] {
    for (double& q : arena[0].position) q = 0.1;
    for (double& p : arena[0].momentum) p = 0.2;
    integrator->evaluate(arena[0]);
  };
  start();
  report("log density and gradient", [&]() -> std::int64_t {
    for (int i = 0; i < 20000; ++i) integrator->evaluate(arena[0]);
    return 20000;
  });
  report("leapfrog step, 1000 a call", [&]() -> std::int64_t {
    start();
    for (int i = 0; i < 20; ++i) integrator->advance(arena[0], arena[1], metric, 1e-3, 1000);
    return 20 * 1000;
  });
  report("leapfrog step, one a call", [&]() -> std::int64_t {
    start();
    for (int i = 0; i < 20000; ++i)
      integrator->advance(arena[i % 2 == 0 ? 0 : 1], arena[i % 2 == 0 ? 1 : 0], metric, 1e-4, 1);
    return 20000;
  });
  report("leapfrog step inside NUTS, all told", [&]() -> std::int64_t {
    samplers::SampleConfig config;
    config.chains = 1;
    config.threads = 1;
    config.seed = 1;
    const auto trace = samplers::memory_trace({1, config.kept_draws(), 0, density.density().variables, {}, {}});
    return samplers::sample(target, config, *trace).chains[0].gradients;
  });
}
