/// Builds one visitor for std::visit out of a lambda for each alternative.
#pragma once

namespace leapgraph::models {

template <class... Cases>
struct overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
overloaded(Cases...) -> overloaded<Cases...>;

}  // namespace leapgraph::models
