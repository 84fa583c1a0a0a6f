/// Distributions of vectors and matrices, and of integers that pick from a vector: their log densities, term by term,
/// as Stan's math library keeps and drops them.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <vector>

#include "leapgraph/models/library/covariances.hpp"
#include "leapgraph/models/library/distribution.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Array;
using symbolic::DType;
using symbolic::Expr;
using Arguments = std::span<const Expr>;
using namespace domains;  // NOLINT: the vocabulary of the records below

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr bool integer = true;

// The set of arguments 0, 1, ... of which a term is a function.
constexpr ArgumentSet nothing = 0, y = 1, a1 = 2, a2 = 4;

/// Over an outcome's vector.
Expr total(const Expr& x) { return symbolic::sum(x, {-1}); }

std::int64_t last_length(const Expr& x) { return x.shape().back(); }

/// Positions from 0 of categories from 1 to `count`. What is not a category is refused by a condition; here it must
/// only not be looked up.
Expr positions(const Expr& category, std::int64_t count) {
  const std::optional<Array> known = symbolic::constant_value(category);
  if (!known) return symbolic::clip(category - 1, std::int64_t{0}, count - 1);
  Array result(known->type());
  for (std::int64_t i = 0; i < known->size(); ++i) {
    result.set_integer(i, std::clamp(known->integer(i) - 1, std::int64_t{0}, count - 1));
  }
  return symbolic::constant(result);
}

/// The element number `category`, from 1, of an outcome's vector.
Expr picked(const Expr& x, const Expr& category) {
  const std::int64_t count = last_length(x);
  const Expr position = positions(category, count);
  if (x.rank() == 1) return symbolic::gather(x, position);
  const std::int64_t outcomes = x.shape()[0];
  return symbolic::gather(symbolic::reshape(x, {outcomes * count}), symbolic::arange(outcomes) * count + position);
}

/// log(x[category]), with the fewer logarithms.
Expr log_picked(const Expr& x, const Expr& category) {
  const bool share_logs = x.rank() == 1 && symbolic::element_count(category.shape()) > last_length(x);
  return share_logs ? picked(symbolic::log(x), category) : symbolic::log(picked(x, category));
}

template <std::size_t argument>
constexpr Condition sums_to_one{"theta sums to 1", [](Arguments a) {
                                  return symbolic::abs(total(a[argument]) - 1.0) <= 1e-8;  // as Stan checks it
                                }};
template <std::size_t argument>
Expr is_category(Arguments a) {
  return a[0] <= last_length(a[argument]);
}

const Distribution categorical{
    .name = "categorical",
    .summary = "one of the numbers 1, 2, ... with the probabilities theta",
    .arguments = {{"n", &counting, Guard::test, integer}, {"theta", &probability, Guard::test, false, Form::vectors}},
    .terms = {{a1, [](Arguments a) { return log_picked(a[1], a[0]); }}},
    .conditions = {{"n is at most the number of elements of theta", is_category<1>}, sums_to_one<1>}};

const Distribution categorical_logit{
    .name = "categorical_logit",
    .summary = "one of the numbers 1, 2, ... with the probabilities softmax(beta)",
    .arguments = {{"n", &counting, Guard::test, integer}, {"beta", &finite, Guard::test, false, Form::vectors}},
    .terms = {{a1, [](Arguments a) { return picked(a[1], a[0]) - symbolic::logsumexp(a[1], {-1}); }}},
    .conditions = {{"n is at most the number of elements of beta", is_category<1>}}};

/// The cutpoint below (`side` 0) or above (1) each category; infinite at the ends.
Expr cutpoint(Arguments a, std::int64_t side) {
  symbolic::Shape end = a[2].shape();
  end.back() = 1;
  const Expr cutpoints =
      symbolic::concatenate({symbolic::full(end, -infinity), a[2], symbolic::full(end, infinity)}, -1);
  return picked(cutpoints, a[0] + side);
}

const Distribution ordered_logistic{
    .name = "ordered_logistic",
    .summary = "the interval between the cutpoints c, from 1 on, that holds a logistic number of location eta",
    .arguments = {{"n", &counting, Guard::test, integer},
                  {"eta", &finite, Guard::test},
                  {"c", &finite, Guard::test, false, Form::vectors}},
    .terms = {{a1 | a2,
               [](Arguments a) {
                 const Expr below = cutpoint(a, 0), above = cutpoint(a, 1);
                 return symbolic::log_sigmoid(a[1] - below) + symbolic::log_sigmoid(above - a[1]) +
                        symbolic::log1mexp(below - above);
               }}},
    .conditions = {{"n is at most one more than the number of cutpoints",
                    [](Arguments a) { return a[0] <= last_length(a[2]) + 1; }},
                   {"cutpoints increase", [](Arguments a) {
                      const std::int64_t count = last_length(a[2]);
                      if (count < 2) return symbolic::constant(true);
                      return symbolic::slice(a[2], -1, {1, count}) > symbolic::slice(a[2], -1, {0, count - 1});
                    }}}};

