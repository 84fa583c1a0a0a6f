/// Gradient of a long loop with everything stored and by segments: time, workspace, and the memory of the process.
///
/// loop_memory_bench [STEPS [BYTES]]: 10 million steps with a carry of 10 numbers within 64 MiB unless said. The stored
/// version runs over a tenth of the steps, so that it fits; times are given for a step.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include "leapgraph/symbolic.hpp"

namespace {

using namespace leapgraph::symbolic;

struct Measured {
  double seconds;
  std::int64_t workspace_bytes;
};

/// Value and gradient of a rotation that keeps its length, so that neither states nor adjoints grow or vanish.
Measured gradient_of(std::int64_t steps, std::int64_t storage) {
  const Expr x = input({DType::float64, {10}}, "x"), w = input({DType::float64, {10}}, "w");
  const ScanResult loop = with_gradient_storage(scan(
                                                    [&](const Exprs& carry, const Exprs&) {
                                                      return ScanBody{{carry[0] + 1e-3 * sin(w * carry[0])}, {}};
                                                    },
                                                    {x}, {}, steps),
                                                storage);
  const Expr cost = sum(sqr(loop.carry[0]));
  const Exprs wrt{x, w};
  const Exprs slopes = grad(cost, wrt);
  const CompiledFunction f =
      compile(Graph{wrt, {cost, slopes[0], slopes[1]}}, {.target = CompileOptions::Target::native});
  const std::vector<Array> arguments{Array::vector({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}),
                                     Array::vector({1, 1, 1, 1, 1, 1, 1, 1, 1, 1})};
  double best = 1e9;
  for (int repetition = 0; repetition < 3; ++repetition) {
    const auto start = std::chrono::steady_clock::now();
    f(arguments);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return {best, f.workspace_bytes()};
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t steps = argc > 1 ? std::stoll(argv[1]) : 10'000'000;
  const std::int64_t bytes = argc > 2 ? std::stoll(argv[2]) : std::int64_t{64} << 20;
  const auto report = [](const char* name, std::int64_t count, const Measured& m) {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::printf("%-10s %10lld steps  %7.1f ns a step  %8.1f MiB of workspace  %6.1f MiB in all\n", name,
                static_cast<long long>(count), m.seconds / static_cast<double>(count) * 1e9,
                static_cast<double>(m.workspace_bytes) / (1 << 20), static_cast<double>(usage.ru_maxrss) / 1024);
  };
  const Measured segments = gradient_of(steps, bytes);
  report("segments", steps, segments);
  const Measured stored = gradient_of(steps / 10, std::int64_t{1} << 40);
  report("stored", steps / 10, stored);
  std::printf("segments take %.2f times as long\n", segments.seconds / (10 * stored.seconds));
}
