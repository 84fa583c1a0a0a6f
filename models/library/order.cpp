/// Functions of the order of elements: sorting, ranks, quantiles. A gradient goes to the elements as they are ordered.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "leapgraph/models/library/shapes.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/sorting.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Array;
using symbolic::Expr;

constexpr std::string_view same = "(V) => V | (array[] int) => array[] int | (array[] real) => array[] real";
constexpr std::string_view to_positions =
    "(V) => array[] int | (array[] int) => array[] int | (array[] real) => array[] int";

Array known(const BuildCall& call, std::size_t i) {
  std::optional<Array> value = symbolic::constant_value(call[i]);
  if (!value) throw ArgumentError("argument " + std::to_string(i + 1) + " must be known before sampling");
  return *std::move(value);
}

/// Positions, from 0, of the elements in ascending or descending order; equal ones keep theirs.
template <bool ascending>
std::vector<std::int64_t> order(const Array& x) {
  std::vector<std::int64_t> positions(static_cast<std::size_t>(x.size()));
  std::iota(positions.begin(), positions.end(), std::int64_t{0});
  for (std::int64_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x.real(i))) throw ArgumentError("an element to be ordered is nan");
  }
  std::stable_sort(positions.begin(), positions.end(), [&](std::int64_t a, std::int64_t b) {
    return ascending ? x.real(a) < x.real(b) : x.real(a) > x.real(b);
  });
  return positions;
}

Expr integers(const std::vector<std::int64_t>& values) {
  return symbolic::constant(Array::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
}

/// The same as an expression, whether the elements are known or not.
template <bool ascending>
Expr positions(const Expr& x) {
  if (const std::optional<Array> value = symbolic::constant_value(x)) return integers(order<ascending>(*value));
  return symbolic::argsort(ascending ? x : -x);
}

template <bool ascending>
Expr sorted(const BuildCall& call) {
  return symbolic::gather(call[0], positions<ascending>(call[0]));
}

template <bool ascending>
Expr sorted_positions(const BuildCall& call) {
  return positions<ascending>(call[0]) + 1;
}

/// Between neighbours in order, as R's type 7 (Hyndman & Fan 1996).
double quantile(const std::vector<double>& ascending, double p) {
  if (!(p >= 0 && p <= 1)) throw ArgumentError("a probability must be between 0 and 1, found " + std::to_string(p));
  const double place = p * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, ascending.size() - 1);
  return ascending[below] + (place - static_cast<double>(below)) * (ascending[above] - ascending[below]);
}

Expr quantiles(const BuildCall& call) {
  const Array x = known(call, 0), p = known(call, 1);
  if (x.size() == 0) throw ArgumentError("the quantile of no elements");
  std::vector<double> ascending;
  for (const std::int64_t position : order<true>(x)) ascending.push_back(x.real(position));
  Array result(symbolic::Type{symbolic::DType::float64, p.shape()});
  for (std::int64_t i = 0; i < p.size(); ++i) result.set(i, quantile(ascending, p.real(i)));
  return symbolic::constant(result);
}

}  // namespace

std::span<const Function> order_functions() {
  static const std::vector<Function> table = {
      {"sort_asc", "the elements in ascending order", same, sorted<true>},
      {"sort_desc", "the elements in descending order", same, sorted<false>},
      {"sort_indices_asc", "where the smallest element is, the next, ...", to_positions, sorted_positions<true>},
      {"sort_indices_desc", "where the largest element is, the next, ...", to_positions, sorted_positions<false>},
      {"rank", "how many elements are less than element i",
       "(V, int) => int | (array[] int, int) => int | (array[] real, int) => int",
       [](const BuildCall& call) {
         const Expr element = symbolic::squeeze(stretch(call[0], 0, call[1], 1), 0);
         return symbolic::sum(symbolic::cast(call[0] < element, symbolic::DType::int64));
       }},
      {"quantile", "the number below which a fraction p of the elements lies, of data",
       "(V, real) => real | (array[] real, real) => real | (V, array[] real) => array[] real | "
       "(array[] real, array[] real) => array[] real",
       quantiles},
  };
  return table;
}

}  // namespace leapgraph::models::library
