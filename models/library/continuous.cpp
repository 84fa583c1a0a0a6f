/// Distributions of real outcomes, put together from their families.
#include "leapgraph/models/library/continuous.hpp"

#include <vector>

namespace leapgraph::models::library {

std::span<const Distribution> continuous_distributions() {
  static const std::vector<Distribution> table = [] {
    std::vector<Distribution> all;
    for (const auto family :
         {location_distributions(), skewed_distributions(), positive_distributions(), bounded_distributions()}) {
      all.insert(all.end(), family.begin(), family.end());
    }
    return all;
  }();
  return table;
}

}  // namespace leapgraph::models::library
