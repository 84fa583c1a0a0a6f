/// A zoo of loops: value and gradient of the interpreter, of native code, of the loop written out step by step and of
/// finite differences agree, and no graph grows with the number of steps.
#include "symbolic/loop_zoo.hpp"

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/loops.hpp"

namespace leapgraph::symbolic {
namespace {

Expr vector(const char* name, std::int64_t n) { return input({DType::float64, {n}}, name); }
Expr matrix_input(const char* name, std::int64_t n, std::int64_t m) { return input({DType::float64, {n, m}}, name); }
Expr scalar(const char* name) { return input({DType::float64, {}}, name); }
Array number(double x) { return Array::scalar(x); }

/// Positive and below 1.
Array fractions(Shape shape, double start = 0.3) {
  Array array = some_values(std::move(shape), start);
  for (std::int64_t i = 0; i < array.size(); ++i) array.set(i, 0.5 + 0.35 * std::sin(7 * array.real(i)));
  return array;
}

/// i * factor modulo n, as a constant table.
Expr table(std::int64_t n, std::int64_t factor, std::int64_t modulus) {
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < n; ++i) values.push_back(i * factor % modulus);
  return constant(integers({n}, values));
}

// --- Sums, products, polynomials ---

LoopProgram plain_sum(std::int64_t n) {
  const Expr x = vector("x", n);
  const ScanResult r = scan(
      [](const Exprs& c, const Exprs& e) {
        return ScanBody{{c[0] + sqr(e[0])}, {}};
      },
      {0.0}, {x});
  return {{x}, r.carry, {some_values({n})}};
}

LoopProgram cumulative_products(std::int64_t n) {
  const Expr x = vector("x", n);
  const ScanResult r = scan(
      [](const Exprs& c, const Exprs& e) {
        const Expr next = c[0] * e[0];
        return ScanBody{{next}, {next}};
      },
      {1.0}, {x});
  return {{x}, {r.outputs[0]}, {fractions({n})}};
}

LoopProgram running_maximum(std::int64_t n) {
  const Expr x = vector("x", n);
  const ScanResult r = scan(
      [](const Exprs& c, const Exprs& e) {
        const Expr next = maximum(c[0], e[0]);
        return ScanBody{{next}, {next}};
      },
      {-10.0}, {x});
  return {{x}, {r.outputs[0]}, {some_values({n})}};
}

LoopProgram horner(std::int64_t n) {
  const Expr coefficients = vector("coefficients", n), x = scalar("x");
  const Expr value = foldr({.fn = [](Expr c, Expr so_far, Expr at_x) { return so_far * at_x + c; },
                            .sequences = {coefficients},
                            .outputs_info = {0.0},
                            .non_sequences = {x}})[0];
  return {{coefficients, x}, {value}, {some_values({n}), number(0.7)}};
}

LoopProgram sum_of_sums(std::int64_t n) {
  const Expr x = vector("x", n);
  const auto sums = [](const Expr& of) {
    return scan(
               [](const Exprs& c, const Exprs& e) {
                 const Expr next = c[0] + e[0];
                 return ScanBody{{next}, {next}};
               },
               {0.0}, {of})
        .outputs[0];
  };
  return {{x}, {sums(sqr(sums(x)))}, {some_values({n})}};
}

LoopProgram welford(std::int64_t n) {
  const Expr x = vector("x", n);
  const ScanResult r = scan(
      [](const Exprs& c, const Exprs& e) {
        const Expr count = c[0] + 1.0, delta = e[0] - c[1], mean_now = c[1] + delta / count;
        return ScanBody{{count, mean_now, c[2] + delta * (e[0] - mean_now)}, {}};
      },
      {0.0, 0.0, 0.0}, {x});
  return {{x}, {r.carry[1], r.carry[2]}, {some_values({n})}};
}

LoopProgram streaming_logsumexp(std::int64_t n) {
  const Expr x = vector("x", n);
  const ScanResult r = scan(
      [](const Exprs& c, const Exprs& e) {
        const Expr top = maximum(c[0], e[0]);
        return ScanBody{{top, c[1] * exp(c[0] - top) + exp(e[0] - top)}, {}};
      },
      {-50.0, 0.0}, {x});
  return {{x}, {r.carry[0] + log(r.carry[1])}, {some_values({n})}};
}

LoopProgram product_of_matrices(std::int64_t n) {
  const Expr factors = input({DType::float64, {n, 2, 2}}, "factors"), start = matrix_input("start", 2, 2);
  const Expr value = reduce(
      {.fn = [](Expr a, Expr so_far) { return dot(so_far, a); }, .sequences = {factors}, .outputs_info = {start}})[0];
  return {{factors, start}, {value}, {fractions({n, 2, 2}), fractions({2, 2}, 0.7)}};
}

// --- Recurrences of numbers and vectors ---

LoopProgram logistic_map(std::int64_t n) {
  const Expr x = scalar("x"), r = scalar("r");
  const ScanResult orbit = scan(
      [&](const Exprs& c, const Exprs&) {
        const Expr next = r * c[0] * (1.0 - c[0]);
        return ScanBody{{next}, {next}};
      },
      {x}, {}, n);
  return {{x, r}, {orbit.outputs[0]}, {number(0.3), number(2.7)}};
}

LoopProgram fibonacci(std::int64_t n) {
  const Expr start = vector("start", 2), k = scalar("k");
  const ScanOutputs r =
      scan({.fn = [](Expr two_ago, Expr one_ago, Expr factor) { return factor * (two_ago + one_ago); },
            .outputs_info = {taps(start, {-2, -1})},
            .non_sequences = {k},
            .n_steps = n});
  return {{start, k}, {r[0]}, {Array::vector({0.4, 0.7}), number(0.6)}};
}

LoopProgram autoregression(std::int64_t n) {
  const Expr y = vector("y", n + 2), a = scalar("a"), b = scalar("b");
  const ScanOutputs r = scan({.fn = [](Expr two_ago, Expr one_ago, Expr now, Expr alpha,
                                       Expr beta) { return sqr(now - alpha * one_ago - beta * two_ago); },
                              .sequences = {taps(y, {-2, -1, 0})},
                              .non_sequences = {a, b}});
  return {{y, a, b}, {sum(r[0])}, {some_values({n + 2}), number(0.5), number(-0.2)}};
}

LoopProgram discounted_returns(std::int64_t n) {
  const Expr reward = vector("reward", n), gamma = scalar("gamma");
  const ScanOutputs r = scan({.fn = [](Expr now, Expr later, Expr g) { return now + g * later; },
                              .sequences = {reward},
                              .outputs_info = {0.0},
                              .non_sequences = {gamma},
                              .go_backwards = true});
  return {{reward, gamma}, {r[0]}, {some_values({n}), number(0.8)}};
}

LoopProgram garch(std::int64_t n) {
  const Expr y = vector("y", n), mu = scalar("mu"), a0 = scalar("a0"), a1 = scalar("a1"), b1 = scalar("b1");
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        const Expr variance_now = a0 + a1 * sqr(c[1]) + b1 * c[0], residual = e[0] - mu;
        return ScanBody{{variance_now, residual, c[2] - 0.5 * (log(variance_now) + sqr(residual) / variance_now)}, {}};
      },
      {1.0, 0.0, 0.0}, {y});
  return {{y, mu, a0, a1, b1}, {r.carry[2]}, {some_values({n}), number(0.1), number(0.2), number(0.3), number(0.4)}};
}

