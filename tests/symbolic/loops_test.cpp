/// Rewriting of scans: which graphs have no loop left, which have one where there were two, what moves out of bodies,
/// and that values and gradients stay what they were.
#include "leapgraph/symbolic/rewrite/loops.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/rewrite/passes.hpp"
#include "leapgraph/symbolic/rewrite/specialize.hpp"
#include "leapgraph/symbolic/rewrite/verify.hpp"
#include "symbolic/op_examples.hpp"

namespace leapgraph::symbolic {
namespace {

Expr real(Shape shape, const char* name = "x") { return input({DType::float64, std::move(shape)}, name); }

/// Nodes of a graph and of its bodies, each body once.
std::vector<const Node*> all_nodes(const Graph& graph) {
  std::vector<const Node*> nodes = topological_order(graph.outputs);
  for (std::size_t i = 0; i < nodes.size(); ++i)
    for (const auto& [name, value] : nodes[i]->attributes().entries())
      if (const Body* body = std::get_if<Body>(&value)) {
        const auto inside = topological_order((*body)->outputs);
        nodes.insert(nodes.end(), inside.begin(), inside.end());
      }
  return nodes;
}

std::vector<const Node*> scans_of(const Graph& graph) {
  std::vector<const Node*> scans;
  for (const Node* node : all_nodes(graph))
    if (&node->op() == &scan_op) scans.push_back(node);
  return scans;
}

std::int64_t count(const Graph& graph, const Op& op) {
  const auto nodes = all_nodes(graph);
  return std::count_if(nodes.begin(), nodes.end(), [&op](const Node* node) { return &node->op() == &op; });
}

Graph specialized(const Graph& graph) {
  std::vector<Shape> shapes;
  for (const Expr& e : graph.inputs) shapes.push_back(e.shape());
  return specialize(graph, shapes);
}

/// Outputs of a graph rewritten: the passes leave valid graphs, are done after one run, and keep the values of the
/// interpreter and of native code. Sums are grouped anew: rounding.
Graph checked_rewrite(const Exprs& outputs, std::uint64_t seed = 1) {
  const Graph graph{free_inputs(outputs), outputs}, concrete = specialized(graph);
  const Graph after =
      rewrite(concrete, {[](std::string_view pass, const Graph& g) { verify(g, Stage::specialized, pass); }});
  EXPECT_EQ(rewrite(after).outputs, after.outputs) << "rewriting twice is rewriting once";
  const Arrays arguments = draw_arguments(add_op, graph.inputs, seed);
  const auto want = interpret(graph, arguments);
  std::vector<std::vector<Array>> results{interpret(after, arguments)};
  if (missing_compiler().empty()) results.push_back(compile(graph)(arguments));
  for (const auto& got : results)
    for (std::size_t i = 0; i < want.size(); ++i) {
      EXPECT_EQ(got[i].type(), want[i].type());
      for (std::int64_t j = 0; j < want[i].size(); ++j)
        EXPECT_NEAR(got[i].real(j), want[i].real(j), 1e-11 * std::max(1.0, std::abs(want[i].real(j))))
            << "output " << i << ", element " << j;
    }
  return after;
}

/// The same for a scalar and its gradient with respect to all floating inputs.
Graph checked_gradient(const Expr& cost) {
  Exprs outputs{cost}, wrt;
  for (const Expr& e : free_inputs(outputs))
    if (is_floating(e.dtype())) wrt.push_back(e);
  for (const Expr& e : grad(cost, wrt)) outputs.push_back(e);
  return checked_rewrite(outputs);
}

constexpr std::int64_t steps = 12;

// --- Loops that vanish ---

TEST(Loops, WithoutCarriesBecomeWholeArrays) {
  const Expr x = real({steps, 3}), y = real({steps}, "y"), k = real({}, "k");
  const ScanResult map = scan(
      [&](const Exprs&, const Exprs& e) {
        return ScanBody{{}, {exp(e[0]) * e[1] + k, sum(e[0]) * k, broadcast_to(k, {2})}};
      },
      {}, {x, y});
  EXPECT_TRUE(scans_of(checked_rewrite(map.outputs)).empty());
  EXPECT_TRUE(scans_of(checked_gradient(sum(map.outputs[0]) + sum(map.outputs[1]) + sum(map.outputs[2]))).empty());
}

TEST(Loops, ThatSumBecomeReductionsAndSoDoTheirGradients) {
  const Expr x = real({steps}), k = real({}, "k"), w = real({3}, "w");
  const ScanResult total = scan(
      [&](const Exprs& carry, const Exprs& e) {
        return ScanBody{{carry[0] + sin(e[0] * k), carry[1] - sqr(e[0]) * w}, {}};
      },
      {0.5, zeros_like(w)}, {x});
  EXPECT_TRUE(scans_of(checked_rewrite(total.carry)).empty());
  EXPECT_TRUE(scans_of(checked_gradient(total.carry[0] + sum(total.carry[1]))).empty());
}

TEST(Loops, AccumulateByEveryOperationThatReduces) {
  const Expr x = real({steps}), start = real({}, "start");
  const Expr i = cast(trunc(4.0 * x), DType::int64);
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        return ScanBody{{c[0] * cos(e[0]), maximum(c[1], e[0]), minimum(e[0], c[2]), logical_and(c[3], e[0] < 1.9),
                         logical_or(e[0] > 1.5, c[4]), c[5] + e[1], c[6] + 2.0},
                        {}};
      },
      {start, start, start, constant(true), constant(false), constant(std::int64_t{7}), start}, {x, i});
  EXPECT_TRUE(scans_of(checked_rewrite(r.carry)).empty());
}

