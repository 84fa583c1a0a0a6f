/// What rewriting costs: chains of layers with their gradients, beside what Theano and PyTensor need for them, and a
/// chain of half a million operations. Prints medians.
///
///     rewrite_bench
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "leapgraph/symbolic.hpp"
#include "leapgraph/symbolic/rewrite/passes.hpp"

using namespace leapgraph::symbolic;

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// h = tanh(sin(h) w + b), again and again, and its derivatives.
Graph layers(int count, const Type& type) {
  const Expr x = input(type, "x"), w = input(type, "w"), b = input(type, "b");
  Expr h = x;
  for (int i = 0; i < count; ++i) h = tanh(sin(h) * w + b);
  const Expr cost = type.rank() == 0 ? h : sum(h);
  Exprs outputs = grad(cost, {x, w, b});
  outputs.insert(outputs.begin(), cost);
  return {{x, w, b}, outputs};
}

struct Cost {
  double build = 0, rewrite = 0;
  std::size_t nodes = 0;
};

/// The median of `times` builds and rewrites.
template <class Build>
Cost measured(const Build& build, int times) {
  std::vector<double> builds, rewrites;
  Cost cost;
  for (int i = 0; i < times; ++i) {
    Clock::time_point start = Clock::now();
    const Graph graph = build();
    builds.push_back(seconds_since(start));
    cost.nodes = topological_order(graph.outputs).size();
    start = Clock::now();
    const Graph result = rewrite(graph);
    rewrites.push_back(seconds_since(start));
  }
  const auto median = [](std::vector<double>& values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  };
  cost.build = median(builds);
  cost.rewrite = median(rewrites);
  return cost;
}

void print(const char* what, int count, const Cost& cost, const char* theirs) {
  std::printf("%-22s %7d  %8zu nodes  built and differentiated in %8.4f s  rewritten in %8.4f s  %s\n", what, count,
              cost.nodes, cost.build, cost.rewrite, theirs);
  std::fflush(stdout);
}

/// Sines, sums and products in turn.
Graph chain(int length, bool with_gradient) {
  const Expr x = dscalar("x");
  Expr e = x;
  for (int i = 0; i < length; ++i) e = i % 3 == 0 ? sin(e) : i % 3 == 1 ? e + x : e * 0.5;
  Graph graph{{x}, {e}};
  if (with_gradient) graph.outputs.push_back(grad(e, x));
  return graph;
}

}  // namespace

int main() {
  rewrite(layers(2, {DType::float64, {}}));  // makes the tables of rules
  const struct {
    int count;
    const char* theirs;
  } rows[] = {{50, "(Theano 1.5 s, PyTensor 1.8 s)"},
              {200, "(Theano 9.2 s, PyTensor 6.7 s)"},
              {500, "(Theano 49 s, PyTensor 18 s)"},
              {2000, ""}};
  for (const Type& type : {Type{DType::float64, {}}, Type{DType::float64, {unknown}}, Type{DType::float64, {10}}})
    for (const auto& row : rows) {
      const char* what = type.rank() == 0           ? "layers of scalars"
                         : type.shape[0] == unknown ? "layers of vectors"
                                                    : "layers of 10 numbers";
      print(what, row.count, measured([&] { return layers(row.count, type); }, 7), row.theirs);
    }
  print("chain", 500000, measured([] { return chain(500000, false); }, 1), "(Theano, PyTensor: recursion error)");
  print("chain and its gradient", 500000, measured([] { return chain(500000, true); }, 1), "");
}
