/// Emitted C: its text for two small graphs, and that it stands on its own.
///
/// LEAPGRAPH_UPDATE_GOLDEN=1 writes the text beside this file instead of comparing with it; review the difference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "leapgraph/symbolic/backend/cpu.hpp"
#include "leapgraph/symbolic/emit/c.hpp"
#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "symbolic/random_graph.hpp"

namespace leapgraph::symbolic {
namespace {

/// The graph as it is written: what is tested is not the rewriting.
std::string emitted(const Graph& graph) {
  CompileOptions options;
  options.as_written = true;
  return dump_stage(std::span(&graph, 1), "c", options);
}

/// What is emitted after the helpers, which are the same in every file.
std::string functions_of(const std::string& source) {
  const std::size_t start = std::min(source.find("\nint lg_"), source.find("\nstatic int lg_"));
  return source.substr(start + 1);
}

/// Elementwise work, a sum and an outer product that share their loops.
Graph fused() {
  const Expr x = input({DType::float64, {100}}, "x"), y = input({DType::float64, {100}}, "y");
  const Expr scale = input({DType::float64, {}}, "scale");
  const Expr z = exp(scale * x) - y;
  return Graph{{x, y, scale}, {sum(z * y), z, sum(outer(x, y), {0})}};
}

/// A loop of run-time length, rows picked by an index, a branch, and a body that is called.
Graph controlled() {
  const Expr table = input({DType::float64, {50, 3}}, "table"), rows = input({DType::int64, {4}}, "rows");
  const Expr steps = lscalar("steps"), start = input({DType::float64, {4, 3}}, "start");
  const Expr a = input({DType::float64, {3}}, "a"), b = input({DType::float64, {3}}, "b");
  const Body body = close(Graph{{a, b}, {a * b + 1.0}});
  const ScanResult loop = scan(
      [&](const Exprs& carry, const Exprs&) {
        const Expr total = sum(carry[0], {0});
        const Exprs next = ifelse(
            at(total, 0) > 1.0,
            [&] {
              return Exprs{call(body, {total, at(carry[0], 0)})[0]};
            },
            [&] { return Exprs{total}; });
        return ScanBody{{carry[0] + next[0]}, {}};
      },
      {start}, {}, steps);
  return Graph{{table, rows, steps, start}, {loop.carry[0] * gather(table, rows)}};
}

class EmittedC : public testing::TestWithParam<std::pair<const char*, Graph (*)()>> {};
INSTANTIATE_TEST_SUITE_P(Graphs, EmittedC,
                         testing::Values(std::pair{"fused", &fused}, std::pair{"controlled", &controlled}),
                         [](const auto& test) { return std::string(test.param.first); });

TEST_P(EmittedC, IsWhatWasReviewed) {
  const std::filesystem::path golden = std::filesystem::path(LEAPGRAPH_SOURCE_DIR) / "tests/symbolic/emit" /
                                       (std::string(GetParam().first) + ".expected");
  const std::string text = functions_of(emitted(GetParam().second()));
  if (std::getenv("LEAPGRAPH_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(golden) << text;
    GTEST_SKIP() << golden << " was written";
  }
  std::stringstream want;
  want << std::ifstream(golden).rdbuf();
  EXPECT_EQ(text, want.str()) << "run with LEAPGRAPH_UPDATE_GOLDEN=1 and review the difference";
}

TEST_P(EmittedC, IsTheSameTextEveryTime) { EXPECT_EQ(emitted(GetParam().second()), emitted(GetParam().second())); }

TEST(EmittedCode, IncludesNothingAndCompilesWithoutWarnings) {
  const std::optional<Compiler> compiler = find_compiler();
  if (!compiler) GTEST_SKIP() << missing_compiler();
  std::vector<Graph> graphs{fused(), controlled()};
  for (std::uint64_t seed = 1; seed <= 20; ++seed) graphs.push_back(random_graphs::GraphGenerator(seed).run().graph);
  const std::string source = dump_stage(graphs, "c");
  EXPECT_EQ(source.find("#include"), std::string::npos);
  std::string folder = std::filesystem::temp_directory_path() / "leapgraph-emit-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/code.c") << source;
  // Declared but unused rows and results are the C compiler's to drop.
  const std::string command = "'" + compiler->path +
                              "' -std=gnu11 -fsyntax-only -fopenmp-simd -Wall -Wextra -Wno-unused-variable "
                              "-Wno-unused-but-set-variable -Werror "
                              "-Wno-builtin-declaration-mismatch -Wno-bool-operation '" +
                              folder + "/code.c' 2> '" + folder + "/messages'";
  const int status = std::system(command.c_str());
  std::stringstream messages;
  messages << std::ifstream(folder + "/messages").rdbuf();
  EXPECT_EQ(status, 0) << messages.str().substr(0, 3000);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace leapgraph::symbolic
