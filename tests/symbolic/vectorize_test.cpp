/// Vectorized expressions against a loop of calls, one an item: every op, one and two batch axes, inputs that vary
/// along all, some or none of them, known and unknown lengths; gradients too.
#include "leapgraph/symbolic/vectorize.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/rewrite/verify.hpp"
#include "symbolic/op_examples.hpp"

namespace leapgraph::symbolic {
namespace {

Shape joined(Shape a, const Shape& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// Row-major number of an item in `batch`, whose axes of length 1 repeat, for item `index` of the common shape.
std::int64_t place_of(std::span<const std::int64_t> index, const Shape& batch) {
  std::int64_t place = 0;
  for (std::size_t axis = 0; axis < batch.size(); ++axis)
    place = place * batch[axis] + (batch[axis] == 1 ? 0 : index[axis]);
  return place;
}

/// Part of a row-major batch, as an item of the given shape.
Array item_of(const Array& batch, std::int64_t place, const Shape& item) {
  Array result(Type{batch.dtype(), item});
  copy_elements(batch, place * result.size(), result, 0, result.size());
  return result;
}

/// An application of an op and which of its variables vary, along which axes.
struct Case {
  Expr example;
  Exprs inputs;
  Shape common;
  std::vector<Shape> batches;  ///< of the variables; empty: it does not vary
  Arrays arguments;            ///< with batch axes where they vary

  std::int64_t axes() const { return static_cast<std::int64_t>(common.size()); }
};

/// Ways in which variable `k` of an example can vary.
std::vector<std::vector<Shape>> patterns(const Shape& common, std::size_t count) {
  std::vector<std::vector<Shape>> result{std::vector<Shape>(count, common)};
  for (std::size_t k = 0; k < count && count > 1; ++k) {
    result.emplace_back(count);
    result.back()[k] = common;
  }
  if (common.size() < 2) return result;
  // Along one axis each: {n, 1} meets {1, m}.
  result.emplace_back();
  for (std::size_t k = 0; k < count; ++k) {
    Shape batch(common.size(), 1);
    batch[k % common.size()] = common[k % common.size()];
    result.back().push_back(batch);
  }
  return result;
}

std::vector<Case> cases_of(const Op& op) {
  std::vector<Case> cases;
  for (const Expr& example : examples_of(op)) {
    const Exprs inputs = variables_of(example);
    for (const Shape& common : {Shape{3}, Shape{2, 3}, Shape{1}, Shape{0}})
      for (const std::vector<Shape>& batches : patterns(common, inputs.size())) {
        Case c{example, inputs, common, batches, {}};
        Exprs variables;
        for (std::size_t k = 0; k < inputs.size(); ++k)
          variables.push_back(input({inputs[k].dtype(), joined(batches[k], inputs[k].shape())}, "x"));
        c.arguments = draw_arguments(op, variables, cases.size() + 1);
        cases.push_back(std::move(c));
      }
  }
  return cases;
}

/// The example with variables of unknown lengths, if it can be built so.
Case with_unknown_lengths(Case c) {
  Substitution replaced;
  for (Expr& e : c.inputs) {
    Type type = e.type();
    std::fill(type.shape.begin(), type.shape.end(), unknown);
    const Expr open = input(type, name_of(e));
    replaced.emplace(e, open);
    e = open;
  }
  c.example = substitute(std::span(&c.example, 1), replaced)[0];
  return c;
}

enum class Lengths { known, unknown_batch, unknown };

struct Vectorized {
  Exprs variables;
  Expr result;
};

Vectorized vectorized(const Case& c, Lengths lengths) {
  Vectorized v;
  Exprs inputs, batches;
  for (std::size_t k = 0; k < c.inputs.size(); ++k) {
    const Shape& batch = c.batches[k];
    if (batch.empty()) {
      v.variables.push_back(c.inputs[k]);
      continue;
    }
    const Shape front = lengths == Lengths::known ? batch : Shape(batch.size(), unknown);
    v.variables.push_back(input({c.inputs[k].dtype(), joined(front, c.inputs[k].shape())}, "batch"));
    inputs.push_back(c.inputs[k]);
    batches.push_back(v.variables.back());
  }
  v.result = vectorize(std::span(&c.example, 1), inputs, batches, c.axes())[0];
  return v;
}

/// Calls visit(index, arguments of that item) for every item of the batch.
template <class F>
void for_each_item(const Case& c, F&& visit) {
  for_each_index(c.common, [&](auto index, std::int64_t) {
    Arrays arguments;
    for (std::size_t k = 0; k < c.inputs.size(); ++k) {
      Shape item = c.arguments[k].shape();
      item.erase(item.begin(), item.begin() + static_cast<std::ptrdiff_t>(c.batches[k].size()));
      arguments.push_back(item_of(c.arguments[k], place_of(index, c.batches[k]), item));
    }
    visit(index, arguments);
  });
}

/// Sums are grouped differently when batch axes are in the way: some rounding.
void expect_close(const Array& got, const Array& want, double size, const std::string& where) {
  ASSERT_EQ(got.type(), want.type()) << where;
  const double tolerance = want.dtype() == DType::float32 ? 1e-5 : 1e-12;
  for (std::int64_t i = 0; i < want.size(); ++i)
    if (!(std::isnan(want.real(i)) && std::isnan(got.real(i))) && want.real(i) != got.real(i)) {
      ASSERT_NEAR(got.real(i), want.real(i), tolerance * std::max(size, std::abs(want.real(i)))) << where;
    }
}

void check_values(const Case& c, Lengths lengths, const std::string& where) {
  const Vectorized v = vectorized(c, lengths);
  verify(Graph{v.variables, {v.result}}, Stage::built, "vectorize");
  const Array got = interpret(Graph{v.variables, {v.result}}, c.arguments)[0];
  const bool varies = v.result.rank() != c.example.rank();
  Shape batch;
  if (varies) {
    ASSERT_EQ(v.result.rank(), c.example.rank() + c.axes()) << where;
    batch.assign(got.shape().begin(), got.shape().begin() + c.axes());
    for (std::size_t axis = 0; axis < batch.size(); ++axis)
      EXPECT_TRUE(batch[axis] == 1 || batch[axis] == c.common[axis]) << where;
  }
  for_each_item(c, [&](auto index, const Arrays& arguments) {
    const Array want = interpret(Graph{c.inputs, {c.example}}, arguments)[0];
    expect_close(
        item_of(got, place_of(index, batch), Shape(got.shape().begin() + (varies ? c.axes() : 0), got.shape().end())),
        want, 1, where);
  });
}

class VectorizeEveryOp : public testing::TestWithParam<const Op*> {};

INSTANTIATE_TEST_SUITE_P(Ops, VectorizeEveryOp, testing::ValuesIn(all_ops().begin(), all_ops().end()),
                         [](const auto& test) { return std::string(test.param->name); });

/// `iota` makes lengths: items of different lengths are no batch. A random stream gives one sample after the other.
bool may_refuse(const Op& op) {
  return op.effect || op.name == "iota" || op.name == "random_like" || (lowering_as<Routine>(op) != nullptr && op.batched == nullptr);
}

TEST_P(VectorizeEveryOp, IsALoopOfCalls) {
  if (may_refuse(*GetParam())) GTEST_SKIP() << "works on one item at a time";
  std::size_t number = 0;
  for (const Case& c : cases_of(*GetParam())) {
    const std::string where = "case " + std::to_string(number++) + ", common " + to_string(c.common);
    check_values(c, Lengths::known, where + ", known lengths");
    check_values(c, Lengths::unknown_batch, where + ", unknown batch");
    if (HasFatalFailure()) return;
    Case open;
    try {
      open = with_unknown_lengths(c);
    } catch (const GraphError&) {
      continue;  // the op wants known lengths
    }
    check_values(open, Lengths::unknown, where + ", unknown lengths");
    if (HasFatalFailure()) return;
  }
}

TEST_P(VectorizeEveryOp, HasTheGradientOfEveryItem) {
  if (may_refuse(*GetParam())) GTEST_SKIP() << "works on one item at a time";
  std::size_t number = 0;
  for (const Case& c : cases_of(*GetParam())) {
    const std::string where = "case " + std::to_string(number++) + ", common " + to_string(c.common);
    if (c.example.dtype() != DType::float64) continue;
    const Vectorized v = vectorized(c, Lengths::known);
    if (v.result.rank() == c.example.rank()) continue;
    Exprs wrt, item_wrt;
    std::vector<std::size_t> places;
    for (std::size_t k = 0; k < c.inputs.size(); ++k)
      if (is_floating(c.inputs[k].dtype()) && !c.batches[k].empty()) {
        wrt.push_back(v.variables[k]);
        item_wrt.push_back(c.inputs[k]);
        places.push_back(k);
      }
    if (wrt.empty()) continue;
    const Array weights = draw_direction(Type{DType::float64, joined(c.common, c.example.shape())}, 7);
    const Expr weight = input({DType::float64, c.example.shape()}, "weight");
    Exprs gradients, item_gradients;
    try {
      gradients = grad(sum(v.result * constant(weights)), wrt, Disconnected::zero);
      item_gradients = grad(sum(c.example * weight), item_wrt, Disconnected::zero);
    } catch (const GraphError& error) {
      ASSERT_NE(std::string(error.what()).find("no gradient"), std::string::npos) << error.what();
      continue;
    }
    std::vector<std::vector<double>> want;
    for (std::size_t place : places) want.emplace_back(static_cast<std::size_t>(c.arguments[place].size()), 0.0);
    Exprs item_variables = c.inputs;
    item_variables.push_back(weight);
    std::int64_t item_number = 0;
    for_each_item(c, [&](auto index, Arrays arguments) {
      arguments.push_back(item_of(weights, item_number++, c.example.shape()));
      const std::vector<Array> here = interpret(Graph{item_variables, item_gradients}, arguments);
      for (std::size_t g = 0; g < here.size(); ++g)
        for (std::int64_t i = 0; i < here[g].size(); ++i)
          want[g][static_cast<std::size_t>(place_of(index, c.batches[places[g]]) * here[g].size() + i)] +=
              here[g].real(i);
    });
    const std::vector<Array> got = interpret(Graph{v.variables, gradients}, c.arguments);
    for (std::size_t g = 0; g < got.size(); ++g) {
      ASSERT_EQ(got[g].type(), c.arguments[places[g]].type()) << where;
      for (std::size_t i = 0; i < want[g].size(); ++i) {
        const double a = got[g].real(static_cast<std::int64_t>(i));
        if (std::isnan(want[g][i]) && std::isnan(a)) continue;
        // Sums over the items that share a value are grouped differently.
        ASSERT_NEAR(a, want[g][i], 1e-12 * std::max(10.0, std::abs(want[g][i]))) << where << ", gradient " << g;
      }
    }
  }
}

// --- What examples of single ops do not show ---

/// A program over variables, some integers below 3, against the loop, in all patterns.
void check_program(const Expr& result) {
  const Exprs inputs = variables_of(result);
  for (const Shape& common : {Shape{3}, Shape{2, 3}})
    for (const std::vector<Shape>& batches : patterns(common, inputs.size())) {
      Case c{result, inputs, common, batches, {}};
      Exprs variables;
      for (std::size_t k = 0; k < inputs.size(); ++k)
        variables.push_back(input({inputs[k].dtype(), joined(batches[k], inputs[k].shape())}, "x"));
      c.arguments = draw_arguments(add_op, variables, 3);
      check_values(c, Lengths::known, "known");
      check_values(c, Lengths::unknown_batch, "unknown batch");
      check_values(with_unknown_lengths(c), Lengths::unknown, "unknown");
    }
}

Expr real(Shape shape) { return input({DType::float64, std::move(shape)}, "x"); }
Expr whole(Shape shape) { return input({DType::int64, std::move(shape)}, "i"); }

TEST(Vectorize, PicksRowsOfVaryingTablesByVaryingIndices) {
  check_program(gather(real({3}), whole({})));
  check_program(gather(real({3}), whole({4})));
  check_program(gather(real({3, 2}), whole({2, 2})));
  check_program(gather(real({2, 3}), whole({4}), 1));
}

TEST(Vectorize, AddsVaryingValuesAtVaryingIndices) {
  check_program(scatter_add(real({4}), whole({4}), 3));
  check_program(scatter_add(real({4, 2}), whole({4}), 3));
  check_program(make(scatter_like_op, {real({2}), whole({}), real({3, 2})}));
}

TEST(Vectorize, ComputesBothSidesOfABranchOnAVaryingCondition) {
  const Expr x = real({3}), y = real({});
  const Exprs both = ifelse(
      y > 0.0,
      [&] {
        return Exprs{x * y, sum(x)};
      },
      [&] {
        return Exprs{exp(x), y};
      });
  check_program(both[0]);
  check_program(both[1]);
}

TEST(Vectorize, LetsNoSideFailThatIsNotTaken) {
  const Expr table = real({3}), i = whole({}), is = whole({4});
  const auto guarded = [&](const std::function<Expr(const Expr&)>& read) {
    return ifelse(
        i >= 1, [&] { return Exprs{read(i - 1)}; }, [&] { return Exprs{constant(-1.0)}; })[0];
  };
  const auto in_loop = [&](const Expr& row) {
    return scan(
               [&](const Exprs& c, const Exprs&) {
                 return ScanBody{{c[0] + gather(table, row)}, {}};
               },
               {0.0}, {}, 2)
        .carry[0];
  };
  const Expr nested = guarded([&](const Expr& row) {
    return ifelse(
        i < 5, [&] { return Exprs{gather(table, row)}; }, [&] { return Exprs{gather(table, row - 2)}; })[0];
  });
  const Exprs programs{guarded([&](const Expr& row) { return gather(table, row); }), guarded(in_loop), nested};
  const Graph graph{{table, is}, vectorize(programs, Exprs{i}, Exprs{is})};
  const auto got = interpret(graph, Arrays{Array::vector({1, 2, 3}), Array::of<std::int64_t>({4}, {3, 0, 2, -7})});
  EXPECT_EQ(got[0].reals(), (std::vector<double>{3, -1, 2, -1}));
  EXPECT_EQ(got[1].reals(), (std::vector<double>{6, -1, 4, -1}));
  EXPECT_EQ(got[2].reals(), (std::vector<double>{3, -1, 2, -1}));
}

TEST(Vectorize, WritesVaryingRowsAndValues) {
  check_program(set_rows(real({3}), whole({}), real({})));
  check_program(set_rows(real({3, 2}), whole({4}), real({4, 2})));
  check_program(add_rows(real({3, 2}), whole({4}), real({4, 2})));
}

TEST(Vectorize, KeepsABranchOnAConditionThatDoesNotVary) {
  const Expr x = real({}), y = real({}), test = dscalar("test");
  const Expr result = ifelse(
      test > 0.0, [&] { return Exprs{x * 2.0}; }, [&] { return Exprs{y}; })[0];
  const Expr xs = real({3}), ys = real({1});
  const Expr made = vectorize(std::span(&result, 1), Exprs{x, y}, Exprs{xs, ys})[0];
  EXPECT_EQ(&made.op(), &ifelse_op);
  EXPECT_EQ(made.shape(), Shape{3});
}

TEST(Vectorize, NestsLoops) {
  const Expr x = real({}), rows = real({4, 2}), k = real({2});
  const ScanResult inner = scan(
      [&](const Exprs& carry, const Exprs& row) {
        return ScanBody{{carry[0] * x + sum(row[0] * k)}, {carry[0] + k}};
      },
      {0.5}, {rows});
  check_program(inner.carry[0]);
  check_program(inner.outputs[0]);
  const ScanResult starts_equal = scan(
      [&](const Exprs& carry, const Exprs&) {
        return ScanBody{{carry[0] + carry[1], carry[1] * 2.0, carry[2] + x}, {carry[0]}};
      },
      {0.0, 1.0, 2.0}, {}, 3);
  for (const Expr& e : starts_equal.carry) check_program(e * (1.0 + x));
}

TEST(Vectorize, LeavesWhatDoesNotVaryAsItIs) {
  const Expr x = real({3}), y = real({3}), xs = real({5, 3});
  const Exprs outputs{exp(y), zeros_like(x), length(x, 0), x + exp(y)};
  const Exprs made = vectorize(outputs, Exprs{x}, Exprs{xs});
  EXPECT_EQ(made[0], outputs[0]);
  EXPECT_EQ(made[1].shape(), Shape{3});
  EXPECT_EQ(made[2].rank(), 0);
  EXPECT_EQ(made[3], xs + exp(y));
}

TEST(Vectorize, BroadcastsInsteadOfGathering) {
  const Expr t = real({}), k = real({}), ts = real({4, 1}), ks = real({1, 3});
  const Expr both = exp(t) * sin(k);
  EXPECT_EQ(vectorize(std::span(&both, 1), Exprs{t, k}, Exprs{ts, ks}, 2)[0], exp(ts) * sin(ks));
}

TEST(Vectorize, AlignsScalarsWithVectorsOfTheSameItem) {
  const Expr s = real({}), v = real({3}), ss = real({5}), vs = real({5, 3});
  const Expr product = s * v;
  EXPECT_EQ(vectorize(std::span(&product, 1), Exprs{s, v}, Exprs{ss, vs})[0], expand_dims(ss, 1) * vs);
}

TEST(Vectorize, GathersOnceFromATableThatDoesNotVary) {
  const Expr table = real({7}), i = whole({}), is = whole({5});
  const Expr picked = gather(table, i);
  EXPECT_EQ(vectorize(std::span(&picked, 1), Exprs{i}, Exprs{is})[0], gather(table, is));
}

TEST(Vectorize, RejectsAnIndexThatIsOutOfRangeInItsItem) {
  const Expr table = real({3}), i = whole({}), tables = real({2, 3}), is = whole({2});
  const Expr picked = gather(table, i);
  const Graph graph{{tables, is}, vectorize(std::span(&picked, 1), Exprs{table, i}, Exprs{tables, is})};
  const Arrays in_range{Array::of<double>({2, 3}, {0, 1, 2, 3, 4, 5}), Array::of<std::int64_t>({2}, {2, 1})};
  EXPECT_EQ(interpret(graph, in_range)[0].reals(), (std::vector<double>{2, 4}));
  const Arrays beyond{in_range[0], Array::of<std::int64_t>({2}, {3, 1})};  // row 0 of the next item
  EXPECT_THROW(interpret(graph, beyond), GraphError);
}

TEST(Vectorize, NamesTheOpThatHasNoRule) {
  const Expr x = real({3}), n = lscalar("n"), xs = real({2, 3}), ns = lvector("ns");
  const Expr function = input({DType::int64, {2}}, "function");
  const Expr called = host_call(function, x)[0];
  const Expr looped = scan(
                          [](const Exprs& c, const Exprs&) {
                            return ScanBody{{c[0] * 2.0}, {}};
                          },
                          {x}, {}, n)
                          .carry[0];
  try {
    vectorize(std::span(&called, 1), Exprs{x}, Exprs{xs});
    FAIL();
  } catch (const NotVectorizable& error) {
    EXPECT_NE(std::string(error.what()).find("host_call cannot be vectorized"), std::string::npos) << error.what();
  }
  try {
    vectorize(std::span(&looped, 1), Exprs{n}, Exprs{ns});
    FAIL();
  } catch (const NotVectorizable& error) {
    EXPECT_NE(std::string(error.what()).find("its number of steps varies"), std::string::npos) << error.what();
  }
}

TEST(Vectorize, SaysWhenABatchDoesNotFitItsInput) {
  const Expr x = real({3}), y = real({5, 4});
  EXPECT_THROW(vectorize(std::span(&x, 1), Exprs{x}, Exprs{y}), GraphError);
  EXPECT_THROW(vectorize(std::span(&x, 1), Exprs{x}, Exprs{x}), GraphError);
}

}  // namespace
}  // namespace leapgraph::symbolic
