/// Shared variables: values, updates that are all made or none, default updates, states of inputs, copies of functions,
/// and all of it from several threads.
#include "leapgraph/symbolic/shared.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/host_function.hpp"
#include "leapgraph/symbolic/loops.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "symbolic/errors.hpp"

namespace leapgraph::symbolic {
namespace {

void expect_says(const std::string& message, std::initializer_list<std::string> parts) {
  for (const std::string& part : parts) EXPECT_NE(message.find(part), std::string::npos) << message;
}

constexpr CompileOptions interpreted{.target = CompileOptions::Target::interpreter};

class SharedIn : public testing::TestWithParam<CompileOptions::Target> {
 protected:
  CompileOptions options() const { return {.target = GetParam()}; }
};
INSTANTIATE_TEST_SUITE_P(Targets, SharedIn,
                         testing::Values(CompileOptions::Target::automatic, CompileOptions::Target::interpreter),
                         [](const auto& test) {
                           return test.param == CompileOptions::Target::automatic ? "native" : "interpreted";
                         });

TEST(SharedVariable, HasTheTypeOfItsFirstValue) {
  EXPECT_EQ(to_string(shared(0).type()), "int64");
  EXPECT_EQ(to_string(shared(0.0, "w").type()), "float64");
  EXPECT_EQ(shared(0.0, "w").name(), "w");
  EXPECT_EQ(to_string(shared(true).type()), "bool");
  EXPECT_EQ(to_string(shared({{1, 2}, {3, 4}}).type()), "int64[?, ?]");
  EXPECT_EQ(to_string(shared({1, 2.5}).type()), "float64[?]");
  EXPECT_EQ(to_string(shared(std::vector<double>{1, 2}).type()), "float64[?]");
  EXPECT_EQ(to_string(shared(Array::of<float>({1, 2}, {1, 2})).type()), "float32[?, ?]");
  EXPECT_NE(shared(0), shared(0)) << "each is its own";
}

TEST(SharedVariable, KeepsItsTypeAndChangesItsShape) {
  SharedVariable v = shared({1.0, 2.0}, "v");
  v.set_value({1, 2, 3});
  EXPECT_EQ(v.get_value().reals(), (std::vector<double>{1, 2, 3}));
  v.set_value(Array::of<float>({1}, {0.5f}));
  EXPECT_EQ(v.get_value().type(), (Type{DType::float64, {1}}));
  expect_says(message_of<ShapeError>([&] { v.set_value(1.0); }), {"'v' must be float64[?], got float64"});
  SharedVariable n = shared(1, "n");
  expect_says(message_of<DTypeError>([&] { n.set_value(1.5); }), {"'n'", "int64", "1.5"});
  expect_says(message_of<DTypeError>([&] { n.set_value(Array::scalar(2.0)); }), {"must be int64, got float64"});
  n.set_value(2.0);
  EXPECT_EQ(n.get_value().integer(), 2);
}

TEST(SharedVariable, GivesAndTakesValuesNotViews) {
  Array array = Array::vector({1, 2});
  SharedVariable v = shared(array);
  array.set(0, 10);
  EXPECT_EQ(v.get_value().real(), 1);
  Array got = v.get_value();
  got.set(0, 20);
  EXPECT_EQ(v.get_value().real(), 1);
  array.set(0, 30);
  v.set_value(array);
  array.set(0, 40);
  EXPECT_EQ(v.get_value().real(), 30);
  const Function f = function({}, {v, v + 1.0}, {.compile = interpreted, .updates = {{v, v + 1.0}}});
  Results seen = f();
  std::vector<Array> mine = seen;
  mine[0].set(0, -1);
  const Array before = v.get_value();
  f();
  f();
  EXPECT_EQ(before.real(), 31);
  EXPECT_EQ(v.get_value().real(), 33);
}

TEST_P(SharedIn, AnAccumulatorReturnsTheOldValue) {
  const SharedVariable state = shared(0);
  const Expr inc = input({DType::int32, {}}, "inc");
  const Function accumulator = function({inc}, state, {.compile = options(), .updates = {{state, state + inc}}});
  const Function decrementor = function({inc}, state, {.compile = options(), .updates = {{state, state - inc}}});
  EXPECT_EQ(accumulator(1), 0);
  EXPECT_EQ(state.get_value().integer(), 1);
  EXPECT_EQ(state.get_value(), 1);
  EXPECT_EQ(accumulator(300), 1);
  EXPECT_EQ(state.get_value().integer(), 301);
  state.set_value(-1);
  EXPECT_EQ(accumulator(3), -1);
  EXPECT_EQ(decrementor(2), 2);
  EXPECT_EQ(state.get_value().integer(), 0);
}

TEST_P(SharedIn, UpdatesAreAllComputedFromOldValues) {
  SharedVariable a = shared({1.0, 2.0}, "a"), b = shared({10.0, 20.0}, "b"), n = shared(1, "n");
  const Function swap =
      function({}, {}, {.compile = options(), .updates = {{a, b}, {b, a}, {n, n + cast(sum(a), DType::int64)}}});
  for (int i = 0; i < 3; ++i) swap();
  EXPECT_EQ(a.get_value().reals(), (std::vector<double>{10, 20}));
  EXPECT_EQ(b.get_value().reals(), (std::vector<double>{1, 2}));
  EXPECT_EQ(n.get_value().integer(), 1 + 3 + 30 + 3);
}

TEST_P(SharedIn, ShapesMayChangeFromCallToCall) {
  SharedVariable v = shared({1.0}, "v");
  const Function grow = function({}, sum(v), {.compile = options(), .updates = {{v, concatenate({v, v * 2.0}, 0)}}});
  EXPECT_EQ(grow(), 1);
  EXPECT_EQ(grow(), 3);
  EXPECT_EQ(v.get_value().reals(), (std::vector<double>{1, 2, 2, 4}));
  v.set_value({5});
  EXPECT_EQ(grow(), 5);
  EXPECT_EQ(grow.specialisations(), 2u);
}

TEST_P(SharedIn, LengthsThatOnlyTheCallTellsArriveInValues) {
  const Expr n = lscalar("n");
  SharedVariable v = shared(std::vector<double>{7}, "v");
  const Expr counted = scan(
                           [](const Exprs& carry, const Exprs&) {
                             return ScanBody{{carry[0] + 1.0}, {carry[0]}};
                           },
                           {0.0}, {}, n)
                           .outputs[0];
  const Function f = function({n}, counted, {.compile = options(), .updates = {{v, counted}}});
  for (const int length : {3, 1, 5000, 2}) {
    EXPECT_EQ(f(length)[0].size(), length);
    ASSERT_EQ(v.get_value().shape(), Shape{length});
    EXPECT_EQ(v.get_value().real(length - 1), length - 1);
  }
}

TEST_P(SharedIn, AFailedCallLeavesEverythingAsItWas) {
  SharedVariable count = shared(0, "count"), row = shared({1.0, 2.0}, "row"), picked = shared(0.0, "picked");
  const Expr i = lscalar("i");
  const Function f = function(
      {i}, count, {.compile = options(), .updates = {{count, count + 1}, {row, row * 2.0}, {picked, gather(row, i)}}});
  f(1);
  for (int round = 0; round < 2; ++round) {
    EXPECT_THROW(f(5), GraphError);
    EXPECT_EQ(count.get_value().integer(), 1);
    EXPECT_EQ(row.get_value().reals(), (std::vector<double>{2, 4}));
    EXPECT_EQ(picked.get_value().real(), 2);
  }
  f(0);
  EXPECT_EQ(count.get_value().integer(), 2);
  EXPECT_EQ(picked.get_value().real(), 2);
  // Shapes that do not fit are found before anything runs.
  SharedVariable other = shared({1.0, 2.0, 3.0}, "other");
  const Function g = function({}, {}, {.compile = options(), .updates = {{count, count + 1}, {row, row + other}}});
  EXPECT_THROW(g(), GraphError);
  EXPECT_EQ(count.get_value().integer(), 2);
  other.set_value({1, 1});
  g();
  EXPECT_EQ(row.get_value().reals(), (std::vector<double>{5, 9}));
}

TEST(Updates, OfAnotherTypeOrTargetAreRefused) {
  SharedVariable f32 = shared(Array::scalar(0.0).cast(DType::float32), "f32"), n = shared(0, "n");
  const Expr x = dscalar("x"), v = dvector("v");
  const auto refusal = [&](const Updates& updates) {
    return message_of<UpdateError>([&] { function({}, {}, {.compile = interpreted, .updates = updates}); });
  };
  SharedVariable w = shared(1.0, "w");
  expect_says(refusal({{f32, f32 * w}}),
              {"'f32', which is float32, must have its type, got float64", "cast(..., DType::float32)"});
  expect_says(refusal({{n, n + w}}), {"int64", "float64"});
  expect_says(refusal({{n, shared({1, 2})}}), {"int64[?]"});
  expect_says(refusal({{n, n + 1}, {n, n + 2}}), {"'n' ", "is updated twice"});
  expect_says(refusal({{x, x + 1.0}}), {"only shared variables are updated", "'x'"});
  expect_says(refusal({{n + 1, n + 1}}), {"only shared variables are updated"});
  expect_says(refusal({{n, 1.5}}), {"1.5 cannot be stored in int64", "shared_test.cpp"});
  expect_says(refusal({{n, Expr()}}), {"'n' is an empty expression"});
  expect_says(message_of<MissingInput>([&] { function({}, {}, {.updates = {{w, x + w}}}); }), {"'x'"});
  expect_says(message_of<GraphError>([&] { function({n}, n + 1); }), {"the shared variable 'n'", "cannot be an input"});
  const Function reset = function({}, w, {.compile = interpreted, .updates = {{w, 0}, {f32, 0.5}}});
  reset();
  EXPECT_EQ(w.get_value().real(), 0) << "a plain number has the type of the variable";
  EXPECT_EQ(f32.get_value().real(), 0.5);
}

TEST(Updates, MayComeAsPairs) {
  SharedVariable w = shared(1.0, "w"), s = shared(2.0, "s");
  const std::vector<std::pair<SharedVariable, Expr>> updates{{w, w + s}, {s, s * 2.0}};
  const Function f = function({}, w, {.compile = interpreted, .updates = updates});
  f();
  EXPECT_EQ(f(), 3);
  EXPECT_EQ(s.get_value().real(), 8);
  ASSERT_EQ(f.updates().size(), 2u);
  EXPECT_EQ(f.updates()[1].first, s);
  EXPECT_EQ(f.shared_variables(), (std::vector<SharedVariable>{w, s}));
}

TEST(Updates, SeeGivens) {
  SharedVariable total = shared(0.0, "total"), data = shared({1.0, 2.0, 3.0}, "data");
  const Expr v = dvector("v");
  const Function f =
      function({}, sum(v), {.compile = interpreted, .updates = {{total, total + sum(v)}}, .givens = {{v, data}}});
  EXPECT_EQ(f(), 6);
  data.set_value({10});
  EXPECT_EQ(f(), 10);
  EXPECT_EQ(total.get_value().real(), 16);
  EXPECT_EQ(function({}, total + 1.0, {.compile = interpreted, .givens = {{total, 5}}})(), 6)
      << "a given in the place of a shared variable";
}

TEST(DefaultUpdates, AreMadeByWhoeverReadsTheVariable) {
  SharedVariable state = shared(1, "state"), steps = shared(0, "steps");
  state.set_default_update(state * 2 + steps * 0);
  steps.set_default_update(steps + 1);
  EXPECT_EQ(state.default_update(), state * 2 + steps * 0);
  const Expr draw = state + 100;
  const FunctionOptions plain{.compile = interpreted};
  const Function f = function({}, draw, plain);
  EXPECT_EQ(f(), 101);
  EXPECT_EQ(f(), 102);
  EXPECT_EQ(steps.get_value().integer(), 2) << "of variables that default updates read";
  EXPECT_EQ(function({}, draw, {.compile = interpreted, .no_default_updates = true})(), 104);
  EXPECT_EQ(state.get_value().integer(), 4);
  EXPECT_EQ(function({}, draw, {.compile = interpreted, .no_default_updates = {state}})(), 104);
  EXPECT_EQ(steps.get_value().integer(), 2) << "nobody read it";
  EXPECT_EQ(function({}, draw, {.compile = interpreted, .updates = {{state, 7}}})(), 104);
  EXPECT_EQ(state.get_value().integer(), 7) << "an explicit update counts";
  EXPECT_EQ(function({}, draw - draw, plain)(), 0) << "one draw in one call";
  state.set_default_update(Expr());
  EXPECT_FALSE(state.default_update());
  function({}, draw, plain)();
  EXPECT_EQ(state.get_value().integer(), 14);
  message_of<UpdateError>([&] { state.set_default_update(cast(state, DType::float64)); });
}

TEST(SharedVariable, IsForgottenWithItsLastUser) {
  const auto use_one = [] {
    SharedVariable state = shared(1.0, "state");
    state.set_default_update(state * 2.0);
    const Function f = function({}, exp(state), {.compile = interpreted});
    f();
  };
  use_one();  // the tables of rules are made when they are needed first
  const std::size_t before = interned_nodes();
  use_one();
  EXPECT_EQ(interned_nodes(), before) << "a default update does not keep its variable";
}

TEST_P(SharedIn, AnInputMayHaveAStateOfItsOwn) {
  const Expr a = dscalar("a"), total = dscalar("total");
  const Function f = function({a, In(total, 0, "", a + total)}, total, options());
  EXPECT_EQ(f(1), 0);
  EXPECT_EQ(f(10), 1);
  EXPECT_EQ(f(100), 11);
  EXPECT_EQ(f.value("total").real(), 111);
  EXPECT_EQ(f(1, 1000), 1000) << "given, the state goes on from there";
  EXPECT_EQ(f(0), 1001);
  const Function other = copy(f);
  EXPECT_EQ(other(5), 1001);
  EXPECT_EQ(f(0), 1001) << "a copy has its own";
  EXPECT_EQ(other(0), 1006);
  expect_says(message_of<UpdateError>([&] {
                In no_value(total);
                no_value.update = a + total;
                function({a, no_value}, total);
              }),
              {"'total' has an update but no value"});
  expect_says(message_of<UpdateError>([&] { function({a, In(total, 0, "", a > total)}, total); }), {"'total'", "bool"});
}

TEST_P(SharedIn, ScansAndGradientsSeeThem) {
  SharedVariable w = shared({1.0, -2.0}, "w"), rate = shared(0.25, "rate");
  const Expr n = lscalar("n");
  const Expr cost = sum(sqr(w - 3.0));
  const Function train = function({}, cost, {.compile = options(), .updates = {{w, w - rate * grad(cost, w)}}});
  for (int i = 0; i < 60; ++i) train();
  EXPECT_LT(std::abs(train()), 1e-12) << "halves the distance with each step";
  const ScanResult powers = scan(
      [&](const Exprs& carry, const Exprs&) {
        return ScanBody{{carry[0] * rate}, {}};
      },
      {1.0}, {}, n);
  const Function power = function({n}, powers.carry[0], options());
  EXPECT_EQ(power(3), 1.0 / 64);
  rate.set_value(2);
  EXPECT_EQ(power(10), 1024);
}

TEST_P(SharedIn, CopiesMaySwapThemAndLeaveUpdatesOut) {
  SharedVariable state = shared(0, "state"), fresh = shared(100, "fresh"), real = shared(1.0, "real");
  const Expr inc = lscalar("inc");
  const Function f =
      function({inc}, state, {.compile = options(), .updates = {{state, state + inc}}, .name = "accumulator"});
  f(5);
  const Function g = copy(f, {.swap = {{state, fresh}}, .name = "other"});
  EXPECT_EQ(g(7), 100);
  EXPECT_EQ(fresh.get_value().integer(), 107);
  EXPECT_EQ(state.get_value().integer(), 5);
  EXPECT_EQ(g.name(), "other");
  EXPECT_EQ(g.shared_variables(), (std::vector<SharedVariable>{fresh}));
  EXPECT_EQ(g.specialisations(), 1u) << "code is shared";
  const Function still = copy(f, {.delete_updates = true});
  EXPECT_EQ(still(0), 5) << "an input that only the update needed stays";
  EXPECT_EQ(still(1), 5);
  EXPECT_EQ(still.name(), "accumulator");
  message_of<UpdateError>([&] { copy(f, {.swap = {{state, real}}}); });
  message_of<UpdateError>([&] { copy(f, {.swap = {{real, fresh}}}); });
  SharedVariable a = shared(1, "a"), b = shared(2, "b");
  const Function both = function({}, a * 10 + b, {.compile = options(), .updates = {{a, a + b}}});
  EXPECT_EQ(copy(both, {.swap = {{a, b}, {b, a}}})(), 21);
  EXPECT_EQ(b.get_value().integer(), 3);
  EXPECT_EQ(copy(both, {.swap = {{b, a}}})(), 11) << "two that become one";
  EXPECT_EQ(a.get_value().integer(), 2);
}

TEST(Threads, LoseNoUpdateOfOneFunctionOrSeveral) {
  SharedVariable count = shared(0, "count"), vector = shared({0.0, 0.0, 0.0}, "vector"), calls = shared(0, "calls");
  const Expr inc = lscalar("inc");
  // In either order, so that turns taken in the order of the lists would wait for each other.
  const Function up =
      function({inc}, {}, {.updates = {{count, count + inc}, {vector, vector + 1.0}, {calls, calls + 1}}});
  const Function down =
      function({inc}, {}, {.updates = {{calls, calls + 1}, {vector, vector + 1.0}, {count, count - inc}}});
  // Whatever the moment, all elements have been counted as often as there were calls.
  const Function look = function({}, {vector, calls});
  std::atomic<int> torn = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        if (t % 2 == 0)
          up(3);
        else
          down(1);
        const Results seen = look();
        for (int k = 0; k < 3; ++k)
          if (seen[0].real(k) != double(seen[1])) ++torn;
        const Array value = vector.get_value();
        if (value.real(0) != value.real(2)) ++torn;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count.get_value().integer(), 1000 * 3 - 1000);
  EXPECT_EQ(calls.get_value().integer(), 2000);
  EXPECT_EQ(torn, 0);
}

TEST(Threads, MayBuildCompileAndCallAtOnce) {
  std::atomic<int> wrong = 0;
  SharedVariable factor = shared(2.0, "factor");
  const Expr x = dvector("x");
  const Function common = function({x}, sum(x * factor), {.compile = interpreted});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 1; i <= 30; ++i) {
        const Expr own = dscalar("own");
        const Function f = function({own}, own * factor + t, {.compile = interpreted});
        if (f(i) != 2.0 * i + t) ++wrong;
        const std::vector<double> ones(static_cast<std::size_t>(1 + (i + t) % 5), 1.0);
        if (common(ones) != 2.0 * static_cast<double>(ones.size())) ++wrong;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(common.specialisations(), 5u);
}

TEST_P(SharedIn, AFunctionInACallMayLookAtWhatTheCallUpdatesButNotSetIt) {
  SharedVariable state = shared(1.0, "state");
  std::string refused;
  double seen = 0;
  const WrappedFunction host([&](std::span<const double>, std::span<double> gradient) {
    gradient[0] = 0;
    seen = state.get_value().real();
    try {
      state.set_value(50.0);
    } catch (const UpdateError& error) {
      refused = error.what();
    }
    return 10.0;
  });
  const Expr function_argument = input({DType::int64, {2}}, "host");
  const Function f = function(
      {function_argument}, {},
      {.compile = options(), .updates = {{state, host_call(function_argument, reshape(state, {1}))[0] + state}}});
  f(host.argument());
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(state.get_value().real(), 11);
  expect_says(refused, {"'state' cannot be set while a call that updates it runs on this thread"});
}

}  // namespace
}  // namespace leapgraph::symbolic
