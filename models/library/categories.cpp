/// Distributions of integers that pick from a vector, and of their counts: log masses, term by term, as Stan's math
/// library keeps and drops them.
#include "leapgraph/models/library/categories.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "leapgraph/models/library/distribution.hpp"
#include "leapgraph/models/library/log_gamma.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/special_functions.hpp"

namespace leapgraph::models::library {

using symbolic::Array;
using symbolic::DType;
using symbolic::Expr;

namespace {

using Arguments = std::span<const Expr>;
using namespace domains;  // NOLINT: the vocabulary of the records below

constexpr bool integer = true;

// The set of arguments 1 and 2 of which a term is a function.
constexpr ArgumentSet nothing = 0, a1 = 2, a2 = 4;

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

}  // namespace

Expr picked(const Expr& x, const Expr& category) {
  const std::int64_t count = last_length(x);
  const Expr position = positions(category, count);
  if (x.rank() == 1) return symbolic::gather(x, position);
  const std::int64_t outcomes = x.shape()[0];
  return symbolic::gather(symbolic::reshape(x, {outcomes * count}), symbolic::arange(outcomes) * count + position);
}

Interval interval_of(const Expr& cutpoints, const Expr& category, double infinite) {
  symbolic::Shape end = cutpoints.shape();
  end.back() = 1;
  const Expr ends =
      symbolic::concatenate({symbolic::full(end, -infinite), cutpoints, symbolic::full(end, infinite)}, -1);
  return {.below = picked(ends, category), .above = picked(ends, category + 1)};
}

Expr log_logistic_interval(const Expr& eta, const Interval& interval) {
  return symbolic::log_sigmoid(eta - interval.below) + symbolic::log_sigmoid(interval.above - eta) +
         symbolic::log1mexp(interval.below - interval.above);
}

Expr increases(const Expr& vectors) {
  const std::int64_t count = last_length(vectors);
  if (count < 2) return symbolic::constant(true);
  return symbolic::slice(vectors, -1, {1, count}) > symbolic::slice(vectors, -1, {0, count - 1});
}

namespace {

/// log(x[category]), with the fewer logarithms.
Expr log_picked(const Expr& x, const Expr& category) {
  const bool share_logs = x.rank() == 1 && symbolic::element_count(category.shape()) > last_length(x);
  return share_logs ? picked(symbolic::log(x), category) : symbolic::log(picked(x, category));
}

/// The log probability that a standard normal number plus `eta` is in an interval, from the side where the tail is
/// small.
Expr log_normal_interval(const Expr& eta, const Interval& interval) {
  const Expr above = eta - interval.below, below = eta - interval.above;
  const Expr flip = above + below > 0.0;
  const Expr larger = symbolic::log_ndtr(symbolic::where(flip, -below, above));
  const Expr smaller = symbolic::log_ndtr(symbolic::where(flip, -above, below));
  return larger + symbolic::log1mexp(smaller - larger);
}

Expr real_counts(const Expr& n) { return symbolic::cast(n, DType::float64); }

Expr log_multinomial_coefficient(const Expr& n) {
  const Expr counts = real_counts(n);
  return symbolic::lgamma(total(counts) + 1.0) - total(symbolic::lgamma(counts + 1.0));
}

const Condition sums_to_one{"theta sums to 1", [](Arguments a) {
                              return symbolic::abs(total(a[1]) - 1.0) <= 1e-8;  // as Stan checks it
                            }};
const Condition cutpoints_increase{"cutpoints increase", [](Arguments a) { return increases(a[2]); }};
const Condition is_interval{"n is at most one more than the number of cutpoints",
                            [](Arguments a) { return a[0] <= last_length(a[2]) + 1; }};
Expr is_category(Arguments a) { return a[0] <= last_length(a[1]); }

constexpr DensityArgument category_argument{"n", &counting, Guard::test, integer};
constexpr DensityArgument counts_argument{"n", &nonnegative, Guard::test, integer, Form::vectors};

std::vector<Distribution> make_categories() {
  return {
      {.name = "categorical",
       .summary = "one of the numbers 1, 2, ... with the probabilities theta",
       .arguments = {category_argument, {"theta", &probability, Guard::test, false, Form::vectors}},
       .terms = {{a1, [](Arguments a) { return log_picked(a[1], a[0]); }}},
       .conditions = {{"n is at most the number of elements of theta", is_category}, sums_to_one}},
      {.name = "categorical_logit",
       .summary = "one of the numbers 1, 2, ... with the probabilities softmax(beta)",
       .arguments = {category_argument, {"beta", &finite, Guard::test, false, Form::vectors}},
       .terms = {{a1, [](Arguments a) { return picked(a[1], a[0]) - symbolic::logsumexp(a[1], {-1}); }}},
       .conditions = {{"n is at most the number of elements of beta", is_category}}},
      {.name = "ordered_logistic",
       .summary = "the interval between the cutpoints c, from 1 on, that holds a logistic number of location eta",
       .arguments = {category_argument,
                     {"eta", &finite, Guard::test},
                     {"c", &finite, Guard::test, false, Form::vectors}},
       .terms = {{a1 | a2,
                  [](Arguments a) {
                    constexpr double infinity = std::numeric_limits<double>::infinity();
                    return log_logistic_interval(a[1], interval_of(a[2], a[0], infinity));
                  }}},
       .conditions = {is_interval, cutpoints_increase}},
      {.name = "ordered_probit",
       .summary =
           "the interval between the cutpoints c, from 1 on, that holds a normal number of mean eta and variance 1",
       .arguments = {category_argument,
                     {"eta", &finite, Guard::test},
                     {"c", &finite, Guard::test, false, Form::vectors}},
       .terms = {{everything,
                  [](Arguments a) {
                    constexpr double far = 1e100;  // the normal tail is 0 there, and its slope still a number
                    return log_normal_interval(a[1], interval_of(a[2], a[0], far));
                  }}},
       .conditions = {is_interval, cutpoints_increase}},
      {.name = "multinomial",
       .summary = "how often each of the numbers 1, 2, ... came, with the probabilities theta",
       .arguments = {counts_argument, {"theta", &probability, Guard::test, false, Form::vector}},
       .terms = {{nothing, [](Arguments a) { return log_multinomial_coefficient(a[0]); }},
                 {a1, [](Arguments a) { return total(symbolic::xlogy(real_counts(a[0]), a[1])); }}},
       .conditions = {sums_to_one}},
      {.name = "multinomial_logit",
       .summary = "how often each of the numbers 1, 2, ... came, with the probabilities softmax(gamma)",
       .arguments = {counts_argument, {"gamma", &finite, Guard::test, false, Form::vector}},
       .terms = {{nothing, [](Arguments a) { return log_multinomial_coefficient(a[0]); }},
                 {a1, [](Arguments a) { return total(a[0] * (a[1] - symbolic::logsumexp(a[1]))); }}}},
      {.name = "dirichlet_multinomial",
       .summary = "how often each of the numbers 1, 2, ... came, with probabilities from dirichlet(alpha)",
       .arguments = {counts_argument, {"alpha", &positive, Guard::test, false, Form::vector}},
       .terms = {{nothing, [](Arguments a) { return log_multinomial_coefficient(a[0]); }},
                 {a1,
                  [](Arguments a) {
                    const Expr n = real_counts(a[0]);
                    return total(log_gamma_ratio(a[1], n)) - log_gamma_ratio(total(a[1]), total(n));
                  }}}},
  };
}

}  // namespace

std::span<const Distribution> category_distributions() {
  static const std::vector<Distribution> table = make_categories();
  return table;
}

}  // namespace leapgraph::models::library
