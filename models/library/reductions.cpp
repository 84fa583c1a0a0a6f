/// Functions that make one number, or a normalised vector, of a whole container.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "leapgraph/models/library/maps.hpp"
#include "leapgraph/models/library/shapes.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Expr;
using Reals = std::span<const double>;
using Integers = std::span<const std::int64_t>;

constexpr std::string_view to_real = "(array[] real) => real | (V) => real | (matrix) => real";
constexpr std::string_view to_number = "(array[] int) => int | (array[] real) => real | (V) => real | (matrix) => real";
constexpr std::string_view pairs = "(V, W) => real | (array[] real, array[] real) => real";
constexpr std::string_view vectors = "(V) => V | (array[] V) => array[] V | (array[,] V) => array[,] V";
constexpr double infinity = std::numeric_limits<double>::infinity();

double sum(Reals x) { return std::accumulate(x.begin(), x.end(), 0.0); }

double known_mean(Reals x) {
  if (x.empty()) throw ArgumentError("the mean of no elements");
  return sum(x) / static_cast<double>(x.size());
}

/// Two passes: the squares are taken about the mean. One element has variance 0.
double known_variance(Reals x) {
  const double center = known_mean(x);
  if (x.size() == 1) return 0;
  double squares = 0;
  for (const double value : x) squares += (value - center) * (value - center);
  return squares / static_cast<double>(x.size() - 1);
}

Expr build_variance(const BuildCall& call) {
  require_elements(call, 0);
  if (symbolic::element_count(call[0].shape()) == 1) return symbolic::constant(0.0);
  return symbolic::variance(call[0], {}, false, 1);
}

double known_log_sum_exp(Reals x) {
  const double largest =
      std::accumulate(x.begin(), x.end(), -infinity, [](double a, double b) { return a < b ? b : a; });
  if (x.empty() || largest == infinity) return largest;
  if (largest == -infinity) return sum(x);  // all of them -inf, or a nan among them
  double total = 0;
  for (const double value : x) total += std::exp(value - largest);
  return largest + std::log(total);
}

bool is_empty(const BuildCall& call) { return symbolic::element_count(call[0].shape()) == 0; }

template <bool largest>
Expr build_extreme(const BuildCall& call) {
  if (call.arguments.size() == 2) {
    return largest ? symbolic::maximum(call[0], call[1]) : symbolic::minimum(call[0], call[1]);
  }
  if (is_empty(call)) {
    if (call.result.is_int()) throw ArgumentError("the extreme of no integers");
    return symbolic::constant(largest ? -infinity : infinity);
  }
  return largest ? symbolic::max(call[0]) : symbolic::min(call[0]);
}

template <bool largest>
Known known_extreme() {
  return {.integer_map2 = [](std::int64_t a, std::int64_t b) { return largest ? std::max(a, b) : std::min(a, b); },
          .real_reduction =
              [](Reals x) {
                double result = largest ? -infinity : infinity;
                for (const double value : x) {
                  if (std::isnan(value)) return value;
                  result = largest ? std::max(result, value) : std::min(result, value);
                }
                return result;
              },
          .integer_reduction = [](Integers x) -> std::int64_t {
            if (x.empty()) throw ArgumentError("the extreme of no integers");
            return largest ? *std::max_element(x.begin(), x.end()) : *std::min_element(x.begin(), x.end());
          }};
}

/// A sum over a product of two sequences.
template <auto term>
Expr build_pairs(const BuildCall& call) {
  if (call.length(0) != call.length(1)) {
    throw ArgumentError("sizes differ: " + describe(call, 0) + " and " + describe(call, 1));
  }
  return symbolic::sum(term(call[0], call[1]));
}

