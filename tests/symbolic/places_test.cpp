/// The place in the user's source: of every builder, through every transformation, and in errors.
#include "leapgraph/symbolic/places.hpp"

#include <gtest/gtest.h>

#include <unordered_set>

#include "leapgraph/symbolic/complex.hpp"
#include "leapgraph/symbolic/effects.hpp"
#include "leapgraph/symbolic/elementwise_functions.hpp"
#include "leapgraph/symbolic/fft.hpp"
#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/indexing.hpp"
#include "leapgraph/symbolic/linear_algebra.hpp"
#include "leapgraph/symbolic/loops.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/print.hpp"
#include "leapgraph/symbolic/random_streams.hpp"
#include "leapgraph/symbolic/reductions.hpp"
#include "leapgraph/symbolic/rewrite/passes.hpp"
#include "leapgraph/symbolic/rewrite/specialize.hpp"
#include "leapgraph/symbolic/sorting.hpp"
#include "leapgraph/symbolic/special_functions.hpp"
#include "leapgraph/symbolic/vectorize.hpp"
#include "symbolic/derivative_check.hpp"
#include "symbolic/random_graph.hpp"

namespace leapgraph::symbolic {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Nodes of a graph and of its bodies, but for variables, parameters and constants.
std::vector<const Node*> computed_nodes(const Exprs& outputs) {
  std::vector<const Node*> found;
  std::unordered_set<const Node*> seen;
  std::vector<Exprs> open{outputs};
  while (!open.empty()) {
    const Exprs next = std::move(open.back());
    open.pop_back();
    for (const Node* node : topological_order(next)) {
      if (node->inputs().empty() || !seen.insert(node).second) continue;
      found.push_back(node);
      for (const auto& [name, value] : node->attributes().entries())
        if (const Body* body = std::get_if<Body>(&value)) open.push_back((*body)->outputs);
    }
  }
  return found;
}

/// An expression and the line that made it.
struct Built {
  Exprs made;
  unsigned line;
};
Built at_line(Expr made, unsigned line = std::source_location::current().line()) { return {{std::move(made)}, line}; }
Built at_line(Exprs made, unsigned line = std::source_location::current().line()) { return {std::move(made), line}; }

const Expr x = dscalar("x"), v = dvector("v"), m = dmatrix("m"), n = lscalar("n"), iv = lvector("iv"),
           t3 = input({DType::float64, {unknown, 3, 4}}, "t3"), w = input({DType::float32, {unknown}}, "w");

std::vector<Built> every_builder() {
  return {
      at_line(x + 1),
      at_line(1 - n),
      at_line(n / 2),
      at_line(w * v),
      at_line(n % 3),
      at_line(-m),
      at_line(x > 2),
      at_line(1 >= n),
      at_line(floor_div(n, 2.5)),
      at_line(pow(n, 2)),
      at_line(maximum(n, x)),
      at_line(sqrt(n)),
      at_line(eq(n, 2.0)),
      at_line(logical_and(x > 3.0, n > 1)),
      at_line(where(n, x, 3)),
      at_line(clip(n, 0.5, 2.5)),
      at_line(cast(v, DType::int64)),
      at_line(exp(n)),
      at_line(sigmoid(w)),
      at_line(logaddexp(n, x)),
      at_line(xlogy(n, v)),
      at_line(sum(iv, {0}, true)),
      at_line(prod(m, {1})),
      at_line(mean(iv)),
      at_line(mean(t3, {0, 2}, true)),
      at_line(max(m, {-1}, true)),
      at_line(all(iv)),
      at_line(any(m, {0}, true)),
      at_line(variance(iv, {}, false, 1)),
      at_line(logsumexp(iv, {0}, true)),
      at_line(softmax(iv)),
      at_line(cumsum(m, 1)),
      at_line(sum_like(m, v)),
      at_line(reshape(t3, {12, -1})),
      at_line(reshape_like(v, m)),
      at_line(transpose(t3)),
      at_line(transpose(m)),
      at_line(expand_dims(v, 0)),
      at_line(squeeze(expand_dims(m, 1), 1)),
      at_line(broadcast_to(x, {3, 4})),
      at_line(broadcast_like(x, m)),
      at_line(stack({v, w, iv})),
      at_line(concatenate({iv, v})),
      at_line(length(m, 1)),
      at_line(zeros_like(m)),
      at_line(ones_like(iv)),
      at_line(full({2, 3}, n)),
      at_line(diag(iv)),
      at_line(diagonal(m)),
      at_line(slice(m, 1, {1, -1})),
      at_line(at(v, 3)),
      at_line(at(t3, 1, 2)),
      at_line(gather(v, iv)),
      at_line(gather(t3, iv, 1)),
      at_line(scatter_add(v, iv, 7)),
      at_line(set_rows(v, iv, 3)),
      at_line(add_rows(m, iv, n)),
      at_line(pad_slice(slice(v, 0, {1, 2}), v, 0, {1, 2})),
      at_line(dot(m, iv)),
      at_line(dot(x, iv)),
      at_line(matmul(t3, transpose(t3, {0, 2, 1}))),
      at_line(tensordot(t3, m, {2}, {0})),
      at_line(outer(v, iv)),
      at_line(call(close({{x}, {x * 2.0}}), {3.0})),
      at_line(ifelse(
          n, [] { return Exprs{v * 2.0}; }, [] { return Exprs{v}; })),
      at_line(while_loop([](const Exprs& c) { return c[0] < 9; }, [](const Exprs& c) { return Exprs{c[0] + 2}; }, {n})
                  .carry),
      at_line(scan(
                  [](const Exprs& c, const Exprs& e) {
                    return ScanBody{{c[0] * e[0]}, {}};
                  },
                  {x}, {v, w})
                  .carry),
      at_line(scan({.fn = [](const Expr& e, const Expr& f, const Expr& c) { return c * e + f; },
                    .sequences = {taps(v, {-1, 0})},
                    .outputs_info = {taps(v, {-2})},
                    .n_steps = n})
                  .outputs),
      at_line(map({.fn = [](const Expr& e) { return e * 2; }, .sequences = {iv}}).outputs),
      at_line(foldr({.fn = [](const Expr& e, const Expr& c) { return c + e; }, .sequences = {v}, .outputs_info = {0}})),
  };
}

std::vector<Built> builders_of_several_ops() {
  RandomStreams streams(7);
  return {
      at_line(sum(iv, ReductionOptions{.axes = {0}, .keepdims = true})),
      at_line(mean(m, 1)),
      at_line(var(iv)),
      at_line(stddev(m, {0}, true)),
      at_line(average(v, w)),
      at_line(prod_without_zeros(m, {1})),
      at_line(count_nonzero(m)),
      at_line(ptp(m, {0})),
      at_line(argmax(m, 1)),
      at_line(max_and_argmax(m, {1}, true).first),
      at_line(median(v)),
      at_line(norm(m, 3)),
      at_line(log_softmax(m, {0, 1})),
      at_line(index(m, {Range{1, std::nullopt}, 2})),
      at_line(index(m, {iv, newaxis, v > 0.0})),
      at_line(index(v, {n})),
      at_line(set_subtensor(index(v, {Range{n, std::nullopt}}), 0)),
      at_line(inc_subtensor(index(m, {iv}), x)),
      at_line(take(m, iv, 1)),
      at_line(take_along_axis(v, iv, 0)),
      at_line(choose(iv, {v, w})),
      at_line(compress(v > 0, m, 0)),
      at_line(nonzero(m)),
      at_line(ravel_multi_index({iv, iv}, {3, n})),
      at_line(inverse_permutation(iv)),
      at_line(zeros({n, 3})),
      at_line(eye(n, n, 1)),
      at_line(tri(n)),
      at_line(tril_indices(n)),
      at_line(bartlett(n)),
      at_line(full({n, 2}, 3)),
      at_line(zeros_like(m, DType::int8)),
      at_line(full_like(v, 2.5)),
      at_line(arange(n)),
      at_line(linspace(x, 3, n)),
      at_line(meshgrid({v, iv})),
      at_line(shape(m)),
      at_line(flatten(t3, 2)),
      at_line(dimshuffle(v, {0, 'x'})),
      at_line(moveaxis(t3, 0, 2)),
      at_line(atleast_3d(v)),
      at_line(stacklists({{v, v}, {iv, v}})),
      at_line(vstack({v, iv})),
      at_line(dstack({m, m})),
      at_line(split_equally(transpose(t3), 2, 0)),
      at_line(tile(v, {n, 2})),
      at_line(repeat(v, iv)),
      at_line(roll(v, n)),
      at_line(rot90(m)),
      at_line(pad(m, {{1, n}}, Border::reflect)),
      at_line(trace(m, 1)),
      at_line(fill_diagonal(m, 3)),
      at_line(cumprod(iv)),
      at_line(cummax(m, 1)),
      at_line(ediff1d(m)),
      at_line(interp(x, v, v)),
      at_line(to_one_hot(iv, 4)),
      at_line(sort(m, 0)),
      at_line(topk(v, 2)),
      at_line(digitize(v, v)),
      at_line(bincount(iv, w)),
      at_line(histogram(v, v)),
      at_line(unique(m)),
      at_line(argwhere(m)),
      at_line(unravel_index(iv, {n, 4})),
      at_line(permute_row_elements(m, iv)),
      at_line(assert_op(x, {x > 0, n > 3}, "no")),
      at_line(kron(m, m)),
      at_line(cho_solve(m, v)),
      at_line(pinv(m)),
      at_line(einsum("ij,jk->ik", {m, iv * expand_dims(iv, 0)})),
      at_line(multi_dot({v, m, m})),
      at_line(matrix_norm(m, "nuc")),
      at_line(solve_sylvester(m, m, m)),
      at_line(convolve1d(v, w)),
      at_line(rfft(v, FftNorm::ortho)),
      at_line(categorical_crossentropy(m, iv)),
      at_line(batch_normalization(m, v, v, v, 2)),
      at_line(hypot(n, 3)),
      at_line(multigammaln(v, 3)),
      at_line(real(complex(v, x) * complex(w, 2))),
      at_line(angle(exp(complex(v, 1)))),
      at_line(streams.normal({3, 4}, x, 2.0)),
      at_line(streams.binomial({}, n, 0.5)),
      at_line(streams.multinomial(5, v)),
      at_line(streams.shuffle_rows(m)),
  };
}

TEST(Place, OfWhatEveryBuilderMakesIsTheLineThatCalledIt) {
  std::unordered_set<const Node*> older;
  for (const Expr& e : {x, v, m, n, iv, t3, w}) older.insert(&e.node());
  std::vector<Built> all = every_builder();
  for (Built& built : builders_of_several_ops()) all.push_back(std::move(built));
  for (const Built& built : all)
    for (const Node* node : computed_nodes(built.made)) {
      if (!older.insert(node).second) continue;
      const std::string what = pp(outputs_of(*node)[0], 200) + " at " + to_string(node->place());
      EXPECT_TRUE(has(node->place().file_name(), "places_test.cpp")) << what;
      // The line of a call that takes several is one of them.
      EXPECT_LE(node->place().line(), built.line + 8) << what;
      EXPECT_GE(node->place().line() + 8, built.line) << what;
    }
}

/// Nodes made elsewhere than in the test.
std::vector<std::string> strangers(const Exprs& outputs) {
  std::vector<std::string> found;
  for (const Node* node : computed_nodes(outputs))
    if (is_own(node->place())) found.push_back(pp(outputs_of(*node)[0], 200) + " at " + to_string(node->place()));
  return found;
}

TEST(Place, IsKeptByGradientsSpecialisingVectorisingAndRewriting) {
  const Expr a = dmatrix("a"), b = dvector("b");
  const Expr h = tanh(dot(a, b));
  const Expr last = scan(
                        [&](const Exprs& c, const Exprs& e) {
                          return ScanBody{{sigmoid(c[0] * e[0] + sum(b))}, {log(1.0 + exp(c[0]))}};
                        },
                        {1.0}, {h})
                        .carry[0];
  const Expr cost = logsumexp(softmax(h) * last) + mean(gather(b, constant(integers({2}, {0, 1})))) + sum(cumsum(b));
  Exprs outputs = grad(cost, Exprs{a, b});
  const Exprs forward = jvp(Exprs{cost}, Exprs{b}, Exprs{exp(b)});
  outputs.push_back(forward[0]);
  EXPECT_EQ(strangers(outputs), std::vector<std::string>());
  Graph graph = specialize({{a, b}, outputs}, std::vector<Shape>{{5, 3}, {3}});
  EXPECT_EQ(strangers(graph.outputs), std::vector<std::string>());
  RewriteOptions options;
  options.observer = [](std::string_view pass, const Graph& g) {
    EXPECT_EQ(strangers(g.outputs), std::vector<std::string>()) << "after " << pass;
  };
  graph = rewrite(graph, options);
  const Expr many = input({DType::float64, {7, 3}}, "many");
  EXPECT_EQ(strangers(vectorize(Exprs{cost}, Exprs{b}, Exprs{many}, 1)), std::vector<std::string>());
}

TEST(Place, SurvivesInRandomGraphs) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const random_graphs::RandomGraph random = random_graphs::GraphGenerator(seed).run();
    const Graph rewritten = rewrite(random.graph);
    EXPECT_EQ(strangers(rewritten.outputs), std::vector<std::string>()) << "seed " << seed;
  }
}

