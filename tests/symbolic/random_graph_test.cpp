/// Compiled code against the interpreter on random graphs over every kind of lowering.
///
/// LEAPGRAPH_FUZZ=first-last tries the seeds of that range instead of the fixed few.
#include "symbolic/random_graph.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/print.hpp"
#include "leapgraph/symbolic/rewrite/specialize.hpp"
#include "leapgraph/symbolic/rewrite/verify.hpp"

namespace leapgraph::symbolic {
namespace {

using random_graphs::GraphGenerator;
using random_graphs::RandomGraph;

constexpr std::uint64_t graphs_a_unit = 8;

std::string differences(const RandomGraph& random, const std::vector<Array>& want, const std::vector<Array>& got) {
  // Elements are at most 2 and errors grow by a small factor an op, over chains of some 50 ops: the worst of 5,000
  // graphs was 1e-12. Wrong code shows in the first digits.
  constexpr double tolerance = 1e-9;
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (got[i].type() != want[i].type())
      return "output " + std::to_string(i) + " is " + to_string(got[i].type()) + ", not " + to_string(want[i].type());
    for (std::int64_t k = 0; k < want[i].size(); ++k) {
      const double a = got[i].real(k), b = want[i].real(k);
      const bool same = is_floating(want[i].dtype()) ? std::abs(a - b) <= tolerance * (1 + std::abs(b))
                                                     : got[i].integer(k) == want[i].integer(k);
      if (!same && !(std::isnan(a) && std::isnan(b)))
        return "output " + std::to_string(i) + " (" + pp(random.graph.outputs[i]).substr(0, 400) + ") element " +
               std::to_string(k) + ": " + std::to_string(a) + " for " + std::to_string(b);
    }
  }
  return "";
}

/// The first failure of the graphs of these seeds, compiled together; "" when all agree.
std::string failure(std::uint64_t first, std::uint64_t count, bool rewriting) {
  std::vector<RandomGraph> random;
  std::vector<Graph> graphs;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    random.push_back(GraphGenerator(seed).run());
    graphs.push_back(random.back().graph);
  }
  CompileOptions options;
  options.target = CompileOptions::Target::native;
  options.rewrite = rewriting;
  options.cache = false;
  std::string where = "compiling";
  try {
    const std::vector<CompiledFunction> functions = compile(graphs, options);
    for (std::size_t i = 0; i < random.size(); ++i) {
      where = "seed " + std::to_string(first + i);
      verify(functions[i].graph(), Stage::lowered, where);
      const std::vector<Array> want = interpret(random[i].graph, random[i].arguments);
      const std::string interpreted =
          differences(random[i], want, interpret(functions[i].graph(), random[i].arguments));
      if (!interpreted.empty()) return where + ", interpreted after rewriting: " + interpreted;
      const std::string compiled = differences(random[i], want, functions[i](random[i].arguments));
      if (!compiled.empty()) return where + ": " + compiled;
    }
  } catch (const std::exception& error) {
    if (count == 1) return "seed " + std::to_string(first) + ", " + where + ": " + error.what();
    // Which one was it?
    for (std::uint64_t seed = first; seed < first + count; ++seed)
      if (const std::string one = failure(seed, 1, rewriting); !one.empty()) return one;
    return where + ": " + error.what();
  }
  return "";
}

void check_seeds(bool rewriting) {
  std::uint64_t first = 1, last = 3 * graphs_a_unit;
  if (const char* range = std::getenv("LEAPGRAPH_FUZZ")) {
    first = std::strtoull(range, nullptr, 10);
    last = std::strtoull(std::string(range).substr(std::string(range).find('-') + 1).c_str(), nullptr, 10);
  }
  for (std::uint64_t seed = first; seed <= last; seed += graphs_a_unit)
    EXPECT_EQ(failure(seed, std::min(graphs_a_unit, last - seed + 1), rewriting), "")
        << "rewriting is " << (rewriting ? "on" : "off");
}

TEST(RandomGraph, CompiledAsWrittenAgreesWithTheInterpreter) { check_seeds(false); }

TEST(RandomGraph, CompiledAfterRewritingAgreesWithTheInterpreter) { check_seeds(true); }

}  // namespace
}  // namespace leapgraph::symbolic