std::vector<Function> make_reductions() {
  using namespace symbolic;
  return {
      {.name = "sum",
       .summary = "sum of all elements",
       .signature = to_number,
       .build = [](const BuildCall& call) { return symbolic::sum(call[0]); },
       .known = {.real_reduction = [](Reals x) { return library::sum(x); },
                 .integer_reduction = [](Integers x) { return std::accumulate(x.begin(), x.end(), std::int64_t{0}); }}},
      {.name = "prod",
       .summary = "product of all elements",
       .signature = to_number,
       .build = [](const BuildCall& call) { return symbolic::prod(call[0]); },
       .known = {
           .real_reduction = [](Reals x) { return std::accumulate(x.begin(), x.end(), 1.0, std::multiplies<>()); },
           .integer_reduction =
               [](Integers x) { return std::accumulate(x.begin(), x.end(), std::int64_t{1}, std::multiplies<>()); }}},
      {.name = "mean",
       .summary = "mean of all elements",
       .signature = to_real,
       .build =
           [](const BuildCall& call) {
             require_elements(call, 0);
             return symbolic::mean(call[0]);
           },
       .known = {.real_reduction = known_mean}},
      {.name = "variance",
       .summary = "sample variance of all elements (division by n - 1); 0 for one element",
       .signature = to_real,
       .build = build_variance,
       .known = {.real_reduction = known_variance}},
      {.name = "sd",
       .summary = "sample standard deviation of all elements; 0 for one element",
       .signature = to_real,
       .build = [](const BuildCall& call) { return symbolic::sqrt(build_variance(call)); },
       .known = {.real_reduction = [](Reals x) { return std::sqrt(known_variance(x)); }}},
      {.name = "min",
       .summary = "smallest element, or smaller of two integers",
       .signature =
           "(int, int) => int | (array[] int) => int | (array[] real) => real | (V) => real | (matrix) => real",
       .build = build_extreme<false>,
       .known = known_extreme<false>()},
      {.name = "max",
       .summary = "largest element, or larger of two integers",
       .signature =
           "(int, int) => int | (array[] int) => int | (array[] real) => real | (V) => real | (matrix) => real",
       .build = build_extreme<true>,
       .known = known_extreme<true>()},
      {.name = "log_sum_exp",
       .summary = "log of the sum of exponentials, without overflow: of all elements, or of two arguments",
       .signature =
           "(array[] real) => real | (V) => real | (matrix) => real | (R, R) => R | (real, R) => R | (R, real) => R",
       .build =
           [](const BuildCall& call) {
             if (call.arguments.size() == 2) {
               require_equal_shapes(call);
               return logaddexp(call[0], call[1]);
             }
             return is_empty(call) ? constant(-infinity) : logsumexp(call[0]);
           },
       .known = {.real_map2 =
                     [](double x, double y) {
                       return known_log_sum_exp(std::array{x, y});
                     },
                 .real_reduction = known_log_sum_exp}},
      {.name = "dot_product",
       .summary = "sum of the products of two sequences' elements",
       .signature = pairs,
       .build = build_pairs<[](const Expr& x, const Expr& y) { return x * y; }>},
      {.name = "squared_distance",
       .summary = "sum of the squared differences of two sequences' elements, or of two numbers",
       .signature = "(V, W) => real | (real, real) => real",
       .build =
           [](const BuildCall& call) {
             if (call.types[0].is_scalar()) return sqr(call[0] - call[1]);
             return build_pairs<[](const Expr& x, const Expr& y) { return sqr(x - y); }>(call);
           }},
      {.name = "distance",
       .summary = "Euclidean distance of two vectors",
       .signature = "(V, W) => real",
       .build =
           [](const BuildCall& call) {
             return symbolic::sqrt(build_pairs<[](const Expr& x, const Expr& y) { return sqr(x - y); }>(call));
           }},
      {.name = "dot_self",
       .summary = "sum of squares",
       .signature = "(V) => real | (array[] real) => real",
       .build = [](const BuildCall& call) { return symbolic::sum(sqr(call[0])); },
       .known = {.real_reduction = [](Reals x) { return std::inner_product(x.begin(), x.end(), x.begin(), 0.0); }}},
      {.name = "norm1",
       .summary = "sum of absolute values",
       .signature = "(V) => real | (array[] real) => real",
       .build = [](const BuildCall& call) { return symbolic::sum(symbolic::abs(call[0])); }},
      {.name = "norm2",
       .summary = "square root of the sum of squares",
       .signature = "(V) => real | (array[] real) => real",
       .build = [](const BuildCall& call) { return symbolic::sqrt(symbolic::sum(sqr(call[0]))); }},
      {.name = "softmax",
       .summary = "exponentials divided by their sum, for each vector of an array",
       .signature = vectors,
       .build =
           [](const BuildCall& call) {
             require_elements(call, 0);
             return symbolic::softmax(call[0]);
           }},
      {.name = "log_softmax",
       .summary = "log of softmax",
       .signature = vectors,
       .build =
           [](const BuildCall& call) {
             require_elements(call, 0);
             return call[0] - logsumexp(call[0], {-1}, true);
           }},
  };
}

}  // namespace

std::span<const Function> reduction_functions() {
  static const std::vector<Function> table = make_reductions();
  return table;
}

}  // namespace leapgraph::models::library
