/// The loop: values, derivatives through it (nested, of second order, of run-time length), and its error messages; the
/// closed bodies of calls and branches.
#include "leapgraph/symbolic/op.hpp"
#include "symbolic/derivative_check.hpp"

namespace leapgraph::symbolic {
namespace {

Expr vector(const char* name, std::int64_t n = unknown) { return input({DType::float64, {n}}, name); }
Expr scalar(const char* name) { return input({DType::float64, {}}, name); }
const Array two_thirds = Array::scalar(2.0 / 3.0);

TEST(Scan, ComputesPowersFromARunTimeNumberOfSteps) {
  const Expr base = dvector("base"), steps = lscalar("steps");
  const ScanResult powers = scan(
      [&](const Exprs& carry, const Exprs&) {
        const Expr next = carry[0] * base;
        return ScanBody{{next}, {next}};
      },
      {ones_like(base)}, {}, steps);
  const Exprs inputs{base, steps};
  const Array x = Array::vector({2, 3});
  expect_reals(value_of(inputs, powers.carry[0], {x, Array::scalar(std::int64_t{3})}), {8, 27});
  expect_reals(value_of(inputs, powers.outputs[0], {x, Array::scalar(std::int64_t{2})}), {2, 3, 4, 9});
  EXPECT_EQ(value_of(inputs, powers.outputs[0], {x, Array::scalar(std::int64_t{0})}).shape(), (Shape{0, 2}));
  expect_reals(value_of(inputs, powers.carry[0], {x, Array::scalar(std::int64_t{0})}), {1, 1});
  EXPECT_EQ(powers.outputs[0].shape(), (Shape{unknown, unknown}));
}

TEST(Scan, RunsOverSequencesInOrder) {
  const Expr x = vector("x", 4), y = vector("y", 6);
  const ScanResult horner = scan(
      [](const Exprs& carry, const Exprs& e) {
        return ScanBody{{10.0 * carry[0] + e[0]}, {carry[0] - e[1]}};
      },
      {0.0}, {x, y});
  EXPECT_EQ(horner.outputs[0].shape(), (Shape{4}));  // the shortest sequence
  const Arrays arguments{Array::vector({1, 2, 3, 4}), Array::vector({1, 1, 1, 1, 9, 9})};
  expect_reals(value_of({x, y}, horner.carry[0], arguments), {1234});
  expect_reals(value_of({x, y}, horner.outputs[0], arguments), {-1, 0, 11, 122});
}

TEST(Scan, GivesAPlainNumberTheTypeOfItsCarry) {
  const Expr x = vector("x", 3);
  const ScanResult total = scan(
      [](const Exprs& carry, const Exprs& e) {
        return ScanBody{{carry[0] + e[0]}, {}};
      },
      {0}, {x});
  EXPECT_EQ(total.carry[0].type(), (Type{DType::float64, {}}));
  const ScanResult counter = scan(
      [](const Exprs& carry, const Exprs&) {
        return ScanBody{{carry[0] + 2}, {}};
      },
      {1}, {}, 5);
  EXPECT_EQ(value_of(counter.carry[0]).integer(), 11);
}

TEST(Scan, TakesWhatDoesNotChangeOutOfTheLoop) {
  const Expr x = vector("x", 3), k = scalar("k");
  const Expr slope = sqr(k) + 1.0;
  const ScanResult r = scan(
      [&](const Exprs& carry, const Exprs& e) {
        return ScanBody{{carry[0] * slope + e[0] * (slope - k) + broadcast_to(0.5, {3})}, {}};
      },
      {x}, {x});
  const Node& node = r.carry[0].node();
  ASSERT_EQ(node.inputs().size(), 5u);  // steps, carry, sequence, slope, slope - k
  EXPECT_EQ(node.input(3), slope);
  EXPECT_EQ(node.input(4), slope - k);
}

TEST(Scan, MakesEqualLoopsOneNode) {
  const Expr x = vector("x", 3);
  const auto loop = [&x] {
    return scan(
               [](const Exprs& carry, const Exprs& e) {
                 return ScanBody{{carry[0] + sqr(e[0])}, {}};
               },
               {0.0}, {x})
        .carry[0];
  };
  EXPECT_EQ(loop(), loop());
}

TEST(Scan, DifferentiatesThroughCarriesSequencesAndConstants) {
  for (const std::int64_t n : {std::int64_t{4}, unknown}) {
    const Expr x = vector("x", 3), z = vector("z", n), k = vector("k", 3), s = scalar("s");
    const ScanResult r = scan(
        [&](const Exprs& carry, const Exprs& e) {
          const Expr next = carry[0] * k * s + e[0];
          return ScanBody{{next, 0.3 * carry[1] + sum(next)}, {next * carry[1], sqr(e[0])}};
        },
        {x, 0.5}, {z});
    expect_derivatives({x, z, k, s}, {r.carry[0], r.carry[1], r.outputs[0], r.outputs[1]},
                       {some_values({3}), some_values({4}, 0.7), some_values({3}, -0.4), two_thirds});
  }
}

TEST(Scan, DifferentiatesWhenOnlyStackedOutputsAreUsed) {
  const Expr x = scalar("x"), z = vector("z", 5);
  const ScanResult r = scan(
      [&](const Exprs& carry, const Exprs& e) {
        return ScanBody{{carry[0] * e[0], carry[1] + 1.0}, {carry[0], sqr(carry[0]) * carry[1]}};
      },
      {x, 1.0}, {z});
  expect_derivatives({x, z}, {r.outputs[1]}, {two_thirds, some_values({5}, 1.1)});
}

TEST(Scan, DifferentiatesARunTimeNumberOfStepsShorterThanItsSequence) {
  const Expr x = scalar("x"), z = vector("z"), steps = lscalar("steps");
  const ScanResult r = scan(
      [&](const Exprs& carry, const Exprs& e) {
        const Expr next = carry[0] * e[0] + sqr(x);
        return ScanBody{{next}, {next * e[0]}};
      },
      {x}, {z}, steps);
  for (const std::int64_t n : {std::int64_t{0}, std::int64_t{1}, std::int64_t{3}, std::int64_t{5}}) {
    SCOPED_TRACE(n);
    expect_derivatives({x, z, steps}, {r.carry[0], r.outputs[0]}, {two_thirds, some_values({5}), Array::scalar(n)});
  }
}

TEST(Scan, DifferentiatesALiteralNumberOfStepsShorterThanItsSequence) {
  for (const int n : {0, 1, 3}) {
    SCOPED_TRACE(n);
    const Expr x = scalar("x"), z = vector("z", 5);
    const ScanResult r = scan(
        [&](const Exprs& carry, const Exprs& e) {
          const Expr next = carry[0] * e[0] + sqr(x);
          return ScanBody{{next}, {next}};
        },
        {x}, {z}, n);
    expect_derivatives({x, z}, {r.carry[0], r.outputs[0]}, {two_thirds, some_values({5})});
  }
}

TEST(Scan, DifferentiatesANestedLoop) {
  const Expr x = vector("x", 2), s = scalar("s"), rows = input({DType::float64, {3, 4}}, "rows");
  const ScanResult outer = scan(
      [&](const Exprs& carry, const Exprs& row) {
        const ScanResult inner = scan(
            [&](const Exprs& c, const Exprs& e) {
              const Expr next = s * c[0] * e[0] + carry[0];
              return ScanBody{{next}, {sum(next)}};
            },
            {carry[0]}, {row[0]});
        return ScanBody{{0.4 * inner.carry[0]}, {inner.outputs[0]}};
      },
      {x}, {rows});
  expect_derivatives({x, s, rows}, {outer.carry[0], outer.outputs[0]},
                     {some_values({2}), two_thirds, some_values({3, 4})});
}

TEST(Scan, AgreesWithTheClosedFormOfALeapfrogOnAnOscillator) {
  // Leapfrog on H = p^2 / 2 + q^2 / 2 with step h keeps (1 - h^2 / 4) q^2 + p^2 exactly.
  const Expr q = scalar("q"), p = scalar("p");
  const double h = 0.3;
  const ScanResult path = scan(
      [&](const Exprs& s, const Exprs&) {
        const Expr half = s[1] - (h / 2) * s[0];
        const Expr moved = s[0] + h * half;
        return ScanBody{{moved, half - (h / 2) * moved}, {}};
      },
      {q, p}, {}, 50);
  const Expr kept = (1 - h * h / 4) * sqr(path.carry[0]) + sqr(path.carry[1]);
  const double q0 = 0.8, p0 = -0.6, wanted = (1 - h * h / 4) * q0 * q0 + p0 * p0;
  expect_reals(value_of({q, p}, kept, {Array::scalar(q0), Array::scalar(p0)}), {wanted});
  const Exprs inputs{q, p};
  const Exprs slopes = grad(kept, inputs);
  expect_reals(value_of(inputs, slopes[0], {Array::scalar(q0), Array::scalar(p0)}), {2 * (1 - h * h / 4) * q0});
  expect_reals(value_of(inputs, slopes[1], {Array::scalar(q0), Array::scalar(p0)}), {2 * p0});
}

TEST(Scan, DoesNotSumAdjointsThatNobodyAsksFor) {
  const Expr x = scalar("x"), data = input({DType::float64, {3, 3}}, "data");
  const Expr cost = scan(
                        [&](const Exprs& c, const Exprs&) {
                          return ScanBody{{c[0] * sum(c[0] * data)}, {}};
                        },
                        {x}, {}, 4)
                        .carry[0];
  const auto has_matrix = [&data](const Expr& gradient) {
    for (const Node* node : topological_order(Exprs{gradient}))
      if (node->op().name == "scan")
        for (const Type& type : node->types())
          if (type == data.type()) return true;
    return false;
  };
  EXPECT_FALSE(has_matrix(grad(cost, x)));
  EXPECT_TRUE(has_matrix(grad(cost, data)));
}

TEST(Scan, SaysWhatIsWrong) {
  const Expr x = vector("x", 3), z = vector("z", 2);
  const auto same = [](const Exprs& carry, const Exprs&) { return ScanBody{carry, {}}; };
  expect_says(error_of([&] { scan(same, {x}); }), {"scan: give the number of steps or a sequence", "scan_test.cpp"});
  expect_says(error_of([&] { scan(same, {x}, {}, -2); }), {"must not be negative, got -2"});
  expect_says(error_of([&] { scan(same, {x}, {}, -1); }), {"must not be negative, got -1"});
  expect_says(error_of([&] { scan(same, {x}, {}, 1.5); }), {"integer scalar, got float64"});
  expect_says(error_of([&] { scan(same, {x}, {constant(1.0)}); }), {"sequence 0 is a scalar"});
  expect_says(error_of([&] { scan(same, {x}, {x, z}, 3); }), {"sequence 1 has 2 elements, 3 steps were asked for"});
  expect_says(error_of([&] {
                scan([](const Exprs& c, const Exprs&) { return ScanBody{{sum(c[0])}, {}}; }, {x}, {}, 3);
              }),
              {"carry 0 starts as float64[3] and the body returns float64; a carry keeps its type"});
  expect_says(error_of([&] {
                scan(
                    [](const Exprs& c, const Exprs&) {
                      return ScanBody{{c[0], cast(c[1], DType::float32)}, {}};
                    },
                    {x, x}, {}, 3);
              }),
              {"carry 1 starts as float64[3] and the body returns float32[3]"});
  expect_says(error_of([&] {
                scan([](const Exprs&, const Exprs&) { return ScanBody{}; }, {x, z}, {}, 3);
              }),
              {"the body returns 0 carries for 2 initial values [float64[3], float64[2]]"});
  const Expr steps = lscalar("steps");
  const ScanResult r = scan(same, {x}, {z}, steps);
  expect_says(
      error_of([&] {
        value_of({x, z, steps}, r.carry[0], {some_values({3}), some_values({2}), Array::scalar(std::int64_t{3})});
      }),
      {"a sequence has 2 elements, 3 steps were asked for", "scan_test.cpp"});
  expect_says(
      error_of([&] {
        value_of({x, z, steps}, r.carry[0], {some_values({3}), some_values({2}), Array::scalar(std::int64_t{-1})});
      }),
      {"must not be negative, got -1"});
  const Expr v = dvector("v");
  const ScanResult growing = scan(
      [](const Exprs& c, const Exprs&) {
        return ScanBody{{concatenate({c[0], c[0]})}, {}};
      },
      {v}, {}, 2);
  expect_says(error_of([&] { value_of({v}, growing.carry[0], {some_values({2})}); }),
              {"carry 0 is float64[2] before step 0 and float64[4] after it"});
}

TEST(Call, AppliesAndDifferentiatesAClosedBody) {
  const Expr a = dvector("a"), b = scalar("b");
  const Body body = close({{a, b}, {sqr(a) * b, sum(a) * sqr(b)}});
  const Expr x = dvector("x"), y = scalar("y");
  const Exprs once = call(body, {x, y});
  const Exprs twice = call(body, {once[0] * x, once[1]});
  expect_reals(value_of({x, y}, once[1], {Array::vector({1, 2}), Array::scalar(3.0)}), {27});
  expect_derivatives({x, y}, {once[0], twice[0], twice[1]}, {some_values({3}), two_thirds});
  EXPECT_EQ(call(body, {x, 2})[0], call(body, {x, 2.0})[0]);
  expect_says(error_of([&] { call(body, {x}); }), {"takes 2 arguments, got 1"});
  expect_says(error_of([&] { call(body, {y, y}); }), {"argument 0 of the body must be float64[?], got float64"});
}

TEST(IfElse, RunsOneSideOnly) {
  const Expr i = input({DType::int64, {1}}, "i"), x = vector("x", 3);
  const Expr safe = ifelse(
      squeeze(i, 0) < 3, [&] { return Exprs{gather(x, i)}; },
      [&] { return Exprs{constant(Array::vector({-1.0}))}; })[0];
  expect_reals(value_of({i, x}, safe, {integers({1}, {2}), Array::vector({1, 2, 3})}), {3});
  expect_reals(value_of({i, x}, safe, {integers({1}, {7}), Array::vector({1, 2, 3})}), {-1});  // gather would throw
}

TEST(IfElse, DifferentiatesBothSides) {
  const Expr x = dvector("x"), y = scalar("y"), z = scalar("z");
  const Exprs r = ifelse(
      y > 0.5,
      [&] {
        return Exprs{x * y * z, sum(sqr(x))};
      },
      [&] {
        return Exprs{sqr(x), 3.0 * y * y};
      });
  expect_derivatives({x, y, z}, {r[0], r[1]}, {some_values({3}), Array::scalar(0.9), two_thirds});
  expect_derivatives({x, y, z}, {r[0], r[1]}, {some_values({3}), Array::scalar(0.1), two_thirds});
}

TEST(IfElse, TakesWhatBothSidesNeedAsArguments) {
  const Expr x = vector("x", 3), y = scalar("y");
  const Expr shared = sum(sqr(x));
  const Expr r = ifelse(
      shared > 1.0, [&] { return Exprs{shared * y}; }, [&] { return Exprs{shared + sum(x)}; })[0];
  EXPECT_EQ(r.node().inputs(), (Exprs{shared > 1.0, shared, y, x}));
}

TEST(IfElse, SaysWhatIsWrong) {
  const Expr x = vector("x", 3), y = scalar("y");
  const auto f = [](const Expr& e) { return [e] { return Exprs{e}; }; };
  expect_says(error_of([&] { ifelse(x > 0.0, f(x), f(x)); }), {"condition must be a scalar, got bool[3]"});
  expect_says(error_of([&] { ifelse(y > 0.0, f(x), f(y)); }),
              {"output 0 is float64[3] on one side and float64 on the other"});
  expect_says(error_of([&] { ifelse(y > 0.0, f(x), [] { return Exprs(); }); }),
              {"one side returns 1 expressions, the other 0"});
}

}  // namespace
}  // namespace leapgraph::symbolic