// --- Errors ---

template <class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const GraphError& error) {
    return error.what();
  }
  return "no error";
}

const Expr three = input({DType::float64, {3}}, "three"), four = input({DType::float64, {4}}, "four"),
           flag = input({DType::boolean, {3}}, "flag");

struct Fault {
  std::function<void()> build;
  std::string says;
};

template <class E>
void expect_faults(const std::vector<Fault>& faults) {
  for (const Fault& fault : faults) {
    std::string message = "no error";
    try {
      fault.build();
    } catch (const E& error) {
      message = error.what();
    } catch (const std::exception& error) {
      message = std::string("another type: ") + error.what();
    }
    EXPECT_TRUE(has(message, fault.says)) << message << "\nlacks " << fault.says;
    EXPECT_TRUE(has(message, "made at ") && has(message, "places_test.cpp:")) << message;
    EXPECT_EQ(message.find("made at"), message.rfind("made at")) << message;
  }
}

TEST(BuildErrors, OfShapesNameOpValuesInputsAndPlace) {
  expect_faults<ShapeError>({
      {[] { three + four; },
       "add: lengths 3 and 4 of axis 0 do not broadcast (three: float64[3], four: float64[4]; made"},
      {[] { exp(three) * four; }, "mul: lengths 3 and 4 of axis 0 do not broadcast (exp(three): float64[3], four: flo"},
      {[] { dot(three, four); }, "axis 0 of float64[3] and axis 0 of float64[4]"},
      {[] { sum(three, {1}); }, "sum: axis 1 does not exist in a tensor of rank 1"},
      {[] {
         concatenate({three, m});
       },
       "concatenate: "},
      {[] {
         reshape(four, {3, -1});
       },
       "reshape: "},
      {[] {
         transpose(three, {0, 0});
       },
       "transpose: "},
      {[] {
         slice(x, 0, {1, 2});
       },
       "slice: axis 0 does not exist in a tensor of rank 0"},
      {[] { squeeze(three, 0); }, "squeeze: axis 0 has length 3, not 1"},
      {[] {
         broadcast_to(three, {2, 4});
       },
       "broadcast_to: "},
      {[] { diag(m); }, "diag: takes a vector (m: float64[?, ?]; made at"},
      {[] { set_rows(x, iv, 1.0); }, "set_rows: a scalar has no rows"},
      {[] {
         ifelse(
             three, [] { return Exprs{x}; }, [] { return Exprs{x}; });
       },
       "ifelse: the condition must be a scalar"},
      {[] {
         scan([](const Exprs& c, const Exprs&) { return ScanBody{{c[0] * three}, {}}; }, {x}, {}, 2);
       },
       "scan: carry 0 starts as float64 and the body returns float64[3]"},
      {[] {
         max(slice(three, 0, {1, 1}));
       },
       "max: no elements along axis 0"},
  });
}

