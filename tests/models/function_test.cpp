/// Tests of library functions against function_values.json (50-digit arithmetic, made by function_values.py): values on
/// known arguments and on symbolic ones, gradients, and what arguments outside a function's domain do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/istreamwrapper.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "leapgraph/models/library/evaluate.hpp"
#include "leapgraph/models/library/library.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Array;
using symbolic::Expr;
using symbolic::Exprs;
using testing::HasSubstr;

constexpr double infinity = std::numeric_limits<double>::infinity();

StanType type_named(const std::string& name) {
  for (const StanType& base :
       {stan_types::integer, stan_types::real, stan_types::vector, stan_types::row_vector, stan_types::matrix}) {
    for (int depth = 0; depth < 3; ++depth) {
      if (to_string(array_of(base, depth)) == name) return array_of(base, depth);
    }
  }
  throw std::runtime_error("no such type: " + name);
}

void flatten(const rapidjson::Value& value, symbolic::Shape& shape, std::vector<double>& elements,
             std::size_t depth = 0) {
  if (!value.IsArray()) {
    elements.push_back(value.GetDouble());
    return;
  }
  if (shape.size() == depth) shape.push_back(value.Size());
  for (const rapidjson::Value& element : value.GetArray()) flatten(element, shape, elements, depth + 1);
}

Array array_from(const rapidjson::Value& value, const StanType& type) {
  symbolic::Shape shape;
  std::vector<double> elements;
  flatten(value, shape, elements);
  const Array reals = Array::of<double>(shape, elements);
  return holds_integers(type) ? reals.cast(symbolic::DType::int64) : reals;
}

/// The record of this name that takes such arguments.
struct Use {
  const Function* function;
  Resolution resolution;
};
Use use_of(const std::string& name, const std::vector<StanType>& types) {
  for (const Function* function : find_functions(name)) {
    if (auto resolution = resolve(function->signature, types)) return {function, *std::move(resolution)};
  }
  throw std::runtime_error("no such function: " + name + to_string(types));
}

/// Relative to the largest element of a matrix: small ones are differences of others.
double largest(const std::vector<double>& values) {
  double result = 0;
  for (const double value : values) result = std::max(result, std::abs(value));
  return result;
}

TEST(Functions, AgreeWithFiftyDigitArithmetic) {
  std::ifstream file(LEAPGRAPH_SOURCE_DIR "/tests/models/function_values.json");
  rapidjson::IStreamWrapper stream(file);
  rapidjson::Document document;
  document.ParseStream(stream);
  ASSERT_GT(document.Size(), 100U);
  for (const rapidjson::Value& row : document.GetArray()) {
    const std::string name = row["name"].GetString();
    std::string what = name;
    std::vector<StanType> types;
    for (const rapidjson::Value& type : row["types"].GetArray()) types.push_back(type_named(type.GetString()));
    const Use use = use_of(name, types);
    std::vector<Array> values, given;
    Exprs arguments, inputs;
    std::vector<std::vector<double>> slopes;
    for (std::size_t i = 0; i < types.size(); ++i) {
      const auto index = static_cast<rapidjson::SizeType>(i);
      values.push_back(array_from(row["arguments"][index], types[i]));
      if (values.back().size() == 1) what += " " + std::to_string(values.back().real());
      const rapidjson::Value& gradient = row["gradient"][index];
      arguments.push_back(gradient.IsNull() ? symbolic::constant(values.back())
                                            : symbolic::input(values.back().type(), "x"));
      if (gradient.IsNull()) continue;
      inputs.push_back(arguments.back());
      given.push_back(values.back());
      slopes.emplace_back();
      for (const rapidjson::Value& slope : gradient.GetArray()) slopes.back().push_back(slope.GetDouble());
    }
    std::vector<double> expected;
    for (const rapidjson::Value& value : row["value"].GetArray()) expected.push_back(value.GetDouble());

    const std::vector<double> known = evaluate(*use.function, use.resolution, values).reals();
    ASSERT_EQ(known.size(), expected.size()) << what;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(known[i], expected[i], 1e-13 * largest(expected)) << what << " element " << i;
    }
    if (inputs.empty()) continue;
    const Expr value = build(*use.function, use.resolution, arguments);
    std::vector<double> numbers(expected.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<double>(i + 1);
    const Expr cost = symbolic::sum(symbolic::reshape(value, {-1}) * symbolic::constant(Array::vector(numbers)));
    Exprs outputs = {value};
    for (const Expr& g : symbolic::grad(cost, inputs, symbolic::Disconnected::zero)) outputs.push_back(g);
    const std::vector<Array> results = symbolic::interpret({inputs, outputs}, given);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(results[0].real(static_cast<std::int64_t>(i)), expected[i], 1e-13 * largest(expected)) << what;
    }
    for (std::size_t k = 0; k < slopes.size(); ++k) {
      const std::vector<double> found = results[k + 1].reals();
      ASSERT_EQ(found.size(), slopes[k].size()) << what;
      for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_NEAR(found[i], slopes[k][i], 2e-12 * largest(slopes[k])) << what << " by argument " << k << " at " << i;
      }
    }
  }
}