TEST(Loops, AccumulateOnlyWhereAConditionHolds) {
  const Expr x = real({steps}), k = real({}, "k");
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        return ScanBody{{where(e[0] > 0.0, c[0] + log(e[0]) * k, c[0]), where(e[0] > 0.0, c[1], c[1] * e[0] * k)}, {}};
      },
      {0.0, 1.0}, {x});
  EXPECT_TRUE(scans_of(checked_rewrite(r.carry)).empty());
  EXPECT_TRUE(scans_of(checked_gradient(r.carry[0] * 2.0)).empty());
}

TEST(Loops, ThatCountBecomeWholeArrays) {
  const Expr table = real({2 * steps, 2}, "table"), k = real({}, "k");
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs&) {
        return ScanBody{{c[0] + 2, c[1] + sum(exp(gather(table, c[0]) * k))}, {}};
      },
      {constant(std::int64_t{1}), 0.0}, {}, steps);
  EXPECT_TRUE(scans_of(checked_rewrite({r.carry[0], r.carry[1]})).empty());
  EXPECT_TRUE(scans_of(checked_gradient(r.carry[1])).empty());
}

TEST(Loops, ThatReadASequenceAFewStepsBackBecomeWholeArrays) {
  const Expr x = real({steps}), k = real({}, "k");
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        return ScanBody{{e[0] * k, c[0]}, {c[1] * c[0] + e[0]}};
      },
      {0.25, k}, {x});
  EXPECT_TRUE(scans_of(checked_rewrite({r.outputs[0], r.carry[0], r.carry[1]})).empty());
  EXPECT_TRUE(scans_of(checked_gradient(sum(r.outputs[0]))).empty());
}

TEST(Loops, InsideLoopsVanishToo) {
  const Expr x = real({steps, 7}), k = real({}, "k");
  const ScanResult outer = scan(
      [&](const Exprs& total, const Exprs& row) {
        const ScanResult inner = scan(
            [&](const Exprs& c, const Exprs& e) {
              return ScanBody{{c[0] + exp(e[0] * k)}, {}};
            },
            {0.0}, {row[0]});
        return ScanBody{{total[0] + log(inner.carry[0])}, {}};
      },
      {0.0}, {x});
  EXPECT_TRUE(scans_of(checked_rewrite(outer.carry)).empty());
  EXPECT_TRUE(scans_of(checked_gradient(outer.carry[0])).empty());
}

TEST(Loops, OfMapsAroundRecurrencesKeepTheRecurrenceAlone) {
  const Expr x = real({steps, 7}), k = real({}, "k");
  const ScanResult outer = scan(
      [&](const Exprs& total, const Exprs& row) {
        const ScanResult inner = scan(
            [&](const Exprs& c, const Exprs& e) {
              return ScanBody{{tanh(c[0] * k + e[0])}, {}};
            },
            {0.1}, {row[0]});
        return ScanBody{{total[0] + inner.carry[0]}, {}};
      },
      {0.0}, {x});
  const Graph graph = checked_rewrite(outer.carry);
  const auto left = scans_of(graph);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0]->types()[0].shape, Shape{steps});
  checked_gradient(outer.carry[0]);
}

