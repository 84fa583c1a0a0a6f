/// What the backward steps of a loop store of the forward ones, how they stay within their memory, and derivatives of
/// loops over buffers.
#include <chrono>
#include <functional>
#include <set>

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "symbolic/derivative_check.hpp"

namespace leapgraph::symbolic {
namespace {

Expr vector(const char* name, std::int64_t n = unknown) { return input({DType::float64, {n}}, name); }
Expr scalar(const char* name) { return input({DType::float64, {}}, name); }
const Array two_thirds = Array::scalar(2.0 / 3.0);

CompiledFunction native(const Graph& graph) {
  return compile(graph, {.target = CompileOptions::Target::native, .cache = false});
}

double seconds(const std::function<void()>& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Names of the ops in a loop's body.
std::multiset<std::string_view> ops_in_body(const Node& scan) {
  std::multiset<std::string_view> names;
  for (const Node* node : topological_order(scan.get<Body>("body")->outputs)) names.insert(node->op().name);
  return names;
}

/// The loop that stores for the adjoint loop `reverse`: of those that its inputs come from, the one with most outputs.
const Node* storing_loop(const Node& reverse) {
  const Node* found = nullptr;
  for (const Node* node : topological_order(reverse.inputs()))
    if (node->op().name == "scan" && (found == nullptr || node->types().size() > found->types().size())) found = node;
  return found;
}

// --- What is stored ---

TEST(LoopStorage, StoresWhatIsExpensiveToComputeAgain) {
  const Expr x = vector("x", 10);
  const ScanResult r = scan(
      [](const Exprs& c, const Exprs&) {
        return ScanBody{{c[0] + sin(exp(0.3 * c[0]))}, {}};
      },
      {x}, {}, 100);
  const Expr slope = grad(sum(r.carry[0]), x);
  const Node& reverse = slope.node();
  ASSERT_EQ(reverse.op().name, "scan");
  const auto backward = ops_in_body(reverse);
  EXPECT_EQ(backward.count("exp") + backward.count("cos") + backward.count("sin"), 0u);
  ASSERT_NE(storing_loop(reverse), nullptr);
  EXPECT_EQ(storing_loop(reverse)->types().size(), 3u);  // the carry, and stored cos(exp()) and exp()
}

TEST(LoopStorage, ComputesAgainWhatIsCheap) {
  const Expr x = vector("x", 10), w = vector("w", 10);
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs&) {
        const Expr u = 0.5 * c[0] * w, v = u - 0.1;
        return ScanBody{{u * v * c[0]}, {}};
      },
      {x}, {}, 100);
  const Exprs wrt{x, w};
  const Expr slope = grad(sum(r.carry[0]), wrt)[0];
  const Node& reverse = slope.node();
  ASSERT_NE(storing_loop(reverse), nullptr);
  EXPECT_EQ(storing_loop(reverse)->types().size(), 2u);  // the carry and what it was before each step
}

TEST(LoopStorage, TakesANewCarryFromTheStepDoneBefore) {
  // The slope of exp is exp, the new carry: known from the step after.
  const Expr x = vector("x", 10), w = vector("w", 10);
  const ScanResult r = scan([&](const Exprs& c, const Exprs&) { return ScanBody{{exp(-w * c[0])}, {}}; }, {x}, {}, 100);
  const Exprs wrt{x, w};
  const Expr slope = grad(sum(r.carry[0]), wrt)[0];
  const Node& reverse = slope.node();
  EXPECT_EQ(ops_in_body(reverse).count("exp"), 0u);
  ASSERT_NE(storing_loop(reverse), nullptr);
  EXPECT_EQ(storing_loop(reverse)->types().size(), 2u);
}

TEST(LoopStorage, UsesOutputsThatTheLoopHasAnyway) {
  const Expr x = scalar("x");
  const ScanResult r = scan(
      [](const Exprs& c, const Exprs&) {
        return ScanBody{{0.9 * sin(c[0])}, {cos(c[0])}};
      },
      {x}, {}, 50);
  const Expr slope = grad(sum(r.carry[0]), x);
  const Node& reverse = slope.node();
  EXPECT_EQ(storing_loop(reverse), &r.carry[0].node());
}

TEST(LoopStorage, IsChosenWhenLengthsAreKnown) {
  const Expr x = vector("x"), z = vector("z");
  const ScanResult r = scan([](const Exprs& c, const Exprs& e) { return ScanBody{{tanh(c[0]) * e[0]}, {}}; }, {x}, {z});
  const Exprs wrt{x, z};
  const Exprs slopes = grad(sum(sqr(r.carry[0])), wrt);
  const auto has = [](const Graph& graph, std::string_view name) {
    for (const Node* node : topological_order(graph.outputs))
      if (node->op().name == name) return true;
    return false;
  };
  const Graph built{wrt, slopes};
  EXPECT_TRUE(has(built, "scan_gradient"));
  const Shape shapes[] = {{3}, {5}};
  const Graph special = specialize(built, shapes);
  EXPECT_FALSE(has(special, "scan_gradient"));
  verify(special);
  expect_derivatives({x, z}, {r.carry[0]}, {some_values({3}), some_values({5}, 0.8)});
}

// --- Segments ---

/// A loop with everything: two carries, a sequence longer than the loop, constants, stacked outputs.
ScanResult everything(const Expr& x, const Expr& z, const Expr& k, std::int64_t steps) {
  return scan(
      [&](const Exprs& c, const Exprs& e) {
        const Expr next = tanh(c[0] * k) + 0.1 * e[0];
        return ScanBody{{next, 0.9 * c[1] + sum(next) * c[1] * 0.01}, {next * c[1], sin(c[1])}};
      },
      {x, 0.5}, {z}, steps);
}

TEST(LoopSegments, GiveTheGradientOfTheStoredVersion) {
  for (const std::int64_t steps : {100, 103, 127}) {
    SCOPED_TRACE(steps);
    const Expr x = vector("x", 3), z = input({DType::float64, {130, 3}}, "z"), k = vector("k", 3);
    const Exprs wrt{x, z, k};
    const ScanResult stored = everything(x, z, k, steps), segmented = with_gradient_storage(stored, 1000);
    const auto gradient = [&](const ScanResult& r) {
      return grad(sum(r.carry[0]) + sqr(r.carry[1]) + sum(sqr(r.outputs[0])), wrt);
    };
    const Arrays arguments{some_values({3}), some_values({130, 3}, 0.2), some_values({3}, -0.4)};
    const Graph plain{wrt, gradient(stored)}, bounded{wrt, gradient(segmented)};
    verify(bounded);
    const std::vector<Array> want = interpret(plain, arguments), got = interpret(bounded, arguments),
                             compiled = native(bounded)(arguments);
    for (std::size_t i = 0; i < want.size(); ++i) {
      expect_reals(got[i], want[i].reals());
      expect_reals(compiled[i], want[i].reals());
    }
  }
}

TEST(LoopSegments, KeepTheMemoryOfALongLoopSmall) {
  const std::int64_t steps = 100003;
  const Expr x = vector("x", 10), w = vector("w", 10);
  const Exprs wrt{x, w};
  const ScanResult stored = scan(
      [&](const Exprs& c, const Exprs&) {
        return ScanBody{{c[0] + 0.1 * sin(w * c[0])}, {}};
      },
      {x}, {}, steps);
  const Arrays arguments{some_values({10}), some_values({10}, 1.3)};
  const auto compiled = [&](const ScanResult& r) { return native(Graph{wrt, grad(sum(r.carry[0]), wrt)}); };
  const CompiledFunction plain = compiled(stored), bounded = compiled(with_gradient_storage(stored, 1 << 20));
  EXPECT_GE(plain.workspace_bytes(), 8 * 10 * steps);
  EXPECT_LE(bounded.workspace_bytes(), 1 << 20);
  const std::vector<Array> want = plain(arguments), got = bounded(arguments);
  for (std::size_t i = 0; i < want.size(); ++i) expect_reals(got[i], want[i].reals(), 1e-12);
}

TEST(LoopSegments, AreChosenByThemselves) {
  // 10 million steps with a carry of 10 numbers would store 800 MB or more.
  const Expr x = vector("x", 10);
  const ScanResult r = scan(
      [](const Exprs& c, const Exprs&) {
        return ScanBody{{c[0] + 1e-7 * sin(c[0])}, {}};
      },
      {x}, {}, 10000000);
  EXPECT_LE(native(Graph{{x}, {grad(sum(r.carry[0]), x)}}).workspace_bytes(), 64 << 20);
}

TEST(LoopSegments, AreChosenWhenTheLengthOfASequenceIsKnown) {
  const Expr x = vector("x"), z = vector("z");
  const ScanResult r = with_gradient_storage(scan(
                                                 [](const Exprs& c, const Exprs& e) {
                                                   return ScanBody{{sin(c[0] * e[0])}, {}};
                                                 },
                                                 {x}, {z}),
                                             10000);
  const Exprs wrt{x, z};
  const Expr cost = sum(sqr(r.carry[0]));
  const Function f = function(wrt, grad(cost, wrt));
  const Arrays many{some_values({10}), some_values({1000}, 1.1)}, few{some_values({2}), some_values({10}, 1.1)};
  EXPECT_LE(f.specialised(many).workspace_bytes(), 40000);  // stored: 80000 at least
  const auto expected = differences(wrt, cost, few);
  const std::vector<Array> got = f(few);
  for (std::size_t i = 0; i < got.size(); ++i) expect_reals(got[i], expected[i], 1e-7);
}

TEST(LoopSegments, HaveSecondDerivatives) {
  const Expr x = vector("x", 2), z = vector("z", 23), k = scalar("k");
  const ScanResult r = with_gradient_storage(scan(
                                                 [&](const Exprs& c, const Exprs& e) {
                                                   const Expr next = sin(c[0] * k) + 0.2 * e[0];
                                                   return ScanBody{{next}, {sqr(next)}};
                                                 },
                                                 {x}, {z}),
                                             100);
  expect_derivatives({x, z, k}, {r.carry[0], r.outputs[0]}, {some_values({2}), some_values({23}, 0.2), two_thirds});
}

TEST(LoopSegments, RefuseANegativeStorage) {
  const Expr x = scalar("x");
  const ScanResult r = scan([](const Exprs& c, const Exprs&) { return ScanBody{{sin(c[0])}, {}}; }, {x}, {}, 3);
  expect_says(error_of([&] { with_gradient_storage(r, -1); }), {"must not be negative, got -1"});
}

// --- Buffers ---

/// b[t] = sin(b[t - 1]) + x[t], in a buffer.
ScanResult sines(const Expr& x) {
  return scan(
      [](const Exprs& c, const Exprs& e) {
        return ScanBody{{set_rows(c[0], e[0], sin(gather(c[0], maximum(e[0] - 1, 0))) + e[1])}, {}};
      },
      {zeros_like(x)}, {arange(x.shape()[0]), x});
}

TEST(BufferGradient, TakesTimeAndMemoryThatAreLinearInTheNumberOfWrites) {
  const std::int64_t n = 10000;
  const Expr x = vector("x", n);
  const Graph graph{{x}, {grad(sum(sqr(sines(x).carry[0])), x)}};
  const CompiledFunction f = native(graph);
  EXPECT_LE(f.workspace_bytes(), 8 * 8 * n);
  const Arrays arguments{some_values({n})};
  std::vector<Array> compiled, interpreted;
  EXPECT_LT(seconds([&] { compiled = f(arguments); }), 0.5);  // copies of the buffer: some 2 GB
  EXPECT_LT(seconds([&] { interpreted = interpret(graph, arguments); }), 5);
  // The same as a recurrence of a scalar.
  const ScanResult recurrence = scan(
      [](const Exprs& c, const Exprs& e) {
        const Expr next = sin(c[0]) + e[0];
        return ScanBody{{next}, {next}};
      },
      {0.0}, {x});
  const Array want = value_of({x}, grad(sum(sqr(recurrence.outputs[0])), x), arguments);
  expect_reals(compiled[0], want.reals(), 1e-12);
  expect_reals(interpreted[0], want.reals(), 1e-12);
}

TEST(BufferGradient, IsThatOfEveryWayToReadAndWrite) {
  const Expr x = vector("x", 40), s = scalar("s");
  const Expr places = constant(integers({5}, {3, 7, 3, 20, 39}));
  const auto loop = [&](const std::function<Expr(const Expr& buffer, const Exprs& element)>& next) {
    return scan(
               [&](const Exprs& c, const Exprs& e) {
                 return ScanBody{{next(c[0], e)}, {}};
               },
               {sqr(x)}, {places}, 5)
        .carry[0];
  };
  const Exprs programs{
      // overwrites what it read
      loop([&](const Expr& b, const Exprs& e) { return set_rows(b, e[0], sqr(gather(b, e[0])) * s); }),
      // adds to what others read
      loop([&](const Expr& b, const Exprs& e) { return add_rows(b, e[0], s * gather(b, mod(e[0] * 2, 40))); }),
      // writes several rows at a time, some twice
      loop([&](const Expr& b, const Exprs& e) {
        const Expr rows = mod(constant(integers({3}, {0, 1, 0})) + e[0], 40);
        return set_rows(b, rows, sin(gather(b, rows)) + s);
      }),
      // reads a constant position and a slice
      loop([&](const Expr& b, const Exprs& e) {
        return set_rows(b, e[0], at(b, 3) * at(b, -1) + sum(slice(b, 0, {2, 5})) * s);
      }),
      // reads all of it
      loop([&](const Expr& b, const Exprs& e) { return set_rows(b, e[0], s * tanh(0.01 * sum(sqr(b)))); }),
      // reads where a condition holds
      loop([&](const Expr& b, const Exprs& e) {
        return set_rows(b, e[0], where(gather(b, e[0]) > 0.3, sqrt(gather(b, e[0])), s * gather(b, 0)));
      }),
      // updates twice and reads between
      loop([&](const Expr& b, const Exprs& e) {
        const Expr once = set_rows(b, e[0], s * gather(b, 0));
        return add_rows(once, mod(e[0] + 1, 40), sqr(gather(once, e[0])) + gather(b, e[0]));
      }),
      // through a view
      loop([&](const Expr& b, const Exprs& e) {
        const Expr m = reshape(b, {8, 5});
        return reshape(set_rows(m, mod(e[0], 8), s * gather(m, mod(e[0] + 1, 8))), {40});
      }),
  };
  for (std::size_t i = 0; i < programs.size(); ++i) {
    SCOPED_TRACE("program " + std::to_string(i));
    expect_derivatives({x, s}, {programs[i]}, {some_values({40}), two_thirds});
    const Exprs wrt{x, s};
    const Graph graph{wrt, grad(sum(sqr(programs[i])), wrt)};
    const Arrays arguments{some_values({40}), two_thirds};
    const std::vector<Array> want = interpret(graph, arguments), got = native(graph)(arguments);
    for (std::size_t k = 0; k < want.size(); ++k) expect_reals(got[k], want[k].reals(), 1e-12);
  }
}

TEST(BufferGradient, OfATableThatIsLookedUpAddsToItsRows) {
  const std::int64_t n = 5000;
  const Expr table = vector("table", n), start = scalar("start");
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        return ScanBody{{sin(c[0]) * gather(table, mod(e[0] * 7, n))}, {}};
      },
      {start}, {arange(n)});
  const Exprs wrt{table, start};
  const CompiledFunction f = native(Graph{wrt, grad(r.carry[0], wrt)});
  EXPECT_LT(seconds([&] { f(Arrays{some_values({n}), two_thirds}); }), 0.1);  // whole sums: 25 million additions
}

