/// Draws from distributions: which there are, how many at once, and what they look like.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "leapgraph/models/library/draws.hpp"
#include "leapgraph/models/library/function.hpp"

namespace leapgraph::models::library {

using symbolic::Expr;
using symbolic::Shape;

namespace {

/// The parameter has an entry for each of several draws.
bool is_several(const DensityArgument& argument, const StanType& type) {
  switch (argument.form) {
    case Form::each:
      return rank(type) > 0;
    case Form::vectors:
      return !argument.integer && type.is_array();
    case Form::rows:
      return type.is(Base::matrix);
    default:
      return false;
  }
}

}  // namespace

DrawnDistribution find_drawn_distribution(std::string_view function) {
  constexpr std::string_view suffix = "_rng";
  if (!function.ends_with(suffix)) return {};
  const std::string_view name = function.substr(0, function.size() - suffix.size());
  const auto drawing = std::ranges::find(drawings(), name, &Drawing::distribution);
  const Distribution* distribution = find_distribution(name);
  if (drawing == drawings().end() || distribution == nullptr) return {};
  return {distribution, &*drawing};
}

StanType DrawnDistribution::type(std::span<const StanType> types) const {
  const DensityArgument& outcome = distribution->arguments[0];
  StanType one = outcome.integer ? stan_types::integer : stan_types::real;
  if (outcome.form == Form::vectors || outcome.form == Form::vector)
    one = outcome.integer ? array_of(stan_types::integer) : stan_types::vector;
  if (outcome.form == Form::matrix) one = stan_types::matrix;
  for (std::size_t i = 0; i < types.size(); ++i)
    if (is_several(distribution->arguments[i + 1], types[i])) return array_of(one);
  return one;
}

Expr DrawnDistribution::draw(Draws& draws, std::span<const Expr> parameters, std::span<const StanType> types) const {
  std::optional<std::size_t> first;
  Shape outcomes;
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (!is_several(distribution->arguments[i + 1], types[i])) continue;
    const std::int64_t length = parameters[i].shape()[0];
    if (first && outcomes[0] != length)
      throw ArgumentError(fmt::format("sizes differ: {} has {} elements, {} has {}",
                                      distribution->arguments[*first + 1].name, outcomes[0],
                                      distribution->arguments[i + 1].name, length));
    outcomes = {length};
    if (!first) first = i;
  }
  return drawing->draw(draws, parameters, outcomes);
}

}  // namespace leapgraph::models::library