TEST(Loops, OverBranchesOnDataBecomeChoices) {
  const Expr x = real({steps}), table = real({3}, "table");
  const Expr g = constant(Array::of<std::int64_t>({steps}, {0, 1, 2, 3, 0, 1, 2, 3, 3, 2, 1, 0}));
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        const Expr term = ifelse(
            e[1] > 0, [&] { return Exprs{gather(table, e[1] - 1) * e[0]}; }, [&] { return Exprs{exp(e[0])}; })[0];
        return ScanBody{{c[0] + term}, {}};
      },
      {0.0}, {x, g});
  EXPECT_TRUE(scans_of(checked_rewrite(r.carry)).empty());
  EXPECT_TRUE(scans_of(checked_gradient(r.carry[0])).empty());
}

TEST(Loops, ThatPickGroupEffectsAreOneGather) {
  const Expr mu = real({3}, "mu"), y = real({steps}, "y"), sigma = exp(real({}, "log sigma"));
  const Expr g = constant(Array::of<std::int64_t>({steps}, {0, 1, 2, 2, 0, 1, 2, 1, 0, 2, 1, 0}));
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        return ScanBody{{c[0] - 0.5 * sqr((e[0] - gather(mu, e[1])) / sigma) - log(sigma)}, {}};
      },
      {0.0}, {y, g});
  const Graph graph = checked_gradient(r.carry[0]);
  EXPECT_TRUE(scans_of(graph).empty());
  EXPECT_EQ(count(graph, gather_op), 1);
  EXPECT_EQ(count(graph, scatter_add_op), 1);
}

TEST(Loops, OfMatrixProductsSumByContraction) {
  const Expr x = real({steps, 3}), w = real({4, 3}, "w");
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        return ScanBody{{c[0] + outer(dot(w, e[0]), e[0])}, {}};
      },
      {full({4, 3}, 0.0)}, {x});
  const Graph graph = checked_rewrite(r.carry);
  EXPECT_TRUE(scans_of(graph).empty());
  EXPECT_EQ(count(graph, sum_op), 0) << "the sum over the steps is part of the product";
}

// --- Loops that stay, smaller ---

/// The only scan of a graph.
const Node& only_scan(const Graph& graph) {
  const auto scans = scans_of(graph);
  if (scans.size() != 1) throw std::runtime_error(std::to_string(scans.size()) + " scans");
  return *scans[0];
}

std::int64_t carries(const Node& scan) { return scan.get<std::int64_t>("carries"); }
std::int64_t sequences(const Node& scan) { return scan.get<std::int64_t>("sequences"); }
std::int64_t outputs(const Node& scan) { return static_cast<std::int64_t>(scan.types().size()) - carries(scan); }

TEST(Loops, DropWhatNothingReads) {
  const Expr x = real({steps}), y = real({steps}, "y");
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        return ScanBody{{tanh(c[0] + e[0]), sin(c[1] * c[0] + e[1]), c[2] * c[1] + 1.0}, {c[1], c[0]}};
      },
      {0.1, 0.2, 0.3}, {x, y});
  const Graph graph = checked_rewrite({r.carry[0]});
  EXPECT_EQ(carries(only_scan(graph)), 1);
  EXPECT_EQ(sequences(only_scan(graph)), 1);
  EXPECT_EQ(outputs(only_scan(graph)), 0);
}

TEST(Loops, MergeWhatRunsInStep) {
  const Expr x = real({steps}), k = real({}, "k");
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        return ScanBody{{tanh(c[0] * c[1] + e[0]), tanh(c[1] * c[0] + e[1]), c[2]}, {c[0] * c[2], c[1] * c[2]}};
      },
      {k, k, k}, {x, x});
  const Graph graph = checked_rewrite({r.carry[0], r.carry[1], r.outputs[0], r.outputs[1]});
  EXPECT_EQ(carries(only_scan(graph)), 1) << "the third is a constant, the second is the first";
  EXPECT_EQ(sequences(only_scan(graph)), 1);
}

TEST(Loops, TakeLiteralsAndValuesThatStayTheSameIntoTheBody) {
  const Expr k = real({}, "k");
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        return ScanBody{{tanh(c[0] * e[0] + e[1] * c[1]), c[1]}, {}};
      },
      {k, 2.0}, {broadcast_to(k, {steps}), full({steps}, 0.5)});
  const Graph graph = checked_rewrite({r.carry[0]});
  EXPECT_EQ(sequences(only_scan(graph)), 0);
  EXPECT_EQ(only_scan(graph).inputs().size(), 3u) << "steps, the carry and k";
}

