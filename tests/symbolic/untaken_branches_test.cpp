/// Gradients that are finite although something that was not chosen has an infinite or undefined slope: a zoo of
/// expressions with their derivatives by hand, in both modes, to second order, interpreted, rewritten and compiled.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A function of a vector, differentiated at a point where part of it must not be looked at.
struct Animal {
  const char* name;
  std::function<Expr(const Expr& x)> f;
  std::vector<double> at;
  std::vector<double> gradient;  ///< of the sum of f
  std::vector<double> second;    ///< d sum(gradient) / dx; empty: not finite or not of interest
};

Expr flags(std::vector<bool> values) {
  Array array(Type{DType::boolean, {static_cast<std::int64_t>(values.size())}});
  for (std::size_t i = 0; i < values.size(); ++i) array.set_integer(static_cast<std::int64_t>(i), values[i] ? 1 : 0);
  return constant(array);
}
Expr rows(const std::vector<std::int64_t>& numbers) {
  return constant(Array::of<std::int64_t>({static_cast<std::int64_t>(numbers.size())}, numbers));
}
Expr numbers(const std::vector<double>& values) { return constant(Array::vector(values)); }
Expr matrix(Shape shape, const std::vector<double>& values) {
  return constant(Array::of<double>(std::move(shape), values));
}

/// The element at a position as a scalar.
Expr element(const Expr& x, std::int64_t i) { return at(x, i); }

void PrintTo(const Animal& animal, std::ostream* out) { *out << animal.name; }

