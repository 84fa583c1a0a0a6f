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
  // Elements are at most 2 and an op multiplies errors by a small factor: over the chains of some 50 ops that graphs
  // are made of, 1e-9 leaves room that none of thousands of graphs needed more of. Wrong code shows in the first
  // digits.
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
  options.as_written = !rewriting;
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

std::pair<std::uint64_t, std::uint64_t> seeds(std::uint64_t last) {
  const char* range = std::getenv("LEAPGRAPH_FUZZ");
  if (range == nullptr) return {1, last};
  const std::string text = range;
  return {std::stoull(text), std::stoull(text.substr(text.find('-') + 1))};
}

void check_seeds(bool rewriting) {
  const auto [first, last] = seeds(3 * graphs_a_unit);
  for (std::uint64_t seed = first; seed <= last; seed += graphs_a_unit)
    EXPECT_EQ(failure(seed, std::min(graphs_a_unit, last - seed + 1), rewriting), "")
        << "rewriting is " << (rewriting ? "on" : "off");
}

TEST(RandomGraph, CompiledAsWrittenAgreesWithTheInterpreter) { check_seeds(false); }

TEST(RandomGraph, CompiledAfterRewritingAgreesWithTheInterpreter) { check_seeds(true); }

/// The same graph over inputs whose lengths are not known.
Graph with_unknown_lengths(const Graph& graph) {
  Substitution open;
  Graph result;
  for (const Expr& e : graph.inputs) {
    result.inputs.push_back(input({e.dtype(), Shape(e.shape().size(), unknown)}, name_of(e)));
    open[e] = result.inputs.back();
  }
  result.outputs = substitute(graph.outputs, open);
  return result;
}

/// Adds the gradient of a sum over all outputs.
void add_gradient(Graph& graph) {
  Expr cost = constant(0.0);
  for (const Expr& e : graph.outputs)
    if (e.dtype() == DType::float64) cost = cost + sum(sin(e));
  Exprs wrt;
  for (const Expr& e : graph.inputs)
    if (e.dtype() == DType::float64) wrt.push_back(e);
  for (const Expr& e : grad(cost, wrt, Disconnected::zero)) graph.outputs.push_back(e);
}

TEST(RandomGraph, OfUnknownLengthsAgreesWithTheOneOfKnownLengthsGradientsIncluded) {
  const auto [first, last] = seeds(100);
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    RandomGraph random = GraphGenerator(seed).run();
    Graph open = with_unknown_lengths(random.graph);
    add_gradient(random.graph);
    add_gradient(open);
    const std::vector<Array> want = interpret(random.graph, random.arguments);
    EXPECT_EQ(differences(random, want, interpret(open, random.arguments)), "") << "as written, seed " << seed;
    const Function f = function(open.inputs, open.outputs, {.target = CompileOptions::Target::interpreter});
    EXPECT_EQ(differences(random, want, f(random.arguments)), "") << "specialised, seed " << seed;
  }
}

}  // namespace
}  // namespace leapgraph::symbolic
