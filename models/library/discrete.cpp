/// Distributions of integers, put together from their families, and what these share.
#include "leapgraph/models/library/discrete.hpp"

#include <map>
#include <optional>
#include <vector>

namespace leapgraph::models::library {

using symbolic::Array;
using symbolic::DType;
using symbolic::Expr;
using symbolic::Exprs;

Expr real_number(const Expr& n) { return symbolic::cast(n, DType::float64); }

Expr log_factorial(const Expr& n) { return symbolic::lgamma(n + 1.0); }

Expr times(const Expr& count, const Expr& value) {
  const Expr real_count = real_number(count);
  const Expr weight = value.rank() == 0 && count.rank() > 0 ? symbolic::mean(real_count) : real_count;
  return symbolic::where(symbolic::eq(weight, 0.0), 0.0, weight * value);
}

Expr of_counts(const Expr& n, const Expr& shape, Expr (*function)(const Expr& shape, const Expr& n)) {
  const std::optional<Array> known = symbolic::constant_value(n);
  if (!known || n.rank() == 0 || shape.rank() > 0) return function(shape, n);
  std::map<std::int64_t, double> shares;
  for (std::int64_t i = 0; i < known->size(); ++i)
    shares[known->integer(i)] += 1.0 / static_cast<double>(known->size());
  std::vector<std::int64_t> counts;
  std::vector<double> weights;
  for (const auto& [count, share] : shares) {
    counts.push_back(count);
    weights.push_back(share);
  }
  const Array distinct = Array::of<std::int64_t>({static_cast<std::int64_t>(counts.size())}, counts);
  return symbolic::dot(symbolic::constant(Array::vector(weights)), function(shape, symbolic::constant(distinct)));
}

Expr log_sum_in_units_of_last(const Expr& n, const Expr& like, const std::function<Expr(const Expr& k)>& quotient) {
  const auto step = [&](const Exprs& carry, const Exprs&) {
    const Expr &sum = carry[0], &k = carry[1];
    const Expr there = symbolic::minimum(k, symbolic::maximum(n, 1.0));  // sums that are done go on nowhere
    return symbolic::ScanBody{{symbolic::where(k <= n, 1.0 + quotient(there) * sum, sum), k + 1.0}, {}};
  };
  const Expr steps = symbolic::cast(n.rank() > 0 ? symbolic::max(n) : n, DType::int64);
  return symbolic::log(symbolic::scan(step, {symbolic::ones_like(like), 1.0}, {}, steps).carry[0]);
}

std::span<const Distribution> discrete_distributions() {
  static const std::vector<Distribution> table = [] {
    std::vector<Distribution> all;
    for (const auto family : {bounded_count_distributions(), unbounded_count_distributions()}) {
      all.insert(all.end(), family.begin(), family.end());
    }
    return all;
  }();
  return table;
}

}  // namespace leapgraph::models::library
