/// Tests of the library's records: every function on known values against the expression that it builds, values against
/// formulas of their own, distributions against Boost.Math, transforms against difference quotients.
#include "leapgraph/models/library/library.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/math/distributions.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

#include "leapgraph/models/library/evaluate.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Array;
using symbolic::Expr;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

Array scalar(double x) { return Array::scalar(x); }
Array integer(std::int64_t x) { return Array::scalar(x); }
Array vector(const std::vector<double>& x) { return Array::vector(x); }
Array integers(const std::vector<std::int64_t>& x) {
  return Array::of<std::int64_t>({static_cast<std::int64_t>(x.size())}, x);
}
Array matrix(std::int64_t rows, std::int64_t columns, const std::vector<double>& x) {
  return Array::of<double>({rows, columns}, x);
}

Array value_of(const Expr& expression) { return symbolic::interpret({{}, {expression}}, {}).at(0); }

/// A value with its type, as an argument.
struct Sample {
  StanType type;
  Array value;
};

const Sample samples[] = {
    {stan_types::integer, integer(2)},
    {stan_types::real, scalar(0.4)},
    {stan_types::vector, vector({0.2, 0.7, 0.5})},
    {stan_types::row_vector, vector({0.6, 0.1, 0.9})},
    {stan_types::matrix, matrix(3, 3, {0.3, 0.8, 0.15, 0.45, 0.25, 0.95, 0.65, 0.35, 0.55})},
    {array_of(stan_types::integer), integers({3, 1, 2})},
    {array_of(stan_types::real), vector({0.75, 0.05, 0.85})},
    {array_of(stan_types::vector), Array::of<double>({2, 3}, {0.1, 0.2, 0.3, 0.4, 0.5, 0.6})},
    {stan_types::complex, vector({0.3, -0.4})},
    {StanType{Base::complex_matrix}, Array::of<double>({3, 3, 2}, {0.3, 0.8, 0.1, 0.4, 0.2, 0.9, 0.6, 0.3, 0.5, 0.7,
                                                                   0.2, 0.1, 0.9, 0.4, 0.8, 0.6, 0.1, 0.5})},
};

/// Calls `visit` with every list of at most three samples, and some longer ones.
void for_all_arguments(const std::function<void(const std::vector<const Sample*>&)>& visit) {
  visit({});
  for (const Sample& a : samples) {
    visit({&a});
    for (const Sample& b : samples) {
      visit({&a, &b});
      for (const Sample& c : samples) visit({&a, &b, &c});
    }
  }
  const Sample &two = samples[0], &x = samples[1], &v = samples[2], &m = samples[4], &n = samples[5];
  visit({&m, &two, &two, &two});        // sub_col
  visit({&m, &two, &two, &two, &two});  // block
  visit({&x, &x, &x, &x});              // hypergeometric_2F1
  visit({&samples[6], &x, &x, &x});     // gp_periodic_cov
  visit({&two, &two, &v, &n, &n});      // csr_to_dense_matrix
  visit({&two, &two, &v, &n, &n, &v});  // csr_matrix_times_vector
}

Array call(std::string_view name, const std::vector<Sample>& arguments) {
  std::vector<StanType> types;
  std::vector<Array> values;
  for (const Sample& argument : arguments) {
    types.push_back(argument.type);
    values.push_back(argument.value);
  }
  for (const Function* function : find_functions(name)) {
    if (const auto resolution = resolve(function->signature, types)) return evaluate(*function, *resolution, values);
  }
  throw std::runtime_error("no such function: " + std::string(name));
}
double call(std::string_view name, double x) { return call(name, {{stan_types::real, scalar(x)}}).real(); }
double call(std::string_view name, double x, double y) {
  return call(name, {{stan_types::real, scalar(x)}, {stan_types::real, scalar(y)}}).real();
}

/// The resolution, or one for each part of a tuple.
std::vector<Resolution> leaves(const Resolution& resolution) {
  if (resolution.result.base != Base::tuple) return {resolution};
  std::vector<Resolution> parts;
  for (const StanType& slot : resolution.result.slots) {
    parts.push_back(resolution);
    parts.back().slot = static_cast<int>(parts.size()) - 1;
    parts.back().result = slot;
  }
  return parts;
}

// ---------------------------------------------------------------- every function

// The two evaluators share no code where a record has functions on plain numbers. The tolerance is some 10 roundings.
TEST(EveryFunction, GivesOnKnownValuesWhatItsExpressionGives) {
  for (const Function* function : all_functions()) {
    if (function->draw != nullptr) continue;  // random_test
    int accepted = 0;
    for_all_arguments([&](const std::vector<const Sample*>& arguments) {
      std::vector<StanType> types;
      std::vector<Array> values;
      symbolic::Exprs expressions;
      for (const Sample* argument : arguments) {
        types.push_back(argument->type);
        values.push_back(argument->value);
        expressions.push_back(symbolic::constant(argument->value));
      }
      const std::optional<Resolution> resolution = resolve(function->signature, types);
      if (!resolution) return;
      ++accepted;
      const std::string what = std::string(function->name) + to_string(types);
      for (const Resolution& leaf : leaves(*resolution)) {
        std::optional<Array> known, built;
        try {
          known = evaluate(*function, leaf, values);
        } catch (const ArgumentError&) {
        }
        try {
          built = value_of(build(*function, leaf, expressions));
        } catch (const ArgumentError&) {
        }
        if (!known && built && !function->domain.empty()) continue;  // nan, which is an error of known arguments
        ASSERT_EQ(known.has_value(), built.has_value()) << what;
        if (!known) continue;
        EXPECT_EQ(known->type(), built->type()) << what;
        const int pair = holds_complex(leaf.result) ? 1 : 0;  // real and imaginary part
        EXPECT_EQ(known->type().rank(), rank(leaf.result) + pair) << what;
        EXPECT_EQ(known->dtype(), holds_integers(leaf.result) ? symbolic::DType::int64 : symbolic::DType::float64)
            << what;
        for (std::int64_t i = 0; i < known->size(); ++i) {
          const double a = known->real(i);
          const double b = built->real(i);
          if (std::isnan(a) && std::isnan(b)) continue;
          if (a == b) continue;
          EXPECT_NEAR(a, b, 2e-15 * std::max(1.0, std::abs(a))) << what << " element " << i;
        }
      }
    });
    EXPECT_GT(accepted, 0) << function->name << " accepts none of the arguments that this test offers";
  }
}

