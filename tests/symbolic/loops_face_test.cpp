/// Theano's loops: what each option of scan means, its views, gradients through them and inside them, and what is
/// refused.
#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/loops.hpp"
#include "symbolic/derivative_check.hpp"

namespace leapgraph::symbolic {
namespace {

Expr vector(const char* name, std::int64_t n = unknown) { return input({DType::float64, {n}}, name); }

/// Interpreter and compiled function, which must agree to rounding.
Array both(const Exprs& inputs, const Expr& output, const Arrays& arguments) {
  const Array interpreted = value_of(inputs, output, arguments);
  const Array native = function(inputs, output)(arguments)[0];
  EXPECT_EQ(native.type(), interpreted.type());
  expect_reals(native, interpreted.reals());
  return interpreted;
}

TEST(TheanoScan, RaisesAVectorToAPower) {
  const Expr k = lscalar("k"), a = dvector("A");
  const ScanOutputs result = scan({.fn = [](Expr prior, Expr factor) { return prior * factor; },
                                   .outputs_info = {ones_like(a)},
                                   .non_sequences = {a},
                                   .n_steps = k});
  const Array x = Array::vector({0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  expect_reals(both({a, k}, at(result[0], -1), {x, Array::scalar(std::int64_t{2})}),
               {0, 1, 4, 9, 16, 25, 36, 49, 64, 81});
  expect_reals(both({a, k}, result.last[0], {x, Array::scalar(std::int64_t{4})}),
               {0, 1, 16, 81, 256, 625, 1296, 2401, 4096, 6561});
}

TEST(TheanoScan, EvaluatesAPolynomialOverTheShortestSequence) {
  const Expr coefficients = vector("coefficients"), x = dscalar("x");
  const ScanOutputs terms = scan({.fn = [](Expr c, Expr power, Expr value) { return c * pow(value, power); },
                                  .sequences = {coefficients, arange(1000)},
                                  .outputs_info = {no_recurrence},
                                  .non_sequences = {x}});
  expect_reals(both({coefficients, x}, sum(terms[0]), {Array::vector({1, 0, 2}), Array::scalar(3.0)}), {19});
}

TEST(TheanoScan, HandsArgumentsOverInTheanosOrder) {
  // Slices of sequence 1 in tap order, of sequence 2; past taps of output 0, of output 1; non_sequences.
  const Expr s = vector("s", 4), z = vector("z", 6), k = dscalar("k");
  Exprs seen;
  scan({.fn =
            [&seen](const Exprs& arguments) {
              seen = arguments;
              return ScanStep(Exprs{arguments[3], arguments[5], arguments[2]});
            },
        .sequences = {taps(s, {1, 0}), z},
        .outputs_info = {taps(constant(Array::vector({1, 2})), {-2, -1}), 0.5, no_recurrence},
        .non_sequences = {k}});
  ASSERT_EQ(seen.size(), 7u);
  EXPECT_EQ(seen[6], k);
  const ScanOutputs r =
      scan({.fn =
                [](Expr next, Expr now, Expr other, Expr two_ago, Expr one_ago, Expr own, Expr constant_k) {
                  return ScanStep(
                      Exprs{next + 10.0 * now + 100.0 * other, two_ago + 10.0 * one_ago + 0.0 * own, own + constant_k});
                },
            .sequences = {taps(s, {1, 0}), z},
            .outputs_info = {no_recurrence, taps(constant(Array::vector({1, 2})), {-2, -1}), 0.5},
            .non_sequences = {k}});
  const Exprs inputs{s, z, k};
  const Arrays arguments{Array::vector({1, 2, 3, 4}), Array::vector({5, 6, 7, 8, 9, 10}), Array::scalar(0.25)};
  expect_reals(both(inputs, r[0], arguments), {512, 623, 734});
  expect_reals(both(inputs, r[1], arguments), {21, 212, 2141});
  expect_reals(both(inputs, r[2], arguments), {0.75, 1.0, 1.25});
}

TEST(TheanoScan, ReadsSequencesAtTapsInPastAndFuture) {
  const Expr s = vector("s");
  const ScanOutputs around = scan({.fn = [](Expr before, Expr now, Expr after) { return after - 2.0 * now + before; },
                                   .sequences = {taps(s, {-1, 0, 1})}});
  expect_reals(both({s}, around[0], {Array::vector({1, 4, 9, 16, 30})}), {2, 2, 7});
  const ScanOutputs ahead = scan({.fn = [](Expr e) { return e; }, .sequences = {taps(s, {2})}});
  expect_reals(both({s}, ahead[0], {Array::vector({1, 2, 3, 4})}), {3, 4});
  const ScanOutputs behind = scan({.fn = [](Expr e) { return e; }, .sequences = {taps(s, {-2})}});
  expect_reals(both({s}, behind[0], {Array::vector({1, 2, 3, 4})}), {1, 2});
}

TEST(TheanoScan, ReadsOutputsSeveralStepsBack) {
  const Expr start = vector("start", 2);
  const ScanOutputs fibonacci = scan({.fn = [](Expr two_ago, Expr one_ago) { return two_ago + one_ago; },
                                      .outputs_info = {taps(start, {-2, -1})},
                                      .n_steps = 8});
  expect_reals(both({start}, fibonacci[0], {Array::vector({0, 1})}), {1, 2, 3, 5, 8, 13, 21, 34});
  expect_derivatives({start}, {fibonacci[0]}, {Array::vector({0.3, 0.4})}, 1e-6);
  const Expr three = vector("three", 3);  // the oldest first
  const ScanOutputs copies = scan({.fn = [](Expr e) { return e; }, .outputs_info = {taps(three, {-3})}, .n_steps = 4});
  expect_reals(both({three}, copies[0], {Array::vector({7, 8, 9})}), {7, 8, 9, 7});
}

TEST(TheanoScan, DoesAtMostNStepsOfItsSequences) {
  const Expr s = vector("s"), n = lscalar("n");
  const ScanOutputs r =
      scan({.fn = [](Expr e, Expr total) { return total + e; }, .sequences = {s}, .outputs_info = {0.0}, .n_steps = n});
  const Array x = Array::vector({1, 2, 3, 4});
  expect_reals(both({s, n}, r[0], {x, Array::scalar(std::int64_t{2})}), {1, 3});
  expect_reals(both({s, n}, r[0], {x, Array::scalar(std::int64_t{9})}), {1, 3, 6, 10});
  const Array none = both({s, n}, r[0], {x, Array::scalar(std::int64_t{0})});
  EXPECT_EQ(none.shape(), (Shape{0}));
}

TEST(TheanoScan, GivesOutputsWithoutRowsForZeroSteps) {
  const Expr x = vector("x", 3);
  const ScanOutputs r = scan({.fn = [](Expr prior) { return 2.0 * prior; }, .outputs_info = {x}, .n_steps = 0});
  EXPECT_EQ(r[0].shape(), (Shape{0, 3}));
  expect_reals(both({x}, r.last[0], {Array::vector({1, 2, 3})}), {1, 2, 3});
}

TEST(TheanoScan, GoesBackwards) {
  const Expr s = vector("s");
  const auto digits = [](Expr e, Expr so_far) { return 10.0 * so_far + e; };
  const ScanOutputs r = scan({.fn = digits, .sequences = {s}, .outputs_info = {0.0}, .go_backwards = true});
  expect_reals(both({s}, r[0], {Array::vector({1, 2, 3})}), {3, 32, 321});
  const ScanOutputs shifted = scan(
      {.fn = [](Expr now, Expr next) { return now - next; }, .sequences = {taps(s, {0, 1})}, .go_backwards = true});
  expect_reals(both({s}, shifted[0], {Array::vector({1, 2, 4})}), {-2, -1});
}

TEST(TheanoScan, StopsAfterTheStepThatSaysSo) {
  const ScanOutputs doubling = scan({.fn =
                                         [](Expr prior) {
                                           const Expr next = 2.0 * prior;
                                           return ScanStep(next, until(next > 45.0));
                                         },
                                     .outputs_info = {1.0},
                                     .n_steps = 1024});
  expect_reals(both({}, doubling[0], {}), {2, 4, 8, 16, 32, 64});
  EXPECT_EQ(both({}, doubling.steps, {}).integer(), 6);
}

TEST(TheanoScan, MapsReducesAndFolds) {
  const Expr s = vector("s"), t = vector("t");
  const auto digits = [](Expr e, Expr so_far) { return 10.0 * so_far + e; };
  const Arrays one{Array::vector({1, 2, 3})};
  expect_reals(both({s}, foldl({.fn = digits, .sequences = {s}, .outputs_info = {0.0}})[0], one), {123});
  expect_reals(both({s}, foldr({.fn = digits, .sequences = {s}, .outputs_info = {0.0}})[0], one), {321});
  expect_reals(both({s}, reduce({.fn = digits, .sequences = {s}, .outputs_info = {0.0}})[0], one), {123});
  expect_reals(both({s}, reduce({.fn = digits, .sequences = {s}, .outputs_info = {0.0}, .go_backwards = true})[0], one),
               {321});
  const ScanOutputs mapped = map({.fn =
                                      [](Expr a, Expr b, Expr k) {
                                        return ScanStep(Exprs{a * b + k, a - b});
                                      },
                                  .sequences = {s, t},
                                  .non_sequences = {0.5}});
  expect_reals(both({s, t}, mapped[0], {Array::vector({1, 2, 3}), Array::vector({4, 5, 6})}), {4.5, 10.5, 18.5});
  expect_reals(both({s, t}, mapped[1], {Array::vector({1, 2, 3}), Array::vector({4, 5, 6})}), {-3, -3, -3});
}

TEST(TheanoScan, TruncatesTheGradientToTheLastSteps) {
  const Expr w = dscalar("w"), n = lscalar("n");
  const auto fifth = [&w](const Operand& steps, std::int64_t last) {
    return scan({.fn = [](Expr prior, Expr factor) { return prior * factor; },
                 .outputs_info = {1.0},
                 .non_sequences = {w},
                 .n_steps = steps,
                 .truncate_gradient = last})
        .last[0];
  };
  const Arrays two{Array::scalar(2.0)};
  expect_reals(both({w}, grad(fifth(5, 2), w), two), {32});
  expect_reals(both({w}, grad(fifth(5, -1), w), two), {80});
  expect_reals(both({w}, grad(fifth(5, 7), w), two), {80});
  expect_reals(both({w}, grad(fifth(5, 0), w), two), {0});
  const Arrays five{Array::scalar(2.0), Array::scalar(std::int64_t{5})};
  expect_reals(both({w, n}, grad(fifth(n, 2), w), five), {32});
  expect_reals(both({w, n}, grad(fifth(n, 5), w), five), {80});
}

TEST(TheanoScan, TruncatesTheGradientOfSequencesAndInitialValues) {
  const Expr s = vector("s"), x = dscalar("x"), n = lscalar("n");
  const auto product = [&](std::optional<Operand> steps, std::int64_t last) {
    return scan({.fn = [](Expr e, Expr prior) { return e * prior; },
                 .sequences = {s},
                 .outputs_info = {x},
                 .n_steps = std::move(steps),
                 .truncate_gradient = last})
        .last[0];
  };
  const Exprs wrt{s, x};
  const Arrays arguments{Array::vector({2, 3, 5, 7}), Array::scalar(1.0), Array::scalar(std::int64_t{3})};
  const Exprs whole = grad(product(std::nullopt, 2), wrt);
  expect_reals(both({s, x}, whole[0], {arguments[0], arguments[1]}), {0, 0, 42, 30});
  expect_reals(both({s, x}, whole[1], {arguments[0], arguments[1]}), {0});
  const Exprs part = grad(product(n, 2), wrt);
  expect_reals(both({s, x, n}, part[0], arguments), {0, 10, 6, 0});
  expect_reals(both({s, x, n}, part[1], arguments), {0});
  const Exprs all = grad(product(n, 3), wrt);
  expect_reals(both({s, x, n}, all[0], arguments), {15, 10, 6, 0});
  expect_reals(both({s, x, n}, all[1], arguments), {30});
}

TEST(TheanoScan, DifferentiatesThroughTapsAndSequences) {
  const Expr s = vector("s"), start = vector("start", 2), k = dscalar("k");
  const ScanOutputs r = scan({.fn = [](Expr before, Expr now, Expr two_ago, Expr one_ago,
                                       Expr factor) { return factor * two_ago * now + 0.3 * one_ago - sqr(before); },
                              .sequences = {taps(s, {-1, 0})},
                              .outputs_info = {taps(start, {-2, -1})},
                              .non_sequences = {k}});
  expect_derivatives({s, start, k}, {r[0], r.last[0]}, {some_values({5}), some_values({2}, 0.7), Array::scalar(0.8)});
}

TEST(TheanoScan, TakesAGradientInsideItsBody) {
  // Leapfrog on the energy sum(x^4) / 4 as the tutorial writes it.
  const Expr position = vector("position", 3), velocity = vector("velocity", 3), size = dscalar("size");
  const auto leapfrog = [](Expr pos, Expr vel, Expr step) {
    const Expr slope = grad(sum(sqr(sqr(pos))) / 4.0, pos);
    const Expr next_velocity = vel - step * slope;
    return ScanStep(Exprs{pos + step * next_velocity, next_velocity});
  };
  const ScanOutputs path = scan(
      {.fn = leapfrog, .outputs_info = {position, velocity}, .non_sequences = {size}, .n_steps = 4, .strict = true});
  const Exprs inputs{position, velocity, size};
  const Arrays arguments{Array::vector({0.5, -1, 2}), Array::vector({0.1, 0.2, -0.3}), Array::scalar(0.1)};
  std::vector<double> x{0.5, -1, 2}, v{0.1, 0.2, -0.3};
  for (int t = 0; t < 4; ++t)
    for (std::size_t i = 0; i < 3; ++i) {
      v[i] -= 0.1 * x[i] * x[i] * x[i];
      x[i] += 0.1 * v[i];
    }
  expect_reals(both(inputs, path.last[0], arguments), x);
  expect_reals(both(inputs, path.last[1], arguments), v);
  expect_derivatives(inputs, {path.last[0], path[1]}, arguments, 1e-6);
}

TEST(TheanoScan, SavesStatesAtCheckpointsOnly) {
  for (const std::int64_t n : {12, 11, 3}) {
    SCOPED_TRACE(n);
    const Expr s = vector("s", n), x = dscalar("x");
    const auto fn = [](Expr e, Expr prior) { return sin(prior) * e + 0.5 * prior; };
    const Expr kept = scan_checkpoints({.fn = fn, .sequences = {s}, .outputs_info = {x}, .save_every = 4})[0];
    const Expr plain = scan({.fn = fn, .sequences = {s}, .outputs_info = {x}}).last[0];
    const Arrays arguments{some_values({n}), Array::scalar(0.4)};
    expect_reals(both({s, x}, kept, arguments), value_of({s, x}, plain, arguments).reals());
    const Exprs wrt{s, x};
    const Exprs one = grad(kept, wrt), other = grad(plain, wrt);
    for (std::size_t i = 0; i < 2; ++i)
      expect_reals(both({s, x}, one[i], arguments), value_of({s, x}, other[i], arguments).reals());
  }
}

TEST(TheanoScan, RefusesVariablesThatStrictWasNotGiven) {
  const Expr a = dscalar("a"), hidden = dscalar("hidden");
  const auto fn = [&hidden](Expr prior, Expr factor) { return prior * factor + hidden; };
  expect_says(
      error_of([&] {
        scan({.fn = fn, .outputs_info = {a}, .non_sequences = {a}, .n_steps = 3, .strict = true, .name = "power"});
      }),
      {"scan 'power'", "fn uses the variable 'hidden'", "loops_face_test.cpp"});
  EXPECT_EQ(error_of([&] { scan({.fn = fn, .outputs_info = {a}, .non_sequences = {a}, .n_steps = 3}); }), "");
  EXPECT_EQ(error_of([&] { scan({.fn = fn, .outputs_info = {a}, .non_sequences = {2.0 * hidden}, .n_steps = 3}); }),
            "");
}

TEST(TheanoScan, NamesTheOutputThatChangesItsType) {
  const Expr x = vector("x", 3), f = input({DType::float32, {}}, "f"), s = dscalar("s");
  const auto add_both = [](Expr a, Expr b) { return ScanStep(Exprs{a, a + b}); };
  expect_says(error_of([&] {
                scan({.fn = add_both, .outputs_info = {s, f}, .n_steps = 3});
              }),
              {"output 1 starts as float32 and fn returns float64", "cast the initial value to float64"});
  expect_says(error_of([&] {
                scan({.fn = add_both, .outputs_info = {x, s}, .n_steps = 3});
              }),
              {"output 1 starts as float64 and fn returns float64[3]"});
  expect_says(error_of([&] {
                scan({.fn = add_both, .outputs_info = {x, no_recurrence}, .n_steps = 3});
              }),
              {"fn takes 2 arguments and gets 1: 0 from sequences, 1 from earlier outputs, 0 non_sequences"});
  expect_says(error_of([&] { scan({.fn = add_both, .outputs_info = {x}, .non_sequences = {x}, .n_steps = 3}); }),
              {"fn returns 2 outputs, outputs_info has 1"});
}

TEST(TheanoScan, SaysWhatIsWrong) {
  const Expr x = vector("x", 2), s = dscalar("s"), n = lscalar("n");
  const auto same = [](Expr e) { return e; };
  expect_says(error_of([&] { scan({.fn = same, .sequences = {s}}); }), {"sequence 0 is a scalar"});
  expect_says(error_of([&] { scan({.fn = same, .outputs_info = {s}}); }), {"give the number of steps or a sequence"});
  expect_says(error_of([&] { scan({.fn = same, .outputs_info = {s}, .n_steps = -2}); }),
              {"n_steps must not be negative, got -2"});
  expect_says(error_of([&] { scan({.fn = same, .outputs_info = {s}, .n_steps = 2.5}); }),
              {"n_steps must be an integer scalar, got float64"});
  expect_says(error_of([&] { scan({.fn = same, .outputs_info = {taps(x, {-3})}, .n_steps = 2}); }),
              {"output 0 is read 3 steps back", "must have 3 rows, got float64[2]"});
  expect_says(error_of([&] { scan({.fn = same, .outputs_info = {taps(x, {0})}, .n_steps = 2}); }),
              {"tap 0 of output 0 does not lie in the past"});
  expect_says(
      error_of([&] { scan({.fn = [](Expr e) { return ScanStep(e, until(e)); }, .outputs_info = {s}, .n_steps = 2}); }),
      {"condition of until must be a boolean scalar, got float64"});
  expect_says(error_of([&] { scan({.outputs_info = {s}, .n_steps = 2}); }), {"there is no fn"});
  expect_says(error_of([&] { reduce({.fn = same, .outputs_info = {s}}); }), {"reduce: there is no sequence"});
  const ScanOutputs r = scan({.fn = same, .outputs_info = {s}, .n_steps = n});
  for (const auto target : {CompileOptions::Target::interpreter, CompileOptions::Target::automatic}) {
    const Function f = function({s, n}, r[0], {.target = target});
    expect_says(error_of([&] {
                  f({Array::scalar(1.0), Array::scalar(std::int64_t{-3})});
                }),
                {"the number of steps must not be negative, got -3", "loops_face_test.cpp"});
  }
}

}  // namespace
}  // namespace leapgraph::symbolic