TEST(BuildErrors, OfElementTypesAndPositionsHaveTheirTypes) {
  expect_faults<DTypeError>({
      {[] { add_rows(iv, iv, x); }, "add_rows: values of type float64 do not fit into int64[?]"},
      {[] { gather(v, three); }, "gather: the index must be of integers, got float64[3]"},
      {[] {
         scan([](const Exprs& c, const Exprs&) { return ScanBody{{c[0] * x}, {}}; }, {n}, {}, 2);
       },
       "scan: carry 0 starts as int64 and the body returns float64"},
      {[] {
         scan([](const Exprs& c, const Exprs&) { return ScanBody{{c[0]}, {}}; }, {n}, {}, x);
       },
       "scan: the number of steps must be an integer scalar, got float64"},
  });
  expect_faults<IndexError>({
      {[] { at(three, 3); }, "at: position 3 does not exist along an axis of length 3"},
      {[] {
         gather(four, constant(integers({2}, {0, 7})));
       },
       "gather: position 7 does not exist along an axis of leng"},
  });
  expect_faults<NegativeLength>({
      {[] { scatter_add(v, iv, -2); }, "scatter_add: the length must not be negative, got -2"},
      {[] {
         scan([](const Exprs& c, const Exprs&) { return ScanBody{{c[0]}, {}}; }, {n}, {}, -2);
       },
       "scan: the number of steps must not be negative, got -2"},
  });
}