LoopProgram lotka_volterra(std::int64_t n) {
  const Expr start = vector("start", 2), rates = vector("rates", 4);
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs&) {
        const Expr prey = at(c[0], 0), hunters = at(c[0], 1);
        const Expr next = c[0] + 0.05 * stack({prey * (at(rates, 0) - at(rates, 1) * hunters),
                                               hunters * (at(rates, 2) * prey - at(rates, 3))});
        return ScanBody{{next}, {next}};
      },
      {start}, {}, n);
  return {{start, rates}, {r.outputs[0]}, {Array::vector({1.1, 0.7}), Array::vector({0.9, 1.1, 0.8, 0.6})}};
}

LoopProgram power_iteration(std::int64_t n) {
  const Expr a = matrix_input("a", 3, 3), start = vector("start", 3);
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs&) {
        const Expr image = dot(a, c[0]);
        return ScanBody{{image / sqrt(sum(sqr(image)))}, {}};
      },
      {start}, {}, n);
  return {{a, start}, {dot(r.carry[0], dot(a, r.carry[0]))}, {fractions({3, 3}), fractions({3}, 0.9)}};
}

LoopProgram heat_equation(std::int64_t n) {
  const Expr start = vector("start", 5), k = scalar("k");
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs&) {
        const Expr left = concatenate({slice(c[0], 0, {0, 1}), slice(c[0], 0, {0, 4})});
        const Expr right = concatenate({slice(c[0], 0, {1, 5}), slice(c[0], 0, {4, 5})});
        return ScanBody{{c[0] + k * (left - 2.0 * c[0] + right)}, {}};
      },
      {start}, {}, n);
  return {{start, k}, {r.carry[0]}, {some_values({5}), number(0.2)}};
}