TEST(BufferGradient, GoesThroughNestedLoops) {
  const Expr x = vector("x", 6), s = scalar("s");
  const ScanResult outer = scan(
      [&](const Exprs& rows, const Exprs& e) {
        const ScanResult inner = scan(
            [&](const Exprs& c, const Exprs& k) {
              const Expr above = gather(c[0], maximum((e[0] - 1) * 6 + k[0], 0));
              return ScanBody{{set_rows(c[0], e[0] * 6 + k[0], sin(above) * gather(x, k[0]) + s)}, {}};
            },
            {rows[0]}, {arange(6)});
        return ScanBody{{inner.carry[0]}, {}};
      },
      {broadcast_to(s, {36})}, {arange(6)});
  expect_derivatives({x, s}, {outer.carry[0]}, {some_values({6}), two_thirds});
  const Exprs wrt{x, s};
  const Graph graph{wrt, grad(sum(sqr(outer.carry[0])), wrt)};
  const Arrays arguments{some_values({6}), two_thirds};
  const std::vector<Array> want = interpret(graph, arguments), got = native(graph)(arguments);
  for (std::size_t k = 0; k < want.size(); ++k) expect_reals(got[k], want[k].reals(), 1e-12);
}

TEST(BufferGradient, WorksWhenLengthsAreNotKnown) {
  const Expr x = vector("x"), places = lvector("places");
  const ScanResult r = scan(
      [](const Exprs& c, const Exprs& e) {
        return ScanBody{{set_rows(c[0], e[0], sqr(gather(c[0], 0)) + gather(c[0], e[0]))}, {}};
      },
      {sin(x)}, {places});
  expect_derivatives({x, places}, {r.carry[0]}, {some_values({7}), integers({4}, {3, 0, 3, 6})});
}

}  // namespace
}  // namespace leapgraph::symbolic