std::string message_of(const std::string& name, const std::vector<StanType>& types, const std::vector<Array>& values) {
  try {
    const Use use = use_of(name, types);
    evaluate(*use.function, use.resolution, values);
  } catch (const ArgumentError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Functions, RefuseKnownArgumentsOutsideTheirDomains) {
  const auto of_real = [](const std::string& name, double x) {
    return message_of(name, {stan_types::real}, {Array::scalar(x)});
  };
  EXPECT_THAT(of_real("inv_Phi", 1.5), HasSubstr("takes p between 0 and 1, found 1.5"));
  EXPECT_EQ(of_real("inv_Phi", std::nan("")), "no error");
  EXPECT_THAT(of_real("log1m", 2), HasSubstr("x of at most 1"));
  EXPECT_EQ(of_real("log", -1), "no error");
  EXPECT_THAT(of_real("lambert_wm1", 0.5), HasSubstr("found 0.5"));
  EXPECT_THAT(message_of("inv_Phi", {stan_types::vector}, {Array::vector({0.5, -1})}), HasSubstr("found -1"));
  const Array indefinite = Array::of<double>({2, 2}, {1, 2, 2, 1}),
              lopsided = Array::of<double>({2, 2}, {1, 0.5, 0, 1}), singular = Array::of<double>({2, 2}, {1, 2, 2, 4});
  EXPECT_THAT(message_of("cholesky_decompose", {stan_types::matrix}, {indefinite}),
              HasSubstr("takes a symmetric positive definite matrix, found matrix[2, 2]"));
  EXPECT_THAT(message_of("inverse_spd", {stan_types::matrix}, {indefinite}), HasSubstr("positive definite"));
  EXPECT_THAT(message_of("eigenvalues_sym", {stan_types::matrix}, {lopsided}), HasSubstr("a symmetric matrix"));
  EXPECT_THAT(message_of("inverse", {stan_types::matrix}, {singular}), HasSubstr("a matrix that has an inverse"));
  EXPECT_THAT(message_of("mdivide_left", {stan_types::matrix, stan_types::vector}, {singular, Array::vector({1, 2})}),
              HasSubstr("a matrix that has an inverse"));
  EXPECT_THAT(message_of("choose", {stan_types::integer, stan_types::integer},
                         {Array::scalar(std::int64_t{-1}), Array::scalar(std::int64_t{2})}),
              HasSubstr("negative"));
  EXPECT_THAT(message_of("gp_exp_quad_cov", {array_of(stan_types::real), stan_types::real, stan_types::real},
                         {Array::vector({0, 1}), Array::scalar(1.0), Array::scalar(-1.0)}),
              HasSubstr("positive length scales"));
}

TEST(Functions, OfIntegersTakeContainersOnEitherSide) {
  const StanType ints = array_of(stan_types::integer);
  const Array n = Array::of<std::int64_t>({3}, std::vector<std::int64_t>{4, 5, 6}),
              two = Array::scalar(std::int64_t{2});
  const auto value = [](const std::string& name, const std::vector<StanType>& types, const std::vector<Array>& values) {
    const Use use = use_of(name, types);
    return evaluate(*use.function, use.resolution, values).reals();
  };
  EXPECT_EQ(value("choose", {ints, stan_types::integer}, {n, two}), (std::vector<double>{6, 10, 15}));
  EXPECT_EQ(value("choose", {ints, ints}, {n, n}), (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(value("rising_factorial", {stan_types::integer, ints}, {two, n}), (std::vector<double>{120, 720, 5040}));
  EXPECT_EQ(value("falling_factorial", {ints, stan_types::integer}, {n, two}), (std::vector<double>{12, 20, 30}));
  EXPECT_EQ(value("ldexp", {stan_types::vector, ints}, {Array::vector({1, 2, 3}), n}),
            (std::vector<double>{16, 64, 192}));
  EXPECT_EQ(value("to_int", {array_of(stan_types::real)}, {Array::vector({1.5, -2.5})}), (std::vector<double>{1, -2}));
  EXPECT_EQ(use_of("lmgamma", {array_of(stan_types::integer), stan_types::row_vector}).resolution.result,
            stan_types::row_vector);
  EXPECT_EQ(use_of("bessel_first_kind", {array_of(stan_types::integer, 2), stan_types::matrix}).resolution.result,
            stan_types::matrix);
  EXPECT_FALSE(resolve("(arrays array[] int, arrays V) => arrays V", std::vector{ints, stan_types::matrix}));
}

// n numbers from a to b: more than there are between them are repeated, b is lowered to what equal steps reach.
TEST(Functions, SpaceIntegersEvenly) {
  const auto spaced = [](std::int64_t n, std::int64_t a, std::int64_t b) {
    const Use use = use_of("linspaced_int_array", {stan_types::integer, stan_types::integer, stan_types::integer});
    return evaluate(*use.function, use.resolution, std::vector{Array::scalar(n), Array::scalar(a), Array::scalar(b)})
        .reals();
  };
  EXPECT_EQ(spaced(3, 1, 5), (std::vector<double>{1, 3, 5}));
  EXPECT_EQ(spaced(3, 1, 6), (std::vector<double>{1, 3, 5}));
  EXPECT_EQ(spaced(6, 1, 3), (std::vector<double>{1, 1, 2, 2, 3, 3}));
  EXPECT_EQ(spaced(1, 1, 3), (std::vector<double>{3}));
  EXPECT_EQ(spaced(0, 1, 3), (std::vector<double>{}));
}

// At 0 the functions of order v are 0, 1 or infinite; beyond 100 an expansion takes over from the series.
TEST(Functions, OfBesselHaveTheirLimits) {
  const auto log_i = [](double v, double z) {
    const Use use = use_of("log_modified_bessel_first_kind", {stan_types::real, stan_types::real});
    return evaluate(*use.function, use.resolution, std::vector{Array::scalar(v), Array::scalar(z)}).real();
  };
  EXPECT_EQ(log_i(0, 0), 0);
  EXPECT_EQ(log_i(2, 0), -infinity);
  EXPECT_NEAR(log_i(0.5, 5000), 5000 - 0.5 * std::log(2 * 3.14159265358979323846 * 5000), 1e-10);
}

}  // namespace
}  // namespace leapgraph::models::library