LoopProgram recurrent_network(std::int64_t n) {
  const Expr x = matrix_input("x", n, 2), w = matrix_input("w", 3, 3), u = matrix_input("u", 3, 2);
  const ScanOutputs r = scan({.fn = [](Expr e, Expr h, Expr a, Expr b) { return tanh(dot(a, h) + dot(b, e)); },
                              .sequences = {x},
                              .outputs_info = {full({3}, 0.0)},
                              .non_sequences = {w, u},
                              .truncate_gradient = n});
  return {{x, w, u}, {r[0]}, {some_values({n, 2}), some_values({3, 3}, 0.6), some_values({3, 2}, -0.4)}};
}

LoopProgram leapfrog_with_a_gradient_inside(std::int64_t n) {
  const Expr position = vector("position", 2), velocity = vector("velocity", 2), size = scalar("size");
  const ScanOutputs path = scan({.fn =
                                     [](Expr q, Expr v, Expr step) {
                                       const Expr slope = grad(sum(log(1.0 + sqr(q))) + at(q, 0) * at(q, 1), q);
                                       const Expr faster = v - step * slope;
                                       return ScanStep(Exprs{q + step * faster, faster});
                                     },
                                 .outputs_info = {position, velocity},
                                 .non_sequences = {size},
                                 .n_steps = n,
                                 .strict = true});
  return {{position, velocity, size},
          {path.last[0], path[1]},
          {Array::vector({0.5, -1}), Array::vector({0.1, 0.2}), number(0.1)}};
}

// --- State-space models ---

LoopProgram kalman_filter(std::int64_t n) {
  const Expr y = vector("y", n), q = scalar("q"), r = scalar("r");
  const ScanResult filtered = scan(
      [&](const Exprs& c, const Exprs& e) {
        const Expr spread = c[1] + q, total = spread + r, gain = spread / total, surprise = e[0] - c[0];
        return ScanBody{
            {c[0] + gain * surprise, (1.0 - gain) * spread, c[2] - 0.5 * (log(total) + sqr(surprise) / total)}, {c[0]}};
      },
      {0.0, 1.0, 0.0}, {y});
  return {{y, q, r}, {filtered.carry[2], filtered.outputs[0]}, {some_values({n}), number(0.3), number(0.5)}};
}

LoopProgram forward_algorithm(std::int64_t n) {
  const Expr y = vector("y", n), moves = matrix_input("moves", 3, 3), means = vector("means", 3);
  const Expr log_moves = moves - logsumexp(moves, {1}, true);
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        const Expr arrived = logsumexp(expand_dims(c[0], 1) + log_moves, {0});
        return ScanBody{{arrived - 0.5 * sqr(e[0] - means)}, {}};
      },
      {full({3}, -std::log(3.0))}, {y});
  return {{y, moves, means}, {logsumexp(r.carry[0])}, {some_values({n}), some_values({3, 3}), some_values({3}, 0.8)}};
}