const Distribution multinomial{
    .name = "multinomial",
    .summary = "how often each of the numbers 1, 2, ... came, with the probabilities theta",
    .arguments = {{"n", &nonnegative, Guard::test, integer, Form::vectors},
                  {"theta", &probability, Guard::test, false, Form::vector}},
    .terms = {{nothing,
               [](Arguments a) {
                 const Expr n = symbolic::cast(a[0], DType::float64);
                 return symbolic::lgamma(total(n) + 1.0) - total(symbolic::lgamma(n + 1.0));
               }},
              {a1, [](Arguments a) { return total(symbolic::xlogy(symbolic::cast(a[0], DType::float64), a[1])); }}},
    .conditions = {sums_to_one<1>}};

const Distribution dirichlet{
    .name = "dirichlet",
    .summary = "Dirichlet with counts alpha",
    .arguments = {{"theta", &probability, Guard::test, false, Form::vectors},
                  {"alpha", &positive, Guard::test, false, Form::vectors}},
    .terms = {{a1, [](Arguments a) { return symbolic::lgamma(total(a[1])) - total(symbolic::lgamma(a[1])); }},
              {y | a1, [](Arguments a) { return total((a[1] - 1.0) * symbolic::log(a[0])); }}},
    .conditions = {sums_to_one<0>}};

/// Lewandowski, Kurowicka & Joe (2009), theorem 5: the log of the volume of K by K correlation matrices under eta.
Expr log_lkj_constant(const Expr& eta, std::int64_t K) {
  const auto last = static_cast<double>(K - 1);
  Expr result = last * symbolic::lgamma(eta + 0.5 * last);
  for (double k = 1; k <= last; ++k) {
    result = result - symbolic::lgamma(eta + 0.5 * (last - k)) - 0.5 * k * std::log(std::numbers::pi);
  }
  return result;
}

const Distribution lkj_corr_cholesky{
    .name = "lkj_corr_cholesky",
    .summary = "Cholesky factor of a correlation matrix of density det^(eta - 1)",
    .arguments = {{"L", &number, Guard::formula, false, Form::matrix},
                  {"eta", &positive, Guard::test, false, Form::one}},
    .terms = {{a1, [](Arguments a) { return log_lkj_constant(a[1], a[0].shape()[0]); }},
              {y | a1, [](Arguments a) {
                 // The exponent of element k of the diagonal, from 2 on, is K - k + 2 (eta - 1).
                 const std::int64_t K = a[0].shape()[0];
                 std::vector<double> exponents;
                 for (std::int64_t k = 2; k <= K; ++k) exponents.push_back(static_cast<double>(K - k));
                 const Expr log_diagonal = symbolic::log(symbolic::slice(symbolic::diagonal(a[0]), 0, {1, K}));
                 return total((symbolic::constant(Array::vector(exponents)) + 2.0 * (a[1] - 1.0)) * log_diagonal);
               }}}};

/// The log density of a normal vector, but for its constant: its deviation in units of the factor, and the determinant.
Expr half_squares(const Expr& outcome, const Expr& mean, const Expr& factor) {
  return -0.5 * total(symbolic::sqr(solve_lower_triangle(factor, outcome - mean)));
}
Expr log_scales(const Expr& factor) { return -symbolic::sum(symbolic::log(symbolic::diagonal(factor))); }

Expr vector_constant(Arguments a) {
  return symbolic::constant(-log_sqrt_two_pi * static_cast<double>(last_length(a[2])));
}

const Distribution multi_normal_cholesky{
    .name = "multi_normal_cholesky",
    .summary = "normal vector with mean mu and covariance matrix L * L'",
    .arguments = {{"y", &number, Guard::formula, false, Form::vectors},
                  {"mu", &finite, Guard::formula, false, Form::vectors},
                  {"L", &number, Guard::formula, false, Form::matrix}},
    .terms = {{nothing, vector_constant},
              {a2, [](Arguments a) { return log_scales(a[2]); }},
              {y | a1 | a2, [](Arguments a) { return half_squares(a[0], a[1], a[2]); }}}};

const Distribution multi_normal{
    .name = "multi_normal",
    .summary = "normal vector with mean mu and covariance matrix Sigma",
    .arguments = {{"y", &number, Guard::formula, false, Form::vectors},
                  {"mu", &finite, Guard::formula, false, Form::vectors},
                  {"Sigma", &number, Guard::formula, false, Form::matrix}},
    .terms = {{nothing, vector_constant},
              {a2, [](Arguments a) { return log_scales(cholesky_factor(a[2])); }},
              {y | a1 | a2, [](Arguments a) { return half_squares(a[0], a[1], cholesky_factor(a[2])); }}}};

}  // namespace

std::span<const Distribution> multivariate_distributions() {
  static const std::vector<Distribution> table = {multi_normal_cholesky, multi_normal, categorical, categorical_logit,
                                                  ordered_logistic,      multinomial,  dirichlet,   lkj_corr_cholesky};
  return table;
}

}  // namespace leapgraph::models::library
