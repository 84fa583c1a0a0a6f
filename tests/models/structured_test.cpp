/// Tests of constraints on whole vectors and matrices: inverses, Jacobians against determinants of difference
/// quotients, Stan's own recipes, arrays at once, and what is complained about.
#include "leapgraph/models/library/structured.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "leapgraph/models/library/function.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "models/run_program.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Array;
using symbolic::Expr;
using symbolic::Shape;
using testing::HasSubstr;
using Numbers = std::vector<double>;

/// Values to try a transform with, and a set of their elements that determines the others: the Jacobian is that of
/// those.
struct Case {
  TypeWord word;
  Shape lengths;
  std::vector<std::int64_t> independent;
};

std::vector<std::int64_t> first(std::int64_t count) {
  std::vector<std::int64_t> elements(static_cast<std::size_t>(count));
  std::iota(elements.begin(), elements.end(), std::int64_t{0});
  return elements;
}

const Case cases[] = {
    {TypeWord::Ordered, {4}, first(4)},
    {TypeWord::Ordered, {1}, first(1)},
    {TypeWord::PositiveOrdered, {4}, first(4)},
    {TypeWord::Simplex, {5}, first(4)},
    {TypeWord::Simplex, {2}, first(1)},
    {TypeWord::Simplex, {1}, {}},
    {TypeWord::ColumnStochasticMatrix, {3, 2}, first(4)},
    {TypeWord::RowStochasticMatrix, {2, 3}, {0, 1, 3, 4}},
    {TypeWord::CholeskyFactorCorr, {4, 4}, {4, 8, 9, 12, 13, 14}},
    {TypeWord::CholeskyFactorCorr, {2, 2}, {2}},
    {TypeWord::CholeskyFactorCorr, {1, 1}, {}},
    {TypeWord::CorrMatrix, {4, 4}, {4, 8, 9, 12, 13, 14}},
    {TypeWord::CholeskyFactorCov, {3, 3}, {0, 3, 4, 6, 7, 8}},
    {TypeWord::CholeskyFactorCov, {4, 2}, {0, 2, 3, 4, 5, 6, 7}},
    {TypeWord::CovMatrix, {3, 3}, {0, 3, 4, 6, 7, 8}},
    {TypeWord::SumToZeroVector, {4}, {}},
    {TypeWord::SumToZeroMatrix, {3, 4}, {}},
    {TypeWord::SumToZeroMatrix, {1, 4}, {}},
    {TypeWord::UnitVector, {3}, {}},
};

std::int64_t coordinates_of(const Case& c) { return structured_transform(c.word)->coordinates(c.lengths); }

/// Different numbers between -1 and 1.5 for each value and coordinate.
Numbers position(std::int64_t count) {
  Numbers y;
  for (std::int64_t i = 0; i < count; ++i)
    y.push_back(0.25 * std::sin(3.0 * static_cast<double>(i)) + 0.4 - 0.1 * static_cast<double>(i % 5));
  return y;
}

struct Result {
  Numbers value;
  double log_jacobian;
};
Result constrain(const Case& c, const Numbers& y, std::int64_t count = 1) {
  const Expr coordinates =
      symbolic::constant(Array::of<double>({count, static_cast<std::int64_t>(y.size()) / count}, y));
  const Constrained result = structured_transform(c.word)->constrain(coordinates, c.lengths);
  const Expr log_jacobian = result.log_jacobian ? result.log_jacobian : symbolic::constant(0.0);
  const auto values = symbolic::interpret({{}, {result.value, log_jacobian}}, {});
  Shape expected = c.lengths;
  expected.insert(expected.begin(), count);
  EXPECT_EQ(values[0].shape(), expected) << text(c.word);
  return {values[0].reals(), values[1].real()};
}

/// log |det|, by elimination with pivots.
double log_determinant(std::vector<Numbers> rows) {
  double result = 0;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    for (std::size_t i = k + 1; i < rows.size(); ++i) {
      if (std::abs(rows[i][k]) > std::abs(rows[k][k])) std::swap(rows[i], rows[k]);
    }
    result += std::log(std::abs(rows[k][k]));
    for (std::size_t i = k + 1; i < rows.size(); ++i) {
      for (std::size_t j = rows.size(); j-- > k;) rows[i][j] -= rows[i][k] / rows[k][k] * rows[k][j];
    }
  }
  return result;
}