TEST(EveryFunction, HasASummaryAndIsNotListedAsUnsupported) {
  for (const Function* function : all_functions()) {
    EXPECT_FALSE(function->summary.empty()) << function->name;
    EXPECT_FALSE(is_known_but_unsupported(function->name)) << function->name;
  }
  for (const Distribution& distribution : all_distributions()) {
    EXPECT_FALSE(distribution.summary.empty()) << distribution.name;
    EXPECT_FALSE(is_known_but_unsupported(distribution.name)) << distribution.name;
  }
  EXPECT_TRUE(std::ranges::is_sorted(unsupported_names()));
}

// ---------------------------------------------------------------- values

TEST(Elementwise, GivesTheValuesOfTheirFormulas) {
  struct Row {
    const char* name;
    double x, expected;
  };
  const Row rows[] = {
      {"log10", 1000, 3},
      {"log2", 8, 3},
      {"log1m", 1e-20, -1e-20},
      {"log1p_exp", 800, 800},
      {"log1p_exp", -800, 0},
      {"log1m_exp", -1e-20, std::log(1e-20)},
      {"inv_logit", -800, 0},
      {"inv_logit", 0.3, 1 / (1 + std::exp(-0.3))},
      {"logit", 0.25, -std::log(3.0)},
      {"log_inv_logit", -800, -800},
      {"log1m_inv_logit", 800, -800},
      {"inv_cloglog", 0.5, 1 - std::exp(-std::exp(0.5))},
      {"square", -3, 9},
      {"inv_sqrt", 4, 0.5},
      {"inv_square", 2, 0.25},
      {"round", 2.5, 3},
      {"round", -2.5, -3},
      {"round", 0.49999999999999994, 0},
      {"trunc", -2.7, -2},
      {"step", 0, 1},
      {"Phi", 1.959963984540054, 0.975},
      {"Phi", -10, 7.619853024160527e-24},
      {"lgamma", 11, std::log(3628800.0)},
      {"digamma", 1, -std::numbers::egamma},
      {"trigamma", 1, std::numbers::pi * std::numbers::pi / 6},
  };
  for (const Row& row : rows) {
    EXPECT_NEAR(call(row.name, row.x), row.expected, 4e-15 * std::abs(row.expected)) << row.name << "(" << row.x << ")";
  }
  EXPECT_EQ(call("fmax", nan, 2), 2);
  EXPECT_EQ(call("fmin", 2, nan), 2);
  EXPECT_EQ(call("lmultiply", 0, 0), 0);
  EXPECT_NEAR(call("lchoose", 10, 3), std::log(120.0), 1e-14);
  EXPECT_NEAR(call("log_inv_logit_diff", 3, -2), std::log(1 / (1 + std::exp(-3)) - 1 / (1 + std::exp(2))), 1e-15);
  EXPECT_NEAR(call("log_rising_factorial", 3, 2), std::log(12.0), 1e-15);
  EXPECT_NEAR(call("log_falling_factorial", 5, 2), std::log(20.0), 1e-15);
  EXPECT_EQ(call("choose", {{stan_types::integer, integer(10)}, {stan_types::integer, integer(3)}}).integer(), 120);
  EXPECT_EQ(call("choose", {{stan_types::integer, integer(3)}, {stan_types::integer, integer(4)}}).integer(), 0);
  EXPECT_EQ(call("to_int", {{stan_types::real, scalar(-2.7)}}).integer(), -2);
  EXPECT_EQ(call("int_step", {{stan_types::real, scalar(0)}}).integer(), 0);
  EXPECT_EQ(call("is_nan", {{stan_types::real, scalar(nan)}}).integer(), 1);
  EXPECT_NEAR(call("log_diff_exp", 3, 2), std::log(std::exp(3) - std::exp(2)), 1e-14);
  EXPECT_EQ(call("log_sum_exp", -infinity, -infinity), -infinity);
}

TEST(Operators, DivideIntegersTowardsZero) {
  const auto divide = [](std::int64_t a, std::int64_t b, std::string_view name) {
    return call(name, {{stan_types::integer, integer(a)}, {stan_types::integer, integer(b)}}).integer();
  };
  EXPECT_EQ(divide(7, 2, "divide"), 3);
  EXPECT_EQ(divide(-7, 2, "divide"), -3);
  EXPECT_EQ(divide(-7, 2, "modulus"), -1);
  EXPECT_EQ(divide(7, -2, "modulus"), 1);
  EXPECT_THROW(divide(1, 0, "divide"), ArgumentError);
  EXPECT_THROW(divide(1, 0, "modulus"), ArgumentError);
  EXPECT_THROW(divide(std::numeric_limits<std::int64_t>::max(), 1, "add"), ArgumentError);
}

TEST(Operators, OnExpressionsDivideIntegersTowardsZeroToo) {
  for (const std::int64_t a : {7, -7}) {
    for (const std::int64_t b : {2, -2}) {
      const std::vector<StanType> types = {stan_types::integer, stan_types::integer};
      const symbolic::Exprs arguments = {symbolic::constant(a), symbolic::constant(b)};
      for (const auto& [name, expected] : {std::pair{"divide", a / b}, std::pair{"modulus", a % b}}) {
        const Function& function = *find_functions(name).at(0);
        EXPECT_EQ(value_of(build(function, *resolve(function.signature, types), arguments)).integer(), expected);
      }
    }
  }
}