LoopProgram best_path(std::int64_t n) {
  const Expr scores = matrix_input("scores", n, 3), moves = matrix_input("moves", 3, 3);
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        return ScanBody{{max(expand_dims(c[0], 1) + moves, {0}) + e[0]}, {}};
      },
      {full({3}, 0.0)}, {scores});
  return {{scores, moves}, {max(r.carry[0])}, {some_values({n, 3}), some_values({3, 3}, 0.8)}};
}

// --- Tables, buffers, branches ---

LoopProgram gathered_map(std::int64_t n) {
  const Expr group = vector("group", 3), x = vector("x", n);
  const ScanOutputs r = map({.fn = [](Expr e, Expr g, Expr all) { return exp(gather(all, g)) * e; },
                             .sequences = {x, table(n, 2, 3)},
                             .non_sequences = {group}});
  return {{group, x}, {r[0]}, {some_values({3}), some_values({n}, 0.7)}};
}

/// x[t] = a x[lag[t]] + e[t], where the lag is read from a table.
LoopProgram lag_through_a_table(std::int64_t n) {
  const Expr e = vector("e", n), a = scalar("a");
  std::vector<std::int64_t> from;
  for (std::int64_t t = 0; t < n; ++t) from.push_back(t == 0 ? 0 : (t * 7 + 3) % t);
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& now) {
        const Expr value = a * sin(gather(c[0], now[1])) + now[0];
        return ScanBody{{set_rows(c[0], now[2], value)}, {}};
      },
      {full({n}, 0.5)}, {e, constant(integers({n}, from)), arange(n)});
  return {{e, a}, {r.carry[0]}, {some_values({n}), number(0.8)}};
}

/// Every third element, then every second, is overwritten by what its neighbour holds.
LoopProgram sieve(std::int64_t n) {
  const Expr x = vector("x", n), k = scalar("k");
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& now) {
        const Expr old = gather(c[0], now[0]);
        return ScanBody{{set_rows(c[0], now[0], k * sqr(old) + gather(c[0], now[1]))}, {old}};
      },
      {x}, {table(n, 3, n), table(n, 2, n)});
  return {{x, k}, {r.carry[0], r.outputs[0]}, {fractions({n}), number(0.6)}};
}

LoopProgram group_sums(std::int64_t n) {
  const Expr x = vector("x", n);
  const ScanResult r = scan(
      [](const Exprs& c, const Exprs& e) {
        return ScanBody{{add_rows(c[0], e[1], sqr(e[0]))}, {}};
      },
      {full({3}, 0.0)}, {x, table(n, 2, 3)});
  return {{x}, {r.carry[0]}, {some_values({n})}};
}

LoopProgram branch_on_data(std::int64_t n) {
  const Expr x = vector("x", n), k = scalar("k");
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& e) {
        const Expr next = ifelse(
            eq(e[1], 1), [&] { return Exprs{c[0] * k + e[0]}; }, [&] { return Exprs{sin(c[0]) - e[0] * k}; })[0];
        return ScanBody{{next}, {next}};
      },
      {0.2}, {x, table(n, 2, 3)});
  return {{x, k}, {r.outputs[0]}, {some_values({n}), number(0.8)}};
}

LoopProgram nested(std::int64_t n) {
  const Expr rows = matrix_input("rows", n, 3), k = scalar("k");
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& row) {
        const ScanResult inner = scan(
            [&](const Exprs& d, const Exprs& e) {
              const Expr next = 0.5 * d[0] + k * tanh(e[0] + c[0]);
              return ScanBody{{next}, {next}};
            },
            {c[0]}, {row[0]});
        return ScanBody{{inner.carry[0]}, {sum(inner.outputs[0])}};
      },
      {0.1}, {rows});
  return {{rows, k}, {r.carry[0], r.outputs[0]}, {some_values({n, 3}), number(0.7)}};
}

