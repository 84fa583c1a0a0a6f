/// Functions that make containers of equal, evenly spaced or unit elements.
#include <vector>

#include "leapgraph/models/library/shapes.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Array;
using symbolic::Expr;

template <int value>
Expr filled(const BuildCall& call) {
  const Expr element = holds_integers(call.result) ? symbolic::constant(std::int64_t{value})
                                                   : symbolic::constant(static_cast<double>(value));
  return symbolic::full({size_argument(call, 0)}, element);
}

/// n numbers from `first` to `last`, evenly spaced; of one, the last.
Expr spaced(const BuildCall& call) {
  const std::int64_t count = size_argument(call, 0);
  std::vector<double> fractions;
  for (std::int64_t i = 0; i < count; ++i) {
    fractions.push_back(count == 1 ? 1.0 : static_cast<double>(i) / static_cast<double>(count - 1));
  }
  return call[1] + (call[2] - call[1]) * symbolic::constant(Array::vector(fractions));
}

/// n integers from `first`, evenly spaced, to `last` or the next below that they can reach; of one, the last. Where
/// there are not enough, each is repeated as often.
Expr spaced_integers(const BuildCall& call) {
  const std::int64_t count = size_argument(call, 0), first = call.integer(1), last = call.integer(2);
  if (last < first) throw ArgumentError("the last number, " + std::to_string(last) + ", is below the first");
  const std::int64_t range = last - first;
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < count; ++i) {
    if (count == 1) {
      values.push_back(last);
    } else {
      values.push_back(first + (range + 1 < count ? i / ((count + range) / (range + 1)) : i * (range / (count - 1))));
    }
  }
  return symbolic::constant(Array::of<std::int64_t>({count}, values));
}

/// Zeros with 1 at position k.
Expr one_hot(const BuildCall& call) {
  const std::int64_t size = size_argument(call, 0), position = call.integer(1);
  if (position < 1 || position > size) {
    throw ArgumentError("position " + std::to_string(position) + " is not between 1 and " + std::to_string(size));
  }
  const bool integers = holds_integers(call.result);
  Array result(symbolic::Type{integers ? symbolic::DType::int64 : symbolic::DType::float64, {size}});
  if (integers) {
    result.set_integer(position - 1, 1);
  } else {
    result.set(position - 1, 1.0);
  }
  return symbolic::constant(result);
}

}  // namespace

std::span<const Function> fill_functions() {
  static const std::vector<Function> table = {
      {"zeros_vector", "vector of n zeros", "(int) => vector", filled<0>},
      {"zeros_row_vector", "row vector of n zeros", "(int) => row_vector", filled<0>},
      {"zeros_array", "array of n zeros", "(int) => array[] real", filled<0>},
      {"zeros_int_array", "array of n integers 0", "(int) => array[] int", filled<0>},
      {"ones_vector", "vector of n ones", "(int) => vector", filled<1>},
      {"ones_row_vector", "row vector of n ones", "(int) => row_vector", filled<1>},
      {"ones_array", "array of n ones", "(int) => array[] real", filled<1>},
      {"ones_int_array", "array of n integers 1", "(int) => array[] int", filled<1>},
      {"one_hot_vector", "vector of n zeros with 1 at position k", "(int, int) => vector", one_hot},
      {"one_hot_row_vector", "row vector of n zeros with 1 at position k", "(int, int) => row_vector", one_hot},
      {"one_hot_array", "array of n zeros with 1 at position k", "(int, int) => array[] real", one_hot},
      {"one_hot_int_array", "array of n integers 0 with 1 at position k", "(int, int) => array[] int", one_hot},
      {"linspaced_vector", "vector of n numbers from a to b", "(int, real, real) => vector", spaced},
      {"linspaced_row_vector", "row vector of n numbers from a to b", "(int, real, real) => row_vector", spaced},
      {"linspaced_array", "array of n numbers from a to b", "(int, real, real) => array[] real", spaced},
      {"linspaced_int_array", "array of n integers from a, evenly spaced, to b or the next below",
       "(int, int, int) => array[] int", spaced_integers},
      {"uniform_simplex", "vector of n times 1 / n", "(int) => vector",
       [](const BuildCall& call) {
         const std::int64_t count = size_argument(call, 0);
         return symbolic::full({count}, 1.0 / static_cast<double>(count));
       }},
      {"identity_matrix", "n by n matrix with ones on its diagonal", "(int) => matrix",
       [](const BuildCall& call) { return symbolic::diag(symbolic::full({size_argument(call, 0)}, 1.0)); }},
  };
  return table;
}

}  // namespace leapgraph::models::library