TEST(Operators, MultiplyMatricesAndVectors) {
  const Sample m{stan_types::matrix, matrix(2, 3, {1, 2, 3, 4, 5, 6})};
  const Sample v{stan_types::vector, vector({1, 0, -1})};
  const Sample w{stan_types::row_vector, vector({1, 10})};
  EXPECT_EQ(call("multiply", {m, v}).reals(), (std::vector<double>{-2, -2}));
  EXPECT_EQ(call("multiply", {w, m}).reals(), (std::vector<double>{41, 52, 63}));
  EXPECT_EQ(call("multiply", {v, w}).reals(), (std::vector<double>{1, 10, 0, 0, -1, -10}));
  EXPECT_EQ(call("multiply", {{stan_types::row_vector, v.value}, v}).real(), 2);
  EXPECT_THROW(call("multiply", {v, {stan_types::row_vector, vector({})}}).reals().at(0), std::out_of_range);
  EXPECT_THROW(call("multiply", {m, {stan_types::vector, w.value}}), ArgumentError);
  EXPECT_THROW(call("add", {v, {stan_types::vector, w.value}}), ArgumentError);
}

TEST(Reductions, AgreeWithTheirFormulas) {
  const Sample x{stan_types::vector, vector({2, 4, 4, 4, 5, 5, 7, 9})};
  EXPECT_EQ(call("mean", {x}).real(), 5);
  EXPECT_NEAR(call("sd", {x}).real(), std::sqrt(32.0 / 7), 1e-15);
  EXPECT_NEAR(call("variance", {x}).real(), 32.0 / 7, 1e-15);
  EXPECT_EQ(call("sum", {x}).real(), 40);
  EXPECT_EQ(call("sd", {{stan_types::vector, vector({3})}}).real(), 0);
  EXPECT_THROW(call("mean", {{stan_types::vector, vector({})}}), ArgumentError);
  EXPECT_EQ(call("sum", {{stan_types::vector, vector({})}}).real(), 0);
  EXPECT_EQ(call("max", {{stan_types::vector, vector({})}}).real(), -infinity);
  EXPECT_NEAR(call("log_sum_exp", {{stan_types::vector, vector({0, 1000, 1})}}).real(), 1000, 1e-12);
  EXPECT_EQ(call("log_sum_exp", {{stan_types::vector, vector({})}}).real(), -infinity);
  EXPECT_EQ(call("mean", {{array_of(stan_types::integer), integers({1, 2})}}).real(), 1.5);
}

