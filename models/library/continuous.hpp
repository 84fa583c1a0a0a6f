/// The families of distributions of real outcomes.
#pragma once

#include <span>

#include "leapgraph/models/library/distribution.hpp"

namespace leapgraph::models::library {

std::span<const Distribution> location_distributions();  ///< normal and other distributions on the whole line
std::span<const Distribution> skewed_distributions();    ///< those that are not symmetric
std::span<const Distribution> positive_distributions();
std::span<const Distribution> bounded_distributions();  ///< beta, uniform, of angles

}  // namespace leapgraph::models::library
