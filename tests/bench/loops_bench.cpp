/// What loops cost: scans, recurrences and indexed likelihoods beside the same loops written by hand in C.
///
///     loops_bench [--source NAME] [Google Benchmark's options]
///
/// Each row is one of ours or its twin in loops_by_hand.c; their repetitions are interleaved at random and medians
/// reported, then a table of ratios. Both are checked to give the same numbers before anything is timed. --source
/// prints the emitted C of one row.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "leapgraph/symbolic.hpp"
#include "leapgraph/symbolic/rewrite/passes.hpp"
#include "loops_by_hand.h"

using namespace leapgraph::symbolic;

namespace {

/// One loop in both forms. Each writes what it computes to `results`, in the same order.
struct Row {
  std::string name;
  std::string bar;  ///< what is asked of it
  std::int64_t steps;
  CompiledFunction function;
  std::vector<Array> arguments;
  std::function<void(std::vector<double>& results)> by_hand;
};

/// A function bound to arguments, results and workspace: what a sampler calls.
class Bound {
 public:
  explicit Bound(const Row& row) : function_(row.function), arguments_(row.arguments) {
    for (const Array& a : arguments_) in_.push_back(a.raw());
    for (const Array& a : function_.data()) in_.push_back(a.raw());
    for (const Type& type : function_.outputs()) results_.emplace_back(type);
    for (Array& a : results_) out_.push_back(a.raw());
    work_.reset(std::aligned_alloc(64, static_cast<std::size_t>(function_.workspace_bytes()) + 64));
  }
  void call() {
    if (function_.call(in_.data(), out_.data(), work_.get()) != 0) std::abort();
  }
  std::vector<double> results() const {
    std::vector<double> all;
    for (const Array& a : results_)
      for (double x : a.reals()) all.push_back(x);
    return all;
  }