TEST(BuildErrors, OfAnEmptyOperandAndOfDerivativesNameThePlace) {
  expect_faults<GraphError>({{[] { x + Expr(); }, "an operand is an empty expression"}});
  const Expr f = input({DType::int64, {2}}, "f");
  const Expr value = host_call(f, v)[0];
  const int line = __LINE__ - 1;
  const std::string message = message_of([&] { grad(sum(grad(value, v)), v); });
  EXPECT_TRUE(has(message, "places_test.cpp:" + std::to_string(line))) << message;
}

TEST(BuildErrors, InTheStepOfALoopNameTheLineInTheStep) {
  unsigned line = 0;
  const std::string message = message_of([&line] {
    const auto step = [&line](const Exprs& c, const Exprs&) {
      line = std::source_location::current().line() + 1;
      const Expr sum_of_both = sum(three + four);
      return ScanBody{{sum_of_both + c[0]}, {}};
    };
    scan(step, {0.0}, {}, 2);
  });
  EXPECT_TRUE(has(message, "places_test.cpp:" + std::to_string(line))) << message;
}

class CallErrors : public testing::TestWithParam<CompileOptions::Target> {};

TEST_P(CallErrors, OfShapesThatMeetAtTheCallAreThoseOfTheBuild) {
  const Expr a = dvector("a"), b = dvector("b");
  const unsigned line = std::source_location::current().line() + 1;
  const Expr written = log(1.0 + exp(a + b));
  const Function f = function({a, b}, sum(written), {.target = GetParam()});
  const std::string message = message_of([&] { f({Array::vector({1, 2, 3}), Array::vector({1, 2, 3, 4})}); });
  EXPECT_TRUE(has(message, "add: lengths 3 and 4 of axis 0 do not broadcast (a: float64[3], b: float64[4]; made at"))
      << message;
  EXPECT_TRUE(has(message, "places_test.cpp:" + std::to_string(line))) << message;
  EXPECT_THROW(f({Array::vector({1, 2, 3}), Array::vector({1, 2, 3, 4})}), ShapeError);
}

TEST_P(CallErrors, OfChecksAtRunTimeNameTheOpItsInputsAndThePlace) {
  const Expr a = dvector("a"), index = lvector("index");
  const unsigned line = std::source_location::current().line() + 1;
  const Expr picked = gather(sqr(a), index);
  const Function f = function({a, index}, sum(picked), {.target = GetParam()});
  const std::string message = message_of([&] { f({Array::vector({1, 2, 3}), integers({2}, {0, 5})}); });
  EXPECT_TRUE(has(message, "position 5 ")) << message;
  EXPECT_TRUE(has(message, "gather(")) << message;
  EXPECT_TRUE(has(message, "index: int64[2]")) << message;
  EXPECT_TRUE(has(message, "places_test.cpp:" + std::to_string(line))) << message;
  EXPECT_THROW(f({Array::vector({1, 2, 3}), integers({2}, {0, 5})}), IndexError);
}

INSTANTIATE_TEST_SUITE_P(Targets, CallErrors,
                         testing::Values(CompileOptions::Target::native, CompileOptions::Target::interpreter),
                         [](const auto& target) {
                           return target.param == CompileOptions::Target::native ? "native" : "interpreted";
                         });

}  // namespace
}  // namespace leapgraph::symbolic