/// Sums over x[start[i]], ..., x[start[i + 1] - 1], each an inner loop as long as the table says.
LoopProgram ragged_sums(std::int64_t n) {
  const Expr x = vector("x", 3 * n), k = scalar("k");
  std::vector<std::int64_t> start, length_of;
  for (std::int64_t i = 0, next = 0; i < n; ++i) {
    start.push_back(next);
    length_of.push_back(i * 2 % 4);
    next += length_of.back();
  }
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs& now) {
        const ScanResult inner = scan(
            [&](const Exprs& d, const Exprs&) {
              return ScanBody{{d[0] + sqr(gather(x, now[0] + d[1])) * k, d[1] + 1}, {}};
            },
            {0.0, std::int64_t{0}}, {}, now[1]);
        return ScanBody{{c[0] + sin(inner.carry[0])}, {inner.carry[0]}};
      },
      {0.0}, {constant(integers({n}, start)), constant(integers({n}, length_of))});
  return {{x, k}, {r.carry[0], r.outputs[0]}, {some_values({3 * n}), number(0.7)}};
}

// --- Loops that end by themselves ---

LoopProgram doubling_until(std::int64_t n) {
  const Expr x = scalar("x"), k = scalar("k");
  const ScanOutputs r = scan({.fn =
                                  [](Expr prior, Expr total, Expr factor) {
                                    const Expr next = factor * prior;
                                    return ScanStep(Exprs{next, total + sqr(next)}, until(next > 45.0));
                                  },
                              .outputs_info = {x, 0.0},
                              .non_sequences = {k},
                              .n_steps = n});
  return {{x, k}, {r.last[0], 0.01 * r.last[1], cast(r.steps, DType::float64)}, {number(1.1), number(2.0)}};
}

LoopProgram bisection(std::int64_t n) {
  const Expr low = scalar("low"), high = scalar("high"), a = scalar("a");
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs&) {
        const Expr middle = 0.5 * (c[0] + c[1]);
        const Expr below = middle * sqr(middle) + middle < a;
        const Expr left = where(below, middle, c[0]), right = where(below, c[1], middle);
        return ScanBody{{left, right}, {}, right - left < 0.05};
      },
      {low, high}, {}, n);
  return {{low, high, a}, {r.carry[0], r.carry[1]}, {number(0.1), number(2.3), number(3.0)}};
}

LoopProgram newton_while(std::int64_t n) {
  const Expr a = scalar("a"), start = scalar("start");
  const ScanResult r = while_loop([&](const Exprs& c) { return abs(sqr(c[0]) - a) > 1e-3; },
                                  [&](const Exprs& c) { return Exprs{0.5 * (c[0] + a / c[0])}; }, {start}, n);
  return {{a, start}, {r.carry[0]}, {number(2.5), number(2.0)}};
}

/// Halves even numbers, takes odd ones to 3 n + 1, and sums what it meets, weighed.
LoopProgram collatz(std::int64_t n) {
  const Expr k = scalar("k");
  const ScanResult r = scan(
      [&](const Exprs& c, const Exprs&) {
        const Expr next = where(eq(c[0] % 2, 0), floor_div(c[0], 2), 3 * c[0] + 1);
        return ScanBody{{next, 0.5 * c[1] + k * cast(next, DType::float64)}, {}, eq(next, 1)};
      },
      {std::int64_t{3}, 0.0}, {}, n);
  return {{k}, {r.carry[1], cast(r.steps, DType::float64)}, {number(0.3)}};
}

LoopProgram saved_at_checkpoints(std::int64_t n) {
  const Expr s = vector("s", n), x = scalar("x");
  const Expr value = scan_checkpoints({.fn = [](Expr e, Expr prior) { return sin(prior) * e + 0.5 * prior; },
                                       .sequences = {s},
                                       .outputs_info = {x},
                                       .save_every = 2})[0];
  return {{s, x}, {value}, {some_values({n}), number(0.4)}};
}