TEST(Loops, ComputeOnceWhatDoesNotChange) {
  // `scan` takes such parts out itself; passes meet bodies where they are left.
  const Expr x = real({steps}), a = real({3}, "a"), b = real({}, "b");
  const auto step = std::make_shared<Graph>();
  step->inputs = {parameter(0, {DType::float64, {}}), parameter(1, {DType::float64, {}}),
                  parameter(2, {DType::float64, {3}})};
  step->outputs = {tanh(step->inputs[0] + sum(exp(step->inputs[2])) * step->inputs[1])};
  const Expr loop =
      make(scan_op, {constant(steps), b, x, a},
           {{"body", Body(step)}, {"carries", std::int64_t{1}}, {"sequences", std::int64_t{1}}, {"length", steps}});
  const Graph graph = checked_rewrite({loop});
  const Graph& inside = *only_scan(graph).get<Body>("body");
  EXPECT_EQ(count(inside, exp_op), 0);
  EXPECT_EQ(count(graph, exp_op), 1);
}

TEST(Loops, ComputeBeforehandWhatOnlySequencesHaveAPartIn) {
  const Expr x = real({steps, 3}), k = real({}, "k");
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        return ScanBody{{c[0] * k + sum(exp(e[0]) * k)}, {}};
      },
      {1.0}, {x});
  const Graph graph = checked_rewrite({r.carry[0]});
  const Graph& inside = *only_scan(graph).get<Body>("body");
  EXPECT_EQ(count(inside, exp_op), 0);
  EXPECT_EQ(inside.inputs[1].rank(), 0) << "the sequence is of sums";
}

TEST(Loops, LeaveCheapWorkInside) {
  const Expr x = real({steps}), k = real({}, "k");
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        return ScanBody{{c[0] * k + (e[0] + 1.0)}, {}};
      },
      {1.0}, {x});
  const Graph graph = checked_rewrite({r.carry[0]});
  EXPECT_EQ(only_scan(graph).input(2), graph.inputs[0].rank() == 1 ? graph.inputs[0] : graph.inputs[1]);
}

TEST(Loops, ComputeAfterwardsWhatFeedsNoCarry) {
  const Expr x = real({steps}), k = real({}, "k");
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        const Expr next = c[0] * k + e[0];
        return ScanBody{{next, c[1] + log1p(sqr(next))}, {exp(next) * e[0]}};
      },
      {1.0, 0.0}, {x});
  const Graph graph = checked_rewrite({r.carry[1], r.outputs[0]});
  const Graph& inside = *only_scan(graph).get<Body>("body");
  EXPECT_EQ(count(inside, exp_op) + count(inside, log1p_op), 0);
  EXPECT_EQ(outputs(only_scan(graph)), 1) << "the state serves both";
  checked_gradient(r.carry[1] + sum(r.outputs[0]));
}

// --- Several loops ---

TEST(Loops, ShareTheForwardPassBetweenValueAndGradient) {
  const Expr x = real({steps, 3}), w = real({3, 3}, "w"), start = real({3}, "start");
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        return ScanBody{{tanh(dot(w, c[0]) + e[0])}, {}};
      },
      {start}, {x});
  const Graph graph = checked_gradient(sum(sqr(r.carry[0])));
  EXPECT_EQ(scans_of(graph).size(), 2u) << "one forwards, one backwards";
}

TEST(Loops, OverTheSameSequencesRunAsOne) {
  const Expr x = real({steps}), k = real({}, "k");
  const auto loop = [&](const Expr& start) {
    return scan([&](const Exprs& c, const Exprs& e) { return ScanBody{{tanh(c[0] * k + e[0])}, {}}; }, {start}, {x});
  };
  const Graph graph = checked_rewrite({loop(constant(0.1)).carry[0], loop(constant(0.2)).carry[0]});
  EXPECT_EQ(carries(only_scan(graph)), 2);
}

TEST(Loops, ThatNeedEachOtherStayApart) {
  const Expr x = real({steps}), k = real({}, "k");
  const auto loop = [&](const Expr& start) {
    return scan(
               [&](const Exprs& c, const Exprs& e) {
                 return ScanBody{{tanh(c[0] * k + e[0])}, {}};
               },
               {start}, {x})
        .carry[0];
  };
  // The second needs the first through other nodes; the third needs neither.
  const Expr first = loop(constant(0.1)), second = loop(exp(first)), third = loop(constant(0.3));
  EXPECT_EQ(scans_of(checked_rewrite({second, third})).size(), 2u);
}

// --- Short loops ---