 private:
  CompiledFunction function_;
  std::vector<Array> arguments_, results_;
  std::vector<const void*> in_;
  std::vector<void*> out_;
  std::unique_ptr<void, decltype(&std::free)> work_{nullptr, &std::free};
};

std::vector<double> drawn(std::int64_t n, double low, double high, unsigned seed) {
  std::mt19937_64 engine(seed);
  std::uniform_real_distribution<double> uniform(low, high);
  std::vector<double> values(static_cast<std::size_t>(n));
  for (double& x : values) x = uniform(engine);
  return values;
}

Expr vector_input(std::int64_t n, const char* name) { return input({DType::float64, {n}}, name); }
Expr scalar_input(const char* name) { return input({DType::float64, {}}, name); }

/// The function of value and gradient.
CompiledFunction with_gradient(const Exprs& inputs, const Expr& value, const Exprs& variables) {
  Exprs outputs{value};
  for (const Expr& g : grad(value, variables)) outputs.push_back(g);
  return compile(Graph{inputs, outputs});
}

Row vector_steps(bool store) {
  constexpr std::int64_t steps = 1000;
  const Expr x = vector_input(hand_width, "x"), w = vector_input(hand_width, "w"), b = vector_input(hand_width, "b");
  const ScanResult loop = scan(
      [&](const Exprs& carry, const Exprs&) {
        const Expr next = w * carry[0] + b;
        return ScanBody{{next}, store ? Exprs{next} : Exprs{}};
      },
      {x}, {}, steps);
  const auto x0 = drawn(hand_width, -1, 1, 1), ws = drawn(hand_width, 0.5, 0.9, 2), bs = drawn(hand_width, -1, 1, 3);
  return {store ? "vector step, rows stored" : "vector step",
          "15 ns a step beyond C",
          steps,
          compile(Graph{{x, w, b}, {store ? loop.outputs[0] : loop.carry[0]}}),
          {Array::vector(x0), Array::vector(ws), Array::vector(bs)},
          [=](std::vector<double>& results) {
            results.resize(static_cast<std::size_t>(hand_width * (store ? steps : 1)));
            (store ? hand_vector_rows : hand_vector_steps)(steps, x0.data(), ws.data(), bs.data(), results.data());
          }};
}

Row scalar_steps() {
  constexpr std::int64_t steps = 1000;
  const Expr x = scalar_input("x"), a = scalar_input("a"), b = scalar_input("b");
  const ScanResult loop = scan(
      [&](const Exprs& carry, const Exprs&) {
        return ScanBody{{a * carry[0] + b}, {}};
      },
      {x}, {}, steps);
  return {"scalar step",
          "2 ns a step beyond C",
          steps,
          compile(Graph{{x, a, b}, {loop.carry[0]}}),
          {Array::scalar(0.3), Array::scalar(0.7), Array::scalar(0.1)},
          [](std::vector<double>& results) {
            results.resize(1);
            const double x0 = 0.3, factor = 0.7, term = 0.1;
            hand_scalar_steps(steps, &x0, &factor, &term, results.data());
          }};
}

Row tanh_gradient() {
  constexpr std::int64_t steps = 1000;
  const Expr x = vector_input(hand_width, "x"), w = vector_input(hand_width, "w");
  const ScanResult loop = scan(
      [&](const Exprs& carry, const Exprs&) {
        return ScanBody{{tanh(w * carry[0])}, {}};
      },
      {x}, {}, steps);
  const auto x0 = drawn(hand_width, -1, 1, 1), ws = drawn(hand_width, 0.9, 1.1, 2);
  const auto rows = std::make_shared<std::vector<double>>(static_cast<std::size_t>((steps + 1) * hand_width));
  return {"tanh scan, gradient",
          "120 us",
          steps,
          with_gradient({x, w}, sum(loop.carry[0]), {x, w}),
          {Array::vector(x0), Array::vector(ws)},
          [=](std::vector<double>& results) {
            results.resize(1 + 2 * hand_width);
            results[0] = hand_tanh(steps, x0.data(), ws.data(), rows->data(), results.data() + 1,
                                   results.data() + 1 + hand_width);
          }};
}

Row garch() {
  constexpr std::int64_t n = 1000;
  const auto y = drawn(n, -2, 2, 4);
  const std::vector<double> theta{0.1, 0.2, 0.3, 0.5};
  const Expr m = scalar_input("mu"), a = scalar_input("alpha0"), b = scalar_input("alpha1"), c = scalar_input("beta1");
  const Expr data = constant(Array::vector(y)), s0 = constant(1.1);
  const ScanResult loop = scan(
      [&](const Exprs& carry, const Exprs& element) {
        const Expr next = sqrt(a + b * sqr(element[0] - m) + c * sqr(carry[0]));
        return ScanBody{{next}, {next}};
      },
      {s0}, {slice(data, 0, {0, n - 1})});
  const Expr s = concatenate({expand_dims(s0, 0), loop.outputs[0]});
  const Expr value = sum(-0.5 * sqr((data - m) / s) - log(s));
  const auto work = std::make_shared<std::vector<double>>(static_cast<std::size_t>(2 * n));
  return {"GARCH(1,1), value and gradient",
          "1.5 x C",
          n,
          with_gradient({m, a, b, c}, value, {m, a, b, c}),
          {Array::scalar(theta[0]), Array::scalar(theta[1]), Array::scalar(theta[2]), Array::scalar(theta[3])},
          [=](std::vector<double>& results) {
            results.resize(5);
            results[0] = hand_garch(n, theta.data(), 1.1, y.data(), work->data(), results.data() + 1);
          }};
}

Row hidden_markov() {
  constexpr std::int64_t n = 500, K = hand_states;
  const auto y = drawn(n, -3, 3, 5);
  const std::vector<double> A{0.7, 0.2, 0.1, 0.3, 0.5, 0.2, 0.25, 0.25, 0.5}, mus{-2, 0.1, 1.5}, sigmas{0.8, 1.1, 0.7};
  const Expr transition = input({DType::float64, {K, K}}, "A"), mu = vector_input(K, "mu"),
             sigma = vector_input(K, "sigma");
  const Expr data = constant(Array::vector(y));
  const auto emission = [&](const Expr& observed) { return -0.5 * sqr((observed - mu) / sigma) - log(sigma); };
  const ScanResult loop = scan(
      [&](const Exprs& carry, const Exprs& element) {
        return ScanBody{{logsumexp(expand_dims(carry[0], 1) + log(transition), {0}) + emission(element[0])}, {}};
      },
      {emission(at(data, 0))}, {slice(data, 0, {1, std::nullopt})});
  const auto work = std::make_shared<std::vector<double>>(static_cast<std::size_t>(n * K * K));
  return {"HMM, value and gradient",
          "1.5 x C",
          n,
          with_gradient({transition, mu, sigma}, logsumexp(loop.carry[0]), {transition, mu, sigma}),
          {Array::of<double>({K, K}, A), Array::vector(mus), Array::vector(sigmas)},
          [=](std::vector<double>& results) {
            results.resize(1 + K * K + 2 * K);
            results[0] = hand_hmm(n, A.data(), mus.data(), sigmas.data(), y.data(), work->data(), results.data() + 1);
          }};
}

/// As whole arrays, or as a loop over the observations.
Row groups(bool sorted, bool looped = false) {
  constexpr std::int64_t n = 20000, count = 500;
  const auto y = drawn(n, -1, 1, 6), mus = drawn(count, -1, 1, 7);
  std::vector<std::int64_t> g(static_cast<std::size_t>(n));
  std::mt19937_64 engine(8);
  for (std::int64_t& group : g) group = std::uniform_int_distribution<std::int64_t>(0, count - 1)(engine);
  if (sorted) std::sort(g.begin(), g.end());
  const Expr mu = vector_input(count, "mu"), log_sigma = scalar_input("log_sigma"), sigma = exp(log_sigma);
  const Expr index = constant(Array::of<std::int64_t>({n}, g)), data = constant(Array::vector(y));
  const auto density = [&](const Expr& observed, const Expr& group) {
    return -0.5 * sqr((observed - gather(mu, group)) / sigma) - log_sigma;
  };
  const Expr value = looped ? scan(
                                  [&](const Exprs& carry, const Exprs& element) {
                                    return ScanBody{{carry[0] + density(element[0], element[1])}, {}};
                                  },
                                  {0.0}, {data, index})
                                  .carry[0]
                            : sum(density(data, index));
  std::vector<long> rows(g.begin(), g.end()), start(count + 1, 0);
  for (long group : rows) ++start[static_cast<std::size_t>(group) + 1];
  std::partial_sum(start.begin(), start.end(), start.begin());
  const std::string name = sorted ? "20,000 in 500 sorted groups" : "20,000 in 500 groups";
  return {looped ? name + ", a loop" : name,
          looped ? "25 us, 1.1 x whole arrays" : "25 us",
          n,
          // What a model's loop becomes before it is differentiated.
          with_gradient({mu, log_sigma}, rewrite(Graph{{mu, log_sigma}, {value}}).outputs[0], {mu, log_sigma}),
          {Array::vector(mus), Array::scalar(0.3)},
          [=](std::vector<double>& results) {
            results.resize(static_cast<std::size_t>(2 + count));
            double* g_mu = results.data() + 1;
            results[0] = sorted
                             ? hand_sorted_groups(count, mus.data(), 0.3, y.data(), start.data(), g_mu, &results.back())
                             : hand_groups(n, count, mus.data(), 0.3, y.data(), rows.data(), g_mu, &results.back());
          }};
}

Row crossed() {
  constexpr std::int64_t n = 11566;
  const std::vector<long> lengths{51, 16, 4};
  const auto values = std::make_shared<std::vector<std::vector<double>>>();
  const auto indices = std::make_shared<std::vector<std::vector<std::int64_t>>>();
  std::vector<double> y = drawn(n, 0, 1, 10);
  for (double& outcome : y) outcome = outcome < 0.5 ? 0 : 1;
  Exprs inputs{scalar_input("b0")};
  Expr logit = inputs[0];
  std::vector<Array> arguments{Array::scalar(0.2)};
  std::mt19937_64 engine(11);
  for (const long length : lengths) {
    values->push_back(drawn(length, -1, 1, 12));
    std::vector<std::int64_t> index(n);
    for (std::int64_t& row : index) row = std::uniform_int_distribution<std::int64_t>(0, length - 1)(engine);
    inputs.push_back(vector_input(length, "effect"));
    arguments.push_back(Array::vector(values->back()));
    logit = logit + gather(inputs.back(), constant(Array::of<std::int64_t>({n}, index)));
    indices->push_back(std::move(index));
  }
  const Expr value = sum(constant(Array::vector(y)) * logit - softplus(logit));
  const auto work = std::make_shared<std::vector<double>>(static_cast<std::size_t>(n));
  return {"11,566 logits of 3 indices",
          "-",
          n,
          with_gradient(inputs, value, inputs),
          arguments,
          [=](std::vector<double>& results) {
            results.resize(static_cast<std::size_t>(2 + lengths[0] + lengths[1] + lengths[2]));
            const double* effects[3];
            const long* rows[3];
            for (std::size_t k = 0; k < 3; ++k) {
              effects[k] = (*values)[k].data();
              rows[k] = (*indices)[k].data();
            }
            results[0] =
                hand_crossed(n, lengths.data(), 0.2, effects, rows, y.data(), work->data(), results.data() + 1);
          }};
}

Row cumulative() {
  constexpr std::int64_t n = 1000;
  const auto values = drawn(n, -1, 1, 9);
  const Expr r = scalar_input("r"), x = vector_input(n, "x");
  const ScanResult loop = scan(
      [&](const Exprs& carry, const Exprs& element) {
        const Expr next = r * carry[0] + element[0];
        return ScanBody{{next}, {next}};
      },
      {0.0}, {x});
  const auto s = std::make_shared<std::vector<double>>(static_cast<std::size_t>(n));
  return {"cumulative recurrence, gradient",
          "1.5 x C",
          n,
          with_gradient({r, x}, sum(sqr(loop.outputs[0])), {r, x}),
          {Array::scalar(0.9), Array::vector(values)},
          [=](std::vector<double>& results) {
            results.resize(static_cast<std::size_t>(2 + n));
            results[0] = hand_cumulative(n, 0.9, values.data(), s->data(), &results[1], &results[2]);
          }};
}

/// Prints as Google Benchmark does and keeps the medians.
class MedianReporter : public benchmark::ConsoleReporter {
 public:
  std::map<std::string, double> medians;  ///< nanoseconds a call
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs)
      if (run.aggregate_name == "median") medians[run.run_name.function_name] = run.GetAdjustedCPUTime();
  }
};

