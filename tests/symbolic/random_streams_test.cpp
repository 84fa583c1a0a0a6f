/// Random streams against NumPy's numbers, and what functions do with them.
#include "leapgraph/symbolic/random_streams.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/loops.hpp"

namespace leapgraph::symbolic {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Results of calls of a function without arguments, one after the other, by the interpreter and natively.
std::vector<double> calls(const std::function<Expr(RandomStreams&)>& variable, int count,
                          CompileOptions::Target target) {
  RandomStreams streams(77);
  const Function f = function({}, variable(streams), {.compile = {.target = target}});
  std::vector<double> all;
  for (int i = 0; i < count; ++i)
    for (double x : static_cast<Array>(f()).reals()) all.push_back(x);
  return all;
}

struct Row {
  const char* name;
  std::function<Expr(RandomStreams&)> variable;
  int calls;
  std::vector<double> expected;  ///< numpy.random.RandomState(308155341) of NumPy 1.24, the first stream of seed 77
};

const std::vector<Row>& rows() {
  static const std::vector<Row> table{
      {"uniform",
       [](RandomStreams& s) { return s.uniform({3}, -1.0, 3.0); },
       2,
       {-0.6096473901062014, 2.724928065687313, -0.6213267634574713, 1.6828250962500615, 2.6333348776501255,
        1.3351524528607799}},
      // An odd number: the other half of a pair is kept for the next call.
      {"normal",
       [](RandomStreams& s) { return s.normal({7}, 2.0, 3.0); },
       1,
       {2.8340297308966536, 0.019647005289964437, 2.514376741324747, 4.506768083260064, 2.2617180454279207,
        9.291283114981212, -1.253459601495158}},
      {"normal_one_by_one",
       [](RandomStreams& s) { return s.normal({}, 2.0, 3.0); },
       4,
       {2.8340297308966536, 0.019647005289964437, 2.514376741324747, 4.506768083260064}},
      {"integers", [](RandomStreams& s) { return s.random_integers({5}, -3, 7); }, 2, {1, -2, 4, 4, 7, -3, 4, 4, 4, 5}},
      {"wide_integers",
       [](RandomStreams& s) { return s.random_integers({3}, -(std::int64_t{1} << 40), std::int64_t{1} << 41); },
       1,
       {567385383345, -380169045273, 1899946584624}},
      {"poisson",
       [](RandomStreams& s) {
         return s.poisson({}, constant(Array::vector({0.5, 3, 9.5, 10.5, 80, 1e5})));
       },
       1,
       {0, 4, 15, 14, 75, 100111}},
      {"binomial",
       [](RandomStreams& s) {
         return s.binomial({}, constant(Array::of<std::int64_t>({6}, {10, 100, 1000, 5000, 40, 100000})),
                           constant(Array::vector({.3, .2, .4, .7, .99, .5})));
       },
       1,
       {1, 26, 383, 3478, 40, 50119}},
      {"bernoulli", [](RandomStreams& s) { return s.bernoulli({6}, 0.3); }, 2, {0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1}},
      {"multinomial",
       [](RandomStreams& s) {
         return s.multinomial(std::int64_t{20}, constant(Array::vector({.2, .3, .5})));
       },
       2,
       {2, 10, 8, 2, 8, 10}},
      {"permutation", [](RandomStreams& s) { return s.permutation(10); }, 2, {8, 3, 9, 6, 5, 0, 2, 7, 1, 4,
                                                                              8, 1, 5, 4, 0, 6, 2, 9, 7, 3}},
      {"choice",
       [](RandomStreams& s) {
         return s.choice({2, 3}, 10);
       },
       1,
       {4, 1, 7, 7, 0, 7}},
      {"choice_of_different", [](RandomStreams& s) { return s.choice({6}, 10, false); }, 1, {8, 3, 9, 6, 5, 0}},
      {"choice_by_probability",
       [](RandomStreams& s) {
         return s.choice({8}, constant(Array::vector({.1, .2, .3, .4})));
       },
       1,
       {0, 3, 0, 3, 3, 2, 3, 2}},
      {"choice_of_different_by_probability",
       [](RandomStreams& s) {
         return s.choice({4}, constant(Array::vector({.1, .2, .3, .3, .1})), false);
       },
       1,
       {0, 4, 3, 2}},
      {"exponential",
       [](RandomStreams& s) { return s.exponential({3}, 2.0); },
       1,
       {0.20536853883311587, 5.354033994645, 0.198907786375843}},
      {"laplace",
       [](RandomStreams& s) { return s.laplace({3}, 1.0, 2.0); },
       1,
       {-2.2677040019260812, 4.967739633525111, -2.3284575981106435}},
      {"logistic",
       [](RandomStreams& s) { return s.logistic({3}, 1.0, 2.0); },
       1,
       {-3.4486298242128566, 6.211540353245572, -3.515844172854691}},
      {"gumbel",
       [](RandomStreams& s) { return s.gumbel({3}, 1.0, 2.0); },
       1,
       {5.552192688034756, -0.9694062278202031, 5.616122254519268}},
      {"weibull",
       [](RandomStreams& s) { return s.weibull({3}, 1.5); },
       1,
       {0.2192818122052436, 1.927972133696022, 0.21465838571042195}},
      {"pareto",
       [](RandomStreams& s) { return s.pareto({3}, 2.5); },
       1,
       {0.04192890096750568, 1.9177325741364228, 0.040583441481332194}},
      {"lognormal",
       [](RandomStreams& s) { return s.lognormal({3}, 0.5, 0.3); },
       1,
       {1.7921266245716734, 1.3525134828563508, 1.735746662991251}},
      {"shuffled_rows",
       [](RandomStreams& s) {
         return at(s.shuffle_rows(constant(Array::of<double>({4, 1}, {0, 1, 2, 3}))), 0, 1);
       },
       0,
       {}},
  };
  return table;
}

TEST(RandomStreams, ShuffleRowsWhoseNumberACallTells) {
  RandomStreams known(7), open(7);
  const Expr x = dmatrix("x");
  const Array rows = Array::of<double>({5, 1}, {0, 1, 2, 3, 4});
  for (const auto target : {CompileOptions::Target::native, CompileOptions::Target::interpreter}) {
    FunctionOptions options;
    options.compile.target = target;
    const Array expected = function({}, known.shuffle_rows(constant(rows)), options)();
    const Array got = function({x}, open.shuffle_rows(x), options)(rows);
    EXPECT_TRUE(same_bits(got, expected)) << to_string(got);
  }
}

TEST(RandomStreams, GiveNumPysNumbers) {
  for (const auto target : {CompileOptions::Target::native, CompileOptions::Target::interpreter})
    for (const Row& row : rows()) {
      const std::vector<double> got = calls(row.variable, row.calls, target);
      ASSERT_EQ(got.size(), row.expected.size()) << row.name;
      // Draws agree to the bit; logarithms and powers of them to rounding.
      for (std::size_t i = 0; i < got.size(); ++i)
        EXPECT_NEAR(got[i], row.expected[i], 1e-14 * std::abs(row.expected[i]) + 1e-15) << row.name << " " << i;
    }
}

/// A loop that draws says what becomes of its stream, and a function that is told carries on where it stopped.
TEST(RandomStreams, AreDrawnFromAnewInEveryStepOfALoop) {
  for (const auto target : {CompileOptions::Target::native, CompileOptions::Target::interpreter}) {
    const CompileOptions way{.target = target};
    const std::vector<double> one_by_one = calls([](RandomStreams& s) { return s.normal({2}); }, 6, target);
    RandomStreams streams(77);
    const Expr drawn = streams.normal({2}), n = lscalar("n");
    const ScanOutputs walk = scan(ScanOptions{.fn = [&](const Expr& sum_so_far) { return sum_so_far + drawn; },
                                              .outputs_info = {constant(Array::vector({0, 0}))},
                                              .n_steps = n});
    ASSERT_EQ(walk.updates.size(), 1u);
    EXPECT_EQ(walk.updates[0].first, streams.streams()[0]);
    const Function f = function({n}, walk[0], {.compile = way, .updates = walk.updates});
    std::vector<double> steps;
    for (const int count : {2, 0, 3, 1}) {  // 6 in all
      double before[] = {0, 0};
      const std::vector<double> rows = Array(f(count)).reals();
      for (std::size_t i = 0; i < rows.size(); ++i) {
        steps.push_back(rows[i] - before[i % 2]);
        before[i % 2] = rows[i];
      }
    }
    ASSERT_EQ(steps.size(), one_by_one.size());
    for (std::size_t i = 0; i < steps.size(); ++i) EXPECT_NEAR(steps[i], one_by_one[i], 1e-14) << i;  // sums round
  }
}

/// What `fn` says of a shared variable is its value in the next step.
TEST(RandomStreams, AndOtherSharedVariablesAreUpdatedFromStepToStep) {
  const SharedVariable count = shared(5, "count");
  const Expr v = dvector("v");
  const ScanOutputs loop = scan(ScanOptions{.fn =
                                                [&](const Expr& e) {
                                                  return ScanStep(Exprs{e * count}, ScanUpdates{{count, count + 1}});
                                                },
                                            .sequences = {v}});
  const Function f = function({v}, loop[0], {.updates = loop.updates});
  EXPECT_THAT(Array(f({1.0, 1.0, 2.0})).reals(), ElementsAre(5, 6, 14));
  EXPECT_EQ(count.get_value(), 8);
  EXPECT_THAT(Array(f(std::vector<double>{})).reals(), ElementsAre());
  EXPECT_EQ(count.get_value(), 8);
}

TEST(RandomStreams, RefuseNegativeSizesWhenBuilt) {
  RandomStreams streams(1);
  EXPECT_THROW(streams.uniform({-1}), NegativeLength);
  EXPECT_THROW(streams.normal({2, -3}), NegativeLength);
}

}  // namespace
}  // namespace leapgraph::symbolic
