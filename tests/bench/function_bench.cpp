/// What calls cost beside the code that they run: scalars, defaults, shared variables, vectors, a large array, and how
/// long functions take to make when their code is in the cache.
///
///     function_bench [Google Benchmark's options]
#include <benchmark/benchmark.h>

#include <vector>

#include "leapgraph/symbolic.hpp"

using namespace leapgraph::symbolic;

namespace {

void sum_of_two_scalars(benchmark::State& state) {
  const Expr x = dscalar("x"), y = dscalar("y");
  const Function f = function({x, y}, x + y);
  double a = 2;
  for (auto _ : state) {
    const double r = f(a, 3.0);
    benchmark::DoNotOptimize(a = r - 3.0);
  }
}
BENCHMARK(sum_of_two_scalars);

void sum_of_two_integers_given(benchmark::State& state) {
  const Expr x = dscalar("x"), y = dscalar("y");
  const Function f = function({x, y}, x + y);
  for (auto _ : state) {
    const double r = f(2, 3);
    benchmark::DoNotOptimize(r);
  }
}
BENCHMARK(sum_of_two_integers_given);

/// The raw call that a sampler makes: no arguments are looked at, nothing is checked.
void sum_of_two_scalars_raw(benchmark::State& state) {
  const Expr x = dscalar("x"), y = dscalar("y");
  const CompiledFunction f = compile(Graph{{x, y}, {x + y}});
  double a = 2, b = 3, r = 0;
  const void* const in[] = {&a, &b};
  void* const out[] = {&r};
  for (auto _ : state) {
    f.call(in, out, nullptr);
    benchmark::DoNotOptimize(r);
  }
}
BENCHMARK(sum_of_two_scalars_raw);

Function with_defaults() {
  const Expr x = dscalar("x"), y = dscalar("y"), w = dscalar("w");
  return function({x, In(y, 1), In(w, 2, "w_by_name")}, (x + y) * w);
}

void defaults(benchmark::State& state) {
  const Function g = with_defaults();
  for (auto _ : state) {
    const double r = g(33);
    benchmark::DoNotOptimize(r);
  }
}
BENCHMARK(defaults);

void by_name(benchmark::State& state) {
  const Function g = with_defaults();
  for (auto _ : state) {
    const double r = g(33, arg("w_by_name") = 1);
    benchmark::DoNotOptimize(r);
  }
}
BENCHMARK(by_name);

void accumulator(benchmark::State& state) {
  const SharedVariable total = shared(0);
  const Expr inc = lscalar("inc");
  const Function f = function({inc}, total, {.updates = {{total, total + inc}}});
  for (auto _ : state) {
    const double r = f(1);
    benchmark::DoNotOptimize(r);
  }
}
BENCHMARK(accumulator);

/// Reads and updates what the tutorial's sampler does: positions, two scalars, the states of two generators.
Function five_updates() {
  const SharedVariable positions = shared(Array(Type{DType::float64, {3, 5}})), step = shared(0.1), rate = shared(0.9);
  const SharedVariable first = shared(std::vector<double>(626, 1.0)), second = shared(std::vector<double>(626, 1.0));
  return function({}, {},
                  {.updates = {{positions, positions * 0.5},
                               {step, step * 0.5},
                               {rate, rate * 0.5},
                               {first, first * 0.5},
                               {second, second * 0.5}}});
}

void updates_of_five(benchmark::State& state) {
  const Function f = five_updates();
  for (auto _ : state) f();
}
BENCHMARK(updates_of_five);

/// The same code without the function around it.
void updates_of_five_raw(benchmark::State& state) {
  const CompiledFunction f = five_updates().specialised(std::vector<Array>());
  std::vector<Array> old_values, new_values;
  std::vector<const void*> in;
  std::vector<void*> out;
  for (const Type& type : f.inputs()) old_values.emplace_back(type), new_values.emplace_back(type);
  for (const Array& array : old_values) in.push_back(array.raw());
  for (Array& array : new_values) out.push_back(array.raw());
  std::vector<double> workspace(static_cast<std::size_t>(f.workspace_bytes()) / 8 + 8);
  for (auto _ : state) f.call(in.data(), out.data(), workspace.data());
}
BENCHMARK(updates_of_five_raw);

void short_vector(benchmark::State& state) {
  const Expr x = dvector("x");
  const Function f = function({x}, x + 1.0);
  const Array argument = Array::vector({1, 2, 3});
  for (auto _ : state) {
    const Array r = f(argument);
    benchmark::DoNotOptimize(r.raw());
  }
}
BENCHMARK(short_vector);

void logistic_1000_1000(benchmark::State& state) {
  const Expr x = dmatrix("x");
  const Function f = function({x}, 1 / (1 + exp(-x)));
  Array argument(Type{DType::float64, {1000, 1000}});
  for (std::int64_t i = 0; i < argument.size(); ++i) argument.set(i, 1e-5 * static_cast<double>(i) - 5);
  for (auto _ : state) {
    const Array r = f(argument);
    benchmark::DoNotOptimize(r.raw());
  }
}
BENCHMARK(logistic_1000_1000)->Unit(benchmark::kMillisecond);

void making_x_plus_y_from_the_cache(benchmark::State& state) {
  for (auto _ : state) {
    const Expr x = dscalar("x"), y = dscalar("y");
    const Function f = function({x, y}, x + y);
    const double r = f(2, 3);
    benchmark::DoNotOptimize(r);
  }
}
BENCHMARK(making_x_plus_y_from_the_cache)->Unit(benchmark::kMillisecond);

void evaluating_an_expression_again(benchmark::State& state) {
  const Expr x = dscalar("x"), y = dscalar("y"), z = x + y;
  for (auto _ : state) {
    const double r = eval(z, {{x, 2}, {y, 3}});
    benchmark::DoNotOptimize(r);
  }
}
BENCHMARK(evaluating_an_expression_again);

}  // namespace

BENCHMARK_MAIN();