constexpr LoopCase zoo[] = {
    {"plain_sum", plain_sum},
    {"cumulative_products", cumulative_products},
    {"running_maximum", running_maximum},
    {"horner", horner},
    {"sum_of_sums", sum_of_sums, 6, 1e-6},
    {"welford", welford},
    {"streaming_logsumexp", streaming_logsumexp},
    {"product_of_matrices", product_of_matrices},
    {"logistic_map", logistic_map},
    {"fibonacci", fibonacci},
    {"autoregression", autoregression},
    {"discounted_returns", discounted_returns},
    {"garch", garch, 6, 1e-6},
    {"lotka_volterra", lotka_volterra},
    {"power_iteration", power_iteration},
    {"heat_equation", heat_equation},
    {"recurrent_network", recurrent_network},
    {"leapfrog_with_a_gradient_inside", leapfrog_with_a_gradient_inside},
    {"kalman_filter", kalman_filter, 6, 1e-6},
    {"forward_algorithm", forward_algorithm, 6, 1e-6},
    {"best_path", best_path},
    {"gathered_map", gathered_map},
    {"lag_through_a_table", lag_through_a_table},
    {"sieve", sieve},
    {"group_sums", group_sums},
    {"branch_on_data", branch_on_data},
    {"nested", nested},
    {"ragged_sums", ragged_sums},
    {"doubling_until", doubling_until, 20, 1e-6},
    {"bisection", bisection, 12},
    {"newton_while", newton_while, 12},
    {"collatz", collatz, 30},
    {"saved_at_checkpoints", saved_at_checkpoints, 13},
};

class LoopZoo : public testing::TestWithParam<LoopCase> {};

Exprs floating(const Exprs& inputs) {
  Exprs result;
  for (const Expr& e : inputs)
    if (is_floating(e.dtype())) result.push_back(e);
  return result;
}

/// Outputs, and the gradient of a scalar that all of them move.
Exprs with_gradient(const Exprs& outputs, const Exprs& inputs) {
  Exprs all = outputs;
  const Exprs slopes = grad(mixed(outputs), floating(inputs), Disconnected::zero);
  all.insert(all.end(), slopes.begin(), slopes.end());
  return all;
}

TEST_P(LoopZoo, AgreesWithItselfWrittenOut) {
  const LoopProgram p = GetParam().build(GetParam().n);
  const Exprs loop = with_gradient(p.outputs, p.inputs);
  const Exprs steps = with_gradient(written_out(p.outputs, p), p.inputs);
  const Arrays got = interpret(Graph{p.inputs, loop}, p.arguments);
  const Arrays wanted = interpret(Graph{p.inputs, steps}, p.arguments);
  for (std::size_t i = 0; i < loop.size(); ++i) {
    SCOPED_TRACE(i);
    expect_reals(got[i], wanted[i].reals(), 1e-11);  // sums of adjoints are added in another order
  }
}

TEST_P(LoopZoo, RunsNativelyAsInTheInterpreter) {
  const LoopProgram p = GetParam().build(GetParam().n);
  const Exprs all = with_gradient(p.outputs, p.inputs);
  const Arrays wanted = interpret(Graph{p.inputs, all}, p.arguments);
  const Arrays got = compile(Graph{p.inputs, all})(p.arguments);
  for (std::size_t i = 0; i < all.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(got[i].type(), wanted[i].type());
    expect_reals(got[i], wanted[i].reals(), 1e-11);  // rewritten: sums in another order
  }
}

TEST_P(LoopZoo, HasTheDerivativesOfFiniteDifferences) {
  const LoopProgram p = GetParam().build(std::min<std::int64_t>(GetParam().n, 20));
  expect_derivatives(p.inputs, p.outputs, p.arguments, GetParam().tolerance);
}

TEST_P(LoopZoo, DoesNotGrowWithTheNumberOfSteps) {
  const auto size = [](std::int64_t n) {
    const LoopProgram p = GetParam().build(n);
    const Graph graph{p.inputs, with_gradient(p.outputs, p.inputs)};
    return size_with_bodies(compile(graph, {.target = CompileOptions::Target::interpreter}).graph());
  };
  // Short tables may be folded where long ones are looked up: fewer steps are not always fewer nodes.
  EXPECT_LE(size(10000), size(10));
}

INSTANTIATE_TEST_SUITE_P(Programs, LoopZoo, testing::ValuesIn(zoo),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace leapgraph::symbolic