std::vector<Animal> zoo() {
  const double nan = std::nan("");
  return {
      {"log", [](const Expr& x) { return where(x > 0.0, log(x), 0.0); }, {0, 2}, {0, 0.5}, {0, -0.25}},
      {"log_other_side", [](const Expr& x) { return where(x <= 0.0, 0.0, log(x)); }, {0, 2}, {0, 0.5}, {0, -0.25}},
      {"log_against_x", [](const Expr& x) { return where(x > 0.0, log(x), x); }, {0, 2}, {1, 0.5}, {0, -0.25}},
      {"sqrt", [](const Expr& x) { return where(x > 0.0, sqrt(x), 0.0); }, {0, 4}, {0, 0.25}, {0, -1.0 / 32}},
      {"sqrt_negative", [](const Expr& x) { return where(x > 0.0, sqrt(x), -x); }, {-4, 4}, {-1, 0.25}, {0, -1.0 / 32}},
      {"inverse", [](const Expr& x) { return where(eq(x, 0.0), 0.0, 1.0 / x); }, {0, 2}, {0, -0.25}, {0, 0.25}},
      {"sinc",
       [](const Expr& x) { return where(eq(x, 0.0), 1.0, sin(x) / x); },
       {0, M_PI},
       {0, -1 / M_PI},
       {0, 2 / (M_PI * M_PI)}},
      {"quotient", [](const Expr& x) { return where(x > 1.0, (x + 1.0) / (x - 1.0), x); }, {1, 3}, {1, -0.5}, {0, 0.5}},
      {"power", [](const Expr& x) { return where(x > 0.0, pow(x, 0.5), 0.0); }, {0, 4}, {0, 0.25}, {0, -1.0 / 32}},
      {"x_to_the_x", [](const Expr& x) { return where(x > 0.0, pow(x, x), 1.0); }, {0, 1}, {0, 1}, {0, 2}},
      {"x_log_x", [](const Expr& x) { return where(x > 0.0, x * log(x), 0.0); }, {0, 1}, {0, 1}, {0, 1}},
      {"overflow", [](const Expr& x) { return where(x < 700.0, exp(x), 0.0); }, {800, 0}, {0, 1}, {0, 1}},
      {"overflow_squared", [](const Expr& x) { return where(x < 300.0, sqr(exp(x)), 0.0); }, {800, 0}, {0, 2}, {0, 4}},
      {"softplus_by_hand",
       [](const Expr& x) { return where(x > 30.0, x, log(1.0 + exp(x))); },
       {1000, 0},
       {1, 0.5},
       {0, 0.25}},
      {"acos", [](const Expr& x) { return where(abs(x) < 1.0, acos(x), 0.0); }, {1, 0}, {0, -1}, {0, 0}},
      {"atanh", [](const Expr& x) { return where(abs(x) < 1.0, atanh(x), x); }, {2, 0}, {1, 1}, {0, 0}},
      {"lgamma",
       [](const Expr& x) { return where(x > 0.0, lgamma(x), 0.0); },
       {0, 2},
       {0, 0.42278433509846714},
       {0, 0.64493406684822644}},
      {"nested",
       [](const Expr& x) { return where(x > 0.0, where(x < 4.0, log(x), 1.0 / (x - 9.0)), sqrt(-x)); },
       {-4, 9, 1},
       {-0.25, -infinity, 1},
       {}},
      {"nested_same_side",
       [](const Expr& x) { return where(x > 0.0, where(x > 1.0, log(x - 1.0), sqrt(x)), 0.0); },
       {0, 1, 2},
       {0, 0.5, 1},
       {0, -0.25, -1}},
      {"nested_in_the_condition",
       [](const Expr& x) { return where(where(x > 0.0, log(x), -1.0) > 0.0, sqrt(log(x)), 0.0); },
       {0, 1, M_E},
       {0, 0, 0.5 / M_E},
       {}},
      {"chain_after_the_choice",
       [](const Expr& x) { return exp(sqr(where(x > 0.0, log(x), 0.0))); },
       {0, 1},
       {0, 0},
       {0, 2}},
      {"choice_of_a_chain",
       [](const Expr& x) { return where(x > 0.0, exp(sqrt(log(1.0 + x) / x)), x); },
       {0, -3},
       {1, 1},
       {0, 0}},
      {"shared_by_two_choices",
       [](const Expr& x) {
         const Expr l = log(x);
         return where(x > 0.0, l, 0.0) + where(x > 1.5, 3.0 * l, x);
       },
       {0, 1, 2},
       {1, 2, 2},
       {0, -1, -1}},
      {"product_of_choices",
       [](const Expr& x) { return where(x > 0.0, log(x), 1.0) * where(x > 0.0, sqrt(x), x); },
       {0, 1},
       {1, 1},
       {0, 0}},
      {"maximum_of_log", [](const Expr& x) { return maximum(log(x), -1.0); }, {0, 1}, {0, 1}, {0, -1}},
      {"minimum_of_inverse", [](const Expr& x) { return minimum(1.0 / x, 5.0); }, {0, 1}, {0, -1}, {0, 2}},
      {"clipped_log", [](const Expr& x) { return clip(log(x), -3.0, 3.0); }, {0, 1, 1e9}, {0, 1, 0}, {0, -1, 0}},
      {"clipped_exp", [](const Expr& x) { return clip(exp(x), 0.0, 10.0); }, {1000, 0}, {0, 1}, {0, 1}},
      {"abs_at_zero", [](const Expr& x) { return abs(x) * x; }, {0, 3, -3}, {0, 6, 6}, {0, 2, -2}},
      {"square_at_zero", [](const Expr& x) { return pow(x, 2.0); }, {0, -3}, {0, -6}, {2, 2}},
      {"cube_at_zero", [](const Expr& x) { return pow(x, 3.0); }, {0, -1}, {0, 3}, {0, -6}},
      {"zeroth_power", [](const Expr& x) { return pow(x, 0.0) * x; }, {0, -3}, {1, 1}, {0, 0}},
      {"first_power", [](const Expr& x) { return pow(x, 1.0); }, {0, -3}, {1, 1}, {0, 0}},
      {"xlogy_at_zero", [](const Expr& x) { return xlogy(0.0, x) + x; }, {0, 2}, {1, 1}, {0, 0}},
      {"masked_sum",
       [](const Expr& x) { return sum(where(x > 0.0, log(x), 0.0)) * 2.0; },
       {0, 4},
       {0, 0.5},
       {0, -0.125}},
      {"masked_mean",
       [](const Expr& x) { return sum(where(x > 0.0, sqrt(x), 0.0)) / sum(where(x > 0.0, ones_like(x), 0.0)); },
       {0, 4, 1},
       {0, 0.125, 0.25},
       {0, -1.0 / 64, -0.125}},
      {"mask_after_rows",
       [](const Expr& x) {
         return where(flags({true, false}), at(log(broadcast_to(x, {2, 2})), 1), 0.0);
       },
       {2, 0},
       {0.5, 0},
       {-0.25, 0}},
      {"mask_by_data",
       [](const Expr& x) {
         return where(flags({false, true}), log(x), 0.0);
       },
       {0, 2},
       {0, 0.5},
       {0, -0.25}},
      {"one_condition_for_all",
       [](const Expr& x) { return where(sum(x) > 10.0, sum(log(x)), sum(x)); },
       {0, 2},
       {1, 1},
       {0, 0}},
      {"of_a_scalar", [](const Expr& x) { return where(x > 9.0, log(element(x, 0)) * x, x); }, {0, 2}, {1, 1}, {0, 0}},
      {"one_element", [](const Expr& x) { return at(log(x), 1); }, {0, 2}, {0, 0.5}, {0, -0.25}},
      {"slice",
       [](const Expr& x) {
         return slice(1.0 / x, 0, {1, std::nullopt});
       },
       {0, 2, 1},
       {0, -0.25, -1},
       {0, 0.25, 2}},
      {"gather",
       [](const Expr& x) {
         return gather(sqrt(x), rows({2, 1, 2}));
       },
       {0, 4, 1},
       {0, 0.25, 1},
       {0, -1.0 / 32, -0.5}},
      {"gather_by_condition",
       [](const Expr& x) {
         return gather(log(x), cast(numbers({1, 1}) * sum(cast(x > 0.0, DType::float64)), DType::int64));
       },
       {0, 2},
       {0, 1},
       {0, -0.5}},
      {"diagonal",
       [](const Expr& x) {
         return diagonal(log(reshape(x, {2, 2})));
       },
       {2, 0, 0, 4},
       {0.5, 0, 0, 0.25},
       {-0.25, 0, 0, -1.0 / 16}},
      {"overwritten",
       [](const Expr& x) { return set_rows(log(x), rows({0}), numbers({7})); },
       {0, 2},
       {0, 0.5},
       {0, -0.25}},
      {"largest", [](const Expr& x) { return max(log(x)); }, {0, 2}, {0, 0.5}, {0, -0.25}},
      {"smallest", [](const Expr& x) { return min(1.0 / x); }, {0, 2}, {0, -0.25}, {0, 0.25}},
      {"transposed",
       [](const Expr& x) {
         return where(constant(true), transpose(where(reshape(x, {2, 2}) > 0.0, log(reshape(x, {2, 2})), 0.0)), 0.0);
       },
       {0, 1, 2, 0},
       {0, 1, 0.5, 0},
       {0, -1, -0.25, 0}},
      {"concatenated",
       [](const Expr& x) {
         return where(concatenate({x, x}) > 0.0, log(concatenate({x, 2.0 * x})), 0.0);
       },
       {0, 2},
       {0, 1},
       {0, -0.5}},
      {"dot_of_chosen",
       [](const Expr& x) {
         return dot(where(x > 0.0, log(x), 0.0), numbers({5, 3}));
       },
       {0, 1},
       {0, 3},
       {0, -3}},
      {"dot_with_missing_rows",
       [nan](const Expr& x) {
         return where(flags({true, false}), dot(matrix({2, 2}, {1, 2, nan, infinity}), x), 0.0);
       },
       {1, 1},
       {1, 2},
       {0, 0}},
      {"cumulated",
       [](const Expr& x) { return cumsum(where(x > 0.0, sqrt(x), 0.0)); },
       {0, 4, 1},
       {0, 0.5, 0.5},
       {0, -1.0 / 16, -0.25}},
      {"logsumexp_of_nothing",
       [](const Expr& x) { return logsumexp(where(x > 0.0, x, -infinity)); },
       {0, 2},
       {0, 1},
       {0, 0}},
      {"logsumexp_of_missing_log",
       [](const Expr& x) { return logsumexp(where(x > 0.0, log(x), -infinity)); },
       {0, 2, 2},
       {0, 0.25, 0.25},
       {0, -0.125, -0.125}},
      {"in_a_scan",
       [](const Expr& x) {
         return scan(
                    [](const Exprs& c, const Exprs& e) {
                      const Expr v = where(e[0] > 0.0, log(e[0]), 0.0);
                      return ScanBody{{c[0] + v}, {c[0] * v}};
                    },
                    {0.0}, {x})
             .carry[0];
       },
       {0, 2, 0},
       {0, 0.5, 0},
       {0, -0.25, 0}},
      {"carried_in_a_scan",
       [](const Expr& x) {
         return scan(
                    [](const Exprs& c, const Exprs&) {
                      return ScanBody{{where(c[0] > 1.0, log(c[0]), sqr(c[0]))}, {}};
                    },
                    {x}, {}, 2)
             .carry[0];
       },
       {0, 0.5, 2},
       {0, 0.5, M_LN2},
       {0, 3, 0.5 - M_LN2 / 2 - 0.0}},
      {"outside_a_scan",
       [](const Expr& x) {
         return where(x > 0.0,
                      scan(
                          [](const Exprs&, const Exprs& e) {
                            return ScanBody{{}, {log(e[0])}};
                          },
                          {}, {x})
                          .outputs[0],
                      0.0);
       },
       {0, 2},
       {0, 0.5},
       {0, -0.25}},
      {"in_a_call",
       [](const Expr& x) {
         const Expr p = dvector("p");
         return call(close({{p}, {where(p > 0.0, sqrt(p), p)}}), {x})[0];
       },
       {0, 4},
       {1, 0.25},
       {0, -1.0 / 32}},
      {"outside_a_call",
       [](const Expr& x) {
         const Expr p = dvector("p");
         return where(x > 0.0, call(close({{p}, {sqrt(p)}}), {x})[0], x);
       },
       {0, 4},
       {1, 0.25},
       {0, -1.0 / 32}},
      {"ifelse",
       [](const Expr& x) {
         return ifelse(
             element(x, 0) > 0.0, [&] { return Exprs{sum(log(x))}; }, [&] { return Exprs{sum(sqr(x))}; })[0];
       },
       {0, 2},
       {0, 4},
       {2, 2}},
      {"outside_an_ifelse",
       [](const Expr& x) {
         return where(x > 0.0,
                      ifelse(
                          sum(x) > 0.0, [&] { return Exprs{log(x)}; }, [&] { return Exprs{x}; })[0],
                      0.0);
       },
       {0, 2},
       {0, 0.5},
       {0, -0.25}},
  };
}