void require_agreement(const Row& row, const std::vector<double>& ours, const std::vector<double>& theirs) {
  bool same = ours.size() == theirs.size();
  for (std::size_t i = 0; same && i < ours.size(); ++i)
    same = std::abs(ours[i] - theirs[i]) <= 1e-9 * std::max(1.0, std::abs(theirs[i]));
  if (same) return;
  std::fprintf(stderr, "%s: the two loops differ\n", row.name.c_str());
  for (std::size_t i = 0; i < std::min<std::size_t>(20, std::min(ours.size(), theirs.size())); ++i)
    std::fprintf(stderr, "%.17g %.17g\n", ours[i], theirs[i]);
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<Row> rows;
  rows.push_back(scalar_steps());
  rows.push_back(vector_steps(false));
  rows.push_back(vector_steps(true));
  rows.push_back(cumulative());
  rows.push_back(tanh_gradient());
  rows.push_back(garch());
  rows.push_back(hidden_markov());
  rows.push_back(groups(false));
  rows.push_back(groups(false, true));
  rows.push_back(groups(true));
  rows.push_back(crossed());

  std::string source;
  char name[] = "loops_bench", interleave[] = "--benchmark_enable_random_interleaving=true",
       repeat[] = "--benchmark_repetitions=9", aggregate[] = "--benchmark_report_aggregates_only=true",
       brief[] = "--benchmark_min_time=0.02";
  std::vector<char*> words{name, interleave, repeat, aggregate, brief};
  for (int i = 1; i < argc; ++i)
    if (std::string(argv[i]) == "--source" && i + 1 < argc)
      source = argv[++i];
    else
      words.push_back(argv[i]);
  for (const Row& row : rows)
    if (row.name == source) return std::printf("%s\n", row.function.source().c_str()) < 0;

  for (const Row& row : rows) {
    const auto bound = std::make_shared<Bound>(row);
    std::vector<double> theirs;
    row.by_hand(theirs);
    bound->call();
    require_agreement(row, bound->results(), theirs);
    benchmark::RegisterBenchmark((row.name + " (C)").c_str(), [row](benchmark::State& state) {
      std::vector<double> results;
      for (auto _ : state) {
        row.by_hand(results);
        benchmark::DoNotOptimize(results.data());
      }
    });
    benchmark::RegisterBenchmark(row.name.c_str(), [bound](benchmark::State& state) {
      for (auto _ : state) bound->call();
    });
  }
  int words_count = static_cast<int>(words.size());
  benchmark::Initialize(&words_count, words.data());
  MedianReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  std::printf("\n%-34s %12s %12s %8s %14s   %s\n", "", "ours, us", "C, us", "ratio", "ns a step more", "bar");
  for (const Row& row : rows) {
    const auto ours = reporter.medians.find(row.name), theirs = reporter.medians.find(row.name + " (C)");
    if (ours == reporter.medians.end() || theirs == reporter.medians.end()) continue;
    std::printf("%-34s %12.2f %12.2f %8.2f %14.2f   %s\n", row.name.c_str(), 1e-3 * ours->second, 1e-3 * theirs->second,
                ours->second / theirs->second, (ours->second - theirs->second) / static_cast<double>(row.steps),
                row.bar.c_str());
  }
}