TEST(Loops, OfAFewStepsAreWrittenOut) {
  const Expr x = real({3}), k = real({}, "k");
  for (const std::int64_t n : {std::int64_t{0}, std::int64_t{1}, std::int64_t{3}}) {
    const ScanResult r = scan(
        [&](const Exprs& c, const Exprs& e) {
          return ScanBody{{tanh(c[0] * k + e[0])}, {c[0] * e[0]}};
        },
        {k}, {x}, n);
    EXPECT_TRUE(scans_of(checked_rewrite({r.carry[0], r.outputs[0]})).empty());
  }
}

// --- What holds loops back ---

TEST(Loops, SayWhyTheyStay) {
  const Expr x = real({steps}), k = real({}, "k"), n = lscalar("n");
  const auto explained = [](const Exprs& outputs) {
    return dump_stage(std::vector<Graph>{{free_inputs(outputs), outputs}}, "rewritten");
  };
  const auto self = scan(
      [&](const Exprs& c, const Exprs& e) {
        return ScanBody{{tanh(c[0] * k + e[0])}, {}};
      },
      {k}, {x});
  EXPECT_NE(explained(self.carry).find("stays a loop: carry 0 feeds itself"), std::string::npos)
      << explained(self.carry);
  EXPECT_NE(explained(self.carry).find("scan at loops_test.cpp:"), std::string::npos);
  const auto each_other = scan(
      [&](const Exprs& c, const Exprs& e) {
        return ScanBody{{tanh(c[1]) + e[0], sin(c[0])}, {}};
      },
      {k, 0.5}, {x});
  EXPECT_NE(explained(each_other.carry).find("carries 0, 1 feed each other"), std::string::npos);
  const auto run_time = scan([&](const Exprs& c, const Exprs&) { return ScanBody{{c[0] + k}, {}}; }, {k}, {}, n);
  EXPECT_NE(explained(run_time.carry).find("its number of steps is known only when it runs"), std::string::npos);
  const Expr function = input({DType::int64, {2}}, "function"), rows = real({steps, 3}, "rows");
  const auto hosted = scan(
      [&](const Exprs& c, const Exprs& e) {
        return ScanBody{{c[0] + host_call(function, e[0])[0]}, {}};
      },
      {0.0}, {rows});
  EXPECT_NE(explained(hosted.carry).find("host_call cannot be vectorized"), std::string::npos)
      << explained(hosted.carry);
}

TEST(Loops, OfRunTimeLengthAreTidiedAllTheSame) {
  const Expr x = dvector("x"), k = real({}, "k"), n = lscalar("n");
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        return ScanBody{{c[0] + e[0] * k, c[1] * c[0]}, {c[1]}};
      },
      {k, k}, {x}, n);
  const Graph graph{{x, k, n}, {r.carry[0]}};
  const Graph after = rewrite(graph);
  EXPECT_EQ(carries(only_scan(after)), 1);
  EXPECT_EQ(outputs(only_scan(after)), 0);
  const Arrays arguments{Array::vector({1, 2, 3}), Array::scalar(2.0), Array::scalar(std::int64_t{2})};
  EXPECT_EQ(interpret(after, arguments)[0].real(), interpret(graph, arguments)[0].real());
}

TEST(Loops, MakeGraphsWhoseSizeDoesNotGrowWithTheirLength) {
  const auto size = [](std::int64_t n) {
    const Expr x = real({n}), k = real({}, "k");
    const ScanResult r = scan(
        [&](const Exprs& c, const Exprs& e) {
          return ScanBody{{tanh(c[0] * k + e[0]), c[1] + exp(e[0])}, {c[0] * e[0]}};
        },
        {k, 0.0}, {x});
    const Expr cost = r.carry[0] + r.carry[1] + sum(r.outputs[0]);
    const Graph graph{{x, k}, {cost, grad(cost, x), grad(cost, k)}};
    return all_nodes(rewrite(graph)).size();
  };
  EXPECT_EQ(size(10), size(10000));
}

TEST(Loops, KeepTheirArraysAffordable) {
  // Computed before the loop, the exponentials would fill 80 MB.
  const std::int64_t n = 10'000'000;
  const Expr x = real({n}), k = real({}, "k");
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        return ScanBody{{c[0] * k + exp(e[0])}, {}};
      },
      {k}, {x});
  const Graph after = rewrite(Graph{{x, k}, {r.carry[0]}});
  EXPECT_EQ(count(*only_scan(after).get<Body>("body"), exp_op), 1);
}

}  // namespace
}  // namespace leapgraph::symbolic