class Zoo : public testing::TestWithParam<Animal> {};
INSTANTIATE_TEST_SUITE_P(Animals, Zoo, testing::ValuesIn(zoo()), [](const auto& test) { return test.param.name; });

void expect_reals(const Array& got, const std::vector<double>& wanted, const std::string& what) {
  ASSERT_EQ(got.size(), static_cast<std::int64_t>(wanted.size())) << what;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const double x = got.real(static_cast<std::int64_t>(i));
    if (std::isinf(wanted[i]))
      EXPECT_EQ(x, wanted[i]) << what << ", element " << i;
    else  // a dozen roundings
      EXPECT_NEAR(x, wanted[i], 1e-14 * (1 + std::abs(wanted[i]))) << what << ", element " << i;
  }
}

TEST_P(Zoo, HasAFiniteGradient) {
  const Animal& animal = GetParam();
  for (const bool known : {true, false}) {
    const auto n = static_cast<std::int64_t>(animal.at.size());
    const Expr x = input({DType::float64, {known ? n : unknown}}, "x");
    const Expr cost = sum(animal.f(x));
    const Expr g = grad(cost, x), slope = sum(where(g < infinity, g, 0.0));
    Exprs outputs{g};
    std::vector<std::vector<double>> wanted{animal.gradient};
    std::vector<std::string> names{"reverse"};
    const bool is_finite = animal.gradient[1] > -infinity;
    if (is_finite) {
      // Along all ones: the sum of the gradient.
      double total = 0;
      for (double v : animal.gradient) total += v;
      outputs.push_back(jvp(cost, x, ones_like(x)));
      wanted.push_back({total});
      names.emplace_back("forward");
    }
    if (!animal.second.empty()) {
      outputs.push_back(grad(sum(g), x, Disconnected::zero));
      wanted.push_back(animal.second);
      names.emplace_back("reverse over reverse");
      outputs.push_back(jvp(g, x, ones_like(x)));
      wanted.push_back(animal.second);
      names.emplace_back("forward over reverse");
    }
    const std::vector<Array> point{Array::vector(animal.at)};
    const std::string at = known ? ", known length" : ", unknown length";
    const std::vector<Array> direct = interpret(Graph{{x}, outputs}, point);
    for (std::size_t i = 0; i < outputs.size(); ++i) expect_reals(direct[i], wanted[i], names[i] + at);
    if (!known) continue;
    for (const bool rewritten : {false, true})
      for (const bool native : {false, true}) {
        CompileOptions options;
        options.as_written = !rewritten;
        options.target = native ? CompileOptions::Target::automatic : CompileOptions::Target::interpreter;
        const std::vector<Array> got = function({x}, outputs, options)(point);
        for (std::size_t i = 0; i < outputs.size(); ++i)
          expect_reals(got[i], wanted[i],
                       names[i] + at + (rewritten ? ", rewritten" : ", as built") + (native ? ", native" : ""));
      }
  }
}

}  // namespace
}  // namespace leapgraph::symbolic