TEST(Containers, AreColumnMajorWhereStanIs) {
  const Sample m{stan_types::matrix, matrix(2, 3, {1, 2, 3, 4, 5, 6})};
  const Sample two{stan_types::integer, integer(2)}, three{stan_types::integer, integer(3)};
  EXPECT_EQ(call("to_vector", {m}).reals(), (std::vector<double>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(call("to_matrix", {{stan_types::vector, vector({1, 4, 2, 5, 3, 6})}, two, three}).reals(), m.value.reals());
  EXPECT_EQ(call("to_matrix",
                 {{stan_types::vector, vector({1, 2, 3, 4, 5, 6})}, two, three, {stan_types::integer, integer(0)}})
                .reals(),
            m.value.reals());
  EXPECT_EQ(call("to_array_1d", {m}).reals(), (std::vector<double>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(call("dims", {m}).reals(), (std::vector<double>{2, 3}));
  EXPECT_EQ(call("size", {m}).integer(), 6);
  EXPECT_EQ(call("rows", {m}).integer(), 2);
  EXPECT_EQ(call("col", {m, three}).reals(), (std::vector<double>{3, 6}));
  EXPECT_EQ(call("row", {m, two}).reals(), (std::vector<double>{4, 5, 6}));
  EXPECT_THROW(call("row", {m, three}), ArgumentError);
  EXPECT_EQ(call("diag_pre_multiply", {{stan_types::vector, vector({1, 10})}, m}).reals(),
            (std::vector<double>{1, 2, 3, 40, 50, 60}));
  EXPECT_EQ(call("diag_post_multiply", {m, {stan_types::vector, vector({1, 0, 2})}}).reals(),
            (std::vector<double>{1, 0, 6, 4, 0, 12}));
  EXPECT_EQ(call("rep_matrix", {{stan_types::vector, vector({1, 2})}, two}).reals(), (std::vector<double>{1, 1, 2, 2}));
  EXPECT_EQ(call("rep_matrix", {{stan_types::row_vector, vector({1, 2})}, two}).reals(),
            (std::vector<double>{1, 2, 1, 2}));
  EXPECT_EQ(call("append_col", {m, {stan_types::vector, vector({7, 8})}}).reals(),
            (std::vector<double>{1, 2, 3, 7, 4, 5, 6, 8}));
}

TEST(Containers, GivePartsOfSequences) {
  const Sample v{stan_types::vector, vector({1, 2, 3, 4})};
  const Sample two{stan_types::integer, integer(2)}, zero{stan_types::integer, integer(0)};
  EXPECT_EQ(call("head", {v, two}).reals(), (std::vector<double>{1, 2}));
  EXPECT_EQ(call("tail", {v, two}).reals(), (std::vector<double>{3, 4}));
  EXPECT_EQ(call("segment", {v, two, two}).reals(), (std::vector<double>{2, 3}));
  EXPECT_EQ(call("segment", {v, two, zero}).size(), 0);
  EXPECT_EQ(call("reverse", {v}).reals(), (std::vector<double>{4, 3, 2, 1}));
  EXPECT_EQ(call("cumulative_sum", {v}).reals(), (std::vector<double>{1, 3, 6, 10}));
  EXPECT_EQ(call("append_row", {{stan_types::real, scalar(0)}, v}).reals(), (std::vector<double>{0, 1, 2, 3, 4}));
  EXPECT_THROW(call("head", {v, {stan_types::integer, integer(5)}}), ArgumentError);
  EXPECT_THROW(call("head", {v, {stan_types::integer, integer(-1)}}), ArgumentError);
  EXPECT_THROW(call("rep_vector", {{stan_types::real, scalar(1)}, {stan_types::integer, integer(-1)}}), ArgumentError);
}

TEST(Matrices, GiveBlocksProductsAndForms) {
  const Sample m{stan_types::matrix, matrix(3, 2, {1, 2, 3, 4, 5, 6})};
  const Sample square{stan_types::matrix, matrix(2, 2, {1, 2, 3, 4})};
  const Sample one{stan_types::integer, integer(1)}, two{stan_types::integer, integer(2)};
  const Sample v{stan_types::vector, vector({10, 100})};
  EXPECT_EQ(call("block", {m, two, one, two, two}).reals(), (std::vector<double>{3, 4, 5, 6}));
  EXPECT_EQ(call("block", {m, two, two, one, one}).shape(), (symbolic::Shape{1, 1}));
  EXPECT_EQ(call("sub_col", {m, two, two, two}).reals(), (std::vector<double>{4, 6}));
  EXPECT_EQ(call("sub_row", {m, two, one, two}).reals(), (std::vector<double>{3, 4}));
  EXPECT_EQ(call("sub_col", {m, two, two, {stan_types::integer, integer(0)}}).size(), 0);
  EXPECT_THROW(call("sub_col", {m, two, two, {stan_types::integer, integer(3)}}), ArgumentError);
  EXPECT_THROW(call("sub_row", {m, {stan_types::integer, integer(4)}, one, two}), ArgumentError);
  EXPECT_EQ(call("columns_dot_product", {m, m}).reals(), (std::vector<double>{35, 56}));
  EXPECT_EQ(call("rows_dot_product", {m, m}).reals(), (std::vector<double>{5, 25, 61}));
  EXPECT_EQ(call("rows_dot_self", {m}).reals(), (std::vector<double>{5, 25, 61}));
  EXPECT_EQ(call("columns_dot_product", {v, v}).reals(), (std::vector<double>{10100}));
  EXPECT_EQ(call("rows_dot_product", {v, v}).reals(), (std::vector<double>{100, 10000}));
  EXPECT_EQ(call("multiply_lower_tri_self_transpose", {square}).reals(), (std::vector<double>{1, 3, 3, 25}));
  EXPECT_EQ(call("quad_form", {square, v}).real(), 100 + 5000 + 40000);
  EXPECT_EQ(call("quad_form", {square, square}).reals(), (std::vector<double>{52, 76, 74, 108}));
  EXPECT_EQ(call("trace_quad_form", {square, square}).real(), 52 + 108);
  EXPECT_EQ(call("quad_form_diag", {square, v}).reals(), (std::vector<double>{100, 2000, 3000, 40000}));
  EXPECT_EQ(call("trace", {square}).real(), 5);
  EXPECT_THROW(call("trace", {m}), ArgumentError);
  EXPECT_EQ(call("add_diag", {m, v}).reals(), (std::vector<double>{11, 2, 3, 104, 5, 6}));
  EXPECT_EQ(call("add_diag", {square, {stan_types::real, scalar(1)}}).reals(), (std::vector<double>{2, 2, 3, 5}));
  EXPECT_EQ(call("symmetrize_from_lower_tri", {square}).reals(), (std::vector<double>{1, 3, 3, 4}));
}

TEST(Covariances, FactorAndSolve) {
  const Sample S{stan_types::matrix, matrix(3, 3, {4, 2, -2, 2, 10, 2, -2, 2, 6})};
  const Sample L{stan_types::matrix, matrix(3, 3, {2, 0, 0, 1, 3, 0, -1, 1, 2})};
  EXPECT_EQ(call("cholesky_decompose", {S}).reals(), L.value.reals());
  EXPECT_EQ(call("mdivide_left_tri_low", {L, {stan_types::vector, vector({2, 4, 3})}}).reals(),
            (std::vector<double>{1, 1, 1.5}));
  EXPECT_EQ(call("mdivide_left_tri_low", {L, L}).reals(), (std::vector<double>{1, 0, 0, 0, 1, 0, 0, 0, 1}));
  EXPECT_NEAR(call("log_determinant_spd", {S}).real(), std::log(144.0), 1e-15);
  for (const auto& bad : {matrix(2, 2, {1, 2, 2, 1}), matrix(2, 2, {1, 0.5, 0.25, 1})}) {
    EXPECT_THROW(call("cholesky_decompose", {{stan_types::matrix, bad}}), ArgumentError);
  }
  EXPECT_THROW(call("cholesky_decompose", {{stan_types::matrix, matrix(1, 2, {1, 2})}}), ArgumentError);
}

TEST(Covariances, OfGaussianProcessesFallWithDistance) {
  const Sample x{array_of(stan_types::real), vector({0, 1, 3})}, sigma{stan_types::real, scalar(2)},
      length{stan_types::real, scalar(0.5)};
  const std::vector<double> covariances = call("gp_exp_quad_cov", {x, sigma, length}).reals();
  EXPECT_EQ(covariances[0], 4);
  EXPECT_NEAR(covariances[1], 4 * std::exp(-2), 1e-15);
  EXPECT_NEAR(covariances[5], 4 * std::exp(-8), 1e-15);
  const Sample points{array_of(stan_types::vector), Array::of<double>({2, 2}, {0, 0, 3, 4})};
  EXPECT_NEAR(call("gp_exp_quad_cov", {points, sigma, {stan_types::real, scalar(5)}}).reals()[1], 4 * std::exp(-0.5),
              1e-15);
  EXPECT_NEAR(call("gp_exp_quad_cov", {points, sigma, {array_of(stan_types::real), vector({3, 4})}}).reals()[1],
              4 * std::exp(-1), 1e-15);
  EXPECT_EQ(call("gp_exp_quad_cov",
                 {points, {array_of(stan_types::vector), Array::of<double>({1, 2}, {3, 4})}, sigma, length})
                .shape(),
            (symbolic::Shape{2, 1}));
}

TEST(Fill, MakesContainers) {
  const Sample three{stan_types::integer, integer(3)}, two{stan_types::integer, integer(2)};
  EXPECT_EQ(call("ones_vector", {three}).reals(), (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(call("zeros_int_array", {two}).dtype(), symbolic::DType::int64);
  EXPECT_EQ(call("one_hot_vector", {three, two}).reals(), (std::vector<double>{0, 1, 0}));
  EXPECT_THROW(call("one_hot_vector", {two, three}), ArgumentError);
  EXPECT_EQ(call("identity_matrix", {two}).reals(), (std::vector<double>{1, 0, 0, 1}));
  const Sample a{stan_types::real, scalar(1)}, b{stan_types::real, scalar(2)};
  EXPECT_EQ(call("linspaced_vector", {three, a, b}).reals(), (std::vector<double>{1, 1.5, 2}));
  EXPECT_EQ(call("linspaced_vector", {{stan_types::integer, integer(1)}, a, b}).reals(), (std::vector<double>{2}));
  EXPECT_THROW(call("zeros_vector", {{stan_types::integer, integer(-1)}}), ArgumentError);
}

TEST(Order, SortsAndRanksData) {
  const Sample v{stan_types::vector, vector({0.5, -1, 2, -1})}, three{stan_types::integer, integer(3)};
  EXPECT_EQ(call("sort_asc", {v}).reals(), (std::vector<double>{-1, -1, 0.5, 2}));
  EXPECT_EQ(call("sort_desc", {{array_of(stan_types::integer), integers({1, 3, 2})}}).reals(),
            (std::vector<double>{3, 2, 1}));
  EXPECT_EQ(call("sort_indices_asc", {v}).reals(), (std::vector<double>{2, 4, 1, 3}));
  EXPECT_EQ(call("sort_indices_desc", {v}).reals(), (std::vector<double>{3, 1, 2, 4}));
  EXPECT_EQ(call("rank", {v, three}).integer(), 3);
  EXPECT_EQ(call("quantile", {v, {stan_types::real, scalar(0.5)}}).real(), -0.25);
  EXPECT_EQ(call("quantile", {v, {array_of(stan_types::real), vector({0, 1})}}).reals(), (std::vector<double>{-1, 2}));
  EXPECT_THROW(call("sort_asc", {{stan_types::vector, vector({1, nan})}}), ArgumentError);
}

TEST(LogMix, MixesTwoNumbersOrAVector) {
  const Sample theta{stan_types::vector, vector({0.25, 0.75})}, x{stan_types::vector, vector({-1, 2})};
  const double mixed = std::log(0.25 * std::exp(-1) + 0.75 * std::exp(2));
  EXPECT_NEAR(call("log_mix", {theta, x}).real(), mixed, 1e-15);
  EXPECT_NEAR(
      call("log_mix", {{stan_types::real, scalar(0.25)}, {stan_types::real, scalar(-1)}, {stan_types::real, scalar(2)}})
          .real(),
      mixed, 1e-15);
  const Sample many{array_of(stan_types::vector), Array::of<double>({2, 2}, {-1, 2, -1, 2})};
  EXPECT_NEAR(call("log_mix", {theta, many}).real(), 2 * mixed, 1e-15);
  EXPECT_THROW(call("log_mix", {theta, {stan_types::vector, vector({1})}}), ArgumentError);
}

// Positions inside loops over data are not known when the expression is built: elements are then gathered.
TEST(Parts, TakePositionsThatAreExpressions) {
  const Expr v = symbolic::constant(vector({1, 2, 3, 4})), m = symbolic::constant(matrix(2, 3, {1, 2, 3, 4, 5, 6}));
  const Expr i = symbolic::lscalar("i");
  const auto at_two = [&](std::string_view name, const symbolic::Exprs& arguments, const StanType& container) {
    std::vector<StanType> types(arguments.size(), stan_types::integer);
    types[0] = container;
    const Function& function = *find_functions(name).at(0);
    const Expr built = build(function, *resolve(function.signature, types), arguments);
    return symbolic::interpret({{i}, {built}}, std::vector{integer(2)}).at(0).reals();
  };
  const Expr two = symbolic::constant(std::int64_t{2});
  EXPECT_EQ(at_two("segment", {v, i, two}, stan_types::vector), (std::vector<double>{2, 3}));
  EXPECT_EQ(at_two("row", {m, i}, stan_types::matrix), (std::vector<double>{4, 5, 6}));
  EXPECT_EQ(at_two("col", {m, i}, stan_types::matrix), (std::vector<double>{2, 5}));
  EXPECT_EQ(at_two("sub_row", {m, i, i, two}, stan_types::matrix), (std::vector<double>{5, 6}));
  EXPECT_THROW(at_two("segment", {v, two, i}, stan_types::vector), ArgumentError);
}

// ---------------------------------------------------------------- distributions of one number; others: density_test

std::vector<Distribution> univariate_distributions() {
  std::vector<Distribution> all;
  for (const auto family : {continuous_distributions(), discrete_distributions()}) {
    all.insert(all.end(), family.begin(), family.end());
  }
  return all;
}

Expr as_constant(const Distribution& distribution, std::size_t argument, double value) {
  if (distribution.arguments[argument].integer) return symbolic::constant(static_cast<std::int64_t>(value));
  return symbolic::constant(value);
}

double density(std::string_view name, const std::vector<double>& arguments, ArgumentSet kept = everything) {
  const Distribution& distribution = *find_distribution(name);
  symbolic::Exprs expressions;
  for (std::size_t i = 0; i < arguments.size(); ++i) expressions.push_back(as_constant(distribution, i, arguments[i]));
  return value_of(log_density(distribution, expressions, kept)).real();
}

TEST(Distributions, OfIntegersAgreeWithBoost) {
  namespace bm = boost::math;
  struct Row {
    const char* name;
    std::vector<double> arguments;
    double expected;
  };
  const auto log_pdf = [](const auto& d, double y) { return std::log(bm::pdf(d, y)); };
  const std::vector<Row> rows = {
      {"bernoulli", {1, 0.3}, std::log(0.3)},
      {"bernoulli", {0, 0.3}, std::log(0.7)},
      {"bernoulli_logit", {1, 0.3}, -std::log1p(std::exp(-0.3))},
      {"bernoulli_logit", {0, 0.3}, -std::log1p(std::exp(0.3))},
      {"binomial", {3, 7, 0.3}, log_pdf(bm::binomial(7, 0.3), 3)},
      {"binomial_logit", {3, 7, 0.3}, log_pdf(bm::binomial(7, 1 / (1 + std::exp(-0.3))), 3)},
      {"poisson", {3, 2.2}, log_pdf(bm::poisson(2.2), 3)},
      {"poisson_log", {3, 0.8}, log_pdf(bm::poisson(std::exp(0.8)), 3)},
      {"neg_binomial_2", {3, 2.2, 1.7}, log_pdf(bm::negative_binomial(1.7, 1.7 / (1.7 + 2.2)), 3)},
      {"neg_binomial_2_log", {3, 0.8, 1.7}, log_pdf(bm::negative_binomial(1.7, 1.7 / (1.7 + std::exp(0.8))), 3)},
      {"neg_binomial", {3, 1.7, 0.8}, log_pdf(bm::negative_binomial(1.7, 0.8 / 1.8), 3)},
      {"hypergeometric", {3, 5, 4, 7}, log_pdf(bm::hypergeometric(4, 5, 11), 3)},
      {"discrete_range", {3, 1, 7}, -std::log(7.0)},
      {"beta_neg_binomial",
       {3, 1.7, 2.6, 0.8},
       std::log(bm::beta(4.7, 3.4) / bm::beta(1.7, 2.6) * std::tgamma(3.8) / std::tgamma(0.8) / 6)},
      {"yule_simon", {3, 1.7}, std::log(1.7 * bm::beta(3.0, 2.7))},
      {"beta_binomial", {3, 7, 1.7, 0.8}, std::log(35.0) + std::log(bm::beta(4.7, 4.8)) - std::log(bm::beta(1.7, 0.8))},
  };
  std::vector<std::string> tested;
  for (const Row& row : rows) {
    // Boost's densities are accurate to some 1e-14 relative.
    EXPECT_NEAR(density(row.name, row.arguments), row.expected, 1e-13 * std::max(1.0, std::abs(row.expected)))
        << row.name;
    tested.push_back(row.name);
  }
  for (const Distribution& distribution : discrete_distributions()) {
    EXPECT_THAT(tested, testing::Contains(std::string(distribution.name)));
  }
}

/// One good value for each argument of a distribution.
std::vector<double> good_arguments(const Distribution& distribution) {
  if (distribution.name == "uniform") return {0.2, -0.1, 0.9};
  if (distribution.name == "pareto") return {0.9, 0.3, 0.4};
  if (distribution.name == "pareto_type_2") return {0.9, 0.3, 0.4, 0.5};
  if (distribution.name == "discrete_range") return {2, 1, 4};
  std::vector<double> values;
  for (std::size_t i = 0; i < distribution.arguments.size(); ++i) {
    const double integer_value = i == 0 ? 1 : 4;
    values.push_back(distribution.arguments[i].integer ? integer_value : 0.2 + 0.1 * static_cast<double>(i));
  }
  return values;
}

TEST(EveryDistribution, SumsOverSequences) {
  for (const Distribution& distribution : univariate_distributions()) {
    const std::vector<double> values = good_arguments(distribution);
    const double one = density(distribution.name, values);
    ASSERT_TRUE(std::isfinite(one)) << distribution.name;
    // Every argument in turn a sequence of three, then all of them.
    for (std::size_t sequence = 0; sequence <= values.size(); ++sequence) {
      symbolic::Exprs arguments;
      for (std::size_t i = 0; i < values.size(); ++i) {
        Expr argument = as_constant(distribution, i, values[i]);
        if (i == sequence || sequence == values.size())
          argument = symbolic::constant(value_of(symbolic::full({3}, argument)));
        arguments.push_back(argument);
      }
      EXPECT_NEAR(value_of(log_density(distribution, arguments, everything)).real(), 3 * one,
                  1e-13 * std::max(1.0, std::abs(one)))
          << distribution.name << " with sequence " << sequence;
    }
  }
}

TEST(EveryDistribution, IsZeroForNoOutcomesAndRefusesUnequalLengths) {
  for (const Distribution& distribution : univariate_distributions()) {
    const std::vector<double> values = good_arguments(distribution);
    symbolic::Exprs arguments;
    for (std::size_t i = 0; i < values.size(); ++i) {
      arguments.push_back(symbolic::constant(value_of(symbolic::full({0}, as_constant(distribution, i, values[i])))));
    }
    EXPECT_EQ(value_of(log_density(distribution, arguments, everything)).real(), 0) << distribution.name;
    if (values.size() < 2) continue;
    arguments[1] = symbolic::constant(value_of(symbolic::full({2}, as_constant(distribution, 1, values[1]))));
    EXPECT_THROW(log_density(distribution, arguments, everything), ArgumentError) << distribution.name;
  }
}

/// The log density at real arguments that the graph does not know: inputs.
double density_of_inputs(const Distribution& distribution, const std::vector<double>& values, ArgumentSet kept,
                         std::vector<double>* gradient = nullptr) {
  symbolic::Exprs arguments, inputs;
  std::vector<Array> given;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (distribution.arguments[i].integer) {
      arguments.push_back(as_constant(distribution, i, values[i]));
    } else {
      arguments.push_back(symbolic::dscalar(std::string(distribution.arguments[i].name)));
      inputs.push_back(arguments.back());
      given.push_back(scalar(values[i]));
    }
  }
  symbolic::Exprs outputs = {log_density(distribution, arguments, kept)};
  if (gradient != nullptr) {
    for (const Expr& g : symbolic::grad(outputs[0], inputs, symbolic::Disconnected::zero)) outputs.push_back(g);
  }
  const std::vector<Array> results = symbolic::interpret({inputs, outputs}, given);
  if (gradient != nullptr) {
    for (std::size_t i = 1; i < results.size(); ++i) gradient->push_back(results[i].real());
  }
  return results[0].real();
}

// Central differences with step 1e-5: truncation and rounding are near 1e-10.
TEST(EveryDistribution, HasTheGradientOfItsDifferences) {
  for (const Distribution& distribution : univariate_distributions()) {
    const std::vector<double> values = good_arguments(distribution);
    std::vector<double> gradient;
    density_of_inputs(distribution, values, everything, &gradient);
    std::size_t next = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (distribution.arguments[i].integer) continue;
      std::vector<double> up = values, down = values;
      up[i] += 1e-5;
      down[i] -= 1e-5;
      const double slope =
          (density_of_inputs(distribution, up, everything) - density_of_inputs(distribution, down, everything)) / 2e-5;
      EXPECT_NEAR(gradient.at(next++), slope, 1e-7 * std::max(1.0, std::abs(slope)))
          << distribution.name << " by " << distribution.arguments[i].name;
    }
  }
}

// A value outside its domain never gives a log density that a sampler would accept, whether the graph knows the value
// or not: Guard::formula is a claim about the formula.
TEST(EveryDistribution, RejectsValuesOutsideTheirDomains) {
  for (const Distribution& distribution : univariate_distributions()) {
    for (std::size_t i = 0; i < distribution.arguments.size(); ++i) {
      for (const double value : {-infinity, -1.0, -0.5, 0.0, 1.5, 2.0, infinity, nan}) {
        const DensityArgument& argument = distribution.arguments[i];
        if (argument.domain->holds(value)) continue;
        if (argument.integer && !(std::abs(value) < 10 && value == std::floor(value))) continue;
        std::vector<double> values = good_arguments(distribution);
        values[i] = value;
        const std::string what =
            std::string(distribution.name) + "." + std::string(argument.name) + " = " + std::to_string(value);
        EXPECT_EQ(density(distribution.name, values), -infinity) << what;
        const double result = density_of_inputs(distribution, values, everything);
        EXPECT_TRUE(std::isnan(result) || result == -infinity) << what << " gives " << result;
        EXPECT_TRUE(violation(argument, scalar(value)).has_value()) << what;
      }
    }
  }
}

TEST(Distributions, RejectWhatTheirConditionsForbid) {
  EXPECT_EQ(density("uniform", {0.5, 1, 2}), -infinity);
  EXPECT_EQ(density("uniform", {0.5, 2, 1}), -infinity);
  EXPECT_EQ(density("binomial", {5, 4, 0.5}), -infinity);
  EXPECT_EQ(density("beta", {1, 1, 1}), 0);
  EXPECT_EQ(density("bernoulli", {1, 1}), 0);
  EXPECT_EQ(density("poisson", {0, 0}), 0);
  EXPECT_EQ(density("poisson", {1, 0}), -infinity);
  EXPECT_EQ(density("lognormal", {0, 0, 1}), -infinity);
}

// What `~` drops, from the sources of Stan's math library (include_summand).
TEST(Distributions, DropTheTermsThatStanDrops) {
  const double log_sqrt_two_pi = 0.5 * std::log(2 * std::numbers::pi);
  constexpr ArgumentSet y = 1, a1 = 2, a2 = 4, a3 = 8;
  struct Row {
    const char* name;
    std::vector<double> arguments;
    ArgumentSet not_data;
    double dropped;
  };
  const std::vector<Row> rows = {
      {"normal", {1.3, 0.4, 2.1}, a1, -log_sqrt_two_pi - std::log(2.1)},
      {"normal", {1.3, 0.4, 2.1}, y, -log_sqrt_two_pi - std::log(2.1)},
      {"normal", {1.3, 0.4, 2.1}, a1 | a2, -log_sqrt_two_pi},
      {"cauchy", {1.3, 0.4, 2.1}, y, -std::log(std::numbers::pi) - std::log(2.1)},
      {"cauchy", {1.3, 0.4, 2.1}, a2, -std::log(std::numbers::pi)},
      {"student_t",
       {1.3, 3.0, 0.4, 2.1},
       y | a3,
       -0.5 * std::log(std::numbers::pi) + std::lgamma(2.0) - std::lgamma(1.5) - 0.5 * std::log(3.0)},
      {"lognormal", {1.3, 0.4, 2.1}, a1, -std::log(2.1) - std::log(1.3)},
      {"lognormal", {1.3, 0.4, 2.1}, a2, -std::log(1.3)},
      {"gamma", {1.3, 2.4, 0.7}, a2, -std::lgamma(2.4) + 1.4 * std::log(1.3)},
      {"gamma", {1.3, 2.4, 0.7}, y, -std::lgamma(2.4) + 2.4 * std::log(0.7)},
      {"beta", {0.3, 2.4, 0.7}, y, std::lgamma(3.1) - std::lgamma(2.4) - std::lgamma(0.7)},
      {"exponential", {1.3, 0.4}, y, std::log(0.4)},
      {"double_exponential", {1.3, 0.4, 2.1}, a1, -std::log(2.0) - std::log(2.1)},
      {"poisson", {3, 2.2}, a1, -std::log(6.0)},
      {"binomial", {3, 7, 0.3}, a2, std::log(35.0)},
      {"bernoulli_logit", {1, 0.3}, a1, 0},
      {"neg_binomial_2", {3, 2.2, 1.7}, a1, std::lgamma(4.7) - std::lgamma(1.7) - std::log(6.0)},
      {"weibull", {1.3, 2.4, 0.7}, y, std::log(2.4) - 2.4 * std::log(0.7)},
      {"uniform", {0.3, -1, 2}, y, -std::log(3.0)},
  };
  for (const Row& row : rows) {
    EXPECT_NEAR(density(row.name, row.arguments) - density(row.name, row.arguments, row.not_data), row.dropped, 1e-14)
        << row.name;
    EXPECT_EQ(density(row.name, row.arguments, 0), 0) << row.name;
  }
}

// ---------------------------------------------------------------- transforms

TEST(Transforms, InvertAndHaveTheLogJacobianOfTheirSlopes) {
  const struct Case {
    bool lower, upper, scale;
  } cases[] = {
      {false, false, false}, {true, false, false}, {false, true, false}, {true, true, false}, {false, false, true}};
  const TransformBounds<double> numbers{.lower = -1.5, .upper = 2.5, .offset = 3, .multiplier = 0.25};
  const TransformBounds<Expr> bounds{.lower = symbolic::constant(-1.5),
                                     .upper = symbolic::constant(2.5),
                                     .offset = symbolic::constant(3.0),
                                     .multiplier = symbolic::constant(0.25)};
  for (const Case& c : cases) {
    const Transform& transform = transform_for(c.lower, c.upper, c.scale, c.scale);
    const auto at = [&](double y) {
      const Constrained result = transform.constrain(symbolic::constant(y), bounds);
      return std::pair{value_of(result.value).real(), result.log_jacobian ? value_of(result.log_jacobian).real() : 0.0};
    };
    for (const double y : {-2.0, -0.3, 0.0, 1.7}) {
      const auto [x, log_jacobian] = at(y);
      EXPECT_NEAR(transform.unconstrain(x, numbers), y, 1e-14) << transform.name;
      EXPECT_TRUE(transform.holds(x, numbers)) << transform.name;
      const double slope = (at(y + 1e-5).first - at(y - 1e-5).first) / 2e-5;
      EXPECT_NEAR(log_jacobian, std::log(std::abs(slope)), 1e-9) << transform.name;  // error of the difference quotient
    }
  }
}

TEST(Transforms, SumTheJacobianOverElementsAndTakeBoundsOfEach) {
  const Transform& both = transform_for(true, true, false, false);
  const Expr y = symbolic::constant(vector({-1, 0, 2}));
  const TransformBounds<Expr> bounds{.lower = symbolic::constant(vector({0, -infinity, 1})),
                                     .upper = symbolic::constant(vector({4, 3, infinity}))};
  const Constrained result = both.constrain(y, bounds);
  const double s = 1 / (1 + std::exp(1.0));
  const std::vector<double> x = value_of(result.value).reals();
  EXPECT_NEAR(x[0], 4 * s, 1e-15);
  EXPECT_NEAR(x[1], 2, 1e-15);  // 3 - exp(0)
  EXPECT_NEAR(x[2], 1 + std::exp(2.0), 1e-14);
  EXPECT_NEAR(value_of(result.log_jacobian).real(), std::log(4 * s * (1 - s)) + 0 + 2, 1e-14);

  const Transform& scale = transform_for(false, false, false, true);
  const Constrained scaled = scale.constrain(y, {.multiplier = symbolic::constant(2.0)});
  EXPECT_NEAR(value_of(scaled.log_jacobian).real(), 3 * std::log(2.0), 1e-15);
}

TEST(Transforms, DegradeWhereBoundsAreInfinite) {
  const Transform& lower = transform_for(true, false, false, false);
  const Constrained result = lower.constrain(symbolic::constant(-2.0), {.lower = symbolic::constant(-infinity)});
  EXPECT_EQ(value_of(result.value).real(), -2);
  EXPECT_EQ(value_of(result.log_jacobian).real(), 0);
  // The same for a bound that only the run knows.
  const Expr bound = symbolic::dscalar("a");
  const Constrained unknown = lower.constrain(symbolic::constant(-2.0), {.lower = bound});
  const auto values =
      symbolic::interpret({{bound}, {unknown.value, unknown.log_jacobian}}, std::vector{scalar(-infinity)});
  EXPECT_EQ(values[0].real(), -2);
  EXPECT_EQ(values[1].real(), 0);
}

// ---------------------------------------------------------------- names

TEST(Names, OfDensitiesNameTheirDistribution) {
  EXPECT_EQ(find_density("normal_lpdf")->distribution->name, "normal");
  EXPECT_TRUE(find_density("poisson_lupmf")->unnormalized);
  EXPECT_FALSE(find_density("normal_lpmf"));
  EXPECT_FALSE(find_density("normal"));
  EXPECT_EQ(find_density("gamma_lcdf")->quantity, Quantity::lcdf);
  EXPECT_TRUE(is_known_but_unsupported("wiener_lpdf"));
  EXPECT_FALSE(is_known_but_unsupported("nonsense_rng"));
}

TEST(Names, ThatAreNearAreOffered) {
  const std::vector<std::string> candidates = {"sigma", "mu", "square", "normal"};
  EXPECT_EQ(nearest_name("sgima", candidates), "sigma");
  EXPECT_EQ(nearest_name("sqaure", candidates), "square");
  EXPECT_EQ(nearest_name("Mu", candidates), std::nullopt);  // a name of two letters changed in one is another name
  EXPECT_EQ(nearest_name("completely_else", candidates), std::nullopt);
}

}  // namespace
}  // namespace leapgraph::models::library