bool holds(const Case& c, const Numbers& value) {
  Shape shape = c.lengths;
  shape.insert(shape.begin(), 1);
  const Expr result = structured_transform(c.word)->holds(symbolic::constant(Array::of<double>(shape, value)));
  EXPECT_EQ(result.shape(), Shape{1}) << text(c.word);
  return symbolic::interpret({{}, {result}}, {}).at(0).real(0) != 0;
}

std::string fault(const Case& c, const Numbers& value) {
  const auto found = structured_transform(c.word)->fault(value, c.lengths);
  EXPECT_EQ(!found, holds(c, value)) << text(c.word) << ": numbers and expressions disagree";
  return found ? std::to_string(found->element) + ": " + found->message : "none";
}

TEST(EveryStructuredTransform, IsTriedHere) {
  for (const StructuredTransform& transform : all_structured_transforms()) {
    EXPECT_TRUE(std::ranges::any_of(cases, [&](const Case& c) { return c.word == transform.word; }))
        << text(transform.word);
    EXPECT_FALSE(transform.summary.empty());
  }
}

TEST(EveryStructuredTransform, MakesValuesThatHoldAndInverts) {
  for (const Case& c : cases) {
    const Numbers y = position(coordinates_of(c));
    const Numbers x = constrain(c, y).value;
    EXPECT_EQ(fault(c, x), "none") << text(c.word);
    const Numbers back = structured_transform(c.word)->unconstrain(x, c.lengths);
    ASSERT_EQ(back.size(), y.size()) << text(c.word);
    if (c.word == TypeWord::UnitVector) continue;  // many positions have one value
    // The inverse takes differences of numbers near 1.
    for (std::size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(back[i], y[i], 1e-13) << text(c.word) << " " << i;
  }
}

TEST(EveryStructuredTransform, HasTheLogDeterminantOfItsSlopes) {
  for (const Case& c : cases) {
    if (c.word == TypeWord::SumToZeroVector || c.word == TypeWord::SumToZeroMatrix || c.word == TypeWord::UnitVector)
      continue;
    const Numbers y = position(coordinates_of(c));
    ASSERT_EQ(c.independent.size(), y.size()) << text(c.word);
    std::vector<Numbers> slopes;
    for (std::size_t i = 0; i < y.size(); ++i) {
      Numbers up = y, down = y;
      up[i] += 1e-5;
      down[i] -= 1e-5;
      const Numbers high = constrain(c, up).value, low = constrain(c, down).value;
      Numbers& row = slopes.emplace_back();
      for (const std::int64_t element : c.independent) {
        const auto e = static_cast<std::size_t>(element);
        row.push_back((high[e] - low[e]) / 2e-5);
      }
    }
    EXPECT_NEAR(constrain(c, y).log_jacobian, log_determinant(slopes), 1e-8) << text(c.word);  // of the quotients
  }
}

TEST(EveryStructuredTransform, TakesManyValuesAtOnce) {
  for (const Case& c : cases) {
    const std::int64_t size = coordinates_of(c);
    const Numbers y = position(3 * size);
    const Result all = constrain(c, y, 3);
    Numbers one_by_one;
    double log_jacobian = 0;
    for (std::int64_t i = 0; i < 3; ++i) {
      const Result one = constrain(c, {y.begin() + i * size, y.begin() + (i + 1) * size});
      one_by_one.insert(one_by_one.end(), one.value.begin(), one.value.end());
      log_jacobian += one.log_jacobian;
    }
    EXPECT_EQ(all.value, one_by_one) << text(c.word);
    EXPECT_NEAR(all.log_jacobian, log_jacobian, 1e-14) << text(c.word);
    const Case none{c.word, c.lengths, {}};
    EXPECT_EQ(
        symbolic::interpret(
            {{}, {structured_transform(c.word)->constrain(symbolic::full({0, size}, 0.0), none.lengths).value}}, {})
            .at(0)
            .size(),
        0);
  }
}

TEST(EveryStructuredTransform, HasAGradient) {
  for (const Case& c : cases) {
    const std::int64_t size = coordinates_of(c);
    if (size == 0) continue;
    const Expr q = symbolic::input({symbolic::DType::float64, {2, size}}, "q");
    const Constrained result = structured_transform(c.word)->constrain(q, c.lengths);
    const Expr total = symbolic::sum(symbolic::sqr(result.value - 0.3)) +
                       (result.log_jacobian ? result.log_jacobian : symbolic::constant(0.0));
    const Expr gradient = symbolic::grad(total, q);
    const Numbers y = position(2 * size);
    const auto at = [&](const Expr& e, const Numbers& p) {
      return symbolic::interpret({{q}, {e}}, std::vector{Array::of<double>({2, size}, p)}).at(0);
    };
    const Numbers slopes = at(gradient, y).reals();
    for (std::size_t i = 0; i < y.size(); ++i) {
      Numbers up = y, down = y;
      up[i] += 1e-5;
      down[i] -= 1e-5;
      EXPECT_NEAR(slopes[i], (at(total, up).real() - at(total, down).real()) / 2e-5, 1e-7) << text(c.word) << " " << i;
    }
  }
}

// ---------------------------------------------------------------- Stan's recipes, element by element

/// sum_to_zero_constrain of Stan's math library 2.37.
Numbers stan_sum_to_zero(const Numbers& y) {
  Numbers z(y.size() + 1);
  double sum = 0;
  for (std::size_t i = y.size(); i > 0; --i) {
    const auto n = static_cast<double>(i);
    const double w = y[i - 1] / std::sqrt(n * (n + 1));
    sum += w;
    z[i - 1] += sum;
    z[i] -= w * n;
  }
  return z;
}

TEST(Simplex, IsTheSoftmaxOfStansSumToZeroVector) {
  const Numbers y = {0.3, -1.2, 0.7, 0.05};
  const Numbers z = stan_sum_to_zero(y);
  EXPECT_THAT(constrain({TypeWord::SumToZeroVector, {5}, {}}, y).value,
              testing::Pointwise(testing::DoubleNear(1e-15), z));
  double total = 0, sum_of_logs = 0;
  for (const double element : z) total += std::exp(element);
  const Result result = constrain({TypeWord::Simplex, {5}, {}}, y);
  for (std::size_t k = 0; k < z.size(); ++k) {
    EXPECT_NEAR(result.value[k], std::exp(z[k]) / total, 1e-15);
    sum_of_logs += std::log(result.value[k]);
  }
  EXPECT_NEAR(result.log_jacobian, sum_of_logs + 0.5 * std::log(5.0), 1e-14);
}

TEST(Simplex, SurvivesFarPositions) {
  const Result result = constrain({TypeWord::Simplex, {3}, {}}, {2000, -900});
  EXPECT_NEAR(std::accumulate(result.value.begin(), result.value.end(), 0.0), 1, 1e-12);
  EXPECT_TRUE(std::isfinite(result.log_jacobian));
}

TEST(SumToZeroVector, KeepsLengthsAndHasNoJacobian) {
  const Numbers y = position(3);
  const Result result = constrain({TypeWord::SumToZeroVector, {4}, {}}, y);
  EXPECT_EQ(result.log_jacobian, 0);
  EXPECT_NEAR(std::inner_product(y.begin(), y.end(), y.begin(), 0.0),
              std::inner_product(result.value.begin(), result.value.end(), result.value.begin(), 0.0), 1e-15);
}

/// sum_to_zero_constrain of Stan's math library, element by element.
TEST(SumToZeroMatrix, IsMadeAsStanMakesIt) {
  constexpr std::size_t N = 2, M = 3;
  const Numbers y = position(N * M);  // column after column
  double Z[N + 1][M + 1] = {};
  Numbers beta(N);
  for (std::size_t j = M; j-- > 0;) {
    double previous = 0;
    const auto column = static_cast<double>(j + 1);
    const double a_column = 1 / std::sqrt(column * (column + 1));
    for (std::size_t i = N; i-- > 0;) {
      const auto row = static_cast<double>(i + 1);
      const double a_row = 1 / std::sqrt(row * (row + 1)), element = y[j * N + i];
      const double rest = row * a_row * element - previous;
      Z[i][j] = column * a_column * rest - beta[i];
      beta[i] += a_column * rest;
      Z[N][j] -= Z[i][j];
      Z[i][M] -= Z[i][j];
      previous += a_row * element;
    }
    Z[N][M] -= Z[N][j];
  }
  const Result result = constrain({TypeWord::SumToZeroMatrix, {N + 1, M + 1}, {}}, y);
  EXPECT_EQ(result.log_jacobian, 0);
  for (std::size_t i = 0; i <= N; ++i) {
    for (std::size_t j = 0; j <= M; ++j) EXPECT_NEAR(result.value[i * (M + 1) + j], Z[i][j], 1e-15);
  }
}

TEST(UnitVector, KeepsTheDirectionAndAddsANormalDensity) {
  const Result result = constrain({TypeWord::UnitVector, {2}, {}}, {3, 4});
  EXPECT_THAT(result.value, testing::ElementsAre(0.6, 0.8));
  EXPECT_EQ(result.log_jacobian, -12.5);
}

/// read_corr_L of Stan's math library: partial correlations column after column.
TEST(CorrMatrix, IsMadeAsStanMakesIt) {
  constexpr std::size_t K = 4;
  const Numbers y = position(6);
  Numbers factor(K * K), rest(K, 1.0);
  std::size_t next = 0;
  double log_jacobian = 0;
  for (std::size_t j = 0; j < K; ++j) {
    factor[j * K + j] = std::sqrt(rest[j]);
    for (std::size_t i = j + 1; i < K; ++i) {
      const double z = std::tanh(y[next++]);
      factor[i * K + j] = z * std::sqrt(rest[i]);
      rest[i] *= 1 - z * z;
      log_jacobian += (1 + 0.5 * static_cast<double>(K - 2 - j)) * std::log1p(-z * z);
    }
  }
  const Result result = constrain({TypeWord::CorrMatrix, {4, 4}, {}}, y);
  for (std::size_t i = 0; i < K; ++i) {
    for (std::size_t j = 0; j < K; ++j) {
      double product = 0;
      for (std::size_t k = 0; k < K; ++k) product += factor[i * K + k] * factor[j * K + k];
      EXPECT_NEAR(result.value[i * K + j], product, 1e-15);
    }
  }
  EXPECT_NEAR(result.log_jacobian, log_jacobian, 1e-14);
}

// ---------------------------------------------------------------- checks

TEST(Faults, NameTheElement) {
  EXPECT_EQ(fault({TypeWord::Ordered, {3}, {}}, {1, 3, 3}), "2: must be above the element before it, 3");
  EXPECT_EQ(fault({TypeWord::PositiveOrdered, {2}, {}}, {-1, 3}), "0: must be at least 0");
  EXPECT_EQ(fault({TypeWord::Simplex, {2}, {}}, {1.5, -0.5}), "1: must be at least 0");
  EXPECT_EQ(fault({TypeWord::Simplex, {2}, {}}, {0.5, 0.25}), "0: begins a vector that must sum to 1 and sums to 0.75");
  EXPECT_EQ(fault({TypeWord::Simplex, {2}, {}}, {0.5, 0.5 + 5e-9}), "none");
  EXPECT_EQ(fault({TypeWord::SumToZeroVector, {2}, {}}, {0.5, -0.25}),
            "0: begins a vector that must sum to 0 and sums to 0.25");
  EXPECT_EQ(fault({TypeWord::UnitVector, {2}, {}}, {1, 1}),
            "0: begins a vector whose squares must sum to 1 and sum to 2");
  EXPECT_EQ(fault({TypeWord::CholeskyFactorCov, {2, 2}, {}}, {1, 0, 3, 0}),
            "3: must be positive: it is on the diagonal");
  EXPECT_EQ(fault({TypeWord::CholeskyFactorCov, {2, 2}, {}}, {1, 2, 3, 1}), "1: must be 0: it is above the diagonal");
  EXPECT_EQ(fault({TypeWord::CholeskyFactorCorr, {2, 2}, {}}, {1, 0, 0.5, 0.5}),
            "2: begins a row whose squares must sum to 1 and sum to 0.5");
  EXPECT_EQ(fault({TypeWord::CovMatrix, {2, 2}, {}}, {1, 0.5, 0.4, 1}),
            "2: must be the same as the element across the diagonal, 0.5");
  EXPECT_EQ(fault({TypeWord::CovMatrix, {2, 2}, {}}, {1, 2, 2, 1}),
            "0: begins a matrix that must be positive definite and is not");
  EXPECT_EQ(fault({TypeWord::CorrMatrix, {2, 2}, {}}, {1, 0.5, 0.5, 2}), "3: must be 1: it is on the diagonal");
  EXPECT_EQ(fault({TypeWord::RowStochasticMatrix, {2, 2}, {}}, {0.5, 0.5, 0.5, 0.25}),
            "2: begins a vector that must sum to 1 and sums to 0.75");
  EXPECT_EQ(fault({TypeWord::ColumnStochasticMatrix, {2, 2}, {}}, {0.5, 0.5, 0.5, 0.25}),
            "1: begins a vector that must sum to 1 and sums to 0.75");
}

TEST(Lengths, ThatNoValueCanHaveAreRefused) {
  EXPECT_THROW(structured_transform(TypeWord::Simplex)->coordinates({0}), ArgumentError);
  EXPECT_THROW(structured_transform(TypeWord::CholeskyFactorCov)->coordinates({2, 3}), ArgumentError);
  EXPECT_EQ(structured_transform(TypeWord::Vector), nullptr);
}

// ---------------------------------------------------------------- programs

TEST(Programs, HaveTheCoordinatesOfConstrainedTypes) {
  const Model m = model(R"(
    parameters {
      real a;
      array[2] simplex[3] theta;
      ordered[2] c;
      cholesky_factor_corr[3] L;
    }
  )");
  EXPECT_THAT(m.coordinate_names(), testing::ElementsAre("a", "theta[1,1]", "theta[1,2]", "theta[2,1]", "theta[2,2]",
                                                         "c[1]", "c[2]", "L[1]", "L[2]", "L[3]"));
  const auto values = draw(m, position(10));
  EXPECT_EQ(values.at("theta").size(), 6U);
  EXPECT_NEAR(values.at("theta")[0] + values.at("theta")[1] + values.at("theta")[2], 1, 1e-15);
  EXPECT_LT(values.at("c")[0], values.at("c")[1]);
  EXPECT_EQ(values.at("L").size(), 9U);
}

TEST(Programs, GoBackToThePositionOfInitialValues) {
  const Model m = model("parameters { array[2] simplex[2] theta; cov_matrix[2] S; positive_ordered[2] c; }");
  const auto q = m.unconstrain(DataSet::from_text(
      "init.json", R"({"theta": [[0.3, 0.7], [0.5, 0.5]], "S": [[2, 0.5], [0.5, 1]], "c": [1, 3]})"));
  const auto values = draw(m, q);
  EXPECT_NEAR(values.at("theta")[0], 0.3, 1e-15);
  EXPECT_NEAR(values.at("theta")[3], 0.5, 1e-15);
  EXPECT_NEAR(values.at("S")[1], 0.5, 1e-15);
  EXPECT_NEAR(values.at("S")[3], 1, 1e-15);
  EXPECT_NEAR(values.at("c")[1], 3, 1e-15);
  EXPECT_THAT(
      complaint([&] { m.unconstrain(DataSet::from_text("init.json", R"({"theta": [[0.3, 0.7], [0.5, 0.6]]})")); }),
      HasSubstr("theta[2, 1] begins a vector that must sum to 1 and sums to 1.1, found 0.5"));
}

// A transform by its function is that of a declared parameter: the same values, the same density with its gradient, and
// back.
TEST(Programs, TransformByFunctionsAsDeclarationsDo) {
  const struct {
    std::string declared, plain, free, stem, sizes, bounds, term;
  } transforms[] = {
      {"real<lower=-1>", "real", "real", "lower_bound", "", ", -1", "square(x)"},
      {"vector<upper=[2, 3]'>[2]", "vector[2]", "vector[2]", "upper_bound", "", ", [2, 3]'", "sum(square(x))"},
      {"matrix<lower=-1, upper=4>[2, 3]", "matrix[2, 3]", "matrix[2, 3]", "lower_upper_bound", "", ", -1, 4",
       "sum(square(x))"},
      {"array[2] real<offset=1, multiplier=3>", "array[2] real", "array[2] real", "offset_multiplier", "", ", 1, 3",
       "sum(square(x))"},
      {"ordered[3]", "vector[3]", "vector[3]", "ordered", "", "", "sum(square(x))"},
      {"array[2] positive_ordered[2]", "array[2] vector[2]", "array[2] vector[2]", "positive_ordered", "", "",
       "sum(square(x[1])) + sum(x[2])"},
      {"simplex[4]", "vector[4]", "vector[3]", "simplex", "", "", "sum(square(x))"},
      {"sum_to_zero_vector[4]", "vector[4]", "vector[3]", "sum_to_zero", "", "", "sum(exp(x))"},
      {"sum_to_zero_matrix[3, 4]", "matrix[3, 4]", "matrix[2, 3]", "sum_to_zero", "", "", "sum(exp(x))"},
      {"unit_vector[3]", "vector[3]", "vector[3]", "unit_vector", "", "", "sum(exp(x))"},
      {"column_stochastic_matrix[3, 2]", "matrix[3, 2]", "matrix[2, 2]", "stochastic_column", "", "", "sum(square(x))"},
      {"array[2] row_stochastic_matrix[2, 3]", "array[2] matrix[2, 3]", "array[2] matrix[2, 2]", "stochastic_row", "",
       "", "sum(square(x[1])) + sum(exp(x[2]))"},
      {"cholesky_factor_corr[3]", "matrix[3, 3]", "vector[3]", "cholesky_factor_corr", ", 3", "", "sum(exp(x))"},
      {"cholesky_factor_cov[4, 2]", "matrix[4, 2]", "vector[7]", "cholesky_factor_cov", ", 4, 2", "", "sum(exp(x))"},
      {"corr_matrix[3]", "matrix[3, 3]", "vector[3]", "corr_matrix", ", 3", "", "sum(exp(x))"},
      {"array[2] cov_matrix[2]", "array[2] matrix[2, 2]", "array[2] vector[3]", "cov_matrix", ", 2", "",
       "sum(square(x[1])) + sum(exp(x[2]))"},
  };
  for (const auto& t : transforms) {
    const std::string model_block = "model { target += " + t.term + "; }";
    const Model declared = model("parameters { " + t.declared + " x; } " + model_block);
    const Model by_function =
        model("parameters { " + t.free + " y; } transformed parameters { " + t.plain + " x = " + t.stem +
              "_jacobian(y" + t.sizes + t.bounds + "); " + t.plain + " same = " + t.stem + "_constrain(y" + t.sizes +
              t.bounds + "); " + t.free + " back = " + t.stem + "_unconstrain(x" + t.bounds + "); } " + model_block);
    ASSERT_EQ(by_function.dimension(), declared.dimension()) << t.declared;
    const Numbers q = position(declared.dimension());
    const Evaluated a = evaluate(declared, q), b = evaluate(by_function, q);
    EXPECT_NEAR(a.log_density, b.log_density, 1e-14 * std::max(1.0, std::abs(a.log_density))) << t.declared;
    for (std::size_t i = 0; i < q.size(); ++i) EXPECT_NEAR(a.gradient[i], b.gradient[i], 1e-13) << t.declared;
    const auto values = draw(by_function, q);
    EXPECT_EQ(values.at("x"), draw(declared, q).at("x")) << t.declared;
    EXPECT_EQ(values.at("same"), values.at("x")) << t.declared;
    if (t.stem == "unit_vector") continue;  // many positions have one value
    ASSERT_EQ(values.at("back").size(), q.size()) << t.declared;
    for (std::size_t i = 0; i < q.size(); ++i)
      EXPECT_NEAR(values.at("back")[i], values.at("y")[i], 1e-13) << t.declared;
  }
}

TEST(Programs, RefuseTransformsOfWhatDoesNotHold) {
  EXPECT_THAT(complaint([] { model("transformed data { vector[1] y = simplex_unconstrain([0.5, 0.6]'); }"); }),
              HasSubstr("'simplex_unconstrain': takes values that hold the constraint, found vector[2]"));
  EXPECT_THAT(complaint([] { model("transformed data { real y = lower_bound_unconstrain(1, 2); }"); }),
              HasSubstr("takes values of at least the bound, found 1, 2"));
  EXPECT_THAT(complaint([] { model("transformed data { matrix[2, 2] L = cov_matrix_constrain([1, 2]', 2); }"); }),
              HasSubstr("3 elements are needed, found vector[2]"));
  EXPECT_THAT(complaint([] { model("model { real x = lower_bound_jacobian(1, 2); }"); }),
              HasSubstr("can only be called in the transformed parameters block"));
}

TEST(Programs, CheckConstrainedTypesEverywhere) {
  EXPECT_THAT(complaint([] { model("data { ordered[3] x; }", R"({"x": [1, 2, 2]})"); }),
              HasSubstr("x[3] must be above the element before it, 2, found 2"));
  EXPECT_THAT(complaint([] { model("transformed data { simplex[2] x = [0.5, 0.6]'; }"); }),
              HasSubstr("x[1] begins a vector that must sum to 1 and sums to 1.1"));
  EXPECT_THAT(complaint([] { model("parameters { simplex[0] x; }"); }),
              HasSubstr("a simplex has at least one element"));
  const Model m = model(R"(
    parameters { real y; }
    transformed parameters { array[2] simplex[2] x; x[1] = [0.5, 0.5]'; x[2] = [y, 0.5]'; }
    model { y ~ normal(0, 1); }
    generated quantities { ordered[2] z = [1, y]'; }
  )");
  EXPECT_EQ(evaluate(m, {0.5}).log_density, -0.125);
  EXPECT_EQ(evaluate(m, {0.6}).log_density, -INFINITY);
  EXPECT_EQ(draw(m, {2}).at("z")[1], 2);
  const symbolic::Expr q = symbolic::input({symbolic::DType::float64, {1}}, "q");
  for (const double y : {0.5, 2.0}) {
    const symbolic::Array at[] = {symbolic::Array::vector({y})};
    EXPECT_EQ(symbolic::interpret({{q}, {m.density().drawable(q)}}, at)[0].real() != 0, y > 1) << "z is ordered";
  }
}

TEST(Programs, AddTheJacobianOfConstrainedTypes) {
  const Model m = model("parameters { ordered[3] c; }");
  EXPECT_NEAR(evaluate(m, {0.3, -1, 2}).log_density, 1, 1e-15);
  EXPECT_THAT(evaluate(m, {0.3, -1, 2}).gradient, testing::ElementsAre(0, 1, 1));
}

TEST(Programs, TakeArraysWithoutElements) {
  const Model m =
      model("parameters { array[0] simplex[3] a; array[0] ordered[2] b; array[0] cov_matrix[2] c; real x; }");
  EXPECT_EQ(m.dimension(), 1);
  EXPECT_EQ(evaluate(m, {0.5}).log_density, 0);
  EXPECT_EQ(draw(m, {0.5}).at("a").size(), 0U);
}

TEST(Programs, HaveTheSameGradientsAsNativeCode) {
  if (!symbolic::missing_compiler().empty()) GTEST_SKIP() << symbolic::missing_compiler();
  const Model m = model(R"(
    parameters {
      array[2] simplex[4] a;
      ordered[3] b;
      positive_ordered[3] c;
      unit_vector[3] d;
      sum_to_zero_vector[4] e;
      cholesky_factor_corr[3] f;
      array[2] corr_matrix[3] g;
      cholesky_factor_cov[3, 2] h;
      cov_matrix[3] i;
      row_stochastic_matrix[2, 3] j;
      column_stochastic_matrix[2, 3] k;
    }
    model {
      a[2] ~ dirichlet([1.5, 0.5, 2, 3]');
      target += -dot_self(b - 1) - dot_self(c) + d[1] - dot_self(e) + log(f[3, 3]) + sum(g[1]) - sum(h .* h)
                - sum(i .* i) + log(j[1, 2]) + sum(log(k[1]));
    }
  )");
  const Numbers q = position(m.dimension());
  const Evaluated expected = evaluate(m, q);
  const samplers::CompiledDensity density(m.density(), samplers::MetricKind::diagonal,
                                          {.target = symbolic::CompileOptions::Target::native});
  Numbers gradient(q.size());
  // Sums are grouped otherwise in native code.
  EXPECT_NEAR(density.log_density_gradient(q, gradient), expected.log_density, 1e-13);
  EXPECT_THAT(gradient, testing::Pointwise(testing::DoubleNear(1e-13), expected.gradient));
}

// One formulation serves every length of the array: no node an element.
TEST(Programs, DoNotGrowWithTheArray) {
  const auto size = [](int count) {
    const Model m = model("parameters { array[" + std::to_string(count) + "] simplex[4] theta; }");
    const Expr q = symbolic::input({symbolic::DType::float64, {m.dimension()}}, "q");
    return symbolic::topological_order(std::vector{m.density().log_density(q)}).size();
  };
  EXPECT_EQ(size(10), size(1000));
}

}  // namespace
}  // namespace leapgraph::models::library
